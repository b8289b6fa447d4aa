"""Words for datatrove without a model: its own tokenizer for Korean, Kiwi, is several times slower."""

from datatrove.utils.word_tokenizers import WordTokenizer


class Words(WordTokenizer):
    """What stands between blanks; punctuation is gone by then."""

    def word_tokenize(self, text: str) -> list[str]:
        """The only method that deduplication calls."""
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        """The text as one."""
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """The text as one."""
        return [(0, len(text))]


class Characters(Words):
    """Each character as a word, so that n-grams are of characters."""

    def word_tokenize(self, text: str) -> list[str]:
        """Blanks are characters, too."""
        return list(text)
