"""One run after the other: every row in exactly one file."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, export
from leat_async.errors import ApiError, ConfigError
from leat_async.export import run

from .conftest import Lists


def uuids(folder: Path) -> list[str]:
    return [json.loads(line)["uuid"] for file in folder.glob("*.jsonl") for line in file.read_text().splitlines()]


async def incremental(resource: Any, folder: Path, name: str, **options: Any) -> export.Summary:
    return await export.to_file(resource, folder / f"{name}.jsonl", incremental=folder / "state", **options)


@pytest.mark.parametrize("path", ["loyalty-transactions", "contacts", "visits", "vouchers"])
async def test_every_row_is_in_exactly_one_file(lists: Lists, leat: LeatClient, tmp_path: Path, path: str) -> None:
    resource = getattr(leat, path.replace("-", "_"))
    lists.most = 20
    lists.fill(path, 200)
    draw = random.Random(path)
    clock = dt.datetime.now(dt.UTC)

    lists.clock = lambda: clock
    for number in range(6):
        await incremental(resource, tmp_path, f"part{number}")
        for _ in range(draw.randrange(30)):
            # Some show up late, with a moment that the run before has passed.
            clock += dt.timedelta(minutes=7)
            lists.add(path, clock - dt.timedelta(minutes=draw.randrange(40)), at=0)
    await incremental(resource, tmp_path, "last")
    found = Counter(uuids(tmp_path))
    assert set(found.values()) == {1}
    assert set(found) == {row["uuid"] for _, row in lists.rows[path]}


async def test_a_run_without_news_is_short_and_empty(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.most = 20
    lists.fill("loyalty-transactions", 400)
    first = await incremental(leat.loyalty_transactions, tmp_path, "a")
    asked = len(lists.requests)
    second = await incremental(leat.loyalty_transactions, tmp_path, "b")
    assert (first.rows, second.rows) == (400, 0)
    assert len(lists.requests) - asked <= 8
    assert (tmp_path / "b.jsonl").read_bytes() == b""


async def test_an_existing_file_is_not_replaced_by_new_rows_alone(
    lists: Lists, leat: LeatClient, tmp_path: Path
) -> None:
    lists.fill("visits", 5)
    await incremental(leat.visits, tmp_path, "a")
    with pytest.raises(ConfigError, match="give each run a file of its own"):
        await incremental(leat.visits, tmp_path, "a")
    assert len(uuids(tmp_path)) == 5


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("path", ["loyalty-transactions", "visits"])
async def test_stopped_while_the_file_takes_its_place(
    lists: Lists, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, where: str
) -> None:
    """The state is true only when the file is there, and then it is."""
    resource = getattr(leat, path.replace("-", "_"))
    made = dt.datetime.now(dt.UTC)
    lists.fill(path, 5)
    lists.add(path, made)
    replace = os.replace

    def stop(source: Path, target: Path) -> None:
        if where == "after":
            replace(source, target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run.os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            await incremental(resource, tmp_path, "a")
    lists.add(path, made)
    await incremental(resource, tmp_path, "a" if where == "before" else "b")
    await incremental(resource, tmp_path, "c")
    found = Counter(uuids(tmp_path))
    assert set(found.values()) == {1}
    assert set(found) == {row["uuid"] for _, row in lists.rows[path]}


async def test_a_failed_run_leaves_the_state_alone(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.most = 5
    lists.fill("loyalty-transactions", 40)
    lists.fail = {6}
    with pytest.raises(ApiError):
        await incremental(leat.loyalty_transactions, tmp_path, "a")
    assert (await incremental(leat.loyalty_transactions, tmp_path, "other")).rows == 40


async def test_the_state_is_of_one_export(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.fill("visits", 5)
    await incremental(leat.visits, tmp_path, "a")
    with pytest.raises(ConfigError, match="differs in kind"):
        await incremental(leat.loyalty_transactions, tmp_path, "b")
    with pytest.raises(ConfigError, match="differs in filters"):
        await incremental(leat.visits, tmp_path, "c", contact_uuid="c-1")
    assert (await incremental(leat.visits, tmp_path, "d")).known == 5


async def test_since_is_where_the_first_run_begins(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.fill("loyalty-transactions", 48)
    assert (await incremental(leat.loyalty_transactions, tmp_path, "a", since="2024-01-02")).rows == 24
    assert (await incremental(leat.loyalty_transactions, tmp_path, "b", since="2024-01-02")).rows == 0


@pytest.mark.parametrize("path", ["loyalty-transactions", "visits"])
async def test_a_stream_can_be_incremental(lists: Lists, leat: LeatClient, tmp_path: Path, path: str) -> None:
    resource = getattr(leat, path.replace("-", "_"))
    lists.fill(path, 5)
    out = io.BytesIO()
    for _ in range(2):
        await export.to_file(resource, out, format="jsonl", incremental=tmp_path / "state")
        lists.add(path, dt.datetime.now(dt.UTC))
    await export.to_file(resource, out, format="jsonl", incremental=tmp_path / "state")
    assert len(out.getvalue().splitlines()) == 7


async def test_a_run_that_saw_an_old_list_forgets_nothing(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    """A replica that lags hides rows from one run that the run before and the run after see."""
    clock = dt.datetime.now(dt.UTC)
    lists.clock = lambda: clock
    lists.add("contacts", clock - dt.timedelta(minutes=5))
    hidden = lists.add("contacts", clock)
    await incremental(leat.contacts, tmp_path, "a")
    there = list(lists.rows["contacts"])
    lists.rows["contacts"] = [pair for pair in there if pair[1] is not hidden]
    clock += dt.timedelta(minutes=10)
    await incremental(leat.contacts, tmp_path, "b")
    lists.rows["contacts"] = there
    clock += dt.timedelta(minutes=10)
    await incremental(leat.contacts, tmp_path, "c")
    assert Counter(uuids(tmp_path)) == Counter(row["uuid"] for _, row in there)
