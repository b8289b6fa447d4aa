import json
from collections import Counter
from pathlib import Path

import pytest

from beam_jobs.config import RunnerConfig
from beam_jobs.document import NEAR_COPIES
from beam_jobs.each_file import input_files
from beam_jobs.vocabularies import counting
from beam_jobs.vocabularies.counting import add_tables, count_corpus, rows_of
from beam_jobs.vocabularies.report import ALL
from beam_jobs.vocabularies.sample import REPORT, TRAIN, place_of, shares_of
from beam_jobs.vocabularies.words import count_eojeols, count_words
from beam_jobs.vocabulary import make_vocabulary
from beam_jobs.vocabulary_config import VocabularyConfig
from flows import stages
from model.contract.errors import InputError, SettingError
from model.contract.record import SPECIAL_TOKENS
from tests.beam_jobs.documents import document, documents_stage, files_in, real_documents, shuffled
from tests.beam_jobs.test_vocabulary import KOBIGBIRD, KOELECTRA

TRAINED = {"train": {"size": 3_500, "unused": 3}, "report": {"held_aside": 0.2}, "compare": {"kobigbird": KOBIGBIRD}}
SOURCES = {doc.source for doc in real_documents()}


def config(settings=TRAINED, **changes):
    return VocabularyConfig.parse(settings | changes, "a test")


def make(root, documents, settings=None, runner=None, shards=2, weights=None):
    before = documents_stage(root, documents, shards)
    return make_vocabulary(settings or config(), f"{root}/made", before, weights, runner)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("made")
    found = make(root, real_documents())
    return found, files_in(root / "made")


def test_the_files_are_the_same_bytes_in_any_order_of_documents_and_number_of_files(made, tmp_path):
    make(tmp_path, shuffled(real_documents(), 7), shards=5)

    assert files_in(tmp_path / "made") == made[1]


def test_the_files_are_the_same_bytes_with_two_processes(made, tmp_path):
    make(tmp_path, real_documents(), runner=RunnerConfig(processes=2))

    assert files_in(tmp_path / "made") == made[1]


def test_another_seed_trains_on_other_documents(made, tmp_path):
    make(tmp_path, real_documents(), config(seed=43))

    assert files_in(tmp_path / "made")["vocab.txt"] != made[1]["vocab.txt"]


def test_the_vocabulary_is_laid_out_as_asked_for(made):
    pieces = made[1]["vocab.txt"].decode().splitlines()

    assert pieces[:10] == [*SPECIAL_TOKENS, "[unused2]", "[unused3]", "[unused4]"]
    assert len(set(pieces)) == len(pieces) == made[0].facts["size"] == 3_500
    assert {"한", "##한", "a", "##a", ".", "있다"} < set(pieces)


def test_words_come_from_the_sample_and_eojeols_from_what_is_held_aside(tmp_path):
    shares = shares_of(_text_bytes(), config(), {})
    texts = {TRAIN: [], REPORT: []}
    for doc in real_documents():
        if use := shares.use_of(doc.source, place_of(doc.id, 42)):
            texts[use].append(doc)

    counted = count_corpus(
        input_files(documents_stage(tmp_path, real_documents())), config(), {}, f"{tmp_path}/made", RunnerConfig()
    )

    assert dict(rows_of(counted.words)) == count_words(count_eojeols(doc.text for doc in texts[TRAIN]))
    held = {(source, text): count for source, text, count in rows_of(counted.eojeols)}
    for source in SOURCES:
        expected = count_eojeols(doc.text for doc in texts[REPORT] if doc.source == source)
        assert {text: count for (name, text), count in held.items() if name == source} == expected
    assert len(texts[TRAIN]) > 30
    assert len(texts[REPORT]) > 5


def test_the_counters_say_what_was_taken_of_each_source(made):
    counters = made[0].counters

    for source in SOURCES:
        own = [doc for doc in real_documents() if doc.source == source]
        assert counters[f"vocabulary/{source}/all_documents"] == len(own)
        assert counters[f"vocabulary/{source}/all_bytes"] == sum(len(doc.text.encode()) for doc in own)
    taken = sum(count for name, count in counters.items() if name.endswith(("train_documents", "report_documents")))
    assert taken == len(real_documents())


def test_near_copies_are_trained_on_or_held_aside_together(tmp_path):
    copies = [document(str(number), "같은 글", metadata={NEAR_COPIES: "one"}) for number in range(50)]

    counted = count_corpus(
        input_files(documents_stage(tmp_path, copies)), config(), {}, f"{tmp_path}/made", RunnerConfig()
    )

    taken = [counted.counters.get(f"vocabulary/news/{use}_documents", 0) for use in (TRAIN, REPORT)]
    assert sorted(taken) == [0, 50]


def test_the_report_stands_beside_other_vocabularies(made):
    report = json.loads(made[1]["report.json"])

    assert list(report) == ["this", "kobigbird"]
    assert set(report["this"]["fit"]) == {ALL} | SOURCES
    assert report["this"]["fit"][ALL]["eojeols"] == report["kobigbird"]["fit"][ALL]["eojeols"] > 1_000
    assert made[0].facts["report"]["this"]["fit"] == report["this"]["fit"][ALL]
    assert "| kobigbird | 32,500 |" in made[1]["report.md"].decode()
    assert {file.name for file in made[0].outputs} == set(made[1])


def test_the_alphabet_covers_what_it_is_said_to_cover(made):
    alphabet = made[0].facts["alphabet"]
    pieces = set(made[1]["vocab.txt"].decode().splitlines())
    shares = shares_of(_text_bytes(), config(), {})
    sample = [doc for doc in real_documents() if shares.use_of(doc.source, place_of(doc.id, 42)) == TRAIN]
    characters = Counter("".join(count_words(count_eojeols(doc.text for doc in sample)).elements()))

    covered = sum(count for character, count in characters.items() if character in pieces)

    assert alphabet["coverage"] == pytest.approx(covered / characters.total(), abs=1e-12)
    assert alphabet["coverage"] >= 0.999
    assert sum(alphabet["by_kind"].values()) == alphabet["characters"]


def test_a_given_vocabulary_is_reported_on_with_all_documents(tmp_path):
    given = config({"path": KOBIGBIRD, "compare": {"koelectra": KOELECTRA}})

    found = make(tmp_path, real_documents(), given)

    texts = count_eojeols(doc.text for doc in real_documents())
    assert found.facts["report"]["this"]["fit"]["eojeols"] == texts.total()
    assert found.facts["report"]["koelectra"]["fit"]["eojeols"] == texts.total()
    assert (tmp_path / "made" / "vocab.txt").read_bytes() == Path(KOBIGBIRD).read_bytes()


def test_tables_added_a_few_at_a_time_give_the_sum_of_all(tmp_path, monkeypatch):
    paths = [f"{tmp_path}/{number}.parquet" for number in range(5)]
    for number, path in enumerate(paths):
        counts = {(TRAIN, ""): Counter({"가": number + 1}), (REPORT, "wiki"): Counter({str(number): 1})}
        Path(path).write_bytes(counting._table_bytes(counts))
    together = add_tables(paths)

    monkeypatch.setattr(counting, "_ADDED_AT_ONCE", 2)

    assert add_tables(paths).to_pylist() == together.to_pylist()
    assert list(rows_of(together))[-1] == (TRAIN, "", "가", 15)


def test_a_sample_without_a_document_is_refused(tmp_path):
    only = next(doc for doc in (document(str(n)) for n in range(100)) if place_of(doc.id, 42) >= 0.8)

    with pytest.raises(InputError, match="no document of .* fell into the vocabulary's sample; give more of them"):
        make(tmp_path, [only], shards=1)


def test_weights_that_miss_a_source_end_the_job_in_a_sentence(tmp_path):
    settings = config({"train": {"weights": {"news": 1}}})

    with pytest.raises((InputError, SettingError), match=r"vocabulary\.train\.weights gives everyones_corpus no share"):
        make(tmp_path, real_documents(), settings)


def _text_bytes():
    found = Counter()
    for doc in real_documents():
        found[doc.source] += len(doc.text.encode())
    return found


def identity(root, documents, settings, weights=None, runner=None):
    """The fingerprint of the stage that these settings make, without making it."""
    seen = []

    def stop(stage, work, runner):
        seen.append(stage.fingerprint)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stages, "_run", stop)
        stages.vocabulary(str(root), documents, settings, weights or {}, runner or RunnerConfig())
    return seen[0]


def test_the_stage_depends_on_what_can_change_its_files_and_on_nothing_else(tmp_path):
    docs, others = documents_stage(tmp_path, real_documents()), documents_stage(tmp_path, real_documents()[:50])
    moved = tmp_path / "elsewhere.txt"
    moved.write_bytes(Path(KOBIGBIRD).read_bytes())
    of = {
        "trained": identity(tmp_path, docs, config()),
        "another size": identity(tmp_path, docs, config(train={"size": 3_400, "unused": 3})),
        "another seed": identity(tmp_path, docs, config(seed=43)),
        "other documents": identity(tmp_path, others, config()),
        "other weights": identity(tmp_path, docs, config(), {"news": 2.0}),
        "compared with another": identity(tmp_path, docs, config(compare={"kobigbird": KOELECTRA})),
        "compared with nothing": identity(tmp_path, docs, config(compare={})),
        "given": identity(tmp_path, docs, config({"path": KOBIGBIRD})),
        "another one given": identity(tmp_path, docs, config({"path": KOELECTRA})),
    }

    assert len(set(of.values())) == len(of)
    assert identity(tmp_path, docs, config(compare={"kobigbird": str(moved)})) == of["trained"]
    assert identity(tmp_path, docs, config(), runner=RunnerConfig(processes=2)) == of["trained"]
    assert identity(tmp_path, docs, config({"path": str(moved), "size": 32_500})) == of["given"]


def test_a_finished_vocabulary_is_not_made_again(tmp_path, monkeypatch):
    docs = documents_stage(tmp_path, real_documents())
    first = stages.vocabulary(str(tmp_path), docs, config({"path": KOBIGBIRD}), {}, RunnerConfig())

    monkeypatch.setattr("beam_jobs.vocabulary.make_vocabulary", None)

    assert stages.vocabulary(str(tmp_path), docs, config({"path": KOBIGBIRD}), {}, RunnerConfig()) == first
