"""Files as rows, whatever wrote them."""

from __future__ import annotations

import csv
import datetime as dt
import importlib
import io
import sys
import tracemalloc
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leat_async.bulk.readers import (
    REASON,
    Source,
    SourceError,
    cell_text,
    escape,
    open_source,
    spool,
    unescape,
)

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def written(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def values(source: Source) -> list[dict[str, Any]]:
    return [record.values for record in source.records()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_of_any_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [["naam", "e-mail", "bedrag"], ["Zoë, de “echte”", "zoe@example.com", "€ 12,50"], ["Jörg", "", "1;2|3"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    source = open_source(written(tmp_path / "x.csv", text.getvalue().encode(encoding)))
    assert (source.delimiter, source.columns) == (delimiter, ("naam", "e-mail", "bedrag"))
    assert source.encoding == encoding
    assert values(source) == [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
)
def test_csv_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([["a", "b", "c"], *rows])
    source = open_source(path, delimiter=delimiter, encoding="utf-8")
    expected = [row for row in rows if any(cell.strip() for cell in row)]
    assert [list(row.values()) for row in values(source)] == expected
    assert all(record.problem is None for record in source.records())


def test_encoding_is_that_of_the_whole_file(tmp_path: Path) -> None:
    ascii_part = b"name,email\n" + b"Anna,anna@example.com\n" * 100_000
    source = open_source(written(tmp_path / "late.csv", ascii_part + "Zoë,zoe@example.com\n".encode("cp1252")))
    assert source.encoding == "cp1252"
    *_, last = source.records()
    assert last.values["name"] == "Zoë"
    assert last.line == 100_002


def test_utf8_cut_at_a_chunk_border_is_still_utf8(tmp_path: Path) -> None:
    head = b"name\n"
    filler = b"x" * ((1 << 20) - len(head) - 1)
    source = open_source(written(tmp_path / "x.csv", head + filler + "ë\n".encode()))
    assert source.encoding == "utf-8"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"name\nZo\xeb\n", "utf-8"),
        (b"name\nZo\x81\n", None),
        (b"\xef\xbb\xbfname\nZo\xeb\n", None),
        (b"name\nZo\xc3", "utf-8"),
        (b"name\nx\n", "klingon"),
    ],
)
def test_bytes_of_no_known_encoding_are_refused(tmp_path: Path, data: bytes, encoding: str | None) -> None:
    with pytest.raises(SourceError, match="encoding"):
        open_source(written(tmp_path / "x.csv", data), encoding=encoding)


def test_blank_lines_hints_and_short_rows(tmp_path: Path) -> None:
    data = 'sep=;\r\n\r\n"a ";b;\r\n1;2;3\r\n;;\r\n   \r\n4;5\r\n6;7;8;;\r\n9;10;11;12\r\n"line\none";2;3\r\n'
    source = open_source(written(tmp_path / "x.csv", data))
    assert source.columns == ("a", "b", "column 3")
    records = list(source.records())
    assert [record.line for record in records] == [4, 7, 8, 9, 11]
    assert [record.problem for record in records] == [
        None,
        "has 2 cells where the header has 3",
        None,
        "has 4 cells where the header has 3; beyond it: 12",
        None,
    ]
    assert records[4].values["a"] == "line\none"


def test_repeated_column_names_are_told_apart(tmp_path: Path) -> None:
    source = open_source(written(tmp_path / "x.csv", "name,name,name (2)\n1,2,3\n"))
    assert source.columns == ("name", "name (2)", "name (2) (2)")
    assert values(source) == [{"name": "1", "name (2)": "2", "name (2) (2)": "3"}]


def test_a_cell_that_never_ends_is_an_error_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"line 2: .*quotation mark"):
        list(open_source(written(tmp_path / "x.csv", 'a,b\n"' + "x" * 200_000), delimiter=",").records())


@pytest.mark.parametrize("data", [b"", b"\n\n  \n"])
def test_empty_files_are_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceError, match="empty"):
        open_source(written(tmp_path / "x.csv", data))


def test_missing_files_and_directories_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(SourceError, match="no such file"):
            open_source(path)


def test_json_lines(tmp_path: Path) -> None:
    data = '\ufeff{"email": "a@example.com", "n": 1}\n\n{"n": null, "late": {"x": [1]}}\n{nonsense\n[1]\n{}\n'
    source = open_source(written(tmp_path / "x.txt", data))
    assert (source.format, source.columns) == ("jsonl", ("email", "n", "late"))
    records = list(source.records())
    assert [record.line for record in records] == [1, 3, 4, 5]
    assert records[0].values == {"email": "a@example.com", "n": 1}
    assert records[1].values == {"n": None, "late": {"x": [1]}}
    assert [record.problem is None for record in records] == [True, True, False, False]
    assert str(records[2].problem).endswith(": {nonsense")


@pytest.mark.parametrize(("data", "said"), [("[{}]", "array"), ("{nonsense", "no JSON object")])
def test_json_of_another_form_is_refused(tmp_path: Path, data: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        open_source(written(tmp_path / "x.json", data))


def test_keys_without_end_are_refused(tmp_path: Path) -> None:
    data = "\n".join(f'{{"k{n}": 1}}' for n in range(1002))
    with pytest.raises(SourceError, match="1000 different keys"):
        open_source(written(tmp_path / "x.jsonl", data))


def test_excel(tmp_path: Path) -> None:
    openpyxl = importlib.import_module("openpyxl")
    book = openpyxl.Workbook()
    page = book.active
    moment = dt.datetime(2026, 3, 1, 19, 30)
    for row in ([], ["E-mail", "Start", "Guests"], ["zoë@example.com", moment, 4], [None, " ", None], ["x", None, 2.5]):
        page.append(row)
    page.append(["y", None, 1, "beyond"])
    book.create_sheet("Second").append(["other"])
    book.save(tmp_path / "x.xlsx")
    source = open_source(tmp_path / "x.xlsx")
    assert (source.format, source.columns) == ("xlsx", ("E-mail", "Start", "Guests"))
    records = list(source.records())
    assert [record.line for record in records] == [3, 5, 6]
    assert records[0].values == {"E-mail": "zoë@example.com", "Start": moment, "Guests": 4}
    assert records[1].values == {"E-mail": "x", "Start": None, "Guests": 2.5}
    assert records[2].problem == "has 4 cells where the header has 3; beyond it: beyond"
    assert open_source(tmp_path / "x.xlsx", sheet="Second").columns == ("other",)
    with pytest.raises(SourceError, match="no sheet 'Third'; there is Sheet, Second"):
        open_source(tmp_path / "x.xlsx", sheet="Third")


def test_parquet(tmp_path: Path) -> None:
    pyarrow = importlib.import_module("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    moment = dt.datetime(2026, 3, 1, 19, 30, tzinfo=dt.UTC)
    table = pyarrow.table({"email": ["a@example.com", None], "at": [moment, None], "paid": [Decimal("12.50"), None]})
    parquet.write_table(table, tmp_path / "x.parquet")
    source = open_source(tmp_path / "x.parquet")
    assert (source.format, source.columns) == ("parquet", ("email", "at", "paid"))
    assert values(source) == [{"email": "a@example.com", "at": moment, "paid": Decimal("12.50")}]


@pytest.mark.parametrize(("name", "magic"), [("xlsx", b"PK\x03\x04"), ("parquet", b"PAR1")])
def test_broken_binary_files_are_refused(tmp_path: Path, name: str, magic: bytes) -> None:
    importlib.import_module("openpyxl")
    importlib.import_module("pyarrow")
    with pytest.raises(SourceError, match="not a"):
        open_source(written(tmp_path / f"x.{name}", magic + b"nothing more of it"))


def test_old_excel_files_are_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"save it as \.xlsx"):
        open_source(written(tmp_path / "x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))


@pytest.mark.parametrize(
    ("module", "extra", "magic"), [("openpyxl", "excel", b"PK\x03\x04"), ("pyarrow", "parquet", b"PAR1")]
)
def test_a_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, extra: str, magic: bytes
) -> None:
    for name in (module, f"{module}.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SourceError, match=rf"leat-async\[{extra}\]"):
        open_source(written(tmp_path / "x", magic))


@given(CELLS)
def test_escaped_cells_come_back(text: str) -> None:
    assert unescape(escape(text)) == text


@given(CELLS)
def test_escaped_cells_are_no_formulas(text: str) -> None:
    assert not escape(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_rejects_file_is_read_as_the_file_it_came_from(tmp_path: Path) -> None:
    data = f"phone,'=name,{REASON}\n'+31 6 1234,'=SUM(A1),wrong\n''-x,'s Hertogenbosch,\n"
    source = open_source(written(tmp_path / "x.rejects.csv", data))
    assert (source.rejects, source.columns) == (True, ("phone", "=name"))
    assert values(source) == [
        {"phone": "+31 6 1234", "=name": "=SUM(A1)"},
        {"phone": "'-x", "=name": "'s Hertogenbosch"},
    ]


def test_a_rejects_file_may_come_back_as_a_workbook(tmp_path: Path) -> None:
    openpyxl = importlib.import_module("openpyxl")
    book = openpyxl.Workbook()
    for row in (["phone", "guests", REASON], ["'+31 6 1234", 4, "wrong"]):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    source = open_source(tmp_path / "x.xlsx")
    assert (source.rejects, source.columns) == (True, ("phone", "guests"))
    assert values(source) == [{"phone": "+31 6 1234", "guests": 4}]


@pytest.mark.parametrize("delimiter", ["", "ab", "a", '"', "\n", " "])
def test_delimiters_that_make_no_sense_are_refused(tmp_path: Path, delimiter: str) -> None:
    with pytest.raises(SourceError, match="delimiter"):
        open_source(written(tmp_path / "x.csv", "a,b\n"), delimiter=delimiter)


def test_a_workbook_that_breaks_off_is_a_clear_error(tmp_path: Path) -> None:
    openpyxl = importlib.import_module("openpyxl")
    book = openpyxl.Workbook()
    for number in range(2000):
        book.active.append([f"cell {number}", number])
    book.save(tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as whole, zipfile.ZipFile(tmp_path / "cut.xlsx", "w") as cut:
        for name in whole.namelist():
            data = whole.read(name)
            cut.writestr(name, data[: len(data) // 2] if name.endswith("sheet1.xml") else data)
    source = open_source(tmp_path / "cut.xlsx")
    with pytest.raises(SourceError, match="broken Excel file"):
        list(source.records())


def test_other_files_keep_their_apostrophes(tmp_path: Path) -> None:
    source = open_source(written(tmp_path / "x.csv", "phone,name\n'+31,x\n"))
    assert values(source) == [{"phone": "'+31", "name": "x"}]


def test_fingerprint_follows_the_bytes(tmp_path: Path) -> None:
    one = open_source(written(tmp_path / "1.csv", "a,b\n1,2\n"))
    same = open_source(written(tmp_path / "2.csv", "a,b\n1,2\n"))
    other = open_source(written(tmp_path / "3.csv", "a,b\n1,3\n"))
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_stdin_is_spooled_privately(tmp_path: Path) -> None:
    path = spool(io.BytesIO(b"a,b\n1,2\n"), tmp_path)
    assert values(open_source(path)) == [{"a": "1", "b": "2"}]
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, form: str) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.{form}"
        with path.open("wb") as file:
            if form == "csv":
                file.write(b"email,starts_at\n")
            for n in range(count):
                row = {"email": f"guest{n}@example.com", "starts_at": "2026-03-01T12:00:00Z"}
                file.write(msgspec.json.encode(row) if form == "jsonl" else ",".join(row.values()).encode())
                file.write(b"\n")
        tracemalloc.start()
        for _ in open_source(path).records():
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)
    # The look at the file takes it in pieces of a megabyte.
    assert peak(60_000) < peak(2_000) + 3_000_000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (4.0, "4"),
        (4.5, "4.5"),
        (Decimal("12.50"), "12.50"),
        (dt.datetime(2026, 3, 1, 19, 30), "2026-03-01 19:30:00"),
        (dt.date(2026, 3, 1), "2026-03-01"),
        ({"x": [1]}, '{"x":[1]}'),
    ],
)
def test_values_as_text(value: Any, text: str) -> None:
    assert cell_text(value) == text
