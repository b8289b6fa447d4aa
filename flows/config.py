"""RunConfig: the settings of a whole run, from a preset and overrides."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import model_validator

from beam_jobs.config import CorpusConfig, RunnerConfig
from beam_jobs.dedupe_config import DecontaminateConfig, EvaluationConfig
from model.config import DeviceConfig, ModelConfig
from model.contract import places
from model.contract.errors import InputError, SettingError
from model.contract.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
PRESETS = PROJECT / "configs"


class RunConfig(Settings):
    """The data half and the model half side by side, and where each runs."""

    root: str
    """Where stages write: a folder or gs://bucket/folder."""
    corpus: CorpusConfig | None = None
    """What to build records from; not needed where there are `records`."""
    records: str = ""
    """A finished records directory to train on instead: made elsewhere, or KoBigBird's own, adopted."""
    model: ModelConfig = ModelConfig()
    runner: RunnerConfig = RunnerConfig()
    device: DeviceConfig = DeviceConfig()

    @property
    def to_build(self) -> CorpusConfig:
        """The corpus half.

        Raises:
          SettingError: when there is none.
        """
        if self.corpus is None:
            raise SettingError(
                f"this run trains on {self.records} and has no corpus to build; add one with its sources."
            )
        return self.corpus

    @property
    def decontaminate(self) -> DecontaminateConfig:
        """Which evaluation examples to keep out of the corpus: those named, and every dev set that is scored."""
        named = self.to_build.decontaminate.evaluations
        paths = {path for evaluation in named for path in evaluation.paths}
        scored = sorted({(task.task, task.dev) for task in self.model.finetune if task.dev not in paths})
        more = (EvaluationConfig(task=task, paths=(dev,)) for task, dev in scored)
        return self.to_build.decontaminate.model_copy(update={"evaluations": (*named, *more)})

    @model_validator(mode="after")
    def _there_is_something_to_train_on(self) -> Self:
        if self.corpus is None and not self.records:
            raise ValueError("corpus is missing and has no default; add it, or name a directory of records.")
        return self

    @model_validator(mode="after")
    def _records_fit_the_trainer(self) -> Self:
        if self.corpus is None or self.records:
            return self  # records that exist say themselves how long their sequences are
        packed, read = self.corpus.tokenize.sequence_length, self.model.pretrain.sequence_length
        if packed != read:
            raise ValueError(
                f"corpus.tokenize.sequence_length {packed} and model.pretrain.sequence_length {read} differ, so the "
                "trainer could not read the records; set both to the same."
            )
        return self


def load_run_config(preset: str, overrides: Mapping[str, Any] | None = None) -> RunConfig:
    """Builds the settings of a run.

    Args:
      preset: the name of a file in configs/, or the path of a YAML file.
      overrides: dotted keys and their values, `{"corpus.clean.min_characters": 300}`; list items by number.

    Relative places count from the project's folder in a preset given by name, else from the working directory.

    Raises:
      InputError: when there is no such preset, or it is no YAML.
      SettingError: on the first setting that cannot be.
    """
    path, base = _preset_file(preset)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{preset} is not YAML ({str(error).splitlines()[0]}); mend it or give another.") from None
    if not isinstance(values, dict):
        raise InputError(f"{preset} holds a {type(values).__name__}, not settings by name; see configs/tiny.yaml.")
    for key, value in (overrides or {}).items():
        put_setting(values, key, value)
    _anchor_places(values, base)
    return RunConfig.parse(values, path.name + (" with overrides" if overrides else ""))


def _preset_file(preset: str) -> tuple[Path, Path]:
    named = PRESETS / f"{preset}.yaml"
    if named.is_file():
        return named, PROJECT
    if Path(preset).is_file():
        return Path(preset), Path.cwd()
    known = ", ".join(sorted(path.stem for path in PRESETS.glob("*.yaml")))
    raise InputError(f"there is no preset {preset!r}; use {known}, or the path of a YAML file.")


def put_setting(values: dict[str, Any], key: str, value: Any) -> None:
    """Sets a dotted key, making the mappings on its way.

    Raises:
      SettingError: when something on the way is neither a mapping nor a list that goes so far.
    """
    *way, last = key.split(".")
    current: Any = values
    for part in way:
        if isinstance(current, list) and part.isdigit() and int(part) < len(current):
            current = current[int(part)]
        elif isinstance(current, dict):
            current = current.setdefault(part, {})
        else:
            raise SettingError(f"override {key}: nothing in the preset stands at {part!r}; see its file for names.")
    if isinstance(current, list) and last.isdigit() and int(last) < len(current):
        current[int(last)] = value
    elif isinstance(current, dict):
        current[last] = value
    else:
        raise SettingError(f"override {key}: nothing in the preset stands at {last!r}; see its file for names.")


def _anchor_places(values: dict[str, Any], base: Path) -> None:
    """Makes relative places absolute, so that a run means the same wherever its worker stands."""

    def remote(place: str) -> bool:
        return "://" in place or places.is_gs(place)

    def anchor(holder: Any, key: str) -> None:
        if isinstance(holder, dict) and isinstance(place := holder.get(key), str) and not remote(place):
            holder[key] = str(base / Path(place).expanduser())

    def below(*keys: str) -> Any:
        current: Any = values
        for key in keys:
            current = current.get(key) if isinstance(current, dict) else None
        return current

    def each(*keys: str) -> list[Any]:
        found = below(*keys)
        return found if isinstance(found, list) else []  # what is no list is refused later, by its name

    anchor(values, "root")
    anchor(values, "records")
    anchor(below("corpus", "vocabulary"), "path")
    if isinstance(compare := below("corpus", "vocabulary", "compare"), dict):
        for name in compare:
            anchor(compare, name)
    if (pretraining := below("model", "pretrain")) and pretraining.get("warm_start"):
        anchor(pretraining, "warm_start")
    for task in each("model", "finetune"):
        anchor(task, "train")
        anchor(task, "dev")

    def anchor_each(holder: Any, key: str) -> None:
        if isinstance(holder, dict) and isinstance(holder.get(key), list):
            named = {str(number): path for number, path in enumerate(holder[key])}
            for number in named:
                anchor(named, number)
            holder[key] = list(named.values())

    for source in each("corpus", "read", "sources"):
        anchor_each(source, "paths")
        anchor(source, "index")
        anchor(source, "base")
    clean = below("corpus", "clean")
    per_source = below("corpus", "clean", "per_source")
    for rules in (clean, *(per_source.values() if isinstance(per_source, dict) else ())):
        lists = rules.get("bad_pages") if isinstance(rules, dict) else None
        for words in lists.values() if isinstance(lists, dict) else ():
            anchor_each(words, "paths")
    for evaluation in each("corpus", "decontaminate", "evaluations"):
        anchor_each(evaluation, "paths")
