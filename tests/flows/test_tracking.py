import logging
import subprocess
import sys

import pytest
from prefect import flow
from prefect.context import FlowRunContext
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Failed

from flows.outputs import publish_outputs
from flows.tracking import can_pass, logger, run_flow, stage_task, under_prefect
from model.contract.errors import InputError, SettingError


@pytest.fixture(autouse=True)
def no_prefect_api():
    """Nothing listens there: whoever calls an API fails."""
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        yield


@stage_task(name="double", retries=3, timeout_seconds=60)
def double(number: int, *, plus: int = 0) -> int:
    """Twice the number."""
    return 2 * number + plus


@flow(name="inner")
def inner(number: int) -> int:
    return double(number)


@flow(name="outer")
def outer(number: int) -> int:
    return double(run_flow(inner, number=number), plus=1)


def test_flows_and_stages_are_plain_calls_outside_a_flow_run():
    result = run_flow(outer, number=5)

    assert result == 21
    assert not under_prefect()


def test_a_stage_fails_at_once_outside_a_flow_run():
    tries = []

    @stage_task(name="flaky", retries=3)
    def flaky() -> None:
        tries.append(1)
        raise OSError("gone for a moment")

    with pytest.raises(OSError, match="gone for a moment"):
        flaky()

    assert len(tries) == 1


def test_a_stage_keeps_its_name_and_docstring():
    assert double.__name__ == "double"
    assert double.__doc__ == "Twice the number."


def test_a_flow_run_is_noticed_only_while_it_runs():
    with FlowRunContext.model_construct():
        within = under_prefect()

    assert within
    assert not under_prefect()


def test_plain_stages_never_import_prefect():
    code = (
        "import sys; from flows.tracking import logger, stage_task\n"
        "stage_task(name='s')(lambda: logger().info('x'))()\n"
        "sys.exit('prefect' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == 0


def test_the_logger_outside_a_flow_run_is_the_plain_one(caplog):
    with caplog.at_level(logging.INFO, logger="kobigbird"):
        logger().info("read 3 files")

    assert caplog.messages == ["read 3 files"]


@pytest.mark.parametrize(
    ("fault", "tried_again"),
    [
        (SettingError("block_size 0 cannot be"), False),
        (InputError("no such file"), False),
        (ImportError("no module named that"), False),
        (OSError("connection reset"), True),
        (TimeoutError("too long"), True),
    ],
)
def test_only_what_can_pass_is_tried_again(fault, tried_again):
    answer = can_pass(None, None, Failed(data=fault))

    assert answer is tried_again


def test_publishing_outputs_without_prefect_asks_no_api():
    assert publish_outputs("/model", "/report.md") is None
