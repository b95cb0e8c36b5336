"""Exports as workbooks."""

from __future__ import annotations

import datetime as dt
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from leat_async import LeatClient, export
from leat_async.errors import ConfigError
from leat_async.export import workbook

from .conftest import BEGIN, Lists
from .files import read


async def test_cells_have_their_types(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    made = dt.datetime(2026, 7, 1, 23, 30, tzinfo=dt.UTC)
    contact = {"uuid": "c", "email": "=HYPERLINK(1)"}
    lists.add("loyalty-transactions", made, credits=-3, unit_value=2.5, contact=contact, channel="007")
    path = tmp_path / "x.xlsx"
    await export.to_file(leat.loyalty_transactions, path, timezone="Europe/Amsterdam")
    (row,) = read(path, "xlsx")
    assert (row["credits"], row["unit_value"], row["channel"]) == (-3, 2.5, "007")
    assert row["created_at"] == dt.datetime(2026, 7, 2, 1, 30)
    sheet = openpyxl.load_workbook(path)["loyalty_transactions"]
    cells = {head.value: cell for head, cell in zip(*sheet.iter_rows(), strict=True)}
    # A formula would have the type "f".
    assert (cells["contact.email"].value, cells["contact.email"].data_type) == ("=HYPERLINK(1)", "s")
    assert cells["created_at"].number_format == "yyyy-mm-dd hh:mm:ss"
    assert sheet.freeze_panes == "A2"
    # What Excel gives a column of no width of its own shows a moment as #######.
    widths = {name: sheet.column_dimensions[cell.column_letter].width for name, cell in cells.items()}
    assert widths["created_at"] >= len("2026-07-02 01:30:00")
    assert widths["uuid"] >= 36
    assert all(min(len(name), 40) <= widths[name] <= 40 for name in widths)


async def test_numbers_that_a_spreadsheet_would_round_are_text(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.add("contacts", BEGIN, id=2**53 + 1, credit_balance={"balance": 10**15 - 1})
    await export.to_file(leat.contacts, tmp_path / "x.xlsx")
    (row,) = read(tmp_path / "x.xlsx", "xlsx")
    assert (row["id"], row["credit_balance.balance"]) == (str(2**53 + 1), 10**15 - 1)


async def test_what_a_cell_can_not_hold(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    texts = ["nul\0", "_x0041_", "x" * 40_000, "two\nlines"]
    for text in texts:
        lists.add("visits", BEGIN, source=text)
    summary = await export.to_file(leat.visits, tmp_path / "x.xlsx", columns=["source"])
    assert summary.warnings == ("1 texts were longer than a cell may be, and are cut off",)
    found = [row["source"] for row in read(tmp_path / "x.xlsx", "xlsx")]
    # Spreadsheets show the first two as they were.
    assert found == ["nul_x0000_", "_x005F_x0041_", "x" * 32_767, "two\nlines"]


async def test_more_rows_than_a_sheet_has(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 41)
    names = lists.fill("visits", 100)
    await export.to_file(leat.visits, tmp_path / "x.xlsx", columns=["uuid"])
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["visits", "visits 2", "visits 3"]
    sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book]
    assert [rows[0] for rows in sheets] == [("uuid",)] * 3
    assert [row[0] for rows in sheets for row in rows[1:]] == names


async def test_memory_stays_bounded(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    """The workbook is made of the spool some rows at a time: ten times the rows take no ten times the memory."""
    most: list[int] = []
    for rows in (300, 3000):
        lists.rows["visits"].clear()
        lists.fill("visits", rows)
        for _, row in lists.rows["visits"]:
            row["source"] = row["uuid"] * 10
        await export.to_file(leat.visits, tmp_path / f"{rows}.jsonl")
        size = len((tmp_path / f"{rows}.jsonl").read_bytes())
        layout: Any = workbook.Layout(next(kind for kind in export.KINDS if kind.name == "visits"))
        writer = workbook.WorkbookWriter(tmp_path / f"{rows}.jsonl", layout, "visits", size, dt.UTC)
        tracemalloc.start()
        writer.finish()
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] < 2 * most[0] + 2_000_000


async def test_without_the_extra_it_says_what_to_install(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ConfigError, match=r"leat-async\[excel\]"):
        await export.to_file(leat.visits, tmp_path / "x.xlsx")
