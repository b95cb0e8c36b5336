"""Files that hold what is nobody else's business."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO


def open_private(path: Path) -> TextIO:
    """Open a file to write it anew, for its owner alone; what a link points to is left as it is."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    number = os.open(path, flags, 0o600)
    if hasattr(os, "fchmod"):
        os.fchmod(number, 0o600)
    return os.fdopen(number, "w", encoding="utf-8")
