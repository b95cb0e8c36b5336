"""What a store of the pace grants, and to whom: GCRA by leases.

A process asks for as many permits as it has calls that wait. The store books them all in one step and answers when the
first may go; the others follow an interval apart. So nobody polls, processes are served in the order in which they
asked, and a process that asks for much at a time holds no more than a quarter of a second's worth, divided by the
number of processes.

The rules are here, for the file of the machine and for a process that can't reach its store. Redis and PostgreSQL have
the same rules in their own languages; one test holds all of them to the same answers.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from ...config import RateLimit
from ...errors import LeatError
from ...server_address import ServerAddress

# Seconds of pace that the leases of all processes together reserve.
RESERVED = 0.25
# Seconds after which a permit that was not used lapses, where `per` is not short. The pace is planned for this much
# more than `per`, so that permits used late, as by a process on a busy machine, do not break the promise.
_LATE = 0.25
# The part of a limit's requests that may go at once unless its `burst` says otherwise, and the part of that which bulk
# and export may use. What may go at once comes off the steady pace; most of it is kept for calls somebody waits for.
_BURST, _LATER = 40, 5
# Seconds after which a process that has not asked is no longer counted.
MEMBER = 10.0
# Of the pace, what is kept for calls that somebody waits for where the store can't give them precedence.
_KEPT = 1 / 4
# What names a server: nothing tells here which of the two it was.
SETTING = "shared, or LEAT_SHARED_PACE"
# Sums of floats miss by this much.
_ROUNDING = 1e-6


class Plan(msgspec.Struct, frozen=True, gc=False):
    """A rate limit as a store computes with it. `interval`: seconds between two requests. `ahead`, `ahead_later`: how
    far the pace may run ahead of the clock, for calls that somebody waits for and for those of bulk and export."""

    interval: float
    ahead: float
    ahead_later: float

    @property
    def burst(self) -> int:
        """Requests that may go at once."""
        return round(self.ahead / self.interval) + 1

    def ahead_of(self, later: bool) -> float:
        """How far calls of a class may run ahead of the clock."""
        return self.ahead_later if later else self.ahead


def late_of(limit: RateLimit) -> float:
    """Seconds after which a permit that was not used lapses."""
    return min(_LATE, limit.per / 100)


def plan_of(limit: RateLimit, share: float = 1.0) -> Plan:
    """The plan for a share of a limit."""
    burst = limit.burst if limit.burst is not None else max(1, limit.requests // _BURST)
    interval = (limit.per + late_of(limit)) / (max(1, limit.requests - burst) * share)
    whole = max(1, int(burst * share))
    return Plan(interval, (whole - 1) * interval, (max(1, whole // _LATER) - 1) * interval)


class Ask(msgspec.Struct, kw_only=True, gc=False):
    """What a process asks of a store, and what it tells.

    `count`: permits that are wanted, 0 to tell something only. `later`: for bulk and export. `waiting`: calls that
    wait. `pause`: seconds for which everybody is to be held back, since a 429 said so. `refused`: there was a 429.
    `remaining`: the least that an answer said is left; -1 for nothing. `gone`: the process leaves.
    """

    member: str
    plan: Plan
    count: int = 0
    later: bool = False
    waiting: int = 0
    pause: float = 0.0
    refused: bool = False
    remaining: int = -1
    gone: bool = False


class Lease(msgspec.Struct, frozen=True, gc=False):
    """What a store answers. `count`: permits granted. `wait`: seconds until the first may go, below zero where more
    than one may go at once; the others follow `interval` apart. `paused`: seconds for which nobody may send, with no
    permit granted. `members`: processes that were counted. `waited_for`: those of them with calls that somebody waits
    for."""

    count: int
    wait: float
    interval: float
    paused: float
    members: int
    waited_for: int


class MemberTold(msgspec.Struct, gc=False):
    """What is known of a process: until when it is counted, how many of its calls wait, and until when it counts as one
    with calls that somebody waits for."""

    until: float
    waiting: int
    waited_until: float = 0.0


class SharedState(msgspec.Struct, gc=False):
    """What a store keeps of a token: all are moments by the store's clock, in seconds.

    `tat`: when the next request would be exactly on pace. `last`: when the store was asked last, by which a clock that
    was set back is noticed. `interval`: that of the last who asked.
    """

    tat: float = 0.0
    last: float = 0.0
    paused_until: float = 0.0
    refused_at: float = 0.0
    interval: float = 0.0
    members: dict[str, MemberTold] = {}


class PaceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a store knows of a token, which it names by a digest. `rate`: requests a minute. `refused`: seconds since
    the last 429, None if none is known. `paused`: seconds for which everybody is still held back."""

    token: str
    members: int
    waiting: int
    rate: float
    paused: float
    refused: float | None


class StoreError(LeatError):
    """A store of the pace can't be reached, or does not answer in time."""


def failed(address: ServerAddress, error: BaseException) -> StoreError:
    """The error of a server that can't be reached or does not answer in time."""
    return StoreError(f"the pace can't be kept at {address.shown} ({address.worded(error)})")


class PaceStore(Protocol):
    """Where processes that share a token keep its pace. An instance is used by one event loop."""

    async def lease(self, key: str, ask: Ask) -> Lease:
        """Grant what is asked for. Raises `StoreError`."""
        ...

    async def status(self) -> list[PaceStatus]:
        """What is known of each token. Raises `StoreError`."""
        ...

    async def aclose(self) -> None:
        """Let go of the connection."""
        ...


def grant(state: SharedState, ask: Ask, now: float) -> Lease:
    """Grant what is asked for, at a moment by the store's clock; `state` is changed."""
    _follow_clock(state, now)
    plan, members = ask.plan, state.members
    for name in [name for name, told in members.items() if told.until <= now]:
        del members[name]
    if ask.gone:
        members.pop(ask.member, None)
        return Lease(0, 0.0, plan.interval, 0.0, len(members), _waited_for(state, now))
    state.interval = plan.interval
    if ask.refused:
        state.refused_at = now
    state.paused_until = max(state.paused_until, now + ask.pause)
    if 0 <= ask.remaining < plan.burst:
        state.tat = max(state.tat, now + plan.ahead - (ask.remaining - 1) * plan.interval)
    paused = max(0.0, state.paused_until - now)
    counted = len(members) + (ask.member not in members)
    count, wait = 0, 0.0
    if ask.count > 0 and paused == 0:
        start, ahead = max(now, state.tat), plan.ahead_of(ask.later)
        wait = start - ahead - now
        at_once = int((_ROUNDING - wait) / plan.interval + 1) if wait <= _ROUNDING else 0
        part = min(RESERVED / plan.interval / counted, (RESERVED - max(0.0, wait)) / plan.interval)
        count = min(ask.count, max(1, at_once, int(part)))
        state.tat = start + count * plan.interval
    before, until = members.get(ask.member), now + MEMBER + max(0.0, wait) + paused
    waited_until = before.waited_until if before is not None else 0.0
    if ask.count > 0 and not ask.later:
        waited_until = until
    members[ask.member] = MemberTold(until, ask.waiting, waited_until)
    return Lease(count, wait, plan.interval, paused, counted, _waited_for(state, now))


def share_of(lease: Lease, *, waited_for: bool) -> float:
    """The share of the pace that a process takes when the store is gone, from what all of them heard last.

    As much as each other, but for those with calls that somebody waits for, by what they were when they asked last: a
    quarter is theirs at least, and imports and exports do with the rest.
    """
    others = lease.members - lease.waited_for
    if not (lease.waited_for and others):
        return 1 / max(1, lease.members)
    kept = max(_KEPT, lease.waited_for / lease.members)
    return kept / lease.waited_for if waited_for else (1 - kept) / others


def _waited_for(state: SharedState, now: float) -> int:
    return sum(told.waited_until > now for told in state.members.values())


def status_of(token: str, state: SharedState, now: float) -> PaceStatus:
    """What is known of a token at a moment by the store's clock."""
    _follow_clock(state, now)
    counted = [told for told in state.members.values() if told.until > now]
    return PaceStatus(
        token=token,
        members=len(counted),
        waiting=sum(told.waiting for told in counted),
        rate=60.0 / state.interval if state.interval else 0.0,
        paused=max(0.0, state.paused_until - now),
        refused=now - state.refused_at if state.refused_at else None,
    )


def _follow_clock(state: SharedState, now: float) -> None:
    """A clock that was set back moves everything that it has told."""
    back = state.last - now
    if back > 0:
        state.tat -= back
        state.paused_until -= back
        state.refused_at -= back if state.refused_at else 0.0
        for told in state.members.values():
            told.until -= back
            told.waited_until -= back
    state.last = now
