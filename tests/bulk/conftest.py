"""A ledger for each place that ledgers can be kept in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from leat_async.bulk.access import store_of
from leat_async.bulk.places import ledger_place
from leat_async.bulk.store import LedgerStore


@pytest.fixture(
    params=["file", pytest.param("database", marks=pytest.mark.skipif(sys.platform == "win32", reason="no server"))]
)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A ledger that is not there yet, as callers name it: a path, or a URL."""
    return tmp_path / "l" if request.param == "file" else request.getfixturevalue("ledger_url")


def store_at(ledger: Any) -> LedgerStore:
    """What keeps a ledger that the fixture named."""
    return store_of(ledger_place(ledger))
