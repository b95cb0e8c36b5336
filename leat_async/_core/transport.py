"""The only file that imports aiohttp's client: one request out, one answer in, no opinion about either."""

from __future__ import annotations

import asyncio
import io
import os
import re
import select
import ssl as ssl_module
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast
from urllib.parse import unquote, urlsplit

# Not in the stubs, nor underscored: what `urllib` itself asks on every system.
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

import aiohttp
import msgspec
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_middlewares import ClientHandlerType, ClientMiddlewareType
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict
from yarl import URL

from .._version import __version__
from ..config import Config, Secret, is_loopback
from ..errors import ConfigError, LifecycleError, TransportError


class _SpokeFirst(aiohttp.ClientConnectionError):
    """What came is an answer to nothing, so neither would be what comes next."""


# Errors that are raised before any byte of the request has left.
_NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.ServerFingerprintMismatch,
    _SpokeFirst,
)
USER_AGENT = f"leat-async/{__version__}"
_ALWAYS = {"Accept": "application/json", "User-Agent": USER_AGENT}
_CLOSED = "this client is closed; make a new LeatClient"
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)
# Shorter than servers keep idle connections, so that a write seldom meets one that is just being closed.
_KEEPALIVE = 12.0
# What is kept of a body that is not kept whole: enough to tell whose it is.
_BEGUN = 256
# User and password in a URL, which a session of the user's own may have.
_LOGIN = re.compile(r"//[^/@\s'\"]*@")
# aiohttp writes bytes in one go, and warns about it from here on; a file is written in pieces.
_LARGE = 2**20


_UNSENT = "leat_unsent"
# The attribute of aiohttp's session that says so.
_RESENDS = "_retry_connection"


# gc=False: what each call makes anew holds nothing that could lead back to it, so the collector need not look at it.
class SendProgress(msgspec.Struct, gc=False):
    """How far one attempt came: nothing has left if it is `connecting`; `status` is set once headers are back.

    `begun` is how the body of an answer begins that does not come in one piece with its head.
    """

    connecting: bool = False
    status: int | None = None
    begun: bytes = b""


class HeaderText(str):
    """A header's value that its repr does not show, nor that of the headers it is in; aiohttp writes it as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<secret>"


class Answer(msgspec.Struct, gc=False):
    """What came back. `complete` is False when the body ended early, `too_large` when it was not read to its end.

    `body` is then what there is of it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True
    too_large: bool = False

    def __repr__(self) -> str:
        return f"Answer(status={self.status}, {len(self.body)} bytes)"


class _Connection(ResponseHandler):
    """A connection that is not used again once something has come that was not asked for.

    aiohttp itself would take what lies on an idle connection for the answer to the next request.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # An attribute as any other: a touch of `__dict__` would make each further one of any attribute dearer.
        self._unread = _unread(transport)

    def is_connected(self) -> bool:
        # aiohttp asks this of an idle connection before each request.
        transport = self.transport
        return transport is not None and not transport.is_closing() and not self._tail and not self._unread()

    def spoke(self, *, lies_on_socket: bool) -> Any:
        """Whether something has come, perhaps not read from the socket yet."""
        return self._tail or (lies_on_socket and self._unread())


def _unread(transport: asyncio.BaseTransport) -> Callable[[], Any]:
    """A function that tells whether there is something on a connection's socket, be it only its end."""
    socket = transport.get_extra_info("socket")
    if socket is None:
        return bool
    if not hasattr(select, "poll"):
        return lambda: select.select([socket], [], [], 0)[0]
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return partial(poll.poll, 0)


_release = aiohttp.BaseConnector._release  # pyright: ignore[reportPrivateUsage] - no public way


class _Connector(aiohttp.TCPConnector):
    """Marks a cancellation that came before there was a connection, so that nothing can have been sent.

    In a forked child it is left alone: the two processes share one poll object, so taking the connections apart there
    would make the parent deaf to its own.
    """

    made_in = 0

    def __del__(self, *args: Any) -> None:
        if self.made_in == os.getpid():
            super().__del__(*args)

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)  # pyright: ignore[reportUnknownMemberType] - a socket's address, untyped
        self._factory = cast(Any, partial(_Connection, self._loop))

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        try:
            return await super().connect(req, traces, timeout)
        except asyncio.CancelledError as cancelled:
            # On the error itself, which goes up to `send` as it is: cheaper than a context variable for each request.
            cancelled.__dict__[_UNSENT] = True
            raise

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> ResponseHandler:
        made = await super()._create_connection(req, traces, timeout)
        assert isinstance(made, _Connection)
        # Over TLS there may be something that is no part of an answer.
        if made.spoke(lies_on_socket=not req.is_ssl()):
            made.close()
            raise _SpokeFirst("the other side spoke before it was asked")
        return made

    def _release(self, key: Any, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        # Not by `super()`, whose price is that of each request.
        _release(self, key, protocol, should_close=should_close)
        if protocol.transport is not None:
            # Kept and idle: without a parser, all that comes is put aside in its `_tail`.
            protocol._parser = None  # pyright: ignore[reportPrivateUsage] - no public way

    def abandon(self) -> None:
        """Close at once, without the task that `close` would leave behind, nor TLS that waits for the other side."""
        close_now = getattr(self, "_close", None) or getattr(self, "_close_immediately", None)
        if close_now is not None:
            close_now(abort_ssl=True)


class _Hidden(bytes):
    """Bytes that do not show: a body may hold a secret, and is personal anyway."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


class _Body(aiohttp.Payload):
    """Bytes that are sent as they are; how mere bytes are to be sent aiohttp looks up for each request anew."""

    def __init__(self, body: bytes) -> None:
        self._body = _Hidden(body)
        super().__init__(self._body, content_type="application/json")

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
        self._proxy_login: CIMultiDict[str] | None = None
        # Whether aiohttp sends again by itself what it thinks may be repeated.
        self._resends = True

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
        proxy: str | None
        if config.proxy is not None:
            proxy, self._proxy_login = _logged_in(config.proxy)
        else:
            proxy, self._proxy_login = _proxy(config) if config.trust_env else (None, None)
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_NO_TIMEOUT,
            headers=_ALWAYS,
            proxy=proxy,
        )
        # Where it can be told not to, its requests need no middleware, which is cheaper.
        if getattr(session, _RESENDS, None) is True:
            setattr(session, _RESENDS, False)
            self._resends = False
        return session

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, progress: SendProgress
    ) -> Answer:
        """Send one request once. Raises `TransportError`, whose `sent` says whether bytes may have left."""
        if self._closed:
            # While this call waited to be sent.
            raise LifecycleError(_CLOSED)
        session = self._session
        assert session is not None
        data = body if body is None else _Body(body) if len(body) < _LARGE else io.BytesIO(body)
        # Nor do bodies show in tracebacks, which list the variables of each function.
        del body
        failure: BaseException | None = None
        response: aiohttp.ClientResponse | None = None
        try:
            # What `request` awaits: the context manager that it wraps this in costs more than all checks of an answer.
            response = await session._request(  # pyright: ignore[reportPrivateUsage] - no public way
                method,
                URL(url, encoded=True),
                data=data,
                headers=headers if self._owned else {**_ALWAYS, **headers},
                allow_redirects=False,
                raise_for_status=False,
                timeout=_NO_TIMEOUT,
                # A POST it does not send again by itself.
                middlewares=_BARE if method == "POST" or not self._resends else _SEALED,
                # Of its own, since aiohttp adds to it.
                proxy_headers=None if self._proxy_login is None else CIMultiDict(self._proxy_login),
            )
        except asyncio.CancelledError as cancelled:
            progress.connecting = _UNSENT in cancelled.__dict__
            raise
        except (_Failed, aiohttp.ClientError, OSError) as error:
            failure = error
        except RuntimeError as error:
            if not session.closed:
                raise
            failure = error
        if response is None:
            assert failure is not None
            # Raised here, where aiohttp's is no context of it: that leads to the request.
            failed, failure = _failed(failure), None
            raise failed
        progress.status = response.status
        try:
            if response.content.is_eof():
                body = response.content.read_nowait()
                whole = True
            else:
                body, whole = await _body(response, self._config.max_body, progress)
        except (aiohttp.ClientError, OSError):
            return Answer(response.status, response.headers, progress.begun, complete=False)
        finally:
            if not response.closed:
                response.close()
        if not whole or len(body) > self._config.max_body:
            return Answer(response.status, response.headers, body[:_BEGUN], too_large=True)
        return Answer(response.status, response.headers, body)

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


async def _body(response: aiohttp.ClientResponse, most: int, progress: SendProgress) -> tuple[bytes, bool]:
    """The body and True; or, if it has more than `most` bytes, no more than that and False."""
    length = response.content_length
    parts: list[bytes] = []
    size = 0
    while part := await response.content.readany():
        if not parts:
            progress.begun = part[:_BEGUN]
        parts.append(part)
        size += len(part)
        if size > most or (length is not None and length > most):
            return part if len(parts) == 1 else progress.begun, False
    return b"".join(parts), True


def _failed(failure: BaseException) -> TransportError | LifecycleError:
    """Our error for one of aiohttp's, which is left behind: it leads to the request's headers."""
    cause = failure.__cause__ if isinstance(failure, _Failed) and failure.__cause__ is not None else failure
    if isinstance(cause, RuntimeError):
        return LifecycleError("the client was closed while this call was on its way")
    sent = not isinstance(cause, _NOT_SENT)
    what = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
    what = _LOGIN.sub("//…@", what)
    return TransportError(f"no answer ({what})" if sent else f"not sent ({what})", sent=sent)


def _proxy(config: Config) -> tuple[str | None, CIMultiDict[str] | None]:
    """The environment's proxy for our one origin, resolved once, and headers that log in to it; none for loopback."""
    parts = urlsplit(config.base_url)
    found = _proxy_for(parts.scheme, parts.hostname or "")
    if found is None:
        return None, None
    try:
        return _logged_in(found)
    except ValueError:
        pass
    raise ConfigError(f"the environment's proxy for {parts.scheme} is no URL such as 'http://proxy.example:3128'")


def _proxy_for(scheme: str, host: str) -> Secret | None:
    proxies = getproxies_environment()
    if is_loopback(host) or proxy_bypass_environment(host, proxies):
        return None
    found: str | None = proxies.get(scheme) or proxies.get("all")
    return None if found is None else Secret(found)


def _logged_in(proxy: Secret) -> tuple[str, CIMultiDict[str] | None]:
    parts = urlsplit(proxy.reveal() if "://" in proxy.reveal() else f"http://{proxy.reveal()}")
    host, port = parts.hostname, parts.port
    if not host:
        raise ValueError
    bare = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port is not None else ''}"
    if parts.username is None:
        return bare, None
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return bare, CIMultiDict({"Proxy-Authorization": HeaderText("Basic " + b64encode(login).decode())})
