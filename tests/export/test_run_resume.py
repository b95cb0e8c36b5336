"""Killed and resumed: the file equals that of an undisturbed run."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, export
from leat_async.errors import ApiError, ConfigError
from leat_async.export import run, walk

from ..forking import Forks, environment
from .conftest import Lists
from .files import read

SOAK = os.environ.get("LEAT_SOAK") == "1"
# The command with small windows, batches and groups, so that a short list has many places to be killed at.
COMMAND = """
import sys
from leat_async.cli import main
from leat_async.export import parquet, run, walk
walk._MAX_PAGES, walk._MARK_EVERY, run._BATCH, parquet._GROUP_ROWS = 6, 3, 7, 50
sys.exit(main())
"""


async def leat_export(
    forks: Forks, lists: Lists, *arguments: str | Path, kill_at: int | None = None
) -> tuple[int, str]:
    """Run `leat export`, and kill it while it waits for the answer to a request."""
    env = environment() | {"LEAT_BASE_URL": lists.url, "LEAT_ACCESS_TOKEN": "token"}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as messages:
        streams = [messages, messages, messages]
        process = await asyncio.to_thread(forks.start, ["-c", COMMAND, "export", *arguments], env, Path.cwd(), streams)
        ended = asyncio.ensure_future(asyncio.to_thread(process.wait))
        begun = len(lists.requests)

        async def kill(number: int) -> None:
            if kill_at is not None and number == begun + kill_at:
                process.kill()
                await ended

        lists.before = kill
        code = await ended
        messages.seek(0)
        return code, messages.read()


def content(path: Path) -> Any:
    if path.suffix == ".xlsx":  # it tells when it was made
        return read(path, "xlsx")
    if path.suffix != ".sqlite":
        return path.read_bytes()
    db = sqlite3.connect(path)
    try:
        return list(db.iterdump())
    finally:
        db.close()


@pytest.mark.parametrize(
    ("kind", "format", "kills"),
    [
        ("loyalty-transactions", "jsonl", 10 if SOAK else 3),
        ("visits", "csv", 10 if SOAK else 2),
        ("loyalty-transactions", "parquet", 10 if SOAK else 3),
        ("visits", "sqlite", 10 if SOAK else 2),
        ("contacts", "parquet", 10 if SOAK else 2),
    ],
)
async def test_killed_at_random_moments(
    forks: Forks | None, lists: Lists, tmp_path: Path, kind: str, format: str, kills: int
) -> None:
    if forks is None:
        pytest.skip("there is no fork here")
    draw = random.Random(f"{kind} {format}")
    lists.most = 5
    lists.fill(kind, 400, every=40_000)
    code, messages = await leat_export(forks, lists, kind, "-o", tmp_path / f"calm.{format}")
    assert code == 0, messages
    assert messages.endswith(f"{tmp_path}/calm.{format}: 400 rows\n")
    target = tmp_path / f"x.{format}"
    killed = 0
    while killed < kills:
        code, _ = await leat_export(forks, lists, kind, "-o", target, kill_at=draw.randrange(1, 25))
        if code == 0:
            # Its earlier runs had come so far that it was done before; the next one starts anew.
            assert content(target) == content(tmp_path / f"calm.{format}")
            os.unlink(target)
            continue
        assert code == -9
        assert not target.exists()
        killed += 1
    code, messages = await leat_export(forks, lists, kind, "-o", target)
    assert code == 0, messages
    assert content(target) == content(tmp_path / f"calm.{format}")
    assert sorted(os.listdir(tmp_path)) == [f"calm.{format}", f"x.{format}"]


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "sqlite", "xlsx"])
@pytest.mark.parametrize("kind", ["loyalty_transactions", "visits", "contacts"])
async def test_stopped_by_every_request_in_turn(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, format: str
) -> None:
    """Each request fails once; no page is lost and none doubled, wherever that was."""
    monkeypatch.setattr(walk, "_MAX_PAGES", 4)
    monkeypatch.setattr(walk, "_MARK_EVERY", 2)
    monkeypatch.setattr(run, "_BATCH", 7)
    lists.most = 5
    lists.fill(kind.replace("_", "-"), 80, every=90_000)
    resource = getattr(leat, kind)
    await export.to_file(resource, tmp_path / f"calm.{format}")
    target, failed, resumed = tmp_path / f"x.{format}", 0, 0
    for attempt in range(1, 100):
        lists.fail = {len(lists.requests) + attempt}
        try:
            summary = await export.to_file(resource, target, ahead=2)
        except ApiError:
            failed += 1
            continue
        resumed += summary.resumed
        break
    assert failed >= 2
    assert resumed == 1
    assert content(target) == content(tmp_path / f"calm.{format}")


async def test_rows_that_arrive_between_the_attempts(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "_MARK_EVERY", 2)
    lists.most = 5
    existing = lists.fill("visits", 100)
    lists.fail = {12}
    with pytest.raises(ApiError):
        await export.to_file(leat.visits, tmp_path / "x.jsonl")
    made, _ = lists.rows["visits"][0]
    new = [lists.add("visits", made, at=place)["uuid"] for place in (0, 0, 40, 90)]
    asked = len(lists.requests)
    summary = await export.to_file(leat.visits, tmp_path / "x.jsonl")
    assert next(query["page"] for _, query in lists.requests[asked:] if "page" in query) == "10"
    found = [line.split('"')[3] for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert len(found) == len(set(found)) == summary.rows
    assert set(new) | set(existing) == set(found)


async def test_rows_that_are_deleted_between_the_attempts(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as were added at the end, so that the total shows nothing."""
    monkeypatch.setattr(walk, "_MARK_EVERY", 2)
    lists.most = 5
    existing = lists.fill("visits", 100)
    lists.fail = {12}
    with pytest.raises(ApiError):
        await export.to_file(leat.visits, tmp_path / "x.jsonl")
    made, _ = lists.rows["visits"][0]
    for _ in range(3):
        del lists.rows["visits"][2]
        lists.add("visits", made)
    await export.to_file(leat.visits, tmp_path / "x.jsonl")
    found = [line.split('"')[3] for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert len(found) == len(set(found))
    assert set(existing) <= set(found)


async def test_a_relative_bound_means_what_it_meant_at_the_start(
    lists: Lists, leat: LeatClient, tmp_path: Path
) -> None:
    lists.most = 5
    lists.fill("loyalty-transactions", 30)
    lists.fail = {7}
    with pytest.raises(ApiError):
        await export.to_file(leat.loyalty_transactions, tmp_path / "x.csv", since="520w")
    first = next(query["created_at[gte]"] for _, query in lists.requests if "created_at[gte]" in query)
    summary = await export.to_file(leat.loyalty_transactions, tmp_path / "x.csv", since="520w")
    assert summary.since is not None
    assert summary.since.isoformat() == first


async def test_another_export_does_not_go_on_with_it(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.most = 5
    lists.fill("loyalty-transactions", 30)
    lists.fail = {7}
    target = tmp_path / "x.csv"
    with pytest.raises(ApiError):
        await export.to_file(leat.loyalty_transactions, target)
    before = (tmp_path / "x.csv.part").read_bytes()
    for options, words in (
        ({"since": "2020"}, "differs in since"),
        ({"shop_uuid": "s"}, "differs in filters"),
        ({"attributes": ["a"]}, "differs in columns"),
    ):
        with pytest.raises(ConfigError, match=words):
            await export.to_file(leat.loyalty_transactions, target, **options)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="differs in columns, kind"):
        await export.to_file(leat.contacts, target)
    assert (tmp_path / "x.csv.part").read_bytes() == before
    assert (await export.to_file(leat.loyalty_transactions, target, since="2020", fresh=True)).resumed is False


async def test_what_lies_where_the_checkpoint_goes_is_not_overwritten(
    lists: Lists, leat: LeatClient, tmp_path: Path
) -> None:
    (tmp_path / "x.csv.checkpoint").write_text("somebody's notes")
    with pytest.raises(ConfigError, match="no file of an export"):
        await export.to_file(leat.visits, tmp_path / "x.csv")
    assert (tmp_path / "x.csv.checkpoint").read_text() == "somebody's notes"


async def test_stopped_after_the_last_row_only_the_end_is_done_again(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists.fill("visits", 20)

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(run.os, "replace", fail)
        with pytest.raises(OSError, match="no space"):
            await export.to_file(leat.visits, tmp_path / "x.parquet")
    asked = len(lists.requests)
    assert (await export.to_file(leat.visits, tmp_path / "x.parquet")).rows == 20
    assert len(lists.requests) == asked


async def test_a_cancelled_export_can_be_resumed(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.most = 5
    existing = lists.fill("visits", 300)
    task: asyncio.Task[export.Summary]

    def cancel(number: int) -> None:
        if number == 45:
            task.cancel()

    lists.before = cancel
    task = asyncio.create_task(export.to_file(leat.visits, tmp_path / "x.jsonl"))
    with pytest.raises(asyncio.CancelledError):
        await task
    summary = await export.to_file(leat.visits, tmp_path / "x.jsonl")
    assert (summary.resumed, summary.rows) == (True, len(existing))


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "sqlite", "xlsx"])
async def test_what_was_written_after_the_last_mark_is_taken_back(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """Also where the rows behind it are fewer and shorter by then."""
    monkeypatch.setattr(walk, "_MARK_EVERY", 4)
    monkeypatch.setattr(run, "_BATCH", 1)
    lists.most = 5
    lists.fill("visits", 60)
    for _, row in lists.rows["visits"][20:]:
        row["source"] = "x" * 5000
    lists.fail = {8}
    with pytest.raises(ApiError):
        await export.to_file(leat.visits, tmp_path / f"x.{format}")
    del lists.rows["visits"][20:]
    await export.to_file(leat.visits, tmp_path / f"x.{format}")
    await export.to_file(leat.visits, tmp_path / f"calm.{format}")
    assert content(tmp_path / f"x.{format}") == content(tmp_path / f"calm.{format}")


async def test_a_checkpoint_keeps_no_secret(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.fill("giftcard-transactions", 20)
    lists.fail = {5}
    with pytest.raises(ApiError):
        await export.to_file(leat.giftcard_transactions, tmp_path / "x.csv", giftcard_hash="money-money")
    left = b"".join((tmp_path / name).read_bytes() for name in os.listdir(tmp_path))
    assert b"giftcard_transactions" in left
    assert b"money" not in left
    assert b"token" not in left
