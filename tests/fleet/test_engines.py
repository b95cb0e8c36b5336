"""Jobs on engines that exist, with their workers killed: Dask, and Celery with Redis (Valkey here)."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from leat_async import fleet
from leat_async.fleet import Import
from leat_async.sandbox import Sandbox

from ..servers import Valkey
from .conftest import MakeImport

SOAK = os.environ.get("LEAT_SOAK", "0") not in ("", "0")
JOBS, ROWS, KILLS = (16, 400, 25) if SOAK else (2, 40, 1)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the servers are not for Windows")


@pytest.fixture
def jobs(visits: MakeImport) -> list[Import]:
    return [visits(ROWS, name=f"job-{number}") for number in range(JOBS)]


def counted(sandbox: Sandbox) -> tuple[int, int]:
    """Visits in the sandbox, and how many have an identifier of their own."""
    found = [row["external_id"] for row in sandbox.rows("visits")]
    return len(found), len(set(found))


async def test_on_dask_with_workers_killed(jobs: list[Import], sandbox: Sandbox) -> None:
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "ignore", "-m", "tests.fleet.on_dask", str(KILLS), *(job.file for job in jobs)],
        env={**os.environ, "JOB_URL": sandbox.url},
        capture_output=True,
        text=True,
        timeout=1800 if SOAK else 100,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert f"{KILLS} killed, ok=True" in ran.stdout
    assert counted(sandbox) == (JOBS * ROWS, JOBS * ROWS)


@contextmanager
def celery_worker(env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "tests.fleet.on_celery", "worker"]
    with log.open("ab") as out:
        worker = subprocess.Popen(
            [*command, "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "INFO"],
            env=env,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            yield worker
        finally:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


async def test_on_celery_with_children_killed(
    jobs: list[Import], sandbox: Sandbox, valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psutil

    monkeypatch.setenv("BROKER", valkey.url)
    monkeypatch.setenv("JOB_URL", sandbox.url)
    from .on_celery import app, leat_job

    app.conf.update(broker_url=valkey.url, result_backend=valkey.url)
    with celery_worker(dict(os.environ), tmp_path / "log") as worker:
        # Deliveries that were lost with a child come back from the broker.
        asked = [leat_job.delay(job.name, job.file) for job in jobs]
        killed = 0
        until = time.monotonic() + (1800 if SOAK else 90)
        while not all(one.ready() for one in asked):
            assert time.monotonic() < until, (tmp_path / "log").read_text()[-3000:]
            await asyncio.sleep(0.05)
            done, _ = counted(sandbox)
            if killed < KILLS and done > (killed + 1) * JOBS * ROWS / (KILLS + 2):
                children = psutil.Process(worker.pid).children()
                if children:
                    children[-1].kill()
                    killed += 1
        results = [one.get(timeout=5) for one in asked]
    assert killed == KILLS
    assert {state for state, _ in results} == {"done"}
    assert counted(sandbox) == (JOBS * ROWS, JOBS * ROWS)
    app.close()


def test_the_helpers_run_what_the_docs_show() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "fleet.md").read_text()
    source = (Path(__file__).parent / "on_celery.py").read_text()
    for line in ("acks_late=True, reject_on_worker_lost=True", "except fleet.JobBusy:", "raise self.retry(countdown="):
        assert line in docs
        assert line in source
    assert fleet.run_job.__doc__
