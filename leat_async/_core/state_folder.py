"""Where a user's programs keep what is neither a setting nor of value to others."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """`LEAT_STATE_DIR`, else what is usual on the system."""
    named = os.environ.get("LEAT_STATE_DIR")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return platformdirs.user_state_path("leat", appauthor=False)
