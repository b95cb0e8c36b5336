"""Where the bearer token comes from."""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from ..config import Secret
from ..errors import ApiError, AuthenticationError, DeadlineExceeded, DecodeError, LeatError
from .clock import Clock
from .params import is_mapping


class Tokens(Protocol):
    """A source of tokens."""

    renewable: bool

    def current(self) -> Secret | None:
        """The token to use now, or None if one must be fetched."""

    async def fetch(self) -> Secret:
        """Get a token, sharing one request among all who ask."""
        ...

    def reject(self, token: Secret) -> None:
        """The API refused this token."""

    def close(self) -> None:
        """Stop a fetch that is under way."""


class StaticToken:
    """A token given once: a personal access token, an access token or an API key."""

    renewable = False

    def __init__(self, token: Secret) -> None:
        self._token = token

    def current(self) -> Secret | None:
        return self._token

    async def fetch(self) -> Secret:
        return self._token

    def reject(self, token: Secret) -> None:
        pass

    def close(self) -> None:
        pass


class RenewedToken:
    """A token from `/oauth/token`: fetched once for all who wait, renewed a little before it expires."""

    renewable = True

    def __init__(self, ask: Callable[[], Awaitable[Any]], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._token: Secret | None = None
        self._renew_at = 0.0
        self._fetching: asyncio.Task[Secret] | None = None

    def current(self) -> Secret | None:
        return self._token if self._clock.now() < self._renew_at else None

    async def fetch(self) -> Secret:
        while True:
            joined = self._fetching is not None and not self._fetching.done()
            # A task of its own: the deadline or cancellation of one caller must not fail the others.
            if self._fetching is None or self._fetching.done():
                self._fetching = asyncio.create_task(self._renew())
                self._fetching.add_done_callback(_retrieve)
            try:
                return await asyncio.shield(self._fetching)
            except LeatError as error:
                if joined and isinstance(error, DeadlineExceeded):
                    continue  # it began before this call did, whose own time is not up yet
                # Each caller gets an error of its own: it will carry that call's name and attempts.
                raise copy.copy(error) from error.__cause__

    async def _renew(self) -> Secret:
        asked_at = self._clock.now()
        try:
            token, lifetime = _issued(await self._ask())
        except ApiError as error:
            if error.status >= 500 or error.status == 429:
                raise
            refused = AuthenticationError(
                "the client credentials were refused",
                status=error.status,
                headers=error.headers,
                code=error.code,
                operation=error.operation,
                attempts=error.attempts,
            )
            raise refused from None
        if token is None:
            raise DecodeError("auth.token: $.access_token: expected text", path="$.access_token")
        # Without a usable lifetime the token is kept until the API refuses it.
        self._renew_at = asked_at + lifetime - min(60.0, lifetime / 10) if lifetime > 0 else float("inf")
        self._token = token
        return token

    def reject(self, token: Secret) -> None:
        # Fifty calls may come back with the same old token; only the first throws it away.
        if token == self._token:
            self._token = None
            self._renew_at = 0.0

    def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()


def _issued(answer: Any) -> tuple[Secret | None, float]:
    """Token and lifetime in an answer; raises nothing, so that no traceback shows the token."""
    given: Any = answer if is_mapping(answer) else {}
    token = given.get("access_token")
    try:
        lifetime = float(given.get("expires_in") or 0)
    except (TypeError, ValueError, OverflowError):
        lifetime = 0.0
    usable = isinstance(token, str) and token.isascii() and token.isprintable() and token != ""
    return Secret(token) if usable else None, lifetime if math.isfinite(lifetime) else 0.0


def _retrieve(task: asyncio.Task[Secret]) -> None:
    # The last waiter may be gone when the fetch fails; the error is still no surprise to the loop.
    if not task.cancelled():
        task.exception()
