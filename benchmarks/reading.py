"""Reading files: rows of CSV against the csv module and a dict each, rows of a workbook against openpyxl alone.

python -m benchmarks.reading
"""

from __future__ import annotations

import csv
import datetime as dt
import importlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from leat_async.tables.source import open_source

from .measure import Table, quick, show

NAMES = ["email", "shop_uuid", "external_id", "starts_at", "source"]
BARE, BOOK, OURS = "csv.reader and a dict a row", "openpyxl, values only", "leat_async.tables"


def rows(count: int) -> list[list[object]]:
    moment = dt.datetime.fromisoformat("2026-03-01T12:00")
    return [
        [f"guest{n}@example.com", "781ebacb-409d-4c6e-a4a1-7fd0e0dd201e", f"R-{n}", moment, "Kiosk"]
        for n in range(count)
    ]


def bare(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        names = next(reader)
        for cells in reader:
            dict(zip(names, cells, strict=True))


def book(path: Path) -> None:
    openpyxl = importlib.import_module("openpyxl")
    for _ in openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0].iter_rows(values_only=True):
        pass


def ours(path: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for _ in open_source(path, Path(scratch)).records():
            pass


def made(folder: Path, count: int, sheet_count: int) -> tuple[Path, Path]:
    """A CSV file and a workbook of so many rows."""
    text, sheet = folder / "rows.csv", folder / "rows.xlsx"
    with text.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([NAMES, *rows(count)])
    openpyxl = importlib.import_module("openpyxl")
    written = openpyxl.Workbook(write_only=True)
    page = written.create_sheet("Rows")
    for row in (NAMES, *rows(sheet_count)):
        page.append(row)
    written.save(sheet)
    return text, sheet


def rate(work: Callable[[Path], None], path: Path, count: int) -> float:
    began = time.process_time()
    work(path)
    return count / (time.process_time() - began)


def peak(path: Path) -> float:
    """Megabytes of a process of its own that reads a file; Linux tells."""
    code = (
        "import re, sys; from pathlib import Path; from benchmarks.reading import ours; ours(Path(sys.argv[1]));"
        # Not the resource module's figure, which begins with that of the process before.
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    return int(ran.stdout) / 1024


def main() -> None:
    count, sheet_count, rounds = (100_000, 20_000, 2) if quick() else (1_000_000, 200_000, 3)
    with tempfile.TemporaryDirectory() as folder:
        text, sheet = made(Path(folder), count, sheet_count)
        lines: dict[str, list[float]] = {BARE: [], OURS: []}
        sheets: dict[str, list[float]] = {BOOK: [], OURS: []}
        for _ in range(rounds):
            lines[BARE].append(rate(bare, text, count))
            lines[OURS].append(rate(ours, text, count))
            sheets[BOOK].append(rate(book, sheet, sheet_count))
            sheets[OURS].append(rate(ours, sheet, sheet_count))
        few, many = f"{count // 10:,} rows of CSV", f"{count:,} rows of CSV"
        short = Path(folder) / "short.csv"
        with short.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([NAMES, *rows(count // 10)])
        peaks = {few: [peak(short)], many: [peak(text)], f"{sheet_count:,} rows of .xlsx": [peak(sheet)]}
    show(
        Table("Reading CSV", "rows/s", lines, BARE),
        Table("Reading .xlsx", "rows/s", sheets, BOOK),
        Table("Peak memory of reading", "MB", peaks, few, better="less"),
    )


if __name__ == "__main__":
    main()
