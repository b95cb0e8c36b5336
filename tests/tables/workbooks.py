"""Workbooks written by hand, for what libraries would not write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

_TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """The bytes of a zip with these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def xlsx(
    *rows: str,
    formats: Sequence[str] = (),
    since_1904: bool = False,
    merged: Sequence[str] = (),
    texts: Sequence[str] | None = None,
    sheets: Sequence[tuple[str, str]] = (("Data", "visible"),),
    styles: str | None = None,
    **more: Any,
) -> bytes:
    """A workbook of these rows, each the XML of its cells (`s="N"` names the N-th of the formats, from 1)."""
    body = "".join(row if row.startswith("<row") else f'<row r="{n}">{row}</row>' for n, row in enumerate(rows, 1))
    covers = "".join(f'<mergeCell ref="{span}"/>' for span in merged)
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData>'
    sheet += f'<mergeCells count="{len(merged)}">{covers}</mergeCells></worksheet>' if merged else "</worksheet>"
    codes = "".join(
        f'<numFmt numFmtId="{164 + n}" formatCode="{escape(code, {chr(34): "&quot;"})}"/>'
        for n, code in enumerate(formats)
    )
    cell_styles = '<xf numFmtId="0"/>' + "".join(f'<xf numFmtId="{164 + n}"/>' for n in range(len(formats)))
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" state="{state}" r:id="r{n}"/>' for n, (name, state) in enumerate(sheets, 1)
    )
    related = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f'<workbookPr date1904="{int(since_1904)}"/><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">{related}</Relationships>',
        "xl/styles.xml": styles
        or f'<styleSheet xmlns="{_MAIN}"><numFmts>{codes}</numFmts><cellXfs>{cell_styles}</cellXfs></styleSheet>',
    }
    if texts is not None:
        items = "".join(f"<si>{text if text.startswith('<') else f'<t>{text}</t>'}</si>" for text in texts)
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{_MAIN}">{items}</sst>'
    for n in range(1, len(sheets) + 1):
        parts[f"xl/worksheets/sheet{n}.xml"] = more.get(f"sheet{n}", sheet)
    return zipped({**parts, **more.get("parts", {})})


def text(place: str, written: str) -> str:
    """The XML of a cell with a text."""
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{written}</t></is></c>'


def number(place: str, written: str, style: int = 0) -> str:
    """The XML of a cell with a number."""
    return f'<c r="{place}" s="{style}"><v>{written}</v></c>'


def header(*names: str) -> str:
    """The XML of a row of names."""
    return "".join(text(f"{chr(65 + n)}1", name) for n, name in enumerate(names))


def ods(*rows: str, styles: str = "", sheets: Sequence[tuple[str, str]] = ()) -> bytes:
    """An OpenDocument workbook of these rows, each the XML of its cells; `sheets`: name and XML of others before it."""
    spaces = "".join(
        f' xmlns:{prefix}="urn:{prefix}"' for prefix in ("office", "table", "text", "style", "calcext", "draw", "dc")
    )
    before = "".join(
        f'<table:table table:name="{name}" table:style-name="h">{inner}</table:table>' for name, inner in sheets
    )
    body = "".join(
        row if row.startswith("<table:table-row") else f"<table:table-row>{row}</table:table-row>" for row in rows
    )
    content = (
        f"<office:document-content{spaces}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f'<office:spreadsheet>{before}<table:table table:name="Data">{body}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def ods_cell(shown: str, kind: str = "string", **given: str) -> str:
    """The XML of an OpenDocument cell."""
    told = "".join(f' {name.replace("__", ":").replace("_", "-")}="{value}"' for name, value in given.items())
    return f'<table:table-cell office:value-type="{kind}"{told}><text:p>{shown}</text:p></table:table-cell>'
