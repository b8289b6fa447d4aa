"""Follows a flow run to its end: the log lines of the run and its subflows, as the API has them."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from flows.local_server import PrefectFault
from flows.screen import Screen

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun, Log

POLL = 1.0
"""Seconds between two looks; a run sends its lines every two."""
LATE = timedelta(seconds=30)
"""How much older than the newest a line may be that arrives after it (worker and run send apart)."""
PATIENCE = 60.0
"""Seconds for which the API may be out of reach."""
PAGE = 200
"""Items a request; the API's limit."""

_WAITING = {
    "Scheduled": "waiting for the worker",
    "AwaitingConcurrencySlot": "waiting: another run of this deployment has not ended yet",
    "AwaitingRetry": "waiting for its next try",
}
_STEP = re.compile(r"\bstep ([\d,]+)/([\d,]+)")
_TRACEBACK = "\nTraceback (most recent call last)"


class FollowedRun:
    """A flow run with its subflows and tasks, as far as they are known."""

    def __init__(self, client: "SyncPrefectClient", run: "FlowRun") -> None:
        self._client = client
        self._run = run
        self._names: dict[UUID, str] = {run.id: run.name}
        self._flows: set[UUID] = {run.id}
        self._running: tuple[str, ...] = ()
        self._step: tuple[int, int | None] = (0, None)
        self._seen: set[UUID] = set()
        self._newest: datetime | None = None
        self._state = ""

    def follow(self, screen: Screen, watch: Callable[["FlowRun"], None]) -> "FlowRun":
        """Shows the run until it has ended, and returns it as it ended.

        Args:
          screen: where the lines go.
          watch: called at each look; raises to give up.
        """
        import httpx

        reached = time.monotonic()
        while True:
            try:
                self._look(screen)
                reached = time.monotonic()
            except httpx.TransportError:
                if time.monotonic() - reached > PATIENCE:
                    raise PrefectFault(f"the Prefect API has not answered for {PATIENCE:.0f} s.") from None
            if self._run.state is not None and self._run.state.is_final():
                time.sleep(POLL)
                self._show_lines(screen)  # what was sent last
                return self._run
            watch(self._run)
            time.sleep(POLL)

    def _look(self, screen: Screen) -> None:
        self._run = self._client.read_flow_run(self._run.id)
        self._names[self._run.id] = self._run.name
        if self._run.state is not None and self._run.state.name != self._state:
            self._state = self._run.state.name or ""
            if self._state in _WAITING:  # of other states the run's own lines tell
                screen.say(f"{self._run.name}: {_WAITING[self._state]}")
        self._learn_what_runs()
        self._show_lines(screen)
        screen.doing(", ".join(self._running) or _WAITING.get(self._state, self._state), *self._step)

    def _learn_what_runs(self) -> None:
        """Subflows and tasks that have begun since, and which tasks run now."""
        from prefect.client.schemas.filters import (
            FlowRunFilter,
            FlowRunFilterId,
            FlowRunFilterParentFlowRunId,
        )

        below = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=list(self._flows)))
        subflows = self._client.read_flow_runs(flow_run_filter=below, limit=PAGE)
        self._flows.update(run.id for run in subflows)
        these = FlowRunFilter(id=FlowRunFilterId(any_=list(self._flows)))
        tasks = self._client.read_task_runs(flow_run_filter=these, limit=PAGE)
        self._names |= {run.id: run.name for run in subflows} | {task.id: task.name for task in tasks}
        twins = {run.parent_task_run_id for run in subflows}  # each subflow is listed as a task too
        running = tuple(
            task.name for task in tasks if task.state is not None and task.state.is_running() and task.id not in twins
        )
        if running != self._running:
            self._running, self._step = running, (0, None)

    def _show_lines(self, screen: Screen) -> None:
        for line in self._new_lines():
            text = line.message.partition(_TRACEBACK)[0].rstrip()
            name = self._names.get(line.task_run_id or line.flow_run_id or self._run.id, "a task")
            screen.say(f"{name}: {text.removeprefix(f'{name}: ')}", line.timestamp.timestamp())
            if found := _STEP.search(text):
                self._step = (_number(found[1]), _number(found[2]))

    def _new_lines(self) -> Iterator["Log"]:
        from prefect.client.schemas.filters import (
            LogFilter,
            LogFilterFlowRunId,
            LogFilterLevel,
            LogFilterTimestamp,
        )
        from prefect.client.schemas.sorting import LogSort

        wanted = LogFilter(
            flow_run_id=LogFilterFlowRunId(any_=list(self._flows)),
            level=LogFilterLevel(ge_=20),
            timestamp=LogFilterTimestamp(after_=self._newest - LATE) if self._newest else None,
        )
        offset = 0
        while page := self._client.read_logs(wanted, limit=PAGE, offset=offset, sort=LogSort.TIMESTAMP_ASC):
            for line in page:
                if line.id not in self._seen:
                    self._seen.add(line.id)
                    self._newest = max(self._newest, line.timestamp) if self._newest else line.timestamp
                    yield line
            offset += len(page)
            if len(page) < PAGE:
                return


def _number(text: str) -> int:
    return int(text.replace(",", ""))
