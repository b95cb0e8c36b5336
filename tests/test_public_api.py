"""The public interface is what it was, unless somebody means to change it."""

from __future__ import annotations

import difflib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_public_interface_is_as_recorded() -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "api_snapshot.py")], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert ran.returncode == 0, ran.stderr
    recorded = (ROOT / "tests" / "snapshots" / "public_api.txt").read_text().splitlines()
    now = ran.stdout.splitlines()
    assert len(now) > 1000
    changes = "\n".join(difflib.unified_diff(recorded, now, "recorded", "now", lineterm="", n=0))
    assert not changes, f"{changes}\nMeant? python tools/api_snapshot.py > tests/snapshots/public_api.txt"
