"""Pure: a flow as a Sankey chart: a band a source that narrows from stage to stage, and what each stage drops in grey.

Points are laid out along one axis and bands across it; a wide chart runs from left to right, a tall one downwards, for
phones. The amounts of a point and what was dropped before it together are as long as the amounts of the point before.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

from flows.corpus_report.corpus_flow import Flow, Point
from flows.corpus_report.figures import share, short

COLOURS = 7
"""Sources with a colour of their own; the smaller ones share one."""
DROPPED = "dropped"
_THICK = 14.0
_GAP, _DROP_GAP = 6.0, 16.0
_LABEL, _BASELINE = 18.0, 5.0
"""The height of a label beside a node, and how far below the node's middle its letters stand."""
_LONGEST_NAME = 17
"""Characters of a source's name beside the chart; the table has all of it."""
_THINNEST = 0.75
"""What is there at all can be seen."""


@dataclasses.dataclass(frozen=True)
class Band:
    """One source, or the small ones together, at each point."""

    name: str
    style: str
    """Of the style sheet: "band0", …"""
    amounts: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Shape:
    """A filled path; `title` is what a pointer over it shows."""

    style: str
    path: str
    title: str


@dataclasses.dataclass(frozen=True)
class Text:
    """A label; `anchor` as in SVG."""

    x: float
    y: float
    anchor: str
    style: str
    text: str


@dataclasses.dataclass(frozen=True)
class Chart:
    """A drawing in pixels."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    texts: tuple[Text, ...]


@dataclasses.dataclass(frozen=True)
class Node:
    """An amount at a point: from `start` to `end` across."""

    point: int
    start: float
    end: float
    amount: int
    style: str
    title: str


@dataclasses.dataclass(frozen=True)
class Ribbon:
    """What goes from a node to one at the next point."""

    point: int
    start: float
    end: float
    next_start: float
    next_end: float
    style: str
    title: str


@dataclasses.dataclass(frozen=True)
class Layout:
    """Nodes and ribbons, across in pixels, along in points."""

    nodes: tuple[Node, ...]
    ribbons: tuple[Ribbon, ...]

    def at(self, point: int, dropped: bool = False) -> list[Node]:
        """The nodes of one point, those of sources or the one of what was dropped before it."""
        return [node for node in self.nodes if node.point == point and (node.style == DROPPED) == dropped]


def bands(flow: Flow) -> tuple[Band, ...]:
    """The sources in their order; where there are too many, the last ones as one band."""
    sources = list(flow.points[0].amounts)
    own = sources if len(sources) <= COLOURS + 1 else sources[:COLOURS]
    found = [
        Band(source, f"band{number}", tuple(point.amounts[source] for point in flow.points))
        for number, source in enumerate(own)
    ]
    if rest := sources[len(own) :]:
        amounts = tuple(sum(point.amounts[source] for source in rest) for point in flow.points)
        found.append(Band(f"{len(rest)} others", f"band{COLOURS}", amounts))
    return tuple(found)


def lay_out(flow: Flow, extent: float, slot: float = 0.0) -> Layout:
    """Places everything; the most that there is at a point is `extent` long, without the gaps.

    Args:
      flow: what is drawn.
      extent: in pixels.
      slot: how far apart the middles of sources are at least, so that a label fits beside each.
    """
    scale = extent / max(max(point.total for point in flow.points), 1)
    layers = [_layer(flow, number, scale, slot) for number in range(len(flow.points))]
    nodes = [node for layer in layers for node in layer.values()]
    ribbons: list[Ribbon] = []
    for number in range(1, len(layers)):
        gone = _dropped(flow, number, layers[number], scale)
        nodes += [gone] if gone.amount else []
        ribbons += _ribbons(flow, number, layers[number - 1], layers[number], gone)
    return Layout(tuple(nodes), tuple(ribbons))


def _layer(flow: Flow, number: int, scale: float, slot: float) -> dict[str, Node]:
    """The nodes of one point by the style of their bands; none for a source that has nothing left."""
    nodes: dict[str, Node] = {}
    point, free, label = flow.points[number], 0.0, -slot
    for band in bands(flow):
        if amount := band.amounts[number]:
            length = max(amount * scale, _THINNEST)
            start = max(free, label + slot - length / 2)
            title = f"{band.name}, {point.label}: {amount:,} {flow.unit}"
            nodes[band.style] = Node(number, start, start + length, amount, band.style, title)
            free, label = start + length + _GAP, start + length / 2
    return nodes


def _lost(band: Band, number: int) -> int:
    return max(band.amounts[number - 1] - band.amounts[number], 0)


def _dropped(flow: Flow, number: int, layer: dict[str, Node], scale: float) -> Node:
    amount = sum(_lost(band, number) for band in bands(flow))
    start = max([node.end for node in layer.values()], default=-_DROP_GAP) + _DROP_GAP
    title = f"{amount:,} {flow.unit} gone {flow.points[number].label}"
    return Node(number, start, start + max(amount * scale, _THINNEST), amount, DROPPED, title)


def _ribbons(flow: Flow, number: int, before: dict[str, Node], after: dict[str, Node], gone: Node) -> Iterator[Ribbon]:
    """From each node of the point before, to the source's next node and to what was dropped."""
    place, label = gone.start, flow.points[number].label
    for band in bands(flow):
        if (old := before.get(band.style)) is None:
            continue
        stays = band.amounts[number]
        parted = old.start + (old.end - old.start) * min(stays / old.amount, 1.0)
        if new := after.get(band.style):
            title = f"{band.name}: {stays:,} {flow.unit} {label}"
            yield Ribbon(number - 1, old.start, parted, new.start, new.end, band.style, title)
        if lost := _lost(band, number):
            end = place + (gone.end - gone.start) * lost / gone.amount
            title = f"{band.name}: {lost:,} {flow.unit} gone {label}"
            yield Ribbon(number - 1, parted, old.end, place, end, DROPPED, title)
            place = end


def wide_chart(flow: Flow) -> Chart:
    """From left to right, 1,000 pixels wide, with the sources' names at both ends."""
    left, right, top, extent, width = 160.0, 240.0, 64.0, 300.0, 1000.0
    layout = lay_out(flow, extent, slot=_LABEL)
    step = (width - left - right - _THICK) / (len(flow.points) - 1)
    along = [left + step * number for number in range(len(flow.points))]
    texts: list[Text] = []
    for number, (x, point) in enumerate(zip(along, flow.points, strict=True)):
        middle = x + _THICK / 2
        texts.append(Text(middle, 20, "middle", "point", _capital(point.label)))
        texts.append(Text(middle, 40, "middle", "amount", _amount(flow, point)))
        texts += [
            Text(middle, top + gone.end + 17, "middle", "gone", _gone(gone)) for gone in layout.at(number, dropped=True)
        ]
    texts += _ends(flow, layout, left - 12, along[-1] + _THICK + 12, top)
    lowest = max([node.end for node in layout.nodes], default=0.0)
    return Chart(width, top + lowest + 30, tuple(_shapes(layout, along, top, False)), tuple(texts))


def _ends(flow: Flow, layout: Layout, left: float, right: float, top: float) -> Iterator[Text]:
    """The sources' names at the beginning, and what of each stays at the end."""
    by_style = {band.style: band for band in bands(flow)}
    for node in layout.at(0):
        yield Text(left, top + _middle(node), "end", "source", _fitted(by_style[node.style].name))
    for node in layout.at(len(flow.points) - 1):
        band = by_style[node.style]
        stays = f"{share(band.amounts[-1], band.amounts[0])} of {_fitted(band.name)}"
        yield Text(right, top + _middle(node), "start", "source", stays)


def tall_chart(flow: Flow) -> Chart:
    """Downwards, 360 pixels wide; the sources' names are in the legend."""
    margin, width, step, top = 4.0, 360.0, 118.0, 24.0
    gaps = _GAP * (len(bands(flow)) - 1) + _DROP_GAP
    layout = lay_out(flow, width - 2 * margin - gaps)
    along = [top + step * number for number in range(len(flow.points))]
    texts: list[Text] = []
    for number, (y, point) in enumerate(zip(along, flow.points, strict=True)):
        texts.append(Text(margin, y - 8, "start", "point", _capital(point.label)))
        texts.append(Text(width - margin, y - 8, "end", "amount", _amount(flow, point)))
        texts += [
            Text(width - margin, y + _THICK + 17, "end", "gone", _gone(gone))
            for gone in layout.at(number, dropped=True)
        ]
    return Chart(width, along[-1] + _THICK + 26, tuple(_shapes(layout, along, margin, True)), tuple(texts))


def _shapes(layout: Layout, along: Sequence[float], margin: float, down: bool) -> Iterator[Shape]:
    """Ribbons first, so that nodes lie over their ends."""

    def corner(at: float, across: float) -> str:
        x, y = (across + margin, at) if down else (at, across + margin)
        return f"{x:.1f},{y:.1f}"

    for ribbon in layout.ribbons:
        start, end = along[ribbon.point] + _THICK, along[ribbon.point + 1]
        bend = (start + end) / 2
        path = (
            f"M{corner(start, ribbon.start)} C{corner(bend, ribbon.start)} {corner(bend, ribbon.next_start)} "
            f"{corner(end, ribbon.next_start)} L{corner(end, ribbon.next_end)} C{corner(bend, ribbon.next_end)} "
            f"{corner(bend, ribbon.end)} {corner(start, ribbon.end)} Z"
        )
        yield Shape(f"ribbon {ribbon.style}", path, ribbon.title)
    for node in layout.nodes:
        start, end = along[node.point], along[node.point] + _THICK
        corners = [corner(at, across) for at, across in itertools.product((start, end), (node.start, node.end))]
        yield Shape(f"node {node.style}", "M{0} L{1} L{3} L{2} Z".format(*corners), node.title)


def _middle(node: Node) -> float:
    return (node.start + node.end) / 2 + _BASELINE


def _amount(flow: Flow, point: Point) -> str:
    first = flow.points[0]
    about = "about " if flow.estimated else ""
    kept = "" if point is first else f" ({share(point.total, first.total)})"
    return f"{about}{short(point.total)}{kept}"


def _gone(node: Node) -> str:
    return f"−{short(node.amount)}"


def _fitted(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _capital(label: str) -> str:
    return label[:1].upper() + label[1:]
