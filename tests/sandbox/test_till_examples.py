"""The examples of a till run, each in a process of its own, and tell the same story twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..forking import Forks, by_itself, environment

EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/till_*.py"))


def test_there_are_examples() -> None:
    assert {path.stem for path in EXAMPLES} >= {"till_order", "till_voucher", "till_giftcard", "till_prepaid"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_ends_well(path: Path, tmp_path: Path, forks: Forks | None) -> None:
    done = (forks.run if forks else by_itself)([path], environment(), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    with_await, _, without = done.stdout.partition("without\n")
    assert with_await.removeprefix("with await\n") == without
    assert len(without.splitlines()) >= 5
