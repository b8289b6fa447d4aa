"""Pure: the few templates of Korean and English wikis whose content is running text; all others show nothing.

Most templates of an article are infoboxes, notices, references and navigation. Those here stand within sentences, and
a sentence without them would have a hole. A language template shows its text without the language's name: the hanja
or the foreign name in "수학(數學, {{llang|en|mathematics}})" stays as its author wrote it.
"""

import re
from collections.abc import Callable

from mwparserfromhell.nodes import Template
from mwparserfromhell.wikicode import Wikicode

Render = Callable[[Wikicode], str]
"""Makes text of a template's argument."""
_Show = Callable[[Template, Render], str]


def is_shown(name: str) -> bool:
    """Whether a template of a name, as it is written in the page, shows any text."""
    return _show(_plain(name)) is not None


def render_template(template: Template, render: Render) -> str:
    """What a template shows; nothing if it is none of those that show text."""
    show = _show(_plain(str(template.name)))
    return show(template, render) if show is not None else ""


def _plain(name: str) -> str:
    return name.strip().replace("_", " ").lower().removeprefix("틀:").removeprefix("template:")


def _show(name: str) -> _Show | None:
    return _SHOWN.get(name) or (_argument("1", "text") if _LANGUAGE.fullmatch(name) else None)


def _argument(*names: str, before: str = "", after: str = "") -> _Show:
    """Shows the first of these arguments that says something, between two texts."""

    def show(template: Template, render: Render) -> str:
        return before + _first(template, names, render) + after

    return show


def _first(template: Template, names: tuple[str, ...], render: Render) -> str:
    for name in names:
        if template.has(name, ignore_empty=True):
            return render(template.get(name).value).strip()
    return ""


def _numbered(template: Template, render: Render) -> list[str]:
    """The arguments "1", "2"… as far as they go."""
    said: list[str] = []
    while template.has(str(len(said) + 1)):
        said.append(render(template.get(str(len(said) + 1)).value).strip())
    return said


def _sign(sign: str) -> _Show:
    return lambda template, render: sign


def _quantity(template: Template, render: Render) -> str:
    """{{convert|10|km|mi}}: what was measured, unconverted; a range ({{convert|5|to|10|km}}) as its numbers."""
    number, *said = [*_numbered(template, render), ""]
    if len(said) > 3 and said[0] in _RANGES:
        number, said = f"{number}{_RANGES[said[0]]}{said[1]}", said[2:]
    return f"{number} {_UNITS.get(said[0], said[0])}".strip() if said else number


def _value(template: Template, render: Render) -> str:
    """{{val|1.23|u=km}}: a number with its unit."""
    return f"{_first(template, ('1',), render)} {_first(template, ('u', 'ul', 'up'), render)}".strip()


def _fraction(template: Template, render: Render) -> str:
    """{{frac|1|2}} is 1/2, {{frac|3|1|2}} is 3 1/2."""
    said = _numbered(template, render)
    return f"{' '.join(said[:-2])} {'/'.join(said[-2:])}".strip()


def _with_original(template: Template, render: Render) -> str:
    """{{nihongo|English|日本語|Romaji}}: the name, and in brackets how it is written and read."""
    english, *original = [*_numbered(template, render), ""][:3]
    inside = ", ".join(filter(None, original))
    return f"{english} ({inside})" if english and inside else english or inside


def _foreign(template: Template, render: Render) -> str:
    """{{llang|ja|千代田区|지요다쿠}}: the text, and how it is read."""
    return ", ".join(filter(None, _numbered(template, render)[1:3]))


def _hanja(template: Template, render: Render) -> str:
    """{{한자|數學}} is 數學, {{한자|수학|數學}} is 수학(數學)."""
    first, *second = [*_numbered(template, render), ""][:2]
    return f"{first}({second[0]})" if second and second[0] else first


def _date(template: Template, render: Render) -> str:
    """{{날짜|2010|5|14}} as Koreans write it."""
    numbers = re.findall(r"\d+", "-".join(_numbered(template, render)[:3]))
    return " ".join(f"{int(number)}{unit}" for number, unit in zip(numbers, ("년", "월", "일"), strict=False))


def _english_date(template: Template, render: Render) -> str:
    """{{start date|2010|5|14}}: May 14, 2010."""
    numbers = [int(part) for part in _numbered(template, render)[:3] if part.isdecimal()]
    if len(numbers) < 2 or not 1 <= numbers[1] <= len(_MONTHS):
        return str(numbers[0]) if numbers else ""
    month = _MONTHS[numbers[1] - 1]
    return f"{month} {numbers[2]}, {numbers[0]}" if len(numbers) > 2 else f"{month} {numbers[0]}"


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split("|"))


_MONTHS = _names("January|February|March|April|May|June|July|August|September|October|November|December")
_RANGES = {"-": "–", "–": "–", "to": " to ", "and": " and ", "or": " or ", "by": " by ", "x": " × ", "~": "~"}
_UNITS = {
    **{"km2": "km²", "m2": "m²", "cm2": "cm²", "ft2": "sq ft", "sqft": "sq ft", "sqmi": "sq mi", "sqm": "m²"},
    **{"km3": "km³", "m3": "m³", "cm3": "cm³", "cuin": "cu in", "C": "°C", "F": "°F", "mpgimp": "mpg", "mpgus": "mpg"},
    **{"lbft": "lb⋅ft", "mi/h": "mph", "nmi": "nautical miles", "-": ""},
}
"""Codes of units that are no words."""
_LANGUAGE = re.compile(r"l?lang-[a-z-]+")
_SIGNS = {
    **{"=": "=", "!": "|", "(": "{", ")": "}", "*": "*", "colon": ":", "hyphen": "-", "minus": "−", "times": "×"},
    **{"'": "'", "'s": "'s", "nbsp": " ", "space": " ", "thinsp": " ", "pi": "π", "degree": "°", "euro": "€"},
    **{"ndash": "–", "–": "–", "spaced ndash": " – ", "spaced en dash": " – ", "snd": " – ", "spnd": " – "},
    **{"mdash": "—", "—": "—", "·": " · ", "dot": " · ", "가운뎃점": " · ", "•": " • ", "bullet": " • "},
}
_FIRST = _names(
    "nowrap | nobr | 줄바꿈 금지 | small | smaller | 작게 | big | larger | 크게 | em | strong | abbr | tooltip | 약어 |"
    "sup | sub | 위 첨자 | 아래 첨자 | math | mvar | var | kbd | mono | not a typo | sic | proper name |"
    "visible anchor | vanchor | linktext | flagu |"
    "루비 | ruby | ruby-ja | 일본어 | 유니코드 | unicode | angbr | citation needed span | 출처 필요 범위 |"
    "임시링크 | ill | interlanguage link | interlanguage link multi | 국기나라 | 국기 | flag | flagcountry"
)
_SECOND = _names("lang | 언어 | transl | transliteration | 색 | 글자색 | color | font color | 범례 | legend | 예문")
_QUOTATIONS = _names(
    "인용문 | 인용문2 | 인용 상자 | 따옴표 | quote | blockquote | quotation | cquote | bquote | quote box"
)
_SHOWN: dict[str, _Show] = {
    **{name: _sign(sign) for name, sign in _SIGNS.items()},
    **dict.fromkeys(_FIRST, _argument("1", "text", "내용")),
    **dict.fromkeys(_SECOND, _argument("2", "text", "내용")),
    **dict.fromkeys(_QUOTATIONS, _argument("1", "text", "quote", "내용", "인용문", before="\n", after="\n")),
    **dict.fromkeys(_names("convert | cvt | 단위 변환 | 변환"), _quantity),
    **dict.fromkeys(_names("frac | fraction | sfrac | 분수"), _fraction),
    **dict.fromkeys(_names("nihongo | 니혼고"), _with_original),
    **dict.fromkeys(_names("날짜 | 시작 날짜 | 시작일 | 끝 날짜 | 종료일 | 출생일 | 사망일"), _date),
    **dict.fromkeys(_names("start date | end date | birth date | death date | film date"), _english_date),
    **dict.fromkeys(_names("circa | c."), _argument("1", before="c. ")),
    **dict.fromkeys(_names("us$ | usd"), _argument("1", before="US$")),
    **dict.fromkeys(_names("krw | ₩"), _argument("1", before="₩")),
    **dict.fromkeys(_names("eur | €"), _argument("1", before="€")),
    **dict.fromkeys(_names("gbp | £"), _argument("1", before="£")),
    **dict.fromkeys(_names("jpy | ¥"), _argument("1", before="¥")),
    **{name: _argument("1", before=f"{name.upper()} ") for name in _names("hms | uss | ss | rms | hmas | hmcs | ms")},
    "llang": _foreign,
    "한자": _hanja,
    "zh": _argument("c", "t", "s", "1"),
    "as of": _argument("1", before="As of "),
    "val": _value,
}
"""Names in lower case."""
