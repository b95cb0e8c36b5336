"""What is known of a row while it is worked on, and what may go wrong with it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from .._core.operation import Request
from ..errors import (
    ApiError,
    DeadlineExceeded,
    LeatError,
    MaintenanceError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    TransportError,
)
from .outcomes import Status
from .store import Known

Row = Mapping[str, Any]


class Passing(Exception):
    """A fault that says nothing about the row: nothing was applied, and later it may work."""

    def __init__(self, error: LeatError) -> None:
        super().__init__(str(error))
        self.error = error


class Refused(ValueError):
    """A row that can't be sent as it is."""


class Found(Exception):
    """What a row is to make was there before it was sent."""

    def __init__(self, found: Any) -> None:
        super().__init__("it is there")
        self.found = found


PASSING = (TransportError, DeadlineExceeded, ServerError, MaintenanceError, RateLimitError)


def is_verdict(error: ApiError) -> bool:
    """Whether a refusal is about what was asked, and the API's own.

    The API gives each of those a code, or names the fields; one without was cut short, or comes from something in
    between. What the account may not do, and a redirect, are about the account.
    """
    if error.status < 400 or isinstance(error, PermissionDeniedError):
        return False
    return error.code is not None or bool(error.errors)


class ActiveRow(msgspec.Struct, eq=False, kw_only=True):
    """One row on its way.

    `given` is the row as it came. `identity` is what rows have in common that are the same row or equal ones,
    `occurrence` how many of those came before it, `key` what makes it the same row; `number` is its place in the
    ledger. `content` is all that it says; `fingerprint` tells contents apart for good: that of its own, or of what a
    change of it leaves behind; empty where the key is made of all of the content. Rows that share a `serial_key` go one
    after the other; those without have no identifier of their own, and are `momentless` if they name no moment either.
    `before`: what was known of the row that is to be changed; `changed`: the fields in which it differs from that, and
    `not_emptied` those that became empty and stay; `altered`: it was in doubt with other data. `repeats`: its outcome
    is that of an earlier row of this run. `address` is the e-mail address that names the contact. `stage` is where the
    row is in its writes, `status` what it will be when they are done. `in_doubt`: sent, and neither applied nor refused
    for certain, since `doubt_since` by the client's clock, or refused because its identifier is `taken`, which may be
    our doing; `was_in_doubt`: was in doubt once, so what is found may be ours. `sent_wall`: when it was last sent, in
    seconds since 1970; only to be told. `earlier`: the row as versions knew it that kept space around texts.
    `committed`: the ledger has its outcome. `task`: what works on it now. Of kinds whose rows have an identifier of
    their own, or one made for them, `own` is that; `since`: what it makes can't be older, if that is known; `unasked`:
    it is sent in a way in which the API can't be asked about it; `unsure`: it was not found, but something that shows
    no identifier may be it.
    """

    index: int
    given: Row
    identity: bytes
    content: bytes
    body: dict[str, Any]
    task: asyncio.Task[Any] | None = None
    address: str | None = None
    own: str | None = None
    serial_key: bytes | None = None
    fingerprint: bytes = b""
    momentless: bool = False
    before: Known | None = None
    changed: tuple[str, ...] = ()
    not_emptied: tuple[str, ...] = ()
    altered: bool = False
    repeats: bool = False
    occurrence: int = 0
    key: bytes = b""
    number: int = 0
    request: Request[Any] | None = None
    attributes: Mapping[str, Any] | None = None
    stage: Literal["look", "create", "update"] = "create"
    status: Status = Status.CREATED
    uuid: str | None = None
    result: Any = None
    attempts: int = 0
    rounds: int = 0
    failures: int = 0
    unreadable: int = 0
    in_doubt: bool = False
    was_in_doubt: bool = False
    doubt_since: float = 0.0
    sent_wall: float = 0.0
    taken: ApiError | None = None
    earlier: ActiveRow | None = None
    error: Exception | None = None
    committed: bool = False
    sent_stage: str | None = None
    since: dt.datetime | None = None
    unasked: bool = False
    unsure: bool = False

    @property
    def touched(self) -> bool:
        """Whether something of this row may be on the server, although it is not done."""
        if self.stage == "update":
            # A change that was not sent yet has done nothing; what was made for it to be done with has.
            return self.status is not Status.UPDATED or self.sent_stage == "update"
        return self.was_in_doubt
