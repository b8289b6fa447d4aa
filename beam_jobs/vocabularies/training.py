"""Pure: WordPiece pieces from counted words, by the trainer of the `tokenizers` library.

Its WordPieceTrainer gives other pieces each time, even in one thread: it numbers the "##" characters in the order in
which a hash map happens to give the words, and these numbers break ties. Underneath it is the byte-pair trainer, so
that one is called, with a letter of its own for each character that goes on: those are numbered in order of code, and
the pieces are the same in every run and with any number of threads.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from beam_jobs.vocabularies.alphabet import spelling_pieces
from beam_jobs.vocabulary_config import VocabularyTrainingConfig
from model.contract import bert_words
from model.contract.errors import InputError
from model.contract.record import SPECIAL_TOKENS

_FIRST_LETTER = 0xF0000
"""Private-use characters, of which words have none: BertTokenizer removes them."""
_FED_AT_ONCE = 4_096
"""Characters of a text that is given to the trainer."""


def train_pieces(
    counted: Iterable[tuple[str, int]], characters: frozenset[str], config: VocabularyTrainingConfig
) -> list[str]:
    """A vocabulary by id: special tokens and [unusedN] as KoBigBird's, the alphabet, then pieces as they were found.

    Args:
      counted: distinct words and how often each stands in the sample.
      characters: the alphabet; words that hold another character are [UNK] anyway and teach nothing.
      config: its size and limits.

    Raises:
      InputError: when the alphabet leaves no room, or the words give fewer pieces.
    """
    reserved, alphabet = reserved_pieces(config.unused), spelling_pieces(characters)
    if (least := len(reserved) + len(alphabet)) >= config.size:
        raise InputError(
            f"vocabulary.train.size is {config.size:,}, but special tokens, unused pieces and the sample's "
            f"{len(characters):,} characters take {least:,}; set a larger size or a lower character_coverage."
        )
    letters = _Letters(characters)
    merged = _merged(letters, counted, [letters.coded_piece(piece) for piece in alphabet], config)
    pieces = [*reserved, *alphabet, *map(letters.piece, merged)]
    if len(pieces) < config.size:
        raise InputError(
            f"the sample gives {len(pieces):,} of the {config.size:,} pieces that vocabulary.train.size asks for; give "
            "the corpus more text, or set a smaller size or min_frequency."
        )
    return pieces


def reserved_pieces(unused: int) -> list[str]:
    """What stands before all else, where KoBigBird's has it: <s> and </s> are in the place of [unused0] and [unused1].

    >>> reserved_pieces(1)
    ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '<s>', '</s>', '[unused2]']
    """
    return [*SPECIAL_TOKENS, *(f"[unused{number}]" for number in range(2, unused + 2))]


class _Letters:
    """Words as the trainer gets them: of each character that goes on, its letter."""

    def __init__(self, characters: Iterable[str]):
        self._letters = {ord(each): chr(_FIRST_LETTER + number) for number, each in enumerate(sorted(characters))}
        self._characters = {ord(letter): chr(code) for code, letter in self._letters.items()}

    def coded(self, word: str) -> str:
        return word[0] + word[1:].translate(self._letters)

    def coded_piece(self, piece: str) -> str:
        """Of a piece as vocabularies spell it, with "##" before what goes on."""
        return piece[2:].translate(self._letters) if piece.startswith("##") and len(piece) > 2 else piece

    def piece(self, coded: str) -> str:
        """What `coded_piece` was given."""
        return ("##" if ord(coded[0]) in self._characters else "") + coded.translate(self._characters)


def _merged(
    letters: _Letters, counted: Iterable[tuple[str, int]], alphabet: Sequence[str], config: VocabularyTrainingConfig
) -> list[str]:
    """The pieces beyond the alphabet, as they were found, in the trainer's letters."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    trainer = trainers.BpeTrainer(
        vocab_size=config.size - len(SPECIAL_TOKENS) - config.unused,
        min_frequency=config.min_frequency,
        initial_alphabet=list(alphabet),
        max_token_length=config.max_piece_characters + 1,  # it keeps what is shorter than this
        show_progress=False,
    )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.train_from_iterator(_repeated(_fragments(letters, counted, alphabet, config)), trainer)
    numbers = tokenizer.get_vocab()
    return sorted(numbers, key=numbers.__getitem__)[len(alphabet) :]


def _fragments(
    letters: _Letters, counted: Iterable[tuple[str, int]], alphabet: Iterable[str], config: VocabularyTrainingConfig
) -> Iterator[tuple[str, int]]:
    """What can become pieces: words that can be spelt, cut where a run gets longer than one piece may have."""
    known = {piece for piece in alphabet if ord(piece) < _FIRST_LETTER}
    too_long = re.compile(rf"[0-9]{{{config.max_digits}}}(?=[0-9])|(.)\1{{{config.max_repeats - 1}}}(?=\1)", re.DOTALL)
    for word, count in counted:
        if 1 < len(word) <= bert_words.LONGEST_WORD and known.issuperset(word):
            ends = [found.end() for found in too_long.finditer(word)]
            coded = letters.coded(word)
            for start, end in zip([0, *ends], [*ends, len(word)], strict=True):
                if end - start > 1:
                    yield coded[start:end], count


def _repeated(fragments: Iterable[tuple[str, int]]) -> Iterator[str]:
    """The trainer takes texts, not counts: each fragment as often as it stands in the sample."""
    for fragment, count in fragments:
        at_once = max(1, _FED_AT_ONCE // (len(fragment) + 1))
        for fed in range(0, count, at_once):
            yield f"{fragment} " * min(at_once, count - fed)
