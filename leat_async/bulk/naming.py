"""Whose account it is."""

from __future__ import annotations

import asyncio

from .._core.clock import Clock
from .._core.pipeline import Pipeline
from ..account import account_of, is_same, origin_of
from ..errors import ApiError, AuthenticationError, ConfigError, LeatError
from .health import Health
from .ledger import Ledger
from .rows import PASSING, Passing

# How often whose account it is may be answered by something else, and be another one's than the ledger's.
_UNANSWERED, _MISTAKEN = 5, 2


class AccountNaming:
    """The account's name, as the caller says it, else asked for once."""

    def __init__(
        self, pipeline: Pipeline, health: Health, clock: Clock, ledger: Ledger | None, name: str | None
    ) -> None:
        self._pipeline = pipeline
        self._health = health
        self._clock = clock
        self._ledger = ledger
        self._name = name
        self._turn = asyncio.Lock()

    async def find(self, known: str | None = None) -> str | None:
        """The name; None when nothing tells and the run had to be stopped.

        What the ledger knows of it stands, unless the API names another, and does so again.
        """
        unanswered = mistaken = 0
        async with self._turn:
            while self._name is None and not self._health.has_stopped:
                try:
                    named = await self._health.read(account_of(self._pipeline))
                except AuthenticationError as error:
                    self._health.stop("authentication", error)
                except (Passing, ApiError) as error:
                    fault = error.error if isinstance(error, Passing) else error
                    if isinstance(fault, PASSING):
                        self._health.failed("read", fault)
                        await self._clock.sleep(1.0)
                        continue
                    unanswered += 1
                    if unanswered >= _UNANSWERED:
                        self._name = self._unnamed(known, fault)
                    else:
                        await self._clock.sleep(0.125 * 2.0**unanswered)
                else:
                    same = known is not None and is_same(known, named, self._pipeline)
                    if known is None or same or mistaken >= _MISTAKEN:
                        self._name = known if same else named
                    else:
                        mistaken += 1
                        await self._clock.sleep(1.0)
        return self._name

    def _unnamed(self, known: str | None, error: LeatError) -> str:
        """The account's name where the API refuses to tell, time and again."""
        if known is not None:
            return known
        if self._ledger is not None and self._ledger.is_placed and isinstance(error, ApiError):
            # Kept there, it stays the same when the API does tell one day.
            return origin_of(self._pipeline)
        raise ConfigError(
            f"the API does not tell whose account this is ({error}), and identifiers are made of it; name it yourself "
            "with account=…, each time the same, or give the import a ledger that keeps it"
        ) from error
