"""What may happen to an event that is remembered, as rules on one record; every store keeps to them.

An event is *held* while its handler runs, for `lease` seconds at most; *free* when a handler has failed and the next
delivery calls it again; *waiting* in the outbox; *done*; or *dead*, when the outbox has given up. A step that is taken
twice, since its first answer got lost, does the same as once: it knows its own token.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Generic, Literal, Protocol, TypeVar

import attrs

State = Literal["held", "free", "waiting", "done", "dead"]
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
# Seconds for which an event is remembered whose handler has not succeeded: longer than Leat tries again.
KEPT = 7 * 86400.0
# Makes the key of an event that is met for the first time, of its digest and the moment.
Mint = Callable[[str, float], str]


def new_token() -> str:
    """What tells one holder from all others."""
    return secrets.token_hex(8)


@attrs.frozen(kw_only=True)
class DeliveryRecord:
    """An event as a store remembers it.

    `until`: of one that is held, when its lease ends; waiting, when it is due; else when it may be forgotten. `base`:
    the attempts that no longer count, since it was taken from the dead-letter list.
    """

    digest: str
    key: str
    state: State
    token: str = ""
    attempt: int = 0
    base: int = 0
    until: float = 0.0
    came: float = 0.0
    body: bytes | None = attrs.field(default=None, repr=False)
    error: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Claimed:
    """What became of a claim: "taken", "busy" with somebody else, or a "duplicate" of one that is done."""

    state: Literal["taken", "busy", "duplicate"]
    key: str = ""
    attempt: int = 0


class Step(Protocol[T_co]):
    """Something that happens to one event."""

    @property
    def digest(self) -> str:
        """Which event."""
        ...

    def decide(self, found: DeliveryRecord | None, now: float, mint: Mint) -> tuple[DeliveryRecord | None, T_co]:
        """The record as it is from now on (None: forgotten), and what to answer."""
        ...


@attrs.frozen
class Claim:
    """Hold an event while its handler runs, unless it is done, or somebody else holds it."""

    digest: str
    lease: float
    token: str = attrs.field(factory=new_token)

    def decide(self, found: DeliveryRecord | None, now: float, mint: Mint) -> tuple[DeliveryRecord | None, Claimed]:
        """As the rules are."""
        if found is not None and found.state == "held" and found.token == self.token:
            return found, Claimed("taken", found.key, found.attempt)
        if found is None or (found.state == "done" and found.until <= now):
            key = mint(self.digest, now)
            made = DeliveryRecord(
                digest=self.digest, key=key, state="held", token=self.token, attempt=1, until=now + self.lease, came=now
            )
            return made, Claimed("taken", key, 1)
        if found.state in ("done", "dead"):
            return found, Claimed("duplicate")
        if found.state == "held" and found.until > now:
            return found, Claimed("busy")
        held = attrs.evolve(
            found, state="held", token=self.token, attempt=found.attempt + 1, until=now + self.lease
        )  # fmt: skip
        return held, Claimed("taken", held.key, held.attempt)


@attrs.frozen
class Done:
    """The handler succeeded: remember that for `window` seconds. False if somebody else holds the event by now."""

    digest: str
    token: str
    window: float

    def decide(self, found: DeliveryRecord | None, now: float, mint: Mint) -> tuple[DeliveryRecord | None, bool]:
        """As the rules are."""
        if found is None or found.token != self.token or found.state not in ("held", "done"):
            return found, False
        # What it said is personal, and needed no more.
        return attrs.evolve(found, state="done", until=now + self.window, body=None, error=None), True


@attrs.frozen
class Release:
    """Give an event back whose handler did not come to an end: the next delivery, or the outbox, calls it again."""

    digest: str
    token: str

    def decide(self, found: DeliveryRecord | None, now: float, mint: Mint) -> tuple[DeliveryRecord | None, bool]:
        """As the rules are."""
        if found is None or found.token != self.token or found.state != "held":
            return found, False
        if found.body is not None:
            return attrs.evolve(found, state="waiting", until=now), True
        return attrs.evolve(found, state="free", until=now + KEPT), True


@attrs.frozen
class Put:
    """Lay an event into the outbox, unless it is there or done already."""

    digest: str
    body: bytes = attrs.field(repr=False)

    def decide(
        self, found: DeliveryRecord | None, now: float, mint: Mint
    ) -> tuple[DeliveryRecord | None, Literal["stored", "busy", "duplicate"]]:
        """As the rules are."""
        if found is None or (found.state == "done" and found.until <= now):
            found = DeliveryRecord(digest=self.digest, key=mint(self.digest, now), state="free", came=now)
        elif found.state in ("done", "dead") or found.body is not None:
            return found, "duplicate"
        elif found.state == "held" and found.until > now:
            return found, "busy"  # with a receiver that calls its handler at once
        return attrs.evolve(found, state="waiting", until=now, body=self.body), "stored"


@attrs.frozen
class Fail:
    """A handler of the outbox failed: try again after `delay` seconds, or, without one, give up."""

    digest: str
    token: str
    error: str = attrs.field(repr=False)
    delay: float | None

    def decide(self, found: DeliveryRecord | None, now: float, mint: Mint) -> tuple[DeliveryRecord | None, bool]:
        """As the rules are."""
        if found is None or found.token != self.token or found.state != "held":
            return found, False
        if self.delay is None:
            return attrs.evolve(found, state="dead", until=now, error=self.error), True
        return attrs.evolve(found, state="waiting", until=now + self.delay, error=self.error), True


@attrs.frozen
class Revive:
    """Take an event from the dead-letter list back into the outbox, with all its attempts before it."""

    digest: str

    def decide(self, found: DeliveryRecord | None, now: float, mint: Mint) -> tuple[DeliveryRecord | None, bool]:
        """As the rules are."""
        if found is None or found.state != "dead":
            return found, False
        return attrs.evolve(found, state="waiting", until=now, base=found.attempt), True


@attrs.frozen
class Hold:
    """Hold an event that is due in the outbox. One that too many workers died with is given up."""

    digest: str
    lease: float
    attempts: int
    token: str = attrs.field(factory=new_token)

    def decide(
        self, found: DeliveryRecord | None, now: float, mint: Mint
    ) -> tuple[DeliveryRecord | None, DeliveryRecord | None]:
        """As the rules are."""
        if found is None or found.body is None or found.state not in ("waiting", "held") or found.until > now:
            return found, None
        if found.attempt - found.base >= self.attempts:
            error = found.error or "no worker came to an end with it: it was killed, or took longer than its lease"
            return attrs.evolve(found, state="dead", until=now, error=error), None
        held = attrs.evolve(found, state="held", token=self.token, attempt=found.attempt + 1, until=now + self.lease)
        return held, held


@attrs.frozen
class Due(Generic[T]):
    """What the outbox has: the events to handle now, and the seconds until the next is due (None: there is none)."""

    jobs: list[T]
    wait: float | None
