"""Compiles a preset's train step for a described TPU, for one batch or for ever larger ones."""

from collections.abc import Callable
from dataclasses import dataclass

from model.config import EncoderConfig, PretrainConfig
from model.tpu_check.compiler_process import compile_program
from model.tpu_check.cost_report import CostReport, report
from model.tpu_check.topology import Topology
from model.tpu_check.whole_step import WholeStep

Say = Callable[[str], None]


@dataclass(frozen=True)
class Search:
    """The batches that were tried, smallest first, and the largest that fits; None when not even one sequence does."""

    tried: tuple[CostReport, ...]
    largest: CostReport | None


class TpuCheck:
    """Checks one run on one topology; the model is built once, compiling is what takes minutes.

    Args:
      encoder: the architecture.
      config: the run.
      topology: what to compile for.
      price_per_hour: of the whole slice.
      say: takes a line before and after each compilation.

    Raises:
      SettingError: by its methods, when the TPU's compiler is not installed.
    """

    def __init__(
        self,
        encoder: EncoderConfig,
        config: PretrainConfig,
        topology: Topology,
        price_per_hour: float | None = None,
        say: Say = lambda line: None,
    ) -> None:
        self._encoder, self._config, self._topology = encoder, config, topology
        self._price, self._say = price_per_hour, say
        say(f"building the model for the {topology.cores} cores of a {topology.name}")
        self._step = WholeStep(encoder, config, topology.cores)

    def one(self, batch: int) -> CostReport:
        """Compiles for a batch a core."""
        self._say(f"compiling for {batch} sequences a core")
        program = self._step.program(batch)
        outcome = compile_program(program.hlo, self._topology)
        found = report(outcome, self._topology, self._encoder, self._config, batch, program.sources, self._price)
        self._say(f"{batch} sequences a core: {verdict(found)}")
        return found

    def largest(self, first: int) -> Search:
        """Looks for the largest batch that fits: doubled until one does not, then halving what is between."""
        tried: dict[int, CostReport] = {}

        def fits(batch: int) -> bool:
            tried[batch] = self.one(batch)
            return tried[batch].fits

        best = largest_that(fits, first)
        return Search(tuple(tried[batch] for batch in sorted(tried)), tried.get(best))


def largest_that(fits: Callable[[int], bool], first: int) -> int:
    """The largest positive number that fits, or 0; asks as seldom as doubling and bisection from `first` can.

    Args:
      fits: true up to some number, false past it.
      first: where to begin.
    """
    good, bad = 0, None
    number = first
    while bad is None:
        if fits(number):
            good, number = number, number * 2
        else:
            bad = number
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if fits(middle) else (good, middle)
    return good


def verdict(found: CostReport) -> str:
    """Whether it fits, by how much, and how long a step takes, in half a sentence."""
    if not found.fits:
        return f"does not fit, {-found.spare_gib:.2f} GiB too much"
    return (
        f"fits, {found.spare_gib:.2f} GiB to spare; the compiler estimates {found.estimated_step_seconds:.4f} s a step"
    )
