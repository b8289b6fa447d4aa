"""Multistream dumps: bzip2 streams of about 100 pages each, with an index (`offset:page id:title`) of where they begin.

A dump NAME-multistream.xml.bz2 has its index beside it, called NAME-multistream-index.txt.bz2 or .txt; the parts of a
large dump (NAME-multistream1.xml-p1p41242.bz2) have theirs (NAME-multistream-index1.txt-p1p41242.bz2).
"""

import itertools
import re
from collections.abc import Iterable, Iterator

from beam_jobs.config import SourceConfig
from beam_jobs.files.bzip2_streams import STREAM_START
from beam_jobs.files.decompress import DamagedFile, decompressed
from beam_jobs.files.fetching import MissingFile
from beam_jobs.files.raw_files import RawFile, open_raw, read_range
from beam_jobs.files.stretch import Cut, Stretch
from model.contract.errors import InputError

_DUMP_NAME = re.compile(r"-multistream(\d*)\.xml(-p\d+p\d+)?\.bz2$")
_ENTRY = re.compile(rb"^(\d+):(\d+):", re.MULTILINE)
_NO_ENTRY = re.compile(rb"^(?!\d+:\d+:)[^\r\n]", re.MULTILINE)
_START_BYTES = 10


def cut_multistream(file: RawFile, source: SourceConfig, stretch: Stretch, target: int) -> list[Cut]:
    """Cuts a dump that has an index where its streams begin; other dumps stay whole.

    Of a dump that ends before its index does, what is there is read and the cut counted.

    Raises:
      InputError: when the source's index is missing or is none, or is that of another dump.
    """
    index = find_index(source, file.path)
    if index is None:
        return [Cut(stretch, file.bytes)]
    size = file.bytes or _size(file.path)
    offsets = _offsets(index)
    first = next(offsets, size)
    starts = [0, *_cut_offsets(itertools.chain([first], offsets), target, size)]
    for offset in {first, *starts[1:]}:
        _refuse_strange_index(file.path, index, offset)
    ends = [*starts[1:], None]
    return [
        Cut(stretch._replace(start=start, end=end), (end or size) - start)
        for start, end in zip(starts, ends, strict=True)
    ]


def find_index(source: SourceConfig, path: str) -> str | None:
    """The path of a dump's index: the one that the source names, or else the one beside the dump, if any."""
    if source.index is not None:
        return source.index
    if (named := _DUMP_NAME.search(path)) is None:
        return None
    part, pages = named[1], named[2] or ""
    beside = f"{path[: named.start()]}-multistream-index{part}.txt{pages}"
    return next((index for index in (f"{beside}.bz2", beside) if _is_there(index)), None)


def pages_of_stream(index: str, offset: int) -> list[str]:
    """The ids of the pages in the stream at an offset, as far as the index can be read."""
    pages: list[str] = []
    try:
        for entry_offset, page in _entries(index):
            if entry_offset == offset:
                pages.append(page)
            elif pages:
                break
    except InputError:
        pass  # that a stream is damaged is told without its pages too
    return pages


def _cut_offsets(offsets: Iterable[int], target: int, size: int) -> Iterator[int]:
    """The first offsets that lie at least a target's bytes behind the one before; none behind the dump's end."""
    last = 0
    for offset in offsets:
        if last + target <= offset < size:
            yield offset
            last = offset


def _offsets(index: str) -> Iterator[int]:
    """Where streams begin, each once, in order."""
    last = -1
    for offset, _ in _entries(index):
        if offset < last:
            raise InputError(f"{index} is no index of a multistream dump (its offsets do not rise); fetch it again.")
        if offset > last:
            yield offset
        last = offset


def _entries(index: str) -> Iterator[tuple[int, str]]:
    """Offsets and page ids.

    Raises:
      InputError: when it is damaged, or has a line that is no entry.
    """
    begun = b""
    with open_raw(index) as file:
        try:
            for chunk in itertools.chain(decompressed(file), (b"\n",)):
                lines, _, begun = (begun + chunk).rpartition(b"\n")
                if _NO_ENTRY.search(lines):
                    raise InputError(f"{index} is no index of a multistream dump (lines `offset:page id:title`).")
                for entry in _ENTRY.finditer(lines):
                    yield int(entry[1]), entry[2].decode()
        except DamagedFile as damage:
            raise InputError(f"{index} is damaged ({damage}); fetch it again, or take it away.") from None


def _refuse_strange_index(dump: str, index: str, offset: int) -> None:
    if not STREAM_START.match(read_range(dump, offset, offset + _START_BYTES)):
        raise InputError(
            f"{index} is not the index of {dump}: no bzip2 stream begins at byte {offset:,}; fetch the index of the "
            "same date, or take it away to read the dump in one stretch."
        )


def _size(path: str) -> int:
    with open_raw(path) as file:
        return file.seek(0, 2)


def _is_there(path: str) -> bool:
    try:
        with open_raw(path) as file:
            file.read(1)
    except MissingFile:
        return False
    return True
