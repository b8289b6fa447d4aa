import collections
import itertools
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.config import RunnerConfig, TokenizeConfig
from beam_jobs.dedupe_config import DedupeConfig
from beam_jobs.dedupe_docs import dedupe_documents
from beam_jobs.document import NEAR_COPIES
from beam_jobs.splitting import TRAIN, VALIDATION, split_key, split_of
from beam_jobs.storage import DOCUMENTS, read_parquet
from tests.beam_jobs.dedupe.dedupe_twin import UnionFind
from tests.beam_jobs.documents import document, documents_stage, real_documents

HALVES = TokenizeConfig(validation_share=0.5)
SHINGLE = 5
ORIGINALS, CHAIN = 24, 6
"""Real documents; and copies of some, each edited from the one before it, so that the last is unlike the first."""


def test_a_key_has_one_side_and_the_sides_have_their_shares():
    keys = [str(number) for number in range(20_000)]

    sides = [split_of(key, TokenizeConfig(validation_share=0.1)) for key in keys]

    assert sides == [split_of(key, TokenizeConfig(validation_share=0.1)) for key in keys]
    assert 0.09 < sides.count(VALIDATION) / len(keys) < 0.11
    assert set(sides) == {TRAIN, VALIDATION}


@given(st.text(), st.integers(0, 2**31), st.floats(0, 0.5), st.floats(0, 0.49))
def test_a_larger_share_holds_more_aside_and_gives_nothing_back(key, seed, share, more):
    small = TokenizeConfig(validation_share=share, seed=seed)
    large = TokenizeConfig(validation_share=share + more, seed=seed)

    assert (split_of(key, small), split_of(key, large)) != (VALIDATION, TRAIN)


def test_no_share_holds_nothing_aside():
    assert {split_of(str(number), TokenizeConfig(validation_share=0)) for number in range(500)} == {TRAIN}


def test_another_seed_draws_others():
    sides = [
        [split_of(str(key), TokenizeConfig(validation_share=0.5, seed=seed)) for key in range(200)] for seed in (1, 2)
    ]

    assert sides[0] != sides[1]


@pytest.mark.parametrize(
    ("metadata", "key"), [({}, "own"), ({"charset": "utf-8"}, "own"), ({NEAR_COPIES: "first"}, "first")]
)
def test_a_document_goes_with_its_near_copies_or_by_itself(metadata, key):
    assert split_key("own", metadata) == key


def edited(text, share, generator):
    words = text.split(" ")
    for place in generator.sample(range(len(words)), max(round(share * len(words)), 1)):
        words[place] = f"바꾼{generator.randrange(10**6)}"
    return " ".join(words)


def planted_corpus():
    """Real documents; of some a few edited copies, of others a chain of copies of copies."""
    generator = random.Random(5)
    found = []
    originals = {doc.text: doc._replace(url="") for doc in real_documents() if len(doc.text) > 600}
    for number, doc in enumerate(list(originals.values())[:ORIGINALS]):
        found.append(doc)
        if number % 2:
            continue
        text = doc.text
        for copy in range(CHAIN):
            text = edited(text if number % 4 else doc.text, 0.04, generator)
            found.append(document(f"{number} {copy}", text, url=""))
    generator.shuffle(found)
    return found


def shingles(text):
    letters = "".join(filter(str.isalnum, text.lower()))
    return {letters[start : start + SHINGLE] for start in range(len(letters) - SHINGLE + 1)}


def similar_pairs(documents, threshold):
    """Pairs of documents whose sets of shingles are as similar as that, all compared with all."""
    sets = [shingles(doc.text) for doc in documents]
    for one, other in itertools.combinations(range(len(documents)), 2):
        shared = len(sets[one] & sets[other])
        if shared >= threshold * (len(sets[one]) + len(sets[other]) - shared) > 0:
            yield documents[one], documents[other]


def deduplicated(folder, documents, action):
    """The documents that the job lets through, and the similarity from which it takes two for copies."""
    config = DedupeConfig.model_validate({"near": {"action": action}})
    stage = documents_stage(Path(folder) / "in", documents)
    out = Path(folder) / "out"
    dedupe_documents(stage, config, str(out), RunnerConfig())
    kept = [doc for path in sorted(out.glob(f"{DOCUMENTS}*")) for doc in read_parquet(str(path))]
    return kept, config.near.threshold


def side(doc):
    return split_of(split_key(doc.id, doc.metadata), HALVES)


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """What deduplication lets through when near copies stay, and what it takes for one."""
    return deduplicated(tmp_path_factory.mktemp("marked"), planted_corpus(), "mark")


def test_documents_alike_in_truth_are_on_one_side_when_near_copies_stay(marked):
    kept, threshold = marked

    forest = UnionFind()
    for one, other in similar_pairs(kept, threshold):
        forest.join(one.id, other.id)
    sides = {doc.id: side(doc) for doc in kept}
    clusters = forest.sets()
    assert len(kept) == len(planted_corpus())
    assert len(clusters) == ORIGINALS // 2
    assert all(len(cluster) == CHAIN + 1 for cluster in clusters)
    assert all(len({sides[number] for number in cluster}) == 1 for cluster in clusters)
    assert {sides[min(cluster)] for cluster in clusters} == {TRAIN, VALIDATION}


def test_a_chain_ends_far_from_where_it_began_and_is_one_cluster_all_the_same(marked):
    kept, threshold = marked
    direct = {frozenset((one.id, other.id)) for one, other in similar_pairs(kept, threshold)}

    clusters = collections.defaultdict(list)
    for doc in kept:
        if mark := doc.metadata.get(NEAR_COPIES):
            clusters[mark].append(doc.id)

    pairs = [frozenset(pair) for cluster in clusters.values() for pair in itertools.combinations(cluster, 2)]
    assert any(pair not in direct for pair in pairs)


def test_nothing_held_aside_is_like_training_text_when_near_copies_go(tmp_path):
    documents = planted_corpus()

    kept, threshold = deduplicated(tmp_path, documents, "drop")

    assert len(kept) < len(documents)
    assert {side(doc) for doc in kept} == {TRAIN, VALIDATION}
    assert not [pair for pair in similar_pairs(kept, threshold) if side(pair[0]) != side(pair[1])]
