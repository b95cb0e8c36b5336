"""Old Excel workbooks."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import xlwt

from leat_async.tables.table import BadCell, SourceError

from .conftest import Look, shown, values

AT = dt.datetime(2026, 5, 1, 20, 0)


def test_xls(look: Look, tmp_path: Path) -> None:
    book = xlwt.Workbook()
    book.add_sheet("Old").visibility = 1
    page = book.add_sheet("Data")
    for column, name in enumerate(["id", "at", "span", "wrong", "yes", "share"]):
        page.write(0, column, name)
    formats = {0: "000000", 1: "dd-mm-yyyy hh:mm", 2: "[h]:mm", 5: "0%"}
    for column, value in enumerate([417, AT, 1.0, None, True, 0.5]):
        if value is not None:
            page.write(2, column, value, xlwt.easyxf(num_format_str=formats.get(column, "General")))
    page.row(2).set_cell_error(3, 0x2A)
    page.write_merge(4, 5, 0, 0, "merged")
    page.write(5, 1, "x")
    book.save(str(tmp_path / "x.csv"))
    source = look(tmp_path / "x.csv")
    assert (source.format, source.sheet, source.columns[0]) == ("xls", "Data", "id")
    first, second, third = values(source)
    assert shown([first])[0] == ["000417", "2026-05-01 20:00:00", "24:00:00", "#N/A", "true", "50%"]
    assert (first[1], first[2]) == (AT, dt.timedelta(days=1))
    assert first[3] == BadCell("D3 is the error #N/A", "#N/A")
    assert second[0] == "merged"
    assert "A6 is part of the merged cells A5:A6" in third[0].reason


@pytest.mark.parametrize("data", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xd0\xcf\x11\xe0" + bytes(5000)])
def test_broken_xls_is_one_sentence(look: Look, data: bytes) -> None:
    with pytest.raises(SourceError, match="can't be read"):
        look(data)


def test_a_password_is_named(look: Look) -> None:
    with pytest.raises(SourceError, match="password"):
        look(b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"))
