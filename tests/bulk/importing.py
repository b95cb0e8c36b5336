"""An import in a process of its own, to be killed: prints its report as JSON."""

from __future__ import annotations

import asyncio
import json
import sys

from leat_async import LeatClient, bulk


async def main(url: str, token: str, ledger: str, ids: str, count: str, shop: str, *contacts: str) -> None:
    def rows() -> object:
        for n in range(int(count)):
            row = {"contact_uuid": contacts[n % len(contacts)], "shop_uuid": shop, "source": str(n)}
            yield {**row, "external_id": f"res-{n}"} if ids == "own" else row

    async with LeatClient(token, base_url=url, rate_limit=None) as leat:
        report = await bulk.run(leat.visits, rows(), ledger=ledger, grace=1.0)
    counts = {name: getattr(report, name) for name in ("total", "stopped", "rejected", "unknown", "skipped")}
    sys.stdout.write(json.dumps(counts))


asyncio.run(main(*sys.argv[1:]))
