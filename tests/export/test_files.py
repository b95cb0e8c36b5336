"""The files: what is in them, who can read them, and when they appear."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow
import pyarrow.parquet
import pytest

from leat_async import LeatClient, export
from leat_async.errors import ApiError, ConfigError, DecodeError
from leat_async.export.columns import Layout
from leat_async.export.kinds import KINDS, Kind
from leat_async.export.parquet import ParquetWriter

from .conftest import BEGIN, Lists

FACTS = Path(__file__).parent.parent / "facts"
FORMATS = ("csv", "jsonl", "parquet", "sqlite")


def examples(kind: Kind) -> list[dict[str, Any]]:
    """Rows of the list's documented answer."""
    found: list[dict[str, Any]] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("data"), list):
                found.extend(row for row in value["data"] if isinstance(row, dict))
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)
        elif isinstance(value, str) and '"data"' in value:
            look(json.loads(value))

    facts = json.loads((FACTS / f"{kind.name}.json").read_text())
    look([operation for operation in facts["operations"] if operation["id"] == f"{kind.name}.list"])
    assert found
    return found


def read(path: Path, format: str) -> list[dict[str, Any]]:
    if format == "csv":
        return list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    if format == "jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    if format == "parquet":
        rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
        return rows
    with sqlite3.connect(path) as db:
        db.row_factory = sqlite3.Row
        (name,) = db.execute("SELECT name FROM sqlite_master").fetchone()
        found = [dict(row) for row in db.execute(f'SELECT * FROM "{name}"')]
    db.close()
    return found


def cell(value: Any) -> str:
    """A value of a Parquet file as CSV shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_all_formats_hold_the_same(lists: Lists, leat: LeatClient, tmp_path: Path, kind: Kind) -> None:
    path = kind.name.replace("_", "-")
    rows = [{**row, "uuid": f"u-{number}"} for number, row in enumerate(examples(kind))]
    lists.rows[path] = [(BEGIN, row) for row in rows]
    files = {form: tmp_path / f"x.{form}" for form in FORMATS}
    for file in files.values():
        summary = await export.to_file(getattr(leat, kind.name), file)
        assert (summary.rows, summary.warnings, summary.path) == (len(rows), (), str(file))
    assert read(files["jsonl"], "jsonl") == rows
    table = read(files["parquet"], "parquet")
    shown = [{name: cell(value) for name, value in row.items()} for row in table]
    assert read(files["csv"], "csv") == shown
    in_sqlite = [
        {name: cell(bool(value) if isinstance(table[0][name], bool) and value is not None else value)
         for name, value in row.items()}
        for row in read(files["sqlite"], "sqlite")
    ]  # fmt: skip
    assert [row.keys() for row in in_sqlite] == [row.keys() for row in shown]
    assert [row["uuid"] for row in in_sqlite] == [row["uuid"] for row in rows]
    assert table[0].keys() == {column.name for column in Layout(kind).columns}


async def test_nested_values_have_dotted_names_and_types_of_their_own(
    lists: Lists, leat: LeatClient, tmp_path: Path
) -> None:
    lists.add(
        "loyalty-transactions",
        BEGIN,
        credits="12",
        unit_value=2,
        contact={"uuid": "c", "email": "ada@example.com", "credit_balance": []},
        shop={"id": 1, "uuid": "", "address": {"housenumber": 12, "house_number": "12a", "latitude": 4.0}},
        table_number=7,
    )
    lists.add("loyalty-transactions", BEGIN, credits=-3, contact=None)
    await export.to_file(leat.loyalty_transactions, tmp_path / "x.parquet", attributes=["table_number", "absent"])
    first, second = read(tmp_path / "x.parquet", "parquet")
    assert (first["credits"], first["unit_value"], first["created_at"]) == (12, 2.0, BEGIN)
    assert (first["contact.email"], first["contact.credit_balance.id"]) == ("ada@example.com", None)
    assert (first["shop.address.housenumber"], first["shop.address.house_number"]) == ("12", "12a")
    assert (first["shop.address.latitude"], first["shop.uuid"]) == ("4.0", None)
    assert (json.loads(first["extra"]), first["attributes.table_number"]) == ({"table_number": 7}, "7")
    assert (second["credits"], second["contact.uuid"], second["extra"], second["attributes.absent"]) == (-3,) + (
        None,
    ) * 3


async def test_attributes_are_found_where_each_kind_keeps_them(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.add("contacts", BEGIN, current_values={"city": "Delft", "tags": ["a", "b"], "opted": True})
    lists.add("vouchers", BEGIN, attributes={"city": "Delft"})
    lists.add("giftcard-transactions", BEGIN, custom_attributes={"city": "Delft"})
    for name in ("contacts", "vouchers", "giftcard_transactions"):
        file = tmp_path / f"{name}.csv"
        await export.to_file(getattr(leat, name), file, attributes=["city", "tags", "opted"])
        assert read(file, "csv")[0]["attributes.city"] == "Delft"
    row = read(tmp_path / "contacts.csv", "csv")[0]
    assert (row["attributes.tags"], row["attributes.opted"]) == ('["a","b"]', "true")
    assert json.loads(row["current_values"])["city"] == "Delft"


async def test_no_formula_reaches_a_spreadsheet(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    texts = ['=HYPERLINK("http://evil")', "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3+cmd", "\t=1", "＝1"]
    kept = ["+31 6 1234-5678", "-12.5", "Jan", "", "it's"]
    for text in (*texts, *kept):
        lists.add("visits", BEGIN, source=text)
    await export.to_file(leat.visits, tmp_path / "safe.csv")
    await export.to_file(leat.visits, tmp_path / "raw.csv", escape=False)
    assert [row["source"] for row in read(tmp_path / "safe.csv", "csv")] == [*(f"'{text}" for text in texts), *kept]
    assert [row["source"] for row in read(tmp_path / "raw.csv", "csv")] == [*texts, *kept]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
@pytest.mark.parametrize("format", FORMATS)
async def test_only_the_owner_can_read_it_from_the_first_byte(
    lists: Lists, leat: LeatClient, tmp_path: Path, format: str
) -> None:
    lists.most = 10
    lists.fill("loyalty-transactions", 100)
    seen: set[int] = set()

    def look(number: int) -> None:
        seen.update(stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir())

    lists.before = look
    old = os.umask(0)
    try:
        await export.to_file(leat.loyalty_transactions, tmp_path / f"x.{format}")
    finally:
        os.umask(old)
    assert seen == {0o600}
    assert os.listdir(tmp_path) == [f"x.{format}"]
    assert stat.S_IMODE((tmp_path / f"x.{format}").stat().st_mode) == 0o600


@pytest.mark.parametrize("format", FORMATS)
async def test_what_was_there_stays_until_the_new_file_is_complete(
    lists: Lists, leat: LeatClient, tmp_path: Path, format: str
) -> None:
    file = tmp_path / f"x.{format}"
    file.write_text("before")
    lists.most = 10
    lists.fill("loyalty-transactions", 100)
    lists.fail = {8}
    with pytest.raises(ApiError):
        await export.to_file(leat.loyalty_transactions, file)
    assert file.read_text() == "before"
    assert (await export.to_file(leat.loyalty_transactions, file)).resumed
    assert len(read(file, format)) == 100


async def test_a_link_is_followed(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.fill("visits", 3)
    (tmp_path / "data").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "data" / "real.csv")
    await export.to_file(leat.visits, tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert len(read(tmp_path / "data" / "real.csv", "csv")) == 3


async def test_a_stream_gets_rows_as_they_come(lists: Lists, leat: LeatClient) -> None:
    lists.most = 10
    lists.fill("visits", 25)
    out = io.BytesIO()
    summary = await export.to_file(leat.visits, out, format="csv")
    assert (summary.path, summary.rows) == (None, 25)
    assert len(list(csv.DictReader(io.StringIO(out.getvalue().decode())))) == 25
    for form, words in ((None, "a stream needs a format"), ("parquet", "can't be written to a stream")):
        with pytest.raises(ValueError, match=words):
            await export.to_file(leat.visits, out, format=form)


async def test_targets_that_cant_be(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    for target, options, words in (
        (tmp_path / "x.csv", {}, "no regular file"),
        (tmp_path / "no" / "x.csv", {}, "no directory"),
        (tmp_path / "x.txt", {}, "tells no format"),
        (tmp_path / "y.csv", {"format": "xml"}, "format must be one of"),
        (tmp_path / "y.csv", {"incremental": tmp_path / "s", "until": "1d"}, "leave until out"),
    ):
        with pytest.raises(ValueError, match=words):
            await export.to_file(leat.visits, target, **options)  # type: ignore[arg-type]
    assert [path for path, _ in lists.requests] == []


async def test_one_file_is_written_by_one_export_at_a_time(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.fill("visits", 10)
    lists.hold = asyncio.Event()
    first = asyncio.create_task(export.to_file(leat.visits, tmp_path / "x.csv"))
    while not lists.requests:
        await asyncio.sleep(0.01)
    with pytest.raises(ConfigError, match="in use by another export"):
        await export.to_file(leat.visits, tmp_path / "x.csv")
    lists.hold.set()
    assert (await first).rows == 10


async def test_progress_is_told(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.fill("loyalty-transactions", 2500)
    told: list[export.Seen] = []
    await export.to_file(leat.loyalty_transactions, tmp_path / "x.jsonl", on_progress=told.append)
    assert told[-1] == export.Seen(rows=2500, pages=26, expected=2500)
    assert [seen.rows for seen in told] == sorted(seen.rows for seen in told)


async def test_a_row_that_cant_be_read_stops_the_export(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.add("loyalty-transactions", BEGIN, credits="many")
    for form in ("csv", "parquet", "sqlite"):
        with pytest.raises(DecodeError, match="credits: expected a whole number"):
            await export.to_file(leat.loyalty_transactions, tmp_path / f"x.{form}")
    assert (await export.to_file(leat.loyalty_transactions, tmp_path / "x.jsonl")).rows == 1


async def test_unicode_and_line_ends_survive(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    texts = ["Zoë 🍕", 'a "quoted", one', "two\nlines", "\u2028", "nul\u0000"]
    for text in texts:
        lists.add("visits", BEGIN, source=text)
    for form in FORMATS:
        await export.to_file(leat.visits, tmp_path / f"x.{form}")
    for form in FORMATS[:1] + FORMATS[2:]:
        assert [row["source"] for row in read(tmp_path / f"x.{form}", form)] == texts
    assert [json.loads(line)["source"] for line in (tmp_path / "x.jsonl").read_bytes().split(b"\n")[:-1]] == texts


@pytest.fixture
def writer(kind: Kind, tmp_path: Path) -> Iterator[ParquetWriter]:
    writer = ParquetWriter(tmp_path / "part", Layout(kind), 0)
    yield writer
    writer.close()


ODD: list[dict[str, Any]] = [
    {"credits": 3},
    {"credits": "3"},
    {"unit_value": 2, "channel": None},
    {"contact": []},
    {"contact": {}},
    {"contact": {"uuid": "", "email": "x"}},
    {"contact": {"surprise": [1, {"a": 2}]}},
    {"shop": {"address": {"latitude": 4.0, "longitude": "4.1", "housenumber": 7}}},
    {"shop": {"address": {"latitude": 52.37, "longitude": 1e20, "housenumber": "7b"}}},
    {"created_at": "2024-05-01T20:00:00.123456+02:00"},
    {"created_at": "2024-05-01T20:00:00"},
    {"created_at": "2024-05-01T20:00:00Z"},
    {"table": 4, "waiter": {"name": "x"}},
    {"unit": {"is_default": 1}},
    {"type": '🍕 é "quoted"'},
    {"unit": {"created_at": "2020-01-01T00:00:00+00:00"}},
]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.attributes is None], ids=lambda kind: kind.name)
def test_the_fast_way_gives_what_the_models_give(writer: ParquetWriter, kind: Kind) -> None:
    lane = writer._lane
    assert lane.usable
    odd = ODD if kind.name == "loyalty_transactions" else []
    quick = 0
    for rows in (examples(kind), *([{"uuid": "u", **row}] for row in odd), [{"uuid": "u"}] * 3):
        sources = [msgspec.json.encode(row) for row in rows]
        fast = lane.batch(sources)
        table = Layout(kind).table(sources)
        slow = pyarrow.record_batch(
            [pyarrow.array(v, type=f.type) for v, f in zip(table, writer._schema, strict=True)], schema=writer._schema
        )
        if fast is not None:
            quick += 1
            assert fast.to_pylist() == slow.to_pylist()
    assert quick >= 2 + len(odd) // 2


@pytest.mark.parametrize("kind", KINDS[:1])
def test_the_fast_way_refuses_pretty_printed_rows(writer: ParquetWriter, kind: Kind) -> None:
    source = json.dumps({"uuid": "u", "source": "x"}, indent=2).encode()
    assert writer._lane.batch([source]) is None
    writer.write([source])
    assert read(writer.finish(), "parquet")[0]["source"] == "x"


async def test_without_pyarrow_the_extra_is_named(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigError, match=r"leat-async\[parquet\]"):
        await export.to_file(leat.visits, tmp_path / "x.parquet")
