"""docs/guarantees.md names the test of each promise; here is that they exist."""

from __future__ import annotations

import re
from pathlib import Path

from ..rows import each

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "guarantees.md").read_text()
DEFINED = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
}
NAMED = sorted(set(re.findall(r"`(test_\w+)`", TEXT)))


def promises() -> list[tuple[str, str]]:
    """The rows of the table of promises."""
    table = TEXT.split("| promise | shown by |\n|---|---|\n")[1].split("\n\n")[0]
    return [tuple(part.strip() for part in line.strip("|").split("|")) for line in table.splitlines()]  # type: ignore[misc]


@each("name", NAMED)
def test_the_named_tests_exist(name: str) -> None:
    assert name in DEFINED


@each("path", sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", TEXT))))
def test_the_named_files_exist(path: str) -> None:
    assert (ROOT / path).exists()


@each("promise", promises(), ids=lambda row: row[0][:50])
def test_each_promise_names_its_test(promise: tuple[str, str]) -> None:
    assert re.search(r"`(test_\w+|tests/[\w/]+\.py)`", promise[1])


def test_there_are_promises() -> None:
    assert len(promises()) > 25
    assert len(NAMED) > 35
