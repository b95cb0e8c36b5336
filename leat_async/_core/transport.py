"""The only file that imports aiohttp's client: one request out, one answer in, no opinion about either."""

from __future__ import annotations

import asyncio
import io
import os
import ssl as ssl_module
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

# Not in the stubs, nor underscored: what `urllib` itself asks on every system.
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

import aiohttp
import msgspec
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_middlewares import ClientHandlerType, ClientMiddlewareType
from yarl import URL

from .._version import __version__
from ..config import Config, is_loopback
from ..errors import ConfigError, LifecycleError, TransportError

# Errors that aiohttp raises before any byte of the request has left.
_NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.ServerFingerprintMismatch,
)
_ALWAYS = {"Accept": "application/json", "User-Agent": f"leat-async/{__version__}"}
_CLOSED = "this client is closed; make a new LeatClient"
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)
# Shorter than servers keep idle connections, so that a write seldom meets one that is just being closed.
_KEEPALIVE = 12.0
# aiohttp writes bytes in one go, and warns about it from here on; a file is written in pieces.
_LARGE = 2**20


_UNSENT = "leat_unsent"


# gc=False: what each call makes anew holds nothing that could lead back to it, so the collector need not look at it.
class Progress(msgspec.Struct, gc=False):
    """How far one attempt came: nothing has left if it is `connecting`; `status` is set once headers are back."""

    connecting: bool = False
    status: int | None = None


class Answer(msgspec.Struct, gc=False):
    """What came back. `complete` is False when the body ended early, `too_large` when it was not read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True
    too_large: bool = False

    def __repr__(self) -> str:
        return f"Answer(status={self.status}, {len(self.body)} bytes)"


class _Connector(aiohttp.TCPConnector):
    """Marks a cancellation that came before there was a connection, so that nothing can have been sent.

    In a forked child it is left alone: the two processes share one poll object, so taking the connections apart there
    would make the parent deaf to its own.
    """

    made_in = 0

    def __del__(self, *args: Any) -> None:
        if self.made_in == os.getpid():
            super().__del__(*args)

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        try:
            return await super().connect(req, traces, timeout)
        except asyncio.CancelledError as cancelled:
            # On the error itself, which goes up to `send` as it is: cheaper than a context variable for each request.
            cancelled.__dict__[_UNSENT] = True
            raise

    def abandon(self) -> None:
        """Close at once, without the task that `close` would leave behind, nor TLS that waits for the other side."""
        close_now = getattr(self, "_close", None) or getattr(self, "_close_immediately", None)
        if close_now is not None:
            close_now(abort_ssl=True)


class _Body(aiohttp.Payload):
    """Bytes that are sent as they are; how mere bytes are to be sent aiohttp looks up for each request anew."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body, content_type="application/json")
        self._body = body

    @property
    def size(self) -> int:
        return len(self._body)

    @property
    def autoclose(self) -> bool:
        return True

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._body.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        await writer.write(self._body)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        await writer.write(self._body[:content_length])


class _Failed(Exception):
    """A connection failure in a type that aiohttp does not catch: it would resend GET, PUT and DELETE itself."""


async def _seal(request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError) as error:
        raise _Failed from error


_BARE: tuple[ClientMiddlewareType, ...] = ()
_SEALED: tuple[ClientMiddlewareType, ...] = (_seal,)


class Transport:
    """One `aiohttp.ClientSession`, opened on first use and bound to its loop and process."""

    def __init__(self, config: Config, session: object = None) -> None:
        if session is not None and not isinstance(session, aiohttp.ClientSession):
            raise ConfigError(f"session must be an aiohttp.ClientSession, got {type(session).__name__}")
        self._config = config
        self._session: aiohttp.ClientSession | None = session
        self._owned = session is None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0
        self._closed = False

    def check(self) -> None:
        """Open on first use; afterwards refuse other loops, forks and life after close."""
        pid = os.getpid()
        if self._pid != pid:
            # Before the loop is asked for: in a forked child there is none, and that would not say why.
            if self._pid:
                raise LifecycleError("this client was opened before a fork; make a LeatClient in each process")
            loop = asyncio.get_running_loop()
            if not self._closed:
                self._loop, self._pid = loop, pid
                if self._session is None:
                    self._session = self._open()
                return
        elif asyncio.get_running_loop() is not self._loop and not self._closed:
            raise LifecycleError(
                "this client belongs to another event loop; make one LeatClient per loop, "
                "or use leat_async.sync from several threads"
            )
        if self._closed:
            raise LifecycleError(_CLOSED)

    def _open(self) -> aiohttp.ClientSession:
        config = self._config
        ssl: ssl_module.SSLContext | bool = config.ssl if config.ssl is not None else True
        connector = _Connector(limit=config.concurrency, keepalive_timeout=_KEEPALIVE, ssl=ssl)
        connector.made_in = os.getpid()
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_NO_TIMEOUT,
            headers=_ALWAYS,
            proxy=_proxy(config) if config.trust_env else None,
        )

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, progress: Progress
    ) -> Answer:
        """Send one request once. Raises `TransportError`, whose `sent` says whether bytes may have left."""
        if self._closed:
            # While this call waited to be sent.
            raise LifecycleError(_CLOSED)
        session = self._session
        assert session is not None
        try:
            response = await session.request(
                method,
                URL(url, encoded=True),
                data=body if body is None else _Body(body) if len(body) < _LARGE else io.BytesIO(body),
                headers=headers if self._owned else {**_ALWAYS, **headers},
                allow_redirects=False,
                raise_for_status=False,
                timeout=_NO_TIMEOUT,
                # A POST it does not send again by itself.
                middlewares=_BARE if method == "POST" else _SEALED,
            )
        except asyncio.CancelledError as cancelled:
            progress.connecting = _UNSENT in cancelled.__dict__
            raise
        except (_Failed, aiohttp.ClientError, OSError) as failure:
            raise _failure(failure) from failure
        except RuntimeError as error:
            if session.closed:
                raise LifecycleError("the client was closed while this call was on its way") from error
            raise
        progress.status = response.status
        data: bytes | None
        try:
            if response.content.is_eof():
                data = response.content.read_nowait()
            else:
                data = await _body(response, self._config.max_body)
        except (aiohttp.ClientError, OSError):
            return Answer(response.status, response.headers, b"", complete=False)
        finally:
            if not response.closed:
                response.close()
        if data is None or len(data) > self._config.max_body:
            return Answer(response.status, response.headers, b"", too_large=True)
        return Answer(response.status, response.headers, data)

    async def aclose(self) -> None:
        """Close what we opened; again is no error."""
        if self._closed:
            return
        if self._loop is not None and (self._pid != os.getpid() or self._loop is not asyncio.get_running_loop()):
            raise LifecycleError("close the client in the event loop and the process that opened it")
        self._closed = True
        if self._owned and self._session is not None:
            await self._session.close()

    def abandon(self) -> bool:
        """Let go of the session of a client that was dropped; True if it should have been closed. Starts no task."""
        if not self._owned or self._session is None or self._closed:
            return False
        self._closed = True
        connector = self._session.connector
        self._session.detach()
        if self._pid != os.getpid():
            return False
        if isinstance(connector, _Connector) and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(connector.abandon)
        return True


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """The body, or None if it has more than `most` bytes, of which no more than that are kept."""
    length = response.content_length
    if length is not None and length > most:
        return None
    if length is not None and "Content-Encoding" not in response.headers:
        return await response.read()
    parts: list[bytes] = []
    size = 0
    while part := await response.content.readany():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


def _failure(failure: BaseException) -> TransportError:
    cause = failure.__cause__ if isinstance(failure, _Failed) and failure.__cause__ is not None else failure
    sent = not isinstance(cause, _NOT_SENT)
    what = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
    return TransportError(f"no answer ({what})" if sent else f"not sent ({what})", sent=sent)


def _proxy(config: Config) -> str | None:
    """The environment's proxy for our one origin, resolved once; never for loopback."""
    parts = urlsplit(config.base_url)
    host = parts.hostname or ""
    proxies = getproxies_environment()
    if is_loopback(host) or proxy_bypass_environment(host, proxies):
        return None
    found: str | None = proxies.get(parts.scheme) or proxies.get("all")
    return found
