"""Pure: how whole lines about a page look, by rule.

The patterns are our own, written from what Korean sites have around their texts; those for bylines, signatures,
copyright and headings of other articles are the news reader's. All are tried on short lines only.
"""

import re
from typing import NamedTuple

from beam_jobs.sources.news.news_patterns import AT_END, LINK_HEADING


class LinePattern(NamedTuple):
    """A pattern for a whole line."""

    rule: str
    hints: tuple[str, ...]
    """A line without any of these need not be asked."""
    pattern: re.Pattern[str]


def _news(rule: str, names: tuple[str, ...], hints: tuple[str, ...]) -> list[LinePattern]:
    """The news reader's patterns of these names."""
    return [LinePattern(rule, hints, found.pattern) for found in AT_END if found.name in names]


def _hints(*lists: str) -> tuple[str, ...]:
    return tuple(hint for hints in lists for hint in hints.split("/"))


def _line(rule: str, hints: tuple[str, ...], pattern: str) -> LinePattern:
    return LinePattern(rule, hints, re.compile(rf"{_DECOR}(?:{pattern}){_DECOR}"))


_DECOR = r"[\s\[\]()<>【】▶▷►☞→←↑▲▼•·∙|+×✕»«…]{0,4}"
_GO = r"(?:으로|로|에)?\s?(?:바로\s?가기|건너\s?뛰기|이동(?:하기)?)"
_PART = (
    r"(?:본문|(?:주|메인|전체|상단|하단|하위|서브)\s?메뉴|메뉴|콘텐츠|컨텐츠|본문\s?내용|내용|둘러보기|검색창?|푸터|하단|"
    r"하단\s?정보|카피라이트|사이드바|기사\s?본문|홈페이지\s?정보)"
)
_SKIP = (
    rf"{_PART}{_GO}(?:[\s|/,·]{{1,3}}{_PART}{_GO}){{0,5}}"
    r"|(?i:(?:skip|jump)\s(?:directly\s)?to(?:\s(?:the|main|page|primary|site|secondary)){0,2}"
    r"\s(?:content|navigation|search|menu|footer|sidebar|nav)(?:,\s?search)?)"
    r"|둘러보기로\s?(?:이동|가기),?\s?(?:검색(?:하러|으로)\s?(?:이동|가기))?|검색하러\s?(?:이동|가기)"
)
_BREADCRUMBS = (
    r"(?:현재\s?(?:위치|페이지)\s?[:：]?\s?)?(?:홈|HOME|Home|메인|Main|메인\s?페이지|홈\s?페이지)"
    r"(?:\s?[>›»]{1,2}\s?[^>›»\n.:;=(){}\"'`]{1,20}(?<![을를])(?<!에서)(?<!하기)(?<!선택)(?<!클릭)(?<!으로)){1,6}"
)
"""What is told to be done ("홈 > 설정을 클릭") ends otherwise."""
_SITE = r"(?:본|이|저희|당사|우리)\s?(?:웹\s?사이트|사이트|홈페이지|웹\s?페이지|서비스|블로그)"
_PLEASE = r"(?:주세요|주십시오|바랍니다|하세요|하십시오)"
_CONSENT = (
    rf"[^\n]{{0,40}}{_SITE}(?:은|는|이|가|에서|에서는)\s[^\n]{{0,60}}쿠키(?:\([^)]{{1,12}}\))?를\s?(?:사용|이용|수집|활용)"
    r"[^\n]{0,100}"
    r"|[^\n]{0,80}쿠키\s?(?:의\s?)?(?:사용|이용|수집|설정|저장|정책)[^\n]{0,10}에\s?동의(?:합니다|하시|하는\s것|해\s주)[^\n]{0,60}"
    r"|[^\n]{0,160}(?:(?:[Ww]e|[Tt]his (?:web)?site|[Oo]ur (?:web)?site)\s(?:\w+\s){0,3}uses?\scookies|"
    r"serve cookies on this site)[^\n]{0,230}"
)
_LOG_IN = (
    r"로그인(?:이\s?필요한\s?(?:서비스|페이지)입니다|\s?(?:후|하시면|하셔야|을\s?하셔야)\s?[^\n.]{0,30}"
    r"(?:이용|작성|댓글|보실|사용)[^\n.]{0,20}(?:있습니다|가능합니다|합니다|됩니다|주세요))[.]?"
    r"|(?:아직\s|이미\s)?(?:회원이\s?아니신가요|회원이신가요|계정이\s?(?:없으|있으)신가요)\??(?:\s?[가-힣 ]{2,12})?"
    r"|댓글(?:을)?\s(?:쓰|작성하|남기)[가-힣]{1,5}\s로그인(?:이\s필요합니다|하세요|해\s?주세요)[.]?"
    r"|(?i:already have an account\??(?:\s(?:log|sign)\s?in)?|(?:log|sign) in to (?:comment|continue|reply))[.]?"
)
_COUNT = r"[\[(:]?\s?\d[\d,]{0,8}\s?(?:개|건|회|명|만)?\s?[\])]?"
_AND = r"(?:와|과|,|\s|&|·){1,3}"
_COMMENTING = (
    r"(?:남기기|쓰기|달기|작성하기|입력하기|더\s?보기|접기|남겨\s?(?:주세요|보세요)|입력(?:하|해\s?주)세요|"
    r"작성해\s?주세요|달아\s?(?:주세요|보세요))"
)
_SHARING = (
    r"(?:이\s?(?:글|기사|페이지|포스트|게시물|콘텐츠)(?:을|를)?\s?)?(?:SNS\s?)?공유하기|(?:이\s?)?(?:글|기사|페이지)\s?공유"
    rf"|(?:(?:전체\s?)?댓글|답글|좋아요|조회수?|공감|구독자|스크랩|리트윗)\s?{_COUNT}"
    rf"|{_COUNT}\s?(?:의\s)?(?:댓글|답글|(?i:likes?|comments?|shares?))"
    rf"|(?:첫\s?(?:번째\s)?)?댓글(?:을|를)?\s?{_COMMENTING}[.!]?|(?:등록된\s)?댓글이\s?없습니다[.]?|답글\s?달기"
    rf"|구독하기|(?:좋아요|구독){_AND}(?:구독|좋아요)(?:{_AND}알림\s?설정)?(?:은|도|을)?"
    r"(?:\s?(?:꼭\s)?(?:눌러\s?주세요|부탁(?:드려요|드립니다|해요)|해\s?주세요|누르기|사랑입니다|큰\s힘이\s됩니다))?[!.~♡♥]{0,3}"
    r"|(?i:share (?:this|on|via|with)(?:\s(?:post|article|page|story|facebook|twitter|email|x|linkedin|friends))?|"
    r"(?:leave|post|write|add) a (?:comment|reply)|no comments(?: yet)?|subscribe(?: now| to our newsletter)?)"
)
_PAGES = (
    r"(?:이전|다음)\s?(?:글|기사|포스트|게시글|게시물)(?:이\s?없습니다[.]?|\s?[:：▲▼>]\s?[^\n]{1,60}(?<![.?!]))"
    r"|목록\s?(?:으로|보기)(?:\s?(?:돌아)?가기)?|맨\s?위로(?:\s가기|\s이동)?"
    r"|페이지\s?(?:맨\s?위로|상단으로)(?:\s?(?:가기|이동))?"
    r"|총\s?\d{1,6}\s?(?:건|개)\s?[,|]?\s?\d{1,4}\s?/\s?\d{1,4}\s?(?:페이지|쪽)?"
)
_SCRIPT = r"(?:자바\s?스크립트|(?i:java\s?script))"
_MEDIUM = rf"(?:{_SCRIPT}|동영상|비디오|오디오|플래시|아이프레임|프레임|(?i:iframe|video|audio|HTML5))"
_BROWSERS = (
    rf"[^\n]{{0,60}}{_SCRIPT}(?:를|을|가|이)?\s?[^\n]{{0,30}}(?:활성화|켜|허용|사용하도록|설정)[^\n.]{{0,20}}{_PLEASE}[.!]?"
    rf"|{_SITE}[^\n.]{{0,30}}{_SCRIPT}[^\n.]{{0,30}}(?:필요|사용|지원|차단|비활성)[^\n.]{{0,20}}니다[.]?"
    r"|(?:현재\s)?(?:사용\s?중인\s|사용하시는\s|이용\s?중이신\s|귀하의\s|사용자의\s)?(?:웹\s?)?브라우저(?:는|가|에서는?)"
    rf"\s?[^\n.]{{0,20}}{_MEDIUM}[^\n.]{{0,25}}(?:지원하지\s?않(?:습니다|거나[^\n.]{{0,40}}니다)|사용할\s?수\s?없습니다)[.]?"
    r"|[^\n.]{0,40}(?:인터넷\s?익스플로러|Internet Explorer|IE)[^\n.]{0,20}(?:이상|버전)[^\n.]{0,20}최적화[^\n.]{0,20}"
    r"|(?i:(?:please|you (?:need|have) to|you must)\s(?:enable|turn on|allow|activate)\sjava\s?script[^\n.]{0,80}[.!]?"
    r"|java\s?script (?:is|must be|seems to be)\s(?:\w+\s){0,3}(?:disabled|required)[^\n]{0,80}"
    r"|your (?:web )?browser does(?:n't| not) support[^\n.]{1,40}[.]?)"
)
_MORE = (
    r"(?:[가-힣]{2,6}\s)?더\s?보기|전체\s?(?:기사|글|내용)?\s?보기|자세히\s?보기|계속\s?읽기|더\s?읽기|기사\s?더\s?보기"
    r"|펼치기\s?접기|접기\s?펼치기|더보기\s?접기"
    r"|(?i:(?:read|show|load|see|view|learn)\s(?:more|all)|continue reading)"
)
_FIELD = (
    r"(?:작성자|글쓴이|등록자|작성일시?|등록일시?|수정일?|최종\s?수정|기사\s?입력|입력|승인|송고|조회수?|"
    r"추천수?|댓글수?)"
)
_DAY = r"(?:20)?\d\d\s?[.\-/년]\s?\d{1,2}\s?[.\-/월]\s?\d{1,2}[.일]?(?:\s?\(?[월화수목금토일]\)?)?"
_TIME = r"(?:\s?(?:오전|오후|AM|PM)?\s?\d{1,2}:\d\d(?::\d\d)?)?"
_VALUE = rf"(?:{_DAY}{_TIME}|\d[\d,]{{0,8}}|[가-힣*○]{{2,4}}(?:\s?기자)?|[A-Za-z][\w*]{{2,15}})"
_DETAIL = rf"{_FIELD}\s?[:：|]?\s{{0,2}}{_VALUE}"
_NAMED = r"(?:제목|내용|본문|텍스트|부제목|설명|문구)(?:을|를)\s"
_LEFT_OVER = (
    r"(?i:[^\n]{0,40}lorem ipsum dolor sit[^\n]{0,260}"
    r"|(?:(?:proudly )?powered by|built with|designed by)(?: [\w.]{1,20}){1,6}"
    r"|\[?an error occurred while processing (?:this|the) (?:directive|request)\.?\]?)"
    rf"|{_NAMED}(?:여기에\s)?(?:입력|작성)(?:해\s?주)?세요[.]?|여기에\s{_NAMED}(?:입력|작성)(?:해\s?주세요|하세요|하십시오)[.]?"
    r"|워드프레스에\s오신\s것을\s환영합니다[^\n]{0,80}"
    r"|\{\{\s?(?:post|page|site|article|item|entry|theme|user)\.[a-z_.]{1,40}(?:\s?\|\s?[a-z_]{1,20})?\s?\}\}"
)
_DATED = r"(?i:copyrights?|\(c\))\s?(?:ⓒ|©|\(c\)|by)?\s?(?:19|20)\d\d[^\n.]{2,80}(?:[.]|(?i:inc\.?|reserved\.?))?"

_SKIP_HINTS = _hints(
    "바로가/바로 가/건너뛰/건너 뛰/로 이동/둘러보기로/검색하러",
    "skip to/Skip to/SKIP TO/jump to/Jump to/skip directly/Skip directly",
)
_BREADCRUMB_HINTS = _hints(
    "홈 >/홈>/홈 ›/홈 »/HOME >/HOME>/Home >/Home>/Home ›/Home »/홈페이지 >/홈페이지>/메인 >/메인>/메인페이지",
    "Main >/Main>/현재 위치/현재위치/현재 페이지/현재페이지",
)
_CONSENT_HINTS = _hints("쿠키를/쿠키(/쿠키 /쿠키의/ cookies")
_LOG_IN_HINTS = _hints(
    "로그인 후/로그인이/로그인하/로그인을/로그인해/회원이/계정이",
    "already have/Already have/sign in to/Sign in to/log in to/Log in to",
)
_SHARING_HINTS = _hints(
    "공유하기/공유/댓글/답글/좋아요/구독/조회 /조회수/공감/스크랩/리트윗/share /Share /SHARE /a comment/a reply",
    " comments/o comments/subscribe/Subscribe/ likes",
)
_PAGE_HINTS = _hints(
    "이전글/이전 글/이전 기사/이전기사/이전 포스트/이전 게시/이전게시/다음글/다음 글/다음 기사/다음기사/다음 포스트",
    "다음 게시/다음게시/목록 보기/목록보기/목록으로/맨 위로/맨위로/페이지 맨/페이지 상단/총 ",
)
_BROWSER_HINTS = _hints(
    "스크립트/JavaScript/Javascript/javascript/JAVASCRIPT/Java script/브라우저/익스플로러/browser does/IE "
)
_MORE_HINTS = _hints(
    "더보기/더 보기/전체보기/전체 보기/기사보기/전체 글/전체 기사/전체글/전체기사/전체내용/전체 내용",
    "자세히 보/자세히보",
    "계속 읽/계속읽/더 읽/더읽/펼치기/접기/ more/ More/ MORE/ all/ All/continue read/Continue read",
)
_DETAIL_HINTS = _hints(
    "작성자/작성일/글쓴이/등록자/등록일/기사입력/기사 입력/입력 20/입력: 20/조회 /조회수/승인 20/송고 20",
    "최종수정/최종 수정",
)
_LEFT_OVER_HINTS = _hints(
    "lorem ipsum/Lorem ipsum/LOREM IPSUM/powered by/Powered by/POWERED BY/uilt with/esigned by/an error occ",
    "{{ /{{p/{{s/{{a/입력하세요/입력해/작성하세요/작성해/여기에/워드프레스에",
)
_OWNED_HINTS = _hints("ⓒ/©/저작권/opyright/OPYRIGHT/무단/재배포/All rights/ALL RIGHTS/All Rights")

PATTERNS: tuple[LinePattern, ...] = (
    _line("skip_links", _SKIP_HINTS, _SKIP),
    _line("breadcrumbs", _BREADCRUMB_HINTS, _BREADCRUMBS),
    _line("consent", _CONSENT_HINTS, _CONSENT),
    _line("sign_in", _LOG_IN_HINTS, _LOG_IN),
    _line("sharing", _SHARING_HINTS, _SHARING),
    _line("page_numbers", _PAGE_HINTS, _PAGES),
    _line("browser_notices", _BROWSER_HINTS, _BROWSERS),
    _line("more_links", _MORE_HINTS, _MORE),
    _line("post_details", _DETAIL_HINTS, rf"{_DETAIL}(?:[\s|/·,]{{1,4}}{_DETAIL}){{1,6}}"),
    _line("templates", _LEFT_OVER_HINTS, _LEFT_OVER),
    LinePattern("related_links", _hints("기사/뉴스/영상/이슈"), LINK_HEADING.pattern),
    *_news("bylines", ("byline",), _hints("기자/특파원/통신원/논설위원/편집위원/리포터")),
    *_news("bylines", ("email_signature",), _hints("@")),
    *_news("copyright", ("copyright",), _OWNED_HINTS),
    _line("copyright", _hints("opyright/OPYRIGHT/(C)/(c)"), _DATED),
)
HEADINGS = (
    LINK_HEADING.pattern,
    re.compile(
        rf"{_DECOR}(?:관련\s?(?:글|포스트|게시물|콘텐츠)|(?:이|같은)\s카테고리의?\s?다른\s?글"
        r"|(?:최근|인기|추천)\s?(?:글|포스트|게시물)|함께\s?(?:보면|읽으면)\s?좋은\s?(?:글|포스트|콘텐츠)"
        rf"|(?i:related (?:posts|articles)|you (?:may|might) also like)){_DECOR}"
    ),
)
"""Above headlines of other texts."""
_HEADING_HINTS = _hints(
    "관련 글/관련글/관련 포스트/관련포스트/관련 게시/관련게시/관련 콘/관련콘/다른 글/다른글/최근 글/최근글",
    "최근 포/최근포",
    "최근 게/최근게/인기 글/인기글/인기 포/인기포/인기 게/인기게/추천 글/추천글/추천 포/추천포/추천 게/추천게",
    "함께 보/함께보",
    "함께 읽/함께읽/related post/related art/you may/you might",
)
PATTERN_HINTS = frozenset({*_HEADING_HINTS, *(hint for pattern in PATTERNS for hint in pattern.hints)})
"""A line without any of these is none of PATTERNS and no heading."""
