"""Pure: how lines about an article look in Korean news: patterns by rule, and where in an article they hold.

Patterns are tried on LONGEST characters at most, and repeat nothing without a limit: the worst line that we could
think of takes 15 ms.
"""

import re
from typing import NamedTuple

LONGEST = 250
"""Characters of a line that a pattern is tried on; a longer line is prose."""


class Rule(NamedTuple):
    """A pattern, and the name that what it cuts is counted under."""

    name: str
    pattern: re.Pattern[str]


def _rules(name: str, *patterns: str) -> tuple[Rule, ...]:
    return tuple(Rule(name, re.compile(pattern)) for pattern in patterns)


# Who wrote it. An occupation is no name: "방송 기자" is none's byline.
_ROLE = (
    r"(?:(?:선임|전문|객원|인턴|수습|사진|영상|[가-힣]{2}전문)\s?)?"
    r"(?:기자|특파원|통신원|논설위원|편집위원|리포터)"
)
_NAME = (
    r"(?!(?:신문|방송|사진|취재|시민|여성|외신|경제|정치|사회|스포츠|전문|전직|현직|담당|선임)\s?기자)"
    r"[가-힣]{2,4}(?<!는)"
)
_WRITERS = rf"{_NAME}(?:[·,ㆍ/&\s]{{1,2}}{_NAME}){{0,4}}\s?{_ROLE}"
_OUTLET = r"[가-힣A-Za-z0-9]{2,12}(?<![를을히게의는])"
_SIGNED = rf"(?:{_OUTLET}[\s=/|]{{1,3}}){{0,2}}{_WRITERS}"
_AGENCY = (
    r"[가-힣A-Za-z0-9]{0,8}(?:뉴스|뉴시스|통신|일보|신문|방송|경제|데일리|투데이|타임스|헤럴드|미디어|저널|닷컴|"
    r"인포맥스|AP|AFP|로이터|EPA|신화)[A-Za-z0-9]{0,3}"
)
_WORK = r"(?:글|사진|취재|영상|촬영|그래픽|정리|편집|기획)"
_WORKS = rf"{_WORK}(?:[·ㆍ,/&]\s?{_WORK}){{0,2}}\s?[=:|]?\s?"
_MAIL = r"[A-Za-z0-9._%+-]{1,40}@[A-Za-z0-9-]{1,40}(?:\.[A-Za-z0-9-]{1,20}){1,3}"
_MAILS = rf"{_MAIL}(?:[\s,/·]{{1,3}}{_MAIL}){{0,3}}"
_BYLINE = rf"(?:{_WORKS})?{_SIGNED}(?:[\s,·/|]{{1,3}}(?:{_WORKS})?{_SIGNED}){{0,3}}"
_OPEN, _CLOSE = r"[\[(<【〔〈]", r"[\])>】〕〉]"
_NO_SENTENCE = r"(?<!다\.)(?<!요\.)(?<!다)"
_MARK = r"[/|=■▲△◇◆▷▶☞※*\-\s]{0,4}"

_DATELINES = _rules(
    "byline",
    rf"{_OPEN}[가-힣A-Za-z·,\s]{{1,20}}=\s?{_AGENCY}\s?{_CLOSE}\s{{0,3}}(?:{_WRITERS}\s{{0,3}})?(?:=\s{{0,3}})?",
    rf"{_OPEN}[가-힣A-Za-z·,\s]{{1,20}}=\s?{_OUTLET}\s?{_CLOSE}\s{{0,3}}{_WRITERS}\s{{0,3}}=\s{{0,3}}",
    rf"{_OPEN}\s?{_BYLINE}(?:\s?{_MAIL})?\s?{_CLOSE}\s{{0,3}}(?:=\s{{0,3}})?",
    rf"{_SIGNED}\s{{0,3}}=\s{{0,3}}",
)
_BYLINES = _rules(
    "byline",
    rf"{_MARK}{_OPEN}?\s?{_BYLINE}\s?{_CLOSE}?",
    rf"{_WORK}(?:[·ㆍ,/&]\s?{_WORK}){{0,2}}\s?[=:|]\s?{_NAME}(?:\s?{_ROLE})?",
)
_SIGNATURES = _rules(
    "email_signature",
    rf"{_MARK}{_OPEN}?\s?(?:{_BYLINE}|{_NAME})\s?[=|/·,]?\s?{_OPEN}?\s?{_MAILS}\s?{_CLOSE}{{0,2}}",
    rf"{_MARK}{_OPEN}?\s?(?:(?i:e-?mail)\s?[:=]\s?)?{_MAILS}\s?{_CLOSE}?",
)

# Whose it is.
_OWNED = r"(?:ⓒ|©|저작권자|(?i:\(c\)|copyrights?))"
_FORBIDDEN = (
    r"(?:무단\s?(?:전재|복제)[^\n]{0,20}(?:배포|금지)|재배포\s?금지|(?i:all\s?rights?\s?reserved)|"
    r"AI\s?학습[^\n]{0,20}금지)"
)
_COPYRIGHTS = _rules(
    "copyright",
    rf"{_MARK}{_OPEN}?\s?(?:'?{_OUTLET}'?[\s,]{{1,2}}){{0,3}}(?={_OWNED}|{_FORBIDDEN})(?=[^\n]{{0,120}}{_FORBIDDEN})"
    rf"[^\n]{{0,150}}(?:금지|불허|(?i:reserved))\s?{_CLOSE}?[.\s]{{0,2}}{_CLOSE}?",
)
_COPYRIGHTS_AT_END = _rules(
    "copyright",
    rf"{_MARK}{_OPEN}?\s?(?:ⓒ|©|(?i:copyrights?)\s?(?:ⓒ|©|\([cC]\)))[^\n]{{1,80}}{_NO_SENTENCE}",
    r"[^\n]{0,60}무단\s?전재[^\n]{0,40}금(?:지)?(?:합니다|됩니다|함)[.\s]{0,2}",
)

# Photographs. A credit alone is a caption's last line; with a sentence before it, it is a caption.
_CREDIT = r"사진\s?(?:제공|출처|캡처|캡쳐|자료)?\s?[=:|ㅣ]\s?[^\n=]{1,40}" + _NO_SENTENCE
_CREDITS = rf"(?:(?:{_OPEN}|/)\s?{_CREDIT}|{_OPEN}\s?사진\s?(?:제공|출처|캡처|자료)[^\n\])>】〕〉]{{0,40}}{_CLOSE})"
_PHOTO_AGENCY = r"(?:연합뉴스|뉴시스|뉴스1|AP|AFP|로이터|EPA|신화|게티이미지(?:뱅크|코리아)?|셔터스톡|픽사베이)"
_STORED = rf"(?:[\s/=·]{{0,2}}(?:{_PHOTO_AGENCY}|제공|자료\s?사진|DB))"
_SCENE = r"(?:모습|전경|장면|조감도|포스터|캡처|캡쳐|현장|자료\s?사진)"
# Captions tell what can be seen, in one sentence; news tell what was: "…했다. (사진=…)" is an article's last sentence.
_CAPTION = rf"(?:[^.\n]|\.(?!\s)){{1,150}}?(?:{_SCENE}|있다|있습니다|보인다)[.\s)]{{0,3}}"
_DAY = r"20\d\d[.-]\s?\d{1,2}[.-]\s?\d{1,2}\.?"
_CAPTIONS = _rules(
    "photo_caption",
    rf"[/■▲]?\s?{_OPEN}?\s?{_CREDIT}",
    rf"[■▲]?\s?{_OPEN}\s?사진[^\n\])>】〕〉]{{0,60}}{_CLOSE}",
    rf"{_OPEN}?\s?{_PHOTO_AGENCY}{_STORED}{{1,2}}\s?{_CLOSE}?",
    rf"{_CAPTION}{_CREDITS}",
    rf"[^.\n]{{0,79}}[^.\s다요]\s?{_CREDITS}",
    rf"\(사진\)[^\n]{{1,180}}{_PHOTO_AGENCY}\s?(?:제공)?",
    rf"{_CAPTION}(?:[/=ⓒ©]\s?{_PHOTO_AGENCY}{_STORED}{{0,2}}|{_OPEN}\s?{_PHOTO_AGENCY}{_STORED}{{1,2}}\s?{_CLOSE})\.?",
    rf"(?:[^.\n]|\.(?!\s)){{1,150}}?{_SCENE}[.\s)]{{0,3}}{_OPEN}?\s?{_PHOTO_AGENCY}{_STORED}{{0,2}}\s?{_CLOSE}?\.?",
    rf"[^\n]{{4,180}}{_DAY}\s?(?:{_MAIL}|/\s?{_PHOTO_AGENCY}[^\n]{{0,30}})",
    rf"▲[^\n]{{2,180}}(?:{_SCENE}\s?[.)\]]{{0,2}}|{_OPEN}[^\n\])>]{{1,20}}제공\s?{_CLOSE}|[ⓒ©][^\n]{{1,30}})",
)
_CAPTIONS_AT_START = _rules("photo_caption", rf"▲{_CAPTION}")
_CREDITS_AT_LINE_END = (
    *_rules("photo_caption", rf"(?:{_OPEN}|/)\s?{_CREDIT}"),
    *_rules("byline", rf"{_OPEN}?/?\s?(?:연합뉴스|뉴시스|뉴스1)\s?{_CLOSE}?"),
)

# What else to read, and where to press.
_LISTS = (
    r"(?:관련\s?(?:기사|뉴스|영상)|(?:가장\s?)?많이\s?(?:본|읽은)\s?(?:뉴스|기사)|(?:실시간\s?)?인기\s?(?:기사|뉴스)|"
    r"추천\s?(?:기사|뉴스)|(?:이\s?시각\s?|실시간\s?|오늘의\s?)?주요\s?(?:뉴스|기사)|핫\s?(?:뉴스|이슈)|최신\s?(?:뉴스|기사)|"
    r"함께\s?(?:보면|읽으면)\s?좋은\s?(?:기사|뉴스)|(?:이\s?|[가-힣]{2,4}\s?)?기자의\s?다른\s?기사(?:\s?보기)?)"
)
LINK_HEADING = Rule(
    "related_links", re.compile(rf"[\[<(【■◆▶●◇☞#*\-\s]{{0,4}}{_LISTS}\s?(?:더\s?보기)?[\])>】:▶\s]{{0,3}}")
)
_LINKS = _rules(
    "related_links",
    rf"(?:{_OPEN}\s?{_LISTS}\s?{_CLOSE}|{_MARK}{_LISTS}\s?[:：])[^\n]{{1,120}}{_NO_SENTENCE}",
    rf"[▶☞▷►➤](?![▶▷])\s?[^\n:：]{{2,100}}{_NO_SENTENCE}",
    r"[^\n]{0,60}바로\s?가기\s?[\])>▶☞]{0,2}",
)
_PLACE = r"(?:카카오톡|카톡|텔레그램|전화|이메일|유튜브|페이스북|인스타그램|트위터|네이버|홈페이지)"
_BUTTON = (
    r"(?:좋아요|싫어요|훈훈해요|슬퍼요|화나요|후속\s?기사\s?원해요|공유하기|공유|댓글|스크랩|인쇄|프린트|글자\s?크기|"
    r"페이스북|트위터|카카오톡|카카오스토리|네이버\s?(?:블로그|밴드)|밴드|URL\s?복사|이메일|구독하기|추천)"
)
_SUBSCRIBE = r"(?:구독(?:하기|하세요|해\s?주세요|\s?신청)?|(?:채널|친구)\s?추가(?:하기)?)[^\n가-힣]{0,12}"
_PROMOTIONS = _rules(
    "promotion",
    rf"{_MARK}{_OPEN}?\s?(?:기사|뉴스|독자|카카오톡|카톡|여러분의|소중한)?\s?제보(?!자)[^\n]{{0,100}}"
    r"(?:(?<!다\.)(?<!다)|(?:기다립니다|바랍니다|받습니다)\.?)",
    rf"[▶☞▷※■*\-\s]{{0,3}}{_PLACE}\s?[:：=@]\s?[^\n]{{1,60}}",
    rf"{_MARK}{_OPEN}?(?:[^\n]{{0,30}}(?:{_PLACE}|채널|뉴스레터)[^\n]{{0,30}}|(?:{_OUTLET}\s){{0,3}}){_SUBSCRIBE}",
    rf"{_BUTTON}(?:[\s\d/·,|()+]{{1,6}}{_BUTTON}){{0,14}}[\s\d/·,|()+]{{0,6}}",
    r"이\s?기사를?\s?(?:공유|추천|응원)[^\n]{0,20}",
)
_END_MARKS = _rules("end_mark", r"[(<\[]\s?끝\s?[)>\]]")

EVERYWHERE = (*_COPYRIGHTS, *_CAPTIONS)
"""For whole lines, wherever they stand."""
MARKERS = (
    *("사진", "▲", "전재", "재배포", "복제", "reserved", "Reserved", "RESERVED", "학습", "연합뉴스", "뉴시스", "뉴스1"),
    *("AP", "AFP", "로이터", "EPA", "신화", "게티이미지", "셔터스톡", "픽사베이", "@"),
)
"""A line without any of these is none of EVERYWHERE's."""
AT_START = (*EVERYWHERE, *_BYLINES, *_SIGNATURES, *_CAPTIONS_AT_START)
"""For whole lines among the first."""
AT_END = (*EVERYWHERE, *_BYLINES, *_SIGNATURES, *_COPYRIGHTS_AT_END, *_PROMOTIONS, *_END_MARKS)
"""For whole lines among the last."""
LAST = (*AT_END, *_LINKS)
"""For the very last line: above prose an arrow marks a question or a part's heading."""
AT_LINE_START = _DATELINES
"""For what the first lines begin with."""
AT_LINE_END = tuple(
    Rule(rule.name, re.compile(rf"(?<=[.!?…”’\"'\]>])\s{{0,5}}(?:{rule.pattern.pattern})\Z"))
    for rule in (_BYLINES[0], *_SIGNATURES, *_COPYRIGHTS, *_END_MARKS, *_CREDITS_AT_LINE_END)
)
"""For what the last lines end with, after a sentence's end."""

_HINTS = (
    *(
        "기자",
        "특파원",
        "통신원",
        "논설위원",
        "편집위원",
        "리포터",
        "@",
        "=",
        ":",
        "：",
        "|",
        "ⓒ",
        "©",
        "opyright",
        "OPYRIGHT",
    ),
    *(
        "전재",
        "재배포",
        "복제",
        "eserved",
        "ESERVED",
        "학습",
        "사진",
        "▲",
        "연합뉴스",
        "뉴시스",
        "뉴스1",
        "AP",
        "AFP",
        "로이터",
    ),
    *(
        "EPA",
        "신화",
        "게티이미지",
        "셔터스톡",
        "픽사베이",
        "기사",
        "뉴스",
        "영상",
        "이슈",
        "▶",
        "☞",
        "▷",
        "►",
        "➤",
        "바로",
        "끝",
    ),
    *(
        "제보",
        "구독",
        "추가",
        "좋아요",
        "싫어요",
        "훈훈해요",
        "슬퍼요",
        "화나요",
        "원해요",
        "공유",
        "댓글",
        "스크랩",
        "인쇄",
    ),
    *("프린트", "글자", "페이스북", "트위터", "카카오", "네이버", "밴드", "URL", "이메일", "추천", "응원"),
)
HINT = re.compile("|".join(map(re.escape, _HINTS)))
"""A line in which this finds nothing is no rule's; it only saves time."""
