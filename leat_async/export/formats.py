"""The formats that an export can have, and what writes one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

Format = Literal["csv", "jsonl", "parquet", "sqlite", "xlsx"]
FORMATS: tuple[Format, ...] = ("csv", "jsonl", "parquet", "sqlite", "xlsx")
_ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
    ".xlsx": "xlsx",
}


def format_of(path: Path | None, given: str | None) -> Format:
    """The format asked for, or the one that the file's ending means."""
    if given is not None:
        for known in FORMATS:
            if given == known:
                return known
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {given!r}")
    if path is None:
        raise ValueError("a stream needs a format: csv or jsonl")
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        if path.is_dir():
            raise ValueError(f"{path}: a directory; name a file in it")
        raise ValueError(f"{path.name!r} tells no format: end it in {', '.join(_ENDINGS)}, or give the format")
    return _ENDINGS[ending]


class RowWriter(Protocol):
    """Writes rows to a part file."""

    def write(self, sources: Sequence[bytes]) -> None:
        """Add rows, each as JSON."""
        ...

    def sync(self) -> int:
        """Bring everything to the disk; returns the position to come back to."""
        ...

    def finish(self) -> Path:
        """Complete the file; returns where it is."""
        ...

    def close(self) -> None:
        """Let go of the file, complete or not."""
        ...
