"""Where tokens are found, and what is said when they are not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import pytest

from leat_async.errors import ConfigError
from leat_async.fleet import TokenFrom


class InMemory(keyring.backend.KeyringBackend):
    """A keyring of one entry."""

    priority = 1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        return "s3cret" if (service, username) == ("leat", "ada") else None

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


@pytest.fixture
def own_keyring() -> Any:
    before = keyring.get_keyring()
    keyring.set_keyring(InMemory())
    yield
    keyring.set_keyring(before)


def test_a_token_is_found_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_keyring: None) -> None:
    monkeypatch.setenv("SOME_TOKEN", "s3cret")
    (tmp_path / "token").write_text("s3cret\n")
    for place in (
        TokenFrom(env="SOME_TOKEN"),
        TokenFrom(file=str(tmp_path / "token")),
        TokenFrom(command=(sys.executable, "-c", "print('s3cret')")),
        TokenFrom(keyring="leat/ada"),
    ):
        found = place.find()
        assert found.reveal() == "s3cret"
        assert "s3cret" not in repr(found)


def test_a_token_that_is_not_there_is_told_without_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_keyring: None
) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "odd").write_bytes(b"s3cret\xff")
    fails = (sys.executable, "-c", "import sys; print('s3cret'); sys.exit(1)")
    for place, said in (
        (TokenFrom(env="NOT_SET"), "no token in the variable NOT_SET"),
        (TokenFrom(file=str(tmp_path / "none")), "No such file"),
        (TokenFrom(file=str(tmp_path / "empty")), "no token in the file"),
        (TokenFrom(file=str(tmp_path / "odd")), "UnicodeDecodeError"),
        (TokenFrom(file="\0"), "ValueError"),
        (TokenFrom(command=fails), "CalledProcessError"),
        (TokenFrom(command=("no-such-program-here",)), "No such file"),
        (TokenFrom(keyring="leat/bob"), "no token in the keyring's leat/bob"),
    ):
        with pytest.raises(ConfigError) as caught:
            place.find()
        assert said in str(caught.value)
        if place.command != fails:
            assert "s3cret" not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"env": ""},
        {"env": 7},
        {"command": ()},
        {"command": ("",)},
        {"command": "pass show"},
        {"keyring": "x"},
        {"env": "a", "file": "b"},
    ],
)
def test_a_place_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="token"):
        TokenFrom(**wrong)


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leat_async.fleet.tokens.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'leat-async\[keyring\]'"):
        TokenFrom(keyring="leat/ada").find()
