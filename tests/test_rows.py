"""A table in one test: every row is tried, and those that fail are named."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from .rows import each


def test_every_row_is_tried_and_those_that_fail_are_named() -> None:
    tried = []

    @each("number", [1, 2, 3], ids=lambda number: f"number {number}")
    def whole(number: int) -> None:
        tried.append(number)
        assert number == 2, "not two"

    with pytest.raises(ExceptionGroup, match="2 of 3 rows failed") as caught:
        whole()
    assert tried == [1, 2, 3]
    assert [(str(error).splitlines()[0], error.__notes__) for error in caught.value.exceptions] == [
        ("not two", ["in the row number 1"]),
        ("not two", ["in the row number 3"]),
    ]


def test_a_row_of_several_and_fixtures() -> None:
    given: list[Any] = []

    @each("left,right", [(1, 2), (3, 4)])
    async def whole(fixture: str, left: int, right: int) -> None:
        given.append((fixture, left, right))

    assert list(inspect.signature(whole).parameters) == ["fixture"]
    asyncio.run(whole(fixture="made"))
    assert given == [("made", 1, 2), ("made", 3, 4)]


def test_what_ends_a_test_at_once_names_its_row() -> None:
    @each("number", [1, 2])
    def whole(number: int) -> None:
        pytest.fail("late")

    with pytest.raises(pytest.fail.Exception) as caught:
        whole()
    assert caught.value.__notes__ == ["in the row 1"]


def test_a_table_has_rows() -> None:
    with pytest.raises(AssertionError, match="without rows"):
        each("number", [])(lambda number: None)
