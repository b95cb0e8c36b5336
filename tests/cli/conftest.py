"""The command as its users run it: a process of its own, with its own environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leat_async.sandbox import Sandbox

Leat = Callable[..., subprocess.CompletedProcess[str]]


def environment(sandbox: Sandbox | None = None) -> dict[str, str]:
    """What a fresh shell would hold, with the two lines of a sandbox if there is one."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("LEAT_")}
    found |= {"PYTHONWARNINGS": "error", "COLUMNS": "120", "TERM": "dumb", "PYTHONUTF8": "1"}
    if sandbox is not None:
        found |= {"LEAT_BASE_URL": sandbox.url, "LEAT_ACCESS_TOKEN": sandbox.token}
    return found


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=7, rate_limit=(1_000_000, 60.0)) as running:
        yield running


@pytest.fixture
def leat(tmp_path: Path) -> Leat:
    """Run `leat …` in an empty directory; `on=` points it at a sandbox."""

    def run(
        *arguments: str | Path, on: Sandbox | None = None, stdin: str = "", cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "leat_async", *map(str, arguments)],
            env=environment(on) | env,
            cwd=cwd or tmp_path,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run
