"""A small records directory as the tokenizing job would leave it, written by TensorFlow, to look at or to break."""

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import tensorflow as tf

from model.contract import places, record
from model.contract.manifest import MANIFEST, StageOutput, outputs_in
from model.contract.record import SPECIAL_TOKENS, RecordFormat, SpecialIds
from model.contract.stage import Made, Stage

PIECES = [*SPECIAL_TOKENS, "한국", "##어", "문장", "은", "길다", "##만", ".", "나무", "##를", "심", "##었다"]
SPECIAL_IDS = SpecialIds(pad=0, unknown=1, cls=2, sep=3, mask=4, begin=5, end=6)
LENGTH = 16
Part = tuple[str, int, Sequence[int]]
"""A document's id, the first token's place in it, and its ids."""
Shards = Mapping[str, Sequence[Sequence[Sequence[Part]]]]
"""By split, shards of records of parts."""
SHARDS: Shards = {
    "train": [
        [[("long", 0, range(7, 18)), ("short", 0, [7, 8])], [("long", 11, [9, 9, 9])]],
        [[("other", 0, [10, 11, 13])], [("third", 0, [1, 12])], [("fourth", 0, [14, 15, 16])]],
    ],
    "validation": [[[("aside", 0, [7, 8, 9, 10, 11, 14, 15, 16, 17, 13, 7, 8, 13])]]],
}


def example(features: Mapping[str, Any]) -> bytes:
    """Lists of integers, of floats and of texts as a serialized `tf.train.Example`."""

    def feature(values: Sequence[Any]) -> Any:
        if any(isinstance(value, bytes) for value in values):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        if any(isinstance(value, float) for value in values):
            return tf.train.Feature(float_list=tf.train.FloatList(value=values))
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    named = {name: feature(list(values)) for name, values in features.items()}
    return bytes(tf.train.Example(features=tf.train.Features(feature=named)).SerializeToString(deterministic=True))


def fields_of(parts: Sequence[Part], source: str = "wiki") -> dict[str, Any]:
    """The fields of a record that holds these parts."""
    ids, starts = [SPECIAL_IDS.cls], []
    for _, _, tokens in parts:
        starts.append(len(ids))
        ids += [*tokens, SPECIAL_IDS.sep]
    return {
        record.INPUT_IDS: ids,
        record.SEGMENT_STARTS: starts[1:],
        record.DOCUMENTS: [name.encode() for name, _, _ in parts],
        record.DOCUMENT_OFFSETS: [offset for _, offset, _ in parts],
        record.SECOND_SEGMENT: [],
        record.SOURCE: [source.encode()],
    }


def write_tfrecord(path: str, records: Sequence[bytes]) -> None:
    with tf.io.TFRecordWriter(path) as writer:
        for serialized in records:
            writer.write(serialized)


def records_directory(
    folder: Path,
    shards: Shards = SHARDS,
    settings: Mapping[str, Any] | None = None,
    pieces: Sequence[str] = PIECES,
    change: Mapping[str, Any] | None = None,
) -> StageOutput:
    """Writes the directory.

    Args:
      folder: where.
      shards: what it holds.
      settings: of its stage.
      pieces: its vocabulary.
      change: fields of every record that are other than they should be; None takes one away.
    """

    def work(directory: str) -> Made:
        places.make_directory(directory)
        counters, counts, records = Counter(), np.zeros(len(pieces), np.int64), {}
        for split, files in shards.items():
            for number, content in enumerate(files):
                name = f"{split}-{number:05d}-of-{len(files):05d}.tfrecord"
                changed = [fields_of(parts) | dict(change or {}) for parts in content]
                kept = [{key: value for key, value in each.items() if value is not None} for each in changed]
                write_tfrecord(f"{directory}/{name}", [example(each) for each in kept])
                records[name] = len(content)
                for parts in content:
                    tokens = [token for _, _, ids in parts for token in ids]
                    counters[f"tokenize_docs/wiki/{split}_examples"] += 1
                    counters[f"tokenize_docs/wiki/{split}_tokens"] += len(tokens)
                    counters["tokenize_docs/positions"] += LENGTH
                    counters["tokenize_docs/padding"] += LENGTH - len(tokens) - len(parts) - 1
                    if split == "train":
                        counts += np.bincount(tokens, minlength=len(pieces))
        vocabulary = ("\n".join(pieces) + "\n").encode()
        places.replace_bytes(f"{directory}/{record.VOCABULARY_FILE}", vocabulary)
        stored = io.BytesIO()
        np.save(stored, counts)
        places.replace_bytes(f"{directory}/token-counts.npy", stored.getvalue())
        found = RecordFormat(
            sequence_length=LENGTH,
            vocabulary_size=len(pieces),
            vocabulary_crc32c=f"{google_crc32c.value(vocabulary):08x}",
            special_ids=SPECIAL_IDS,
        )
        facts = {"record_format": found.model_dump()}
        return Made(outputs=outputs_in(directory, records), counters=counters, facts=facts)

    given = dict(settings or {}) | {"folder": folder.name}
    return Stage("tokenize", str(folder), given, (), {}, folder=str(folder)).run(work, log=lambda line: None)


def with_train(content: Sequence[Sequence[Part]]) -> Shards:
    """One shard of these records for training, and the usual one for validation."""
    return {**SHARDS, "train": [content]}


def edit_manifest(folder: Path, **fields: Any) -> None:
    """Replaces fields of a directory's manifest."""
    path = folder / MANIFEST
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | fields))


def padded_directory(folder: Path, records: Sequence[bytes], record_format: RecordFormat) -> StageOutput:
    """A directory of KoBigBird's own records, described."""

    def work(directory: str) -> Made:
        name, vocabulary = "pretrain_data.tfrecord-0-of-1", ("\n".join(PIECES) + "\n").encode()
        places.replace_bytes(f"{directory}/{record.VOCABULARY_FILE}", vocabulary)
        write_tfrecord(f"{directory}/{name}", records)
        found = record_format.model_copy(update={"vocabulary_crc32c": f"{google_crc32c.value(vocabulary):08x}"})
        return Made(outputs=outputs_in(directory, {name: len(records)}), facts={"record_format": found.model_dump()})

    return Stage("adopt", str(folder), {}, (), {}, folder=str(folder)).run(work, log=lambda line: None)
