"""JSON read piece by piece from a stream of bytes: of a large file, one document at a time is in memory."""

import codecs
import json
from collections.abc import Iterator
from typing import Any

_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"
_NEAR_THE_END = 16
"""Characters from the buffer's end within which an error may be a value that is not whole yet."""


class JsonEndsEarly(ValueError):
    """The text ends in the middle of a value."""


class JsonStream:
    """Takes marks ("{", "[", ":", …) and whole values from the front of a UTF-8 JSON text.

    Bytes that are not UTF-8 come out as lone surrogates, to be found in the record that holds them.
    """

    def __init__(self, chunks: Iterator[bytes]):
        """Starts at the first byte of `chunks`; whatever these raise passes through."""
        self._chunks = chunks
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._buffer = ""
        self._start = 0
        self._ended = False
        if self._skip_space() == "\ufeff":
            self._start += 1

    def take(self, mark: str) -> bool:
        """Consumes one character if it is the next that is no white space."""
        if self._skip_space() != mark:
            return False
        self._start += 1
        return True

    def expect(self, mark: str) -> None:
        """Consumes one character that has to come next.

        Raises:
          ValueError: when another comes, JsonEndsEarly when none does.
        """
        if not self.take(mark):
            found = self._skip_space()
            if not found:
                raise JsonEndsEarly(f"the text ends where {mark!r} should stand")
            raise ValueError(f"{found!r} stands where {mark!r} should")

    def value(self) -> Any:
        """Consumes one whole JSON value.

        Raises:
          ValueError: when it is malformed, JsonEndsEarly when the text ends before it does.
        """
        self._skip_space()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._start)
            except json.JSONDecodeError as error:
                if not self._may_go_on(error):
                    raise
                if not self._read():
                    raise JsonEndsEarly(str(error)) from None
                continue
            if isinstance(value, int | float) and self._number_may_go_on(end) and self._read():
                continue
            self._start = end
            return value

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - _NEAR_THE_END

    def _number_may_go_on(self, end: int) -> bool:
        """Whether only what may stand in a number lies between `end` and the buffer's end ("0" of "0.5")."""
        return not self._buffer[end:].strip("0123456789.eE+-")

    def _skip_space(self) -> str:
        """The next character that is no white space, or "" at the end."""
        while True:
            while self._start < len(self._buffer) and self._buffer[self._start] in _SPACE:
                self._start += 1
            if self._start < len(self._buffer):
                return self._buffer[self._start]
            if not self._read():
                return ""

    def _read(self) -> bool:
        """Adds a chunk to the buffer, dropping what was consumed; False at the end."""
        while not self._ended:
            chunk = next(self._chunks, None)
            self._ended = chunk is None
            if text := self._decode(chunk or b"", self._ended):
                self._buffer = self._buffer[self._start :] + text
                self._start = 0
                return True
        return False
