"""Rows on their way in: read from their source, checked, and counted among those that are alike."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Iterable
from itertools import islice
from typing import Any

from .fingerprints import fingerprint
from .identity import key_of
from .kinds import Kind
from .ledger import Ledger
from .outcomes import BadRow, Outcome, refused
from .rows import ActiveRow, Row
from .seen import SeenKeys
from .source import EMPTY, source_of

# Rows that are checked in one go, which is quicker than one at a time, each between requests.
_TOGETHER = 64


class Intake:
    """Rows that may be worked on next: `coming`, in the order of the source, the bad ones as their outcomes.

    At the end of the rows it has `ended`; `failure` is what the source, or a row of it, raised if that was the end.
    """

    def __init__(
        self,
        rows: Iterable[Row | BadRow] | AsyncIterable[Row | BadRow],
        kind: Kind,
        seen: SeenKeys,
        ledger: Ledger | None = None,
    ) -> None:
        self.coming: deque[ActiveRow | Outcome] = deque()
        self.ended: bool = False
        self.failure: Exception | None = None
        self._source = source_of(rows)
        self._kind = kind
        self._fingerprinted = kind.fingerprinted
        self._seen = seen
        self._ledger = ledger
        self._read = 0
        self._turn = asyncio.Lock()

    def look(self) -> bool:
        """Check the rows that are here; False if none is, and there may be more."""
        known = len(self.coming)
        try:
            for _ in range(_TOGETHER):
                row = self._source.take()
                if row is EMPTY:
                    break
                self.coming.append(self.check(row))
        except StopAsyncIteration:
            self.ended = True
        except Exception as error:  # raised when the rows before it are done
            self.ended, self.failure = True, error
        if self._ledger is not None and not self._ledger.is_new and len(self.coming) > known:
            added = islice(self.coming, known, None)
            self._ledger.look_up([row.key for row in added if isinstance(row, ActiveRow)])
        return bool(self.coming) or self.ended

    def look_ahead(self) -> None:
        """There is time: have the next rows ready."""
        if not self.ended and len(self.coming) < _TOGETHER:
            self.look()

    def check(self, given: Any) -> ActiveRow | Outcome:
        """The next row of the source, counted among those that are alike."""
        index = self._read
        self._read += 1
        if isinstance(given, BadRow):
            return refused(index, given.row, given.error)
        try:
            row = self._kind.prepare(index, given)
        except (ValueError, TypeError) as error:
            return refused(index, given, error)
        if row.serial_key is not None:
            # Else the identity is made of all of the content, so there is nothing to be told apart.
            row.fingerprint = fingerprint(self._fingerprinted, row.content)
        row.occurrence = self._seen.count(row.identity, row.fingerprint)
        row.key = row.identity if row.serial_key is not None else key_of(row.identity, row.occurrence)
        if row.earlier is not None:
            earlier = row.earlier
            row.earlier.occurrence = self._seen.count(
                earlier.identity, fingerprint(self._fingerprinted, earlier.content)
            )
        return row

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
