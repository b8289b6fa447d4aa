"""Characters that stand for wikitext's marks while an article is rendered; XML can hold none of them."""

import re

HEADING = "\x00"
"""Begins a heading's line; its level, one digit, follows."""
HOLE = "\x01"
"""Where something was dropped: a template, a reference, a picture."""
APOSTROPHE = "\x02"
"""An apostrophe between <nowiki> and </nowiki>, which makes nothing bold."""
BULLET, NUMBER, TERM, INDENT = "\x03", "\x04", "\x05", "\x06"
"""What list items begin with: `*`, `#`, `;` and `:`."""

MARKS = re.compile("[\x00-\x06]")
