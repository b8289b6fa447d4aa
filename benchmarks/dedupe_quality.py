"""What of the planted set our near deduplication finds, and what datatrove's and text-dedup's find of it.

A pair is found when not both of its texts stay: they fell into one cluster. What goes is right when it is the planted
copy or the original of the text that stayed instead, or else truly resembles it.
"""

import dataclasses
import itertools
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from beam_jobs.dedupe_config import NearConfig
from benchmarks import dedupe_job
from benchmarks.harness import Findings
from benchmarks.peer_environment import Peers
from benchmarks.planted import PART_CHARACTERS, WAYS, Planted, planted_set
from benchmarks.repeated_corpus import write_files
from benchmarks.true_similarity import character_shingles, jaccard, similar_pairs, word_shingles

OURS = "ours"
RESEMBLES = 0.5
"""Jaccard similarity from which what went is right: the two share two thirds of their n-grams."""
NATURAL = 0.7
"""From which two different real texts count as near copies by nature."""
BINS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
FILES = 2

Matched = Mapping[str, str]
"""Of each text that went, the one that stayed instead."""


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two texts that may be taken for copies, and how similar they are."""

    one: Planted
    other: Planted
    way: str
    characters: float
    words: float

    @classmethod
    def of(cls, one: Planted, other: Planted, way: str = "") -> "Pair":
        """Measures both similarities."""
        texts = one.text, other.text
        return cls(one, other, way, jaccard(*texts, character_shingles), jaccard(*texts, word_shingles))

    def found(self, matched: Matched) -> bool:
        """Whether the two fell into one cluster."""
        return _survivor(self.one.id, matched) == _survivor(self.other.id, matched)


def measure_quality(texts: Sequence[str], peers: Peers | None, most: int) -> Findings:
    """Tables of recall by kind of copy and by similarity, and of precision; figures for the last line.

    Args:
      texts: whole documents.
      peers: None leaves them out.
      most: real texts in the planted set.
    """
    planted = planted_set(texts, most)
    matched = _run_all(planted, peers)
    copies, natural = copy_pairs(planted), natural_pairs(planted)
    removed = {name: _removed_pairs(planted, found) for name, found in matched.items()}
    recall = {name: _recalls(copies, found) for name, found in matched.items()}
    precision = {name: _precision(pairs) for name, pairs in removed.items()}
    return Findings(
        _rows_by_way(copies, natural, matched),
        _figures(recall, precision),
        [_note(planted)],
        {
            "Share found, by true similarity (character 5-grams) of the planted and natural pairs": _rows_by_similarity(
                [*copies, *natural], matched
            ),
            "Of what went, the share that is right": _precision_rows(removed, precision),
        },
    )


def copy_pairs(planted: Iterable[Planted]) -> list[Pair]:
    """Each planted copy with its original."""
    by_origin: dict[int, dict[bool, Planted]] = {}
    for text in planted:
        by_origin.setdefault(text.origin, {})[text.way == ""] = text
    return [Pair.of(both[True], both[False], both[False].way) for both in by_origin.values() if len(both) == 2]


def natural_pairs(planted: Sequence[Planted]) -> list[Pair]:
    """Different real texts that resemble each other all the same, by comparing every one with every other."""
    real = [text for text in planted if not text.way]
    found = similar_pairs([text.text for text in real], character_shingles, NATURAL)
    return [Pair.of(real[pair.first], real[pair.second]) for pair in found]


def _run_all(planted: Sequence[Planted], peers: Peers | None) -> dict[str, Matched]:
    near = NearConfig()
    bands, rows = near.bands
    with tempfile.TemporaryDirectory() as folder:
        documents = Path(folder, "documents")
        pairs = [(text.id, text.text) for text in planted]
        write_files([pairs[number::FILES] for number in range(FILES)], documents)
        matched: dict[str, Matched] = {OURS: dedupe_job.run(documents, Path(folder, "ours"), near).matched}
        for name, (script, settings) in _peer_runs(bands, rows, near.threshold).items() if peers else ():
            work = Path(folder, name)
            work.mkdir()
            request = {"folder": str(documents), "work": str(work), "workers": 2, **settings}
            matched[name] = peers.ask(script, request).result["matched"] if peers else {}
    return matched


def _peer_runs(bands: int, rows: int, threshold: float) -> dict[str, tuple[str, dict[str, Any]]]:
    """By the peers' defaults, and set to what we look for."""
    pipeline, minhash = "datatrove_pipeline.py", "text_dedup_minhash.py"
    tasks = {"tasks": FILES, "clusters": True}
    return {
        "datatrove": (pipeline, {"buckets": 14, "hashes": 8, **tasks}),
        f"datatrove {bands}×{rows}": (pipeline, {"buckets": bands, "hashes": rows, **tasks}),
        "text-dedup": (minhash, {"options": {}}),
        f"text-dedup {threshold}": (minhash, {"options": {"threshold": threshold}}),
    }


def _survivor(name: str, matched: Matched) -> str:
    while (other := matched.get(name, name)) != name:
        name = other
    return name


def _removed_pairs(planted: Sequence[Planted], matched: Matched) -> list[Pair]:
    """Each text that went, with the one that stayed instead; the way says whether one was made of the other."""
    by_id = {text.id: text for text in planted}
    pairs = ((by_id[name], by_id[_survivor(name, matched)]) for name in matched)
    return [Pair.of(one, other, one.way or other.way if one.origin == other.origin else "") for one, other in pairs]


def _recalls(copies: Sequence[Pair], matched: Matched) -> dict[str, float]:
    return {way: _share(pair.found(matched) for pair in copies if pair.way == way) for way in WAYS}


def _precision(removed: Sequence[Pair]) -> dict[str, float]:
    return {
        "characters": _share(bool(pair.way) or pair.characters >= RESEMBLES for pair in removed),
        "words": _share(bool(pair.way) or pair.words >= RESEMBLES for pair in removed),
    }


def _rows_by_way(
    copies: Sequence[Pair], natural: Sequence[Pair], matched: Mapping[str, Matched]
) -> list[dict[str, Any]]:
    groups = {way: [pair for pair in copies if pair.way == way] for way in WAYS}
    groups[f"alike by nature, {NATURAL} or more"] = list(natural)
    return [
        {
            "copy": name,
            "pairs": len(pairs),
            "characters alike": _mean(pair.characters for pair in pairs),
            "words alike": _mean(pair.words for pair in pairs),
            **_found_by(pairs, matched),
        }
        for name, pairs in groups.items()
        if pairs
    ]


def _found_by(pairs: Sequence[Pair], matched: Mapping[str, Matched]) -> dict[str, str]:
    return {method: f"{_share(pair.found(found) for pair in pairs):.3f}" for method, found in matched.items()}


def _rows_by_similarity(pairs: Sequence[Pair], matched: Mapping[str, Matched]) -> list[dict[str, Any]]:
    return [
        {
            "similarity": label,
            "pairs": len(own),
            **_found_by(own, matched),
        }
        for label, own in _binned(pairs).items()
        if own
    ]


def _precision_rows(
    removed: Mapping[str, Sequence[Pair]], precision: Mapping[str, Mapping[str, float]]
) -> list[dict[str, Any]]:
    return [
        {
            "by": name,
            "gone": len(pairs),
            "right": f"{precision[name]['characters']:.4f}",
            "right, by words": f"{precision[name]['words']:.4f}",
            "planted copies": sum(bool(pair.way) for pair in pairs),
            **{f"others {label}": sum(not pair.way for pair in own) for label, own in _binned(pairs).items()},
        }
        for name, pairs in removed.items()
    ]


def _binned(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    return {
        f"{low:.1f}–{min(high, 1.0):.1f}": [pair for pair in pairs if low <= pair.characters < high]
        for low, high in itertools.pairwise(BINS)
    }


def _figures(recall: Mapping[str, Mapping[str, float]], precision: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in recall:
        suffix = "" if name == OURS else "_" + name.replace("-", "_")
        if " " not in suffix:
            found[f"recall_5pct{suffix}"] = round(recall[name]["5 % edited"], 4)
            found[f"recall_10pct{suffix}"] = round(recall[name]["10 % edited"], 4)
            found[f"precision{suffix}"] = round(precision[name]["characters"], 4)
    return found


def _note(planted: Sequence[Planted]) -> str:
    real = sum(not text.way for text in planted)
    return (
        f"Planted: {real:,} real texts (documents, or parts of about {PART_CHARACTERS:,} characters) and "
        f"{len(planted) - real:,} copies, one of a text at most. Edited eojeols are replaced by another, dropped, "
        "given another ending or split in two, a quarter each; the share is of all eojeols. Alike: mean Jaccard "
        "similarity of 5-grams of letters and digits without blanks, and of 5-grams of words. Found: not both texts "
        "of the pair stay. Right: made of the text that stayed, or that of it, or as much as "
        f"{RESEMBLES} like it, by characters unless said otherwise. datatrove splits words at blanks (its tokenizer "
        "for Korean, Kiwi, is several times slower); without a number datatrove and text-dedup run by their "
        "defaults, with one at our bands and rows, or our threshold."
    )


def _share(answers: Iterable[bool]) -> float:
    """1 where there are none: nothing was lost, and nothing wrongly taken."""
    listed = list(answers)
    return sum(listed) / len(listed) if listed else 1.0


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
