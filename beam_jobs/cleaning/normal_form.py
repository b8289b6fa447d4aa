"""Pure: one form of a text, whatever its source: what every later stage sees, compares and counts."""

import re
from collections.abc import Callable

from beam_jobs.clean_config import NormaliseConfig
from beam_jobs.cleaning.html_leftovers import drop_html_leftovers
from beam_jobs.cleaning.letter_forms import to_middle_dot, to_plain_width, to_usual_jamo
from beam_jobs.cleaning.mojibake import repair_mojibake
from beam_jobs.cleaning.repeats import Repeats
from beam_jobs.korean_text import to_nfc

_SURROGATE = re.compile("[\ud800-\udfff]+")
"""They have no UTF-8 form."""
_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters, U+0085 among them, but not tab and line ends
    "\u00ad\u034f\u061c\u115f\u1160\u180e"  # soft hyphen, joiner, Arabic letter mark, fillers within syllables
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # zero-width, directional and byte-order marks
    "\ufe00-\ufe0f"  # variation selectors
    "\ufff9-\ufffc"  # interlinear annotation, object replacement
    "\ud800-\uf8ff"  # lone surrogates; private use: icon fonts
    "\ufdd0-\ufdef\ufffe\uffff"  # noncharacters: never text, and CLD2 refuses them
    "]+"
)
_SOFT_HYPHEN = "\u00ad"
_MINUS = re.compile(f"{_SOFT_HYPHEN}(?=[0-9])")
"""Pages hyphenate words with it; before a number it is what a word processor made of a minus sign."""
_BEYOND_THE_BASIC_PLANE = re.compile("[\U00010000-\U0010ffff]")
_INVISIBLE_BEYOND = re.compile(  # apart: in one class with the above it makes the search five times as slow
    "[\U000e0000-\U000e0fff\U000f0000-\U0010ffff"  # tags and more variation selectors; private use
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0xF0000, 0x10000))
    + "]+"
)
_BLANK = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0]")
"""A tab, every space of Unicode but the plain one, and what shows as one: empty Braille and two Hangul fillers."""
_LINE_END = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""Where `str.splitlines` parts lines, but for the line feed."""
_UNUSUAL = re.compile(_BLANK.pattern[:-1] + _LINE_END + "]")
_BLANK_LINES = re.compile("\n{3,}")
_MOST_TURNS = 8
"""What an entity or wrong reading hides is looked through again; more than three turns take a text made for it."""

Rule = Callable[[str], str]


class Normaliser:
    """Brings texts into normal form; normalising twice changes nothing more.

    Args:
      rules: which rules are on; with none, only lone surrogates go, since files cannot hold them.
    """

    def __init__(self, rules: NormaliseConfig):
        uncovering: dict[str, Rule | None] = {  # before the others, which take some of their bytes for blanks
            "mojibake": repair_mojibake if rules.mojibake else None,
            "html": drop_html_leftovers if rules.html else None,
        }
        plain: dict[str, Rule | None] = {  # of these each leaves nothing to do for those before it
            "invisible": drop_invisible if rules.invisible else _drop_surrogates,
            "full_width": to_plain_width if rules.full_width else None,
            "nfc": to_nfc if rules.nfc else None,  # after the invisible: one of them can part a syllable
            "jamo": to_usual_jamo if rules.nfc and rules.jamo else None,
            "middle_dots": to_middle_dot if rules.middle_dots else None,
            "blanks": fold_layout if rules.blanks else None,
            "repeats": Repeats(rules.max_repeats) if rules.repeats else None,
        }
        self._order = [*uncovering, *plain]
        self._uncovering = [(name, rule) for name, rule in uncovering.items() if rule is not None]
        self._plain = [(name, rule) for name, rule in plain.items() if rule is not None]

    def __call__(self, text: str) -> tuple[str, tuple[str, ...]]:
        r"""The text in normal form, and the names of the rules that changed it.

        >>> Normaliser(NormaliseConfig())("\ufeff한\u1100\u1161\r\n\r\n\r\n\r\n\u200b글\u00a0\n")
        ('한가\n\n글', ('invisible', 'nfc', 'blanks'))
        """
        changed: set[str] = set()
        normal = _apply(self._plain, _apply(self._uncovering, text, changed), changed)
        for _ in range(_MOST_TURNS if changed else 0):
            uncovered = _apply(self._uncovering, normal, changed)
            if uncovered == normal:
                break
            normal = _apply(self._plain, uncovered, changed)
        return normal, tuple(name for name in self._order if name in changed)


def _apply(rules: list[tuple[str, Rule]], text: str, changed: set[str]) -> str:
    for name, rule in rules:
        after = rule(text)
        if after != text:
            changed.add(name)
            text = after
    return text


def drop_invisible(text: str) -> str:
    """The text without what cannot be seen; the joiner goes from emoji, too, and leaves the single ones."""
    if _SOFT_HYPHEN in text:
        text = _MINUS.sub("-", text)
    text = _INVISIBLE.sub("", text)
    if not _BEYOND_THE_BASIC_PLANE.search(text):
        return text
    return _BEYOND_THE_BASIC_PLANE.sub(lambda found: _INVISIBLE_BEYOND.sub("", found[0]), text)


def _drop_surrogates(text: str) -> str:
    return _SURROGATE.sub("", text)


def fold_layout(text: str) -> str:
    r"""Every line end as "\n", every blank as a plain space, none at line ends, and of blank lines in a row one.

    Indentation stays.
    """
    if _UNUSUAL.search(text):
        text = "\n".join(_BLANK.sub(" ", text).splitlines())
    if " \n" in text:
        text = "\n".join(line.rstrip(" ") for line in text.split("\n"))
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.strip("\n ")
