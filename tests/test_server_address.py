"""Addresses of servers, and errors of others about them: what must not be shown is not."""

from __future__ import annotations

import pytest

from leat_async.config import Secret
from leat_async.errors import ConfigError
from leat_async.server_address import ServerAddress


@pytest.mark.parametrize(
    ("url", "said", "told"),
    [
        ("redis://h/0", "no route", "OSError: no route"),
        ("redis://h/0", "", "OSError"),
        ("redis://h/0", "no route\nto the host", "OSError: no route"),
        ("redis://u:hush%21@h/0", "wrong: hush!, hush%21", "OSError: wrong: ***, ***"),
        ("redis://u:hush@h/0", "redis://u:hush@h/0 is down", "OSError: *** is down"),
        ("postgresql://h/d?password=hush&sslpassword=hu%20sh", "wrong: hush, hu sh", "OSError: wrong: ***, ***"),
    ],
)
def test_an_error_is_told_without_what_is_secret(url: str, said: str, told: str) -> None:
    assert ServerAddress(Secret(url)).worded(OSError(said)) == told


@pytest.mark.parametrize("password", ["it@hush", "it/hush", "it?hush", "#hush"])
def test_where_nothing_tells_what_the_password_is_nothing_is_shown(password: str) -> None:
    with pytest.raises(ConfigError, match=r"seen: redis://.* can't be used \(ValueError; .*%40") as caught:
        ServerAddress(Secret(f"redis://u:{password}@h/0")).read("seen", _refuse, ValueError)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def _refuse(url: str) -> None:
    raise ValueError(f"no host hush@h in {url}")


def test_what_a_library_makes_of_it_is_handed_on_and_other_errors_pass() -> None:
    address = ServerAddress(Secret("redis://h/0"))
    assert address.read("seen", str.upper, ValueError) == "REDIS://H/0"
    with pytest.raises(ZeroDivisionError):
        address.read("seen", lambda _: 1 / 0, ValueError)
