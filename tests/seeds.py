"""Which random worlds a test goes through."""

from __future__ import annotations

import os
import sys


def seeds(count: int, soak: int) -> list[int]:
    """So many, on each Python others; with `LEAT_SEED` that one, with `LEAT_SOAK=1` the first `soak`."""
    if "LEAT_SEED" in os.environ:
        return [int(os.environ["LEAT_SEED"])]
    if os.environ.get("LEAT_SOAK") == "1":
        return list(range(soak))
    first = sys.version_info.minor % 3 * count
    return list(range(first, first + count))
