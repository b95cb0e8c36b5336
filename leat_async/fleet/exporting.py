"""Doing an export."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from .. import export
from ..client import LeatClient
from ..errors import ConfigError
from ..export.keystore import TargetInUse
from ..export.run import on_saved
from .jobs import Export
from .results import JobBusy, JobResult, JobState


async def export_list(
    job: Export, leat: LeatClient, for_seconds: float | None, watch: Callable[[export.Seen], object] | None
) -> JobResult:
    """Export as much as there is time for; what was read is kept, and the next slice goes on from there.

    The time counts once something was kept, or slices that are too short would go on for ever.
    """
    began = time.monotonic()
    warnings: list[str] = []
    rows = 0
    state: JobState = "unfinished"
    if not job.monthly:
        _make_folders(job)
    # Where no time is left, nothing is begun.
    limit = asyncio.timeout(0.0 if for_seconds == 0 else None)
    ends = None if for_seconds is None else asyncio.get_running_loop().time() + for_seconds
    told = on_saved.set(lambda: limit.reschedule(ends))
    try:
        async with limit:
            write: Callable[..., Awaitable[export.Summary]] = export.to_months if job.monthly else export.to_file
            summary = await write(
                getattr(leat, job.kind),
                job.file,
                on_progress=watch,
                on_warning=warnings.append,
                **job.options,
                **job.filters,
            )
        rows, state = summary.rows, "done"
    except TimeoutError:
        if not limit.expired():
            raise
    except TargetInUse as error:
        raise JobBusy(f"{job.name}: {error}") from None
    finally:
        on_saved.reset(told)
    return JobResult(
        name=job.name,
        does=f"export {job.kind}",
        account=job.account.name,
        state=state,
        rows=rows,
        warnings=tuple(dict.fromkeys(warnings)),
        seconds=time.monotonic() - began,
    )


def _make_folders(job: Export) -> None:
    """Of `out/{account}/…` there is none yet for a new account."""
    for path in (job.file, job.options.get("incremental")):
        if path is None:
            continue
        folder = Path(path).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{job.name}: the folder {folder} can't be made ({error.strerror})") from None
