import numpy as np
import pytest

from model.config import MaskingConfig, PretrainConfig
from model.contract.errors import InputError, OutputError
from model.contract.record import SECOND_SEGMENT, RecordFormat
from model.drawn_masks import drawn_masks
from model.find_record import FoundRecord, check_record, find_record, format_of
from model.input_pipeline import training_batches, validation_batches
from model.masking import PieceTable
from model.record_files import open_records
from model.record_view import Masks, Run, joined, stored_masks, view_of
from tests.model.record_directory import LENGTH, PIECES, SPECIAL_IDS, fields_of, records_directory

FORMAT = RecordFormat(
    sequence_length=LENGTH, vocabulary_size=len(PIECES), vocabulary_crc32c="0", special_ids=SPECIAL_IDS
)
KOREAN, LANGUAGE, SENTENCE, IS, LONG, ONLY, STOP, TREE = range(7, 15)
PARTS = [("a", 5, [KOREAN, LANGUAGE, SENTENCE, IS, LONG]), ("b", 0, [ONLY, STOP])]


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Shards of records that differ, long enough to have several tokens hidden."""
    rng = np.random.default_rng(3)
    made = iter(range(1_000))

    def shard(count):
        return [[(f"{next(made)}", 0, rng.integers(7, 18, 14).tolist())] for _ in range(count)]

    shards = {"train": [shard(3), shard(0), shard(2)], "validation": [shard(4)]}
    return records_directory(tmp_path_factory.mktemp("records") / "made", shards)


def record_of(parts, **more):
    fields = {
        name: np.array(values, np.int64) if not values or isinstance(values[0], int) else values
        for name, values in (fields_of(parts) | more).items()
    }
    return FoundRecord("train-00000-of-00001.tfrecord", "train", 0, 0, fields)


def test_documents_are_told_with_their_places_and_joined_to_text():
    view = view_of(record_of(PARTS), FORMAT, PIECES)

    first, second = view.documents
    assert (view.source, view.tokens, view.padding) == ("wiki", 10, 6)
    assert (first.id, first.offset, first.tokens, first.segment) == ("a", 5, 5, 0)
    assert (second.id, second.offset, second.tokens, second.segment) == ("b", 0, 2, 0)
    assert first.runs == [Run("text", False, "한국어 문장 은 길다", "한국어 문장 은 길다")]
    assert second.runs == [Run("text", False, "만 .", "만 .")]


def test_the_second_segment_is_told():
    view = view_of(record_of(PARTS, **{SECOND_SEGMENT: [7]}), FORMAT, PIECES)

    assert [document.segment for document in view.documents] == [0, 1]


def test_each_hidden_word_is_a_run_with_what_stood_there_and_what_is_shown():
    mask = SPECIAL_IDS.mask
    ids = np.array([2, KOREAN, LANGUAGE, SENTENCE, IS, LONG, 3, ONLY, STOP, 3])
    shown = np.array([2, mask, mask, TREE, IS, LONG, 3, ONLY, STOP, 3])

    view = view_of(record_of(PARTS), FORMAT, PIECES, Masks(shown, np.array([1, 2, 3, 4])))

    assert view.documents[0].runs == [
        Run("masked", False, "한국어", "[MASK][MASK]"),
        Run("replaced", True, "문장", "나무"),
        Run("kept", True, "은", "은"),
        Run("text", True, "길다", "길다"),
    ]
    assert view.fates == {"masked": 2, "replaced": 1, "kept": 1, "text": 3}
    assert ids[3] == SENTENCE


def test_two_hidden_words_in_a_row_are_two_runs():
    shown = np.array([2, 7, 8, 4, 4, 11, 3, 12, 13, 3])

    view = view_of(record_of(PARTS), FORMAT, PIECES, Masks(shown, np.array([3, 4])))

    assert [run.text for run in view.documents[0].runs] == ["한국어", "문장", "은", "길다"]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["##었다", "."], "었다 ."),
        (["나무", "##를", "심", "##었다"], "나무를 심었다"),
        (["[MASK]", "나무"], "[MASK] 나무"),
    ],
)
def test_pieces_are_joined_where_they_go_on(pieces, text):
    assert joined(pieces) == text


def test_records_are_found_by_shard_and_numbered_through_their_split(records):
    found = [find_record(records, "0", 2), find_record(records, "2", 1)]
    held_aside = find_record(records, "validation-00000-of-00001.tfrecord", 3)

    assert [(each.file, each.number) for each in found] == [
        ("train-00000-of-00003.tfrecord", 2),
        ("train-00002-of-00003.tfrecord", 4),
    ]
    assert [each.fields["documents"] for each in (*found, held_aside)] == [[b"2"], [b"4"], [b"8"]]
    assert (held_aside.split, held_aside.number) == ("validation", 3)


@pytest.mark.parametrize(
    ("shard", "index", "complaint"),
    [
        ("3", 0, r"has no shard 3; use 0 to 2 for its training shards, or the name of a file"),
        ("train-9.tfrecord", 0, r"has no shard train-9.tfrecord; use 0 to 2"),
        ("0", 3, r"train-00000-of-00003.tfrecord has 3 records, so none is number 3; use 0 to 2."),
        ("0", -1, r"so none is number -1"),
        ("1", 0, r"train-00001-of-00003.tfrecord has no record"),
    ],
)
def test_what_is_not_there_is_refused_in_one_sentence(records, shard, index, complaint):
    with pytest.raises(InputError, match=complaint):
        find_record(records, shard, index)


def test_a_damaged_record_is_refused_and_verify_is_named(tmp_path):
    written = records_directory(tmp_path)
    path = tmp_path / "train-00000-of-00002.tfrecord"
    path.write_bytes(path.read_bytes()[:-3])

    with pytest.raises(OutputError, match=f"record 1 of {path} is damaged; `kobigbird verify {tmp_path}` says how"):
        find_record(written, "0", 1)


@pytest.mark.parametrize(
    ("layout", "changed", "size", "complaint"),
    [
        (
            "packed",
            {"input_ids": [2, 99, 3]},
            18,
            "holds id 99, which lies outside the vocabulary of 18 pieces; ",
        ),
        ("packed", {}, 17, "is of a vocabulary of 18 pieces, not of 17; `kobigbird verify` says more"),
        ("kobigbird", {}, 18, "lacks segment_ids; `kobigbird verify` says more"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_in_one_sentence(layout, changed, size, complaint):
    found = record_of(PARTS, **changed)

    with pytest.raises(OutputError, match=f"^record 0 of {found.file} {complaint}"):
        check_record(found, FORMAT.model_copy(update={"layout": layout}), size)


def test_a_record_that_fits_passes():
    check_record(record_of(PARTS), FORMAT, len(PIECES))


def test_a_stage_of_something_else_has_no_format(records):
    other = records.model_copy(update={"manifest": records.manifest.model_copy(update={"facts": {}})})

    with pytest.raises(OutputError, match=r"/manifest.json tells no record_format, so it is the manifest of no"):
        format_of(other)


@pytest.mark.parametrize("epoch", [0, 2])
def test_the_masks_of_a_training_record_are_those_that_the_trainer_draws(records, epoch):
    config = PretrainConfig(sequence_length=LENGTH, batch_size=1, seed=11, masking=MaskingConfig(max_predictions=5))
    shards = open_records(records, "train")
    table = PieceTable.from_vocabulary(PIECES, SPECIAL_IDS)
    trained = {
        (*seen(batch), LENGTH)
        for batch in training_batches(shards, table, config, epoch * shards.total).take(shards.total)
    }

    drawn = {
        (*as_seen(drawn_masks(find_record(records, shard, index), FORMAT, PIECES, config.masking, 11, epoch)), LENGTH)
        for shard, count in (("0", 3), ("2", 2))
        for index in range(count)
    }

    assert drawn == trained
    assert len(drawn) == 5


def test_the_masks_of_a_validation_record_are_those_that_validation_draws_whatever_the_epoch(records):
    config = PretrainConfig(sequence_length=LENGTH, batch_size=1, seed=11, masking=MaskingConfig(max_predictions=5))
    table = PieceTable.from_vocabulary(PIECES, SPECIAL_IDS)
    validated = [seen(batch) for batch in validation_batches(open_records(records, "validation"), table, config)]

    name = "validation-00000-of-00001.tfrecord"
    drawn = [
        as_seen(drawn_masks(find_record(records, name, index), FORMAT, PIECES, config.masking, 11, epoch=index))
        for index in range(4)
    ]

    assert drawn == validated


def seen(batch):
    """What a batch of one shows, and where it asks for tokens."""
    ids = batch["input_ids"][0].numpy()[batch["attention_mask"][0].numpy()]
    return tuple(ids.tolist()), tuple(batch["positions"][0].numpy()[batch["weights"][0].numpy() > 0].tolist())


def as_seen(masks):
    return tuple(masks.shown.tolist()), tuple(masks.hidden.tolist())


def test_a_record_of_kobigbirds_shows_the_masks_that_it_brings():
    fields = {
        "input_ids": np.array([2, 4, 8, 14, 3, *[0] * 11]),
        "segment_ids": np.zeros(16, np.int64),
        "masked_lm_positions": np.array([1, 3, 0]),
        "masked_lm_ids": np.array([7, 9, 0]),
        "masked_lm_weights": np.array([1, 1, 0], np.float32),
    }
    found = FoundRecord("pretrain_data.tfrecord-0-of-9", "pretrain", 0, 0, fields)

    view = view_of(found, FORMAT.model_copy(update={"layout": "kobigbird"}), PIECES, stored_masks(found))

    (only,) = view.documents
    assert (view.tokens, view.padding, only.tokens, only.id) == (5, 11, 3, "")
    assert only.runs == [
        Run("masked", False, "한국", "[MASK]"),
        Run("text", False, "어", "어"),
        Run("replaced", True, "문장", "나무"),
    ]
