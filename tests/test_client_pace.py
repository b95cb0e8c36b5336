"""Clients that share a pace, over real sockets and stores."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async import LeatClient, RateLimit, bulk, errors, export
from leat_async._core.pace.gate import SharedGate
from leat_async._core.pace.stores import machine_file
from leat_async.sandbox import Sandbox

from .conftest import Recorder, answer
from .servers import Postgres, Valkey


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture(params=["machine", "redis", "postgresql"])
def shared(request: pytest.FixtureRequest, state: Path) -> str:
    if request.param == "machine":
        return "machine"
    server: Valkey | Postgres = request.getfixturevalue("valkey" if request.param == "redis" else "postgres")
    return server.database() if isinstance(server, Postgres) else server.url


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here no store is given up; a busy machine's may be slow."""
    for name in ("WAITED_FOR", "PATIENCE"):
        monkeypatch.setattr(f"leat_async._core.pace.patience.{name}", 30.0)
    for name in ("postgres", "redis"):
        monkeypatch.setattr(f"leat_async._core.pace.{name}.CONNECT", 30.0)


async def test_two_clients_on_one_token_share_a_pace(recorder: Recorder, shared: str) -> None:
    limit = RateLimit(60, per=600.0, burst=4, shared=shared)
    async with LeatClient("t", base_url=recorder.url, rate_limit=limit) as one:
        async with LeatClient("t", base_url=recorder.url, rate_limit=limit, timeout=5) as two:
            await asyncio.gather(one.visits.get("a"), one.visits.get("b"), two.visits.get("c"), two.visits.get("d"))
            with pytest.raises(errors.RateLimitError) as caught:
                await two.visits.get("e")
            assert 5 < (caught.value.retry_after or 0) < 12
        async with LeatClient("another", base_url=recorder.url, rate_limit=limit, timeout=5) as other:
            await other.visits.get("f")
    assert len(recorder.requests) == 5


async def test_a_429_is_told_to_the_others(recorder: Recorder, shared: str) -> None:
    recorder.replies = [answer({"message": "Too Many Attempts."}, 429, {"Retry-After": "30"})]
    limit = RateLimit(6000, shared=shared)
    async with (
        LeatClient("t", base_url=recorder.url, rate_limit=limit, timeout=5) as one,
        LeatClient("t", base_url=recorder.url, rate_limit=limit, timeout=5) as two,
    ):
        with pytest.raises(errors.RateLimitError):
            await one.visits.get("a")
        gate: Any = one._pipeline.gate
        while gate._tasks:
            await asyncio.sleep(0.01)
        with pytest.raises(errors.RateLimitError) as caught:
            await two.visits.get("b")
        assert (caught.value.retry_after or 0) > 25


async def test_bulk_and_export_go_after_calls_that_somebody_waits_for(state: Path) -> None:
    """Nobody has to say which is which."""
    limit = RateLimit(40, per=10.0, burst=8, shared="machine")
    async with (
        Sandbox(seed=3, rate_limit=(1_000_000, 60.0)) as sandbox,
        LeatClient(sandbox.token, base_url=sandbox.url, rate_limit=limit) as leat,
    ):
        contact = await leat.contacts.create(email="ada@example.com")
        seen: list[bool] = []
        gate: Any = leat._pipeline.gate
        say = gate._say
        gate._say = lambda count, later=False: seen.append(later) or say(count, later)
        shop = await leat.shops.list().first()
        assert shop is not None
        assert seen == [False]
        seen.clear()
        rows = [{"contact_uuid": contact.uuid, "shop_uuid": shop.uuid, "external_id": "e-1"}]
        assert (await bulk.run(leat.visits, rows)).created == 1
        assert set(seen) == {True}
        seen.clear()
        assert [shop.uuid async for shop in export.rows(leat.shops)]
        assert set(seen) == {True}


async def test_calls_go_on_when_the_store_dies_and_it_is_used_again(
    recorder: Recorder, valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    limit = RateLimit(6000, shared=valkey.url)
    async with LeatClient("t", base_url=recorder.url, rate_limit=limit) as leat:
        gate = leat._pipeline.gate
        assert isinstance(gate, SharedGate)
        await leat.visits.get("a")
        valkey.crash()
        for _ in range(5):
            await leat.visits.get("b")
        assert gate._own is not None
        valkey.start()
        gate._look_at = 0.0  # no need to wait for the second to pass
        while gate._own is not None:
            await leat.visits.get("c")
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == 2
    assert told[0].startswith("leat.pace: the pace can't be kept at redis://127.0.0.1")
    assert told[1] == "leat.pace: the store answers again"


async def test_the_environment_says_where(recorder: Recorder, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAT_SHARED_PACE", "machine")
    async with LeatClient("t", base_url=recorder.url) as leat:
        await leat.visits.get("a")
    async with LeatClient("u", base_url=recorder.url, rate_limit=None) as leat:
        await leat.visits.get("a")
    with sqlite3.connect(machine_file()) as found:
        assert found.execute("SELECT count(*) FROM pace").fetchone() == (1,)
    found.close()
    assert machine_file().is_relative_to(state)


@pytest.mark.parametrize(
    "wrong",
    [
        "memory", "", "mysql://user:s3cret@host/db", "redis://", "redis://:s3cret@host:0/0", "redis://[s3cret", 7,
        "http://s3cret@host",
    ],
)  # fmt: skip
def test_a_store_that_is_none_is_refused_without_being_shown(wrong: Any) -> None:
    with pytest.raises(errors.ConfigError, match="shared must be 'machine'") as caught:
        RateLimit(5000, shared=wrong)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:s3cret@host:6379/0?password=s3cret", "redis://host:6379/0"),
        ("rediss://:s3cret@host/0", "rediss://host/0"),
        ("postgresql://u:s3cret@one:5432,two/db", "postgresql://one:5432,two/db"),
        ("postgresql:///db?host=/run&password=s3cret", "postgresql:///db"),
    ],
)
def test_a_password_of_a_store_shows_nowhere(url: str, shown: str) -> None:
    limit = RateLimit(5000, shared=url)
    assert "s3cret" not in repr(limit)
    assert shown in repr(limit)
    assert limit == RateLimit(5000, shared=url) != RateLimit(5000)
    assert attrs.evolve(limit, requests=4000).shared == limit.shared
    assert "s3cret" not in repr(LeatClient("t", rate_limit=limit)._pipeline.gate)


def test_a_store_whose_library_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leat_async._core.pace.stores.find_spec", lambda name: None)
    with pytest.raises(errors.ConfigError, match=r"pip install 'leat-async\[redis\]'"):
        LeatClient("t", rate_limit=RateLimit(5000, shared="redis://host"))
    with pytest.raises(errors.ConfigError, match=r"pip install 'leat-async\[postgres\]'"):
        LeatClient("t", rate_limit=RateLimit(5000, shared="postgresql://host/db"))
