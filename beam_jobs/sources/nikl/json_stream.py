"""JSON read piece by piece from a stream of bytes: of a large list, little more than one element is in memory."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from beam_jobs.files.decompress import DamagedFile

BATCH = 1 << 20
"""Characters read at a time."""
_LONGEST_START = 1_024
"""Characters that the start of an element may take."""
_NEAR_THE_END = 16
"""Characters from the buffer's end within which an error may be a value that is not whole yet."""
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_HALF_PAIR = re.compile(r"\\(?=u[dD])")
"""An escape of half a surrogate pair; written so, the pattern is searched for by its one first character."""
_BETWEEN_ELEMENTS = re.compile(r"[ \t\r\n,]*")


class JsonEndsEarly(ValueError):
    """The text ends in the middle of a value."""


class DamagedElement(NamedTuple):
    """What stands where an element of a list should; reading went on behind it."""

    characters: int
    """How many were passed over."""
    error: str


class JsonStream:
    """Takes marks ("{", "[", ":", …), whole values and the elements of a list from the front of a UTF-8 JSON text.

    Bytes that are not UTF-8 come out as lone surrogates, to be found in the record that holds them. Where the bytes
    end in damage, DamagedFile is raised after all that stands before it was handed out.
    """

    def __init__(self, chunks: Iterator[bytes], batch: int = BATCH):
        """Starts at the first byte of `chunks`; reads `batch` characters ahead."""
        self._chunks = chunks
        self._batch = batch
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._buffer = ""
        self._start = 0
        self._ended = False
        self._damage: DamagedFile | None = None
        self._lost_end = False
        self.doubtful = False
        """Whether the text so far may hold lone surrogates: it had bytes that are not UTF-8, or escapes of such."""
        if self.next_mark() == "\ufeff":
            self._start += 1

    def next_mark(self) -> str:
        """The next character that is no white space, or "" at the end."""
        return self._skip(_SPACE)

    def take(self, mark: str) -> bool:
        """Consumes one character if it is the next that is no white space."""
        if self.next_mark() != mark:
            return False
        self._start += 1
        return True

    def expect(self, mark: str) -> None:
        """Consumes one character that has to come next.

        Raises:
          ValueError: when another comes, JsonEndsEarly when none does.
        """
        if not self.take(mark):
            found = self.next_mark()
            if not found:
                raise self._end(f"the text ends where {mark!r} should stand")
            raise ValueError(f"{found!r} stands where {mark!r} should")

    def value(self, most: int | None = None) -> Any:
        """Consumes one whole JSON value, of no more than about `most` characters.

        Raises:
          ValueError: when it is malformed or longer, JsonEndsEarly when the text ends before it does.
        """
        self.next_mark()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._start)
            except json.JSONDecodeError as error:
                if not self._may_go_on(error):
                    raise
                if self._ended:
                    raise self._end(str(error)) from None
            else:
                if not self._number_may_go_on(value, end):
                    self._start = end
                    return value
            held = len(self._buffer) - self._start
            if most is not None and held > most:
                raise ValueError(f"a value has more than {most:,} characters")
            self._fill(2 * held)

    def elements(self, start: re.Pattern[str]) -> Iterator[Any | DamagedElement]:
        """Yields the elements of a list whose "[" was taken, and consumes its "]".

        Args:
          start: what elements usually begin with and what stands nowhere else, in at most 1,024 characters. Behind
            damage, reading goes on at the next; elements that begin otherwise are read too, but damage in them may
            cost all that follow until one begins so.

        Raises:
          JsonEndsEarly: when the text ends before the list does.
        """
        needed = self._batch
        while mark := self._skip(_BETWEEN_ELEMENTS):
            self._fill(needed)
            sure, before = self._last(start), self._start
            if mark == "]" and sure is None:
                break
            # An element that begins as usual is whole as soon as the next one begins: it need not be tried before.
            if sure is not None or self._ended or not start.match(self._buffer, self._start):
                yield from self._decoded(start, sure)
            needed = self._batch if self._start > before else 2 * (len(self._buffer) - self._start)
        if not self._lost_end:
            self.expect("]")

    def drain(self) -> None:
        """Reads the bytes to their end, so that whoever gives them can find damage there."""
        while not self._ended:
            self._start = len(self._buffer)
            self._fill(self._batch)
        if self._damage:
            raise self._damage

    def _decoded(self, start: re.Pattern[str], sure: int | None) -> Iterator[Any | DamagedElement]:
        """The elements up to `sure`, where one begins, or else as many as the buffer holds whole."""
        buffer, position = self._buffer, self._start
        limit = len(buffer) if sure is None else sure
        decode, between = _DECODER.raw_decode, _BETWEEN_ELEMENTS.match
        while position < limit and (sure is not None or buffer[position] != "]"):
            error: Exception | None = None
            try:
                value, end = decode(buffer, position)
            except (ValueError, RecursionError) as raised:
                error = raised
            else:
                if end <= limit and (sure is not None or not self._number_may_go_on(value, end)):
                    yield value
                    position = between(buffer, end).end()  # type: ignore[union-attr]
                    continue
            self._start = position
            if sure is None and self._wants_more(error):
                return
            passed = self._pass_over(start)
            yield DamagedElement(passed, str(error or "another element begins within this one"))
            if sure is None:
                return
            position = self._start
        self._start = position

    def _wants_more(self, error: Exception | None) -> bool:
        """Whether a value that ended in this error may be whole when more is read; raises when there is no more."""
        if error is not None and not self._may_go_on(error):
            return False
        if self._ended:
            raise self._end(str(error))
        return True

    def _last(self, start: re.Pattern[str]) -> int | None:
        """Where the last element in the buffer begins, if it is not the first."""
        window = 64 * _LONGEST_START
        upper = len(self._buffer)
        while upper > self._start + 1:
            lower = max(self._start + 1, upper - window)
            # What begins in one window may end in the next.
            found = [each.start() for each in start.finditer(self._buffer, lower, upper + _LONGEST_START)]
            if found:
                return found[-1]
            upper = lower
        return None

    def _pass_over(self, start: re.Pattern[str]) -> int:
        """Goes to the next start of an element, or to the end; gives the number of characters passed over."""
        passed = 0
        while True:
            if found := start.search(self._buffer, self._start + 1):
                passed += found.start() - self._start
                self._start = found.start()
                return passed
            keep = len(self._buffer) if self._ended else max(self._start + 1, len(self._buffer) - _LONGEST_START)
            passed += keep - self._start
            self._start = keep
            if self._ended:
                self._lost_end = True
                return passed
            self._fill(self._batch)

    def _end(self, detail: str) -> Exception:
        return self._damage or JsonEndsEarly(detail)

    def _may_go_on(self, error: Exception) -> bool:
        if not isinstance(error, json.JSONDecodeError):
            return False
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - _NEAR_THE_END

    def _number_may_go_on(self, value: Any, end: int) -> bool:
        """Whether only what may stand in a number lies between `end` and the buffer's end ("0" of "0.5")."""
        if self._ended or not isinstance(value, int | float) or end < len(self._buffer) - _NEAR_THE_END:
            return False
        return not self._buffer[end:].strip("0123456789.eE+-")

    def _skip(self, what: re.Pattern[str]) -> str:
        while True:
            self._start = what.match(self._buffer, self._start).end()  # type: ignore[union-attr]
            if self._start < len(self._buffer):
                return self._buffer[self._start]
            if self._ended:
                return ""
            self._fill(self._batch)

    def _fill(self, characters: int) -> None:
        """Reads until the buffer holds so many characters that were not consumed, or the bytes end."""
        missing = characters - (len(self._buffer) - self._start)
        if self._ended or missing <= 0:
            return
        parts = [self._buffer[self._start :]]
        while missing > 0 and not self._ended:
            try:
                chunk = next(self._chunks, None)
            except DamagedFile as damage:
                chunk, self._damage = None, damage
            self._ended = chunk is None
            parts.append(self._decoded_text(chunk or b""))
            missing -= len(parts[-1])
        self._buffer = "".join(parts)
        self._start = 0
        self.doubtful = self.doubtful or _HALF_PAIR.search(self._buffer) is not None

    def _decoded_text(self, chunk: bytes) -> str:
        try:
            return self._decoder.decode(chunk, self._ended)
        except UnicodeDecodeError:
            self.doubtful = True
            self._decoder.errors = "surrogateescape"
            return self._decoder.decode(chunk, self._ended)
