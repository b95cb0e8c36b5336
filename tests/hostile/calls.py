"""Single calls through a hostile world: what is returned is there, what is refused is not, errors are documented."""

from __future__ import annotations

import asyncio
import inspect
import random
import time
from collections.abc import Callable
from typing import Any

import attrs

from leat_async import RetryPolicy, errors

from .book import SHOP, Asked, Row
from .server import World

OPTIONS: dict[str, Any] = {"rate_limit": None, "retry": RetryPolicy(attempts=3, backoff=0.01, max_backoff=0.05)}
TEXTS = ("{}", "{} ", " {}", "\t{}\n")
# What a call may take beyond its timeout on a machine that does other things as well; what hangs takes for ever.
SLACK = 10.0


@attrs.frozen(kw_only=True)
class Call:
    """One call: how it is made, and how its write is known at the server."""

    name: str
    given: dict[str, Any]
    path: tuple[str, ...] = ()
    # Whether the write behind a request is this call's, and whether it was applied to the book.
    own: Callable[[Asked], bool] = lambda asked: False
    # Objects that the call may return.
    may_be: Callable[[], list[Row]] | None = None

    def of(self, leat: Any) -> Any:
        """Make it; to be awaited where the client is asynchronous."""
        resource, _, method = self.name.partition(".")
        return getattr(getattr(leat, resource), method)(*self.path, **self.given)


def calls_of(world: World, seed: object, count: int) -> list[Call]:
    """Calls of all kinds, each of them to be told apart at the server."""
    draw = random.Random(f"calls {seed}")
    people = [world.book.add_contact(f"guest{n}@example.com") for n in range(3)]
    for contact in people:
        contact["at"] = float("-inf")
    kinds = ["visits", "visits", "visits", "bookings", "known", "attributes", "list", "either"]
    if "stray_soon" not in world.personality.faults:
        # Its answer is a mere uuid, so one that comes from elsewhere just after the request looks like its own.
        kinds.append("new")
    return [_call(world, draw, people, draw.choice(kinds), n) for n in range(count)]


def _call(world: World, draw: random.Random, people: list[Row], kind: str, n: int) -> Call:
    person = draw.choice(people)
    if kind in ("visits", "bookings"):
        own = draw.choice(TEXTS).format(f"A{n}")
        given = {
            "contact_uuid": person["uuid"],
            "shop_uuid": SHOP,
            "external_id": own,
            "source": draw.choice(["till", " till "]),
        }

        def made() -> list[Row]:
            return [row for row in getattr(world.book, kind) if (row["external_id"] or "").strip() == own.strip()]

        return Call(
            name=f"{kind}.create",
            given=given,
            own=lambda asked: asked.method == "POST" and asked.body.get("external_id") == own,
            may_be=made,
        )
    if kind in ("new", "either"):
        address = f"new{n}@example.com"

        def someone() -> list[Row]:
            return [row for row in world.book.contacts if row["email"] == address]

        def asks(asked: Asked) -> bool:
            return address in (asked.query.get("email"), asked.body.get("email")) and asked.writes

        name = "contacts.create" if kind == "new" else "contacts.find_or_create"
        return Call(name=name, given={"email": address}, own=asks, may_be=someone)
    if kind == "attributes":
        return Call(
            name="contacts.update",
            path=(person["uuid"],),
            given={"attributes": {f"mark{n}": "x"}},
            own=lambda asked: asked.method == "PUT" and f"mark{n}" in asked.body.get("attributes", {}),
            may_be=lambda: [person],
        )
    if kind == "known":
        return Call(name="contacts.find_one_by", given={"email": person["email"]}, may_be=lambda: [person])
    return Call(name="visits.list", given={"contact_uuid": person["uuid"], "limit": draw.choice([2, 100])})


@attrs.define
class Findings:
    """What was wrong."""

    world: World
    timeout: float
    wrong: list[str] = attrs.field(factory=list[str])
    log: list[str] = attrs.field(factory=list[str])

    def blame(self, call: Call, text: str) -> None:
        """Note a fault."""
        self.wrong.append(f"{call.name} {call.given}: {text}")

    def returned(self, call: Call, result: Any, seconds: float) -> None:
        """A call came back with something."""
        self.log.append(f"{call.name}: {result!r:.100}")
        self._in_time(call, seconds)
        if call.name == "visits.list":
            there = {row["uuid"] for row in self.world.book.visits}
            if any(visit.contact.uuid != call.given["contact_uuid"] for visit in result):
                self.blame(call, "visits of somebody else")
            if not {visit.uuid for visit in result} <= there:
                self.blame(call, "visits that are not there")
            return
        assert call.may_be is not None
        there = {row["uuid"] for row in call.may_be()}
        # An answer of the API's that names nothing is told by a uuid that is empty.
        if result.uuid and result.uuid not in there:
            self.blame(call, f"returned {result!r}, while there is {there}")
        if self._writes(call) and not self._applied(call):
            self.blame(call, "told as done, but never was")

    def raised(self, call: Call, error: BaseException, seconds: float) -> None:
        """A call ended with an error."""
        self.log.append(f"{call.name}: {type(error).__name__}: {error!s:.200}")
        self._in_time(call, seconds)
        if not isinstance(error, errors.LeatError) or type(error).__module__ != errors.__name__:
            self.blame(call, f"raised {type(error).__name__}: {error}")

    def certain(self, call: Call, error: BaseException) -> None:
        """When all has landed: an error that leaves nothing open must be right."""
        known = isinstance(error, errors.OutcomeUnknownError) or not self._writes(call)
        if known:
            return
        if isinstance(error, errors.DecodeError) and error.accepted:
            if not self._applied(call):
                self.blame(call, f"told as accepted, but never was: {error}")
        elif self._applied(call):
            self.blame(call, f"told as not done, but it was: {type(error).__name__}: {error}")

    def reconciled(self, call: Call, found: Any) -> None:
        """What asking brought."""
        self.log.append(f"{call.name} reconciled: {found!r:.100}")
        if found is not None and call.may_be is not None and found.uuid not in [row["uuid"] for row in call.may_be()]:
            self.blame(call, f"reconciled with {found!r}")

    def once(self, call: Call) -> None:
        """Nothing that acts is sent twice."""
        if call.name in ("visits.create", "bookings.create", "contacts.create"):
            times = sum(call.own(asked) for asked, said in self.world.applied if asked.writes)
            if times > 1:
                self.blame(call, f"reached the API {times} times")

    def _writes(self, call: Call) -> bool:
        return call.name not in ("contacts.find_one_by", "visits.list")

    def _applied(self, call: Call) -> bool:
        return any(call.own(asked) for asked, said in self.world.applied if said.status == 200)

    def _in_time(self, call: Call, seconds: float) -> None:
        if seconds > self.timeout + SLACK:
            self.blame(call, f"took {seconds:.2f} s with a timeout of {self.timeout}")

    def report(self) -> str:
        """All that helps to see why."""
        lines = [f"{self.world.personality}", *(f"  WRONG {text}" for text in self.wrong)]
        return "\n".join([*lines, *(f"  {text}" for text in self.log), "  faults: " + ", ".join(self.world.told)])


async def make_all(leat: Any, calls: list[Call], findings: Findings) -> None:
    """Make the calls, many at a time, and look at what became of them."""
    turns = asyncio.Semaphore(8)
    failed: list[tuple[Call, BaseException]] = []

    async def one(call: Call) -> None:
        async with turns:
            started = time.monotonic()
            try:
                asked = call.of(leat)
                result = await (asked if inspect.isawaitable(asked) and call.name != "visits.list" else asked.collect())
            except Exception as error:
                findings.raised(call, error, time.monotonic() - started)
                failed.append((call, error))
                if isinstance(error, errors.OutcomeUnknownError) and error.reconcilable:
                    await ask(call, error)
            else:
                findings.returned(call, result, time.monotonic() - started)

    async def ask(call: Call, error: errors.OutcomeUnknownError) -> None:
        try:
            findings.reconciled(call, await error.reconcile())
        except Exception as failure:
            findings.raised(call, failure, 0.0)

    await asyncio.gather(*map(one, calls))
    await findings.world.landed()
    for call, error in failed:
        findings.certain(call, error)
    for call in calls:
        findings.once(call)


def make_each(leat: Any, calls: list[Call], findings: Findings) -> None:
    """The same with the synchronous client, in threads."""
    from concurrent.futures import ThreadPoolExecutor

    failed: list[tuple[Call, BaseException]] = []

    def one(call: Call) -> None:
        started = time.monotonic()
        try:
            result = call.of(leat)
            result = list(result) if call.name == "visits.list" else result
        except Exception as error:
            findings.raised(call, error, time.monotonic() - started)
            failed.append((call, error))
            if isinstance(error, errors.OutcomeUnknownError) and error.reconcilable:
                try:
                    findings.reconciled(call, error.reconcile())
                except Exception as failure:
                    findings.raised(call, failure, 0.0)
        else:
            findings.returned(call, result, time.monotonic() - started)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, calls))
    time.sleep(2.0 * findings.world.personality.grace)
    for call, error in failed:
        findings.certain(call, error)
    for call in calls:
        findings.once(call)
