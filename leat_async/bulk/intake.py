"""Rows on their way in: read from their source, checked, and counted among those that are alike."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Iterable
from typing import Any

from .identity import Seen
from .jobs import Job, Row
from .kinds import Kind
from .outcomes import BadRow, Outcome, refused
from .source import EMPTY, source_of

# Rows that are checked in one go, which is quicker than one at a time, each between requests.
_TOGETHER = 64


class Intake:
    """Rows that may be worked on next: `coming`, in the order of the source, the bad ones as their outcomes.

    At the end of the rows it has `ended`; `failure` is what the source, or a row of it, raised if that was the end.
    """

    def __init__(self, rows: Iterable[Row | BadRow] | AsyncIterable[Row | BadRow], kind: Kind, seen: Seen) -> None:
        self.coming: deque[Job | Outcome] = deque()
        self.ended = False
        self.failure: Exception | None = None
        self._source = source_of(rows)
        self._kind = kind
        self._seen = seen
        self._read = 0
        self._turn = asyncio.Lock()

    def look(self) -> bool:
        """Check the rows that are here; False if none is, and there may be more."""
        try:
            for _ in range(_TOGETHER):
                row = self._source.take()
                if row is EMPTY:
                    break
                self.coming.append(self._check(row))
        except StopAsyncIteration:
            self.ended = True
        except Exception as error:
            self.ended, self.failure = True, error
        return bool(self.coming) or self.ended

    def look_ahead(self) -> None:
        """There is time: have the next rows ready."""
        if not self.ended and len(self.coming) < _TOGETHER:
            self.look()

    def _check(self, row: Any) -> Job | Outcome:
        index = self._read
        self._read += 1
        if isinstance(row, BadRow):
            return refused(index, row.row, row.error)
        try:
            job = self._kind.prepare(index, row)
        except (ValueError, TypeError) as error:
            return refused(index, row, error)
        job.occurrence = self._seen.count(job.who, job.mark)
        return job

    async def fill(self) -> None:
        """Wait until there is something to look at."""
        # Only this takes turns: handing rows over must not cost a round of the loop each.
        async with self._turn:
            if not self.coming:
                await self._source.fill()

    def close(self) -> None:
        """No more rows are wanted."""
        self.ended = True
        self._source.close()
