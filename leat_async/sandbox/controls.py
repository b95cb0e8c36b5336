"""The controls that tests use, and the account they work on; nothing here listens to anybody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from .clock import LAST_MOMENT, VirtualClock
from .deliveries import Deliveries, Delivery
from .engine import OrderRule, SandboxEngine, Token
from .faults import Faults
from .journal import Journal
from .limiter import Limiter
from .names import check_name
from .params import epoch, is_email
from .resources import JOBS, OPERATIONS, ROUTES, TABLES, contact_session_tokens, contact_subscriptions
from .resources.contacts import new_contact
from .resources.loyalty_tokens import ACCOUNT_SECRET
from .resources.shapes import shop_brief
from .resources.webhook_subscriptions import EVENTS
from .routing import Route, Router
from .seed import seed_account, seed_demo
from .store import Row, Store, Table

FIXED_START = "2026-01-05T09:00:00+00:00"
_INITIAL = "\0initial"
# One for all sandboxes: nothing changes it, and to make it is a third of what a sandbox costs.
_ROUTER = Router(ROUTES)


class ClockControl:
    """The sandbox's virtual time, as tests see it."""

    def __init__(
        self, clock: VirtualClock, engine: SandboxEngine, lock: threading.RLock, moved: Callable[[], object]
    ) -> None:
        self._moved = moved
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
            self._moved()
            return self._clock.now()


class SandboxControls:
    """An account with its clock, faults and journal, and what can be done to them from any thread."""

    def __init__(
        self,
        *,
        seed: int | Literal["demo"] | None,
        state: str | Path | None,
        tokens: Iterable[str] | Literal["any"],
        token_lifetime: float,
        rate_limit: tuple[int, float],
        unauthenticated: Literal["plain", "coded"],
        unique_external_ids: bool,
        journal_size: int,
        start: datetime | None,
        order_rule: OrderRule | None,
    ) -> None:
        number = seed if isinstance(seed, int) else 0
        self._lock = threading.RLock()
        begins = _start_of(seed, start)
        self._limiter = Limiter(*rate_limit)
        self._store = Store(TABLES, number, Path(state) if state is not None else None)
        clock = VirtualClock(max(begins, self._latest()))
        self.faults: Faults = Faults(number, clock.now, OPERATIONS, EVENTS)
        operations = OPERATIONS | {f"webhook.{event}" for event in EVENTS}
        self.journal: Journal = Journal(journal_size, operations, self._lock, lambda: self._engine.settle())
        self.token: str = f"leat-sandbox-{number % 10**8:08d}".ljust(53, "x")
        self.register_token: str = f"leat-register-{number % 10**8:08d}".ljust(53, "x")
        self._given_tokens = (self.token, *(() if isinstance(tokens, str) else tokens))
        self._clock = clock
        self._engine = SandboxEngine(
            router=_ROUTER,
            store=self._store,
            clock=clock,
            faults=self.faults,
            journal=self.journal,
            limiter=self._limiter,
            any_token=tokens == "any",
            unauthenticated=unauthenticated,
            unique_external_ids=unique_external_ids,
            token_lifetime=token_lifetime,
        )
        self._engine.jobs.update(JOBS)
        self._engine.order_rule = order_rule
        if self._store.is_new:
            with self._store.transaction():
                seed_account(self._store, int(clock.now()))
                if seed == "demo":
                    seed_demo(self._store, int(clock.now()), number)
        self._allow_tokens()
        self.deliveries: Deliveries = Deliveries(self._engine, self._lock, number)
        self._store.watch("webhook_subscriptions", self.deliveries.note)
        self.on_stop: Callable[[], object] | None = None  # ends the command that serves it
        self._store.snapshot(_INITIAL)
        self.clock: ClockControl = ClockControl(clock, self._engine, self._lock, self.deliveries.wake)

    def reset(self) -> None:
        """Back to how it started: state, clock, faults, journal, rate windows and tokens."""
        with self._lock:
            self._engine.generation += 1
            self._clock.reset()
            self._store.restore(_INITIAL)
            self.faults.clear()
            self.journal.clear()
            self.deliveries.reset()
            self._limiter.reset()
            self._engine.look_for_jobs()
            self._allow_tokens()

    def snapshot(self, name: str = "default") -> str:
        """Remember the account's state under a name, and return the name."""
        with self._lock:
            self._engine.settle()
            self._store.snapshot(name)
            return name

    def restore(self, name: str = "default") -> None:
        """Return the account to a remembered state; clock, faults and journal go on.

        Parameters:
            name: what the state was called when it was remembered; another is a `KeyError`.
        """
        with self._lock:
            self._store.restore(name)
            self._engine.look_for_jobs()

    def create_contact(
        self, email: str | None = None, *, attributes: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        """Add a contact without a request; returns its `uuid` and `email`.

        Parameters:
            email: an address that no contact has yet, or a `ValueError`; left out, one is made up.
            attributes: values of custom attributes, by name.
        """
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
        """Make a session token of a contact, as its app would show it.

        Parameters:
            contact_uuid: whose; one that is not there is a `ValueError`.
            lifetime: seconds for which it lasts.
        """
        with self._lock, self._store.transaction():
            self._known(contact_uuid)
            return contact_session_tokens.issue(self._store, contact_uuid, int(self._clock.now()), lifetime)

    def confirm_subscriptions(self, contact_uuid: str) -> int:
        """Follow the links in the confirmation mails of a contact; returns how many there were.

        Parameters:
            contact_uuid: whose; one that is not there is a `ValueError`.
        """
        with self._lock, self._store.transaction():
            self._known(contact_uuid)
            return contact_subscriptions.confirm(self._store, contact_uuid, int(self._clock.now()))

    def _known(self, contact_uuid: str) -> None:
        if self._store["contacts"].get(contact_uuid) is None:
            raise ValueError(f"there is no contact {contact_uuid!r}")

    def trigger(self, event: str, data: Mapping[str, Any] | None = None, *, uuid: str | None = None) -> list[Delivery]:
        """Deliver an event to its active subscriptions without a change: about the row of this uuid, or the newest.

        `data` takes the place of what the sandbox would say of that row. `deliveries.settle()` waits for the answers.
        A receiver handles events that say the same once, so the second of two equal ones calls no handler.
        """
        return self.deliveries.trigger(event, data, uuid=uuid)

    @property
    def account_secret(self) -> str:
        """What loyalty tokens are signed with."""
        return ACCOUNT_SECRET

    def change(self, table: str, uuid: str, **fields: Any) -> Row:
        """Change fields of a stored row that the API cannot, such as a reward's `stock`; returns the row.

        Parameters:
            table: one of `tables`.
            uuid: of the row; one that is not there is a `ValueError`.
            fields: values by field; a field that the row does not have is a `ValueError`.
        """
        with self._lock, self._store.transaction():
            self._engine.settle()
            row = self._table(table).get(uuid)
            if row is None:
                raise ValueError(f"there is no row {uuid[:100]!r} in {table}")
            unknown = fields.keys() - row.keys() | fields.keys() & {"id"}
            if unknown:
                raise ValueError(f"{', '.join(sorted(unknown))}: not a field of {table} that can be changed")
            try:
                msgspec.json.encode(fields)
            except (ValueError, TypeError, OverflowError, RecursionError) as problem:
                raise ValueError(f"what JSON cannot hold is no field of {table}: {problem}") from None
            for name, value in fields.items():
                if None not in (row[name], value) and _kind_of(row[name]) is not _kind_of(value):
                    raise ValueError(f"{name} of {table} is like {row[name]!r:.100}, not like {value!r:.100}")
                if isinstance(value, (int, float)) and abs(value) > LAST_MOMENT:  # a date could not be written any more
                    raise ValueError(f"{name} of {table} is at most {LAST_MOMENT:.0f}, not {value!r:.100}")
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
            return [dict(row) for row in self._table(table).rows.values()]

    def rows_of(self, table: str, contact_uuid: str) -> list[Row]:
        """Copies of the rows of a table that belong to a contact; none where the table knows no contacts.

        Parameters:
            table: one of `tables`.
            contact_uuid: whose.
        """
        with self._lock:
            found = self._table(table)
            if table == "contacts":
                row = found.get(contact_uuid)
                return [dict(row)] if row is not None else []
            return [dict(row) for row in found.find("contact_uuid", contact_uuid)] if found.owned else []

    def _table(self, name: str) -> Table:
        return self._store[check_name("table", name, self._store.tables)]

    @property
    def tables(self) -> list[str]:
        """The names that `rows` knows."""
        return list(self._store.tables)

    @property
    def routes(self) -> tuple[Route, ...]:
        """The table of routes, each with how sure we are of it."""
        return self._engine.router.routes

    @property
    def resets(self) -> int:
        """How often it was reset."""
        return self._engine.generation

    @property
    def origin(self) -> str:
        """Where it listens; empty as long as it does not."""
        return self._engine.origin

    def _allow_tokens(self) -> None:
        shop = next(iter(self._store["shops"].rows))
        given = {token: Token() for token in self._given_tokens}
        self._engine.reset_tokens({**given, self.register_token: Token(shop_uuid=shop)})

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


def _kind_of(value: object) -> type[object]:
    """The type, with one for all numbers."""
    return float if type(value) is int else type(value)


def _start_of(seed: int | str | None, start: datetime | None) -> float:
    if start is not None:
        if start.timestamp() > LAST_MOMENT:
            raise ValueError(f"start is before the year 9000, not {start}")
        return start.timestamp()
    # A numbered seed stands for a run that can be repeated, so its clock starts at a fixed moment.
    return epoch(FIXED_START) if isinstance(seed, int) else datetime.now(UTC).timestamp()
