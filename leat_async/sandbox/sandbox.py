"""The sandbox: the server's life, and the controls that tests use."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

from .account import furnish, furnish_demo
from .clock import Clock as _VirtualClock
from .control import control
from .engine import Engine, OrderRule, Token
from .faults import Faults
from .http import MAX_BODY, HttpSide, protocol_log
from .journal import Journal
from .limiter import Limiter
from .params import epoch, is_email
from .rooms import JOBS, ROUTES, TABLES, contact_session_tokens, contact_subscriptions
from .rooms.contacts import new_contact
from .rooms.loyalty_tokens import ACCOUNT_SECRET
from .rooms.shapes import shop_brief
from .routing import Route, Router
from .store import Row, Store

FIXED_START = "2026-01-05T09:00:00+00:00"
_INITIAL = "\0initial"


class Clock:
    """The sandbox's virtual time, as tests see it."""

    def __init__(self, clock: _VirtualClock, engine: Engine, lock: threading.RLock) -> None:
        self._clock = clock
        self._engine = engine
        self._lock = lock

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock.now()

    def datetime(self) -> datetime:
        """The virtual moment in UTC."""
        return datetime.fromtimestamp(self.now(), UTC)

    def advance(self, seconds: float) -> float:
        """Move forward: tokens expire, rate windows roll, late writes land. Returns the new moment."""
        with self._lock:
            self._clock.advance(seconds)
            self._engine.settle()
            return self._clock.now()


class Sandbox:
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
        tokens: Iterable[str] | Literal["any"] = (),
        token_lifetime: float = 3600.0,
        rate_limit: tuple[int, float] = (5000, 60.0),
        unauthenticated: Literal["plain", "coded"] = "plain",
        unique_external_ids: bool = True,
        journal_size: int = 10_000,
        start: datetime | None = None,
        order_rule: OrderRule | None = None,
    ) -> None:
        if isinstance(seed, str) and seed != "demo":
            raise ValueError(f"seed is a number or 'demo', not {seed!r}")
        if not allow_remote and not _is_loopback(host):
            raise ValueError(f"{host!r} is not a loopback address; pass allow_remote=True to serve others")
        self._host, self._port = host, port
        number = seed if isinstance(seed, int) else 0
        self._lock = threading.RLock()
        begins = _start_of(seed, start)
        self._limiter = Limiter(*rate_limit)
        self._store = Store(TABLES, number, Path(state) if state is not None else None)
        clock = _VirtualClock(max(begins, self._latest()))
        self.faults = Faults(number, clock.now)
        self.journal = Journal(journal_size, self._lock, lambda: self._engine.settle())
        self.token = f"leat-sandbox-{number % 10**8:08d}".ljust(53, "x")
        self.register_token = f"leat-register-{number % 10**8:08d}".ljust(53, "x")
        self._given_tokens = (self.token, *(() if isinstance(tokens, str) else tokens))
        self._clock = clock
        self._engine = Engine(
            router=Router(ROUTES),
            store=self._store,
            clock=clock,
            faults=self.faults,
            journal=self.journal,
            limiter=self._limiter,
            tokens={},
            any_token=tokens == "any",
            unauthenticated=unauthenticated,
            unique_external_ids=unique_external_ids,
            token_lifetime=token_lifetime,
        )
        self._engine.jobs.update(JOBS)
        self._engine.order_rule = order_rule
        if self._store.is_new:
            with self._store.transaction():
                furnish(self._store, int(clock.now()))
                if seed == "demo":
                    furnish_demo(self._store, int(clock.now()), number)
        self._allow_tokens()
        self._store.snapshot(_INITIAL)
        self.clock = Clock(clock, self._engine, self._lock)
        self._server: asyncio.Server | None = None
        self._web: web.Server | None = None
        self._side: HttpSide | None = None
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

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
        side = HttpSide(self._engine, self._lock, lambda method, target, body: control(self, method, target, body))
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

    async def stop(self) -> None:
        """Close every connection, also those that hang, and the state file."""
        if self._server is None or self._side is None or self._web is None:
            return
        self._side.close()
        self._server.close()
        self._server = None
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

    # -- controls --------------------------------------------------------------------------------

    def reset(self) -> None:
        """Back to how it started: state, clock, faults, journal, rate windows and tokens."""
        with self._lock:
            self._engine.generation += 1
            self._clock.reset()
            self._store.restore(_INITIAL)
            self.faults.clear()
            self.journal.clear()
            self._limiter.reset()
            self._engine.tokens.clear()
            self._allow_tokens()

    def snapshot(self, name: str = "default") -> str:
        """Remember the account's state under a name, and return the name."""
        with self._lock:
            self._engine.settle()
            self._store.snapshot(name)
            return name

    def restore(self, name: str = "default") -> None:
        """Return the account to a remembered state; clock, faults and journal go on."""
        with self._lock:
            self._store.restore(name)

    def create_contact(
        self, email: str | None = None, *, attributes: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        """Add a contact without a request; returns its `uuid` and `email`."""
        if email is not None and not is_email(email):
            raise ValueError(f"{email!r} is not an e-mail address")
        with self._lock, self._store.transaction():
            self._engine.settle()
            email = (email or f"contact-{self._store.new_uuid()[:8]}@example.com").lower()
            if self._store["contacts"].first("email", email):
                raise ValueError(f"there is a contact {email} already")
            row = new_contact(self._store, email, int(self._clock.now()))
            if attributes:
                row = self._store["contacts"].update(row, attributes=dict(attributes))
            return {"uuid": row["uuid"], "email": row["email"]}

    def create_session_token(self, contact_uuid: str, *, lifetime: float = 300.0) -> str:
        """Make a session token of a contact, as his app would show it; it lasts `lifetime` seconds."""
        with self._lock, self._store.transaction():
            self._known(contact_uuid)
            return contact_session_tokens.issue(self._store, contact_uuid, int(self._clock.now()), lifetime)

    def confirm_subscriptions(self, contact_uuid: str) -> int:
        """Follow the links in the confirmation mails of a contact; returns how many there were."""
        with self._lock, self._store.transaction():
            self._known(contact_uuid)
            return contact_subscriptions.confirm(self._store, contact_uuid, int(self._clock.now()))

    def _known(self, contact_uuid: str) -> None:
        if self._store["contacts"].get(contact_uuid) is None:
            raise ValueError(f"there is no contact {contact_uuid!r}")

    @property
    def account_secret(self) -> str:
        """What loyalty tokens are signed with."""
        return ACCOUNT_SECRET

    def change(self, table: str, uuid: str, **fields: Any) -> Row:
        """Change fields of a stored row that the API cannot, such as a reward's `stock`; returns the row."""
        with self._lock, self._store.transaction():
            self._engine.settle()
            row = self._store[table].rows[uuid]
            unknown = fields.keys() - row.keys() | fields.keys() & {"id"}
            if unknown:
                raise ValueError(f"{', '.join(sorted(unknown))}: not a field of {table} that can be changed")
            return dict(self._store[table].update(row, **fields))

    @property
    def shops(self) -> list[dict[str, Any]]:
        """The shops, as the API lists them."""
        with self._lock:
            return [shop_brief(row) for row in self._store["shops"].rows.values()]

    @property
    def contacts(self) -> list[dict[str, str]]:
        """Uuid and e-mail address of every contact."""
        with self._lock:
            return [{"uuid": row["uuid"], "email": row["email"]} for row in self.rows("contacts")]

    def rows(self, table: str) -> list[Row]:
        """Copies of the stored rows of a table such as `visits`, oldest first."""
        with self._lock:
            self._engine.settle()
            return [dict(row) for row in self._store[table].rows.values()]

    @property
    def tables(self) -> list[str]:
        """The names that `rows` knows."""
        return list(self._store.tables)

    @property
    def routes(self) -> tuple[Route, ...]:
        """The table of routes, each with how sure we are of it."""
        return self._engine.router.routes

    def _allow_tokens(self) -> None:
        for token in self._given_tokens:
            self._engine.tokens[token] = Token()
        shop = next(iter(self._store["shops"].rows))
        self._engine.tokens[self.register_token] = Token(shop_uuid=shop)

    def _latest(self) -> float:
        """The moment of the newest row: time never runs behind the state of a file."""
        return max(
            (
                float(row.get("updated_at") or row.get("created_at") or 0)
                for table in self._store.tables.values()
                for row in table.rows.values()
            ),
            default=0.0,
        )


def _start_of(seed: int | str | None, start: datetime | None) -> float:
    if start is not None:
        if start.tzinfo is None:
            raise ValueError("start must be an aware datetime")
        return start.timestamp()
    # A numbered seed stands for a run that can be repeated, so its clock starts at a fixed moment.
    return epoch(FIXED_START) if isinstance(seed, int) else datetime.now(UTC).timestamp()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)
