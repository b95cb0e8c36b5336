"""The command as its users run it: a process of its own, with its own environment."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leat_async.sandbox import Sandbox

from ..forking import Forks, by_itself, environment

Leat = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=7, rate_limit=(1_000_000, 60.0)) as running:
        yield running


@pytest.fixture
def leat(tmp_path: Path, forks: Forks | None) -> Leat:
    """Run `leat …` in an empty directory; `on=` points it at a sandbox."""
    start = forks.run if forks else by_itself

    def run(
        *arguments: str | Path, on: Sandbox | None = None, stdin: str = "", cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return start(["-m", "leat_async", *arguments], environment(on) | env, cwd or tmp_path, stdin)

    return run
