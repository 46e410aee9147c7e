from collections.abc import Iterator
from typing import Any

import pytest

from tests.deployment.gateway.house import House, Monitor, house


@pytest.fixture
def gateway() -> Iterator[House]:
    """A running gateway with a runtime and a monitor, of its own."""
    with house() as made:
        furnish(made)
        yield made


@pytest.fixture(scope="module")
def shared() -> Iterator[House]:
    """One for a whole module: nobody stops it, changes its snapshot or fills its limits."""
    with house() as made:
        furnish(made, patience_seconds=1.5)
        yield made


@pytest.fixture
def unstarted() -> Iterator[House]:
    """Everything but the gateway's process."""
    with house() as made:
        made.monitor = Monitor(made.root / "monitor.sock")
        made.start_runtime()
        yield made


def furnish(made: House, **settings: Any) -> None:
    made.monitor = Monitor(made.root / "monitor.sock")
    made.start_runtime()
    made.publish()
    made.start(**settings)
