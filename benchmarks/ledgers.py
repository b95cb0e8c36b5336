"""A ledger of many rows: how long opening takes, what a row remembered costs, and how large it is.

    python -m benchmarks.ledgers [--rows 5000000] [--few 10000] [--measured 20000]

Rows are put into the ledger of a run as bulk puts them, with the server left out; then a run opens it, finds rows that
are there, and remembers new ones. Read the differences between the small and the large one: the absolute figures belong
to the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import tempfile
import time
from pathlib import Path

from leat_async.bulk.fingerprints import fingerprint
from leat_async.bulk.ledger import NO_ERROR, Ledger
from leat_async.bulk.outcomes import Status
from leat_async.bulk.rows import ActiveRow
from leat_async.bulk.sqlite_store import SqliteLedgerStore
from leat_async.bulk.store import RowState, RunStart

START = RunStart(source=None, on_change="reject", batch=None, started=0.0, pid=os.getpid())
UUID = "6f1c3a2e-8f0b-4b43-9a5d-0a8f5c3de111"


def key_of(number: int) -> bytes:
    """The key of a row: as good as random, as digests are."""
    return hashlib.blake2b(b"%d" % number, digest_size=16).digest()


def row_of(number: int, place: int) -> ActiveRow:
    """A row with six fields, as a visit of a reservation system has them."""
    key = key_of(number)
    content = (
        b'{"contact_uuid":"0b1f4f2e-8a40-4c5f-a000-9ad0f4c0ffee","ends_at":"2024-05-01T22:00:00+00:00","external_id":"e-%d",'
        b'"shop_uuid":"6f1c3a2e-8f0b-4b43-9a5d-0a8f5c3de111","source":"Kiosk","starts_at":"2024-05-01T20:00:00+00:00"}'
    )
    content %= number
    return ActiveRow(
        index=number,
        given={},
        identity=key,
        serial_key=key,
        key=key,
        content=content,
        fingerprint=fingerprint(b"visits", content),
        body={},
        number=place,
    )


async def remember(ledger: Ledger, first: int, count: int, together: int = 64) -> float:
    """Seconds to write so many rows down, before they are sent and after, looking for them first."""
    began = time.perf_counter()
    for start in range(first, first + count, together):
        rows = [row_of(number, ledger.new_number()) for number in range(start, min(start + together, first + count))]
        ledger.look_up([row.key for row in rows])
        for row in rows:
            ledger.known(row.key)
            row.attempts = 1
            waiting = ledger.commit((row, RowState.SENT, Status.CREATED, NO_ERROR))
        await waiting
        for row in rows:
            row.uuid = UUID
            ledger.record((row, RowState.DONE, Status.CREATED, NO_ERROR))
    await ledger.commit()
    return time.perf_counter() - began


async def opened(path: Path) -> tuple[Ledger, float]:
    """A ledger with a run begun, and how many seconds that took."""
    began = time.perf_counter()
    ledger = Ledger(SqliteLedgerStore(path))
    await ledger.open(lambda outcomes, error: None)
    await ledger.begin("account", "visits", START)
    return ledger, time.perf_counter() - began


async def measure(path: Path, count: int, measured: int) -> tuple[float, float, float, float, float]:
    """Of a ledger: seconds to open, microseconds to find a row and to remember one, bytes a row, seconds to end."""
    ledger, _ = await opened(path)
    await remember(ledger, 0, count, 8192)
    ledger.end(None)
    # What made it is not to be measured: the system goes on writing it for a while.
    os.sync()
    size = os.stat(path).st_size / count
    ledger, opening = await opened(path)
    began = time.perf_counter()
    step = max(1, count // measured)
    keys = [key_of(number) for number in range(0, count, step)]
    for start in range(0, len(keys), 64):
        ledger.look_up(keys[start : start + 64])
        if not all(ledger.known(key) for key in keys[start : start + 64]):
            raise SystemExit("a row is not known")
    found = (time.perf_counter() - began) / len(keys)
    remembered = await remember(ledger, count, measured) / measured
    began = time.perf_counter()
    ledger.end(None)
    return opening, found * 1e6, remembered * 1e6, size, time.perf_counter() - began


async def main() -> None:
    """Measure both and show them."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rows", type=int, default=5_000_000)
    options.add_argument("--few", type=int, default=10_000)
    options.add_argument("--measured", type=int, default=20_000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        for count in (given.few, given.rows):
            opening, found, remembered, size, ending = await measure(
                Path(directory) / str(count), count, given.measured
            )
            print(
                f"{count:>9,} rows: opened in {opening:.3f} s, found in {found:.1f} µs a row, "
                f"remembered in {remembered:.1f} µs a row, {size:.0f} bytes a row, ended in {ending:.2f} s"
            )


if __name__ == "__main__":
    asyncio.run(main())
