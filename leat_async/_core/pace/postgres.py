"""The pace in PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import isfinite
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

from ...server_address import ServerAddress
from ..clock import Clock
from .lease import MEMBER, RESERVED, SETTING, Ask, Lease, PaceStatus, failed
from .patience import CONNECT, PATIENCE, patience_of, within

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGresult

T = TypeVar("T")
# The rules of `lease.grant`, in one statement for the client and one lock for the server. What a crash of the server
# takes away is no loss, so nothing is logged or waited for.
_SET_UP: LiteralString = """
CREATE UNLOGGED TABLE IF NOT EXISTS leat_pace (
  key text PRIMARY KEY,
  tat float8 NOT NULL DEFAULT 0,
  last float8 NOT NULL DEFAULT 0,
  paused float8 NOT NULL DEFAULT 0,
  refused float8 NOT NULL DEFAULT 0,
  spacing float8 NOT NULL DEFAULT 0,
  members jsonb NOT NULL DEFAULT '{}'
) WITH (fillfactor = 20);
CREATE OR REPLACE FUNCTION leat_pace_lease_3(
  a_key text, a_member text, spacing float8, ahead float8, ahead_class float8, wanted int, waiting int, pause float8,
  refused boolean, remaining int, gone boolean, reserved float8, counted_for float8, given_now float8, later boolean,
  OUT granted int, OUT wait float8, OUT left_ float8, OUT counted int, OUT waited_for int
) LANGUAGE plpgsql AS $$
DECLARE
  state leat_pace%ROWTYPE;
  now_ float8;
  back float8;
  start float8;
  at_once int := 0;
  ends float8;
  waited_until float8;
  ended_ text[];
BEGIN
  SELECT * INTO state FROM leat_pace WHERE key = a_key FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO leat_pace (key) VALUES (a_key) ON CONFLICT DO NOTHING;
    SELECT * INTO state FROM leat_pace WHERE key = a_key FOR UPDATE;
  END IF;
  now_ := coalesce(given_now, extract(epoch FROM clock_timestamp())::float8);
  back := greatest(0, state.last - now_);
  state.tat := state.tat - back;
  state.paused := state.paused - back;
  IF state.refused <> 0 THEN state.refused := state.refused - back; END IF;
  IF back > 0 THEN
    SELECT coalesce(jsonb_object_agg(name, jsonb_build_array(
        (told->>0)::float8 - back, told->1, coalesce((told->>2)::float8, 0) - back)), '{}')
      INTO state.members FROM jsonb_each(state.members) AS each(name, told);
  END IF;
  SELECT coalesce(array_agg(name) FILTER (WHERE ended), '{}'), count(*) FILTER (WHERE NOT ended),
      count(*) FILTER (WHERE NOT ended AND name <> a_member AND (told->>2)::float8 > now_)
    INTO ended_, counted, waited_for
    FROM (SELECT name, told, (told->>0)::float8 <= now_ OR (gone AND name = a_member) AS ended
      FROM jsonb_each(state.members) AS each(name, told)) AS known;
  IF cardinality(ended_) > 0 THEN state.members := state.members - ended_; END IF;
  granted := 0; wait := 0; left_ := 0;
  IF NOT gone THEN
    IF NOT state.members ? a_member THEN counted := counted + 1; END IF;
    IF refused THEN state.refused := now_; END IF;
    state.paused := greatest(state.paused, now_ + pause);
    state.spacing := spacing;
    IF remaining >= 0 AND remaining < round(ahead / spacing) + 1 THEN
      state.tat := greatest(state.tat, now_ + ahead - (remaining - 1) * spacing);
    END IF;
    left_ := greatest(0, state.paused - now_);
    IF wanted > 0 AND left_ = 0 THEN
      start := greatest(now_, state.tat);
      wait := start - ahead_class - now_;
      IF wait <= 0.000001 THEN at_once := floor((0.000001 - wait) / spacing + 1); END IF;
      granted := least(wanted, greatest(1, at_once, floor(least(
        reserved / spacing / counted, (reserved - greatest(0, wait)) / spacing))::int));
      state.tat := start + granted * spacing;
    END IF;
    ends := now_ + counted_for + greatest(0, wait) + left_;
    waited_until := coalesce((state.members->a_member->>2)::float8, 0);
    IF wanted > 0 AND NOT later THEN waited_until := ends; END IF;
    waited_for := waited_for + (waited_until > now_)::int;
    state.members := jsonb_set(state.members, ARRAY[a_member], jsonb_build_array(ends, waiting, waited_until));
  END IF;
  UPDATE leat_pace AS kept SET tat = state.tat, last = now_, paused = state.paused, refused = state.refused,
    spacing = state.spacing, members = state.members WHERE kept.key = a_key;
END $$;
"""
_LEASE = b"leat_pace"
_PREPARED = b"""
SELECT granted, wait, left_, counted, waited_for
FROM leat_pace_lease_3($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
_STATUS: LiteralString = """
SELECT key,
  jsonb_path_query_array(members, 'strict $.* ? (@[0] > $now && @[1] >= 0)', jsonb_build_object('now', now_), true),
  CASE WHEN spacing > 0 THEN 60 / spacing ELSE 0 END, greatest(0, paused - now_),
  CASE WHEN refused <> 0 THEN now_ - refused END
FROM leat_pace CROSS JOIN (SELECT extract(epoch FROM clock_timestamp())::float8 AS now_) AS clock ORDER BY key
"""
# Any number that is ours, for processes that set up the same database at the same time.
_LOCK = 0x1EA7_9ACE


class PostgresPaceStore:
    """A PostgreSQL server. One thread with one connection: a statement that hangs can be left behind there.

    Raises `ConfigError` if its address says what can't be.
    """

    def __init__(self, address: ServerAddress, clock: Clock) -> None:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        address.read(SETTING, conninfo_to_dict, ProgrammingError)
        self._address = address
        self._clock = clock
        self._thread: ThreadPoolExecutor | None = None
        self._opened: psycopg.Connection[Any] | None = None

    async def lease(self, key: str, ask: Ask, now: float | None = None) -> Lease:
        """As any store's; `now` stands for the server's clock."""
        plan = ask.plan
        arguments = (
            *(key, ask.member, plan.interval, plan.ahead, plan.ahead_of(ask.later), ask.count, ask.waiting, ask.pause),
            *(ask.refused, ask.remaining, ask.gone, RESERVED, MEMBER, now, ask.later),
        )
        count, wait, paused, members, waited_for = await self._do(lambda to: _granted(to, arguments), patience_of(ask))
        return Lease(int(count), float(wait), plan.interval, float(paused), int(members), int(waited_for))

    async def status(self) -> list[PaceStatus]:
        rows = await self._do(lambda to: to.execute(_STATUS).fetchall(), PATIENCE)
        return [
            PaceStatus(
                token=key,
                members=len(counted),
                waiting=sum(int(waiting) for _, waiting, *_ in counted),
                rate=rate,
                paused=paused,
                refused=refused if isfinite(refused or 0.0) else None,
            )
            for key, counted, rate, paused, refused in rows
            if isfinite(rate + paused)  # else none of ours; the next lease puts it right
        ]

    async def aclose(self) -> None:
        if self._thread is not None:
            thread, self._thread = self._thread, None
            thread.submit(self._close)
            thread.shutdown(wait=False)

    async def _do(self, work: Callable[[psycopg.Connection[Any]], T], seconds: float) -> Any:
        import psycopg

        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "leat-pace")
        doing = self._thread.submit(lambda: work(self._opened or self._open()))
        try:
            async with within(self._clock, CONNECT if self._opened is None else seconds):
                return await asyncio.wrap_future(doing)
        except (psycopg.Error, OSError, TimeoutError) as error:
            self._cut()
            raise failed(self._address, error) from None
        except asyncio.CancelledError:
            self._cut()
            raise

    def _open(self) -> psycopg.Connection[Any]:
        import psycopg

        opened = psycopg.connect(
            self._address.url.reveal(), autocommit=True, connect_timeout=2, application_name="leat pace"
        )
        try:
            with opened.transaction():
                opened.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                if opened.execute("SELECT to_regproc('leat_pace_lease_3') IS NULL").fetchone() == (True,):
                    opened.execute(_SET_UP)
            opened.execute("SET synchronous_commit = off")
            _checked(opened.pgconn.prepare(_LEASE, _PREPARED))
        except BaseException:
            opened.close()
            raise
        self._opened = opened
        return opened

    def _cut(self) -> None:
        """End whatever the thread waits for."""
        opened, self._opened = self._opened, None
        if opened is None:
            return
        # Closed already, or by the thread in this moment.
        with suppress(Exception), socket.socket(fileno=os.dup(opened.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.submit(opened.close)

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def _granted(opened: psycopg.Connection[Any], arguments: tuple[object, ...]) -> list[bytes]:
    """What the statement of a lease is answered.

    What is kept of a token and can't be ours is taken for nothing, and goes: every process would be left alone by it.
    """
    from psycopg import DataError

    with suppress(DataError):
        found = _answer(opened, arguments)
        if all(isfinite(float(number)) for number in found):
            return found
    opened.execute("DELETE FROM leat_pace WHERE key = %s", arguments[:1])
    return _answer(opened, arguments)


def _answer(opened: psycopg.Connection[Any], arguments: tuple[object, ...]) -> list[bytes]:
    """What the statement of a lease is answered. By libpq itself: a cursor would take a quarter of the time."""
    # NULL is None there, which the declaration of `exec_prepared` leaves out.
    given: list[Any] = [None if argument is None else str(argument).encode() for argument in arguments]
    found = _checked(opened.pgconn.exec_prepared(_LEASE, given))
    return [found.get_value(0, column) or b"" for column in range(found.nfields)]


def _checked(found: PGresult) -> PGresult:
    from psycopg import DataError, OperationalError
    from psycopg.pq import DiagnosticField, ExecStatus

    if found.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        of_data = (found.error_field(DiagnosticField.SQLSTATE) or b"").startswith(b"22")
        raise (DataError if of_data else OperationalError)(found.error_message.decode(errors="replace"))
    return found
