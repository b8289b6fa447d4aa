"""What `benchmarks.model` measured, as a picture: seconds and memory over the length, a line for each way."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PANELS = (("s", "seconds"), ("peak GB", "peak memory, GB"))


def write_picture(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draws a row of two panels for each kind of work, and writes a PNG; its folder is made if need be."""
    from matplotlib.figure import Figure

    works = list(dict.fromkeys(row["work"] for row in rows))
    figure = Figure(figsize=(10, 4 * len(works)), dpi=100, layout="constrained")
    grid = figure.subplots(len(works), len(PANELS), squeeze=False)
    for work, panels in zip(works, grid, strict=True):
        for (column, label), axes in zip(PANELS, panels, strict=True):
            for way in dict.fromkeys(row["way"] for row in rows):
                points = [(row["tokens"], row[column]) for row in rows if (row["work"], row["way"]) == (work, way)]
                if points:
                    axes.loglog(*zip(*points, strict=True), "o-", base=2, label=way)
            tokens = sorted({row["tokens"] for row in rows if row["work"] == work})
            axes.set_xticks(tokens, [f"{number:,}" for number in tokens])
            axes.set(xlabel="tokens", ylabel=label, title=work)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            axes.grid(alpha=0.3)
    grid[0][0].legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    # No creation date or version in the file: equal figures make equal pictures.
    figure.savefig(path, format="png", metadata={"Software": None})
