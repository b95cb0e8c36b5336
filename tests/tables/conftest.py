"""Files made on the spot, and looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leat_async.tables.source import open_source
from leat_async.tables.table import TableSource, cell_text

Look = Callable[..., TableSource]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Open bytes, text or a file as a table."""

    def opened(data: bytes | str | Path, **options: Any) -> TableSource:
        if isinstance(data, Path):
            return open_source(data, tmp_path, **options)
        path = tmp_path / "given"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return open_source(path, tmp_path, name="given", **options)

    return opened


def values(source: TableSource) -> list[list[Any]]:
    return [list(record.values.values()) for record in source.records()]


def problems(source: TableSource) -> list[str | None]:
    return [record.problem for record in source.records()]


def shown(rows: list[list[Any]]) -> list[list[str]]:
    return [[cell_text(cell) for cell in row] for row in rows]
