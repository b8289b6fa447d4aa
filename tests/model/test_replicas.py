"""Several replicas on one machine: logical CPU devices, which must be set up before TensorFlow begins."""

import json

import pytest

from tests.child_process import run_python


@pytest.fixture(scope="module")
def losses():
    def of(devices):
        done = run_python(f"from tests.model.train_on_replicas import main; main({devices})")
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    return {devices: of(devices) for devices in (1, 2)}


def test_two_replicas_train_as_one_with_the_same_global_batch(losses):
    one, two = losses[1], losses[2]

    assert two["replicas"] == 2
    assert one["replicas"] == 1
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-4)
    assert two["validation"] == pytest.approx(one["validation"], rel=1e-4)


def test_the_loss_moves(losses):
    first, *_, last = losses[2]["losses"]

    assert last < first
