"""Decontamination: evaluation passages planted in real documents, how many are found, and what else is taken for one.

Each planting is one text of one example in one document, as it is or changed as copies on the web are changed. It is
found when a match touches its place. False drops are counted on the same documents before anything is planted.
"""

import bisect
import collections
import itertools
import random
import re
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from beam_jobs.clean_config import NormaliseConfig
from beam_jobs.cleaning.normal_form import Normaliser
from beam_jobs.config import CorpusConfig
from beam_jobs.decontamination.compared_letters import letters_of
from beam_jobs.decontamination.cutting import judge
from beam_jobs.decontamination.evaluation_index import build_index
from beam_jobs.decontamination.evaluation_texts import EvaluationText, evaluation_texts
from beam_jobs.decontamination.matching import Match, Matcher
from beam_jobs.dedupe_config import DecontaminateConfig
from beam_jobs.read_docs import PieceReading
from beam_jobs.read_plan import find_sources, plan_pieces
from benchmarks.corpus_text import corpus_config
from benchmarks.harness import Findings, Options, run_benchmark
from benchmarks.planted_passages import CHANGES, Planting, plant
from flows.tables import Row
from model.contract.errors import InputError

SAMPLE = Path(__file__).parents[1] / "sample"
FILES = {
    "nsmc": r"ratings_(train|test)\.txt",
    "klue_nli": r"klue-nli.*\.json",
    "klue_sts": r"klue-sts.*\.json",
    "korquad_1": r"KorQuAD_v1.*\.json",
    "klue_mrc": r"klue-mrc.*\.json",
    "tydi_qa": r"(tydiqa|tiny_dev).*\.jsonl\.gz",
    "korquad_2": r"korquad_?2.*\.(json|zip)",
    "fake_news": r"mission.*\.csv",
    "modu_sentiment": r"EXSA.*\.json",
}
"""What the tasks' files are called."""
SEED = 7
PLANTED, PLANTED_SHORT = 200, 30
"""Texts of a task and a length that are planted in each way."""
_FEWEST_WORDS, _MOST_WORDS = 8, 13
"""GPT-3's (arXiv:2005.14165, app. C)."""
_HOST = range(500, 20_000)
"""Characters of the documents in which passages are planted."""


def measure(options: Options) -> Findings:
    """Plants, looks, and looks at the documents as they were."""
    config = DecontaminateConfig.parse({"evaluations": _evaluations(options.data or SAMPLE)}, "the benchmark")
    documents = list(_documents(_corpus(options.data)))
    texts = list(evaluation_texts(config.evaluations))
    index = build_index(texts, config)
    matcher = Matcher(index, config)
    found = {text: matches for text in documents if (matches := matcher.matches(text))}
    hosts = [text for text in documents if len(text) in _HOST and text not in found]
    if not hosts:
        raise InputError(f"no document of {_HOST.start} to {_HOST.stop} characters to plant in; give a larger corpus.")
    tried = _recall(texts, hosts, matcher, config, PLANTED_SHORT if options.short else PLANTED)
    listed = [_shown(text, match) for text, matches in found.items() for match in matches]
    return _findings(tried, index.counts, Clean(len(documents), len(found), _speed(hosts, matcher), listed))


def _shown(text: str, match: Match) -> Row:
    passage = " ".join(text[match.start : match.end].split())
    return {"example": str(match.example), "share": f"{match.share:.2f}", "letters": match.letters, "text": passage}


def _evaluations(folder: Path) -> list[dict[str, object]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = {task: [str(file) for file in files if re.fullmatch(name, file.name)] for task, name in FILES.items()}
    if not any(found.values()):
        raise InputError(f"{folder} holds no evaluation file, such as ratings_test.txt; name a folder that does.")
    return [{"task": task, "paths": paths} for task, paths in found.items() if paths]


def _corpus(data: Path | None) -> CorpusConfig:
    return corpus_config(data / "corpus" if data and (data / "corpus").is_dir() else data)


def _documents(config: CorpusConfig) -> Iterator[str]:
    """Every document that is read, none of them cleaned."""
    found = find_sources(config.read.sources)
    settings = {source.config.name: source.config for source in found}
    normalise = Normaliser(NormaliseConfig())
    for piece in plan_pieces(found, config.read):
        for document in PieceReading(piece, settings[piece.source], dead_letters=1).documents():
            yield normalise(document.text)[0]


class Clean(NamedTuple):
    """What was seen where nothing was planted."""

    documents: int
    matched: int
    speed: float
    """MB of UTF-8 a second."""
    listed: Sequence[Row]


class Tried(NamedTuple):
    """What one planting came to."""

    task: str
    letters: int
    """How many the text has at least: the lower border of its group."""
    of: int
    """How many texts of this task and group there are."""
    change: str
    found: bool
    lost: int
    """Characters of the document that would be cut along with the passage."""
    left: float
    """The share of the passage's characters that would not be cut."""
    by_words: bool
    """Whether a run of 8 to 13 words in common would have told it."""


def _recall(
    texts: Sequence[EvaluationText], hosts: Sequence[str], matcher: Matcher, config: DecontaminateConfig, most: int
) -> list[Tried]:
    chance = random.Random(SEED)
    borders = _borders(config)
    groups: dict[tuple[str, int], set[str]] = collections.defaultdict(set)
    for text in texts:
        if group := bisect.bisect_right(borders, len(letters_of(text.text).codes)):
            groups[text.task, borders[group - 1]].add(text.text)
    tried = []
    for (task, letters), own in groups.items():
        for text, (name, change) in itertools.product(chance.sample(sorted(own), min(most, len(own))), CHANGES.items()):
            planting = plant(chance.choice(hosts), change(text, chance), chance)
            by_words = _common_words(text, planting.text)
            tried.append(Tried(task, letters, len(own), name, *_look(planting, matcher, config), by_words))
    return tried


def _borders(config: DecontaminateConfig) -> list[int]:
    """The least letters of each group: of the texts looked for as whole lines, of those of which a half is too short
    to be looked for, of other sentences, and of longer texts.
    """
    return [config.min_whole_characters, config.min_characters, 2 * config.min_characters, 100]


def _look(planting: Planting, matcher: Matcher, config: DecontaminateConfig) -> tuple[bool, int, float]:
    matches = matcher.matches(planting.text)
    found = any(match.start < planting.end and match.end > planting.start for match in matches)
    cuts = judge(planting.text, matches, config).cut
    inside = sum(max(0, min(end, planting.end) - max(start, planting.start)) for start, end in cuts)
    return found, sum(end - start for start, end in cuts) - inside, 1 - inside / (planting.end - planting.start)


def _common_words(example: str, text: str) -> bool:
    """Whether a text holds 13 words of an example in a row, or all of its words where they are 8 to 12."""
    words, others = (re.findall(r"\w+", each.casefold()) for each in (example, text))
    length = min(max(len(words), _FEWEST_WORDS), _MOST_WORDS)
    return not _word_runs(words, length).isdisjoint(_word_runs(others, length))


def _word_runs(words: Sequence[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def _speed(pages: Sequence[str], matcher: Matcher) -> float:
    """MB of UTF-8 a second of one core."""
    began = time.process_time()
    for text in pages:
        matcher.matches(text)
    return sum(len(text.encode()) for text in pages) / 1e6 / (time.process_time() - began)


def _findings(tried: Sequence[Tried], counts: Mapping[str, Mapping[str, int]], clean: Clean) -> Findings:
    groups = {(one.task, one.letters): one.of for one in tried}
    rows = [
        {"task": task, "letters from": letters, "texts": of}
        | _recall_by_change([one for one in tried if (one.task, one.letters) == (task, letters)])
        for (task, letters), of in sorted(groups.items())
    ]
    _, sentence, long, _ = _borders(DecontaminateConfig())
    since = {least: [one for one in tried if one.letters >= least] for least in (sentence, long)}
    fates = sorted({fate for found in counts.values() for fate in found})
    tables = {
        "Beside a run of 8 to 13 words in common, as GPT-3": [
            {"compared": name, "letters from": least} | _recall_by_change(own)
            for least, ours in since.items()
            for name, own in (("letters", ours), ("words", [one._replace(found=one.by_words) for one in ours]))
        ],
        "Texts of the examples": [
            {"task": task} | {fate: found.get(fate, 0) for fate in fates} for task, found in counts.items()
        ],
    }
    if clean.listed:
        tables["Matches where nothing was planted"] = list(clean.listed)
    found = [one for one in tried if one.found]
    notes = (
        f"{clean.matched} of {clean.documents:,} documents without a planting hold what looks like an example.",
        f"Where a planting was found, {statistics.mean(one.left for one in found):.1%} of its characters would stay, "
        f"and {statistics.mean(one.lost for one in found):.0f} characters of the document would go along with it, "
        f"{max(one.lost for one in found):,} at most.",
        f"Clean documents of a page and more pass at {clean.speed:.0f} MB/s on one core.",
    )
    figures = {
        "recall": {f"from_{least}": _recall_figures(own) for least, own in since.items()},
        "false_drops": clean.matched,
        "documents": clean.documents,
        "megabytes_per_second": round(clean.speed, 1),
    }
    return Findings(rows, {"benchmark": "decontamination", **figures}, notes, tables)


def _recall_by_change(tried: Sequence[Tried]) -> Row:
    return {change: f"{share:.0%}" for change, share in _recall_figures(tried).items()}


def _recall_figures(tried: Sequence[Tried]) -> dict[str, float]:
    return {change: round(_share(one.found for one in tried if one.change == change), 4) for change in CHANGES}


def _share(found: Iterable[bool]) -> float:
    every = list(found)
    return sum(every) / len(every)


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
