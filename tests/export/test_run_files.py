"""The files: what is in them, who can read them, and when they appear."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, export
from leat_async.errors import ApiError, ConfigError
from leat_async.export.columns import Layout
from leat_async.export.kinds import KINDS, ExportKind
from tools.generate_operations import declared

from .conftest import BEGIN, Lists
from .files import examples, read

FORMATS = ("csv", "jsonl", "parquet", "sqlite", "xlsx")


def required(kind: ExportKind) -> dict[str, str]:
    """Filters that a list is not given without."""
    values = {"contact_uuid": "c", "entity": "contact", "shop_uuid": "s", "status": "all"}
    return {name: values[name] for name, param in kind.operation.query.items() if param.required}


def cell(value: Any) -> str:
    """A value of a Parquet file as CSV shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if examples(kind)], ids=lambda kind: kind.name)
async def test_all_formats_hold_the_same(lists: Lists, leat: LeatClient, tmp_path: Path, kind: ExportKind) -> None:
    path = kind.operation.path.strip("/")
    rows = [{**row, "uuid": f"u-{number}"} for number, row in enumerate(examples(kind))]
    made = [dt.datetime.fromisoformat(row.get("created_at", BEGIN.isoformat())) for row in rows]
    lists.rows[path] = list(zip(made, rows, strict=True))
    files = {form: tmp_path / f"x.{form}" for form in FORMATS}
    for file in files.values():
        summary = await export.to_file(getattr(leat, kind.name), file, **required(kind))
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
    if "uuid" in table[0]:
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
    await export.to_file(leat.loyalty_transactions, file)
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


async def _told(_: object) -> None: ...


@pytest.mark.parametrize(
    "options",
    [
        *({name: "no"} for name in ("fresh", "escape", "excel")),
        *({name: wrong} for name in ("on_progress", "on_warning") for wrong in ("print", _told)),
        *({name: wrong} for name in ("attributes", "columns") for wrong in ("uuid", 5, ["uuid", 5], None)),
        *({"timezone": wrong} for wrong in (5, None)),
        *({name: wrong} for name in ("incremental", "target") for wrong in (5, "", b"x.csv")),
        {"target": None},
    ],
)
async def test_wrong_options_are_refused_before_anything_is_sent(
    lists: Lists, leat: LeatClient, tmp_path: Path, options: dict[str, Any]
) -> None:
    (name,) = options
    months = {"since": "2024-01", "target": tmp_path / "{month}.parquet", **options}
    with pytest.raises((ValueError, TypeError), match=f"{name} must be"):
        await export.to_file(leat.visits, **{"target": tmp_path / "x.csv", **options})
    if name not in ("incremental", "escape", "excel"):
        with pytest.raises((ValueError, TypeError), match=f"{name} must be"):
            await export.to_months(leat.loyalty_transactions, **months)
    assert lists.requests == []


async def test_targets_that_cant_be(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    for target, options, words in (
        (tmp_path / "x.csv", {}, "no regular file"),
        (tmp_path / "no" / "x.csv", {}, "no directory"),
        (tmp_path / "x.txt", {}, "tells no format"),
        (tmp_path, {}, "a directory; name a file in it"),
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


async def test_unicode_and_line_ends_survive(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    texts = ["Zoë 🍕", 'a "quoted", one', "two\nlines", "\u2028", "nul\u0000"]
    for text in texts:
        lists.add("visits", BEGIN, source=text)
    for form in FORMATS:
        await export.to_file(leat.visits, tmp_path / f"x.{form}")
    for form in FORMATS[:1] + FORMATS[2:]:
        found = [row["source"] for row in read(tmp_path / f"x.{form}", form)]
        # What XML has no place for is written out in workbooks, for spreadsheets to show.
        assert [text.replace("_x0000_", "\0") if form == "xlsx" else text for text in found] == texts
    assert [json.loads(line)["source"] for line in (tmp_path / "x.jsonl").read_bytes().split(b"\n")[:-1]] == texts


async def test_an_attribute_that_no_row_has_is_told(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.add("contacts", BEGIN, current_values={"city": "Delft"})
    for form in ("csv", "parquet", "sqlite"):
        summary = await export.to_file(leat.contacts, tmp_path / f"x.{form}", attributes=["city", "town"])
        assert summary.warnings == ("contacts: no row has an attribute 'town'",)


async def test_columns_that_differ_in_case_only_get_along_in_sqlite(
    lists: Lists, leat: LeatClient, tmp_path: Path
) -> None:
    lists.add("contacts", BEGIN, current_values={"city": "Delft", "City": "Gouda"})
    await export.to_file(leat.contacts, tmp_path / "x.sqlite", attributes=["city", "City", "city"])
    (row,) = read(tmp_path / "x.sqlite", "sqlite")
    assert (row["attributes.city"], row["attributes.City_2"]) == ("Delft", "Gouda")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("path", ["visits", "loyalty-transactions", "shops"])
async def test_a_refusal_leaves_nothing_behind(
    lists: Lists, leat: LeatClient, tmp_path: Path, path: str, format: str
) -> None:
    lists.fail = set(range(1, 20))
    with pytest.raises(ApiError):
        await export.to_file(getattr(leat, path.replace("-", "_")), tmp_path / f"x.{format}")
    assert os.listdir(tmp_path) == []


async def test_a_list_in_one_piece_keeps_rows_that_look_the_same(
    lists: Lists, leat: LeatClient, tmp_path: Path
) -> None:
    lists.rows["perks"] = [(BEGIN, {"name": "x"})] * 3
    assert (await export.to_file(leat.perks, tmp_path / "x.jsonl")).rows == 3
    assert len([perk async for perk in export.rows(leat.perks)]) == 3


async def test_only_the_columns_that_are_wanted(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.add("loyalty-transactions", BEGIN, credits=3, contact={"email": "ada@example.com"}, table="7")
    wanted = ["credits", "attributes.table", "contact.email"]
    for form in ("csv", "parquet", "sqlite"):
        options = {"attributes": ["table"], "columns": [*wanted, "credits"]}
        await export.to_file(leat.loyalty_transactions, tmp_path / f"x.{form}", **options)  # type: ignore[arg-type]
        (row,) = read(tmp_path / f"x.{form}", form)
        assert {name: cell(value) for name, value in row.items()} == {
            "credits": "3", "attributes.table": "7", "contact.email": "ada@example.com"
        }  # fmt: skip
        assert list(row) == wanted
    await export.to_file(leat.loyalty_transactions, tmp_path / "y.parquet", columns=["credits", "uuid"])
    assert list(read(tmp_path / "y.parquet", "parquet")[0]) == ["credits", "uuid"]
    for columns, words in ((["contact.mail"], "did you mean 'contact.email'"), ([""], "is none of the columns")):
        with pytest.raises(ValueError, match=words):
            await export.to_file(leat.loyalty_transactions, tmp_path / "z.csv", columns=columns)
    with pytest.raises(ValueError, match="jsonl keeps every key"):
        await export.to_file(leat.loyalty_transactions, tmp_path / "z.jsonl", columns=["credits"])


def test_every_list_of_an_account_can_be_exported() -> None:
    """Lists of one contact's are no exports: a filter of the account's list gives them, or a call."""
    lists = {operation.id for operation, *_ in declared().values() if operation.many and "{" not in operation.path}
    assert {f"{kind.name}.list" for kind in KINDS} == lists
