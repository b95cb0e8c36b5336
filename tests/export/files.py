"""Rows to export, and files read back."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet

from leat_async.export.kinds import ExportKind

FACTS = Path(__file__).parent.parent / "facts"


def examples(kind: ExportKind) -> list[dict[str, Any]]:
    """Rows of the list's documented answer."""
    found: list[dict[str, Any]] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("data"), list):
                found.extend(row for row in value["data"] if isinstance(row, dict))
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)
        elif isinstance(value, str) and '"data"' in value:
            look(json.loads(value))

    facts = json.loads((FACTS / f"{kind.name}.json").read_text())
    look([operation for operation in facts["operations"] if operation["id"] == f"{kind.name}.list"])
    return found


def read(path: Path, format: str) -> list[dict[str, Any]]:
    if format == "csv":
        return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))
    if format == "jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    if format == "parquet":
        rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
        return rows
    if format == "xlsx":
        head, *rows_of = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
        return [dict(zip(map(str, head), row, strict=True)) for row in rows_of]
    with sqlite3.connect(path) as db:
        db.row_factory = sqlite3.Row
        (name,) = db.execute("SELECT name FROM sqlite_master").fetchone()
        found = [dict(row) for row in db.execute(f'SELECT * FROM "{name}"')]
    db.close()
    return found
