"""A value that an option does not take: what was given, and what it takes."""

from __future__ import annotations

import pytest

from .conftest import Leat


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "visits", "f.csv", "--concurrency", "abc"], "it should be a valid integer, got 'abc'"),
        (["import", "visits", "f.csv", "--concurrency", "5000"], "it should be less than or equal to 1000, got '5000'"),
        (["import", "visits", "f.csv", "--rate", "1.5"], "it should be a valid integer, got '1.5'"),
        (["import", "visits", "f.csv", "--on-change", "maybe"], "'maybe' is not one of 'reject', 'update', 'skip'."),
        (["import", "undo", "abc"], "it should be a valid integer, got 'abc'"),
    ],
)
def test_it_is_named(leat: Leat, arguments: list[str], said: str) -> None:
    name = next((word for word in arguments if word.startswith("--")), "RUN")
    ended = leat(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.endswith(f"\nError: Invalid value for '{name}': {said}\n")
