"""OpenDocument workbooks."""

from __future__ import annotations

import datetime as dt

import pytest

from leat_async.tables.table import SourceError, cell_text

from .conftest import Look, shown
from .workbooks import ods, ods_cell

AT = dt.datetime(2026, 5, 1, 20, 0)


def test_ods(look: Look) -> None:
    head = "".join(ods_cell(name) for name in ("id", "at", "time", "span", "wrong", "yes", "share", "text"))
    note = "<office:annotation><text:p>a note</text:p></office:annotation>"
    row = (
        ods_cell("000417", "float", office__value="417")
        + ods_cell("01-05-26 20:00", "date", office__date_value="2026-05-01T20:00:00")
        + ods_cell("19:30", "time", office__time_value="PT19H30M00S")
        + ods_cell("24:00", "time", office__time_value="PT24H00M00S")
        + ods_cell("#N/A", "string", calcext__value_type="error")
        + ods_cell("WAAR", "boolean", office__boolean_value="true")
        + ods_cell("50%", "percentage", office__value="0.5")
        + f'<table:table-cell office:value-type="string">{note}<text:p>a<text:s text:c="2"/>b</text:p>'
        "<text:p>c</text:p></table:table-cell>"
    )
    blank = '<table:table-row table:number-rows-repeated="1000"><table:table-cell/></table:table-row>'
    formula = ods_cell("x") + '<table:table-cell table:formula="of:=A1"/><table:covered-table-cell/>'
    grouped = ods_cell("1.234", "float", office__value="1234") + ods_cell("", "float", office__value="1e15")
    styles = '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    source = look(ods(head, row, blank, formula, grouped, styles=styles, sheets=[("Old", "")]))
    assert (source.format, source.sheet) == ("ods", "Data")
    first, second, third = source.records()
    assert (first.line, second.line, third.line) == (2, 1003, 1004)
    cells = list(first.values.values())
    assert shown([cells])[0] == [
        "000417",
        "2026-05-01 20:00:00",
        "19:30:00",
        "24:00:00",
        "#N/A",
        "true",
        "50%",
        "a  b\nc",
    ]
    assert (cells[1], cells[2], cells[3]) == (AT, dt.time(19, 30), dt.timedelta(days=1))
    assert "E2 is the error #N/A" in cells[4].reason
    assert "B1003 is a formula without a result" in second.values["at"].reason
    assert "C1003 is part of merged cells" in second.values["time"].reason
    assert cell_text(third.values["id"]) == "1234"
    assert "beyond 15 digits" in third.values["at"].reason


def test_rows_without_end_are_refused(look: Look) -> None:
    many = f'<table:table-row table:number-rows-repeated="999999999">{ods_cell("x")}</table:table-row>'
    source = look(ods(ods_cell("a"), many))
    with pytest.raises(SourceError, match="more rows than a sheet can have"):
        for _ in source.records():
            pass
    wide = '<table:table-cell table:number-columns-repeated="99999999"><text:p>x</text:p></table:table-cell>'
    with pytest.raises(SourceError, match="16,384 cells"):
        look(ods(wide))
