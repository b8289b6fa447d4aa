"""Markdown files, each a document, with or without front matter."""

from collections.abc import Iterator
from typing import BinaryIO

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document, document_id
from beam_jobs.files.decompress import DamagedFile, decompressed
from beam_jobs.files.lines import MAX_LINE
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.outcome import Outcome, Skipped, checked
from beam_jobs.sources.text.front_matter import split_front_matter
from beam_jobs.sources.text.markdown_lines import plain_lines
from beam_jobs.sources.text.plain_text import first_bytes, text_encoding


def read_markdown(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields the one outcome of a file, which is known by its name.

    The title is that of the front matter, or else the first heading of level 1, which also stays in the text.
    """
    try:
        yield _outcome(first_bytes(decompressed(file)), source.name, stretch.name)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, "end", damage.reason, str(damage))


def _outcome(stored: bytes, source: str, file_name: str) -> Outcome:
    if len(stored) > MAX_LINE:
        return BadRecord(source, file_name, "file", "too_long", f"it is longer than {MAX_LINE:,} bytes")
    encoding = text_encoding(stored)
    try:
        content = stored.decode(encoding)
    except UnicodeDecodeError as error:
        return BadRecord(source, file_name, "file", "bad_encoding", str(error))
    said, markdown = split_front_matter(content.removeprefix("\ufeff").replace("\r\n", "\n"))
    try:
        lines, heading = plain_lines(markdown)
    except RecursionError as error:
        return BadRecord(source, file_name, "file", "bad_markdown", str(error))
    if not lines:
        return Skipped("no_text")
    document = Document(
        id=document_id(source, file_name),
        source=source,
        url=said.url,
        title=said.title or heading,
        text="\n".join(lines),
        date=said.date,
        language="",
        metadata=said.metadata if encoding == "utf-8" else {**said.metadata, "encoding": encoding},
    )
    return checked(document, file_name, "file")
