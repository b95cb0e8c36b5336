"""Accounts in sandboxes, with files to import."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leat_async.fleet import FleetAccount, Import, TokenFrom
from leat_async.sandbox import Sandbox

MakeImport = Callable[..., Import]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    # It refuses no double, so that one would show.
    with Sandbox(seed=7, rate_limit=(1_000_000, 60.0), unique_external_ids=False) as running:
        yield running


@pytest.fixture
def account(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FleetAccount:
    monkeypatch.setenv("LEAT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TOKEN_OF_TEST", sandbox.token)
    return FleetAccount(name="test", token=TokenFrom(env="TOKEN_OF_TEST"), base_url=sandbox.url, requests=1_000_000)


@pytest.fixture
def visits(account: FleetAccount, sandbox: Sandbox, tmp_path: Path) -> MakeImport:
    """Make a job that imports so many visits, of which some name a contact that is not there."""
    sandbox.create_contact(email="ada@example.com")
    shop = sandbox.rows("shops")[0]["uuid"]

    def make(rows: int = 20, bad: int = 0, name: str = "visits", **more: object) -> Import:
        path = tmp_path / f"{name}.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["external_id", "contact_email", "shop_uuid", "starts_at"])
            for number in range(rows):
                email = "nobody@example.com" if number < bad else "ada@example.com"
                writer.writerow([f"{name}-{number}", email, shop, "2026-05-01T20:00:00+02:00"])
        return Import(name=name, account=account, kind="visits", file=str(path), ledger=f"{path}.ledger", **more)  # type: ignore[arg-type]

    return make
