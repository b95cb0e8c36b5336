"""Pytest fixtures: a fresh sandbox per test, and the clients on it.

Loaded in every test run of an environment that has this package, so nothing but pytest is imported
before a fixture is asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from leat_async import LeatClient
    from leat_async import sync as leat_sync

    from .sandbox import Sandbox

# With pytest-asyncio the decorator of its own works in both of its modes; anyio takes the plain one.
async_fixture: Any
try:
    from pytest_asyncio import fixture as async_fixture
except ImportError:
    async_fixture = pytest.fixture


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "leat_faults(kind, operation='*', **options): a fault rule for `leat_sandbox` in this test; "
        "the arguments are those of `Sandbox.faults.add`.",
    )


@pytest.fixture
def leat_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox of its own for this test, with the faults of its `leat_faults` marks."""
    from .sandbox import Sandbox

    with Sandbox() as sandbox:
        for mark in reversed(list(request.node.iter_markers("leat_faults"))):
            try:
                sandbox.faults.add(*mark.args, **mark.kwargs)
            except (TypeError, ValueError) as error:
                pytest.fail(f"leat_faults: {error}", pytrace=False)
        yield sandbox


@async_fixture  # type: ignore[untyped-decorator]  # of whichever plugin runs async tests
async def leat_client(leat_sandbox: Sandbox) -> AsyncIterator[LeatClient]:
    """The asynchronous client, on the sandbox."""
    from leat_async import LeatClient

    async with LeatClient(leat_sandbox.token, base_url=leat_sandbox.url) as client:
        yield client


@pytest.fixture
def leat_sync_client(leat_sandbox: Sandbox) -> Iterator[leat_sync.LeatClient]:
    """The synchronous client, on the sandbox."""
    from leat_async.sync import LeatClient

    with LeatClient(leat_sandbox.token, base_url=leat_sandbox.url) as client:
        yield client
