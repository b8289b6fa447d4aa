"""The TPU slices that a step can be compiled for, and what their makers tell of them."""

from dataclasses import dataclass

from model.config import PretrainConfig
from model.contract.errors import SettingError

GIB = 2**30


@dataclass(frozen=True)
class Core:
    """What runs one replica: a core of v2 and v3, a whole chip of the later generations.

    Attributes:
      memory: bytes.
      usable: bytes that the compiler leaves a program of it.
      clock: Hz; the compiler counts some of its estimates in cycles.
      peak_flops: in bfloat16, a second.
    """

    memory: int
    usable: int
    clock: float
    peak_flops: float


@dataclass(frozen=True)
class Topology:
    """A slice of a TPU generation, as the compiler knows it.

    Attributes:
      name: as Google Cloud names the slice.
      compiler_name: as libtpu names it.
      cores: replicas of the slice.
      core: what each of them runs on.
      chip_config: libtpu's name of how a chip's cores are used; its default when empty.
    """

    name: str
    compiler_name: str
    cores: int
    core: Core
    chip_config: str = ""


# Usable memory: what the compiler of libtpu 0.0.52 calls available when it refuses a program, to two digits of a GiB.
# Memory and peaks: Google Cloud's TPU pages, "System architecture" of each generation; those of v2 and v3 are a chip's,
# which has two cores. Clocks: Norrie et al., IEEE Micro 41(2), 2021 (v2, v3); Jouppi et al., arXiv:2304.01433, table 4
# (v4). v5e's is not published: 1.5 GHz follows from its peak and four units of 128 x 128 multiply-adds a cycle.
V2 = Core(memory=8 * GIB, usable=int(7.48 * GIB), clock=700e6, peak_flops=45e12 / 2)
V3 = Core(memory=16 * GIB, usable=int(15.48 * GIB), clock=940e6, peak_flops=123e12 / 2)
V4 = Core(memory=32 * GIB, usable=int(30.75 * GIB), clock=1_050e6, peak_flops=275e12)
V5E = Core(memory=16 * GIB, usable=int(15.75 * GIB), clock=1_500e6, peak_flops=197e12)

TOPOLOGIES = {
    topology.name: topology
    for topology in (
        Topology("v2-8", "v2:2x2", 8, V2),
        Topology("v3-8", "v3:2x2", 8, V3),
        Topology("v4-8", "v4:2x2x1", 4, V4, chip_config="megacore"),
        Topology("v5e-1", "v5e:1x1", 1, V5E),
        Topology("v5e-4", "v5e:2x2", 4, V5E),
        Topology("v5e-8", "v5e:2x4", 8, V5E),
    )
}
"""By name. A v4-8 counts eight cores but runs one program on both cores of a chip: four replicas."""


def topology_named(name: str) -> Topology:
    """The slice of a name; "v5e" alone is a v5e-8.

    Raises:
      SettingError: when there is none.
    """
    name = {"v5e": "v5e-8"}.get(name, name)
    if name not in TOPOLOGIES:
        raise SettingError(f"there is no topology {name!r} to compile for; use {', '.join(TOPOLOGIES)}.")
    return TOPOLOGIES[name]


def batch_per_core(config: PretrainConfig, topology: Topology) -> int:
    """A core's share of the run's batch.

    Raises:
      SettingError: when the batch cannot be dealt to the cores.
    """
    if config.batch_size % topology.cores:
        raise SettingError(
            f"pretrain.batch_size {config.batch_size} cannot be dealt to the {topology.cores} cores of a "
            f"{topology.name}; use a multiple of {topology.cores}, or give --batch, the sequences of one core."
        )
    return config.batch_size // topology.cores
