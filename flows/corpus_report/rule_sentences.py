"""What each stage and rule is, in a sentence, for people who have not read the code."""

_STAGES = {
    "read": "reading",
    "clean": "cleaning",
    "dedupe": "deduplication",
    "decontaminate": "decontamination",
    "tokenize": "tokenizing",
}
_RULES = {
    "too_short": "Texts with too few characters to learn from.",
    "too_long": "Texts longer than any book or statute: broken crawls.",
    "low_hangul_share": "Texts with hardly any Hangul among their letters.",
    "few_korean_lines": "Texts with too little prose in Korean lines: pages of another language with a Korean menu.",
    "not_korean": "Texts that a language identifier takes for another language.",
    "short_lines": "Texts whose lines are on average as short as those of menus and lists.",
    "list_lines": "Texts that are nearly all bullets.",
    "cut_lines": "Texts in which too many lines stop at dots within a sentence.",
    "repeated_lines": "Texts too much of which is in lines that stood earlier in them.",
    "repeated_paragraphs": "Texts too much of which is in paragraphs that stood earlier in them.",
    "many_digits": "Texts with too many digits: price lists, tables.",
    "many_symbols": "Texts with too many characters that are neither letters, digits nor blanks.",
    "few_sentence_ends": "Texts too little of which is in sentences that end as Korean ones do.",
    "few_particles": "Texts too few of whose Korean words carry a particle or an ending: lists of nouns.",
    "short_words": "Texts whose words are on average too short, as with a blank after every letter.",
    "long_words": "Texts whose words are on average too long, as without blanks.",
    "repeated_characters": "Texts too much of which is in runs of characters that stood earlier in them.",
    "bad_address": "Pages whose host or address is on a list.",
    "adult_words": "Pages that sell sex: words of a list, dense, and asked to join, call or pay.",
    "gambling_words": "Pages that sell gambling: words of a list, dense, and asked to join, call or pay.",
    "spam_words": "Pages that sell loans and the like: words of a list, dense, and asked to join, call or pay.",
    "menus": "Lines of menus and bars of links.",
    "breadcrumbs": "Lines that say where in its site a page stands.",
    "page_numbers": "Lines of page numbers and of links to the next page.",
    "skip_links": "Lines that lead readers past a page's menu.",
    "consent": "Lines that ask for consent to cookies and terms.",
    "sign_in": "Lines that ask readers to sign in or to join.",
    "bylines": "Lines that name the reporter of an article.",
    "copyright": "Lines that say who owns a page and forbid copying it.",
    "sharing": "Lines for sharing, printing and commenting.",
    "browser_notices": "Lines about what the reader's browser lacks.",
    "more_links": "Lines that only lead to more.",
    "post_details": "Lines with a post's date, author and number of views.",
    "related_links": "Headlines of other articles.",
    "templates": "Lines that a site's template left unfilled.",
    "repeated_id": "Documents with the id of another.",
    "repeated_address": "Documents with the web address of another.",
    "exact_copy": "Texts that differ from another one in blanks alone.",
    "near_copy": "Texts that share most of their runs of characters with another one, found by MinHash.",
    "repeated_passage": "Passages that stood in the corpus before; the first stays.",
    "too_short_without_repeats": "Texts of which too little was left without the passages that recur in the corpus.",
}
_FAMILIES = {
    "frequent_": "Texts too much of which is one run of so many words.",
    "normalised_": "Texts that were not in normal form in this respect.",
    "masked_": "Personal data of this kind; a placeholder stands in its stead.",
    "holds_": "Texts that hold examples of this evaluation task.",
}
"""By how the names of several rules begin."""


def stage_name(stage: str) -> str:
    """What a stage does, as a noun within a sentence; an unknown one by its own name."""
    return _STAGES.get(stage, stage)


def rule_sentence(rule: str) -> str:
    """What a rule looks for; an unknown one has no sentence.

    >>> rule_sentence("holds_nsmc"), rule_sentence("new_rule")
    ('Texts that hold examples of this evaluation task.', '')
    """
    family = (sentence for beginning, sentence in _FAMILIES.items() if rule.startswith(beginning))
    return _RULES.get(rule) or next(family, "")
