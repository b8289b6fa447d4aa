"""A compressed file's bytes as they are stored, read in chunks by what takes them member by member."""

from typing import BinaryIO

from beam_jobs.files.decompress import CHUNK


class StoredBytes:
    """A file's bytes from an offset on, in chunks; what was taken too much can be given back."""

    def __init__(self, file: BinaryIO, offset: int):
        file.seek(offset)
        self.offset = offset
        """Of the chunk that is taken next."""
        self._file, self._back = file, b""

    def take(self) -> bytes:
        """The next chunk; empty at the file's end."""
        chunk, self._back = self._back or self._file.read(CHUNK), b""
        self.offset += len(chunk)
        return chunk

    def give_back(self, end_of_chunk: bytes) -> None:
        """Takes back the end of the chunk that was taken last."""
        self._back = end_of_chunk
        self.offset -= len(end_of_chunk)

    def skip_padding(self) -> bool:
        """Passes over the zeros that writers may put behind a member or stream; False at the file's end."""
        while chunk := self.take():
            if rest := chunk.lstrip(b"\0"):
                self.give_back(rest)
                return True
        return False
