"""CSV: what it says, or the line where it can't be read."""

from __future__ import annotations

import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leat_async.tables.source import open_source
from leat_async.tables.table import SourceError

from .conftest import Look, problems, values

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_of_any_delimiter_and_encoding(look: Look, delimiter: str, encoding: str) -> None:
    rows = [["naam", "e-mail", "bedrag"], ["Zoë, de “echte”", "zoe@example.com", "€ 12,50"], ["Jörg", "", "1;2|3"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    source = look(text.getvalue().encode(encoding))
    assert (source.delimiter, source.columns) == (delimiter, ("naam", "e-mail", "bedrag"))
    assert source.encoding == encoding
    assert values(source) == rows[1:]


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
    source = open_source(path, path.parent, delimiter=delimiter, encoding="utf-8", format="csv")
    found = list(source.records())
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    assert [list(record.values.values()) for record in found] == kept
    assert all(record.problem is None or "swallows" in record.problem for record in found)


def test_blank_lines_and_short_rows(look: Look) -> None:
    data = 'sep=;\r\n\r\n"a ";b;\r\n1;2;3\r\n;;\r\n   \r\n4;5\r\n6;7;8;;\r\n9;10;11;12\r\n"line\none";2;3\r\n'
    source = look(data)
    assert source.columns == ("a", "b", "column 3")
    records = list(source.records())
    assert [record.line for record in records] == [4, 7, 8, 9, 10]
    assert problems(source) == [
        None,
        "has 2 cells where the header has 3",
        None,
        "has 4 cells where the header has 3; beyond it: '12'",
        None,
    ]
    assert records[4].values["a"] == "line\none"


@pytest.mark.parametrize("delimiter", [";", "\t", "^", ":", "~"])
def test_the_first_line_may_name_any_delimiter(look: Look, delimiter: str) -> None:
    source = look(f"sep={delimiter}\r\na{delimiter}b,c\r\n1{delimiter}2,3\r\n")
    assert (source.columns, values(source)) == (("a", "b,c"), [["1", "2,3"]])


def test_the_rows_tell_the_delimiter_below_a_title(look: Look) -> None:
    source = look("Boekingen, januari\n\nE-mail;Naam;Start\na@b.nl;A;1\nc@d.nl;C;2\n", header_row=3)
    assert (source.delimiter, source.header_row) == (";", 3)
    assert values(source) == [["a@b.nl", "A", "1"], ["c@d.nl", "C", "2"]]


def test_a_header_that_is_not_there_is_an_error(look: Look) -> None:
    with pytest.raises(SourceError, match="line 2 is empty"):
        look("a,b\n\n1,2\n", header_row=2)
    with pytest.raises(SourceError, match="line 9"):
        look("a,b\n\n1,2\n", header_row=9)


def test_columns_of_one_name_are_numbered(look: Look) -> None:
    source = look("name,name,name (2),,\n1,2,3,4,5\n")
    assert source.columns == ("name (1)", "name (3)", "name (2)", "column 4", "column 5")
    assert values(source) == [["1", "2", "3", "4", "5"]]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('a;b;c\n1;2;"open\n3;4;5\n', "line 2: a quotation mark opens a cell here and is never closed"),
        ('a;b;c\n1;2;3\n"x\ny";2;"open\n3;4;5\n', "line 4: a quotation mark opens"),
        ('a;b;c\n1;"x" y;3\n', "line 2: text behind a closing quotation mark"),
        ('a;b;c\n1;2;3\n1;2;"say \\"hi\\""\n', "line 3: text behind"),
    ],
)
def test_marks_that_leave_rows_uncertain_refuse_the_file(look: Look, data: str, said: str) -> None:
    source = look(data)
    with pytest.raises(SourceError, match=said):
        list(source.records())


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_cell_that_swallows_rows_refuses_its_row(look: Look, ending: str) -> None:
    lines = ["mail;naam;opmerking", "a@b.nl;A;ok", 'q@b.nl;Q;"open', "c@b.nl;C;ok", 'd@b.nl;D;tv 55"', "e@b.nl;E;ok"]
    source = look(ending.join([*lines, ""]))
    assert [record.line for record in source.records()] == [2, 3, 6]
    first, second, third = problems(source)
    assert (first, third) == (None, None)
    assert "opens a cell in line 3 that swallows what looks like 2 more rows: 'c@b.nl;C;ok'" in str(second)


def test_a_text_of_several_lines_is_a_cell(look: Look) -> None:
    source = look('mail;naam;opmerking\na@b.nl;A;ok\nb@b.nl;B;"bij het raam;\ngraag; en rustig\n"\n')
    assert problems(source) == [None, None]


@pytest.mark.parametrize("delimiter", ["", "ab", "a", '"', "\n", " "])
def test_delimiters_that_make_no_sense_are_refused(look: Look, delimiter: str) -> None:
    with pytest.raises(SourceError, match="delimiter"):
        look("a,b\n", delimiter=delimiter)


@pytest.mark.parametrize("data", [b"", b"\n\n  \n"])
def test_empty_files_are_refused(look: Look, data: bytes) -> None:
    with pytest.raises(SourceError, match="empty"):
        look(data)


def test_other_files_keep_their_apostrophes(look: Look) -> None:
    assert values(look("phone,name\n'=31,x\n")) == [["'=31", "x"]]


def test_names_of_columns_can_be_shown(look: Look) -> None:
    with pytest.raises(SourceError, match="names of columns that can't be read"):
        look("a\x1b[31m,b\n1,2\n")
    assert len(look("x" * 5000 + ",b\n1,2\n").columns[0]) == 500


def test_a_line_without_end_is_refused(look: Look) -> None:
    with pytest.raises(SourceError, match="a line of more than 16 MB"):
        look(b"email\n" + b"a" * (18 << 20))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.csv"
        with path.open("wb") as file:
            file.write(b"email,starts_at\n")
            for n in range(count):
                file.write(b"guest%d@example.com,2026-03-01T12:00:00Z\n" % n)
        tracemalloc.start()
        for _ in open_source(path, tmp_path).records():
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)
    # The look at the file takes it in pieces of a megabyte.
    assert peak(60_000) < peak(2_000) + 3_000_000
