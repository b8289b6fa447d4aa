import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.record_shuffle import Extent, extent_of, shard_count, shuffle_key, slices_of, write_records, write_run

SPLIT = "train"
records = st.lists(st.binary(max_size=40), max_size=30)


def runs_of(folder, parts, seed=1):
    return [
        write_run(SPLIT, str(folder / f"run-{number}"), [(shuffle_key(data, 0, seed), data) for data in part])
        for number, part in enumerate(parts)
    ]


def shards_of(folder, runs, shards):
    dealt = [[] for _ in range(shards)]
    for run in runs:
        for shard, piece in slices_of(run, shards):
            dealt[shard].append(piece)
    return [write_records(str(folder), f"shard-{number}", pieces) for number, pieces in enumerate(dealt)]


def read_back(folder, files):
    paths = [str(folder / file.name) for file in files]
    return list(tf.data.TFRecordDataset(paths).as_numpy_iterator())


@given(parts=st.lists(records, max_size=4), shards=st.integers(1, 7))
def test_shards_hold_every_record_once_in_the_order_of_its_key(tmp_path_factory, parts, shards):
    folder = tmp_path_factory.mktemp("shuffle")

    files = shards_of(folder, runs_of(folder, parts), shards)

    everything = [data for part in parts for data in part]
    assert read_back(folder, files) == sorted(everything, key=lambda data: (shuffle_key(data, 0, 1), data))
    assert sum(file.records for file in files) == len(everything)


@given(everything=records, cut=st.integers(0, 30), shards=st.integers(1, 5))
def test_shards_do_not_depend_on_which_run_a_record_was_in(tmp_path_factory, everything, cut, shards):
    folders = [tmp_path_factory.mktemp("shuffle") for _ in range(2)]

    one = shards_of(folders[0], runs_of(folders[0], [everything]), shards)
    other = shards_of(folders[1], runs_of(folders[1], [everything[cut:], everything[:cut]]), shards)

    assert one == other


def test_records_are_dealt_evenly_to_shards(tmp_path):
    numbered = [str(number).encode() for number in range(4_000)]

    files = shards_of(tmp_path, runs_of(tmp_path, [numbered]), 4)

    assert all(900 < file.records < 1_100 for file in files)


def test_a_copy_stands_elsewhere_than_its_original_and_another_seed_moves_both():
    keys = {shuffle_key(b"one record", copy, seed) for copy in (0, 1) for seed in (1, 2)}

    assert len(keys) == 4


def test_the_extent_of_a_run_is_that_of_its_tfrecords(tmp_path):
    (run,) = runs_of(tmp_path, [[b"one", b"another"]])

    file = shards_of(tmp_path, [run], 1)[0]

    assert extent_of(run) == Extent(2, file.bytes)


def test_shards_are_as_large_as_asked_for_but_not_fewer_than_asked_for():
    assert shard_count(Extent(10, 1_000), shard_bytes=300, least=1) == 4
    assert shard_count(Extent(10, 1_000), shard_bytes=300, least=8) == 8
    assert shard_count(Extent(0, 0), shard_bytes=300, least=1) == 1
