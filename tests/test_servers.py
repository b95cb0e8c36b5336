"""The servers that tests rely on: they are crashed, frozen and started again."""

from __future__ import annotations

import socket

import psycopg
import pytest
import redis

from .servers import Postgres, Valkey

# The first message of a client.
_DOES_IT_SPEAK_TLS = b"\0\0\0\x08\x04\xd2\x16\x2f"


def test_valkey_can_be_frozen_and_crashed(valkey: Valkey) -> None:
    with (
        redis.Redis.from_url(valkey.url, retry=None) as client,
        redis.Redis.from_url(valkey.url, socket_timeout=0.1, retry=None) as hasty,
    ):
        client.set("a", "1")
        with valkey.frozen(), pytest.raises(redis.TimeoutError):
            hasty.get("a")
        assert client.get("a") == b"1"
        valkey.crash()
        with pytest.raises(redis.ConnectionError):
            client.get("a")
        valkey.start()
        assert client.get("a") is None


def test_postgres_keeps_what_it_committed_through_a_crash(postgres: Postgres) -> None:
    address = postgres.database()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (value int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        postgres.crash()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    postgres.start()
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT value FROM kept").fetchall() == [(1,)]


def test_postgres_can_be_frozen(postgres: Postgres) -> None:
    with postgres.frozen(), socket.create_connection(("127.0.0.1", postgres.port), timeout=0.1) as asking:
        asking.sendall(_DOES_IT_SPEAK_TLS)
        with pytest.raises(TimeoutError):
            asking.recv(1)
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
