"""Jobs on a cluster of Dask, some of whose workers are killed: `python -m tests.fleet.on_dask KILLS FILE…`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import dask
from distributed import Client, LocalCluster

from leat_async import fleet
from leat_async.fleet import FleetAccount, Import, TokenFrom

# Seconds.
_AT_WORK = 3.0


def job_of(name: str, file: str) -> Import:
    """As the test made it; its token is in the environment."""
    account = FleetAccount(
        name="test", token=TokenFrom(env="TOKEN_OF_TEST"), base_url=os.environ["JOB_URL"], requests=1200
    )
    return Import(name=name, account=account, kind="visits", file=file, ledger=f"{file}.ledger")


async def _kill(cluster: LocalCluster, client: Client, kills: int) -> int:
    killed: set[int] = set()
    while len(killed) < kills:
        # Dask gives up a worker that is killed while it begins, so only those are that have been at work for a while.
        await asyncio.sleep(_AT_WORK if killed else 0.02)
        pids = client.run(os.getpid, on_error="ignore")
        busy = [pids[worker] for worker, tasks in client.processing().items() if tasks and worker in pids]
        if len(pids) == len(cluster.workers) and busy and not killed.intersection(pids.values()):
            os.kill(busy[0], signal.SIGKILL)
            killed.add(busy[0])
    return len(killed)


async def main(kills: int, files: list[str]) -> None:
    dask.config.set({"distributed.scheduler.allowed-failures": 1000})
    jobs = [job_of(Path(file).stem, file) for file in files]
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        running = asyncio.create_task(fleet.run(jobs, client.get_executor()))
        killing = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(_kill(cluster, client, kills))))
        found = await running
        killing.cancel()
        sys.stdout.write(f"{kills if killing.done() else 0} killed, ok={found.ok} {found}\n")
        sys.stdout.flush()
        # A cluster takes long to end workers that were killed; they end by themselves when this process does.
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
