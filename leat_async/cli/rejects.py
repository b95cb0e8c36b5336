"""The rejects file: refused rows as they were, with the reason, to be corrected and fed back in."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..bulk.readers import REASON, Source, cell_text, escape


def write_rejects(path: Path, source: Source, refused: Iterable[tuple[int, str]]) -> int:
    """Write the rows of these numbers (from 0, ascending) with their reasons; returns how many.

    The file is complete or not there at all, and for its owner's eyes only. Without refused rows there is none: one
    of an earlier run is removed.
    """
    waiting = iter(refused)
    following = next(waiting, None)
    if following is None:
        path.unlink(missing_ok=True)
        return 0
    count = 0
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=source.delimiter)
            writer.writerow([*map(escape, source.columns), REASON])
            for number, record in enumerate(source.records()):
                if following is None:
                    break
                if number < following[0]:
                    continue
                cells = (escape(cell_text(record.values.get(column))) for column in source.columns)
                writer.writerow([*cells, escape(_line(following[1]))])
                count += 1
                following = next(waiting, None)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return count


def _line(reason: str) -> str:
    return " ".join(reason.split())


def is_rejects(path: Path) -> bool:
    """Whether a file was written by `write_rejects`."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return REASON in file.readline()
