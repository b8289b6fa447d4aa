"""Serving: a TensorFlow SavedModel that takes strings, with tensorflow-text's tokenizer inside.

Whoever loads it needs tensorflow-text (`import tensorflow_text` registers its operations; TensorFlow Serving has them).
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from model.config import EncoderConfig
from model.contract import bert_words, places
from model.contract.errors import SettingError
from model.contract.record import CLS, PAD, SEP
from model.encoder import BigBirdEncoder
from model.export import read_pieces
from model.warm_start import load_model, restore_from_directory
from model.weights.transformers_directory import VOCABULARY

NARROWEST = 128
"""Tokens; padding shorter sequences less would save little."""
TEXTS = tf.TensorSpec([None], tf.string, name="texts")


class GraphTokenizer(tf.Module):
    """BertTokenizer in TensorFlow operations: strings to ids, without special tokens.

    Args:
      pieces: the vocabulary, by id.
    """

    def __init__(self, pieces: Sequence[str]) -> None:
        import tensorflow_text  # not to be had on a TPU's machine, and only needed here

        super().__init__()
        self._rewritings = _rewritings(pieces)
        settings = bert_words.wordpiece_settings(pieces)
        self._wordpiece = tensorflow_text.FastWordpieceTokenizer(**settings, token_out_type=tf.int32)

    def __call__(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """The ids of each text: string [batch] to int32 [batch, (tokens)].

        Bytes that are no UTF-8 are left out, as BertTokenizer leaves out the U+FFFD that Python's
        `decode(errors="replace")` puts in their place.
        """
        texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="ignore")
        for pattern, instead in self._rewritings:
            texts = tf.strings.regex_replace(texts, pattern, instead)
        return self._wordpiece.tokenize(texts)


class TextEncoder(tf.Module):
    """Tokenizer and encoder behind two signatures.

    A batch is padded to the narrowest of a few widths that holds its longest text, each compiled on its own: the
    attention's plan needs to know it.

    Args:
      encoder: the encoder, with its weights.
      pieces: its vocabulary, by id.
      widths: in tokens, ascending; what exceeds the last is cut.
    """

    def __init__(self, encoder: BigBirdEncoder, pieces: Sequence[str], widths: Sequence[int]) -> None:
        super().__init__()
        self._encoder = encoder
        self._tokenizer = GraphTokenizer(pieces)
        self._widths = tuple(widths)
        self._cls, self._sep, self._pad = (pieces.index(token) for token in (CLS, SEP, PAD))
        self.encode = tf.function(self._encode, input_signature=[TEXTS], autograph=False)
        self.tokenize = tf.function(self._tokenize, input_signature=[TEXTS], autograph=False)

    def _tokenize(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        """All ids of all texts one after the other, int32 [tokens], and how many each has, int64 [batch]."""
        ids = self._tokenizer(texts)
        return {"input_ids": ids.values, "row_lengths": ids.row_lengths()}

    def _encode(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        """[CLS] text [SEP], cut and padded, and what the encoder makes of it; see `export_saved_model`."""
        rows = self._framed(self._tokenizer(texts))
        longest = tf.reduce_max(rows.row_lengths())
        narrowest = tf.searchsorted(tf.constant(self._widths, tf.int64), longest[None])[0]
        branches = [lambda width=width: self._encode_padded(rows, width) for width in self._widths]
        input_ids, mask, hidden = tf.switch_case(narrowest, branches)
        return {
            "input_ids": input_ids,
            "attention_mask": tf.cast(mask, tf.int32),
            "last_hidden_state": hidden,
            "cls": hidden[:, 0],
        }

    def _framed(self, ids: tf.RaggedTensor) -> tf.RaggedTensor:
        column = tf.stack([ids.nrows(out_type=tf.int32), 1])
        text = ids[:, : self._widths[-1] - 2]
        return tf.concat([tf.fill(column, self._cls), text, tf.fill(column, self._sep)], axis=1)

    def _encode_padded(self, rows: tf.RaggedTensor, width: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        input_ids = rows.to_tensor(self._pad, shape=[None, width])
        mask = tf.sequence_mask(rows.row_lengths(), width)
        hidden = self._encoder(input_ids, tf.zeros_like(input_ids), mask)
        return input_ids, mask, tf.cast(hidden, tf.float32)


def export_saved_model(
    encoder: BigBirdEncoder, pieces: Sequence[str], directory: str, widths: Sequence[int] | None = None
) -> None:
    """Writes a SavedModel with the signatures `serving_default` and `tokenize`.

    `serving_default` takes `texts` (string [batch], UTF-8) and gives `input_ids` and `attention_mask` (int32
    [batch, width]), `last_hidden_state` (float32 [batch, width, hidden]) and `cls`, its first position. There is no
    pooler output, for pretraining leaves the pooler as it was drawn. `tokenize` takes the same and gives the ids of
    all texts uncut, without [CLS] and [SEP], as flat `input_ids` and `row_lengths`.

    Args:
      encoder: with its weights.
      pieces: its vocabulary, by id.
      directory: where the files go; local or on gs://.
      widths: what batches are padded to, in tokens; the last is where texts are cut. By default `usual_widths`.

    Raises:
      SettingError: when a width is none that the encoder can have.
    """
    chosen = usual_widths(encoder.config) if widths is None else tuple(sorted(widths))
    if not chosen or chosen[0] < 3:
        raise SettingError(f"widths {list(chosen)} leave no room between [CLS] and [SEP]; use 3 tokens or more.")
    module = TextEncoder(encoder, pieces, chosen)
    with tempfile.TemporaryDirectory() as folder:
        signatures = {"serving_default": module.encode, "tokenize": module.tokenize}
        tf.saved_model.save(module, folder, signatures=signatures)
        # Random, for TensorFlow's own statistics; without it, equal processes write equal files.
        Path(folder, "fingerprint.pb").unlink(missing_ok=True)
        for file in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            places.copy_in(str(file), places.join(directory, file.relative_to(folder).as_posix()))


def saved_model_from(model_directory: str, directory: str, widths: Sequence[int] | None = None) -> None:
    """`export_saved_model` for the weights and vocab.txt of a directory in transformers' format.

    Raises:
      InputError: when a file there is missing, damaged or describes a model that ours cannot be.
      SettingError: when vocabulary or widths do not fit the model.
    """
    config, _ = load_model(model_directory)
    encoder = BigBirdEncoder(config, seed=0)
    restore_from_directory(encoder, model_directory)
    export_saved_model(encoder, read_pieces(places.join(model_directory, VOCABULARY), config), directory, widths)


def usual_widths(config: EncoderConfig) -> tuple[int, ...]:
    """Powers of two up to `max_positions`, and the widest that has full attention.

    Up to that one a text's result is the same in whatever width it is computed; past it each width has its own plan of
    sparse attention.

    >>> usual_widths(EncoderConfig())
    (128, 256, 512, 704, 1024, 2048, 4096)
    """
    longest = config.max_positions
    doubled = {NARROWEST << times for times in range(longest.bit_length()) if NARROWEST << times < longest}
    tiled = {width for width in doubled if width <= config.full_attention_up_to or width % config.block_size == 0}
    return tuple(sorted(tiled | {min(config.full_attention_up_to, longest), longest}))


def _rewritings(pieces: Sequence[str]) -> list[tuple[str, str]]:
    """RE2 patterns and what to write instead, in order: after them FastWordpieceTokenizer gives BertTokenizer's ids."""

    def inside(ranges: bert_words.Ranges) -> str:
        return bert_words.character_class(ranges, bert_words.RE2_CODE)

    own = {
        character: instead
        for character, instead in bert_words.stand_ins(pieces).items()
        if instead != bert_words.NO_PIECE
    }
    return [
        (f"[{inside(bert_words.REMOVED)}]+", ""),
        *((bert_words.RE2_CODE.format(ord(character)), instead) for character, instead in own.items()),
        (f"[{inside(bert_words.TAKEN_FOR_SYMBOLS)}]", bert_words.NO_PIECE),
        (f"[{inside(bert_words.SYMBOLS)}]", r" \0 "),  # so that what is long between blanks is one long word
        (f"[^{inside(bert_words.BLANKS)}]{{{bert_words.LONGEST_WORD + 1},}}", bert_words.NO_PIECE),
    ]
