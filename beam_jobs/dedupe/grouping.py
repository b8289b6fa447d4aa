"""GroupInTurns: what has one key brought together and worked on, some partitions after the others."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import apache_beam as beam

TURNS = 8


@dataclasses.dataclass
class GroupInTurns(beam.PTransform):
    """`GroupByKey`, or `CoGroupByKey` for a mapping, and what is to be done with each group.

    A runner in memory holds what it groups about four times over while it hands it on: decoded, in a growing buffer,
    and copied out of that. So no more than an eighth is grouped at a time, and only what `then` makes of it is
    brought together again. Other runners do not mind.

    Attributes:
      then: from a partition's number and its elements (by tag, for a mapping) to any number of results.
    """

    then: Callable[[tuple[int, Any]], Iterator[Any]]

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, parts: Any) -> Any:
        """From (partition, element) to results."""
        tagged = parts if isinstance(parts, Mapping) else {"": parts}
        dealt = {tag: each | f"Deal{tag}" >> beam.Partition(_turn, TURNS) for tag, each in tagged.items()}
        results = []
        for number in range(TURNS):
            turn = {tag: turns[number] for tag, turns in dealt.items()}
            grouped = (
                turn | f"Group{number}" >> beam.CoGroupByKey()
                if isinstance(parts, Mapping)
                else turn[""] | f"Group{number}" >> beam.GroupByKey()
            )
            results.append(grouped | f"Then{number}" >> beam.FlatMap(self.then))
        return results | "Results" >> beam.Flatten()


def _turn(part: Any, turns: int) -> int:
    return int(part[0]) % turns
