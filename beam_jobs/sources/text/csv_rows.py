"""Rows of CSV and TSV files, each with the place where it begins, whatever its quotes are like."""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from beam_jobs.files.lines import MAX_LINE


class Row(NamedTuple):
    """A row, or the reason why it is none."""

    offset: int
    """The byte at which it begins in the decompressed file."""
    line: int
    """The number of its first line, from 1."""
    values: list[str]
    error: str = ""


def file_encoding(sample: bytes) -> str:
    """Tells how a file is encoded by its beginning: "utf-8", or "cp949" if fewer of its bytes are wrong in that.

    >>> file_encoding("대한민국".encode("cp949"))
    'cp949'
    """
    return min(("utf-8", "cp949"), key=lambda encoding: _misfits(sample, encoding))


def _misfits(sample: bytes, encoding: str) -> int:
    # An incremental decoder does not mind a character that the sample's end cuts in two.
    return codecs.getincrementaldecoder(encoding)("replace").decode(sample).count("\ufffd")


class _RowLines:
    """Lines as csv.reader draws them, which can be put back when a quote turns out to have been no quote."""

    def __init__(self, lines: Iterator[tuple[int, bytes]], encoding: str):
        self._lines = enumerate(lines, start=1)
        self._encoding = encoding
        self._again: deque[tuple[int, int, str]] = deque()
        self._drawn: list[tuple[int, int, str]] = []
        self.ended_inside = False
        """Whether the file ended before the row did."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._again:
            self._drawn.append(self._again.popleft())
            return self._drawn[-1][2]
        try:
            number, (offset, line) = next(self._lines)
        except StopIteration:
            self.ended_inside = bool(self._drawn)
            raise
        if not offset:
            # Before a quoted name it would make the quotation marks a part of it.
            line = line.removeprefix(codecs.BOM_UTF8)
        # What does not decode stays in the text as lone surrogates, by which the one bad row is known.
        text = f"{line.decode(self._encoding, 'surrogateescape')}\n"
        self._drawn.append((offset, number, text))
        if len(line) > MAX_LINE:
            raise csv.Error(f"the line is longer than {MAX_LINE:,} bytes")
        return text

    @property
    def first(self) -> tuple[int, int, str]:
        """Offset, number and text of the row's first line."""
        return self._drawn[0]

    @property
    def several(self) -> bool:
        return len(self._drawn) > 1

    def next_row(self) -> None:
        self._drawn.clear()
        self.ended_inside = False

    def put_back_all_but_first(self) -> None:
        self._again.extendleft(reversed(self._drawn[1:]))


def csv_rows(lines: Iterator[tuple[int, bytes]], delimiter: str, encoding: str) -> Iterator[Row]:
    r"""Yields the rows of a table, the header first; each has as many values as the header, or an error.

    A quoted value may hold line ends. A quote that opens a value and is never closed, or only by one of a later
    row, is taken for text if the line by itself has all the columns, so that it does not swallow other rows.

    Args:
      lines: with their offsets and without line ends, as of `split_lines`.
      delimiter: "," or "\t".
      encoding: of the file.
    """
    # The module's own limit, 131,072 characters, is less than some articles have.
    csv.field_size_limit(MAX_LINE)
    drawn = _RowLines(lines, encoding)
    reader = csv.reader(drawn, delimiter=delimiter)
    width = 0
    while (row := _next_row(reader, drawn)) is not None:
        if not row.values and not row.error:
            continue
        width = width or len(row.values)
        error = row.error or _shape_error(row.values, width, delimiter, drawn)
        if error and (drawn.several or drawn.ended_inside):
            alone = drawn.first[2].rstrip("\r\n").split(delimiter)
            # The lines of a row that closes properly are its own, however many values it has.
            if len(alone) == width or row.error or drawn.ended_inside:
                drawn.put_back_all_but_first()
            if len(alone) == width:
                row, error = row._replace(values=alone), ""
        yield row._replace(error=error) if error or row.error else row


def _next_row(reader: Iterator[list[str]], drawn: _RowLines) -> Row | None:
    drawn.next_row()
    values, error = list[str](), ""
    try:
        values = next(reader)
    except StopIteration:
        return None
    except csv.Error as damage:
        error = str(damage)
    return Row(drawn.first[0], drawn.first[1], values, error)


def _shape_error(values: list[str], width: int, delimiter: str, drawn: _RowLines) -> str:
    if drawn.ended_inside:
        return "a quote is opened that nothing closes"
    if len(values) != width:
        return f"{len(values)} values in a table of {width} columns"
    # Tables parted by tabs seldom quote at all: a value with both tabs and line ends is other rows.
    if delimiter == "\t" and drawn.several and any("\t" in value and "\n" in value for value in values):
        return "a quoted value goes on over several rows"
    return ""
