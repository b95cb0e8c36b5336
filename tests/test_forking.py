"""A fork ends as the program started by itself does, also where it ends without taking everything apart."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from leat_async import __version__

from .forking import Forks, by_itself, environment, piped

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no fork")
KEPT = """
import sys, warnings
class Kept:
    def __del__(self): print('gone', file=sys.__stderr__)
warnings.kept = Kept()
"""
FULL = "import os; full = os.open('/dev/full', os.O_WRONLY); os.dup2(full, 1); os.close(full); print('out')"
PROGRAMS = {
    "nothing": "pass",
    "a code": "import sys; print('out'); sys.exit(3)",
    "a large code": "import sys; sys.exit(259)",
    "no code": "import sys; sys.exit(None)",
    "a sentence": "import sys; sys.exit('it did not work')",
    "an error": "print('out', end=''); 1 / 0",
    "an interruption": "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
    "at exit": "import atexit; atexit.register(print, 'at exit')",
    "what a module keeps": KEPT,
    "a database that stays open": "import sqlite3, warnings; warnings.kept = sqlite3.connect(':memory:')",
    "a file that stays open": "import warnings; warnings.kept = open('kept.txt', 'w'); warnings.kept.write('text')",
    "a generator in its middle": (
        "import os, warnings\ndef rows():\n    try:\n        yield 1\n    finally:\n        os.write(2, b'closed')\n"
        "warnings.kept = rows(); next(warnings.kept)"
    ),
    "a coroutine that nobody awaited": "async def f(): pass\nf()",
    "a task that is not done": (
        "import asyncio, warnings\nloop = asyncio.new_event_loop()\nasync def f(): await asyncio.sleep(9)\n"
        "warnings.kept = loop.create_task(f()); loop.run_until_complete(asyncio.sleep(0)); loop.close()"
    ),
    "a thread that goes on": "import threading; threading.Timer(0.05, print, ['later']).start()",
    "a stdout that was closed": "import sys; print('out'); sys.stdout.close()",
    "a full disk": FULL,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_ends_as_by_itself(forks: Forks, tmp_path: Path, program: str) -> None:
    ends = []
    for run in (by_itself, forks.run):
        ran = run(["-c", PROGRAMS[program]], environment(), tmp_path)
        # Where the lines are that ended it, and by what name, is another matter.
        said = [line for line in ran.stderr.splitlines() if not line.startswith("  ")]
        said = [re.sub(r" at 0x\w+| name=\S+", "", line) for line in said]
        ends.append((ran.returncode, ran.stdout, said))
    assert ends[0] == ends[1]


def test_a_shell_s_leat_is_a_fork_that_ends_it(forks: Forks, tmp_path: Path) -> None:
    line = "leat nonsense 2>&1 | grep -c nonsense; leat --version && leat api"
    ran = forks.shell(line, environment() | {"PATH": os.environ["PATH"]}, tmp_path)
    assert (ran.returncode, ran.stdout) == (2, f"1\n{__version__}\n")
    assert "Usage: leat api" in ran.stderr


def test_what_still_runs_is_killed(forks: Forks, tmp_path: Path) -> None:
    with piped(forks, ["-c", "print(1, flush=True); import time; time.sleep(60)"], environment(), tmp_path) as running:
        assert running.stdout.readline() == "1\n"
    assert running.wait() == -signal.SIGKILL
