"""Random sequences of money and credit operations: one by one, 32 at once, and while things go wrong.

`LEAT_SOAK=1` makes the sequences a thousand steps long.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import random
from collections import Counter
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from leat_async import LeatClient, RetryPolicy
from leat_async.errors import ApiError, OutcomeUnknownError, TransportError
from leat_async.sandbox import Sandbox

from .audit import audit
from .conftest import ROOT

SOAK = os.environ.get("LEAT_SOAK") == "1"
STEPS = 1000 if SOAK else 120
WHO = st.integers(0, 2)


class Money(RuleBasedStateMachine):
    """Knows each balance by itself, and so whether an operation is valid: what is must work, what is not must not."""

    receptions: Bundle[Any] = Bundle("receptions")
    claims: Bundle[Any] = Bundle("claims")
    collected: Bundle[Any] = Bundle("collected")
    deposits: Bundle[Any] = Bundle("deposits")
    cards: Bundle[Any] = Bundle("cards")
    vouchers: Bundle[Any] = Bundle("vouchers")
    redemptions: Bundle[Any] = Bundle("redemptions")

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = Sandbox(seed=1, rate_limit=(10**9, 60))
        self.sandbox.__enter__()
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.sandbox.token}"
        self.credits, self.prepaid = [0, 0, 0], [0, 0, 0]
        self.amounts: dict[str, list[int]] = {}  # of each card's transactions
        self.last: dict[str, tuple[str, bool]] = {}  # of each card: a transaction, and does it undo another?
        self.undone: set[str] = set()
        self.left: dict[str, int] = {}
        self.rewards = {row["title"]: row for row in self.sandbox.rows("rewards")}
        self.dinners: dict[str, int] = {}

    def teardown(self) -> None:
        self.session.close()
        self.sandbox.__exit__(None, None, None)

    def ask(self, path: str, valid: bool, method: str = "POST", **body: Any) -> dict[str, Any]:
        answer = self.session.request(method, self.sandbox.url + ROOT + path, json=body, timeout=10)
        assert answer.status_code == (200 if valid else 400), (path, body, answer.text)
        data: dict[str, Any] = answer.json().get("data") or {}
        return data

    def at(self, who: int) -> dict[str, str]:
        sandbox = self.sandbox
        return {"contact_uuid": sandbox.contacts[who]["uuid"], "shop_uuid": sandbox.shops[who]["uuid"]}

    # -- credits -----------------------------------------------------------------------------------

    @rule(target=receptions, who=WHO, credits=st.integers(-300, 900))
    def give(self, who: int, credits: int) -> Any:
        made = self.ask("/credit-receptions", True, **self.at(who), credits=credits)
        self.credits[who] += credits
        assert made["contact"]["credit_balance"]["balance"] == self.credits[who]
        return who, made["uuid"], credits

    @rule(target=receptions, who=WHO, cents=st.integers(0, 90_000))
    def give_by_value(self, who: int, cents: int) -> Any:
        query = {"shop_uuid": self.at(who)["shop_uuid"], "unit_value": cents / 100}
        planned = self.session.get(
            self.sandbox.url + ROOT + "/credit-receptions/calculate", params=query, timeout=10
        ).json()["data"]["credits"]
        made = self.ask("/credit-receptions", True, **self.at(who), unit_value=cents / 100)
        assert made["credits"] == planned == cents // 100
        self.credits[who] += planned
        return who, made["uuid"], planned

    @rule(who=WHO, credits=st.sampled_from([50_001, -50_001, 10**9]))
    def give_too_much(self, who: int, credits: int) -> None:
        self.ask("/credit-receptions", False, **self.at(who), credits=credits)

    @rule(one=receptions)
    def take_back(self, one: Any) -> None:
        who, uuid, given = one
        valid = uuid not in self.undone
        self.ask(f"/credit-receptions/{uuid}/reverse", valid)
        self.undone.add(uuid)
        self.credits[who] -= given if valid else 0

    @rule(
        target=claims,
        who=WHO,
        title=st.sampled_from(["Coffee", "Kitchen Playlist", "Dinner for Two", "Last Year's Mug"]),
    )
    def claim(self, who: int, title: str) -> Any:
        reward, dinners = self.rewards[title], self.dinners
        valid = title != "Last Year's Mug" and self.credits[who] >= reward["required_credits"]
        if title == "Dinner for Two":
            valid = valid and who not in dinners.values()
        made = self.ask("/reward-receptions", valid, **self.at(who), reward_uuid=reward["uuid"])
        if not valid:
            return multiple()
        if title == "Dinner for Two":
            dinners[made["uuid"]] = who
        self.credits[who] -= reward["required_credits"]
        return who, made["uuid"], reward["required_credits"], title

    @rule(one=claims)
    def unclaim(self, one: Any) -> None:
        who, uuid, price, _ = one
        valid = uuid not in self.undone
        self.ask(f"/reward-receptions/{uuid}/reverse", valid)
        self.undone.add(uuid)
        self.dinners.pop(uuid, None)
        self.credits[who] += price if valid else 0

    @rule(target=collected, one=claims)
    def collect(self, one: Any) -> Any:
        _, uuid, _, title = one
        valid = title == "Coffee" and not self.undone & {uuid, f"collected {uuid}"}
        made = self.ask(f"/collectable-rewards/collect/{uuid}", valid, "PUT")
        if not valid:
            return multiple()
        self.undone.add(f"collected {uuid}")
        return made["uuid"], uuid

    @rule(one=consumes(collected))
    def put_back(self, one: Any) -> None:
        redemption, uuid = one
        self.ask(f"/collectable-rewards/{redemption}/reverse", True)
        self.ask(f"/collectable-rewards/{redemption}/reverse", False)
        self.undone.discard(f"collected {uuid}")

    # -- money -------------------------------------------------------------------------------------

    @rule(target=deposits, who=WHO, cents=st.integers(-6000, 9000).filter(bool))
    def pay(self, who: int, cents: int) -> Any:
        valid = self.prepaid[who] + cents >= 0
        made = self.ask("/prepaid-transactions", valid, **self.at(who), amount_in_cents=cents)
        if not valid:
            return multiple()
        self.prepaid[who] += cents
        assert made["prepaid_balance"]["balance_in_cents"] == self.prepaid[who]
        return who, made["uuid"], cents

    @rule(one=deposits)
    def unpay(self, one: Any) -> None:
        who, uuid, cents = one
        valid = uuid not in self.undone and self.prepaid[who] >= cents
        self.ask(f"/prepaid-transactions/{uuid}/reverse", valid)
        if valid:
            self.undone.add(uuid)
            self.prepaid[who] -= cents

    @initialize(target=cards)
    def first_card(self) -> Any:
        return self.sell(0)

    @rule(target=cards, number=st.integers(0, 1))
    def sell(self, number: int) -> Any:
        program = self.sandbox.rows("giftcard_programs")[number]
        made = self.ask("/giftcards", True, type=1, giftcard_program_uuid=program["uuid"])
        self.amounts[made["uuid"]] = []
        return made["uuid"], program

    @rule(card=cards, cents=st.integers(-9000, 30_000).filter(bool))
    def move(self, card: Any, cents: int) -> None:
        uuid, program = card
        done = self.amounts[uuid]
        balance = sum(done) + cents
        valid = balance >= 0 and (cents < 0 or balance <= (program["max_amount_in_cents"] or 10**9))
        if cents > 0 and not program["upgradeable"] and any(amount > 0 for amount in done):
            valid = False
        shop = self.sandbox.shops[0]["uuid"]
        made = self.ask("/giftcard-transactions", valid, giftcard_uuid=uuid, amount_in_cents=cents, shop_uuid=shop)
        if valid:
            done.append(cents)
            self.last[uuid] = made["uuid"], False

    @rule(card=cards)
    def unmove(self, card: Any) -> None:
        uuid, _ = card
        if uuid not in self.last:
            return
        transaction, undoes = self.last[uuid]
        made = self.ask(f"/giftcard-transactions/{transaction}/reverse", not undoes)
        if not undoes:
            self.amounts[uuid].pop()
            self.last[uuid] = made["uuid"], True
            self.ask(f"/giftcard-transactions/{transaction}/reverse", False)

    # -- vouchers ----------------------------------------------------------------------------------

    @rule(target=vouchers, who=WHO, number=st.integers(0, 1))
    def issue(self, who: int, number: int) -> Any:
        promotion, contact = self.sandbox.rows("promotions")[number], self.at(who)["contact_uuid"]
        own = [row for row in self.sandbox.rows("vouchers") if row["contact_uuid"] == contact]
        limit = promotion["limit_per_contact"]
        valid = limit is None or sum(row["promotion_uuid"] == promotion["uuid"] for row in own) < limit
        made = self.ask("/vouchers", valid, promotion_uuid=promotion["uuid"], contact_uuid=contact)
        if not valid:
            return multiple()
        self.left[made["code"]] = promotion["redemptions_per_voucher"]
        return made["code"]

    @rule(target=redemptions, code=vouchers, times=st.integers(1, 4))
    def redeem(self, code: str, times: int) -> Any:
        body = {"code": code, "shop_uuid": self.sandbox.shops[0]["uuid"], "number_of_times": times}
        valid = times <= self.left[code]
        made = self.ask("/vouchers/multi-redeem", valid, **body)
        if not valid:
            return multiple()
        self.left[code] -= times
        return multiple(*((code, one["uuid"]) for one in made["voucher_redemptions"]))

    @rule(one=redemptions)
    def unredeem(self, one: Any) -> None:
        code, uuid = one
        valid = uuid not in self.undone
        self.ask(f"/vouchers/{uuid}/reverse", valid)
        self.undone.add(uuid)
        self.left[code] += 1 if valid else 0

    @rule(seconds=st.sampled_from([1, 60, 3600]))
    def wait(self, seconds: int) -> None:
        self.sandbox.clock.advance(seconds)

    @invariant()
    def balances_are_the_sums_of_their_transactions(self) -> None:
        rows = self.sandbox.rows("contacts")
        assert [row["credits"] for row in rows] == self.credits
        assert [row["prepaid_cents"] for row in rows] == self.prepaid
        assert {row["uuid"]: row["amount_in_cents"] for row in self.sandbox.rows("giftcards")} == {
            uuid: sum(amounts) for uuid, amounts in self.amounts.items()
        }
        audit(self.sandbox)


if SOAK:  # hypothesis ends a sequence when it has drawn so much, which is after some seven hundred steps
    for module in ("stateful", "internal.conjecture.engine"):
        importlib.import_module(f"hypothesis.{module}").BUFFER_SIZE = 64 * 1024

Money.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=STEPS,
    derandomize=not SOAK,
    phases=tuple(Phase) if SOAK else (Phase.generate,),  # making a failure smaller takes minutes
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(3600 if SOAK else 120)
class TestMoneyOneByOne(Money.TestCase):  # type: ignore[name-defined,misc]
    """Pytest runs it from here."""


# -- many at once, and while things go wrong -------------------------------------------------------


class Crowd:
    """Random operations through the client, on few balances, so that they meet."""

    def __init__(self, leat: LeatClient, sandbox: Sandbox, seed: int) -> None:
        self.leat, self.sandbox = leat, sandbox
        self.draw = random.Random(seed)
        self.contacts = [contact["uuid"] for contact in sandbox.contacts]
        self.shop = sandbox.shops[0]["uuid"]
        self.rewards = [row["uuid"] for row in sandbox.rows("rewards")]
        self.promotions = [row["uuid"] for row in sandbox.rows("promotions")]
        self.programs = [row["uuid"] for row in sandbox.rows("giftcard_programs")]
        self.seen: dict[str, list[str]] = {name: [] for name in ("given", "claimed", "paid", "moved", "redeemed")}
        self.cards: list[str] = []
        self.codes: list[str] = []
        self.results: Counter[tuple[str, str]] = Counter()

    async def step(self) -> None:
        """One operation; that it is refused, or that nobody knows what became of it, is part of the game."""
        name = self.draw.choice(
            ("give", "give", "claim", "claim", "pay", "pay", "move", "move", "issue", "redeem", "undo", "undo", "undo")
        )
        try:
            await getattr(self, name)()
            self.results[name, "done"] += 1
        except ApiError:
            self.results[name, "refused"] += 1
        except (OutcomeUnknownError, TransportError):
            self.results[name, "unknown"] += 1

    async def give(self) -> None:
        who, given = self.draw.choice(self.contacts), self.draw.randrange(-50, 300)
        made = await self.leat.credit_receptions.create(contact_uuid=who, shop_uuid=self.shop, credits=given)
        self.seen["given"].append(made.uuid)

    async def claim(self) -> None:
        who, reward = self.draw.choice(self.contacts), self.draw.choice(self.rewards)
        made = await self.leat.reward_receptions.create(contact_uuid=who, shop_uuid=self.shop, reward_uuid=reward)
        self.seen["claimed"].append(made.uuid)
        await self.leat.collectable_rewards.collect(made.uuid)

    async def pay(self) -> None:
        who, cents = self.draw.choice(self.contacts), self.draw.choice((500, 900, -400, -800))
        made = await self.leat.prepaid_transactions.create(contact_uuid=who, shop_uuid=self.shop, amount_in_cents=cents)
        self.seen["paid"].append(made.uuid)

    async def move(self) -> None:
        if len(self.cards) < 3:
            card = await self.leat.giftcards.create(type=1, giftcard_program_uuid=self.draw.choice(self.programs))
            self.cards.append(card.uuid)
        card_uuid, cents = self.draw.choice(self.cards), self.draw.choice((2500, -900, -1600))
        made = await self.leat.giftcard_transactions.create(
            giftcard_uuid=card_uuid, shop_uuid=self.shop, amount_in_cents=cents
        )
        self.seen["moved"].append(made.uuid or "")

    async def issue(self) -> None:
        who, promotion = self.draw.choice(self.contacts), self.draw.choice(self.promotions)
        made = await self.leat.vouchers.create(promotion_uuid=promotion, contact_uuid=who)
        self.codes.append(made.code or "")

    async def redeem(self) -> None:
        if self.codes:
            code = self.draw.choice(self.codes)
            made = await self.leat.vouchers.redeem(code=code, shop_uuid=self.shop)
            assert made.voucher_redemption is not None
            self.seen["redeemed"].append(made.voucher_redemption.uuid)

    async def undo(self) -> None:
        kind = self.draw.choice([name for name, uuids in self.seen.items() if uuids] or ["nothing"])
        if kind == "nothing":
            return
        uuid = self.draw.choice(self.seen[kind][-12:])
        resource = {
            "given": self.leat.credit_receptions,
            "claimed": self.leat.reward_receptions,
            "paid": self.leat.prepaid_transactions,
            "moved": self.leat.giftcard_transactions,
            "redeemed": self.leat.vouchers,
        }[kind]
        await resource.reverse(uuid)

    async def run(self, steps: int) -> None:
        """So many steps, 32 at a time."""
        left = iter(range(steps))

        async def work() -> None:
            for _ in left:
                await self.step()

        async with asyncio.TaskGroup() as group:
            for _ in range(32):
                group.create_task(work())


def client(sandbox: Sandbox, timeout: float = 20.0) -> LeatClient:
    retry = RetryPolicy(attempts=3, backoff=0.0)
    return LeatClient(sandbox.token, base_url=sandbox.url, rate_limit=None, retry=retry, timeout=timeout)


@pytest.mark.timeout(600)
async def test_balances_add_up_when_32_things_happen_at_once() -> None:
    async with Sandbox(seed=2, rate_limit=(10**9, 60)) as sandbox, client(sandbox) as leat:
        crowd = Crowd(leat, sandbox, seed=2)
        await crowd.run(STEPS * 5)
        audit(sandbox)
        kinds = {kind for kind, _ in crowd.results}
        assert kinds == {"give", "claim", "pay", "move", "issue", "redeem", "undo"}
        assert all(crowd.results[kind, "done"] for kind in kinds), crowd.results
        assert not any(outcome == "unknown" for _, outcome in crowd.results)
        # What was answered is there, and nothing else: whatever undid something is a row more.
        for seen, table in (("paid", "prepaid_transactions"), ("moved", "giftcard_transactions")):
            rows = sandbox.rows(table)
            undoing = sum(row["reversed_by"] is not None for row in rows) // 2
            assert set(crowd.seen[seen]) <= {row["uuid"] for row in rows}
            assert len(rows) == len(crowd.seen[seen]) + undoing


@pytest.mark.timeout(600)
async def test_balances_add_up_when_things_go_wrong() -> None:
    async with Sandbox(seed=3, rate_limit=(10**9, 60)) as sandbox, client(sandbox, timeout=2.0) as leat:
        faults = sandbox.faults
        faults.add("apply_late", "*.create", every=97, seconds=30)
        faults.add("apply_late", "*.reverse", every=41, seconds=30)
        faults.add("apply_then_drop", probability=0.05)
        faults.add("drop_before", probability=0.05)
        faults.add("server_error", probability=0.05, applied=True)
        faults.add("server_error", probability=0.05)
        faults.add("rate_limit", probability=0.02, retry_after=0)
        crowd = Crowd(leat, sandbox, seed=3)
        await crowd.run(STEPS * 3)
        unknown = sum(count for (_, outcome), count in crowd.results.items() if outcome == "unknown")
        assert unknown > STEPS // 10, crowd.results
        audit(sandbox)
        before = sum(len(sandbox.rows(table)) for table in ("prepaid_transactions", "loyalty_transactions"))
        faults.clear()
        sandbox.clock.advance(60)  # what was late lands
        audit(sandbox)
        after = sum(len(sandbox.rows(table)) for table in ("prepaid_transactions", "loyalty_transactions"))
        assert after >= before
        for seen, table in (("paid", "prepaid_transactions"), ("moved", "giftcard_transactions")):
            assert set(crowd.seen[seen]) <= {row["uuid"] for row in sandbox.rows(table)}


def test_the_demo_adds_up() -> None:
    sandbox = Sandbox(seed="demo")
    audit(sandbox)
    tables = (
        "giftcards", "giftcard_transactions", "prepaid_transactions", "vouchers", "voucher_redemptions", "referrals",
    )  # fmt: skip
    assert all(len(sandbox.rows(table)) >= 20 for table in tables)
    assert {row["status"] for row in sandbox.rows("referrals")} == {"pending", "completed"}
    assert {row["type"] for row in sandbox.rows("loyalty_transactions")} == {
        "credit_reception", "reward_reception", "digital_reward_reception",
    }  # fmt: skip
    now = sandbox.clock.now()
    assert all(row["created_at"] <= now for table in tables for row in sandbox.rows(table))
