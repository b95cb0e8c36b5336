"""Everything, in one run: Markdown on stdout, benchmarks/results.json, docs/performance.png.

    make bench            # QUICK=1 for less than two minutes; writes no files
    python -m benchmarks.run [NAME ...]    # only sections whose name begins so; writes no files

Runs in the environment of benchmarks/requirements.txt. Each section is a process of its own, in which the contenders
take turns; the server is another, on another core.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import picture
from .calls import OURS, RAW
from .measure import Table, quick
from .sandbox_throughput import send_all
from .server import ROOT, UUID, pin, serving

HERE = Path(__file__).parent
SECTIONS = {
    "calls": ["calls", "--others"],
    "calls alone": ["calls"],
    "calls one": ["calls", "--one"],
    "calls tls": ["calls", "--tls"],
    "calls uvloop": ["calls", "--uvloop"],
    "calls fresh": ["calls", "--fresh-allocator"],
    "decode": ["decode"],
    "pages": ["pages"],
    "imports": ["imports"],
    "reading": ["reading"],
    "synchronous": ["synchronous"],
    "start": ["start"],
    "webhooks": ["webhooks"],
    "telemetry": ["telemetry"],
}
# What must hold: the table's beginning, who, against whom, the bound, and the figure aimed at.
TARGETS: list[tuple[str, str, str, float, float]] = [
    ("GET of a visit, 64 in flight", OURS, RAW, 0.92, 1.05),
    ("GET of a visit, 1 in flight", OURS, RAW, 0.90, 1.0),
    ("GET of a visit, 64 in flight, tls", OURS, RAW, 0.95, 1.05),
    ("GET of a visit, 64 in flight, others", OURS, "stripe on aiohttp", 2, 3),
    ("GET of a visit, 64 in flight, others", OURS, "openai on httpx", 7, 10),
    ("A page of", "leat_async, models", "orjson.loads, dicts", 2.0, 1.45),
    ("A page of", "leat_async, models", "pydantic, models", 0.6, 0.35),
    ("Walking 200 pages, no latency", "leat_async, every row", "aiohttp and orjson, dicts, page by page", 0.8, 0.95),
    ("Walking {pages} pages at 30", ".pages(ahead=8)", "one page at a time", 6, 7.5),
    ("Bulk creation", "leat_async.bulk, ledger", "aiohttp, 64 workers, no ledger", 0.83, 0.95),
    ("Reading CSV", "leat_async.tables", "csv.reader and a dict a row", 0.4, 0.6),
    ("Reading .xlsx", "leat_async.tables", "openpyxl, values only", 0.625, 3),
    ("Synchronous GET of a visit, threads: 1", "leat_async.sync", "requests.Session", 2.0, 2.8),
    ("Synchronous GET of a visit, threads: 1", "leat_async.sync", "httpx.Client", 1.1, 1.5),
    ("Synchronous GET of a visit, threads: 16", "leat_async.sync", "requests.Session", 3, 4),
    ("Synchronous walk", "leat_async.sync", "requests.Session", 1.4, 1.8),
    ("Imports", "import leat_async", "import aiohttp", 1.3, 1.1),
    ("Command line", "leat --help", "python -c pass", 6, 3),
    ("A process with one call", "leat_async", "aiohttp", 1.5, 1.2),
    ("Reading a delivery", "webhooks.unwrap", "hmac and json.loads", 1.3, 0.7),
    ("Growth of a walk", "1,000,000 rows", "20,000 rows", 1.1, 1.02),
    ("Growth of bulk", "1,000,000 rows", "10,000 rows", 1.1, 1.02),
]


def machine() -> str:
    """The machine and what runs on it, in one line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        cpu = next((line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line), cpu)
    names = ("aiohttp", "msgspec", "orjson", "pydantic", "httpx", "requests", "openai", "stripe", "uvloop")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{os.cpu_count()} × {cpu}; Python {platform.python_version()}, {platform.platform()}; {packages}"


async def _server_rate(origin: str, count: int) -> float:
    """Requests per second that the server answers to a client that does next to nothing."""
    port = int(origin.rpartition(":")[2])
    requests = [f"GET {ROOT}/visits/{UUID} HTTP/1.1\r\nHost: x\r\n\r\n".encode()] * count
    began = time.perf_counter()
    bad = await send_all(port, requests, 64)
    assert not bad, bad[0]
    return count / (time.perf_counter() - began)


def server_rate() -> float:
    """The median of five."""
    with serving() as (plain, *_):
        pin()
        return statistics.median(asyncio.run(_server_rate(plain, 20_000)) for _ in range(5))


def section(name: str) -> list[Table]:
    """One section, in a process of its own."""
    module, *options = SECTIONS[name]
    command = [sys.executable, "-m", f"benchmarks.{module}", *options, "--json"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=HERE.parent).stdout
    fields = ("name", "unit", "figures", "against", "better", "note")
    return [Table(**{field: table[field] for field in fields}) for table in json.loads(printed)]


def against_targets(tables: list[Table]) -> str:
    """What must hold, and whether it does."""
    lines = ["### Against what was aimed at", "", "| what | at least (most) | aim | measured |", "|---|---|---|---|"]
    for begin, who, other, bound, aim in TARGETS:
        begin = begin.format(pages=80 if quick() else 200)
        exact = "GET" in begin
        found = [table for table in tables if (table.name == begin if exact else table.name.startswith(begin))]
        if not found:
            lines.append(f"| {begin}: {who} ÷ {other} | {bound:g} | {aim:g} | not measured in this run |")
        for table in found:
            ratio = table.ratio(who, other)
            holds = ratio >= bound if table.better == "more" else ratio <= bound
            mark = "" if holds else " **missed**"
            lines.append(f"| {table.name}: {who} ÷ {other} | {bound:g} | {aim:g} | {ratio:.2f}{mark} |")
    return "\n".join([*lines, ""])


def main() -> None:
    asked = sys.argv[1:]
    chosen = [name for name in SECTIONS if not asked or any(name.startswith(begin) for begin in asked)]
    line = machine()
    print(f"{line}\n", flush=True)
    rate = server_rate()
    print(f"The server answers {rate:,.0f} requests/s to a bare client, so it is not what is measured.\n", flush=True)
    tables: list[Table] = []
    for name in chosen:
        found = section(name)
        tables += found
        print(*(table.markdown() for table in found), sep="\n", flush=True)
    print(against_targets(tables))
    if not asked and not quick():  # what is kept is measured at full length
        result: dict[str, Any] = {"machine": line, "server requests/s": rate}
        result["tables"] = [table.as_json() for table in tables]
        picture.RESULTS.write_text(json.dumps(result, indent=1) + "\n")
        picture.draw()


if __name__ == "__main__":
    main()
