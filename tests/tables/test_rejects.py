"""What is written of refused rows is read back as it was, in every format."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leat_async.tables.plan import ColumnPlan, mapped
from leat_async.tables.planning import make_plan, value_rules
from leat_async.tables.rejects import ending_of, is_rejects, write_rejects
from leat_async.tables.source import open_source
from leat_async.tables.table import REASON, TableSource

from .conftest import Look, problems, values
from .workbooks import header, number, text, xlsx

COLUMNS = ("E-mail", "Shop UUID", "Reserveringsnummer", "Start", "Personen", "=Bedrijf")
PLACE = "781ebacb-409d-4c6e-a4a1-7fd0e0dd201e"
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["ada@example.com", "zoë@example.com", "geen", "", "\u200bada@example.com", "#N/A"]),
        st.sampled_from([PLACE, ""]),
        st.sampled_from(["000417", "R-1", "=1+1", "'=1", "2,026E+11", "", "+31 6", "a\u200bb", "x\0"]),
        st.sampled_from(["2026-05-01 20:00", "0001-01-01", "01-05-26 19u30", "2026-03-29 02:30", "", "gisteren"]),
        st.sampled_from(["2", "2.0", "vier", ""]),
        st.sampled_from(["Café", 'say "hi"', "two\nlines", "a;b,c\td", "'s", "x\ry", "\u2028", ";=1+1", " spaced "]),
    ),
    min_size=1,
    max_size=8,
)


def plan_of(source: TableSource) -> ColumnPlan:
    rules = value_rules(timezone="Europe/Amsterdam", day_first=True)
    return make_plan("bookings", source.columns, maps=["=Bedrijf=company_name"], rules=rules)


def as_csv(path: Path, rows: list[tuple[str, ...]], encoding: str, **how: Any) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, **how).writerows([COLUMNS, *rows])


def as_workbook(path: Path, rows: list[tuple[str, ...]]) -> None:
    book = openpyxl.Workbook()
    for row in (COLUMNS, *rows):
        book.active.append(["" for _ in row])
        for place, cell in enumerate(row, 1):
            at = book.active.cell(book.active.max_row, place)
            if cell:
                at.value = cell.replace("\0", "")
                at.data_type = "s"
    for line in range(2, len(rows) + 2):
        at = book.active.cell(line, 4)
        if str(at.value).startswith("2026-05"):
            at.value = dt.datetime(2026, 5, 1, 20)
        at = book.active.cell(line, 3)
        if at.value == "000417":
            at.value, at.number_format = 417, "000000"
    book.save(path)


def as_lines(path: Path, rows: list[tuple[str, ...]], encoding: str = "utf-8") -> None:
    text = "".join(json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding=encoding)


def as_array(path: Path, rows: list[tuple[str, ...]]) -> None:
    path.write_text(json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows]))


def as_parquet(path: Path, rows: list[tuple[str, ...]]) -> None:
    columns = {name: [row[place] for row in rows] for place, name in enumerate(COLUMNS)}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


WRITERS: dict[str, Callable[[Path, list[tuple[str, ...]]], None]] = {
    "csv": lambda path, rows: as_csv(path, rows, "utf-8"),
    "csv semicolon, marks": lambda path, rows: as_csv(path, rows, "utf-8-sig", delimiter=";", quoting=csv.QUOTE_ALL),
    "csv utf-16": lambda path, rows: as_csv(path, rows, "utf-16", delimiter="\t"),
    "xlsx": as_workbook,
    "jsonl": as_lines,
    "jsonl utf-16": lambda path, rows: as_lines(path, rows, "utf-16"),
    "json array": as_array,
    "parquet": as_parquet,
}


@pytest.mark.parametrize("form", WRITERS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, chosen=st.sets(st.integers(0, 7), min_size=1))
def test_fed_back_rows_are_what_they_were(
    tmp_path_factory: pytest.TempPathFactory, form: str, rows: list[tuple[str, ...]], chosen: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("rejects")
    WRITERS[form](folder / "given", rows)
    source = open_source(folder / "given", folder)
    before = list(mapped(source, plan_of(source)))
    refused = [place for place in sorted(chosen) if place < len(before)]
    path = folder / f"given.rejects{ending_of(source)}"
    assert write_rejects(path, source, [(place, f"row {place}: =no") for place in refused], lambda record: ()) == len(
        refused
    )
    for _ in range(2):  # what was fed back may be refused again
        if not refused:
            assert not path.exists()
            return
        again = open_source(path, folder)
        assert again.rejects
        assert again.columns == source.columns
        rows_again = list(mapped(again, plan_of(again)))
        assert [dict(row) for row in rows_again] == [dict(before[place]) for place in refused]
        assert [row.problem is None for row in rows_again] == [before[place].problem is None for place in refused]
        twice = folder / f"again{ending_of(again)}"
        write_rejects(twice, again, [(place, "again") for place in range(len(refused))], lambda record: ())
        path = twice


def test_csv_keeps_delimiter_encoding_and_marks(look: Look, tmp_path: Path) -> None:
    source = look('sep=;\n"mail";"naam"\n"a@b.nl";"Zoë"\n"geen";"=1+1"\n'.encode("cp1252"))
    write_rejects(tmp_path / "r.csv", source, [(1, "ë is wrong €\nhere")], lambda record: ())
    assert (tmp_path / "r.csv").read_bytes() == (
        f'sep=;\n"mail";"naam";"{REASON}"\n"geen";"\'=1+1";"ë is wrong € here"\n'.encode("cp1252")
    )
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "r.csv").stat().st_mode) == 0o600
    assert is_rejects(tmp_path / "r.csv", tmp_path)
    assert not is_rejects(source.path, tmp_path)


def test_rows_of_another_width_stay_refused(look: Look, tmp_path: Path) -> None:
    for data in ("a,b\n1\n1,2,3\n", xlsx(header("a", "b"), "", text("A3", "1") + text("B3", "2") + text("C3", "3"))):
        source = look(data)
        told = problems(source)
        write_rejects(tmp_path / "r", source, [(place, "x") for place in range(len(told))], lambda record: ())
        again = look(tmp_path / "r")
        assert all(problems(again))
        assert len(problems(again)) == len(told)


def test_foreign_bytes_and_bad_lines_stay_refused(look: Look, tmp_path: Path) -> None:
    for data in ("n,m\nZoë,1\nZoë,2\n".encode() + b"Ren\xe9,3\n", b'{"n": 1}\n{"n": "Ren\xe9"}\n[1]\nnonsense\n'):
        source = look(data)
        told = [place for place, problem in enumerate(problems(source)) if problem]
        write_rejects(tmp_path / "r", source, [(place, "é�") for place in told], lambda record: ())
        assert len([problem for problem in problems(look(tmp_path / "r")) if problem]) == len(told)


def test_a_workbook_marks_what_is_wrong(look: Look, tmp_path: Path) -> None:
    cells = text("A2", "=geen") + number("B2", "417", 1) + '<c r="C2"><f>A1</f></c><c r="D2" t="e"><v>#N/A</v></c>'
    source = look(xlsx(header("mail", "id", "at", "x"), cells, formats=["000000"], sheets=[("Lijst", "visible")]))
    write_rejects(tmp_path / "r.xlsx", source, [(0, "geen is no address")], lambda record: ["mail"])
    page = openpyxl.load_workbook(tmp_path / "r.xlsx")["Lijst"]
    assert [cell.value for cell in page[1]] == ["mail", "id", "at", "x", REASON]
    assert [cell.value for cell in page[2]] == ["'=geen", 417, "=A1", "#N/A", "geen is no address"]
    assert (page["A2"].fill.fgColor.rgb, page["B2"].fill.fill_type) == ("FFFFC7CE", None)
    assert page["B2"].number_format == "000000"
    again = look(tmp_path / "r.xlsx", sheet="Lijst", header_row=7)
    assert [type(cell).__name__ for cell in values(again)[0]] == ["str", "SheetNumber", "BadCell", "BadCell"]


def test_parquet_keeps_its_types(look: Look, tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    at = pyarrow.array([1, None, 3], pyarrow.timestamp("ns", "Europe/Amsterdam"))
    pyarrow.parquet.write_table(
        pyarrow.table({"at": at, "n": pyarrow.array(["a", None, "c"]).dictionary_encode()}), file
    )
    write_rejects(tmp_path / "r", look(file), [(1, "why")], lambda record: ())
    assert pyarrow.parquet.read_table(tmp_path / "r").to_pydict()[REASON] == ["why"]
    assert pyarrow.parquet.read_schema(tmp_path / "r").field("at").type == at.type


def test_without_refused_rows_there_is_no_file(look: Look, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(f"a,{REASON}\n1,x\n")
    assert write_rejects(tmp_path / "r.csv", look("a,b\n1,2\n"), [], lambda record: ()) == 0
    assert not (tmp_path / "r.csv").exists()


def test_a_file_without_marks_is_escaped_for_spreadsheets(look: Look, tmp_path: Path) -> None:
    source = look("phone,=name\n+31 6 1234,=SUM(A1)\n'-x,'s Hertogenbosch\n")
    write_rejects(tmp_path / "r.csv", source, [(0, "=wrong"), (1, "x")], lambda record: ())
    written = list(csv.reader(io.StringIO((tmp_path / "r.csv").read_text())))
    assert written[0] == ["phone", "'=name", REASON]
    assert written[1:] == [["+31 6 1234", "'=SUM(A1)", "'=wrong"], ["''-x", "'s Hertogenbosch", "x"]]
    assert values(look(tmp_path / "r.csv")) == [["+31 6 1234", "=SUM(A1)"], ["'-x", "'s Hertogenbosch"]]
