import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_jobs import removed
from beam_jobs.clean_config import CleanConfig
from beam_jobs.document import Document, document_id
from beam_jobs.storage import parquet_bytes, read_parquet
from flows.corpus_explaining import explain_cleaning, explain_deduplication
from flows.corpus_steps import documents_at, run_step
from model.contract.errors import InputError, SettingError
from tests.beam_jobs.sample_corpus import SAMPLE
from tests.small_run import run_command

STORED = (SAMPLE / "news-00000.jsonl.gz").read_bytes()
ARTICLES = [json.loads(line) for line in gzip.decompress(STORED).splitlines()[:12]]


def article(number, text, source="news"):
    url = f"https://news.example.kr/{number}"
    return Document(document_id(source, str(number)), source, url, f"기사 {number}", text, "2024-05-01", "", {})


@pytest.fixture
def documents(tmp_path):
    """Two files: real articles, one of them twice, and a line too short to keep."""
    texts = [each["text"] for each in ARTICLES]
    docs = [article(number, text) for number, text in enumerate(texts)]
    docs += [article("copy", texts[0] + "\n끝까지 읽어 주셔서 고맙습니다."), article("short", "짧은 글이다.")]
    folder = tmp_path / "in"
    folder.mkdir()
    for part in range(2):
        (folder / f"part-{part}.parquet").write_bytes(parquet_bytes(docs[part::2]))
    return folder


def test_documents_of_any_origin_are_cleaned_and_what_goes_is_listed(documents, tmp_path):
    out = tmp_path / "clean"

    done = run_step("clean", [str(documents)], str(out), {}, processes=1)

    kept = [doc for name in ("part-0", "part-1") for doc in read_parquet(str(out / f"documents-{name}.parquet"))]
    rows = [row for name in ("part-0", "part-1") for row in removed.read_table(str(out / f"removed-{name}.parquet"))]
    assert (done.documents, done.removed) == (len(kept), len(rows))
    assert done.documents + done.removed == 14
    assert {doc.language for doc in kept} == {"ko"}
    assert "too_short" in {row.rule for row in rows}
    assert done.counters["clean_docs/news/kept"] == len(kept)


def test_a_step_that_is_done_is_not_done_again_and_other_settings_want_another_folder(documents, tmp_path, caplog):
    run_step("dedupe", [str(documents)], str(tmp_path / "out"), {}, 1)
    with caplog.at_level("INFO", logger="kobigbird"):
        run_step("dedupe", [str(documents / "*.parquet")], str(tmp_path / "out"), {}, 1)

    assert "skipped" in caplog.messages[-1]
    with pytest.raises(SettingError, match="holds what was made of other files, with other settings"):
        run_step("dedupe", [str(documents)], str(tmp_path / "out"), {"near.threshold": 0.9}, 1)


def test_a_stage_is_taken_with_its_manifest_and_without_its_removed_tables(documents, tmp_path):
    cleaned = run_step("clean", [str(documents)], str(tmp_path / "clean"), {}, 1)

    done = run_step("dedupe", [str(tmp_path / "clean")], str(tmp_path / "dedupe"), {}, 1)

    assert done.documents + done.removed == cleaned.documents
    assert done.removed == 1


def test_it_is_said_why_a_document_is_dropped_or_kept_in_cleaning(documents):
    dropped = list(explain_cleaning([str(documents)], CleanConfig(), document_id("news", "short")))
    kept = list(explain_cleaning([str(documents)], CleanConfig(), document_id("news", "3")))

    assert any(line.startswith("FAILS too_short: 7 (threshold 200)") for line in dropped)
    assert dropped[-1] == "dropped: too_short, 7 where the threshold is 200"
    assert kept[-1] == "kept"
    assert any(line.startswith("language: asked") for line in kept)
    assert not any(line.startswith("FAILS") for line in kept)


def test_it_is_said_of_which_document_another_is_a_copy(documents, tmp_path):
    out = str(tmp_path / "out")
    run_step("dedupe", [str(documents)], out, {}, 1)

    gone = list(explain_deduplication([str(documents)], out, document_id("news", "0")))
    stays = list(explain_deduplication([str(documents)], out, document_id("news", "copy")))

    assert gone[1].startswith("dropped: near_copy, ")
    assert document_id("news", "copy") in gone[2]
    assert stays[1] == "kept"
    assert stays[2].startswith(f"instead of {document_id('news', '0')}: near_copy")


def test_it_is_said_with_which_documents_one_is_marked(documents, tmp_path):
    out = str(tmp_path / "out")

    done = run_step("dedupe", [str(documents)], out, {"near.action": "mark"}, 1)

    copies = [document_id("news", "0"), document_id("news", "copy")]
    said = [list(explain_deduplication([str(documents)], out, number)) for number in copies]
    assert done.removed == 0
    assert [lines[1:] for lines in said] == [
        [f"marked: near_copy, with {copies[1]}, as all documents like it are", "kept"]
    ] * 2


def test_the_commands_print_the_same(documents, tmp_path):
    words = ["corpus", "dedupe", str(documents), "--out", str(tmp_path / "out"), "--json"]

    done = run_command(words, {})
    explained = run_command([*words, "--explain", document_id("news", "0")], {})
    cleaning = run_command(["corpus", "clean", str(documents), "--explain", document_id("news", "short")], {})

    assert json.loads(done.stdout)["removed"] == 1, done.stderr
    assert "near_copy" in json.loads(explained.stdout)["explanation"][1], explained.stderr
    assert cleaning.stdout.splitlines()[-1] == "dropped: too_short, 7 where the threshold is 200", cleaning.stderr


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: None, r"nothing names no Parquet file of Documents; name files, a glob or a folder of them"),
        (lambda folder: (folder / "a.parquet").write_text("text"), r"a.parquet is no Parquet file; name files of Doc"),
        (
            lambda folder: pq.write_table(pa.table({"id": ["1"], "text": ["글"]}), folder / "a.parquet"),
            r"a.parquet has no column 'source', so it holds no Documents; read it first",
        ),
    ],
)
def test_what_holds_no_documents_is_refused_in_one_sentence(make, sentence, tmp_path):
    folder = tmp_path / "nothing"
    folder.mkdir()
    make(folder)

    with pytest.raises(InputError, match=sentence):
        documents_at([str(folder)])


def test_an_unknown_id_is_refused_in_one_sentence(documents, tmp_path):
    run_step("dedupe", [str(documents)], str(tmp_path / "out"), {}, 1)

    for explain in (
        lambda: list(explain_cleaning([str(documents)], CleanConfig(), "nobody")),
        lambda: list(explain_deduplication([str(documents)], str(tmp_path / "out"), "nobody")),
    ):
        with pytest.raises(InputError, match="has no document 'nobody'; give an id as the Parquet files have it"):
            explain()


@pytest.mark.parametrize("setting", ["quality.min_charcters", "near.treshold"])
def test_an_unknown_setting_is_refused_with_the_nearest(setting, documents, tmp_path):
    step = "clean" if setting.startswith("quality") else "dedupe"

    with pytest.raises(SettingError, match="is not a setting; the nearest is"):
        run_step(step, [str(documents)], str(tmp_path / "out"), {setting: 1}, 1)

    assert not Path(tmp_path / "out").exists()


@pytest.mark.parametrize("out", ["in", "in/out", "."])
def test_a_folder_among_the_inputs_is_no_place_to_write(out, documents, tmp_path):
    before = {path: path.read_bytes() for path in documents.iterdir()}

    with pytest.raises(SettingError, match="lie within each other; name a folder elsewhere"):
        run_step("dedupe", [str(documents)], str(tmp_path / out), {}, 1)

    assert {path: path.read_bytes() for path in documents.iterdir()} == before


def test_files_that_only_look_like_ours_are_left_alone(documents, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "documents-precious.parquet").write_bytes(b"mine")

    with pytest.raises(SettingError, match="holds documents-precious.parquet, which this command did not write"):
        run_step("dedupe", [str(documents)], str(out), {}, 1)

    assert (out / "documents-precious.parquet").read_bytes() == b"mine"


def test_a_file_that_is_missing_beside_others_is_named(documents, tmp_path):
    paths = [str(documents / "part-0.parquet"), str(documents / "part-7.parquet")]

    with pytest.raises(InputError, match=r"part-7.parquet names no Parquet file of Documents"):
        run_step("dedupe", paths, str(tmp_path / "out"), {}, 1)


def test_files_of_others_with_empty_cells_and_more_columns_are_read(tmp_path):
    columns = {name: [None, None] for name in ("url", "title", "date", "language")}
    columns = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    columns |= {"id": ["1", "2"], "source": ["mine", "mine"], "text": [ARTICLES[0]["text"], None], "score": [1.0, 2.0]}
    columns["metadata"] = pa.array([None, [("a", None)]], pa.map_(pa.string(), pa.string()))
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table(columns), tmp_path / "in" / "a.parquet")

    done = run_step("clean", [str(tmp_path / "in")], str(tmp_path / "out"), {}, 1)

    assert (done.documents, done.removed) == (1, 1)


def test_a_column_of_another_type_is_refused(tmp_path):
    columns = {name: ["글"] for name in ("source", "url", "title", "text", "date", "language")}
    columns |= {"id": [1], "metadata": pa.array([[]], pa.map_(pa.string(), pa.string()))}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")

    with pytest.raises(InputError, match="a column 'id' of type int64, where Documents have string"):
        documents_at([str(tmp_path / "a.parquet")])


def test_an_explanation_shows_no_personal_data(tmp_path):
    number = "010-8765-4321"
    folder = tmp_path / "in"
    folder.mkdir()
    text = f"{ARTICLES[0]['text']}\n국민은행 계좌 123456-01-123456, 연락처 {number}"
    docs = [article("a", text)._replace(title=f"연락처 {number}"), article("b", text)]
    (folder / "a.parquet").write_bytes(parquet_bytes(docs))
    run_step("dedupe", [str(folder)], str(tmp_path / "out"), {}, 1)

    said = [
        *explain_cleaning([str(folder)], CleanConfig(), docs[0].id),
        *(line for doc in docs for line in explain_deduplication([str(folder)], str(tmp_path / "out"), doc.id)),
    ]

    assert not [line for line in said if "8765" in line or "123456-01" in line]
    assert any("masked_phone" in line for line in said)
    assert any(line.startswith("dropped: exact_copy") for line in said)


def test_a_document_dropped_for_another_of_its_own_id_is_explained(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    docs = [article("a", ARTICLES[0]["text"]), article("a", ARTICLES[0]["text"] + " 끝.")]
    (folder / "a.parquet").write_bytes(parquet_bytes(docs))
    run_step("dedupe", [str(folder)], str(tmp_path / "out"), {}, 1)

    said = list(explain_deduplication([str(folder)], str(tmp_path / "out"), docs[0].id))

    assert said[1].startswith("dropped: repeated_id")
    assert said[2].startswith(f"stays instead: {docs[0].id}")
