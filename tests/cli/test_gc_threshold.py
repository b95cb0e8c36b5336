"""Python's collector during a command's import: less often, and afterwards as before."""

from __future__ import annotations

import gc
from collections.abc import Generator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leat_async.bulk.kinds.visits import VisitKind
from leat_async.bulk.rows import ActiveRow, Row
from leat_async.cli.app import app
from leat_async.cli.gc_threshold import _HELD, raised_for

USUAL = (700, 10, 10)


@pytest.fixture(autouse=True)
def usual() -> Generator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*USUAL)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def test_it_is_raised_and_given_back_also_when_the_run_fails() -> None:
    seen = []

    def fail() -> None:
        with raised_for(8):
            seen.append(gc.get_threshold())
            raise LookupError("the source is gone")

    with pytest.raises(LookupError):
        fail()
    assert seen == [(700 + 8 * _HELD, 10, 10)]
    assert gc.get_threshold() == USUAL


def test_a_collector_that_is_off_stays_off() -> None:
    gc.set_threshold(0, 10, 10)
    with raised_for(10):
        assert gc.get_threshold() == (0, 10, 10)
    assert gc.get_threshold() == (0, 10, 10)


def test_the_command_raises_it_while_rows_are_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: set[tuple[int, int, int]] = set()
    prepare = VisitKind.prepare

    def watched(self: VisitKind, index: int, given: Row) -> ActiveRow:
        seen.add(gc.get_threshold())
        return prepare(self, index, given)

    monkeypatch.setattr(VisitKind, "prepare", watched)
    file = tmp_path / "v.csv"
    file.write_text("email,starts_at\nanna@example.com,2026-03-01T10:00:00Z\n")
    ended = CliRunner().invoke(app, ["import", "visits", str(file), "--sandbox", "--concurrency", "8"])
    assert ended.exit_code == 0, ended.output
    assert seen == {(700 + 8 * _HELD, 10, 10)}
    assert gc.get_threshold() == USUAL
