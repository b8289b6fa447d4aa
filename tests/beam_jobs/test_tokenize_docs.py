import functools
import io
import itertools
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import google_crc32c
import numpy as np
import pytest
import tensorflow as tf

from beam_jobs import document_stretches, storage
from beam_jobs.config import RunnerConfig, TokenizeConfig
from beam_jobs.splitting import TRAIN, VALIDATION, split_of
from beam_jobs.tokenize_docs import RUNS, TOKEN_COUNTS, tokenize_documents
from beam_jobs.vocabularies.given import read_vocabulary
from beam_jobs.wordpiece import WordPiece
from model.contract import record
from model.contract.errors import OutputError
from model.contract.record import RecordFormat
from model.contract.stage import Stage
from model.record_files import open_records
from model.verify_records import faults
from tests.beam_jobs.documents import document, documents_stage, files_in, real_documents, shuffled, vocabulary_stage
from tests.beam_jobs.sample_corpus import ROOT

LENGTH = 512
CONFIG = TokenizeConfig(sequence_length=LENGTH, min_shards=3, validation_share=0.2, cut_back=64)
WITHOUT_VALIDATION = CONFIG.model_copy(update={"validation_share": 0.0})
CLS, SEP = 2, 3
FIELDS = ("input_ids", "segment_starts", "documents", "document_offsets", "second_segment", "source")


class Record(NamedTuple):
    split: str
    input_ids: list[int]
    segment_starts: list[int]
    documents: list[str]
    document_offsets: list[int]
    second_segment: list[int]
    source: list[str]

    def pieces(self) -> list[tuple[str, int, list[int]]]:
        """Each document's id and offset with its tokens in this record, without special tokens."""
        starts = [1, *self.segment_starts, len(self.input_ids)]
        parts = [self.input_ids[a : b - 1] for a, b in itertools.pairwise(starts)]
        return list(zip(self.documents, self.document_offsets, parts, strict=True))


def put_together(records):
    """Each document's tokens, from its pieces wherever they stand; a gap or an overlap shows."""
    pieces = sorted(piece for found in records for piece in found.pieces())
    documents = {}
    for key, offset, tokens in pieces:
        assert offset == len(documents.setdefault(key, []))
        documents[key] += tokens
    return documents


def records_of(split, data):
    """The records of one shard, by TensorFlow's own reader."""
    found = []
    for raw in data:
        feature = tf.train.Example.FromString(raw).features.feature
        assert set(feature) == set(FIELDS)
        found.append(
            Record(
                split,
                list(feature[record.INPUT_IDS].int64_list.value),
                list(feature[record.SEGMENT_STARTS].int64_list.value),
                [value.decode() for value in feature[record.DOCUMENTS].bytes_list.value],
                list(feature[record.DOCUMENT_OFFSETS].int64_list.value),
                list(feature[record.SECOND_SEGMENT].int64_list.value),
                [value.decode() for value in feature[record.SOURCE].bytes_list.value],
            )
        )
    return found


def raw_records(directory, split):
    paths = sorted(str(path) for path in Path(directory).glob(f"{split}-*.tfrecord"))
    return list(tf.data.TFRecordDataset(paths).as_numpy_iterator())


@functools.cache
def vocabulary() -> tuple[str, ...]:
    return tuple(read_vocabulary(str(ROOT / "sample" / "vocab" / "kobigbird" / "vocab.txt")))


@functools.cache
def expected_tokens() -> dict[str, np.ndarray]:
    """Each document's ids, by its own id; each text tokenized alone."""
    wordpiece = WordPiece(vocabulary())
    return {doc.id: wordpiece.tokenize([doc.text])[0] for doc in real_documents()}


def tokenize(root, documents, config=CONFIG, runner=None, shards=2, weights=None):
    """The finished stage."""
    before, pieces = documents_stage(root, documents, shards), vocabulary_stage(root, vocabulary())
    inputs = {"runner": str(runner), "shards": str(shards), "order": before.manifest.fingerprint}
    stage = Stage("tokenize", str(root), config.model_dump(), (), inputs)
    return stage.run(
        lambda folder: tokenize_documents(before, pieces, config, weights or {}, folder, runner or RunnerConfig())
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return tokenize(tmp_path_factory.mktemp("made"), real_documents())


@pytest.fixture(scope="module")
def records(made):
    return [found for split in (TRAIN, VALIDATION) for found in records_of(split, raw_records(made.directory, split))]


def test_as_many_tokens_come_out_as_go_in_each_as_often(records):
    went_in = Counter(np.concatenate(list(expected_tokens().values())).tolist())

    came_out = Counter(token for found in records for token in found.input_ids if token not in (CLS, SEP))

    assert came_out.total() > 100_000
    assert came_out == went_in


def test_every_document_can_be_put_together_again_from_its_records(records):
    assert put_together(records) == {key: ids.tolist() for key, ids in expected_tokens().items() if len(ids)}


def test_training_and_validation_never_share_a_document(records):
    documents = {
        split: {key for r in records if r.split == split for key in r.documents} for split in (TRAIN, VALIDATION)
    }

    assert documents[TRAIN].isdisjoint(documents[VALIDATION])
    assert documents[TRAIN] | documents[VALIDATION] == {doc.id for doc in real_documents()}
    assert 5 <= len(documents[VALIDATION]) <= 30


def test_records_keep_the_contract(records):
    sources = {doc.id: doc.source for doc in real_documents()}

    for found in records:
        assert found.input_ids[0] == CLS
        assert 3 <= len(found.input_ids) <= LENGTH
        assert found.input_ids.count(CLS) == 1
        ends = [at for at, token in enumerate(found.input_ids) if token == SEP]
        assert [at + 1 for at in ends] == [*found.segment_starts, len(found.input_ids)]
        assert len(found.documents) == len(found.document_offsets) == len(ends)
        assert found.second_segment == []
        assert found.source == [sources[found.documents[0]]]
        assert {sources[key] for key in found.documents} == set(found.source)


def test_the_trainer_opens_the_records_as_the_manifest_describes_them(made, records):
    for split in (TRAIN, VALIDATION):
        shards = open_records(made, split)

        assert shards.total == sum(found.split == split for found in records)

    told = RecordFormat.model_validate(made.manifest.facts["record_format"])
    pieces = (ROOT / "sample" / "vocab" / "kobigbird" / "vocab.txt").read_bytes()
    assert told.special_ids.all == (0, 1, 2, 3, 4, 5, 6)
    assert told.vocabulary_size == pieces.count(b"\n")
    assert told.vocabulary_crc32c == f"{google_crc32c.value(pieces):08x}"
    assert Path(made.directory, record.VOCABULARY_FILE).read_bytes() == pieces
    assert not Path(made.directory, RUNS).exists()


def test_counters_say_what_the_records_hold(made, records):
    expected = Counter()
    sources = {doc.id: doc.source for doc in real_documents()}
    for doc in real_documents():
        expected[f"{doc.source}/{split_of(doc.id, CONFIG)}_documents"] += 1
    for found in records:
        where = f"{sources[found.documents[0]]}/{found.split}"
        expected[f"{where}_examples"] += 1
        for kind in ("tokens", "unique_tokens"):
            expected[f"{where}_{kind}"] += len(found.input_ids) - 1 - len(found.documents)
        expected["padding"] += LENGTH - len(found.input_ids)
        expected["positions"] += LENGTH

    assert made.manifest.counters == {f"tokenize_docs/{name}": value for name, value in expected.items()}


def test_the_padding_is_counted_and_little(made, records):
    counters = made.manifest.counters
    share = counters["tokenize_docs/padding"] / counters["tokenize_docs/positions"]

    assert share == pytest.approx(1 - sum(len(found.input_ids) for found in records) / (LENGTH * len(records)))
    assert share < 0.02


def test_token_counts_are_those_of_the_training_records(made, records):
    counted = np.load(io.BytesIO(Path(made.paths(suffix=TOKEN_COUNTS)[0]).read_bytes()))

    found = Counter(token for r in records if r.split == TRAIN for token in r.input_ids if token not in (CLS, SEP))
    assert counted.dtype == np.int64
    assert counted.shape == (len(vocabulary()),)
    assert {int(token): int(counted[token]) for token in np.flatnonzero(counted)} == found


RUNNERS = {
    "another order": RunnerConfig(),
    "two processes": RunnerConfig(processes=2),
    "portable runner": RunnerConfig(
        runner="PortableRunner", options={"job_endpoint": "embed", "environment_type": "LOOPBACK"}
    ),
}


@pytest.mark.parametrize(("seed", "name"), enumerate(RUNNERS))
def test_shards_are_the_same_bytes_whatever_the_order_within_a_file_and_the_runner(made, tmp_path, seed, name):
    files = [shuffled(real_documents()[file::2], seed) for file in range(2)]
    mixed = [doc for pair in itertools.zip_longest(*files) for doc in pair if doc is not None]

    again = tokenize(tmp_path, mixed, runner=RUNNERS[name])

    assert again.manifest.outputs == made.manifest.outputs
    assert again.manifest.counters == made.manifest.counters
    assert files_in(again.directory).keys() == files_in(made.directory).keys()
    for one, other in zip(made.paths(), again.paths(), strict=True):
        assert Path(one).read_bytes() == Path(other).read_bytes()


def test_what_is_left_of_many_files_is_packed_together(tmp_path):
    made = tokenize(tmp_path, real_documents(), WITHOUT_VALIDATION, shards=12)

    counters = made.manifest.counters
    short = [found for found in records_of(TRAIN, raw_records(made.directory, TRAIN)) if len(found.input_ids) < 256]
    assert counters["tokenize_docs/padding"] / counters["tokenize_docs/positions"] < 0.02
    assert len(short) <= len({doc.source for doc in real_documents()})


def test_a_large_file_is_read_in_stretches_and_nothing_is_lost(made, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "ROW_GROUP", 7)
    monkeypatch.setattr(document_stretches, "STRETCH_BYTES", 20_000)

    again = tokenize(tmp_path, real_documents())

    found = [r for split in (TRAIN, VALIDATION) for r in records_of(split, raw_records(again.directory, split))]
    assert put_together(found) == {key: ids.tolist() for key, ids in expected_tokens().items() if len(ids)}
    assert len(list(document_stretches.stretches(0, documents_stage(tmp_path, real_documents()).paths()[0]))) > 3


def test_shards_are_of_the_size_asked_for(tmp_path):
    million = [doc._replace(id=f"{copy}{doc.id}") for copy in range(6) for doc in real_documents()]
    config = WITHOUT_VALIDATION.model_copy(update={"shard_megabytes": 1, "min_shards": 1})

    made = tokenize(tmp_path, million, config)

    sizes = [file.bytes for file in made.files(prefix=TRAIN)]
    assert len(sizes) > 1
    assert max(sizes) < 1_200_000


def test_another_seed_gives_the_same_records_in_another_order(tmp_path):
    one, other = (
        raw_records(
            tokenize(tmp_path, real_documents(), WITHOUT_VALIDATION.model_copy(update=changed)).directory, TRAIN
        )
        for changed in ({"seed": 1}, {"seed": 2})
    )

    assert Counter(one) == Counter(other)
    assert one != other
    # No trace of the order of packing is left either: neighbours come from anywhere.
    assert len({records_of(TRAIN, [raw])[0].source[0] for raw in one[:20]}) > 1


def test_records_of_the_larger_sources_are_spread_over_all_training_shards(made):
    for path in made.paths(prefix=TRAIN):
        data = list(tf.data.TFRecordDataset(path).as_numpy_iterator())

        assert {found.source[0] for found in records_of(TRAIN, data)} >= {"news", "everyones_corpus"}


def test_a_document_never_changes_sides_when_others_come_or_go(tmp_path, records):
    half = real_documents()[::2]
    again = tokenize(tmp_path, half)

    for split in (TRAIN, VALIDATION):
        now = {key for found in records_of(split, raw_records(again.directory, split)) for key in found.documents}
        assert now <= {key for found in records if found.split == split for key in found.documents}


def test_a_weight_says_how_often_records_stand_in_training(tmp_path):
    weights = {"news": 2.5, "everyones_corpus": 0.5}

    made = tokenize(tmp_path, real_documents(), WITHOUT_VALIDATION, weights=weights)

    raw = Counter(raw_records(made.directory, TRAIN))
    often = {}
    for data, count in raw.items():
        often.setdefault(records_of(TRAIN, [data])[0].source[0], []).append(count)
    assert set(often["news"]) == {2, 3}
    assert set(often["wikipedia"]) == {1}
    assert set(often["everyones_corpus"]) == {1}
    left_out = made.manifest.counters["tokenize_docs/everyones_corpus/train_left_out"]
    assert len(often["everyones_corpus"]) * 0.5 < left_out < len(often["everyones_corpus"]) * 2
    told = made.manifest.facts["sources"]
    assert told["news"]["epochs"] == pytest.approx(2.5, abs=0.2)
    assert sum(found["share"] for found in told.values()) == pytest.approx(1, abs=0.001)


def test_a_mixture_gives_the_sources_their_shares_of_the_training_tokens(tmp_path):
    mixture = {"news": 0.66, "everyones_corpus": 0.3, "wikipedia": 0.04}

    made = tokenize(tmp_path, real_documents(), WITHOUT_VALIDATION.model_copy(update={"mixture": mixture}))

    told = made.manifest.facts["sources"]
    assert {source: found["share"] for source, found in told.items()} == pytest.approx(mixture, abs=0.05)


def test_a_source_may_be_called_anything_and_still_writes_nowhere_else(tmp_path):
    strange = [doc._replace(source="../../up/한국어" * 20) for doc in real_documents()[:20]]

    made = tokenize(tmp_path / "in" / "here", strange, WITHOUT_VALIDATION)

    assert set(tmp_path.iterdir()) == {tmp_path / "in"}
    assert {path.name for path in (tmp_path / "in").iterdir()} == {"here"}
    assert list(faults(made.directory)) == []


def test_a_document_without_id_or_source_is_counted_and_set_aside(tmp_path):
    nameless = [real_documents()[0]._replace(id=""), real_documents()[1]._replace(source="")]

    made = tokenize(tmp_path, [*real_documents()[:20], *nameless], WITHOUT_VALIDATION)

    assert made.manifest.counters["tokenize_docs/nameless"] == 2
    assert list(faults(made.directory)) == []


def test_pairs_and_short_sequences_lose_nothing_either(tmp_path):
    config = WITHOUT_VALIDATION.model_copy(update={"pair_share": 0.5, "short_share": 0.3})

    made = tokenize(tmp_path, real_documents(), config)

    found = records_of(TRAIN, raw_records(made.directory, TRAIN))
    assert put_together(found) == {key: ids.tolist() for key, ids in expected_tokens().items() if len(ids)}
    pairs = [r for r in found if r.second_segment]
    assert 0.3 < len(pairs) / len(found) < 0.7
    assert all(r.second_segment[0] in r.segment_starts for r in pairs)


def test_the_validation_share_is_kept_over_many_documents():
    sides = Counter(split_of(document(str(number)).id, CONFIG) for number in range(5_000))

    assert 0.18 < sides[VALIDATION] / 5_000 < 0.22


def test_no_validation_share_leaves_an_empty_validation_shard(tmp_path):
    found = tokenize(tmp_path, real_documents()[:5], WITHOUT_VALIDATION)

    assert [file.records for file in found.files(prefix=VALIDATION)] == [0]


def test_a_corpus_too_small_for_the_validation_that_was_asked_for_is_refused(tmp_path):
    small = next(doc for doc in real_documents() if split_of(doc.id, CONFIG) == TRAIN)

    with pytest.raises(OutputError, match="no validation record came out of .* change the share"):
        tokenize(tmp_path, [small], CONFIG)


def test_a_corpus_without_a_training_token_is_refused(tmp_path):
    with pytest.raises(OutputError, match="no train record came out of"):
        tokenize(tmp_path, [document("a", ""), document("b", " \n")], WITHOUT_VALIDATION)
