import importlib
from pathlib import Path

import pytest
import yaml
from prefect import Flow

from flows.config import load_run_config

PROJECT_FILE = Path(__file__).parents[2] / "prefect.yaml"
DEPLOYMENTS = yaml.safe_load(PROJECT_FILE.read_text(encoding="utf-8"))["deployments"]


def flow_of(deployment):
    module, _, name = deployment["entrypoint"].rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_the_deployments_are_those_that_the_documentation_names():
    names = {f"{flow_of(deployment).name}/{deployment['name']}" for deployment in DEPLOYMENTS}

    assert names == {"pretrain/full", "pretrain/smoke", "corpus/build", "evaluate/all"}


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment["name"])
def test_a_deployments_parameters_are_settings_that_can_be(deployment):
    flow = flow_of(deployment)

    parameters = flow.validate_parameters(deployment["parameters"])

    assert isinstance(flow, Flow)
    assert load_run_config(**parameters).model.pretrain.steps > 0


def test_smoke_trains_less_than_full():
    steps = {
        deployment["name"]: load_run_config(**deployment["parameters"]).model.pretrain.steps
        for deployment in DEPLOYMENTS
    }

    assert steps["smoke"] < steps["full"] / 10


def test_trainings_of_a_deployment_wait_for_each_other():
    limits = {deployment["name"]: deployment.get("concurrency_limit") for deployment in DEPLOYMENTS}

    assert limits["full"] == limits["smoke"] == limits["all"] == {"limit": 1, "collision_strategy": "ENQUEUE"}


def test_no_deployment_is_scheduled_or_bound_to_a_machines_paths():
    keys = {key for deployment in DEPLOYMENTS for key in deployment}

    assert not keys & {"schedule", "schedules", "cron", "pull"}
    assert len({deployment["work_pool"]["name"] for deployment in DEPLOYMENTS}) == 1
