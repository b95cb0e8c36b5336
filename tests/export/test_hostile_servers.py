"""Exports against servers of a kind that exists: nothing is missing without a word, and nothing comes twice.

A personality is drawn for each run: replicas that lag, pages that shift, answers that a proxy or a cache made up,
clocks ahead and behind, rows without a moment. No question is answered wrongly twice in a row.
"""

from __future__ import annotations

import copy
import datetime as dt
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, RetryPolicy, export
from leat_async.errors import LeatError
from leat_async.export import run as running
from leat_async.export import walk

from ..seeds import seeds
from .conftest import PATHS, UNDATED, Lists, Row
from .files import read

SEEDS = seeds(50, soak=500)
LISTS = [kind.operation.path.strip("/") for kind in export.KINDS[:6]]
PATIENT = RetryPolicy(attempts=5, backoff=0)
LIES = [
    b"<html><h1>503</h1></html>",
    b"",
    b"{}",
    b'{"data": null}',
    b'{"data": []}',
    b'{"data": [], "meta": []}',
    b'{"data": [], "meta": {"page": 1, "last_page": 1, "total": 0}}',
    b'{"message": "Too busy"}',
    b'{"data": ["x"]}',
    b'{"data": [{"uuid": 5}], "meta": {"total": 1',
]
STATUSES = [204, 301, 302, 307, 404, 408, 409, 421, 425, 500, 502, 503, 504]


class Personality:
    """What a server is like, drawn from a seed; it spoils what `lists` answers."""

    def __init__(self, seed: int, lists: Lists, path: str) -> None:
        self.draw = draw = random.Random(seed)
        self.lists, self.path = lists, path
        self.offset = dt.timedelta(seconds=draw.choice([0, 0, 3600, -3600, 7 * 3600, -86_400]))
        # By how much the web server's clock differs from that of the database, which dates the rows.
        self.between = dt.timedelta(seconds=draw.choice([0, 0, 0, 1800, -1800]))
        self.clock = dt.datetime.now(dt.UTC) - self.offset
        self.lies, self.statuses, self.stale = (draw.choice([0, 0, 0.1, 0.3]) for _ in range(3))
        self.adds, self.deletes, self.shuffles = (draw.choice([0, 0, 0.1, 0.4]) for _ in range(3))
        self.spoilt: set[tuple[Any, ...]] = set()
        self.deleted: set[str] = set()
        self.calm = False
        self.how = ""
        lists.most = draw.randrange(3, 12)
        lists.undated_last = draw.random() < 0.5
        lists.clock = lambda: self.clock + self.between
        lists.date = (lambda: None) if draw.random() < 0.1 else lists.date  # type: ignore[assignment,return-value]
        for _ in range(draw.randrange(120)):
            self.add(self.clock - dt.timedelta(seconds=draw.randrange(40 * 86_400)))
        if PATHS[path] and path != "contacts" and draw.random() < 0.3:
            for _ in range(draw.randrange(1, 12)):
                self.add(UNDATED)
        self.versions: list[list[tuple[dt.datetime, Row]]] = [list(lists.rows[path])]
        lists.before = self.turn
        lists.status = self.status
        lists.body = self.body
        honest = lists.answer
        lists.answer = lambda path, query: self.answer(honest, query)  # type: ignore[method-assign]

    def add(self, made: dt.datetime) -> None:
        self.lists.add(self.path, made, at=self.draw.choice([0, None]))

    def turn(self, number: int) -> None:
        """Before each answer time passes, and others work on the list."""
        self.clock += dt.timedelta(seconds=self.draw.randrange(20))
        if self.calm:
            return
        rows = self.lists.rows[self.path]
        if self.draw.random() < self.adds:
            self.add(self.clock - dt.timedelta(seconds=self.draw.randrange(30)))
        if rows and self.draw.random() < self.deletes / 4:
            _, row = rows.pop(self.draw.randrange(len(rows)))
            self.deleted.add(row["uuid"])
        if not PATHS[self.path] and self.draw.random() < self.shuffles / 4:
            self.draw.shuffle(rows)
        self.versions = [*self.versions[-30:], list(rows)]

    def spoil(self) -> str:
        """How the answer to this question is spoilt, if it is; not twice in a row."""
        question = tuple(sorted(self.lists.requests[-1][1].items()))
        if self.calm or question in self.spoilt:
            self.spoilt.discard(question)
            return ""
        chance = self.draw.random()
        how = "status" if chance < self.statuses else "lie" if chance < self.statuses + self.lies else ""
        if how:
            self.spoilt.add(question)
        return how

    def status(self, number: int) -> int | None:
        self.how = self.spoil()
        return self.draw.choice(STATUSES) if self.how == "status" else None

    def body(self, number: int, honest: bytes) -> bytes:
        return self.draw.choice(LIES) if self.how == "lie" else honest

    def answer(self, honest: Any, query: dict[str, str]) -> Row:
        now = self.lists.rows[self.path]
        if not self.calm and self.draw.random() < self.stale:
            self.lists.rows[self.path] = self.draw.choice(self.versions)
        try:
            found: Row = copy.deepcopy(honest(self.path, query))
            return found
        finally:
            self.lists.rows[self.path] = now

    def there(self) -> set[str]:
        return {row["uuid"] for _, row in self.lists.rows[self.path]}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short list has all that a long one has."""
    monkeypatch.setattr(walk, "_MAX_PAGES", 4)
    monkeypatch.setattr(walk, "_MARK_EVERY", 2)
    monkeypatch.setattr(running, "_BATCH", 7)


async def until_done(resource: Any, target: Path, **options: Any) -> export.Summary | None:
    """As somebody would who reads the message and repeats the command; None after too many."""
    for _ in range(8):
        try:
            return await export.to_file(resource, target, **options)
        except LeatError as error:
            # A documented error, which says what happened.
            assert str(error)
    return None


@pytest.mark.parametrize("seed", SEEDS)
async def test_whole_lists(lists: Lists, leat: LeatClient, tmp_path: Path, seed: int, small: None) -> None:
    path = LISTS[seed % len(LISTS)]
    server = Personality(seed, lists, path)
    existed = server.there()
    resource = getattr(leat.with_options(retry=PATIENT), path.replace("-", "_"))
    summary = await until_done(resource, tmp_path / "x.jsonl", ahead=server.draw.choice([0, 3]))
    if summary is None:
        return
    found = Counter(row["uuid"] for row in read(tmp_path / "x.jsonl", "jsonl"))
    assert not [name for name, times in found.items() if times > 1]
    missing = existed - set(found) - server.deleted
    assert not missing or summary.warnings
    if not (server.deletes or server.shuffles or server.stale or server.lies):
        assert not missing


@pytest.mark.parametrize("seed", SEEDS)
async def test_one_run_after_the_other(lists: Lists, leat: LeatClient, tmp_path: Path, seed: int, small: None) -> None:
    path = LISTS[seed % len(LISTS)]
    server = Personality(seed + 10_000, lists, path)
    resource = getattr(leat.with_options(retry=PATIENT), path.replace("-", "_"))
    warned = failed = False
    for number in range(4):
        server.calm = number == 3
        for _ in range(server.draw.randrange(6)):
            server.clock += dt.timedelta(minutes=server.draw.randrange(90))
            server.add(server.clock)
        target = tmp_path / f"{number}.jsonl"
        summary = await until_done(resource, target, incremental=tmp_path / "state", ahead=2)
        failed = failed or summary is None
        warned = warned or bool(summary and summary.warnings)
    files = [tmp_path / name for name in os.listdir(tmp_path) if name.endswith(".jsonl")]
    found = Counter(row["uuid"] for file in files for row in read(file, "jsonl"))
    assert not [name for name, times in found.items() if times > 1]
    missing = server.there() - set(found)
    assert not missing or warned or failed
    if not (server.deletes or server.shuffles or server.stale or server.lies or failed):
        assert not missing


async def test_most_of_them_are_read_whole_without_a_warning(
    lists: Lists, leat: LeatClient, tmp_path: Path, small: None
) -> None:
    """A word for everything would be no word."""
    quiet = 0
    honest, date = lists.answer, lists.date
    for seed in range(60):
        path = LISTS[seed % len(LISTS)]
        lists.answer, lists.date = honest, date  # type: ignore[method-assign]
        lists.rows = {name: [] for name in PATHS}
        server = Personality(seed, lists, path)
        existed = server.there()
        resource = getattr(leat.with_options(retry=PATIENT), path.replace("-", "_"))
        summary = await until_done(resource, tmp_path / f"{seed}.jsonl")
        quiet += bool(
            summary and not summary.warnings and existed <= server.deleted | {
                row["uuid"] for row in read(tmp_path / f"{seed}.jsonl", "jsonl")
            }
        )  # fmt: skip
    assert quiet >= 30, quiet
