"""The tokenizer's vocabulary: a given vocab.txt, looked over, or one trained on the corpus; and how well it fits.

One Beam job counts words, and all else is made of these counts in the process that launched it: the alphabet, the
pieces, and the report on text that was held aside.
"""

from collections.abc import Mapping
from typing import Any

from beam_jobs.config import RunnerConfig
from beam_jobs.each_file import input_files
from beam_jobs.storage import write_shard
from beam_jobs.vocabularies.alphabet import Alphabet, choose_alphabet, count_characters
from beam_jobs.vocabularies.counting import Counted, count_corpus, rows_of
from beam_jobs.vocabularies.given import read_compared, read_given, special_ids
from beam_jobs.vocabularies.report import ALL, REPORT_JSON, REPORT_TABLES, report_json, report_on, report_tables
from beam_jobs.vocabularies.training import train_pieces
from beam_jobs.vocabulary_config import OURS, VocabularyConfig, VocabularyTrainingConfig
from model.contract.errors import InputError
from model.contract.manifest import OutputFile, StageOutput
from model.contract.record import VOCABULARY_FILE
from model.contract.stage import Made


def make_vocabulary(
    config: VocabularyConfig,
    directory: str,
    documents: StageOutput | None = None,
    weights: Mapping[str, float] | None = None,
    runner: RunnerConfig | None = None,
) -> Made:
    """Copies the given vocabulary, or trains one, into a stage's directory, and reports on it.

    Args:
      config: which.
      directory: the stage's; what an earlier, unfinished try at counting left there is removed.
      documents: to train on, and to report on; without them there is no report.
      weights: how often a source's documents stand in training, where that is not once.
      runner: where Beam counts words.

    Raises:
      InputError: when a given vocabulary cannot serve, or the documents do not give one.
      SettingError: when weights leave a source out.
    """
    given = read_given(config) if config.train is None else None
    if documents is None:
        if given is None:
            raise InputError("a vocabulary is trained on documents, and there are none; name sources, or give a path.")
        file = _write(directory, given)
        return Made(outputs=[file], facts=_facts(given, file))
    compared = read_compared(config)
    counted = count_corpus(input_files(documents), config, weights or {}, directory, runner or RunnerConfig())
    facts: dict[str, Any] = {}
    if config.train is not None:
        given, alphabet = _trained(counted, config.train, documents)
        facts["alphabet"] = alphabet._asdict() | {"characters": len(alphabet.characters)}
    assert given is not None  # the settings are closed: it is given or trained
    report = report_on({OURS: given} | compared, rows_of(counted.eojeols))
    facts["report"] = {name: one | {"fit": one["fit"][ALL]} for name, one in report.items()}
    file, *others = _write(directory, given), *_write_report(directory, report)
    return Made(outputs=[file, *others], counters=counted.counters, facts=_facts(given, file) | facts)


def _trained(counted: Counted, config: VocabularyTrainingConfig, documents: StageOutput) -> tuple[list[str], Alphabet]:
    if not counted.words.num_rows:
        raise InputError(f"no document of {documents.directory} fell into the vocabulary's sample; give more of them.")
    alphabet = choose_alphabet(count_characters(rows_of(counted.words)), config)
    return train_pieces(rows_of(counted.words), alphabet.characters, config), alphabet


def _facts(pieces: list[str], file: OutputFile) -> dict[str, Any]:
    return {"size": len(pieces), "crc32c": file.crc32c, "special_ids": special_ids(pieces).model_dump()}


def _write(directory: str, pieces: list[str]) -> OutputFile:
    return write_shard(directory, VOCABULARY_FILE, ("\n".join(pieces) + "\n").encode(), len(pieces))


def _write_report(directory: str, report: Mapping[str, Mapping[str, Any]]) -> list[OutputFile]:
    files = {REPORT_JSON: report_json(report), REPORT_TABLES: report_tables(report).encode()}
    written = [write_shard(directory, name, data, 0) for name, data in files.items()]
    return [file.model_copy(update={"records": None}) for file in written]
