"""Jobs on a cluster of Dask, some of whose workers are killed: `python -m tests.fleet.on_dask KILLS FILE…`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import dask
from distributed import Client, LocalCluster

from leat_async import fleet
from leat_async.fleet import FleetAccount, Import, TokenFrom

# Seconds of work before a worker is killed: less than a job takes at its pace.
_AT_WORK = 3.0


def job_of(name: str, file: str) -> Import:
    """As the test made it; its token is in the environment."""
    account = FleetAccount(
        name="test", token=TokenFrom(env="TOKEN_OF_TEST"), base_url=os.environ["JOB_URL"], requests=600
    )
    return Import(name=name, account=account, kind="visits", file=file, ledger=f"{file}.ledger")


def _kill(cluster: LocalCluster, client: Client, kills: int) -> int:
    began: dict[int, float] = {}
    killed: set[int] = set()
    while len(killed) < kills:
        time.sleep(0.05)
        busy = {address for address, tasks in client.processing().items() if tasks}
        for worker in cluster.workers.values():
            if worker.pid is None or worker.pid in killed or worker.worker_address not in busy:
                continue
            at_work = time.monotonic() - began.setdefault(worker.pid, time.monotonic())
            # The first at once, so that a short job is met as well.
            if at_work >= _AT_WORK or not killed:
                killed.add(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)
                break
    return len(killed)


async def main(kills: int, files: list[str]) -> None:
    # A cluster gives up a worker that takes longer than this to come back, as one does on a busy machine.
    dask.config.set({"distributed.scheduler.allowed-failures": 1000, "distributed.deploy.lost-worker-timeout": "1h"})
    jobs = [job_of(Path(file).stem, file) for file in files]
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        running = asyncio.create_task(fleet.run(jobs, client.get_executor()))
        killing = asyncio.create_task(asyncio.to_thread(_kill, cluster, client, kills))
        found = await running
        killing.cancel()
        sys.stdout.write(f"{killing.result() if killing.done() else 'fewer'} killed, ok={found.ok} {found}\n")
        sys.stdout.flush()
        # A cluster takes long to end workers that were killed; they end by themselves when this process does.
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
