"""The public interface is what it was, unless somebody means to change it."""

from __future__ import annotations

import difflib
from pathlib import Path

from .forking import Forks, by_itself, environment

ROOT = Path(__file__).parent.parent


def test_the_public_interface_is_as_recorded(forks: Forks | None) -> None:
    ran = (forks.run if forks else by_itself)([ROOT / "tools" / "api_snapshot.py"], environment(), ROOT)
    assert ran.returncode == 0, ran.stderr
    recorded = (ROOT / "tests" / "snapshots" / "public_api.txt").read_text().splitlines()
    now = ran.stdout.splitlines()
    assert len(now) > 1000
    changes = "\n".join(difflib.unified_diff(recorded, now, "recorded", "now", lineterm="", n=0))
    assert not changes, f"{changes}\nMeant? python tools/api_snapshot.py > tests/snapshots/public_api.txt"
