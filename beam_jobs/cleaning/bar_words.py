"""Pure: the words that menus and bars of Korean sites are made of, by rule and by how much they say.

The lists are our own, written from what Korean sites have around their texts. A word counts only where it stands alone:
"로그인" does, "로그인을" is a sentence's.
"""

import re
from typing import NamedTuple

STRONG, PLAIN, SECTION = 2.0, 1.0, 0.5
"""How much a word speaks for a bar: what only sites say of themselves; what texts say as well; sections of news."""

_LISTS = {
    ("menus", STRONG): """
        사이트 맵/이용 약관/서비스 약관/서비스 이용약관/개인정보 처리 방침/개인정보 취급방침/개인정보 보호정책
        이메일 무단수집거부/이메일주소 무단수집거부/청소년 보호정책/영상정보처리기기 운영방침/저작권 정책
        고객 센터/오시는 길/찾아오시는 길/회사 소개/광고 문의/광고 안내/제휴 문의/제휴 제안/인재 채용/전체 메뉴
        전체메뉴 보기/전체메뉴 열기/전체메뉴 닫기/메뉴 열기/메뉴 닫기/주메뉴/퀵메뉴/사이드 메뉴/모바일 버전
        PC 버전/PC 화면/즐겨찾기 추가/시작페이지로/홈으로/뉴스홈/신문구독/1:1 문의/저작권보호정책/기사제보
        독자투고/고충처리인/불편신고/privacy policy/terms of service/terms of use/terms and conditions
        contact us/about us/site map""",
    ("menus", PLAIN): """
        홈/메인/공지사항/faq/자주 묻는 질문/문의하기/고객 지원/채용/채용정보/검색/통합검색/상세검색/검색하기
        메뉴/장바구니/주문조회/배송 조회/마이 페이지/위시리스트/찜한 상품/즐겨찾기/이벤트/커뮤니티/자유게시판
        자료실/갤러리/게시판/방명록/태그/글 목록/카테고리/블로그/알림/소개/한국어/english/日本語/中文/简体中文
        rss/앱 다운로드/전체 보기/최근 글/최근 댓글/인기 글/사업자정보확인/home/about/contact/help/menu/search
        privacy/terms/blog/news/notice/guestbook/tags/tag/cart/support/jobs/careers/report a bug""",
    ("menus", SECTION): """
        정치/경제/사회/문화/국제/세계/북한/연예/스포츠/오피니언/칼럼/사설/생활/과학/it·과학/생활·문화/전국/지역
        포토/영상/tv/라이프/건강/교육/부동산/증권/산업/날씨/운세/만화/웹툰/랭킹/속보/최신기사/전체기사""",
    ("sign_in", STRONG): """
        로그인/로그아웃/회원 가입/아이디 찾기/비밀번호 찾기/아이디 저장/자동 로그인/간편 로그인/로그인 유지
        로그인 상태 유지/보안접속/네이버 로그인/카카오 로그인/구글 로그인/네이버로 로그인/카카오로 로그인
        구글로 로그인/카카오톡으로 로그인/페이스북으로 로그인/애플로 로그인/비회원 주문조회/log in/log out
        sign in/sign up/sign out/create account/forgot password?/forgot password/remember me""",
    ("sign_in", PLAIN): """
        비밀번호/정보수정/회원정보 수정/my page/register""",
    ("sharing", STRONG): """
        공유하기/sns 공유/url 복사/주소 복사/링크 복사/카카오스토리/네이버 블로그/네이버 밴드/스크랩하기
        글자 크기/글씨 크기/글자 크게/글자 작게/글자 크게 보기/글자크기 설정/글자 크기 조절/폰트크기/댓글 쓰기
        댓글 달기/댓글 보기/좋아요/싫어요/훈훈해요/슬퍼요/화나요/후속기사 원해요/기사 공유하기/본문 글씨 키우기
        본문 글씨 줄이기/카톡 공유/인쇄하기/프린트하기/구독하기/채널 추가/친구 추가/이웃추가/share this
        share on facebook/share on twitter/retweet""",
    ("sharing", PLAIN): """
        공유/페이스북/트위터/카카오톡/카톡/밴드/라인/인스타그램/유튜브/텔레그램/핀터레스트/이메일/메일
        메일보내기/프린트/인쇄/스크랩/추천/추천하기/비추천/비공감/공감/신고/신고하기/구독/구독자/알림 설정/댓글
        답글/댓글수/조회/조회수/크게/작게/share/tweet/facebook/twitter/instagram/youtube/pinterest/linkedin/reddit/telegram
        whatsapp/email/print/copy link/like/likes/comment/comments/reply/subscribe/follow""",
    ("page_numbers", STRONG): """
        이전 글/다음 글/이전글 보기/다음글 보기/이전 기사/다음 기사/목록으로/목록 보기/목록으로 돌아가기
        이전 페이지/다음 페이지/처음 페이지/마지막 페이지/윗글/아랫글/맨 위로/맨 처음/맨 끝/글쓰기/이전 포스트
        다음 포스트/previous post/next post/older posts/newer posts/back to top""",
    ("page_numbers", PLAIN): """
        이전/다음/목록/처음/마지막/수정/삭제/답변/위로/top/list/prev/previous/next/first/last/back/페이지""",
    ("consent", STRONG): """
        쿠키 정책/쿠키 설정/쿠키 관리/쿠키 허용/모두 허용/모두 동의/모두 거부/필수 쿠키/필수 쿠키만 허용
        모든 쿠키 허용/모든 쿠키 거부/쿠키 안내/동의함/동의 안함/동의하고 계속/cookie policy/cookie settings
        cookie preferences/accept all/reject all/accept cookies/accept all cookies/manage cookies/decline""",
    ("consent", PLAIN): """
        동의/거부/허용/accept/got it/agree/i agree""",
}
"""Words parted by "/", with every blank that they may have."""


class BarWord(NamedTuple):
    """What a word in a bar says."""

    rule: str
    weight: float


def fold(word: str) -> str:
    """The form under which BAR_WORDS has a word: without blanks, in lower case."""
    return word.replace(" ", "").lower()


def _listed(words: str) -> list[str]:
    return [word for line in words.split("\n") for word in line.strip().split("/") if word]


BAR_WORDS: dict[str, BarWord] = {
    fold(word): BarWord(rule, weight) for (rule, weight), words in _LISTS.items() for word in _listed(words)
}
_SPELT = {word: weight for (_, weight), words in _LISTS.items() for word in _listed(words)}
_LONGEST_FIRST = sorted(_SPELT, key=lambda word: (-len(word), word))
BAR_WORD = re.compile(
    rf"(?<!\w)(?:(?P<word>{'|'.join(' ?'.join(map(re.escape, word.split())) for word in _LONGEST_FIRST)})"
    r"|\d[\d,.]{0,12}(?: ?[개건회명만쪽])?)(?!\w)",
    re.IGNORECASE,
)
"""A word of a bar, or a count beside one, which says nothing by itself."""
SEPARATORS = re.compile(r"[\w\s|·ㆍ•∙/>›»<‹«,:()\[\]+\-–▶▷▲▼△▽◀◁×✕★☆*…→←↑↓&~]*")
"""All that stands in bars; quotation marks, braces, "=" and full stops are of sentences and programs."""
JOINED = re.compile(r"(?<!\w)(?:및|와|과|또는|혹은|등|후|시|의|and|or|the|to|for|of|vs)(?!\w)", re.IGNORECASE)
"""What joins words to a heading: "로그인 및 회원가입" is none's bar."""
_TELLING = (
    "카카오톡",
    "트위터",
    "인스타그램",
    "오피니언",
    "연예",
    "공지사항",
    "facebook",
    "twitter",
    "처음 이전",
    "다음 마지막",
)
"""A bar without a strong word is found where one of these is."""
BAR_HINTS = frozenset(
    form
    for word in (*(word for word, weight in _SPELT.items() if weight == STRONG and len(word) > 2), *_TELLING)
    for form in {word, word if word.isascii() else word.replace(" ", "")}
)
"""A line without any of these is none's bar, whatever the case of its letters."""
