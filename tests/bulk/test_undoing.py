"""What a run gave is taken back, never twice, and by nobody else's token."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, bulk
from leat_async.bulk import Status
from leat_async.bulk.places import LedgerUrl
from leat_async.bulk.undoing import undone_place
from leat_async.errors import ConfigError
from leat_async.sandbox import Sandbox

from ..forking import Forks, environment, piped
from ..seeds import seeds
from .helpers import Leap, client_of, copy_ledger
from .kinds.chaos import add_faults


async def given(leat: LeatClient, sandbox: Sandbox, ledger: Any, count: int, batch: str = "a") -> None:
    shop, contacts = sandbox.shops[0]["uuid"], sandbox.contacts
    rows = [
        {"contact_uuid": contacts[n % 3]["uuid"], "shop_uuid": shop, "credits": n + 1, "identity": f"{batch}-{n}"}
        for n in range(count)
    ]
    report = await bulk.run(leat.credit_receptions, rows, ledger=ledger, ensure_identity=True)
    assert report.created == count


def total(sandbox: Sandbox) -> int:
    return sum(row["credits"] for row in sandbox.rows("loyalty_transactions"))


async def undone(leat: LeatClient, ledger: Any, run: int, **options: Any) -> list[Any]:
    async with bulk.undo(leat.credit_receptions, ledger=ledger, run=run, **options) as outcomes:
        return [outcome async for outcome in outcomes]


async def test_a_run_is_taken_back_once(ledger: Any) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await given(leat, sandbox, ledger, 20)
        await given(leat, sandbox, ledger, 5, "b")
        kept = sum(range(1, 6))
        assert {outcome.status for outcome in await undone(leat, ledger, 1)} == {Status.CREATED}
        assert total(sandbox) == kept
        assert {outcome.status for outcome in await undone(leat, ledger, 1)} == {Status.SKIPPED}
        assert total(sandbox) == kept
        assert sandbox.journal.counts()["credit_receptions.reverse"] == 20
        # For imports the rows stay done.
        await given_again(leat, sandbox, ledger)
        assert total(sandbox) == kept


async def given_again(leat: LeatClient, sandbox: Sandbox, ledger: Any) -> None:
    row = {"contact_uuid": sandbox.contacts[0]["uuid"], "shop_uuid": sandbox.shops[0]["uuid"], "credits": 1}
    report = await bulk.run(leat.credit_receptions, [{**row, "identity": "a-0"}], ledger=ledger)
    assert report.skipped == 1


@pytest.mark.parametrize("seed", seeds(4, soak=500))
async def test_nothing_is_taken_back_twice_whatever_goes_wrong(seed: int, ledger: Any) -> None:
    draw = random.Random(f"undo {seed}")
    async with Sandbox(seed=seed, rate_limit=(10**9, 60.0)) as sandbox:
        leap = Leap(sandbox)
        async with client_of(sandbox, leap, timeout=0.3, concurrency=draw.choice([1, 8])) as leat:
            # Nothing goes wrong yet, however busy the machine is.
            await given(leat.with_options(timeout=30.0), sandbox, ledger, 30)
            add_faults(draw, sandbox, ["credit_receptions.reverse"])
            unknown = 0
            for attempt in range(60):
                run = bulk.undo(leat.credit_receptions, ledger=ledger, run=1)
                seen: list[Any] = []
                async with run:
                    async for outcome in run:
                        seen.append(outcome)
                        if attempt < 3 and len(seen) > draw.randrange(30):
                            break
                    else:
                        if run.report.stopped is None:
                            unknown = run.report.unknown
                            break
            else:
                raise AssertionError("sixty runs did not come to an end")
            leap.leap(1000.0)
        taken = [row for row in sandbox.rows("loyalty_transactions") if row["credits"] < 0]
        assert len(taken) == len({row["reversed_by"] for row in taken})
        assert 30 - unknown <= len(taken) <= 30
        assert not [outcome for outcome in seen if outcome.status is Status.REJECTED]


# Takes back what run 1 gave, until it is killed.
_UNDOING = """
import asyncio, sys
from leat_async import LeatClient, bulk
async def main(url, token, ledger):
    async with LeatClient(token, base_url=url, rate_limit=None, concurrency=4) as leat:
        async with bulk.undo(leat.credit_receptions, ledger=ledger, run=1) as run:
            async for _ in run:
                pass
asyncio.run(main(*sys.argv[1:]))
"""


async def test_after_a_kill_the_rest_is_taken_back_and_nothing_twice(forks: Forks, ledger: Any, tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await given(leat, sandbox, ledger, 30)
        for n in range(11, 41):
            sandbox.faults.add("hang", "credit_receptions.reverse", nth=n, applied=n % 2 == 0)
        program = ["-c", _UNDOING, sandbox.url, sandbox.token, str(ledger)]
        with piped(forks, program, environment(), tmp_path) as killed:
            while sandbox.journal.counts().get("credit_receptions.reverse", 0) < 14:
                await asyncio.sleep(0.02)
        assert killed.wait() == -signal.SIGKILL
        sandbox.faults.clear()
        statuses = [outcome.status for outcome in await undone(leat, ledger, 1, wait=True)]
        # Four were on their way, of which nobody can say more.
        assert {status: statuses.count(status) for status in Status if status in statuses} == {
            Status.SKIPPED: 10, Status.CREATED: 16, Status.UNKNOWN: 4,
        }  # fmt: skip
        taken = [row for row in sandbox.rows("loyalty_transactions") if row["credits"] < 0]
        assert 26 <= len(taken) == len({row["reversed_by"] for row in taken}) <= 30
        assert sandbox.journal.counts()["credit_receptions.reverse"] == 30


async def test_a_runs_number_and_its_account_are_looked_at_in_every_place(ledger: Any) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await given(leat, sandbox, ledger, 2)
        for run in (7, 2**70):
            with pytest.raises(ConfigError, match=f"has no run {run}"):
                bulk.undo(leat.credit_receptions, ledger=ledger, run=run)
        async with Sandbox(seed=2) as other, client_of(other) as stranger:
            with pytest.raises(ConfigError, match="this token is another's"):
                await undone(stranger, ledger, 1)
            assert "credit_receptions.reverse" not in other.journal.counts()
        assert {outcome.status for outcome in await undone(leat, ledger, 1)} == {Status.CREATED}


def test_long_names_of_ledgers_have_memories_of_their_own() -> None:
    places = [LedgerUrl.of(f"postgresql://h/d?ledger={'n' * count}") for count in (43, 44, 49, 50)]
    names = [undone_place(place).name for place in places]
    assert len(set(names)) == 4
    assert max(map(len, names)) <= 50
    assert names[0] == "n" * 43 + ".undone"


async def test_runs_that_can_not_be_undone(tmp_path: Path) -> None:
    ledger = tmp_path / "credits.ledger"
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await given(leat, sandbox, ledger, 2)
        with pytest.raises(ConfigError, match="has no run 7; its last one is 1"):
            bulk.undo(leat.credit_receptions, ledger=ledger, run=7)
        with pytest.raises(ConfigError, match="there is no ledger"):
            bulk.undo(leat.credit_receptions, ledger=tmp_path / "none", run=1)
        with pytest.raises(TypeError, match="can undo credit_receptions, not visits"):
            bulk.undo(leat.visits, ledger=ledger, run=1)
        with pytest.raises(ValueError, match="run must be a whole number"):
            bulk.undo(leat.credit_receptions, ledger=ledger, run=0)
        visits = tmp_path / "visits.ledger"
        await bulk.run(leat.visits, [], ledger=visits)
        with pytest.raises(ConfigError, match="is the ledger of visits"):
            bulk.undo(leat.credit_receptions, ledger=visits, run=1)
    async with Sandbox(seed=2) as other, client_of(other) as leat:
        copy_ledger(ledger, tmp_path / "copied.ledger")
        with pytest.raises(ConfigError, match="this token is another's"):
            await undone(leat, tmp_path / "copied.ledger", 1)
        assert "credit_receptions.reverse" not in other.journal.counts()


async def test_receptions_whose_uuid_was_forgotten_are_told_of(ledger: Any) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await given(leat, sandbox, ledger, 2)
        bulk.forget(ledger)
        outcomes = await undone(leat, ledger, 1)
        assert {outcome.status for outcome in outcomes} == {Status.REJECTED}
        assert "forgotten" in str(outcomes[0].error)
