"""Bulk creation with a ledger against a bare pool of workers; memory and time by the number of rows.

python -m benchmarks.imports
"""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import nullcontext

from leat_async.cli.gc_threshold import raised_for

from . import bulk
from .measure import Table, prime_allocator, quick, show
from .server import pin, serving

RAW, OURS, BARE = "aiohttp, 64 workers, no ledger", "leat_async.bulk, ledger", "leat_async.bulk, no ledger"
OFTEN = ", Python's collector coming as often as it does by itself"


def main() -> None:
    bulk.IN_FLIGHT = 64
    contenders = {RAW: bulk.raw, OURS: bulk.with_ledger, BARE: bulk.without}
    contenders |= {f"{who}{OFTEN}": contenders[who] for who in (RAW, OURS)}
    rows, rounds = (4_000, 3) if quick() else (20_000, 9)
    with serving() as (plain, *_):
        prime_allocator()

        def rate(who: str, count: int) -> float:
            # As `leat import` sets the collector, and docs/bulk.md says for programs: all alike but for two.
            with nullcontext() if who.endswith(OFTEN) else raised_for(bulk.IN_FLIGHT):
                began = time.perf_counter()
                asyncio.run(contenders[who](plain, count))
                return count / (time.perf_counter() - began)

        def rates() -> dict[str, list[float]]:
            found: dict[str, list[float]] = {who: [] for who in contenders}
            for who in contenders:
                rate(who, 1_000)
            for number in range(rounds):
                for who in list(contenders)[:: 1 if number % 2 == 0 else -1]:
                    found[who].append(rate(who, rows))
            return found

        # First with the server's core to go to as well, which the ledger's thread makes use of.
        free = rates()
        pin()
        tables = [
            Table("Bulk creation of visits, 64 in flight", "rows/s", rates(), RAW),
            Table("The same where the ledger's thread may use another core", "rows/s", free, RAW),
        ]
        if not quick():
            few, many = "10,000 rows", "200,000 rows"
            peaks = {few: [bulk.peak(plain, 10_000, True)], many: [bulk.peak(plain, 200_000, True)]}
            note = f"It grows by {peaks[many][0] - peaks[few][0]:.1f} MB; up to 10 were allowed."
            tables.append(Table("Peak memory of bulk creation, ledger", "MB", peaks, few, better="less", note=note))

            # Processor time, and short runs before and after the long one: the machine's pace drifts.
            def spent(count: int) -> float:
                began = time.process_time()
                asyncio.run(bulk.with_ledger(plain, count))
                return 1e6 * (time.process_time() - began) / count

            few, many = "10,000 rows", "1,000,000 rows"
            before = [spent(10_000) for _ in range(5)]
            long = spent(1_000_000)
            times = {few: [statistics.median([*before, *(spent(10_000) for _ in range(5))])], many: [long]}
            name = "Growth of bulk creation with its length"
            tables.append(Table(name, "µs of CPU a row", times, few, better="less"))
    show(*tables)


if __name__ == "__main__":
    main()
