"""One odd value in one row does not keep a list out of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, export

from .conftest import BEGIN, Lists
from .files import read

FORMATS = ("csv", "jsonl", "parquet", "sqlite")
HUGE = 2**64 + 3


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (str(HUGE), HUGE),
        (str(-HUGE), -HUGE),
        (f'"{HUGE}"', HUGE),
        ("1e400", "1e400"),
        ("1e30", int(1e30)),
        ('"many"', "many"),
        ("[1, 2]", [1, 2]),
        ("1.5", 1.5),
    ],
)
@pytest.mark.parametrize("format", FORMATS)
async def test_an_odd_number(
    lists: Lists, leat: LeatClient, tmp_path: Path, format: str, value: str, kept: Any
) -> None:
    for number in range(250):
        lists.add("loyalty-transactions", BEGIN, credits=number)
    lists.rows["loyalty-transactions"][120][1]["credits"] = "ODD"
    name = lists.rows["loyalty-transactions"][120][1]["uuid"]
    lists.body = lambda number, body: body.replace(b'"ODD"', value.encode())
    summary = await export.to_file(leat.loyalty_transactions, tmp_path / f"x.{format}")
    assert summary.rows == 250
    if format == "jsonl":
        lines = (tmp_path / "x.jsonl").read_text().splitlines()
        assert len(lines) == 250
        assert f'"credits":{value.replace(" ", "")}' in lines[120]
        return
    rows = read(tmp_path / f"x.{format}", format)
    assert [int(row["credits"]) for row in rows[:120] + rows[121:]] == [*range(120), *range(121, 250)]
    assert not rows[120]["credits"]
    assert json.loads(rows[120]["extra"]) == {"credits": kept}
    (warning,) = summary.warnings
    assert warning.startswith("1 rows hold values that fit no column")
    assert warning.endswith(f"the first is credits of {name}")


@pytest.mark.parametrize("format", ["csv", "parquet", "sqlite"])
async def test_odd_values_anywhere(lists: Lists, leat: LeatClient, tmp_path: Path, format: str) -> None:
    odd = {
        "uuid": "u",
        "created_at": "0000-00-00 00:00:00",
        "unit_value": "much",
        "contact": {"uuid": 5, "email": "ada@example.com", "credit_balance": {"balance": HUGE}},
        "shop": "the one at the corner",
        "surprise": {"a": HUGE},
    }
    lists.add("loyalty-transactions", BEGIN).update(odd)
    assert (await export.to_file(leat.loyalty_transactions, tmp_path / f"x.{format}")).rows == 1
    (row,) = read(tmp_path / f"x.{format}", format)
    assert (row["uuid"], row["contact.email"]) == ("u", "ada@example.com")
    extra = json.loads(row["extra"])
    assert extra == {
        "surprise": {"a": HUGE},
        "created_at": "0000-00-00 00:00:00",
        "unit_value": "much",
        "contact.uuid": 5,
        "contact.credit_balance.balance": HUGE,
        "shop": "the one at the corner",
    }
