"""Files that are not where they should be, and disks without room."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, export
from leat_async.errors import ApiError, ConfigError

from ..forking import Forks, environment
from .conftest import Lists

FORMATS = ("csv", "jsonl", "parquet", "sqlite")
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes, and no limits")


@posix
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("what", ["x.{}.part", "x.{}.checkpoint", "state"])
@pytest.mark.parametrize("link", [os.symlink, os.link])
async def test_a_link_in_the_way_is_refused(
    lists: Lists, leat: LeatClient, tmp_path: Path, format: str, what: str, link: Any
) -> None:
    lists.fill("visits", 3)
    other = tmp_path / "other"
    other.write_text("somebody's")
    link(other, tmp_path / what.format(format))
    try:
        await export.to_file(leat.visits, tmp_path / f"x.{format}", incremental=tmp_path / "state")
    except ConfigError as error:
        assert "link" in str(error)
        assert not (tmp_path / f"x.{format}").exists()
    else:
        # A database that was not begun is made anew, and the link in its place is gone.
        assert (format, what) == ("sqlite", "x.{}.part")
        assert not (tmp_path / f"x.{format}").is_symlink()
    assert other.read_text() == "somebody's"


@posix
@pytest.mark.parametrize("format", FORMATS)
async def test_what_others_could_read_is_made_private(
    lists: Lists, leat: LeatClient, tmp_path: Path, format: str
) -> None:
    lists.most = 5
    lists.fill("visits", 300)
    lists.fail = {50}
    with pytest.raises(ApiError):
        await export.to_file(leat.visits, tmp_path / f"x.{format}", incremental=tmp_path / "state")
    for name in os.listdir(tmp_path):
        os.chmod(tmp_path / name, 0o666)
    await export.to_file(leat.visits, tmp_path / f"x.{format}", incremental=tmp_path / "state")
    modes = {name: stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in os.listdir(tmp_path)}
    assert modes == {f"x.{format}": 0o600, "state": 0o600}


# As a disk that is full: a file must not grow beyond so many bytes. Python 3.13.0 and older would keep the start of a
# compiled module, which everybody then stumbles over.
LIMITED = """
import resource, sys
sys.dont_write_bytecode = True
from leat_async.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
sys.exit(main())
"""


@posix
@pytest.mark.parametrize("room", [2_000, 30_000, 80_000])
@pytest.mark.parametrize("format", FORMATS)
async def test_a_disk_without_room_ends_in_a_sentence_and_can_be_resumed(
    lists: Lists, forks: Forks, tmp_path: Path, format: str, room: int
) -> None:
    every = lists.fill("visits", 3000)
    for _, row in lists.rows["visits"]:
        row["source"] = row["uuid"] * 3
    env = environment() | {"LEAT_BASE_URL": lists.url, "LEAT_ACCESS_TOKEN": "token"}

    async def run(room: int) -> tuple[int, str]:
        program = ["-c", LIMITED, str(room), "export", "visits", "-o", f"x.{format}"]
        ran = await asyncio.to_thread(forks.run, program, env, tmp_path)
        return ran.returncode, ran.stderr

    code, messages = await run(room)
    assert code == 4, messages
    *progress, last = messages.splitlines()
    assert last.startswith("leat: ")
    assert last.endswith("the same command again goes on where this ended")
    assert all("rows," in line for line in progress)
    code, messages = await run(100_000_000)
    assert code == 0, messages
    assert f"{len(every):,} rows" in messages
    assert os.listdir(tmp_path) == [f"x.{format}"]


async def test_a_database_in_trouble_is_an_os_error(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    from leat_async.export import sqlite

    def full(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    lists.fill("visits", 3)
    monkeypatch.setattr(sqlite.SqliteWriter, "write", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        await export.to_file(leat.visits, tmp_path / "x.sqlite")
    assert caught.value.filename == str(tmp_path / "x.sqlite")
