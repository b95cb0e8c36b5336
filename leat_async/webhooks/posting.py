"""Delivering as Leat does, to try a receiver."""

from __future__ import annotations

import ipaddress
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import attrs

from .stores.urls import hidden, shown

if TYPE_CHECKING:
    import aiohttp

_SECONDS = 60.0
_SHOWN = 1000


@attrs.frozen
class Posted:
    """What a receiver answered: its status and how its text begins; without an answer None, and the reason."""

    status: int | None
    text: str

    @property
    def is_taken(self) -> bool:
        """Whether Leat would not deliver it again."""
        return self.status is not None and 200 <= self.status < 300


def check_url(url: str) -> str:
    """Raise `ValueError` unless something may be delivered there: by TLS, or to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise ValueError(f"{shown(url)!r} is no URL; it looks like https://shop.example/leat") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"{shown(url)!r} is no URL to deliver to; it looks like https://shop.example/leat")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"{shown(url)!r}: what is delivered is personal, so it goes by https, or to this machine")
    return url


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Poster:
    """Delivers to one address; use it with `async with`."""

    def __init__(self, url: str) -> None:
        """Raises `ValueError` if nothing may be delivered there."""
        self.url: str = check_url(url)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        import aiohttp

        local = is_loopback(urlsplit(self.url).hostname or "")
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout, trust_env=not local)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def post(self, body: bytes, signature: str | None) -> Posted:
        """Deliver once; a redirect is an answer like any other."""
        import aiohttp

        assert self._session is not None
        headers = {"Content-Type": "application/json"} | ({"Signature": signature} if signature is not None else {})
        try:
            async with self._session.post(self.url, data=body, headers=headers, allow_redirects=False) as answer:
                text = await answer.content.read(_SHOWN)
                return Posted(answer.status, text.decode("utf-8", "replace"))
        except TimeoutError:
            return Posted(None, f"no answer within {_SECONDS:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Posted(None, hidden(str(error), self.url) or type(error).__name__)
