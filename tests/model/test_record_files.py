import pytest

from model.contract import places
from model.contract.errors import OutputError, SettingError
from model.contract.manifest import StageManifest
from model.record_files import check_format, check_vocabulary, open_records
from model.vocabulary_files import read_pieces
from tests.model.record_stages import PIECES, records_stage, vocabulary_stage


@pytest.fixture
def corpus(tmp_path):
    return records_stage(tmp_path, length=32, shards={"train": [5, 0, 3, 7], "validation": [6]})


def altered(output, **facts):
    """The same records under a manifest that says otherwise of their format."""
    told = {**output.manifest.facts["record_format"], **facts}
    manifest = output.manifest.model_copy(update={"facts": {"record_format": told}})
    assert isinstance(manifest, StageManifest)
    return output.model_copy(update={"manifest": manifest})


def test_records_are_numbered_through_all_shards_of_their_split(corpus):
    shards = open_records(corpus, "train")

    assert [path.rsplit("/", 1)[-1][:11] for path in shards.paths] == ["train-00000", "train-00002", "train-00003"]
    assert (shards.records, shards.firsts, shards.total) == ([5, 3, 7], [0, 5, 8], 15)


def test_hosts_share_the_shards_and_no_two_read_the_same(corpus):
    shards = open_records(corpus, "train")

    own = [shards.of_host(host, 2) for host in range(2)]

    assert [part.records for part in own] == [[5, 7], [3]]
    assert [part.firsts for part in own] == [[0, 8], [5]]
    assert {path for part in own for path in part.paths} == set(shards.paths)


def test_more_hosts_than_shards_with_records_are_refused(corpus):
    with pytest.raises(SettingError, match=r"3 shards with records cannot be dealt to 4 hosts; .*min_shards of 4"):
        open_records(corpus, "train").of_host(0, 4)


def broken(path, how):
    data = places.read_bytes(path)
    if how == "a flipped byte":
        places.replace_bytes(path, data[:50] + bytes([data[50] ^ 1]) + data[51:])
    elif how == "truncated":
        places.replace_bytes(path, data[:-7])
    elif how == "missing":
        places.remove(path)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("a flipped byte", r"train-00002-of-00004.tfrecord has CRC-32C \w{8} where its manifest says"),
        ("truncated", r"train-00002-of-00004.tfrecord has [\d,]+ bytes where its manifest says"),
        ("missing", r"train-00002-of-00004.tfrecord is in its manifest but missing"),
    ],
)
def test_a_damaged_shard_is_named_before_anything_is_read(corpus, how, sentence):
    broken(corpus.paths(prefix="train-00002")[0], how)

    with pytest.raises(OutputError, match=sentence):
        open_records(corpus, "train")


def test_a_shard_of_another_run_is_named(corpus, tmp_path):
    other = records_stage(tmp_path / "other", length=32, shards={"train": [6, 0, 3, 7], "validation": [6]})
    name = "train-00002-of-00004.tfrecord"
    places.replace_bytes(f"{corpus.directory}/{name}", places.read_bytes(f"{other.directory}/{name}"))

    with pytest.raises(OutputError, match=rf"{name} has .* where its manifest says"):
        open_records(corpus, "train")


def test_a_split_without_a_record_is_refused(tmp_path):
    corpus = records_stage(tmp_path, length=32, shards={"train": [2], "validation": [0]})

    with pytest.raises(OutputError, match="has no validation record"):
        open_records(corpus, "validation")


def test_records_of_another_length_or_vocabulary_size_are_refused_in_one_sentence(corpus):
    found = open_records(corpus, "train").format

    with pytest.raises(SettingError, match=r"up to 32 tokens, but pretrain.sequence_length is 64"):
        check_format(found, 64, len(PIECES))
    with pytest.raises(SettingError, match=rf"has {len(PIECES)} pieces, but encoder.vocabulary_size is 5; set"):
        check_format(found, 32, 5)


def test_the_vocabulary_that_records_were_made_with_is_accepted(corpus, tmp_path):
    vocabulary = vocabulary_stage(tmp_path)

    check_vocabulary(open_records(corpus, "train").format, vocabulary, read_pieces(vocabulary))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"vocabulary_crc32c": "0badcafe"}, r"of a vocabulary with CRC-32C 0badcafe, but .*vocab.txt has \w{8}"),
        ({"vocabulary_size": 90}, r"tells of 90 pieces .* but .*vocab.txt has 97"),
        (
            {"special_ids": {"pad": 0, "unknown": 1, "cls": 3, "sep": 2, "mask": 4, "begin": 5, "end": 6}},
            r"with \[PAD\], \[UNK\], \[SEP\], \[CLS\], .* as special tokens, but",
        ),
    ],
    ids=["checksum", "size", "special ids"],
)
def test_a_manifest_of_another_vocabulary_is_refused(corpus, tmp_path, facts, sentence):
    vocabulary = vocabulary_stage(tmp_path)
    found = open_records(altered(corpus, **facts), "train").format

    with pytest.raises(OutputError, match=sentence):
        check_vocabulary(found, vocabulary, read_pieces(vocabulary))
