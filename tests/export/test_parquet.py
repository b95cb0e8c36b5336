"""Parquet needs its extra."""

from __future__ import annotations

from pathlib import Path

import pytest

from leat_async import LeatClient, export
from leat_async.errors import ConfigError

from .conftest import Lists


async def test_without_pyarrow_the_extra_is_named(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigError, match=r"leat-async\[parquet\]"):
        await export.to_file(leat.visits, tmp_path / "x.parquet")
