"""An import in a process of its own, to be killed or measured: prints its counts and its peak memory as JSON."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leat_async import LeatClient, bulk


async def main(url: str, token: str, ledger: str, ids: str, count: str, shop: str, *contacts: str) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        for n in range(int(count)):
            row = {
                "contact_uuid": contacts[n % len(contacts)],
                "shop_uuid": shop,
                "source": str(n),
                "starts_at": "2024-05-01T20:00:00+00:00",
            }
            yield {**row, "external_id": f"res-{n}"} if ids == "own" else row

    async with LeatClient(token, base_url=url, rate_limit=None) as leat:
        report = await bulk.run(leat.visits, rows(), ledger=ledger or None, grace=1.0)
    counts = {name: getattr(report, name) for name in ("total", "stopped", "rejected", "unknown", "skipped")}
    sys.stdout.write(json.dumps({**counts, "peak": peak()}))


def peak() -> float | None:
    """Peak resident memory in MB, where the system tells."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage says on Linux begins with the memory of the process that started this one.
        (high,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(high) / 2**10
    try:
        import resource
    except ImportError:
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / 2**20 if sys.platform == "darwin" else used / 2**10


asyncio.run(main(*sys.argv[1:]))
