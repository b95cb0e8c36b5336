"""Opening and closing leaks nothing; a fork is noticed; warnings say where the client was made."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import resource
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from leat_async import LeatClient
from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient as SyncClient

SOAK = os.environ.get("LEAT_SOAK") == "1"
CYCLES = 10_000 if SOAK else 150


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0


def peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def allocated() -> int:
    gc.collect()
    return sys.getallocatedblocks()


async def test_open_and_close_over_and_over(record_property: object) -> None:
    async with Sandbox(seed=4, rate_limit=(10_000_000, 60.0), journal_size=20) as sandbox:

        async def cycle() -> None:
            async with LeatClient(sandbox.token, base_url=sandbox.url) as leat:
                await leat.shops.list()

        for _ in range(40):
            await cycle()
        sandbox.journal.clear()
        before = (descriptors(), len(asyncio.all_tasks()), threading.active_count(), allocated())
        for _ in range(CYCLES):
            await cycle()
        sandbox.journal.clear()
        await asyncio.sleep(0.1)
        after = (descriptors(), len(asyncio.all_tasks()), threading.active_count(), allocated())
    print(f"{CYCLES} cycles: descriptors, tasks, threads, blocks before {before}, after {after}")  # noqa: T201
    assert after[0] <= before[0] + 2, "connections of the server's side may still be closing"
    assert after[1] <= before[1] + 2
    assert after[2] <= before[2]
    # A cancelled timer or two stay with the loop until there are a hundred of them.
    assert after[3] - before[3] < CYCLES + 5_000, "nothing of a cycle stays"


def test_open_and_close_the_synchronous_client() -> None:
    with Sandbox(seed=4, rate_limit=(10_000_000, 60.0), journal_size=20) as sandbox:
        for _ in range(5):
            with SyncClient(sandbox.token, base_url=sandbox.url) as leat:
                leat.shops.list().page()
        before = (descriptors(), threading.active_count())
        for _ in range(CYCLES // 5):
            with SyncClient(sandbox.token, base_url=sandbox.url) as leat:
                leat.shops.list().page()
        after = (descriptors(), threading.active_count())
    assert after[0] <= before[0] + 2
    assert after[1] <= before[1]


PRELOADED = """
    import asyncio, os, sys
    from leat_async import LeatClient, errors

    async def main():
        leat = LeatClient({token!r}, base_url={url!r})
        await leat.shops.list()
        pid = os.fork()
        if pid == 0:
            try:
                await leat.shops.list()
            except errors.LifecycleError as error:
                os.write(1, f"child: {{error}}\\n".encode())
                os._exit(0)
            os._exit(1)
        _, status = os.waitpid(pid, 0)
        assert status == 0, status
        page = await leat.shops.list()
        print("parent:", len(page.items) > 0, flush=True)
        await leat.aclose()

    asyncio.run(main())
"""


def run_python(code: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_forked_child_is_told_and_the_parent_goes_on() -> None:
    with Sandbox(seed=4) as sandbox:
        ran = run_python(PRELOADED.format(token=sandbox.token, url=sandbox.url))
    assert ran.returncode == 0, ran.stderr
    assert "child: this client was opened before a fork" in ran.stdout
    assert "parent: True" in ran.stdout


def _in_child(leat: SyncClient, answers: multiprocessing.Queue[str]) -> None:
    try:
        leat.shops.list().page()
    except Exception as error:
        answers.put(f"{type(error).__name__}: {error}")
    else:
        answers.put("worked")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_synchronous_client_in_a_forked_worker() -> None:
    with Sandbox(seed=4) as sandbox, SyncClient(sandbox.token, base_url=sandbox.url) as leat:
        leat.shops.list().page()
        context = multiprocessing.get_context("fork")
        answers: multiprocessing.Queue[str] = context.Queue()
        worker = context.Process(target=_in_child, args=(leat, answers))
        worker.start()
        told = answers.get(timeout=30)
        worker.join(30)
        assert worker.exitcode == 0
        assert told.startswith("LifecycleError")
        assert leat.shops.list().page().items


def test_a_forgotten_client_is_named_once() -> None:
    code = """
        import asyncio, gc, warnings
        from leat_async import LeatClient
        warnings.simplefilter("always")

        async def main():
            leat = LeatClient({token!r}, base_url={url!r})   # here
            await leat.shops.list()

        asyncio.run(main())
        gc.collect()
    """
    with Sandbox(seed=4) as sandbox:
        ran = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code.format(token=sandbox.token, url=sandbox.url))],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    ours = [line for line in ran.stderr.splitlines() if "unclosed <LeatClient" in line]
    assert len(ours) == 1
    assert "<string>:7" in ours[0]
    assert sandbox.token not in ran.stderr


CHILD_DROPS = """
    import asyncio, gc, os
    from leat_async import LeatClient

    async def main():
        leat = LeatClient({token!r}, base_url={url!r}, timeout=5)
        await leat.shops.list()
        pid = os.fork()
        if pid == 0:
            del leat
            gc.collect()
            os._exit(0)
        os.waitpid(pid, 0)
        for _ in range(3):
            await leat.shops.list()          # on the connection that was kept alive
        print("parent goes on", flush=True)
        await leat.aclose()

    asyncio.run(main())
"""


def test_a_child_that_drops_the_client_does_not_deafen_the_parent() -> None:
    with Sandbox(seed=4) as sandbox:
        ran = run_python(CHILD_DROPS.format(token=sandbox.token, url=sandbox.url))
    assert ran.returncode == 0, ran.stderr
    assert "parent goes on" in ran.stdout
    assert "ResourceWarning" not in ran.stderr
