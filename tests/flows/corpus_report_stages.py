"""A made-up corpus whose figures are known by heart, with texts that try to be more than text."""

from pathlib import Path
from typing import Any

from beam_jobs.tally import STATISTICS, Example, Tally
from model.contract.manifest import StageOutput
from tests.flows.finished_stages import stage

SCRIPT = "</script></title></style><script>window.hacked = 1</script>"
IMAGE = '"><img src="https://evil.example/x.png" onerror="window.hacked = 1"><b onclick=hacked()>'
HOSTILE = Example(
    "too_short", "doc-1", "news", "javascript:window.hacked=1", SCRIPT, f"첫째 줄\n둘째 {IMAGE}\u202e", ""
)
MASKED = Example(
    "masked_email",
    "doc-2",
    "news",
    f"https://example.org/?q={IMAGE}",
    "",
    "메일은 a@b.kr 입니다\n끝",
    "메일은 [이메일] 입니다\n끝",
)
BARE = Example("rule_without_a_sentence", "doc-3", "wiki", "", "대문", "대문\u200b", "")


def cleaning() -> Tally:
    """Of 5 documents with 2,350 characters 3 with 1,784 stay."""
    tally = Tally("clean")
    for source, before, after in (("news", 1000, 994), ("news", 500, 500), ("news", 50, None), ("wiki", 300, 290)):
        _through(tally, source, before, after)
    _through(tally, "wiki", 500, None)
    tally.drop("too_short", "news", 50)
    tally.drop("rule_without_a_sentence", "wiki", 500)
    tally.change("masked_email", "news", places=2, characters=6)
    tally.change("lines", "wiki", places=1, characters=10)
    for example in (HOSTILE, MASKED, BARE):
        tally.example(example)
    for url, door in (
        ("https://a.kr/1", "in"),
        ("https://a.kr/2", "in"),
        ("https://b.kr/", "in"),
        ("https://a.kr/1", "out"),
    ):
        tally.host(url, door)
    return tally


def deduplication() -> Tally:
    """Of those 3 documents 2 with 1,284 characters stay."""
    tally = Tally("dedupe")
    for source, before, after in (("news", 994, 994), ("news", 500, None), ("wiki", 290, 290)):
        _through(tally, source, before, after)
    tally.drop("near_copy", "news", 500)
    tally.host("https://a.kr/1", "in")
    return tally


def _through(tally: Tally, source: str, before: int, after: int | None) -> None:
    for door, characters in (("in", before), ("out", after)):
        if characters is not None:
            tally.flow(source, door, characters)
            tally.measure("characters", source, door, characters)
            if tally.stage == "clean":
                tally.measure("hangul_share", source, door, 0.9)


def _copy(id: str, title: str, excerpt: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "source": "news", "url": "https://a.kr/1", "title": title, "excerpt": excerpt, **more}


CLUSTERS = [
    {
        "size": 7,
        "survivor": _copy("doc-4", f"기사 {SCRIPT}", "오늘 비가 온다\n우산"),
        "members": [_copy("doc-5", "", f"내일 비가 온다\n우산{IMAGE}", similarity=0.875)],
    }
]


def reading(root: Path) -> StageOutput:
    counters = {
        "read_docs/news/documents": 3,
        "read_docs/wiki/documents": 2,
        "read_docs/wiki/skipped_redirect": 11,
        "read_docs/wiki/index_bytes": 5_555,
    }
    return stage(root, "read", counters=counters)


def sifted(root: Path, tally: Tally, clusters: Any = ()) -> StageOutput:
    return stage(root, tally.stage, files={STATISTICS: tally.to_json(clusters)}, settings={"least": 200})


def tokenizing(root: Path, weight: int = 1) -> StageOutput:
    """One token for two characters of news, one for ten of the others."""
    counters = {
        "tokenize_docs/news/train_documents": 1,
        "tokenize_docs/news/train_unique_tokens": 497,
        "tokenize_docs/news/train_tokens": 497 * weight,
        "tokenize_docs/wiki/validation_documents": 1,
        "tokenize_docs/wiki/validation_unique_tokens": 29,
        "tokenize_docs/wiki/validation_tokens": 29,
        "tokenize_docs/padding": 3,
    }
    return stage(root, "tokenize", counters=counters)


def corpus(root: Path) -> list[StageOutput]:
    """All stages."""
    unique = sifted(root, deduplication(), CLUSTERS)
    return [reading(root), sifted(root, cleaning()), unique, stage(root, "vocabulary"), tokenizing(root)]
