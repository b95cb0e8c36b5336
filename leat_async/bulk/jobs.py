"""What is known of a row while it is worked on, and what may go wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, Literal, TypeVar

import msgspec

from .._core.operation import Request
from .._core.transport import Progress
from ..errors import (
    DeadlineExceeded,
    DecodeError,
    LeatError,
    MaintenanceError,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
    TransportError,
)
from .outcomes import Status

T = TypeVar("T")
Row = Mapping[str, Any]


class Passing(Exception):
    """A fault that says nothing about the row: nothing was applied, and later it may work."""

    def __init__(self, error: LeatError) -> None:
        super().__init__(str(error))
        self.error = error


class Refused(ValueError):
    """A row that can't be sent as it is."""


PASSING = (TransportError, DeadlineExceeded, ServerError, MaintenanceError, RateLimitError)


async def read(asked: Awaitable[T]) -> T:
    """The answer to a question that may be asked again; whatever keeps it from coming is passing."""
    try:
        return await asked
    except (*PASSING, DecodeError, OutcomeUnknownError) as error:
        raise Passing(error) from error


class Job(msgspec.Struct, eq=False, kw_only=True):
    """One row on its way.

    `who` is the row's identity, which equal rows share; `key` tells those apart, `number` is its place in the ledger.
    `mark` tells contents apart within this run; `fingerprint`, a digest of the content, does so for good, and is only
    made where it may be asked for: of a refused row, which may have been corrected in the next run. `lane`: rows of
    one lane go one after the other. `address` is the e-mail address that names the contact. `stage` is where the row
    is in its writes, `status` what it will be when they are done. `sent_at` and `sent_wall`: when it was last sent, by
    the client's clock and in seconds since 1970. `in_doubt`: sent, and neither applied nor refused for certain;
    `doubted`: was so once, so what is found may be ours. `committed`: the ledger has its outcome. `task`: who works on
    it now.
    """

    index: int
    row: Row
    who: str
    content: bytes
    mark: int
    body: dict[str, Any]
    task: asyncio.Task[Any] | None = None
    address: str | None = None
    lane: str | None = None
    fingerprint: str | None = None
    occurrence: int = 0
    key: str = ""
    number: int = 0
    request: Request[Any] | None = None
    attributes: Mapping[str, Any] | None = None
    stage: Literal["look", "create", "update"] = "create"
    status: Status = Status.CREATED
    uuid: str | None = None
    result: Any = None
    attempts: int = 0
    rounds: int = 0
    asks: int = 0
    failures: int = 0
    unreadable: int = 0
    in_doubt: bool = False
    doubted: bool = False
    sent_at: float = 0.0
    sent_wall: float = 0.0
    progress: Progress | None = None
    error: Exception | None = None
    committed: bool = False
    sent_stage: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the last write was answered 2xx."""
        status = self.progress.status if self.progress is not None else None
        return status is not None and 200 <= status < 300

    @property
    def touched(self) -> bool:
        """Whether something of this row may be on the server, although it is not done."""
        return self.doubted or self.stage == "update"


def unfit(index: int, row: Row) -> Job:
    """Stands in the ledger for a row that could not be made a job: it has no content to know it by."""
    return Job(index=index, row=row, who="", content=b"", mark=0, body={}, key=f"row {index}")
