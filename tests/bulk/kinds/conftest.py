"""Servers that answer otherwise, for the length of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .answering import Answers


@pytest.fixture
def answers() -> Iterator[Answers]:
    """To be told what answers otherwise."""
    made = Answers()
    yield made
    made.put_back()
