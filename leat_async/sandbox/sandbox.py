"""The sandbox: a server's life around the controls."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

from .arguments import check_arguments, texts
from .control_routes import control
from .controls import SandboxControls
from .engine import OrderRule
from .guard import Guard, is_loopback
from .http import MAX_BODY, HttpSide, protocol_log
from .watching import Watchers


class Sandbox(SandboxControls):
    """A local, stateful Leat API; `async with` or plain `with` starts and stops it.

    Plain `with` runs the server in a thread of its own. The controls may be used from any thread.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        seed: int | Literal["demo"] | None = None,
        state: str | Path | None = None,
        host: str = "127.0.0.1",
        allow_remote: bool = False,
        allowed_hosts: Iterable[str] = (),
        tokens: Iterable[str] | Literal["any"] = (),
        token_lifetime: float = 3600.0,
        rate_limit: tuple[int, float] = (5000, 60.0),
        unauthenticated: Literal["plain", "coded"] = "plain",
        unique_external_ids: bool = True,
        journal_size: int = 10_000,
        start: datetime | None = None,
        order_rule: OrderRule | None = None,
    ) -> None:
        allowed_hosts, tokens = texts(allowed_hosts), texts(tokens)
        check_arguments(locals())
        if not allow_remote and not is_loopback(host):
            raise ValueError(f"{host!r} is not a loopback address; allow_remote=True (--allow-remote) serves others")
        super().__init__(
            seed=seed,
            state=state,
            tokens=tokens,
            token_lifetime=token_lifetime,
            rate_limit=rate_limit,
            unauthenticated=unauthenticated,
            unique_external_ids=unique_external_ids,
            journal_size=journal_size,
            start=start,
            order_rule=order_rule,
        )
        self._host, self._port = host, port
        self._guard = Guard(host, allowed_hosts)
        self._server: asyncio.Server | None = None
        self._web: web.Server | None = None
        self._side: HttpSide | None = None
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __repr__(self) -> str:
        where = "not running: use it with `with` or `async with`" if self._server is None else self.url
        return f"<Sandbox {where}>"

    # -- life ------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("the sandbox is not running; use it with `with` or `async with`")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Listen, in the running loop."""
        if self._server is not None:
            raise RuntimeError("the sandbox is running already")
        side = HttpSide(
            self._engine,
            self._lock,
            lambda method, target, body: control(self, method, target, body),
            self._guard,
            Watchers(self),
        )
        server: web.Server = web.Server(
            side.handle, request_factory=_request, access_log=None, lingering_time=1.0, logger=protocol_log
        )
        self._side, self._web = side, server
        try:
            self._server = await asyncio.get_running_loop().create_server(server, self._host, self._port)
        except BaseException:
            self._store.close()
            raise
        self._port = self._server.sockets[0].getsockname()[1]
        self._engine.origin = self.url
        self.deliveries.start()

    async def stop(self) -> None:
        """Close every connection, also those that hang, and the state file."""
        if self._server is None or self._side is None or self._web is None:
            return
        self._side.close()
        self._server.close()
        self._server = None
        await self.deliveries.stop()
        self._web.pre_shutdown()
        await self._web.shutdown(1.0)
        self._store.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        ready: list[BaseException] = []
        started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(started, ready)), name="leat-sandbox", daemon=True
        )
        self._thread.start()
        started.wait()
        if ready:
            self._thread.join()
            raise ready[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None and self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._thread = None

    async def _run(self, started: threading.Event, failure: list[BaseException]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.start()
        except BaseException as error:
            failure.append(error)
            return
        finally:
            started.set()
        await self._stop.wait()
        await self.stop()


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)
