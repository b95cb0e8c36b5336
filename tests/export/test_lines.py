"""CSV and JSON Lines."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from leat_async import LeatClient, export
from leat_async.tables.cells import restored

from .conftest import BEGIN, Lists
from .files import read


async def test_no_formula_reaches_a_spreadsheet(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    texts = ['=HYPERLINK("http://evil")', "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3+cmd", "\t=1", "＝1"]
    kept = ["+31 6 1234-5678", "-12.5", "Jan", "", "it's"]
    for text in (*texts, *kept):
        lists.add("visits", BEGIN, source=text)
    await export.to_file(leat.visits, tmp_path / "safe.csv")
    await export.to_file(leat.visits, tmp_path / "raw.csv", escape=False)
    assert [row["source"] for row in read(tmp_path / "safe.csv", "csv")] == [
        *(f"'{text}" for text in texts[:4]),
        "'\t'=1",
        "'＝1",
        *kept,
    ]
    assert [row["source"] for row in read(tmp_path / "raw.csv", "csv")] == [*texts, *kept]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_no_cell_of_a_spreadsheet_of_any_country_is_a_formula(
    lists: Lists, leat: LeatClient, tmp_path: Path, delimiter: str
) -> None:
    """The file is divided by commas; what a spreadsheet divides by is up to its country."""
    texts = ["a;=1+1", "a\t@SUM(1)", "a\r=cmd", "a\n-2+cmd", 'a;+cmd|"', "'=1", "x;'=1"]
    for text in texts:
        lists.add("vouchers", BEGIN, name=text, attributes={"note": text})
    await export.to_file(leat.vouchers, tmp_path / "x.csv", attributes=["note", "=1"])
    content = (tmp_path / "x.csv").read_bytes().decode()
    cells = [cell for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter) for cell in row]
    assert [cell for cell in cells if re.match(r"[=+@-]", cell) and not re.fullmatch(r"[+-][\d .()-]*", cell)] == []
    rows = read(tmp_path / "x.csv", "csv")
    assert [restored(row["name"]) for row in rows] == texts
    assert [restored(row["attributes.note"]) for row in rows] == texts
    assert [json.loads(restored(row["attributes"])) for row in rows] == [{"note": text} for text in texts]


async def test_line_breaks_of_any_kind_stay_inside_their_cell(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    texts = ["a\rb", "\r", "a\r\nb", "a\nb", "a\x0bb", "a\x85b"]
    for text in texts:
        lists.add("visits", BEGIN, source=text)
    for escape in (True, False):
        await export.to_file(leat.visits, tmp_path / "x.csv", escape=escape)
        content = (tmp_path / "x.csv").read_bytes().decode()
        # A reader that takes a bare carriage return for the end of a line, unless it is quoted.
        rows = list(csv.reader(io.StringIO(content, newline=None)))
        assert len(rows) == len(texts) + 1
        assert {len(row) for row in rows} == {len(rows[0])}
        found = [row["source"] for row in read(tmp_path / "x.csv", "csv")]
        assert [restored(text) if escape else text for text in found] == texts


async def test_csv_as_a_european_spreadsheet_opens_it(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    for text in ("=1+1;=2", "Zoë"):
        lists.add("loyalty-transactions", BEGIN, credits=-3, unit_value=2.5, channel=text)
    columns = ["created_at", "credits", "unit_value", "channel"]
    await export.to_file(
        leat.loyalty_transactions, tmp_path / "x.csv", excel=True, columns=columns, timezone="Europe/Amsterdam"
    )
    assert (tmp_path / "x.csv").read_bytes().decode() == (
        "\ufeffcreated_at;credits;unit_value;channel\r\n"
        "2024-01-01 01:00:00;-3;2,5;\"'=1+1;'=2\"\r\n"
        "2024-01-01 01:00:00;-3;2,5;Zoë\r\n"
    )
    with pytest.raises(ValueError, match="excel is a way to write csv"):
        await export.to_file(leat.loyalty_transactions, tmp_path / "x.jsonl", excel=True)
