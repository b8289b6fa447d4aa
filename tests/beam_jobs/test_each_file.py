import json
from pathlib import Path

import pytest

from beam_jobs import removed
from beam_jobs.cleaning.finding import Cut
from beam_jobs.config import RunnerConfig
from beam_jobs.each_file import Book, input_files, sift_documents
from beam_jobs.storage import read_parquet
from beam_jobs.tally import EXAMPLES
from model.contract.errors import OutputError
from tests.beam_jobs.documents import document, documents_stage, files_in


class DropShort:
    """Drops texts of one character and shortens those of more."""

    stage = "clean"

    def setup(self):
        self.ready = True

    def show(self, text):
        return text.replace("비밀", "••")

    def __call__(self, row, doc, book):
        assert self.ready
        if len(doc.text) == 1:
            book.drop(doc, "too_short", 1, 2)
            return None
        book.change(doc, [Cut("last_letter", doc.text[-1], "")])
        return doc._replace(text=doc.text[:-1])


def sift(documents, folder, runner=None, sieve=None):
    stage = documents_stage(Path(folder) / "in", documents)
    made = sift_documents(stage, sieve or DropShort(), str(Path(folder) / "out"), runner or RunnerConfig())
    return Path(folder) / "out", made


DOCUMENTS = [document(str(number), "가나다"[: 1 + number % 3]) for number in range(30)]


def test_files_keep_their_names_and_documents_their_order(tmp_path):
    out, made = sift(DOCUMENTS, tmp_path)

    for shard in range(2):
        before = DOCUMENTS[shard::2]
        after = [doc._replace(text=doc.text[:-1]) for doc in before if len(doc.text) > 1]
        assert list(read_parquet(str(out / f"documents-{shard}.parquet"))) == after
    assert {file.name for file in made.outputs} == {*(path.name for path in out.iterdir())}
    assert sum(file.records or 0 for file in made.outputs if file.name.startswith("documents-")) == 20


def test_whatever_goes_is_listed_with_the_rule_and_the_measure(tmp_path):
    out, made = sift(DOCUMENTS, tmp_path)

    rows = [row for shard in range(2) for row in removed.read_table(str(out / f"removed-{shard}.parquet"))]
    assert sorted(row.id for row in rows) == sorted(doc.id for doc in DOCUMENTS if len(doc.text) == 1)
    assert {(row.rule, row.value, row.threshold, row.characters, row.excerpt) for row in rows} == {
        ("too_short", 1.0, 2.0, 1, "가")
    }
    assert made.counters == {
        "clean_docs/news/kept": 20,
        "clean_changes/news/last_letter": 20,
        "clean_docs/news/too_short": 10,
    }


def test_statistics_add_up_over_files(tmp_path):
    out, _ = sift(DOCUMENTS, tmp_path)

    found = json.loads((out / "statistics.json").read_text())

    assert found["flows"] == {
        "news": {"in": {"characters": 60, "documents": 30}, "out": {"characters": 30, "documents": 20}}
    }
    assert found["dropped"] == {"too_short": {"news": {"characters": 10, "documents": 10}}}
    assert found["changed"] == {"last_letter": {"news": {"characters": 20, "documents": 20, "places": 20}}}
    assert found["hosts"] == [{"host": "a.kr", "in": 30, "out": 20}]
    assert len(found["examples"]["last_letter"]) == EXAMPLES
    lengths = found["histograms"]["characters"]["sources"]["news"]
    assert (sum(lengths["in"]), sum(lengths["out"])) == (30, 20)


def test_two_processes_write_the_same_bytes(tmp_path):
    one, _ = sift(DOCUMENTS, tmp_path / "one")
    other, _ = sift(DOCUMENTS, tmp_path / "other", RunnerConfig(processes=2))

    assert files_in(one) == files_in(other)


def test_what_may_not_be_shown_is_in_no_table_and_no_example(tmp_path):
    secret = document("s", "비", title="비밀 제목")
    documents = [secret, document("t", "비밀 이야기")]

    out, _ = sift(documents, tmp_path)

    shown = (out / "statistics.json").read_text() + repr(list(removed.read_table(str(out / "removed-0.parquet"))))
    assert "비밀" not in shown
    assert "•• 제목" in shown


def test_a_rewritten_text_is_shown_where_it_first_differs():
    book = Book("clean")
    before, after = "가" * 1_000 + "ㅋㅋㅋㅋㅋ" + "나" * 1_000, "가" * 1_000 + "ㅋㅋㅋ" + "나" * 1_000

    book.rewrite(document("a", after), "repeats", before, lambda: after)

    ((_, example),) = book.tally.examples["repeats"]
    assert "ㅋㅋㅋㅋㅋ나" in example.before
    assert "가ㅋㅋㅋ나" in example.after
    assert book.tally.changed["repeats", "news", "documents"] == 1


def test_a_text_with_personal_data_is_no_example_of_how_texts_are_rewritten():
    book = Book("clean", show=lambda text: text.replace("비밀", "••"))
    for key, text in (("a", "비밀이다"), ("b", "아무것도 아니다")):
        book.rewrite(document(key, text), "repeats", f"{text}ㅋㅋㅋㅋ", lambda text=text: text)

    assert [example.before for _, example in book.tally.examples["repeats"]] == ["아무것도 아니다ㅋㅋㅋㅋ"]


def test_an_excerpt_is_masked_before_it_is_cut():
    book = Book("clean", show=lambda text: text.replace("0123456789", "[번호]"))

    book.drop(document("a", "가" * 295 + "0123456789" + "나" * 50), "too_short")

    assert "012" not in book.removed[0].excerpt
    assert len(book.removed[0].excerpt) == 300


def test_two_files_that_would_be_written_as_one_are_refused(tmp_path):
    stage = documents_stage(tmp_path, DOCUMENTS)
    first, second = stage.manifest.outputs
    (Path(stage.directory) / "a").mkdir()
    (Path(stage.directory) / first.name).rename(Path(stage.directory) / "a/x.parquet")
    (Path(stage.directory) / second.name).rename(Path(stage.directory) / "documents-a-x.parquet")
    outputs = (
        first.model_copy(update={"name": "a/x.parquet"}),
        second.model_copy(update={"name": "documents-a-x.parquet"}),
    )
    clash = stage.model_copy(update={"manifest": stage.manifest.model_copy(update={"outputs": outputs})})

    with pytest.raises(OutputError, match="would both be written as a-x; rename one"):
        input_files(clash)


def test_a_damaged_file_is_named_before_any_work(tmp_path):
    stage = documents_stage(tmp_path, DOCUMENTS)
    path = Path(stage.paths()[1])
    path.write_bytes(path.read_bytes()[:-5])

    with pytest.raises(OutputError, match=f"{path.name} has .* bytes where its manifest says"):
        sift_documents(stage, DropShort(), str(tmp_path / "out"), RunnerConfig())

    assert not (tmp_path / "out").exists()


def test_when_nothing_stays_the_job_says_why(tmp_path):
    with pytest.raises(OutputError, match=r"no document of .* is left; .*too_short.*: loosen what dropped most"):
        sift([document("a", "가")], tmp_path)
