"""The task of docs/fleet.md, for a Celery worker: `celery -A tests.fleet.on_celery worker`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

from leat_async import fleet
from leat_async.fleet import FleetAccount, Import, TokenFrom

app = Celery("fleet", broker=os.environ.get("BROKER"), backend=os.environ.get("BROKER"))
app.conf.update(
    broker_transport_options={"visibility_timeout": 3600},
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)


@app.task(acks_late=True, reject_on_worker_lost=True, bind=True, max_retries=None)
def leat_job(self: Any, name: str, file: str) -> tuple[str, int]:
    """Run a job that was told by its name and file."""
    account = FleetAccount(
        name="test", token=TokenFrom(env="TOKEN_OF_TEST"), base_url=os.environ["JOB_URL"], requests=1200
    )
    job = Import(name=name, account=account, kind="visits", file=file, ledger=f"{file}.ledger")
    try:
        result = fleet.run_job(job, for_seconds=600)
    except fleet.JobBusy:
        raise self.retry(countdown=1) from None
    if result.state == "unfinished":
        raise self.retry(countdown=0)
    assert result.report is not None
    return result.state, result.report.taken
