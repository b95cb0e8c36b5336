"""Workbooks: cells as the spreadsheet shows them, or refused by their place."""

from __future__ import annotations

import datetime as dt
import importlib
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leat_async.tables.table import BadCell, SheetNumber, SourceError, cell_text

from .conftest import Look, problems, values
from .workbooks import header, number, text, xlsx, zipped

DAY, AT = dt.date(2026, 5, 1), dt.datetime(2026, 5, 1, 20, 0)


def test_what_a_library_writes(look: Look, tmp_path: Path) -> None:
    openpyxl = importlib.import_module("openpyxl")
    book = openpyxl.Workbook()
    page = book.active
    for row in ([], ["E-mail", "Start", "Guests"], ["zoë@example.com", AT, 4], [None, " ", None], ["x", None, 2.5]):
        page.append(row)
    page.append(["y", None, 1, "beyond"])
    book.create_sheet("Second").append(["other"])
    book.save(tmp_path / "x.xlsx")
    source = look(tmp_path / "x.xlsx")
    assert (source.format, source.columns, source.header_row) == ("xlsx", ("E-mail", "Start", "Guests"), 2)
    records = list(source.records())
    assert [record.line for record in records] == [3, 5, 6]
    assert list(records[0].values.values())[:2] == ["zoë@example.com", AT]
    assert [cell_text(record.values["Guests"]) for record in records] == ["4", "2.5", "1"]
    assert records[2].problem == "has 4 cells where the header has 3; beyond it: 'beyond'"
    assert source.notes == ("other sheets: Second (named with --sheet, or sheet in its mapping)",)
    assert look(tmp_path / "x.xlsx", sheet="Second").columns == ("other",)
    with pytest.raises(SourceError, match="no sheet 'Third'; there is Sheet, Second"):
        look(tmp_path / "x.xlsx", sheet="Third")


@pytest.mark.parametrize(
    ("code", "stored", "shown"),
    [
        ("000000", "417", "000417"),
        ("000-000", "417", "000-417"),
        ('"R-"0000', "17", "R-0017"),
        ("0.00", "12.5", "12.50"),
        ("#,##0.00", "1234.5", "1234.50"),
        ("[$€-413] #,##0.00", "12.5", "€ 12.50"),
        ("0%", "0.15", "15%"),
        ("0.0%", "0.155", "15.5%"),
        ("0;-0;;@", "0", ""),
        ("0_);(0)", "-5", "(5)"),
        ("General", "0.30000000000000004", "0.3"),
        ("General", "202611110001", "202611110001"),
        ("@", "417", "417"),
        ("0.00E+00", "202600000000", "2.03E+11"),
        ("[<=9999999]###\\-####;(###) ###\\-####", "6121234567", "(612) 123-4567"),
        ("#.##", "2", "2"),
        ("00000,", "12345678", "12346"),
    ],
)
def test_numbers_are_read_as_shown(look: Look, code: str, stored: str, shown: str) -> None:
    source = look(xlsx(header("a", "b"), text("A2", "x") + number("B2", stored, 1), formats=[code]))
    assert cell_text(values(source)[0][1]) == shown


@pytest.mark.parametrize(
    ("code", "stored", "shown"),
    [
        ("dd-mm-yyyy", "46143", DAY),
        ("dd-mm-yyyy", "46143.8125", DAY),
        ("d mmm", "46143", DAY),
        ("dd-mm-yyyy hh:mm", "46143.833333333336", AT),
        ('dddd d mmmm yyyy "om" h:mm', "46143.833333333336", AT),
        ("h:mm AM/PM", "0.8125", dt.time(19, 30)),
        ("hh:mm", "46143.8125", dt.time(19, 30)),
        ("mm:ss", "0.0125", dt.time(0, 18)),
        ("hh:mm", "1", "24:00"),
        ("[h]:mm", "0.8125", dt.timedelta(hours=19, minutes=30)),
        ("[h]:mm", "1", dt.timedelta(days=1)),
        ("[$-413]d/mm/yyyy", "46143", DAY),
        ("yyyy-mm-dd", "0", "1900-01-00"),
        ("yyyy-mm-dd", "1", dt.date(1900, 1, 1)),
    ],
)
def test_dates_and_times_are_read_as_shown(look: Look, code: str, stored: str, shown: Any) -> None:
    source = look(xlsx(header("a"), number("A2", stored, 1), formats=[code]))
    assert values(source) == [[shown]]


def test_the_years_of_1904(look: Look) -> None:
    source = look(xlsx(header("a"), number("A2", "44681", 1), formats=["yyyy-mm-dd"], since_1904=True))
    assert values(source) == [[DAY]]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('<c r="B2"><f>A2+1</f></c>', "B2 is a formula without a result"),
        ('<c r="B2"><f>A2+1</f><v/></c>', "B2 is a formula without a result"),
        ('<c r="B2" t="e"><v>#N/A</v></c>', "B2 is the error #N/A"),
        ('<c r="B2" t="e"><f>X</f><v>#VALUE!</v></c>', "B2 is the error #VALUE!"),
        (number("B2", "1234567890123456"), "B2 is a number beyond 15 digits"),
        (number("B2", "1.5", 1), "B2 is a number whose format is not known here"),
        (number("B2", "60", 2), "a day that never was"),
        (number("B2", "-3", 2), "B2 is a date that a spreadsheet shows as ####"),
        (number("B2", "4000000", 2), "beyond the year 9999"),
        (number("B2", "nan"), "can't be read"),
        ('<c r="B2" t="s"><v>7</v></c>', "B2 is a text that is missing"),
    ],
)
def test_what_shows_no_value_is_named_by_its_place(look: Look, cell: str, said: str) -> None:
    source = look(xlsx(header("a", "b"), text("A2", "x") + cell, formats=["# ?/?", "yyyy-mm-dd"]))
    found = values(source)[0][1]
    assert isinstance(found, BadCell)
    assert said in found.reason


def test_texts(look: Look) -> None:
    shared = ["Acme_x000D_&#10;Groep", "<r><t>rich </t></r><r><t>text</t></r><rPh><t>no</t></rPh>", "_x005F_x0041_"]
    cells = "".join(f'<c r="{chr(65 + n)}2" t="s"><v>{n}</v></c>' for n in range(3)) + text("D2", "  spaced ")
    cells += (
        '<c r="E2" t="str"><f>A1</f><v></v></c><c r="F2" t="b"><v>1</v></c><c r="G2" t="str"><v>_xD83D__xDE00_</v></c>'
    )
    source = look(xlsx(header(*"abcdefg"), cells, texts=shared))
    assert values(source) == [["Acme\r\nGroep", "rich text", "_x0041_", "  spaced ", None, True, "\N{GRINNING FACE}"]]


def test_merged_cells_that_hide_values_are_named(look: Look) -> None:
    rows = [text("A2", "x") + text("B2", "1"), text("B3", "2"), text("A4", "y") + text("B4", "3")]
    source = look(xlsx(header("a", "b"), *rows, merged=["A2:A3", "D1:E1"]))
    found = values(source)
    assert found[0] == ["x", "1"]
    assert found[1][0] == BadCell("A3 is part of the merged cells A2:A3; undo the merging and fill it")
    assert found[2] == ["y", "3"]


def test_the_first_visible_sheet_is_read(look: Look) -> None:
    sheets = [("Old", "hidden"), ("Older", "veryHidden"), ("New", "visible"), ("Other", "visible")]
    source = look(xlsx(header("a"), text("A2", "x"), sheets=sheets))
    assert source.sheet == "New"
    assert source.notes == ("other sheets: Other (named with --sheet, or sheet in its mapping)",)
    with pytest.raises(
        SourceError, match="no sheet is visible; name one with --sheet, or sheet in its mapping: Old, Older"
    ):
        look(xlsx(header("a"), sheets=sheets[:2]))


def test_an_empty_sheet_names_the_others(look: Look) -> None:
    empty = '<worksheet xmlns="x"><sheetData/></worksheet>'
    data = xlsx(header("a"), sheets=[("Cover", "visible"), ("Rows", "visible")], sheet1=empty)
    with pytest.raises(
        SourceError,
        match="the sheet 'Cover' is empty; there is also Rows: name it with --sheet, or sheet in its mapping",
    ):
        look(data)


def test_hidden_rows_are_told(look: Look) -> None:
    source = look(xlsx(header("a"), f'<row r="2" hidden="1">{text("A2", "x")}</row>'))
    assert source.notes == ("1 hidden rows of the sheet are read as well",)


def test_files_that_spreadsheets_open_and_strict_readers_do_not(look: Look) -> None:
    bare = "".join(f"<c><v>{n}</v></c>" for n in (1, 2))
    assert [list(map(cell_text, row)) for row in values(look(xlsx(header("a", "b"), f"<row>{bare}</row>")))] == [
        ["1", "2"]
    ]
    styles = '<styleSheet xmlns="x"><fills><fill/></fills><cellXfs><xf numFmtId="junk"/></cellXfs></styleSheet>'
    assert len(values(look(xlsx(header("a"), number("A2", "1"), styles=styles)))) == 1
    prefixed = (
        '<x:worksheet xmlns:x="m"><x:sheetData><x:row r="1"><x:c r="A1" t="str"><x:v>a</x:v></x:c></x:row>'
        '<x:row r="2"><x:c r="A2" t="str"><x:v>b</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    assert values(look(xlsx(sheet1=prefixed))) == [["b"]]
    with zipfile.ZipFile(_written(look, xlsx(header("a"), text("A2", "b")))) as book:
        turned = zipped({name.replace("/", "\\").upper(): book.read(name) for name in book.namelist()})
    assert values(look(turned)) == [["b"]]


def _written(look: Look, data: bytes) -> Path:
    return look(data).path


def test_a_row_far_down_costs_nothing(look: Look) -> None:
    source = look(xlsx(header("a"), f'<row r="999999999">{text("A999999999", "x")}</row>'))
    assert [record.line for record in source.records()] == [999_999_999]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: b"PK\x03\x04nothing more of it", "broken"),
        (lambda: zipped({"[Content_Types].xml": ""}), "no workbook in it"),
        (lambda: xlsx(header("a"), text("ZZZZZ2", "x")), "a cell at ZZZZZ2"),
        (lambda: xlsx(header("a"), text("B2", "x") + text("A2", "y")), "a cell at A2"),
        (lambda: xlsx(header("a"), "<row r='1'></row>"), "row 1 comes after row 1"),
        (lambda: xlsx(sheet1='<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'), "XML entities"),
        (lambda: xlsx(sheet1="<worksheet><sheetData>"), "broken workbook"),
        (lambda: xlsx(sheet1='<?xml version="1.0" encoding="UTF-0"?><worksheet/>'), "unknown encoding"),
        (lambda: xlsx(sheet1='<?xml version="1.0" encoding="utf-7"?><worksheet/>'), "broken workbook"),
        (lambda: xlsx(header("a"), text("A2", "x" * 1_500_000)), "1,048,576 characters"),
        (lambda: xlsx(header("a"), f'<c r="A2" t="{"x" * 9_000_000}"/>'), "many megabytes"),
        (lambda: xlsx(header("a"), parts={"xl/styles.xml": b" " * (65 << 20)}), "unpacks to 65 MB"),
    ],
    ids=range(12),
)
def test_broken_workbooks_are_one_sentence(look: Look, made: Callable[[], bytes], said: str) -> None:
    with pytest.raises(SourceError) as caught:
        list(look(made()).records())
    assert said in str(caught.value)
    assert len(str(caught.value)) < 350


def test_a_workbook_that_breaks_off_is_refused_before_its_first_row(look: Look, tmp_path: Path) -> None:
    whole = xlsx(header("a"), *(text(f"A{n}", f"cell {n}") for n in range(2, 5000)))
    place = whole.index(b"sheet1.xml") + 2000
    with pytest.raises(SourceError, match="broken workbook"):
        look(whole[:place] + b"\0" * 50 + whole[place + 50 :])


def test_texts_beyond_memory_are_refused(look: Look) -> None:
    texts = '<sst xmlns="x">' + _many() + "</sst>"
    data = xlsx(header("a"), '<c r="A2" t="s"><v>0</v></c>', parts={"xl/sharedStrings.xml": texts})
    del texts
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="more texts than fit into memory"):
            look(data)
        assert tracemalloc.get_traced_memory()[1] < 150 << 20
    finally:
        tracemalloc.stop()


def _many() -> str:
    return ("<si><t>" + "x" * 60_000 + "</t></si>") * 2500


def test_a_missing_extra_is_named(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    data = xlsx(header("a"), text("A2", "x"))
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(SourceError, match=r"leat-async\[excel\]"):
        look(data)


def test_a_percentage_is_no_number_of_its_digits(look: Look) -> None:
    ((cell,),) = values(look(xlsx(header("a"), number("A2", "0.5", 1), formats=["0%"])))
    assert isinstance(cell, SheetNumber)
    assert (cell.text, cell.value) == ("50%", None)
    assert problems(look(xlsx(header("a"), number("A2", "1")))) == [None]
