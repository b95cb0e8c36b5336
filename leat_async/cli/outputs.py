"""The files that an import writes: known to be its own before anything is done to one, or sent."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from ..tables.mapping_file import is_mapping
from ..tables.rejects import ending_of, is_rejects
from ..tables.table import TableSource
from .display import REPORT_SUMS
from .exits import Stop
from .import_options import ImportOptions
from .streams import data_out

_NULL, _STDOUT = Path("/dev/null"), Path("/dev/stdout")
_AGAIN = re.compile(r"(.+\.rejects(?:\.\d+)?)(?:-(\d+))?")
_OF_SQLITE = ("", "-wal", "-shm", "-journal")


def rejects_of(options: ImportOptions, source: TableSource) -> Path:
    """Where refused rows go."""
    if options.rejects is not None:
        return options.rejects
    base = Path("stdin") if options.file == "-" else Path(options.file)
    # No number with a dot: such a file lies beside one that was changed by hand, and is another one's.
    again = _AGAIN.fullmatch(base.stem) if source.rejects and not options.of_several else None
    # Several imports may be of one file.
    kind = f".{options.kind.replace('_', '-')}" if options.of_several else ""
    stem = f"{again[1]}-{int(again[2] or 1) + 1}" if again is not None else f"{base.name}{kind}.rejects"
    return base.with_name(stem + ending_of(source))


def check_outputs(options: ImportOptions, source: TableSource, scratch: Path) -> None:
    """Refuse paths that can't be written, that are no plain files, or that hold something else."""
    rejects, report = rejects_of(options, source), options.report
    taken: list[tuple[str, Path]] = [] if options.file == "-" else [("FILE", Path(options.file))]
    ledger = options.ledger
    if isinstance(ledger, Path):
        check_place("--ledger", ledger)
        _check_other("--ledger", ledger, taken)
        taken += [("--ledger", ledger.with_name(ledger.name + suffix)) for suffix in _OF_SQLITE]
    if options.save_mapping is not None:
        _check_target("--save-mapping", options.save_mapping, taken)
        if _holds_something(options.save_mapping) and not is_mapping(options.save_mapping):
            raise Stop(f"--save-mapping {options.save_mapping}: there is a file that is no mapping; name another")
    if options.dry_run:
        return
    _check_target("--rejects", rejects, taken)
    ending = ending_of(source)
    if rejects.suffix.lower() in (".csv", ".xlsx", ".xls", ".jsonl", ".parquet") and rejects.suffix.lower() != ending:
        raise Stop(f"--rejects {rejects}: the rejects of such a file are written as {ending}; name one that ends so")
    if rejects.exists() and not is_rejects(rejects, scratch):
        raise Stop(f"--rejects {rejects}: there is a file that is no rejects file; name another")
    check_report(report, taken)
    check_page("--report-html", options.report_html, taken)


def check_report(report: Path | None, taken: list[tuple[str, Path]]) -> None:
    """Refuse a place for a report where something else is."""
    if report is None or report in (_NULL, _STDOUT):
        return
    _check_target("--report", report, taken)
    if _holds_something(report) and not _is_report(report):
        raise Stop(f"--report {report}: there is a file that is no report of an import; name another")


def check_page(option: str, page: Path | None, taken: list[tuple[str, Path]]) -> None:
    """Refuse a place for a page where something else is."""
    if page is None or page in (_NULL, _STDOUT):
        return
    from ..reports.language import check_installed

    check_installed()
    _check_target(option, page, taken)
    if _holds_something(page) and not _is_page(page):
        raise Stop(f"{option} {page}: there is a file that is no page of a report; name another")


def write_report(path: Path, data: bytes) -> None:
    """Write a report for its owner's eyes, whole or not at all; to stdout, or nowhere, if that is its path."""
    if path == _STDOUT:
        out = data_out()
        out.write(data)
        out.flush()
    elif path != _NULL:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with open(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)


def _check_target(option: str, path: Path, taken: list[tuple[str, Path]]) -> None:
    check_place(option, path)
    _check_other(option, path, taken)
    taken.append((option, path))


def _check_other(option: str, path: Path, taken: list[tuple[str, Path]]) -> None:
    for other, its in taken:
        same = path.exists() and its.exists() and path.samefile(its)
        if same or path.resolve() == its.resolve():
            raise Stop(f"{option} and {other} are the same file, {path}")


def check_place(option: str, path: Path) -> None:
    """Refuse what is there if it is anything but a plain file. A link's target would not be what was named."""
    if not path.absolute().parent.is_dir():
        raise Stop(f"{option} {path}: there is no such directory")
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise Stop(f"{option} {path}: a symbolic link; name the file that it leads to")
    if stat.S_ISDIR(mode):
        raise Stop(f"{option} {path}: a directory; name a file in it")
    if not stat.S_ISREG(mode):
        raise Stop(f"{option} {path}: a device or a pipe, not a file; name another")


def _holds_something(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _is_page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(15).lower() == b"<!doctype html>"


def _is_report(path: Path) -> bool:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        # That of several imports is a list of theirs.
        reports = msgspec.convert(found.get("imports", [found]), list[dict[str, Any]])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    own = {*REPORT_SUMS, "latency_seconds", "exit_code"}
    return bool(reports) and all(one.keys() >= own for one in reports)
