"""One flow function, with Prefect or without it.

A flow function calls stages (`stage_task`) and other flows (`run_flow`). Inside a flow run these become task
runs and subflow runs; anywhere else they are plain calls: no Prefect API, no temporary server.
"""

import functools
import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from model.contract.errors import KnownError

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State, TaskRun
    from prefect.flows import Flow
    from prefect.tasks import Task

P = ParamSpec("P")
R = TypeVar("R")

LOGGER_NAME = "kobigbird"
MISTAKES_IN_CODE = AssertionError | AttributeError | ImportError | NameError | NotImplementedError | TypeError
"""They fail the same way each time."""


def under_prefect() -> bool:
    """Says whether the caller runs inside a Prefect flow run; never imports Prefect itself."""
    if "prefect.context" not in sys.modules:  # a flow run cannot have begun without it
        return False
    from prefect.context import FlowRunContext

    return FlowRunContext.get() is not None


def stage_task(
    *,
    name: str,
    retries: int = 0,
    retry_delay_seconds: float | list[float] = 0,
    timeout_seconds: float | None = None,
    task_run_name: str | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes a function a Prefect task inside a flow run and leaves it a plain function elsewhere.

    Nothing is cached or persisted by Prefect: whether a stage is done is its manifest's business.

    Args:
      name: the task's name in Prefect.
      retries: how often to try again after a fault that can pass; a KnownError is never tried again.
      retry_delay_seconds: one delay before every retry, or one for each.
      timeout_seconds: a longer run fails (and is retried like any fault).
      task_run_name: a template over the function's parameters, such as "read {preset}"; else the name.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.cache
        def as_task() -> "Task[P, R]":
            from prefect import task
            from prefect.cache_policies import NO_CACHE

            return task(
                name=name,
                retries=retries,
                retry_delay_seconds=retry_delay_seconds,
                retry_condition_fn=can_pass,
                timeout_seconds=timeout_seconds,
                task_run_name=task_run_name or name,
                cache_policy=NO_CACHE,
                persist_result=False,
            )(function)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            return as_task()(*args, **kwargs) if under_prefect() else function(*args, **kwargs)

        return call

    return decorate


def run_flow(flow: "Flow[P, R]", *args: P.args, **kwargs: P.kwargs) -> R:
    """Calls a flow: as a subflow inside a flow run, as the plain function it wraps elsewhere."""
    return flow(*args, **kwargs) if under_prefect() else flow.fn(*args, **kwargs)


def can_pass(task: "Task[..., Any]", task_run: "TaskRun", state: "State[Any]") -> bool:
    """Tells Prefect whether a failed task deserves a retry: not if a person has to mend something first."""
    fault = state.data  # the engine asks before the exception is wrapped for the API
    return not isinstance(fault, KnownError | MISTAKES_IN_CODE)


def logger() -> "logging.Logger | logging.LoggerAdapter[logging.Logger]":
    """The logger to report progress to: the run's in a flow or task, else the plain logger `kobigbird`."""
    if not under_prefect():
        return logging.getLogger(LOGGER_NAME)
    from prefect import get_run_logger

    return get_run_logger()
