"""A month's report of many transactions against walking them: what the figures cost, and what kept Parquet saves.

    python -m benchmarks.report [--rows 1000000] [--rounds 3]

Server and client are processes of their own; contenders take turns.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import tempfile
from pathlib import Path

from benchmarks.export import BEGIN, EVERY, Figures, run, server
from leat_async import LeatClient, reports
from leat_async.export.reading import batches
from leat_async.export.request import request_of
from leat_async.export.run import lines_of


async def walk(leat: LeatClient) -> int:
    """The export's own walk, its rows thrown away."""
    request = request_of(
        leat.loyalty_transactions,
        since=None,
        until=None,
        timezone="UTC",
        ahead=8,
        filters={},
        on_warning=lambda text: None,
    )
    return sum([len(rows) async for rows in batches(request, lines_of(request))])


class Report:
    """A report; a class, since it travels to another process. `keep`: where its rows are kept."""

    def __init__(self, month: str, keep: Path | None = None) -> None:
        self.month, self.keep = month, keep

    async def __call__(self, leat: LeatClient) -> int:
        report = await reports.monthly(leat, self.month, keep=self.keep, on_warning=lambda text: None)
        assert report.current.figures.active_customers > 0
        return sum(month.figures.transactions for month in report.months)


def measure(rows: int, rounds: int) -> dict[str, list[Figures]]:
    """Each contender's runs."""
    # The month of the last rows, so that all are read.
    month = f"{BEGIN + dt.timedelta(seconds=rows * EVERY):%Y-%m}"
    found: dict[str, list[Figures]] = {"walk": [], "report": [], "again": []}
    with server(rows, 0.0) as port, tempfile.TemporaryDirectory() as scratch:
        keep = Path(scratch) / "kept"
        for _ in range(rounds):
            found["walk"].append(run("walked", walk, port))
            found["report"].append(run("report", Report(month), port))
        run("report that keeps its rows", Report(month, keep), port)
        for _ in range(rounds):
            found["again"].append(run("report from what was kept", Report(month, keep), port))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found = measure(options.rows, options.rounds)
    ratios = [r.seconds / w.seconds for r, w in zip(found["report"], found["walk"], strict=True)]
    used = [r.processor / w.processor for r, w in zip(found["report"], found["walk"], strict=True)]
    print(
        f"report / walk: {statistics.median(ratios):.2f} of the time, {statistics.median(used):.2f} of the processor; "
        f"{max(r.megabytes for r in found['report']):.0f} MB; from Parquet "
        f"{statistics.median(r.seconds for r in found['again']):.1f} s, "
        f"{max(r.megabytes for r in found['again']):.0f} MB"
    )


if __name__ == "__main__":
    main()
