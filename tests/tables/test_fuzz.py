"""Whatever bytes come: rows, or one sentence; never more text than the file has, never much time or memory."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import html
import io
import json
import os
import random
import re
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
import pyxlsbwriter
import xlwt

from leat_async.tables.delimited import CsvSource
from leat_async.tables.plan import mapped
from leat_async.tables.planning import MappingError, make_plan, value_rules
from leat_async.tables.rejects import write_rejects
from leat_async.tables.source import open_source
from leat_async.tables.table import SourceError, TableSource

from .workbooks import ods, ods_cell, zipped

SOAK = os.environ.get("LEAT_SOAK") == "1"
COUNT = 200_000 if SOAK else 700
# Each Python tries other ones.
FIRST = 0 if SOAK else sys.version_info.minor * COUNT
NAMES = ["email", "shop_uuid", "external_id", "starts_at", "number_of_people", "company_name"]
AT = dt.datetime(2026, 5, 1, 20, 0)
ROWS: list[list[Any]] = [[f"gast{n}@example.com", "s-1", f"R-{n}", AT, n, 'Café "Zoë", € 2'] for n in range(12)]


def as_csv(encoding: str, **how: Any) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, **how).writerows([NAMES, *ROWS])
    return file.getvalue().encode(encoding)


def as_lines() -> bytes:
    return "".join(json.dumps(dict(zip(NAMES, row, strict=True)), default=str) + "\n" for row in ROWS).encode()


def as_array() -> bytes:
    return json.dumps([dict(zip(NAMES, row, strict=True)) for row in ROWS], default=str).encode("utf-16")


def as_xlsx() -> bytes:
    book = openpyxl.Workbook()
    for row in (NAMES, *ROWS):
        book.active.append(row)
    book.active["C3"].number_format = "000000"
    book.active.merge_cells("A20:B21")
    file = io.BytesIO()
    book.save(file)
    with zipfile.ZipFile(file) as made:
        return zipped({name: made.read(name) for name in made.namelist()})


def as_xls() -> bytes:
    book = xlwt.Workbook()
    page = book.add_sheet("Data")
    style = xlwt.easyxf(num_format_str="dd-mm-yyyy hh:mm")
    for line, row in enumerate([NAMES, *ROWS]):
        for column, value in enumerate(row):
            page.write(line, column, value, *([style] if isinstance(value, dt.datetime) else []))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_ods() -> bytes:
    rows = ["".join(ods_cell(html.escape(str(cell))) for cell in row) for row in (NAMES, *ROWS)]
    return ods(*rows)


def as_xlsb(path: Path) -> bytes:
    with pyxlsbwriter.XlsbWriter(str(path)) as writer:
        writer.add_sheet("Data")
        writer.write_sheet([NAMES, *ROWS])
    return path.read_bytes()


def as_parquet() -> bytes:
    columns = {name: [row[place] for row in ROWS] for place, name in enumerate(NAMES)}
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


def turned(data: bytes, chance: random.Random) -> bytes:
    """Bytes with something wrong: flipped, cut, doubled, put elsewhere, replaced by what breaks parsers."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place, length = chance.randrange(len(changed) + 1), chance.randint(1, 40)
        match chance.randrange(7):
            case 0 if changed:
                changed[place % len(changed)] ^= 1 << chance.randrange(8)
            case 1:
                del changed[place : place + length]
            case 2:
                changed[place:place] = changed[place : place + length] * chance.randint(1, 20)
            case 3:
                other = chance.randrange(len(changed) + 1)
                changed[place:place] = changed[other : other + length]
            case 4:
                changed[place : place + 1] = chance.choice(ODDITIES)
            case 5:
                found = list(re.finditer(rb"\d+", bytes(changed)))
                if found:
                    number = chance.choice(found)
                    changed[number.start() : number.end()] = chance.choice(NUMBERS)
            case _:
                del changed[place : place + 1 if chance.random() < 0.8 else None]
    return bytes(changed)


ODDITIES = [
    b'"', b'""', b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\r", b"\n\n", b";", b"\t", b"<", b"&#0;", b"&x;",
    b"]]>", b"<c>", b"</row>", b"\xed\xa0\x80", "\u2028".encode(), b"_xD800_", b"#N/A", b"{", b"[", b"\\u0000",
]  # fmt: skip
NUMBERS = [b"0", b"-1", b"999999999", b"1e400", b"9" * 30, b"NaN", b"1.7976931348623157e308", b"60", b"-0.0"]


def inside(data: bytes, chance: random.Random) -> bytes:
    """A zip with something wrong in one of its parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice([name for name in parts if "theme" not in name])
    parts[name] = turned(parts[name], chance)  # type: ignore[arg-type]
    if chance.random() < 0.05:
        del parts[chance.choice(list(parts))]
    return zipped(parts)


def packed(data: bytes, chance: random.Random) -> bytes:
    """Something wrong in what is packed, which a wrong sum would else keep from being read."""
    return gzip.compress(turned(gzip.decompress(data), chance))


Seed = Callable[[Path], bytes]
SEEDS: dict[str, tuple[Seed, list[Callable[[bytes, random.Random], bytes]]]] = {
    "csv": (lambda path: as_csv("utf-8"), [turned]),
    "csv cp1252": (lambda path: as_csv("cp1252", delimiter=";", quoting=csv.QUOTE_ALL), [turned]),
    "csv utf-16": (lambda path: as_csv("utf-16", delimiter="\t"), [turned]),
    "gzip": (lambda path: gzip.compress(as_csv("utf-8")), [turned, packed]),
    "jsonl": (lambda path: as_lines(), [turned]),
    "json": (lambda path: as_array(), [turned]),
    "xlsx": (lambda path: as_xlsx(), [turned, inside, inside, inside]),
    "xlsb": (as_xlsb, [turned, inside, inside, inside]),
    "ods": (lambda path: as_ods(), [turned, inside, inside]),
    "xls": (lambda path: as_xls(), [turned]),
    "parquet": (lambda path: as_parquet(), [turned]),
}


def read(path: Path, folder: Path) -> int:
    """All that the command does with a file before it sends; returns how many rows would go."""
    source = open_source(path, folder, name="given")
    rules = value_rules(timezone="Europe/Amsterdam", day_first=True)
    try:
        plan = make_plan("bookings", source.columns, shop=None if "shop_uuid" in source.columns else "s-1", rules=rules)
    except MappingError:
        plan = None
    count = 0
    if plan is None:
        for _ in source.records():
            count += 1
        return count
    refused: list[tuple[int, str]] = []
    for place, row in enumerate(mapped(source, plan)):
        count += 1
        if row.problem is not None:
            assert len(str(row.problem)) < 4000
            refused.append((place, str(row.problem)))
        else:
            sendable(row, source)
    write_rejects(folder / "rejects", source, refused[:20], lambda record: ())
    return count


def sendable(row: dict[str, Any], source: TableSource) -> None:
    """What is sent is text, and CSV's stands in the file."""
    for value in row.values():
        if isinstance(value, str):
            assert not re.search("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", value)
    if isinstance(source, CsvSource) and "company_name" in row:
        whole = source.path.read_bytes().decode(source.encoding, errors=source.errors)
        assert row["company_name"].replace('"', '""') in whole or row["company_name"] in whole


@pytest.mark.parametrize("form", SEEDS)
@pytest.mark.timeout(7000)
def test_whatever_bytes_come(tmp_path: Path, form: str) -> None:
    seed, ways = SEEDS[form]
    whole = seed(tmp_path / "seed")
    (tmp_path / "given").write_bytes(whole)
    assert read(tmp_path / "given", tmp_path) == len(ROWS)
    rows = 0
    for number in range(FIRST, FIRST + COUNT // len(SEEDS)):
        chance = random.Random(f"{form} {number}")
        try:
            data = chance.choice(ways)(whole, chance)
        except zipfile.BadZipFile:
            continue
        (tmp_path / "given").write_bytes(data)
        began = time.monotonic()
        try:
            rows += read(tmp_path / "given", tmp_path)
        except SourceError as error:
            assert len(str(error)) < 1000, error
        except Exception as error:
            (Path.cwd() / "fuzz-failure").write_bytes(data) if os.environ.get("LEAT_KEEP") else None
            raise AssertionError(f"{form} {number}: {type(error).__name__}: {error}") from error
        assert time.monotonic() - began < 20, f"{form} {number}"
        for left in tmp_path.glob("unpacked-*"):
            left.unlink()
    assert rows or form == "parquet"  # of which one in fifty is read at all


def test_what_unpacks_to_much_takes_little_memory(tmp_path: Path) -> None:
    """A small workbook whose sheet is hundreds of megabytes of XML."""
    sheet = b"<worksheet><sheetData>" + b"<row><c t='str'><v>email</v></c></row>" + b" " * ((300 if SOAK else 60) << 20)
    (tmp_path / "given").write_bytes(
        zipped(
            {
                "[Content_Types].xml": "",
                "xl/workbook.xml": "<workbook><sheets><sheet name='a'/></sheets></workbook>",
                "xl/worksheets/sheet1.xml": sheet + b"</sheetData></worksheet>",
            }
        )
    )
    del sheet
    assert (tmp_path / "given").stat().st_size < 1 << 20
    tracemalloc.start()
    try:
        assert list(open_source(tmp_path / "given", tmp_path).records()) == []
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="no process limits there")
def test_far_cells_take_no_memory(tmp_path: Path) -> None:
    """A cell in the last row and column of a sheet."""
    row = '<row r="1048576"><c r="XFD1048576" t="str"><v>x</v></c></row>'
    first = '<row r="1"><c r="A1" t="str"><v>email</v></c></row>'
    (tmp_path / "given").write_bytes(
        zipped(
            {
                "[Content_Types].xml": "",
                "xl/workbook.xml": "<workbook><sheets><sheet name='a'/></sheets></workbook>",
                "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{first}{row}</sheetData></worksheet>",
            }
        )
    )
    (record,) = open_source(tmp_path / "given", tmp_path).records()
    assert record.line == 1_048_576
    assert "has 16384 cells" in str(record.problem)
