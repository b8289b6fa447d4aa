import functools
import io
import itertools
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import apache_beam as beam
import google_crc32c
import numpy as np
import pytest
import tensorflow as tf

from beam_jobs.config import RunnerConfig, TokenizeConfig
from beam_jobs.launch import run_job
from beam_jobs.tokenize_docs import (
    TOKEN_COUNTS,
    TRAIN,
    VALIDATION,
    TokenizeDocs,
    copies_of,
    split_of,
    tokenize_documents,
)
from beam_jobs.vocabulary import read_vocabulary
from beam_jobs.wordpiece import WordPiece
from model.contract import record
from model.contract.errors import OutputError
from model.contract.record import RecordFormat
from model.contract.stage import Stage
from model.input_pipeline import check_format, open_records
from tests.beam_jobs.documents import document, documents_stage, files_in, real_documents, shuffled, vocabulary_stage
from tests.beam_jobs.sample_corpus import ROOT

LENGTH = 512
CONFIG = TokenizeConfig(sequence_length=LENGTH, shards=3, validation_shards=2, validation_share=0.2, packing_buckets=2)
WITHOUT_VALIDATION = CONFIG.model_copy(update={"validation_share": 0.0, "validation_shards": 1})
CLS, SEP = 2, 3


class Record(NamedTuple):
    split: str
    input_ids: list[int]
    segment_starts: list[int]
    documents: list[str]
    source: list[str]

    def pieces(self) -> list[tuple[str, tuple[int, ...]]]:
        """Each document's id with its tokens in this record, without special tokens."""
        starts = [1, *self.segment_starts, len(self.input_ids)]
        parts = [tuple(self.input_ids[a : b - 1]) for a, b in itertools.pairwise(starts)]
        return list(zip(self.documents, parts, strict=True))


def records_of(split, data):
    """The records of one shard, by TensorFlow's own reader."""
    found = []
    for raw in data:
        feature = tf.train.Example.FromString(raw).features.feature
        assert set(feature) == {record.INPUT_IDS, record.SEGMENT_STARTS, record.DOCUMENTS, record.SOURCE}
        found.append(
            Record(
                split,
                list(feature[record.INPUT_IDS].int64_list.value),
                list(feature[record.SEGMENT_STARTS].int64_list.value),
                [value.decode() for value in feature[record.DOCUMENTS].bytes_list.value],
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


def test_every_piece_of_every_document_is_there_once_under_its_id(records):
    room = LENGTH - 2
    cut = [
        (key, tuple(ids[start : start + room].tolist()))
        for key, ids in expected_tokens().items()
        for start in range(0, len(ids), room)
    ]

    assert Counter(piece for found in records for piece in found.pieces()) == Counter(cut)


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
        assert len(found.documents) == len(ends)
        assert found.source == [sources[found.documents[0]]]
        assert {sources[key] for key in found.documents} == set(found.source)


def test_the_trainer_opens_the_records_as_the_manifest_describes_them(made, records):
    for split in (TRAIN, VALIDATION):
        shards = open_records(made, split)

        assert shards.total == sum(found.split == split for found in records)
        assert check_format(shards.format, LENGTH, len(vocabulary())) is None

    told = RecordFormat.model_validate(made.manifest.facts["record_format"])
    pieces = (ROOT / "sample" / "vocab" / "kobigbird" / "vocab.txt").read_bytes()
    assert told.special_ids.all == (0, 1, 2, 3, 4, 5, 6)
    assert told.vocabulary_size == pieces.count(b"\n")
    assert told.vocabulary_crc32c == f"{google_crc32c.value(pieces):08x}"


def test_counters_say_what_the_records_hold(made, records):
    expected = Counter()
    sources = {doc.id: doc.source for doc in real_documents()}
    for doc in real_documents():
        expected[f"{doc.source}/{split_of(doc.id, CONFIG)}_documents"] += 1
    for found in records:
        where = f"{sources[found.documents[0]]}/{found.split}"
        expected[f"{where}_examples"] += 1
        expected[f"{where}_tokens"] += len(found.input_ids) - 1 - len(found.documents)
        expected["padding"] += LENGTH - len(found.input_ids)
        expected["positions"] += LENGTH

    assert made.manifest.counters == {f"tokenize_docs/{name}": value for name, value in expected.items()}


def test_packing_leaves_little_padding(made, records):
    counters = made.manifest.counters
    share = counters["tokenize_docs/padding"] / counters["tokenize_docs/positions"]
    alone = sum(-len(ids) % (LENGTH - 2) for ids in expected_tokens().values()) / (LENGTH * len(records))

    assert share == pytest.approx(1 - sum(len(found.input_ids) for found in records) / (LENGTH * len(records)))
    assert share < 0.05
    assert alone > 2 * share  # of documents that share no record


def test_token_counts_are_those_of_the_training_records(made, records):
    counted = np.load(io.BytesIO(Path(made.paths(suffix=TOKEN_COUNTS)[0]).read_bytes()))

    found = Counter(token for r in records if r.split == TRAIN for token in r.input_ids if token not in (CLS, SEP))
    assert counted.dtype == np.int64
    assert counted.shape == (len(vocabulary()),)
    assert {int(token): int(counted[token]) for token in np.flatnonzero(counted)} == found


@pytest.mark.parametrize(
    ("seed", "shards", "processes"),
    [(1, 2, 1), (2, 5, 1), (3, 4, 2)],
    ids=["another order", "other files", "two processes"],
)
def test_shards_are_the_same_bytes_whatever_the_order_the_files_and_the_processes(
    made, tmp_path, seed, shards, processes
):
    mixed = shuffled(real_documents(), seed)

    again = tokenize(tmp_path, mixed, runner=RunnerConfig(processes=processes), shards=shards)

    assert again.manifest.outputs == made.manifest.outputs
    assert again.manifest.counters == made.manifest.counters
    for one, other in zip(made.paths(), again.paths(), strict=True):
        assert Path(one).read_bytes() == Path(other).read_bytes()


def test_the_order_within_the_job_changes_no_byte(made, tmp_path):
    mixed = shuffled(real_documents(), 4)

    run_job(
        lambda start: start | beam.Create(mixed) | TokenizeDocs(list(vocabulary()), CONFIG, {}, str(tmp_path)),
        str(tmp_path),
        RunnerConfig(),
    )

    assert files_in(tmp_path) == {Path(path).name: Path(path).read_bytes() for path in made.paths()}


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


def test_a_weight_says_how_often_each_document_stands_in_training_and_never_twice_in_a_sequence(tmp_path):
    weights = {"news": 2.5, "everyones_corpus": 0.5}

    made = tokenize(tmp_path, real_documents(), WITHOUT_VALIDATION, weights=weights)

    found = [r for split in (TRAIN, VALIDATION) for r in records_of(split, raw_records(made.directory, split))]
    often = Counter(token for r in found for token in r.input_ids if token not in (CLS, SEP))
    copies = {doc.id: copies_of(doc.id, weights.get(doc.source, 1.0)) for doc in real_documents()}
    expected = Counter()
    for key, ids in expected_tokens().items():
        expected.update(ids.tolist() * copies[key])
    assert often == expected
    assert {copies[doc.id] for doc in real_documents() if doc.source == "news"} == {2, 3}
    assert {copies[doc.id] for doc in real_documents() if doc.source == "everyones_corpus"} == {0, 1}
    assert all(len(set(r.documents)) == len(r.documents) for r in found)
    left_out = sum(not number for number in copies.values())
    assert made.manifest.counters["tokenize_docs/everyones_corpus/train_left_out"] == left_out


@pytest.mark.parametrize("weight", [0.25, 1.0, 2.4])
def test_copies_of_many_documents_come_to_their_weight(weight):
    copies = [copies_of(f"{number:032x}", weight) for number in range(4_000)]

    assert sum(copies) / len(copies) == pytest.approx(weight, abs=0.05)


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
