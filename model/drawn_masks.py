"""The very masks that training draws for a record in an epoch, for a person to look at."""

from collections.abc import Sequence

import tensorflow as tf

from model.config import MaskingConfig
from model.contract.record import RecordFormat
from model.find_record import FoundRecord
from model.input_pipeline import VALIDATION_EPOCH, record_seed
from model.masking import PieceTable, mask_tokens
from model.packed_record import PackedRecord
from model.record_view import Masks


def drawn_masks(
    found: FoundRecord,
    record_format: RecordFormat,
    pieces: Sequence[str],
    masking: MaskingConfig,
    seed: int,
    epoch: int,
) -> Masks:
    """Draws as `model.input_pipeline` does.

    Args:
      found: a record of ours.
      record_format: of its directory.
      pieces: of the vocabulary, by id.
      masking: the training's.
      seed: the training's.
      epoch: of the training, from 0; a validation record has one set of masks for all.
    """
    table = PieceTable.from_vocabulary(pieces, record_format.special_ids)
    ids = tf.constant(PackedRecord.of(found.fields).input_ids, tf.int32)
    drawn_epoch = epoch if found.split == "train" else VALIDATION_EPOCH
    drawn = record_seed(seed, tf.constant(drawn_epoch), tf.constant(found.number, tf.int64))
    masked = mask_tokens(ids, table, masking, drawn)
    hidden = masked.positions.numpy()[masked.weights.numpy() > 0]
    return Masks(masked.input_ids.numpy(), hidden)
