"""`kobigbird demo`: deploys to Prefect, runs a deployment to its end in plain sight, shows its results.

Uses the Prefect API that is configured (PREFECT_API_URL, or the active profile); where none is, starts a
server of its own, which keeps running so that its pages can be opened (`kobigbird stop` ends it). The worker
ends with the demo.
"""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from flows.follow import FollowedRun
from flows.local_server import PrefectFault, ensure_server, local_environment, stop_local_server
from flows.local_worker import LocalWorker, declare_over, end_leftovers
from flows.outputs import read_outputs
from flows.processes import last_words
from flows.screen import Screen
from model.contract import errors
from model.contract.errors import InputError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

DEPLOYMENT = "pretrain/full"
CANCEL_LIMIT = 20.0
"""Seconds that a cancelled run gets to end by itself."""


class Stop(BaseException):
    """Someone wants the demo to end: Ctrl-C, a closed terminal or a polite kill."""


class _Api(NamedTuple):
    client: "SyncPrefectClient"
    env: Mapping[str, str]
    """For Prefect's commands."""
    server_pid: int | None
    """Of the server on this machine that stays."""


def run_demo(
    preset: str = "tiny",
    overrides: Mapping[str, Any] | None = None,
    *,
    project: Path | None = None,
    deployment: str = DEPLOYMENT,
) -> int:
    """Runs a deployment of the project's prefect.yaml and follows it.

    Args:
      preset: the flow's parameter.
      overrides: the flow's parameter; dotted keys.
      project: the folder that holds prefect.yaml; the working directory if not given.
      deployment: flow/deployment.

    Returns:
      The exit code: 0 if the run completed; then the last lines are `model:`, `report:` and `prefect:`.

    Raises:
      InputError: when there is no prefect.yaml.
      PrefectFault: when Prefect cannot be reached, started or deployed to, or the worker ends too soon.
    """
    project = (project or Path.cwd()).resolve()
    pools = _work_pools(project)
    folder = project / "build" / "prefect"
    parameters = {"preset": preset, "overrides": dict(overrides or {})}
    try:
        with _stoppable(), Screen() as screen, _connect(folder, screen) as api:
            if end_leftovers(folder, api.client):
                screen.say("ended what an earlier demo had left running")
            _deploy(api, project, folder, pools, screen)
            run = _run_to_its_end(api, deployment, parameters, project, folder, screen)
            return _tell(api, run, screen)
    except Stop:
        print("stopped: the run is cancelled, its worker ended", file=sys.stderr)
        return 130
    except BrokenPipeError:  # nobody reads; keep the interpreter from trying once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def stop_server(project: Path | None = None) -> int:
    """Stops the server that a demo in this project left running; returns the exit code."""
    stopped = stop_local_server((project or Path.cwd()).resolve() / "build" / "prefect")
    print(f"stopped the Prefect server (pid {stopped.pid})" if stopped else "no Prefect server of a demo runs here")
    return 0


@contextlib.contextmanager
def _connect(folder: Path, screen: Screen) -> Iterator[_Api]:
    """A client of the configured API, or of a server on this machine."""
    from prefect.client.orchestration import get_client
    from prefect.settings import (
        PREFECT_API_AUTH_STRING,
        PREFECT_API_KEY,
        PREFECT_API_URL,
        get_current_settings,
        temporary_settings,
    )

    if url := get_current_settings().api.url:
        screen.say(f"using the configured Prefect API at {url}")
        with get_client(sync_client=True) as client:
            if fault := client.api_healthcheck():
                raise PrefectFault(
                    f"the configured Prefect API at {url} is silent ({type(fault).__name__}); start it, "
                    "or unset PREFECT_API_URL and the profile's, so that the demo starts a server of its own."
                )
            yield _Api(client, os.environ, None)
        return
    server = ensure_server(folder, screen.say)
    env = local_environment(folder, server.url)
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = env["NO_PROXY"]
    with temporary_settings(
        updates={PREFECT_API_URL: server.url}, restore_defaults={PREFECT_API_KEY, PREFECT_API_AUTH_STRING}
    ):
        screen.say(f"Prefect answers on {server.url.removesuffix('/api')}")
        with get_client(sync_client=True) as client:
            yield _Api(client, env, server.process.pid)


def _work_pools(project: Path) -> set[str]:
    """The pools that the deployments name."""
    try:
        text = (project / "prefect.yaml").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{project} holds no prefect.yaml; run the demo in the project's folder.") from None
    return {deployment["work_pool"]["name"] for deployment in yaml.safe_load(text)["deployments"]}


def _deploy(api: _Api, project: Path, folder: Path, pools: set[str], screen: Screen) -> None:
    """Makes the pools that are missing, and deploys everything in prefect.yaml."""
    for pool in sorted(pools):
        _ensure_pool(api.client, pool)
    screen.say("prefect --no-prompt deploy --all")
    log = folder / "deploy.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    with log.open("wb") as output:
        done = subprocess.run(
            command,
            cwd=project,
            env=dict(api.env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode:
        raise PrefectFault(f"prefect deploy failed ({last_words(log)}); see {log}.")


def _ensure_pool(client: "SyncPrefectClient", name: str) -> None:
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound
    from prefect.workers.process import ProcessWorker

    try:
        pool = client.read_work_pool(name)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=template))
        return
    if pool.type != "process":
        raise PrefectFault(
            f"the work pool {name} is of type {pool.type} at this Prefect API, but the demo's worker starts "
            "processes; give the pool in prefect.yaml another name."
        )


def _run_to_its_end(
    api: _Api, deployment: str, parameters: dict[str, Any], project: Path, folder: Path, screen: Screen
) -> "FlowRun":
    import httpx
    from prefect.exceptions import ObjectNotFound

    try:
        deployed = api.client.read_deployment_by_name(deployment)
    except ObjectNotFound:
        raise InputError(f"prefect.yaml in {project} deploys no {deployment}; name one that it does.") from None
    with LocalWorker(folder, deployed.work_pool_name or "", api.env, project) as worker:
        screen.say(f"started a worker (pid {worker.pid}, log: {worker.log})")
        screen.say(f"prefect deployment run {deployment} --params {shlex.quote(json.dumps(parameters))}")
        run = api.client.create_flow_run_from_deployment(deployed.id, parameters=parameters)
        screen.say(f"to be followed here and at {_page(run)}")
        try:
            worker.watch(run)
            return FollowedRun(api.client, run).follow(screen, worker.watch)
        except BaseException as error:
            with contextlib.suppress(httpx.TransportError):
                if not isinstance(error, PrefectFault):
                    _cancel(api.client, run)
                worker.close()
                declare_over(api.client, run.id, str(error) or "The demo was stopped.")
            raise


def _cancel(client: "SyncPrefectClient", run: "FlowRun") -> None:
    """Asks the run to end and gives it time to."""
    from prefect.states import Cancelling

    client.set_flow_run_state(run.id, Cancelling())
    deadline = time.monotonic() + CANCEL_LIMIT
    while time.monotonic() < deadline:
        state = client.read_flow_run(run.id).state
        if state is not None and state.is_final():
            return
        time.sleep(0.5)


def _tell(api: _Api, run: "FlowRun", screen: Screen) -> int:
    if api.server_pid is not None:
        screen.say(f"the Prefect server keeps running (pid {api.server_pid}); `make stop` ends it")
    outputs = read_outputs(api.client, run.id)
    completed = run.state is not None and run.state.is_completed()
    if completed and outputs is not None:
        screen.end(f"model: {outputs.model}\nreport: {outputs.report}\nprefect: {_page(run)}")
        return 0
    why = _sentence(run) if not completed else "the run completed, but published no outputs"
    screen.end(f"failed: {why}\nprefect: {_page(run)}")
    return 1


def _sentence(run: "FlowRun") -> str:
    """Why a run failed: the exception's own text, without Prefect's frame around it."""
    message = (run.state and run.state.message) or f"the run ended as {run.state and run.state.name}"
    told = " ".join(message.removeprefix("Flow run encountered an exception: ").split())
    kind, _, sentence = told.partition(": ")
    return sentence if hasattr(errors, kind) else told  # errors for users speak for themselves


def _page(run: "FlowRun") -> str:
    from prefect.utilities.urls import url_for

    return url_for("flow-run", obj_id=run.id) or str(run.id)


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Turns the signals that end a program into Stop, so that what was started is ended in order."""

    def stop(number: int, frame: FrameType | None) -> None:
        for signum in before:
            signal.signal(signum, signal.SIG_IGN)  # once is enough: the cleaning up is under way
        raise Stop

    before = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        for signum in before:
            signal.signal(signum, stop)
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
