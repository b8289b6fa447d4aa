"""Zips and tars of texts: each member is read by its own format's reader, without unpacking the whole."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal, NamedTuple, cast

from beam_jobs.document import BadRecord
from beam_jobs.files.decompress import CHUNK, DamagedFile, decompressed
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.outcome import Outcome, Skipped
from beam_jobs.sources.packed.members import Member, MemberStream
from beam_jobs.sources.packed.tar_members import BLOCK, starts_as_tar, tar_members
from beam_jobs.sources.packed.zip_members import ZIP_START, Zip

Container = Literal["zip", "tar"]
_NAMED: dict[Container, re.Pattern[str]] = {
    "zip": re.compile(r"\.zip$", re.IGNORECASE),
    "tar": re.compile(r"\.(tar(\.(gz|bz2|zst))?|tgz|tbz2?|tzst)$", re.IGNORECASE),
}
_HIDDEN = re.compile(r"(^|/)(\.|__MACOSX/)")
_IN_MEMORY = 1 << 24
"""Bytes of a member that is copied; a larger one goes to disk."""


class MemberReader(NamedTuple):
    """What reads a member."""

    format: str
    read: Callable[[BinaryIO, Stretch], Iterator[Outcome]]
    seeks: bool
    """Whether it goes back and forth, so that it needs a copy."""


FindReader = Callable[[str], MemberReader | None]
"""What reads a member of such a name; None where it is none of the source's texts."""


def named_container(name: str) -> Container | None:
    """The kind of container that a file's name tells."""
    return next((kind for kind, pattern in _NAMED.items() if pattern.search(name)), None)


def container_of(file: BinaryIO) -> Container | None:
    """The kind of container that a file's beginning tells; the file is at byte 0 before and after."""
    start = file.read(4)
    file.seek(0)
    if start in ZIP_START:
        return "zip"
    plain = b""
    try:
        for chunk in decompressed(file):
            plain += chunk
            if len(plain) >= BLOCK:
                break
    except DamagedFile:
        pass
    file.seek(0)
    return "tar" if starts_as_tar(plain) else None


@dataclass(frozen=True)
class ContainerReader:
    """Reads containers for a source; a member's documents have ids by the member's name within its container."""

    source: str
    find_reader: FindReader

    def read(self, kind: Container, file: BinaryIO, stretch: Stretch) -> Iterator[Outcome]:
        """Yields the outcomes of the members in the stretch; of a tar, always of all.

        Members whose names tell no text of the source's are skipped and counted; folders, links and hidden files are
        not even that. A container within a container is read too, but none within that.
        """
        return self._members(kind, file, stretch, within=False)

    def _members(self, kind: Container, file: BinaryIO, stretch: Stretch, within: bool) -> Iterator[Outcome]:
        found, other = False, ""
        for member in _zip_members(file, stretch) if kind == "zip" else tar_members(decompressed(file)):
            if isinstance(member, DamagedFile):
                found = True
                yield self._bad(stretch, member)
            elif _HIDDEN.search(member.name):
                continue
            elif (outcomes := self._member(member, stretch, within)) is not None:
                found = True
                yield from outcomes
            else:
                other = member.name
                yield Skipped("other_member")
        if not found and stretch.end is None and not within:
            detail = f"no member's name tells a text of the source's, as in {other}" if other else "it holds no file"
            yield self._bad(stretch, DamagedFile("no_member", detail))

    def _member(self, member: Member, stretch: Stretch, within: bool) -> Iterator[Outcome] | None:
        """The outcomes of one member; None if it is no text of the source's."""
        inside = stretch._replace(name=f"{stretch.name}/{member.name}", start=0, end=None)
        if kind := named_container(member.name):
            if within:
                damage = DamagedFile("nested_container", "it lies within two other containers; unpack the outer one")
                return iter([self._bad(inside, damage)])
            return self._stream(member, inside, kind == "zip", lambda file: self._members(kind, file, inside, True))
        if reader := self.find_reader(member.name):
            inside = inside._replace(format=reader.format)
            return self._stream(member, inside, reader.seeks, lambda file: reader.read(file, inside))
        return None

    def _stream(
        self, member: Member, inside: Stretch, seeks: bool, read: Callable[[BinaryIO], Iterator[Outcome]]
    ) -> Iterator[Outcome]:
        """The outcomes of a member, and the damage that its reader did not meet."""
        stream = MemberStream(member.chunks)
        if seeks:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
                damage = _copy(stream, cast(BinaryIO, copy))
                if copy.tell() or not damage:
                    copy.seek(0)
                    yield from read(cast(BinaryIO, copy))
        else:
            yield from read(cast(BinaryIO, stream))
            damage = stream.drain()
        if damage:
            yield self._bad(inside, damage)

    def _bad(self, stretch: Stretch, damage: DamagedFile) -> BadRecord:
        return BadRecord(self.source, stretch.name, "end", damage.reason, str(damage))


def _copy(stream: MemberStream, copy: BinaryIO) -> DamagedFile | None:
    """Copies a member up to its damage, which is given back."""
    try:
        shutil.copyfileobj(cast(BinaryIO, stream), copy, CHUNK)
    except DamagedFile as damage:
        return damage
    return None


def _zip_members(file: BinaryIO, stretch: Stretch) -> Iterator[Member | DamagedFile]:
    try:
        yield from Zip(file).members(stretch.start, stretch.end)
    except DamagedFile as damage:
        yield damage
