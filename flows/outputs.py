"""Where a run's model and report are: said by the flow at its end, read back by whoever followed the run.

The two sides share nothing but the Prefect API (the flow may run on another machine), and no result is
persisted. So the flow leaves an artifact: links for the run's page, and the same addresses as JSON in its
description.
"""

import json
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from flows.tracking import under_prefect

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

KEY = "run-outputs"


class RunOutputs(NamedTuple):
    """Paths or gs:// addresses of what a run made."""

    model: str
    report: str


def publish_outputs(model: str, report: str) -> None:
    """Leaves both addresses with the current flow run; does nothing without Prefect.

    Args:
      model: the model directory in transformers' format; an absolute path or a gs:// address.
      report: the report's file, likewise.
    """
    if not under_prefect():
        return
    from prefect.artifacts import create_markdown_artifact

    outputs = RunOutputs(model, report)._asdict()
    lines = [f"- {name}: [{address}]({_url(address)})" for name, address in outputs.items()]
    create_markdown_artifact(key=KEY, markdown="\n".join(lines), description=json.dumps(outputs))


def read_outputs(client: "SyncPrefectClient", flow_run_id: UUID) -> RunOutputs | None:
    """What a flow run published last; None if it published nothing."""
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterKey
    from prefect.client.schemas.sorting import ArtifactSort

    found = client.read_artifacts(
        artifact_filter=ArtifactFilter(
            key=ArtifactFilterKey(any_=[KEY]), flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run_id])
        ),
        sort=ArtifactSort.CREATED_DESC,
        limit=1,
    )
    return RunOutputs(**json.loads(found[0].description or "{}")) if found else None


def _url(address: str) -> str:
    if address.startswith("gs://"):
        return "https://console.cloud.google.com/storage/browser/" + address.removeprefix("gs://")
    return f"file://{address}"
