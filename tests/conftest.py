"""What tests share. Nothing heavy is imported here: most tests need none of it."""

import dataclasses
import json
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest


@dataclasses.dataclass(frozen=True)
class Gcs:
    """Cloud Storage for tests: an emulator with one bucket."""

    host: str
    bucket: str
    environment: Mapping[str, str]
    """What a child process needs in its environment to find it."""

    @property
    def root(self) -> str:
        return f"gs://{self.bucket}"


@pytest.fixture(scope="session")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gcs]:
    """Cloud Storage on a loopback port, for this process and, by its `environment`, for its children."""
    from tests.emulators.gcs_server import running_gcs
    from tests.emulators.service_account import write_service_account

    key = tmp_path_factory.mktemp("gcs") / "service_account.json"
    with running_gcs() as server, pytest.MonkeyPatch.context() as patch:
        write_service_account(key, server.token_uri)
        environment = {
            "STORAGE_EMULATOR_HOST": server.host,
            # Beam looks for credentials first, for 20 s a process where there are none; these are made up.
            "GOOGLE_APPLICATION_CREDENTIALS": str(key),
            "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }
        for name, value in environment.items():
            patch.setenv(name, value)
        _create_bucket(server.host, "lab")
        yield Gcs(server.host, "lab", environment)


@pytest.fixture
def gs_folder(gcs: Gcs, tmp_path: Path) -> str:
    """An empty folder on Cloud Storage of the test's own."""
    return f"{gcs.root}/{tmp_path.name}"


@pytest.fixture(scope="session")
def tensorflow_gcs_environment(gcs: Gcs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a child process needs in its environment for TensorFlow's own gs:// to reach the emulator.

    Not for this process: it sends TensorFlow's https through a proxy with a throwaway certificate.
    """
    from tests.emulators.tls_proxy import running_tls_proxy

    with running_tls_proxy(gcs.host, tmp_path_factory.mktemp("tls")) as own:
        yield {**gcs.environment, **own}


def _create_bucket(host: str, name: str) -> None:
    body = json.dumps({"name": name}).encode()
    request = urllib.request.Request(f"{host}/storage/v1/b?project=tests", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=20).close()
