"""Parquet needs its extra, and leaves no file open."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from leat_async import LeatClient, export
from leat_async.errors import ConfigError
from leat_async.export import parquet
from leat_async.export.columns import Layout
from leat_async.export.kinds import KINDS

from .conftest import Lists


async def test_without_pyarrow_the_extra_is_named(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigError, match=r"leat-async\[parquet\]"):
        await export.to_file(leat.visits, tmp_path / "x.parquet")


class Full(io.BytesIO):
    """A file whose last bytes have no room."""

    def close(self) -> None:
        if not self.closed:
            super().close()
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("position", [0, 9], ids=["at its end", "as it begins with what can't be read"])
def test_a_file_without_room_leaves_no_other_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, position: int
) -> None:
    files = [Full((1).to_bytes(8, "big") + b"?"), Full()]
    opened = iter(files)
    monkeypatch.setattr(parquet, "open_private", lambda path: next(opened))
    with pytest.raises(OSError, match="No space left"):
        parquet.ParquetWriter(tmp_path / "part", Layout(KINDS[0]), position).close()
    assert [file.closed for file in files] == [True, True]
