"""A Celery worker that records visits: its processes share nothing, a task may run twice, a visit must not.

LEAT_ACCESS_TOKEN=… CELERY_BROKER_URL=redis://… celery --app worker_celery worker
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, Task

from leat_async.sync import LeatClient, errors

app = Celery("tills", broker=os.environ["CELERY_BROKER_URL"], backend=os.environ.get("CELERY_RESULT_BACKEND"))
# Late: a task whose worker died is given to another one. That is safe only because of what the task does about it.
app.conf.task_acks_late = True
# Prefork: made here, opened by the first task of each process.
leat = LeatClient.from_env(timeout=20.0)


@app.task(name="tills.record_visit", bind=True, max_retries=5)
def record_visit(self: Task, contact_uuid: str, shop_uuid: str, receipt: str) -> dict[str, Any]:
    """Record a visit; the receipt number tells whether it has been recorded already."""
    try:
        try:
            visit = leat.visits.create(contact_uuid=contact_uuid, shop_uuid=shop_uuid, external_id=receipt)
        except errors.OutcomeUnknownError as error:
            visit = error.reconcile()
            if visit is None:
                # A write may land late: asked again after the grace period, not sent again at once.
                raise self.retry(exc=error, countdown=30) from error
        except errors.InvalidInputError as error:
            # An earlier run of this task may have got through: then the number is taken, by our own visit.
            visits = leat.visits.list(contact_uuid=contact_uuid)
            visit = next((found for found in visits if found.external_id == receipt), None)
            if visit is None:
                raise error from None
    except errors.RateLimitError as error:
        raise self.retry(exc=error, countdown=error.retry_after or 10) from error
    except (errors.TransportError, errors.MaintenanceError) as error:
        raise self.retry(exc=error, countdown=10) from error
    return visit.to_dict()
