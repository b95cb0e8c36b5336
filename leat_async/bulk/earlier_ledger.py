"""Ledgers of the first version: made into one of today's, with all that they know.

That version had a ledger for each file. Its keys were texts of an identity and a count among equals; of rows that were
done it kept no content.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from .identity import key_of
from .store import Rest

# Which run its rows are said to come from.
_RUN = 1


class _EarlierRest(msgspec.Struct, array_like=True, gc=False):
    content: str | None
    status: str | None
    attempts: int
    uuid: str | None
    error: str | None
    code: str | None
    sent_at: float
    changed_at: float


_decode = msgspec.json.Decoder(_EarlierRest).decode
_encode = msgspec.json.Encoder().encode


def convert(base: sqlite3.Connection, schema: str, version: str) -> None:
    """Make a ledger of the first version one of this schema and version, wholly or not at all."""
    base.execute("BEGIN IMMEDIATE")
    try:
        meta = dict(base.execute("SELECT name, value FROM meta").fetchall())
        base.execute("ALTER TABLE rows RENAME TO earlier_rows")
        for statement in schema.split(";"):
            base.execute(statement)
        base.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", _rows(base))
        base.executemany("INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?)", _refused(base))
        base.execute("DROP TABLE earlier_rows")
        base.execute(
            "INSERT INTO runs (run, digest, on_change, started, ended) VALUES (?, ?, 'reject', ?, ?)",
            (_RUN, meta.get("source"), *[float(meta.get("created_at", "0"))] * 2),
        )
        base.execute("DELETE FROM meta WHERE name IN ('source', 'mapping')")
        told = {"version": version, "earlier": "1"}
        base.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", told.items())
        base.execute("COMMIT")
    except BaseException:
        base.execute("ROLLBACK")
        raise


def _rows(base: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    for number, key, index, state, text in base.execute("SELECT number, key, idx, state, rest FROM earlier_rows"):
        identity, _, occurrence = key.partition("-")
        if not occurrence:
            continue  # a row that could not be made one, known by its place alone
        rest = _decode(text)
        made = Rest(
            rest.status, rest.attempts, rest.uuid, rest.error, rest.code, int(rest.sent_at), int(rest.changed_at)
        )
        content = bytes.fromhex(rest.content or "")
        known = _encode(made).decode()
        yield number, key_of(bytes.fromhex(identity), int(occurrence)), _RUN, index, state, content, known


def _refused(base: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    for number, key, index, text in base.execute(
        "SELECT number, key, idx, rest FROM earlier_rows WHERE state = 'rejected'"
    ):
        rest = _decode(text)
        yield _RUN, index, number if "-" in key else 0, rest.error, rest.code
