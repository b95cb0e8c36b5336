"""Lists as Arrow tables in memory."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from leat_async import LeatClient, export
from leat_async.errors import ConfigError
from leat_async.export.columns import Layout
from leat_async.export.kinds import KINDS, ExportKind

from .conftest import BEGIN, Lists
from .files import examples
from .test_run_files import required


# Windowed, paged, not paged, read as models since it holds lists, with a column of JSON.
@pytest.mark.parametrize(
    "kind",
    [k for k in KINDS if k.name in ("contacts", "loyalty_transactions", "visits", "shops", "vouchers", "rewards")],
    ids=lambda kind: kind.name,
)
async def test_a_table_is_what_the_parquet_file_holds(
    lists: Lists, leat: LeatClient, tmp_path: Path, kind: ExportKind
) -> None:
    rows = [{**row, "uuid": f"u-{number}"} for number, row in enumerate(examples(kind))]
    made = [dt.datetime.fromisoformat(row.get("created_at", BEGIN.isoformat())) for row in rows]
    lists.rows[kind.operation.path.strip("/")] = list(zip(made, rows, strict=True))
    resource = getattr(leat, kind.name)
    await export.to_file(resource, tmp_path / "x.parquet", **required(kind))
    table = await export.table(resource, **required(kind))
    assert table.num_rows == len(rows)
    assert table.equals(pyarrow.parquet.read_table(tmp_path / "x.parquet"))


async def test_many_pages_every_row_once_and_each_takes_it_in_a_line(lists: Lists, leat: LeatClient) -> None:
    # Here, where they are used: else each process that runs tests would import them.
    import duckdb
    import polars

    uuids = lists.fill("loyalty-transactions", 2500)
    lists.most = 100
    earned = await export.table(leat.loyalty_transactions, type="credit_receptions", columns=["uuid", "credits"])
    assert earned["uuid"].to_pylist() == uuids
    assert earned.column_names == ["uuid", "credits"]
    assert earned.to_pandas()["credits"].sum() == sum(range(2500))
    assert polars.from_arrow(earned)["credits"].sum() == sum(range(2500))
    assert duckdb.sql("SELECT sum(credits) FROM earned").fetchall() == [(sum(range(2500)),)]


async def test_bounds_attributes_and_warnings_are_those_of_exports(lists: Lists, leat: LeatClient) -> None:
    lists.fill("loyalty-transactions", 48)
    told: list[str] = []
    table = await export.table(
        leat.loyalty_transactions, since="2024-01-02", attributes=["mood"], on_warning=told.append
    )
    assert table.num_rows == 24
    assert table["attributes.mood"].null_count == 24
    assert told == ["loyalty_transactions: no row has an attribute 'mood'"]
    with pytest.warns(export.ExportWarning, match="no row has an attribute 'mood'"):
        await export.table(leat.loyalty_transactions, attributes=["mood"])


async def test_without_rows_there_are_the_columns(lists: Lists, leat: LeatClient) -> None:
    table = await export.table(leat.visits)
    kind = next(kind for kind in KINDS if kind.name == "visits")
    assert (table.num_rows, table.column_names) == (0, [column.name for column in Layout(kind).columns])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"columns": ["credit"]}, "did you mean 'credits'"),
        ({"since": "yesterday"}, "since"),
        ({"sort": "created_at"}, "an export decides sort itself"),
        ({"ahead": -1}, "ahead"),
    ],
)
async def test_bad_input_is_refused_before_anything_is_sent(
    lists: Lists, leat: LeatClient, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        await export.table(leat.loyalty_transactions, **wrong)
    assert not lists.requests


async def test_without_pyarrow_it_says_what_to_install(
    lists: Lists, leat: LeatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.compute", None)
    with pytest.raises(ConfigError, match=r"A table needs an extra: pip install 'leat-async\[parquet\]'"):
        await export.table(leat.visits)
    assert not lists.requests
