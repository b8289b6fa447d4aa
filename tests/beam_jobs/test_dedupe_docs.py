import json
import random
from pathlib import Path

import pytest

from beam_jobs import removed
from beam_jobs.config import RunnerConfig
from beam_jobs.dedupe_config import DedupeConfig
from beam_jobs.dedupe_docs import dedupe_documents
from beam_jobs.document import NEAR_COPIES
from beam_jobs.storage import DOCUMENTS, read_parquet
from model.contract.errors import InputError
from tests.beam_jobs.dedupe import dedupe_twin
from tests.beam_jobs.documents import document, documents_stage, files_in, real_documents, shuffled

RUNNERS = {
    "two processes": RunnerConfig(processes=2),
    "portable runner": RunnerConfig(
        runner="PortableRunner", options={"job_endpoint": "embed", "environment_type": "LOOPBACK"}
    ),
}


def edited(text, share, seed):
    """The text with a share of its words others."""
    generator = random.Random(seed)
    words = text.split(" ")
    for place in generator.sample(range(len(words)), round(share * len(words))):
        words[place] = f"바꾼{generator.randrange(10**6)}"
    return " ".join(words)


def planted_corpus():
    """Real documents, and of every third an exact copy, edited ones, and one at the same address."""
    found = []
    for number, doc in enumerate(real_documents()[:120]):
        found.append(doc)
        if number % 3:
            continue
        copies = {
            "laid out anew": doc.text.replace("\n", " \n "),
            **{f"{share:.0%} edited": edited(doc.text, share, number) for share in (0.01, 0.05, 0.1, 0.3)},
        }
        for name, text in copies.items():
            found.append(document(f"{doc.id} {name}", text, url="", source="copies"))
        address = f"http://example.kr/{number}"
        found.append(document(f"{number} old", f"옛 글 {number}", url=address))
        found.append(document(f"{number} new", f"새로 쓴 글 {number}", url=f"{address}/?utm_source=feed"))
    return found


def dedupe(documents, folder, config=None, runner=None, shards=3):
    """The job's directory, and what it handed back."""
    stage = documents_stage(Path(folder) / "in", documents, shards)
    out = str(Path(folder) / "out")
    return out, dedupe_documents(stage, config or DedupeConfig(), out, runner or RunnerConfig())


def kept_in(out):
    return [doc for path in sorted(Path(out).glob(f"{DOCUMENTS}*")) for doc in read_parquet(str(path))]


def removed_from(out):
    return [row for path in sorted(Path(out).glob(f"{removed.PREFIX}*")) for row in removed.read_table(str(path))]


@pytest.mark.parametrize(
    "config",
    [
        DedupeConfig(),
        DedupeConfig.model_validate({"near": {"check": False}}),
        DedupeConfig.model_validate({"near": {"threshold": 0.5, "permutations": 112}, "keep": ["source", "longest"]}),
        DedupeConfig.model_validate({"addresses": False, "texts": False, "prefer": ["copies", "news"]}),
        DedupeConfig(near=None),
    ],
    ids=["defaults", "unchecked", "looser", "preferring copies", "exact"],
)
def test_the_job_equals_union_find_and_all_pairs_over_the_same_signatures(config, tmp_path):
    documents = planted_corpus()
    stay, gone = dedupe_twin.dedupe(documents, config)

    out, _ = dedupe(documents, tmp_path, config)

    assert {doc.id for doc in kept_in(out)} == {doc.id for doc in stay}
    assert {row.id: (row.rule, row.matched) for row in removed_from(out)} == gone
    assert len(gone) > 40


def runs_of(text):
    letters = "".join(filter(str.isalnum, text.lower()))
    return {letters[start : start + 5] for start in range(len(letters) - 4)}


def test_lightly_edited_copies_go_and_whatever_goes_is_truly_similar(tmp_path):
    documents = planted_corpus()
    text_of = {doc.id: doc.text for doc in documents}
    originals = {doc.id: doc for doc in real_documents()[:120]}

    out, _ = dedupe(documents, tmp_path)

    kept = kept_in(out)
    near = [row for row in removed_from(out) if row.rule == "near_copy"]
    assert len(near) > 30
    for row in near:
        one, other = runs_of(text_of[row.id]), runs_of(text_of[row.matched])
        assert abs(row.value - len(one & other) / len(one | other)) < 0.15
    stay_twice = [doc for doc in kept if doc.title.endswith(("1% edited", "5% edited")) and doc.title[:32] in originals]
    assert not {doc.id for doc in kept} & {doc.title[:32] for doc in stay_twice}


def test_whatever_comes_in_is_kept_or_listed_once_and_counted(tmp_path):
    documents = planted_corpus()

    out, made = dedupe(documents, tmp_path)

    ids = [doc.id for doc in kept_in(out)] + [row.id for row in removed_from(out)]
    assert sorted(ids) == sorted(doc.id for doc in documents)
    doors = [value for name, value in made.counters.items() if name.startswith("dedupe_docs/")]
    assert sum(doors) == len(documents)


@pytest.mark.parametrize("name", RUNNERS)
def test_every_runner_writes_the_same_bytes(name, tmp_path_factory):
    config = DedupeConfig.model_validate({"lines": {"rule": "three_sentences"}})
    documents = planted_corpus()
    in_memory, _ = dedupe(documents, tmp_path_factory.mktemp("memory"), config)

    other, _ = dedupe(documents, tmp_path_factory.mktemp("other"), config, RUNNERS[name])

    assert files_in(other) == files_in(in_memory)
    assert any(row.rule == "near_copy" for row in removed_from(other))


def test_the_same_documents_stay_however_they_are_dealt_to_files(tmp_path_factory):
    documents = planted_corpus()
    stay, _ = dedupe_twin.dedupe(documents, DedupeConfig())

    for seed, shards in ((1, 1), (2, 7)):
        out, _ = dedupe(shuffled(documents, seed), tmp_path_factory.mktemp("dealt"), shards=shards)

        assert {doc.id for doc in kept_in(out)} == {doc.id for doc in stay}


def test_passages_are_cut_and_what_is_left_is_compared_afterwards(tmp_path):
    shared = "대한민국은 민주공화국이다. 주권은 국민에게 있다. 모든 권력은 국민으로부터 나온다. " * 4
    bodies = ["".join(random.Random(seed).choices("가나다라마바사아자차카타 ", k=400)) for seed in range(2)]
    documents = [
        document("a", shared + bodies[0], id="1", url=""),
        document("b", shared + bodies[1], id="2", url=""),
        document("c", shared.strip(), id="3", url=""),
    ]
    config = DedupeConfig.model_validate({"lines": {"rule": "three_sentences"}})

    out, made = dedupe(documents, tmp_path, config, shards=1)

    kept = {doc.id: doc.text for doc in kept_in(out)}
    assert kept == {"1": documents[0].text, "2": bodies[1].strip()}
    ((row),) = removed_from(out)
    assert (row.id, row.rule, row.threshold) == ("3", "too_short_without_repeats", 200)
    assert made.counters["dedupe_changes/news/repeated_passage"] == 1


def test_of_two_documents_with_one_id_one_stays(tmp_path):
    documents = [document("a", "첫 번째 판", id="1"), document("b", "두 번째 판, 더 길다", id="1", url="")]

    out, made = dedupe(documents, tmp_path)

    assert [doc.text for doc in kept_in(out)] == ["두 번째 판, 더 길다"]
    assert made.counters["dedupe_docs/news/repeated_id"] == 1


def test_the_statistics_list_the_largest_clusters_with_what_they_look_like(tmp_path):
    doc = max(real_documents(), key=lambda doc: len(doc.text))
    copies = [document(f"{seed}", edited(doc.text, 0.02, seed), url="", title=f"판 {seed}") for seed in range(5)]

    out, _ = dedupe([doc, *copies, document("x", "다른 글", url="")], tmp_path)

    statistics = json.loads((Path(out) / "statistics.json").read_text())
    (cluster,) = statistics["clusters"]
    assert cluster["size"] == 6
    assert {cluster["survivor"]["id"], *(member["id"] for member in cluster["members"])} == {
        each.id for each in (doc, *copies)
    }
    assert all(0.65 <= member["similarity"] <= 1 and member["excerpt"] for member in cluster["members"])
    assert statistics["dropped"]["near_copy"]["news"]["documents"] >= 4
    assert len(statistics["examples"]["near_copy"]) == 5


MARKING = DedupeConfig.model_validate({"near": {"action": "mark"}})


def marks_of(documents):
    return {doc.id: doc.metadata[NEAR_COPIES] for doc in documents if NEAR_COPIES in doc.metadata}


def test_near_copies_that_stay_carry_the_id_of_the_one_that_would_have_stayed_alone(tmp_path_factory):
    documents = planted_corpus()
    dropped, _ = dedupe(documents, tmp_path_factory.mktemp("dropped"))
    would_go = {row.id: row.matched for row in removed_from(dropped) if row.rule == "near_copy"}

    out, _ = dedupe(documents, tmp_path_factory.mktemp("marked"), MARKING)

    kept = kept_in(out)
    assert len(would_go) > 30
    assert marks_of(kept) == would_go | {survivor: survivor for survivor in would_go.values()}
    assert {doc.id for doc in kept} == {doc.id for doc in kept_in(dropped)} | set(would_go)
    assert not [row for row in removed_from(out) if row.rule == "near_copy"]


def test_marked_documents_keep_their_texts_and_metadata_and_are_counted_as_changed(tmp_path):
    documents = [doc._replace(metadata={"charset": "utf-8"}) for doc in planted_corpus()]
    before = {doc.id: doc for doc in documents}

    out, made = dedupe(documents, tmp_path, MARKING)

    kept = kept_in(out)
    marked = marks_of(kept)
    assert [doc._replace(metadata={}) for doc in kept] == [before[doc.id]._replace(metadata={}) for doc in kept]
    assert all(dict(doc.metadata).items() >= {"charset": "utf-8"}.items() for doc in kept)
    counted = {name: value for name, value in made.counters.items() if name.endswith("/near_copy")}
    assert sum(counted.values()) == len(marked) > 40
    assert all(name.startswith("dedupe_changes/") for name in counted)
    assert sum(made.counters[name] for name in made.counters if name.startswith("dedupe_docs/")) == len(documents)


def test_the_statistics_of_marked_copies_say_that_all_stay(tmp_path):
    out, _ = dedupe(planted_corpus(), tmp_path, MARKING)

    statistics = json.loads((Path(out) / "statistics.json").read_text())
    assert "near_copy" not in statistics["dropped"]
    changed = statistics["changed"]["near_copy"]["copies"]
    assert changed["documents"] == changed["places"] > 30
    assert changed["characters"] == 0
    marked = marks_of(kept_in(out))
    assert [(example["id"], example["after"]) for example in statistics["examples"]["near_copy"]] == [
        (example["id"], f"{NEAR_COPIES}: {marked[example['id']]}") for example in statistics["examples"]["near_copy"]
    ]
    assert statistics["clusters"]
    assert all(cluster["all_stay"] for cluster in statistics["clusters"])


def test_two_processes_mark_the_same_bytes_as_one(tmp_path_factory):
    config = DedupeConfig.model_validate({"near": {"action": "mark"}, "lines": {"rule": "three_sentences"}})
    documents = planted_corpus()
    in_memory, _ = dedupe(documents, tmp_path_factory.mktemp("memory"), config)

    other, _ = dedupe(documents, tmp_path_factory.mktemp("other"), config, RUNNERS["two processes"])

    assert files_in(other) == files_in(in_memory)
    assert marks_of(kept_in(other))


def test_files_that_hold_nothing_are_refused(tmp_path):
    with pytest.raises(InputError, match="holds no document; give files that do"):
        dedupe([], tmp_path)
