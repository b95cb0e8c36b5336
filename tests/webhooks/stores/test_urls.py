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
    with pytest.raises(ValueError, match=r"url must begin with .*can't be read"):
        kind("postgresql://[x/y")
    for wrong in (None, 5, b"redis://x"):
        with pytest.raises(TypeError, match=f"url must be text, got {type(wrong).__name__}"):
            kind(wrong)
    with pytest.raises(ValueError, match="name must"):
        kind("redis://x" if kind is RedisStore else "postgresql://x", name="")
    with pytest.raises(ValueError, match=r"name must be .* got 5"):
        kind("redis://x" if kind is RedisStore else "postgresql://x", name=5)
    if kind is PostgresStore:
        with pytest.raises(ValueError, match="name must be up to 40 small letters"):
            kind("postgresql://x", name="a; DROP TABLE b")


@pytest.mark.parametrize(
    "url",
    [
        "redis://user:hush%21@127.0.0.1:9/0",
        "postgresql://user:hush%21@127.0.0.1:9/x",
        "postgresql://user@127.0.0.1:9/x?password=hush",
        "postgresql://user:it@hush@127.0.0.1:9/x",
    ],
)
def test_a_password_shows_nowhere(url: str) -> None:
    store = open_store(url)
    assert "hush" not in repr(store)
    with pytest.raises(SeenStoreError, match="can't be used") as caught:
        store.ask(Claim("a" * 32, 60.0))
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        *("redis://127.0.0.1:nine/0", "redis://user:hush@127.0.0.1:9/0?bogus=hush&password=hush"),
        *("postgresql://127.0.0.1:9/x?bogus=1", "postgresql://127.0.0.1:9/x?password=hush hush"),
    ],
)
def test_an_address_that_can_not_be_is_told_when_the_store_is_made(url: str) -> None:
    with pytest.raises(ConfigError, match=r"url: \w+://127\.0\.0\.1:(9|nine)/. can't be used \(") as caught:
        open_store(url)
    assert "hush" not in str(caught.value).replace("keyword argument 'bogus'", "")


def test_what_is_shown_of_a_url() -> None:
    assert shown("postgresql://user:hush@db.example:5432/leat?password=hush") == "postgresql://db.example:5432/leat"
    assert shown("redis://:hush@[::1]/0") == "redis://[::1]/0"
    assert shown("redis://:hush@[x/0") == "(a URL that can't be read)"
    assert shown("hush") == "(no URL)"
    assert hidden("no hush! in redis://:hush%21@h/0", "redis://:hush%21@h/0") == "no *** in redis://h/0"
    assert hidden("no hush%25, no hush%", "redis://:hush%25@h/0") == "no ***, no ***"


@pytest.mark.parametrize(("module", "extra"), [("redis", "redis"), ("psycopg", "postgres")])
def test_an_extra_that_is_missing_is_named(module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    url = {"redis": "redis://h/0", "postgres": "postgresql://h/x"}[extra]
    with pytest.raises(ConfigError, match=rf"pip install 'leat-async\[{extra}\]'"):
        open_store(url)
