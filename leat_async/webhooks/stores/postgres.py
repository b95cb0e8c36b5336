"""Remembering deliveries in PostgreSQL, for many machines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from .sql import SqlStore
from .urls import address_of, needs

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CREATE = """
CREATE TABLE IF NOT EXISTS {table} (
    seq bigint GENERATED ALWAYS AS IDENTITY, digest text PRIMARY KEY, key text NOT NULL, state text NOT NULL,
    token text NOT NULL, attempt integer NOT NULL, base integer NOT NULL, until double precision NOT NULL,
    came double precision NOT NULL, body bytea, error text
)"""
# A server that is gone without a word is noticed within seconds, and none keeps a transaction of ours for long.
_CONNECTING = {
    "connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3,
    "tcp_user_timeout": 10_000, "application_name": "leat_async.webhooks",
}  # fmt: skip
_SETTINGS = "SET statement_timeout = '5s'; SET idle_in_transaction_session_timeout = '10s'"
# Of two numbers that name a lock of PostgreSQL's, the one that tells ours from others'.
_LOCKS = 0x1EA7


class PostgresStore(SqlStore):
    """Remembers in a PostgreSQL database, which any number of machines may share, and holds an outbox.

    Times are the database's. Needs the extra `postgres`.
    """

    _for_update = " FOR UPDATE"
    _skip_locked = " FOR UPDATE SKIP LOCKED"

    def __init__(self, url: str, *, name: str = "leat") -> None:
        """Remember at a URL.

        Parameters:
            url: such as "postgresql://user@host/database". A password may be in it, or where PostgreSQL's own clients
                look for one (`PGPASSWORD`, `~/.pgpass`); it shows nowhere.
            name: the table is called `<name>_deliveries`, and made if it is missing. Services that share a database
                and each want every event must not share a name.

        Raises:
            ConfigError: the extra `postgres` is not installed.
            ValueError: the url or the name is none.
        """
        self._address = address_of(url, "postgresql", "postgres")
        if not isinstance(cast(object, name), str) or not _NAME.fullmatch(name):
            raise ValueError(f"name must be up to 40 small letters, digits and underscores, got {name!r}")
        psycopg = needs("psycopg", "postgres")
        self._address.read("url", psycopg.conninfo.conninfo_to_dict, psycopg.ProgrammingError)
        self._psycopg, self._table = psycopg, f"{name}_deliveries"
        self._failures, self._lost = (psycopg.Error, OSError), (psycopg.OperationalError, psycopg.InterfaceError)
        super().__init__(self._table, "%s")

    def __repr__(self) -> str:
        return f"<PostgresStore {self._address.shown}>"

    def _connect(self) -> Any:
        connection = self._psycopg.connect(self._address.url.reveal(), autocommit=True, **_CONNECTING)
        try:
            connection.execute(_SETTINGS)
            if connection.execute("SELECT to_regclass(%s)", (self._table,)).fetchone()[0] is None:
                with connection.transaction():
                    # Of processes that start at the same time, one makes it.
                    connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", (_LOCKS,))
                    for statement in (_CREATE.format(table=self._table), *self._schema):
                        connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin(self, connection: Any, digests: Sequence[str]) -> None:
        connection.execute("BEGIN")
        for digest in digests:
            # Nothing else keeps two from making the same record.
            number = int(digest[:8], 16) - 2**31
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCKS, number))

    def _now(self, connection: Any) -> float:
        return float(connection.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()[0])

    def _worded(self, error: Exception) -> str:
        return self._address.worded(error)
