"""Binary Excel workbooks."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import pyxlsbwriter

from leat_async.tables.table import SourceError

from .conftest import Look, shown, values
from .workbooks import zipped

AT = dt.datetime(2026, 5, 1, 20, 0)


def test_xlsb(look: Look, tmp_path: Path) -> None:
    with pyxlsbwriter.XlsbWriter(str(tmp_path / "x")) as writer:
        writer.add_sheet("Data")
        writer.write_sheet([["id", "at", "text"], [417, AT, "Zoë"], [12.5, None, "x"]])
    source = look(tmp_path / "x")
    assert (source.format, source.sheet, source.columns) == ("xlsb", "Data", ("id", "at", "text"))
    assert shown(values(source)) == [["417", "2026-05-01 20:00:00", "Zoë"], ["12.5", "", "x"]]


def test_broken_xlsb_is_one_sentence(look: Look) -> None:
    for part in (b"", b"\x9c\x01\x02", b"\xff\xff\xff\xff\xff\xff"):
        with pytest.raises(SourceError, match=r"broken workbook|no sheet"):
            look(zipped({"[Content_Types].xml": "", "xl/workbook.bin": part}))
