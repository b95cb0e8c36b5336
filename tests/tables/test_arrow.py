"""Parquet: every type has a meaning, or refuses its row."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from leat_async.tables.table import BadCell, SourceError

from .conftest import Look, values

AT = dt.datetime(2026, 3, 1, 19, 30, tzinfo=dt.UTC)


def parquet(path: Path, **columns: Any) -> Path:
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def test_rows_and_blank_rows(look: Look, tmp_path: Path) -> None:
    file = parquet(tmp_path / "x", email=["a@b.nl", None], at=[AT, None], paid=[Decimal("12.50"), None])
    source = look(file)
    assert (source.format, source.columns) == ("parquet", ("email", "at", "paid"))
    assert values(source) == [["a@b.nl", AT, Decimal("12.50")]]


@pytest.mark.parametrize(
    ("column", "read"),
    [
        (pyarrow.array([1_772_393_400_123_456_789], pyarrow.timestamp("ns", "UTC")), AT.replace(microsecond=123456)),
        (pyarrow.array([1_772_393_400], pyarrow.timestamp("s")), AT.replace(tzinfo=None)),
        (pyarrow.array([70_200_000_000_000], pyarrow.time64("ns")), dt.time(19, 30)),
        (pyarrow.array([86_400_000_000_000], pyarrow.duration("ns")), dt.timedelta(days=1)),
        (pyarrow.array([dt.date(2026, 3, 1)], pyarrow.date64()), dt.date(2026, 3, 1)),
        (pyarrow.array(["Acme"]).dictionary_encode(), "Acme"),
        (pyarrow.array([b"Caf\xc3\xa9"]), "Café"),
        (pyarrow.array([b"R-1"], pyarrow.large_binary()), "R-1"),
        (pyarrow.array([b"R-1"], pyarrow.binary(3)), "R-1"),
        (pyarrow.array(["x"], pyarrow.large_string()), "x"),
        (pyarrow.array([Decimal("1.5")], pyarrow.decimal256(40, 2)), Decimal("1.50")),
        (pyarrow.array([[1, 2]]), [1, 2]),
        (pyarrow.array([2], pyarrow.uint8()), 2),
    ],
    ids=lambda value: str(getattr(value, "type", "")) or None,
)
def test_types_with_a_meaning(look: Look, tmp_path: Path, column: Any, read: Any) -> None:
    assert values(look(parquet(tmp_path / "x", a=column))) == [[read]]


@pytest.mark.parametrize(
    "column",
    [
        pyarrow.array([b"\xff\xfe"]),
        pyarrow.array([253_402_300_799_000_000], pyarrow.timestamp("us", "Europe/Amsterdam")),
        pyarrow.array([-(2**62)], pyarrow.timestamp("us")),
    ],
)
def test_values_without_one_refuse_the_row(look: Look, tmp_path: Path, column: Any) -> None:
    ((cell,),) = values(look(parquet(tmp_path / "x", a=column)))
    assert isinstance(cell, BadCell)


def test_nested_attributes_are_columns(look: Look, tmp_path: Path) -> None:
    file = parquet(tmp_path / "x", email=["a@b.nl"], attributes=[{"city": "Delft", "age": 4}])
    source = look(file)
    # Earlier versions of pyarrow order the fields of what they make by name.
    [row] = values(source)
    assert dict(zip(source.columns, row, strict=True)) == {
        "email": "a@b.nl",
        "attributes.city": "Delft",
        "attributes.age": 4,
    }


def test_a_zone_is_kept(look: Look, tmp_path: Path) -> None:
    column = pyarrow.array([AT], pyarrow.timestamp("ns", "Europe/Amsterdam"))
    ((cell,),) = values(look(parquet(tmp_path / "x", a=column)))
    assert cell == AT
    assert str(cell.tzinfo) == "Europe/Amsterdam"  # earlier versions take pytz for it where that is there


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1"])
def test_broken_files_are_refused(look: Look, data: bytes) -> None:
    with pytest.raises(SourceError, match="not a Parquet file, or a broken one"):
        look(data)


def test_a_missing_extra_is_named(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SourceError, match=r"leat-async\[parquet\]"):
        look(b"PAR1")
