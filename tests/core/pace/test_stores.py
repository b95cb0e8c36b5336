"""Stores of the pace: the machine's file, Valkey and PostgreSQL grant the same, and say when they can't.

The clock is turned, so no store is given up because the machine is busy.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leat_async import ClientCredentials, RateLimit
from leat_async._core.pace.lease import Ask, Lease, PaceStore, SharedState, StoreError, grant, plan_of
from leat_async._core.pace.postgres import PostgresPaceStore
from leat_async._core.pace.redis import RedisPaceStore
from leat_async._core.pace.sqlite import SqlitePaceStore
from leat_async._core.pace.stores import key_of, open_store
from leat_async.config import Secret
from leat_async.errors import ConfigError
from leat_async.server_address import ServerAddress

from ...servers import Postgres, Valkey
from .test_gate import Turned

# Slow, so that nothing is granted meanwhile where the stores' own clocks run.
PLAN = plan_of(RateLimit(600, per=3600.0))
SOAK = os.environ.get("LEAT_SOAK", "0") not in ("", "0")


@pytest.fixture(params=["sqlite", "redis", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PaceStore]:
    made: PaceStore
    if request.param == "sqlite":
        made = SqlitePaceStore(tmp_path / "state" / "pace.sqlite", Turned())
    elif request.param == "redis":
        made = RedisPaceStore(ServerAddress(Secret(request.getfixturevalue("valkey").url)), Turned())
    else:
        made = PostgresPaceStore(ServerAddress(Secret(request.getfixturevalue("postgres").database())), Turned())
    yield made
    await made.aclose()


async def test_a_burst_is_granted_at_once_and_then_the_pace(store: PaceStore) -> None:
    first = await store.lease("key", Ask(member="a", plan=PLAN, count=100))
    assert first.count == PLAN.burst == 15
    assert first.wait == pytest.approx(-14 * PLAN.interval)
    second = await store.lease("key", Ask(member="a", plan=PLAN, count=100))
    assert 0 < second.wait <= PLAN.interval
    assert second.count == 1, "no more than 250 ms of the pace"
    other = await store.lease("another key", Ask(member="a", plan=PLAN, count=1))
    assert other.wait < 0


async def test_bulk_leaves_most_of_the_burst_to_calls_that_somebody_waits_for(store: PaceStore) -> None:
    bulk = await store.lease("key", Ask(member="a", plan=PLAN, count=100, later=True))
    assert bulk.count == 3
    assert (await store.lease("key", Ask(member="a", plan=PLAN, count=1, later=True))).wait > 0
    web = await store.lease("key", Ask(member="b", plan=PLAN, count=5))
    assert (web.count, web.members) == (5, 2)
    assert web.wait < 0


async def test_members_divide_the_quarter_of_a_second_and_may_leave(store: PaceStore) -> None:
    plan = plan_of(RateLimit(6000, per=60.0, burst=1))
    for name in "abc":
        await store.lease("key", Ask(member=name, plan=plan, count=1, later=True))
    assert (await store.lease("key", Ask(member="a", plan=plan, count=1000, later=True))).count == 8
    await store.lease("key", Ask(member="b", plan=plan, gone=True))
    lease = await store.lease("key", Ask(member="a", plan=plan, count=1000, later=True))
    assert (lease.count, lease.members) == (12, 2)


def test_leases_together_reserve_no_more_than_a_quarter_of_a_second_while_processes_come() -> None:
    plan, state = plan_of(RateLimit(6000, per=60.0, burst=1)), SharedState()
    granted = [grant(state, Ask(member=name, plan=plan, count=1000, later=True), 1.0).count for name in "abcdef"]
    assert granted == [24, 1, 1, 1, 1, 1], "the first has it all, and gets less the next time"
    assert grant(state, Ask(member="a", plan=plan, count=1000, later=True), 1.25).count == 4, "its sixth"


async def test_a_429_and_what_remains_are_told_to_all(store: PaceStore) -> None:
    told = await store.lease("key", Ask(member="a", plan=PLAN, remaining=3))
    assert told.count == 0
    assert (await store.lease("key", Ask(member="b", plan=PLAN, count=30))).count == 3
    await store.lease("key", Ask(member="a", plan=PLAN, pause=30.0, refused=True))
    held = await store.lease("key", Ask(member="b", plan=PLAN, count=1, waiting=7))
    assert held.count == 0
    assert held.paused == pytest.approx(30.0, abs=1.0)
    (status,) = await store.status()
    assert (status.token, status.members, status.waiting) == ("key", 2, 7)
    assert status.rate == pytest.approx(9.75, abs=0.01)
    assert status.paused == pytest.approx(30.0, abs=1.0)
    assert status.refused is not None
    assert 0 <= status.refused < 5


async def test_processes_that_ask_at_once_get_permits_of_their_own(store: PaceStore) -> None:
    plan = plan_of(RateLimit(60, per=60.0, burst=1))
    began = time.monotonic()
    leases = await asyncio.gather(*(store.lease("key", Ask(member=str(n), plan=plan, count=1)) for n in range(4)))
    # Each waits from the moment at which the store had its turn, somewhere in this time.
    took = time.monotonic() - began
    waits = sorted(lease.wait for lease in leases)
    assert waits == pytest.approx([n * plan.interval for n in range(4)], abs=took + 0.01)


ASKS = st.lists(
    st.tuples(
        st.floats(-3, 8),
        st.builds(
            Ask,
            member=st.sampled_from(["a", "b", "host:1:c d"]),
            plan=st.sampled_from([PLAN, plan_of(RateLimit(50, per=1.0)), plan_of(RateLimit(7, per=9.0, burst=1))]),
            count=st.integers(0, 40),
            later=st.booleans(),
            waiting=st.integers(0, 9),
            pause=st.sampled_from([0.0, 0.0, 0.0, 2.5]),
            refused=st.booleans(),
            remaining=st.integers(-1, 40),
            gone=st.sampled_from([False, False, False, True]),
        ),
    ),
    min_size=1,
    max_size=15,
)


@given(asks=ASKS)
@settings(max_examples=200 if SOAK else 10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_servers_grant_what_the_rules_grant(asks: list[tuple[float, Ask]], valkey: Valkey, postgres: Postgres) -> None:
    """Also when their clocks are set back."""
    asyncio.run(_compare(asks, valkey, postgres))


async def _compare(asks: list[tuple[float, Ask]], valkey: Valkey, postgres: Postgres) -> None:
    key = f"key {time.monotonic()}"
    stores: list[Any] = [RedisPaceStore(ServerAddress(Secret(valkey.url)), Turned())]
    stores.append(PostgresPaceStore(ServerAddress(Secret(postgres.url)), Turned()))
    try:
        state, now = SharedState(), 1000.0
        for step, ask in asks:
            now += step
            expected = grant(state, msgspec.structs.replace(ask), now)
            for store in stores:
                _same(await store.lease(key, ask, now), expected)
    finally:
        for store in stores:
            await store.aclose()


def _same(found: Lease, expected: Lease) -> None:
    told = (found.count, found.members, found.waited_for)
    assert told == (expected.count, expected.members, expected.waited_for)
    assert found.wait == pytest.approx(expected.wait, abs=1e-6)
    assert found.paused == pytest.approx(expected.paused, abs=1e-6)


async def test_a_server_that_is_not_there_is_told_in_time_and_without_its_password() -> None:
    for made in (
        RedisPaceStore(ServerAddress(Secret("redis://user:s3cret@127.0.0.1:1/0")), Turned()),
        PostgresPaceStore(ServerAddress(Secret("postgresql://user:s3cret@127.0.0.1:1/db")), Turned()),
    ):
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/") as caught:
            await made.lease("key", Ask(member="a", plan=PLAN, count=1))
        assert "s3cret" not in repr(caught.value)
        assert caught.value.__cause__ is None
        await made.aclose()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *(
            ("redis", each)
            for each in ("bogus=1", "socket_timeout=soon", "db=first", "protocol=9", "password=s3cret&x=1")
        ),
        *(("postgresql", each) for each in ("bogus=1", "sslmode", "password=s3cret&x=1", "password=s3cret%ZZ")),
    ],
)
def test_options_of_an_address_that_can_not_be_are_told_when_it_is_opened(kind: str, options: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"shared, or LEAT_SHARED_PACE: {kind}://127\.0\.0\.1:1/0 can't be used"
    ) as caught:
        open_store(Secret(f"{kind}://user:s3cret@127.0.0.1:1/0?{options}"), Turned())
    assert "s3cret" not in repr(caught.value)


@pytest.mark.parametrize("kind", ["redis", "postgresql"])
async def test_a_server_that_is_frozen_or_crashes_is_told_in_time_and_used_again(
    kind: str, valkey: Valkey, postgres: Postgres
) -> None:
    server: Any = valkey if kind == "redis" else postgres
    clock = Turned()
    made: Any = (RedisPaceStore if kind == "redis" else PostgresPaceStore)(ServerAddress(Secret(server.url)), clock)
    ask = Ask(member="a", plan=PLAN, count=1)
    await made.lease("key", ask)
    with server.frozen():
        asked = asyncio.create_task(made.lease("key", ask))
        await clock.advance(1.0)
        with pytest.raises(StoreError):
            await asked
    assert (await _until_answered(made, ask)).count == 1
    server.crash()
    with pytest.raises(StoreError):
        await made.lease("key", ask)
    server.start()
    assert (await _until_answered(made, ask)).count == 1
    await made.aclose()


async def _until_answered(store: PaceStore, ask: Ask) -> Lease:
    for _ in range(20):
        try:
            return await store.lease("key", ask)
        except StoreError:
            await asyncio.sleep(0.05)
    raise AssertionError("it does not come back")


async def test_a_file_that_another_process_holds_does_not_stand_in_the_loops_way(tmp_path: Path) -> None:
    import sqlite3

    path, clock = tmp_path / "pace.sqlite", Turned()
    store = SqlitePaceStore(path, clock)
    ask = Ask(member="a", plan=PLAN, count=1)
    await store.lease("key", ask)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    asked = asyncio.create_task(store.lease("key", ask))
    await asyncio.sleep(0.01)
    assert not asked.done()
    holder.execute("COMMIT")
    assert (await asked).count == 1
    holder.execute("BEGIN IMMEDIATE")
    asked = asyncio.create_task(store.lease("key", ask))
    await clock.advance(1.0)
    with pytest.raises(StoreError, match="locked"):
        await asked
    holder.close()
    await store.aclose()


async def test_a_file_that_is_none_of_ours_is_told(tmp_path: Path) -> None:
    (tmp_path / "pace.sqlite").write_text("no database, but some text that is long enough to be read as one" * 9)
    with pytest.raises(StoreError, match="not a database"):
        await SqlitePaceStore(tmp_path / "pace.sqlite", Turned()).lease("key", Ask(member="a", plan=PLAN, count=1))


async def _ruined(store: Any, state: Any) -> None:
    """Put something that no process of ours writes where a store keeps a token."""
    if isinstance(store, SqlitePaceStore):
        connection = store._connection()
        connection.execute("INSERT OR REPLACE INTO pace VALUES ('key', ?)", (state,))
    elif isinstance(store, RedisPaceStore):
        redis = store._opened
        await redis.delete("leat:pace:key")
        if isinstance(state, dict):
            await redis.hset("leat:pace:key", mapping=state)
        else:
            await redis.set("leat:pace:key", state)
    else:
        store._opened.execute(f"UPDATE leat_pace SET {state} WHERE key = 'key'")


RUINED = {
    "sqlite": ["garbage", b"\xff", 5, None, b'{"tat": "soon"}', b'{"members": {"a": [1, 2]}}', b'{"tat": 1e999}'],
    "redis": [
        "garbage",
        *({name: text} for name in ("tat", "last", "paused", "refused", "interval") for text in ("", "soon", "nan")),
        *({name: text} for name in ("tat", "paused", "m:a") for text in ("inf", "-inf", "1e300", "99999999999999")),
        *({"m:a": told} for told in ("", "garbage", "soon 1 2", "nan 1 2", "4e9 many 2", "4e9 1 soon", "4e9 1 2 3")),
        {"m:a": b"\xff", b"\xff": b"\xff", "m:\xff": "4e9 -1 -", "more": "of it"},
    ],
    "postgresql": [
        *(f"{name} = '{text}'" for name in ("tat", "last", "paused", "refused") for text in ("NaN", "Infinity")),
        *(f"members = '{told}'" for told in ("[]", "5", "null", '{"a": ["soon", 1, 2]}', '{"a": 5}', '{"a": []}')),
    ],
}


@pytest.mark.parametrize(("store", "states"), RUINED.items(), indirect=["store"])
async def test_what_a_store_keeps_that_is_none_of_ours_is_put_right(store: Any, states: list[Any]) -> None:
    ask = Ask(member="b", plan=PLAN, count=1)
    await store.lease("key", ask)
    for state in states:
        await _ruined(store, state)
        for status in await store.status():
            assert 0 <= status.members < 2, state
            assert 0 <= status.paused < 1, state
        lease = await store.lease("key", ask)
        assert (lease.count, lease.members) == (1, 1), state
        assert lease.wait <= 0, state
        (status,) = await store.status()
        assert (status.token, status.members, status.waiting, status.paused) == ("key", 1, 0, 0.0), state


def test_tokens_are_known_by_a_digest() -> None:
    key = key_of(Secret("token"))
    assert key == key_of(Secret("token"))
    assert key not in (key_of(Secret("other")), key_of(ClientCredentials("token", "secret")))
    assert key_of(ClientCredentials("id", "old")) == key_of(ClientCredentials("id", "new"))
    assert "token" not in key
