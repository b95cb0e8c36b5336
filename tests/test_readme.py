"""The README: short, and from it to a first visit is little to type."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tools.try_wheel import readme_commands

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
# Somebody who types 40 words a minute.
KEYSTROKES_A_MINUTE = 200


def test_it_is_read_at_one_go() -> None:
    assert len(README.splitlines()) < 160


def test_it_names_every_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert not {extra for extra in extras if f"[{extra}]" not in README}


def test_its_first_program_is_the_example() -> None:
    (block,) = re.findall(r"## Await it\n\n```python\n(.*?)```", README, re.DOTALL)
    _, _, program = (ROOT / "examples" / "first_visit.py").read_text().partition('"""\n\n')
    assert block == program


def test_a_first_visit_takes_less_than_two_minutes_of_typing(tmp_path: Path) -> None:
    """`make try-wheel EXTRAS=cli` does the same from the wheel, in an empty environment."""
    install, *commands = readme_commands()
    assert install == "pip install 'leat-async[cli]'"
    assert sum(len(command) + 1 for command in (install, *commands)) <= 2 * KEYSTROKES_A_MINUTE
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    said = [
        subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for command in commands
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00 Kiosk \{\}\n", said[-1])


def test_in_a_fresh_clone_it_is_one_line() -> None:
    """Which .ci/run begins with."""
    assert "`make run` imports a file of 2,000 visits" in README
    assert len((ROOT / "examples" / "visits.csv").read_text().splitlines()) == 2000 + 1
    assert re.search(r'^step "main job"\nmake run$', (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
