"""What a training record holds: the agreement between the job that writes it and the trainer that reads it.

A record is a `tf.train.Example` in a TFRecord file. Nothing static is stored: padding, segment ids and masks are
made when it is read.
"""

from typing import Literal

from pydantic import PositiveInt, model_validator

from model.contract.settings import Settings

INPUT_IDS = "input_ids"
"""int64 list, unpadded, at most `sequence_length` long, [CLS] first and [SEP] last."""
SEGMENT_STARTS = "segment_starts"
"""int64 list, the offsets in `input_ids` at which another document begins."""
DOCUMENTS = "documents"
"""bytes list, the ids of the documents in the record, in order."""
DOCUMENT_OFFSETS = "document_offsets"
"""int64 list, for each of the documents the number of its tokens that stand in other records, before these."""
SECOND_SEGMENT = "second_segment"
"""int64 list: the offset in `input_ids` from which segment ids are 1; empty, as in all published records, for none."""
SOURCE = "source"
"""bytes, one of the configured sources."""

PAD, UNKNOWN, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
BEGIN, END = "<s>", "</s>"
SPECIAL_TOKENS = (PAD, UNKNOWN, CLS, SEP, MASK, BEGIN, END)


class SpecialIds(Settings):
    """Where the special tokens of BertTokenizer stand in a vocabulary."""

    pad: int
    unknown: int
    cls: int
    sep: int
    mask: int
    begin: int
    end: int

    @property
    def all(self) -> tuple[int, ...]:
        """Every special id, in ascending order."""
        return tuple(sorted((self.pad, self.unknown, self.cls, self.sep, self.mask, self.begin, self.end)))


RECORDS = ".tfrecord"
"""What the name of a file of records holds; KoBigBird's go on behind it."""
VOCABULARY_FILE = "vocab.txt"
"""Lies beside the records, so that they can be read by themselves."""


class RecordFormat(Settings):
    """What a reader must agree with before it reads a record; the tokenizing stage writes it into its manifest."""

    layout: Literal["packed", "kobigbird"] = "packed"
    """"packed": as above; "kobigbird": padded, with stored masks, as its create_pretraining_data.py writes them."""
    predictions: int = 0
    """How many masks a record holds at most, where it holds any."""
    validation: tuple[str, ...] = ()
    """The files that are held aside, where their names do not tell."""
    sequence_length: PositiveInt
    vocabulary_size: PositiveInt
    vocabulary_crc32c: str
    special_ids: SpecialIds

    @model_validator(mode="after")
    def _ids_lie_in_the_vocabulary(self) -> "RecordFormat":
        if max(self.special_ids.all) >= self.vocabulary_size:
            raise ValueError(
                f"special id {max(self.special_ids.all)} lies outside a vocabulary of {self.vocabulary_size}."
            )
        return self

    def split_of(self, file: str) -> str:
        """The split that a file of records belongs to, "train" or "validation"."""
        if self.layout == "packed":
            return file.partition("-")[0]
        return "validation" if file in self.validation else "train"
