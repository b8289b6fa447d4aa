"""Pure: which pages only tell articles of one name apart, as Korean and English wikis mark them.

They are lists of links without sentences. Hatnotes ({{다른 뜻}}, {{other uses}}) stand on articles and mark nothing.
"""

import re

_TITLE = re.compile(r"\((?:동음이의어?|동명이인|disambiguation)\)$", re.IGNORECASE)
# The templates, with the redirects to them that pages use.
_KOREAN = r"(?:[가-힣]+ )?(?:동음이의어?|동명이인|동명이의)(?: 문서)?|지명동음이의"
_ENGLISH = (
    r"disambig(?:uation)?(?: page| cleanup)?|disambig-cleanup|disamb|disam|dab|dmbox|dp|"
    r"[a-z][a-z\- ]{1,40} (?:disambiguation|disambig|dab)|hndis|hndab|geodis|geodab|numberdis|mil-unit-dis|schooldis|"
    r"roaddis|shipindex-dis|mathdab|mathdis|letter-number combdisambig|airport dis|callsigndis|genus disambig"
)
_TEMPLATE = re.compile(rf"\{{\{{\s*(?:틀:|template:)?(?:{_KOREAN}|{_ENGLISH})\s*(?:\|[^{{}}]*)?\}}\}}", re.IGNORECASE)
_CATEGORY = re.compile(
    r"\[\[\s*(?:분류|category)\s*:\s*(?:동음이의|동명이인|(?:[\w ]+ )?disambiguation pages)[^\[\]]*\]\]", re.IGNORECASE
)
_MAGIC_WORD = "__DISAMBIG__"


def is_disambiguation(title: str, wikitext: str) -> bool:
    """Whether a page's title, templates, categories or magic words say so."""
    if _TITLE.search(title):
        return True
    spaced = wikitext.replace("_", " ")
    return _TEMPLATE.search(spaced) is not None or _CATEGORY.search(spaced) is not None or _MAGIC_WORD in wikitext
