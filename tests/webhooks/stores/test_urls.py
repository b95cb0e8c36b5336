"""What a setting names, and what is shown of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from leat_async.errors import ConfigError
from leat_async.webhooks import MemoryStore, PostgresStore, RedisStore, SeenStoreError, SqliteStore, open_store
from leat_async.webhooks.stores.steps import Claim
from leat_async.webhooks.stores.urls import hidden, shown


def test_each_setting_names_its_store(tmp_path: Path) -> None:
    named: list[tuple[Any, type]] = [
        (None, MemoryStore),
        (tmp_path / "seen.sqlite", SqliteStore),
        (str(tmp_path / "seen.sqlite"), SqliteStore),
        ("redis://127.0.0.1:9/0", RedisStore),
        ("rediss://127.0.0.1:9/0", RedisStore),
        ("postgresql://127.0.0.1:9/x", PostgresStore),
        ("postgres://127.0.0.1:9/x", PostgresStore),
    ]
    for setting, kind in named:
        assert type(open_store(setting)) is kind
    given = MemoryStore()
    assert open_store(given) is given
    with pytest.raises(ValueError, match="size must be at least 1"):
        MemoryStore(size=0)


@pytest.mark.parametrize("kind", [RedisStore, PostgresStore])
def test_what_they_refuse(kind: Any) -> None:
    with pytest.raises(ValueError, match="url must begin with"):
        kind("http://u:hush@x/")
    with pytest.raises(ValueError, match="name must"):
        kind("redis://x" if kind is RedisStore else "postgresql://x", name="")
    if kind is PostgresStore:
        with pytest.raises(ValueError, match="name must be up to 40 small letters"):
            kind("postgresql://x", name="a; DROP TABLE b")


@pytest.mark.parametrize("url", ["redis://user:hush%21@127.0.0.1:9/0", "postgresql://user:hush%21@127.0.0.1:9/x"])
def test_a_password_shows_nowhere(url: str) -> None:
    store = open_store(url)
    assert "hush" not in repr(store)
    with pytest.raises(SeenStoreError, match="can't be used") as caught:
        store.ask(Claim("a" * 32, 60.0))
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_is_shown_of_a_url() -> None:
    assert shown("postgresql://user:hush@db.example:5432/leat?password=hush") == "postgresql://db.example:5432/leat"
    assert shown("redis://:hush@[::1]/0") == "redis://[::1]/0"
    assert shown("redis://:hush@[x/0") == "(a URL that can't be read)"
    assert shown("hush") == "(no URL)"
    assert hidden("no hush! in redis://:hush%21@h/0", "redis://:hush%21@h/0") == "no *** in redis://h/0"


@pytest.mark.parametrize(("module", "extra"), [("redis", "redis"), ("psycopg", "postgres")])
def test_an_extra_that_is_missing_is_named(module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    url = {"redis": "redis://h/0", "postgres": "postgresql://h/x"}[extra]
    with pytest.raises(ConfigError, match=rf"pip install 'leat-async\[{extra}\]'"):
        open_store(url)
