"""What a long command shows: lines with the time gone by and, on a terminal, a bar below them."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

SILENCE = 30.0
"""Seconds without a line after which a log (no terminal) says what still runs."""


class Screen:
    """Prints to standard output, line by line, so that a pipe shows what a terminal does."""

    def __init__(self) -> None:
        self._began = time.time()
        self._last = time.monotonic()
        self._console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TimeElapsedColumn(),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.add_task("", total=None)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def say(self, text: str, at: float | None = None) -> None:
        """Prints a line under the time that it happened.

        Args:
          text: without a line end.
          at: seconds since the epoch; now if not given.
        """
        gone = max(0.0, (time.time() if at is None else at) - self._began)
        self._line(f"[{gone:6.1f} s] {text}")

    def end(self, text: str) -> None:
        """Takes the bar away and prints the last lines, as they are."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        self._line(text)

    def doing(self, what: str, done: int = 0, total: int | None = None) -> None:
        """Shows what runs now: in the bar or, in a log that was silent for long, by a line."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description=what, completed=done, total=total)
        elif time.monotonic() - self._last > SILENCE:
            self.say(f"still at it: {what}")

    def _line(self, text: str) -> None:
        self._last = time.monotonic()
        if self._bar is not None:
            self._bar.console.print(text, soft_wrap=True)
        else:
            print(text, flush=True)
