"""Lists of accounts in a warehouse, by dlt: each row once, and only what is new the next time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute
import pytest

from leat_async.errors import ConfigError
from leat_async.fleet import FleetAccount, TokenFrom, dlt_source
from leat_async.fleet.warehouse import _keyed
from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _dlt() -> None:
    """It takes longer to import than all else, so the processes that run none of these do without."""
    pytest.importorskip("dlt", reason="not for this Python yet")


@pytest.fixture
def sandboxes() -> Iterator[dict[str, Sandbox]]:
    with (
        Sandbox(seed=1, rate_limit=(1_000_000, 60.0)) as first,
        Sandbox(seed=2, rate_limit=(1_000_000, 60.0)) as second,
    ):
        yield {"amsterdam": first, "utrecht": second}


@pytest.fixture
def accounts(sandboxes: dict[str, Sandbox], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, FleetAccount]:
    monkeypatch.setenv("LEAT_STATE_DIR", str(tmp_path / "state"))
    found: dict[str, FleetAccount] = {}
    for name, sandbox in sandboxes.items():
        monkeypatch.setenv(name.upper(), sandbox.token)
        token = TokenFrom(env=name.upper())
        found[name] = FleetAccount(name=name, token=token, base_url=sandbox.url, requests=1_000_000)
    return found


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[Any, ...]]]:
    """Run a source into DuckDB, and tell what is in a table then."""
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "ERROR")
    monkeypatch.chdir(tmp_path)
    import dlt

    pipeline = dlt.pipeline(
        "leat",
        destination=dlt.destinations.duckdb(str(tmp_path / "lake.duckdb")),
        dataset_name="leat",
        pipelines_dir=str(tmp_path / "pipelines"),
    )

    def run(source: Any, question: str) -> list[tuple[Any, ...]]:
        pipeline.run(source)
        with pipeline.sql_client() as client:
            return list(client.execute_sql(question) or ())

    return run


def receive_credits(account: FleetAccount, sandbox: Sandbox, count: int) -> None:
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
    with LeatClient(account.credentials(), base_url=sandbox.url, rate_limit=None) as leat:  # type: ignore[arg-type]
        for _ in range(count):
            leat.credit_receptions.create(contact_uuid=contact, shop_uuid=shop, credits=5)
    sandbox.clock.advance(7200)


def test_each_row_is_loaded_once_and_then_only_what_is_new(
    sandboxes: dict[str, Sandbox], accounts: dict[str, FleetAccount], load: Callable[..., list[tuple[Any, ...]]]
) -> None:
    first, second = sandboxes.values()
    receive_credits(accounts["amsterdam"], first, 30)
    receive_credits(accounts["utrecht"], second, 20)
    kinds = ("loyalty_transactions", "contacts")
    count = "SELECT account, count(*), count(DISTINCT row_key), sum(credits) FROM loyalty_transactions GROUP BY 1"
    count += " ORDER BY 1"
    # An account that comes later has all of its history loaded.
    assert load(dlt_source([accounts["amsterdam"]], kinds), count) == [("amsterdam", 30, 30, 150)]
    receive_credits(accounts["amsterdam"], first, 3)
    before = first.journal.total
    found = load(dlt_source(accounts.values(), kinds), count)
    assert found == [("amsterdam", 33, 33, 165), ("utrecht", 20, 20, 100)]
    assert len([entry for entry in first.journal.entries("loyalty_transactions.list") if entry.number > before]) < 12
    found = load(dlt_source(accounts.values(), kinds), "SELECT account, count(*) FROM contacts GROUP BY 1 ORDER BY 1")
    assert found == [(name, len(sandbox.contacts)) for name, sandbox in sandboxes.items()]


def test_rows_are_told_apart_by_uuid_then_id_then_content() -> None:
    table = pyarrow.table({"uuid": ["u", "", None, None, None], "id": [1, 2, 3, None, None], "x": [1, 1, 1, 4, 4]})
    keyed = _keyed(pyarrow, table, "amsterdam")
    keys = keyed["row_key"].to_pylist()
    assert keys[:3] == ["u", "2", "3"]
    assert keys[3] == keys[4] not in (None, "")
    assert set(keyed["account"].to_pylist()) == {"amsterdam"}


def test_what_can_not_be_loaded_is_told(accounts: dict[str, FleetAccount], monkeypatch: pytest.MonkeyPatch) -> None:
    amsterdam = accounts["amsterdam"]
    for given, kinds, more, reason in (
        ([amsterdam, amsterdam], ["shops"], {}, "the same name"),
        ([amsterdam], ["shop"], {}, "there is no list 'shop'"),
        ([amsterdam], ["shops"], {"since": "soon"}, "no moment"),
        ([amsterdam], ["shops"], {"timezone": "Mars"}, "timezone must be a name"),
    ):
        with pytest.raises(ValueError, match=reason):
            dlt_source(given, kinds, **more)
    with pytest.raises(TypeError, match="FleetAccounts"):
        dlt_source(["amsterdam"], ["shops"])  # type: ignore[list-item]
    wrong: Any = [(amsterdam, ["shops"], {}), ([amsterdam], "shops", {}), ([amsterdam], ["shops"], {"attributes": "x"})]
    for accounts_given, kinds, more in wrong:
        with pytest.raises(TypeError, match="must be a list of"):
            dlt_source(accounts_given, kinds, **more)
    monkeypatch.setitem(sys.modules, "dlt", None)
    with pytest.raises(ConfigError, match=r"leat-async\[dlt\]"):
        dlt_source([amsterdam], ["shops"])
