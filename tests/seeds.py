"""Which random worlds a test goes through."""

from __future__ import annotations

import os
import sys


def seeds(count: int, soak: int) -> list[int]:
    """Those of `LEAT_SEED`, or with `LEAT_SOAK=1` the first `soak`; else of the first `count` a third, another one on
    the next Python: what depends on the world and not on the Python needs to be seen once."""
    if "LEAT_SEED" in os.environ:
        return [int(os.environ["LEAT_SEED"])]
    if os.environ.get("LEAT_SOAK") == "1":
        return list(range(soak))
    first = sys.version_info.minor % 3 * count // 3
    return list(range(first, first + count // 3))
