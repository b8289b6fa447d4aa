"""Our model's training step and inference beside transformers' PyTorch BigBird: time, memory, share of the matmul rate.

Real text of the sample, masked as in pretraining, batch 1, float32, BERT-base widths but two layers, dropout as in the
recipe, all cores. Each figure is of a process of its own, and the ways take turns, round after round; memory is the
most that the process held, compiler and libraries and all. Before a way is timed, its loss, dropout off, has to be
ours. We score the vocabulary at the masked positions alone; transformers' model scores it at every position and offers
nothing else, so its parts put together to do as ours does stand beside it: with few layers the vocabulary is half of
the work.
"""

import dataclasses
import statistics
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from benchmarks.child import Done, run_child
from benchmarks.harness import Findings, Options, Ratio, run_benchmark
from benchmarks.model_flops import inference_flops, training_flops
from benchmarks.model_picture import write_picture
from model.config import EncoderConfig

TRAINING, INFERENCE = "training step", "inference"
OURS, SPARSE, FULL = "ours, block-sparse", "transformers, block-sparse", "transformers, full attention"
PARTS = "transformers' parts, block-sparse, masked positions only"
THEIRS: dict[str, dict[str, Any]] = {
    SPARSE: {"attention": "block_sparse", "masked_only": False},
    PARTS: {"attention": "block_sparse", "masked_only": True},
    FULL: {"attention": "original_full", "masked_only": False},
}
WAYS = {TRAINING: (OURS, SPARSE, PARTS, FULL), INFERENCE: (OURS, SPARSE, FULL)}
LIBRARIES = ("TensorFlow", "NumPy")

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class _Setting:
    sizes: dict[str, Any]
    rounds: dict[int, int]
    """How often the ways take turns at each length."""
    ours_alone: tuple[int, ...]
    """Lengths that ours is measured at besides."""
    growth: tuple[int, int]
    steps: int
    """Of each process, after the first."""
    matmul_size: int
    inference: bool = True


@dataclasses.dataclass(frozen=True)
class _Measured:
    work: str
    length: int
    way: str
    runs: list[dict[str, float]]
    """Of each round: seconds of the first time and of later ones, peak_bytes."""

    @property
    def seconds(self) -> list[float]:
        return [run["seconds"] for run in self.runs]

    @property
    def peaks(self) -> list[float]:
        return [run["peak_bytes"] for run in self.runs]


LONG = _Setting(
    sizes={"layers": 2, "max_positions": 4_096},
    rounds={512: 1, 1_024: 3, 2_048: 1, 4_096: 3},
    ours_alone=(8_192, 16_384),
    growth=(1_024, 4_096),
    steps=3,
    matmul_size=4_096,
)
SHORT = _Setting(
    sizes={
        "hidden_size": 64,
        "layers": 1,
        "heads": 2,
        "intermediate_size": 128,
        "block_size": 16,
        "max_positions": 512,
    },
    rounds={256: 1},
    ours_alone=(512,),
    growth=(256, 512),
    steps=1,
    matmul_size=256,
    inference=False,
)


def measure(options: Options) -> Findings:
    """Every way at every length, each in processes of its own."""
    setting = SHORT if options.short else LONG
    with tempfile.TemporaryDirectory() as folder:
        lengths = [*setting.rounds, *setting.ours_alone]
        request = {"folder": folder, "encoder": setting.sizes, "steps": setting.steps}
        data = str(options.data.resolve()) if options.data else None
        losses = _run("model_inputs", {**request, "lengths": lengths, "data": data}).answer["losses"]
        before = {name: _matmul_rate(name, setting) for name in LIBRARIES}
        measured = list(_measure_ways(setting, request, losses))
        rates = {name: max(before[name], _matmul_rate(name, setting)) for name in LIBRARIES}
    rate = max(rates.values())
    rows = _rows(measured, setting, rate)
    if plot := options.folders.get("plot"):
        write_picture(rows, plot / "model.png")
    return Findings(rows, _figures(measured, setting, rate), _notes(rates, setting))


def _measure_ways(setting: _Setting, request: dict[str, Any], losses: dict[str, float]) -> Iterator[_Measured]:
    works = (TRAINING, INFERENCE) if setting.inference else (TRAINING,)
    for work in works:
        for length in (*setting.rounds, *setting.ours_alone):
            ways = WAYS[work] if length in setting.rounds else (OURS,)
            runs: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
            for number in range(setting.rounds.get(length, 1)):
                for way in ways[number % len(ways) :] + ways[: number % len(ways)]:
                    asked = {**request, "work": work, "length": length, "loss": losses.get(str(length))}
                    runs[way].append(_run_way(way, asked))
                    _tell(work, length, way, runs[way][-1])
            yield from (_Measured(work, length, way, runs[way]) for way in ways)


def _run_way(way: str, request: dict[str, Any]) -> dict[str, float]:
    if way != OURS:
        return _run("model_theirs", {**request, **THEIRS[way]}).answer
    encoder = request["encoder"]
    longest = max(encoder["max_positions"], request["length"])
    return _run("model_ours", {**request, "encoder": {**encoder, "max_positions": longest}}).answer


def _matmul_rate(library: str, setting: _Setting) -> float:
    return float(_run("matmul_rate", {"library": library, "size": setting.matmul_size}).answer["flops"])


def _run(module: str, request: dict[str, Any]) -> Done:
    return run_child(f"benchmarks.{module}", request)


def _tell(work: str, length: int, way: str, run: dict[str, float]) -> None:
    peak = run["peak_bytes"] / 1e9
    print(f"{work}, {length:,} tokens, {way}: {run['seconds']:.2f} s, {peak:.2f} GB", file=sys.stderr)


def _rows(measured: list[_Measured], setting: _Setting, rate: float) -> list[Row]:
    ours = {(each.work, each.length): each for each in measured if each.way == OURS}
    return [_row(each, ours[each.work, each.length], setting, rate) for each in measured]


def _row(each: _Measured, ours: _Measured, setting: _Setting, rate: float) -> Row:
    beside = each.way != OURS
    return {
        "work": each.work,
        "tokens": each.length,
        "way": each.way,
        "s": statistics.median(each.seconds),
        "first time, s": statistics.median(run["first"] for run in each.runs),
        "peak GB": statistics.median(each.peaks) / 1e9,
        "of the matmul rate": _flops(each, setting) / statistics.median(each.seconds) / rate,
        "ours is faster by (range)": str(Ratio.of(ours.seconds, each.seconds)) if beside else "",
        "ours takes of its memory": f"{1 / Ratio.of(ours.peaks, each.peaks).median:.2f}" if beside else "",
    }


def _flops(each: _Measured, setting: _Setting) -> int:
    config, full = EncoderConfig(**setting.sizes), each.way == FULL
    if each.work == INFERENCE:
        return inference_flops(config, each.length, full)
    return training_flops(config, each.length, each.length * 640 // 4_096, full)


def _figures(measured: list[_Measured], setting: _Setting, rate: float) -> dict[str, Any]:
    trained = {(each.length, each.way): each for each in measured if each.work == TRAINING}
    figures: dict[str, Any] = {"benchmark": "model"}
    for length in setting.rounds:
        ours = trained[length, OURS]
        for name, way in (("", SPARSE), ("_over_parts", PARTS), ("_over_full", FULL)):
            figures[f"train_speedup_{length}{name}"] = Ratio.of(ours.seconds, trained[length, way].seconds).median
        figures[f"memory_ratio_{length}"] = round(1 / Ratio.of(ours.peaks, trained[length, SPARSE].peaks).median, 3)
    shorter, longer = (trained[length, OURS] for length in setting.growth)
    seconds = statistics.median(longer.seconds)
    figures["matmul_fraction"] = round(_flops(longer, setting) / seconds / rate, 3)
    figures["growth"] = round(seconds / statistics.median(shorter.seconds), 2)
    return figures


def _notes(rates: dict[str, float], setting: _Setting) -> list[str]:
    config = EncoderConfig(**setting.sizes)
    fastest = ", ".join(f"{name} {found / 1e9:.0f}" for name, found in rates.items())
    return [
        f"One sequence a batch, float32, layers: {config.layers}, width: {config.hidden_size}. "
        "GB are 10^9 bytes, of the whole process; the first time includes compiling.",
        f"Matmul rate at {setting.matmul_size:,}³, GFLOP/s: {fastest}; the best counts. Shares of it count the model's "
        "own products, and the vocabulary at the masked positions.",
    ]


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure, {"plot": "where to put a picture of it, model.png"})
