"""What tests of reading from other machines share."""

from collections.abc import Iterator

import pytest

from beam_jobs.files import fetching
from tests.emulators.range_server import RangeServer, running_range_server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RangeServer]:
    """A web server without files; between tries hardly a moment is waited."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(fetching, "_FIRST_WAIT", 0.001)
    with running_range_server() as running:
        yield running
