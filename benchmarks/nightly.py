"""A nightly import of which little has changed, against reading the same file.

    python -m benchmarks.nightly [--rows 20000] [--changed 200] [--new 100] [--rounds 3]

The first import makes all rows in a sandbox, which is a process of its own; those of other files are measured:
processor time of the command's process, its threads included, and what the sandbox was asked. Reading is a dry run:
cells made into parameters, and those checked.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from leat_async.cli.import_options import ImportOptions
from leat_async.cli.importing import run

SANDBOX = """
import sys
from leat_async.sandbox import Sandbox
with Sandbox(seed="demo", rate_limit=(10**9, 60.0)) as sandbox:
    print(sandbox.url, sandbox.token, flush=True)
    for line in sys.stdin:
        print(dict(sandbox.journal.counts()), flush=True)
        sandbox.journal.clear()
"""


def export(path: Path, count: int, changed: int) -> None:
    """Bookings, each with its identifier; so many of them with another party."""
    lines = ["id,email,start,guests"]
    for number in range(count):
        moment = f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}T{10 + number % 12}:00:00+02:00"
        lines.append(f"R{number},guest{number % 300}@example.com,{moment},{4 if number < changed else 2}")
    path.write_text("\n".join(lines) + "\n")


def imported(path: Path, *, dry_run: bool = False) -> None:
    """Import it."""
    options = ImportOptions(
        kind="bookings", file=str(path), shop="Harbour Kitchen", map=["id=external_id"], create_contacts=True,
        on_change="update", rate=10**6, dry_run=dry_run,
    )  # fmt: skip
    if run(options):
        raise SystemExit(f"{path} is not wholly imported")


def read(path: Path) -> None:
    """Read its cells into parameters and check them, as a dry run does."""
    imported(path, dry_run=True)


def cost(work: Callable[[Path], None], path: Path) -> float:
    """Seconds of the processor."""
    began = time.process_time()
    with open(os.devnull, "w") as nothing, redirect_stdout(nothing), redirect_stderr(nothing):
        work(path)
    return time.process_time() - began


def main() -> None:
    """Measure and show."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, value in (("rows", 20_000), ("changed", 200), ("new", 100), ("rounds", 3)):
        options.add_argument(f"--{name}", type=int, default=value)
    given = options.parse_args()
    ratios: list[float] = []
    with (
        subprocess.Popen(
            [sys.executable, "-c", SANDBOX], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as sandbox,
        tempfile.TemporaryDirectory() as directory,
    ):
        assert sandbox.stdin is not None
        assert sandbox.stdout is not None
        os.environ["LEAT_BASE_URL"], os.environ["LEAT_ACCESS_TOKEN"] = sandbox.stdout.readline().split()
        os.environ["LEAT_STATE_DIR"] = directory
        path, count, changed = Path(directory) / "first.csv", given.rows, 0
        export(path, count, changed)
        first = cost(imported, path)
        print(f"the first import of {count:,} rows took {first:.2f} s of the processor")
        for round_ in range(given.rounds):
            count, changed = count + given.new, given.changed * (1 - round_ % 2)
            path = Path(directory) / f"night{round_}.csv"
            export(path, count, changed)
            reading = cost(read, path)
            sandbox.stdin.write("\n")
            sandbox.stdin.flush()
            sandbox.stdout.readline()
            importing = cost(imported, path)
            sandbox.stdin.write("\n")
            sandbox.stdin.flush()
            print(f"reading {reading:.2f} s, importing {importing:.2f} s, asked {sandbox.stdout.readline().strip()}")
            ratios.append(importing / reading)
        sandbox.stdin.close()
    print(f"importing ÷ reading: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
