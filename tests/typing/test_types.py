"""Both type checkers, on both sides, at their strictest; the sides differ in `await` alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.types
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = ["async_side.py", "sync_side.py"]


@pytest.mark.parametrize("checker", [["mypy", "--strict"], ["pyright"]], ids=["mypy", "pyright"])
def test_the_types_hold(checker: list[str]) -> None:
    command = [sys.executable, "-m", *checker, *(f"tests/typing/{name}" for name in FILES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_type_would_be_found(tmp_path: Path) -> None:
    right = (HERE / "sync_side.py").read_text()
    wrong = tmp_path / "wrong.py"
    wrong.write_text(right.replace("get(visit.uuid), models.Visit", "get(visit.uuid), int"))
    command = [sys.executable, "-m", "mypy", "--strict", str(wrong)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "assert-type" in done.stdout


def test_the_sides_differ_in_await_alone() -> None:
    there, here = ((HERE / name).read_text() for name in FILES)
    plain = re.sub(r"\b(async|await) ", "", there).replace("AsyncIterator", "Iterator")
    differing = {line.strip() for line in plain.splitlines()} ^ {line.strip() for line in here.splitlines()}
    assert all("ager" in line or "leat_async" in line or "side" in line for line in differing), differing
