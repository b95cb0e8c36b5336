"""Running jobs: one here, or many, in this process or wherever an executor takes them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from contextlib import AsyncExitStack
from typing import Any, TypeAlias, cast

import attrs

from .._core.arguments import check_function
from ..bulk import Progress
from ..client import LeatClient
from ..config import MACHINE, RateLimit, with_shared_pace
from ..errors import ConfigError
from ..export import Seen
from .exporting import export_list
from .importing import import_file
from .jobs import Export, FleetAccount, Import, Job
from .results import FleetResult, JobBusy, JobResult, JobState

Watch: TypeAlias = Callable[[Job, Progress | Seen | JobResult], object]
# Accounts that one process works on at a time; what was measured to be a core's worth.
_ACCOUNTS = 24


def run_job(job: Job, for_seconds: float | None = None) -> JobResult:
    """Run one job here, to its end or until its time is up.

    Parameters:
        job: an `Import` or `Export`.
        for_seconds: seconds after which no more is begun, for engines that end what takes long; what is on its way is
            finished. Run again, the job goes on where it ended.

    Returns:
        A `JobResult`, whose `state` says whether the job is done.

    Raises:
        JobBusy: it runs elsewhere at this moment.
        ConfigError: the job can't be run as it is: no token, no file, a mapping that does not fit.
        LeatError and the rest, as a call or an import raises.

    Repeating: safe, also after any of these errors, and after the process was killed.
    """
    _check(job, for_seconds)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_alone(job, for_seconds))
    raise RuntimeError("run_job is for where no event loop runs; here, use: await leat_async.fleet.run([job])")


async def run(
    jobs: Iterable[Job],
    executor: Executor | None = None,
    *,
    for_seconds: float | None = None,
    on_progress: Watch | None = None,
) -> FleetResult:
    """Run many jobs.

    Parameters:
        jobs: the jobs, each with a name of its own.
        executor: any `concurrent.futures.Executor`, such as Dask's `client.get_executor()`; the jobs are pickled, and
            each process finds the tokens by itself. Left out, all run in this process, those of an account one after
            the other, and 24 accounts at a time.
        for_seconds: with an executor, the length of a slice: a job that is not done is handed in again. Without one,
            seconds after which no job begins anything more.
        on_progress: called with a job and its `Progress`, `Seen` or, at its end, `JobResult`; with an executor, only
            with the results of slices.

    Returns:
        A `FleetResult`, with a result for each job; what a job or `on_progress` raised is in its result.

    Raises:
        ConfigError, TypeError: two jobs share a name, or something is no job; nothing is sent then.

    Repeating: safe.
    """
    if not isinstance(cast("object", jobs), Iterable):
        raise TypeError(f"jobs must be a list of jobs, got {type(jobs).__name__}; of one job, write fleet.run([job])")
    if executor is not None and not callable(getattr(cast("object", executor), "submit", None)):
        raise TypeError(f"executor must be a concurrent.futures.Executor, or None, got {type(executor).__name__}")
    check_function("on_progress", on_progress)
    listed = list(jobs)
    for job in listed:
        _check(job, for_seconds)
    if len({job.name for job in listed}) < len(listed):
        raise ConfigError("two jobs have the same name; give each its own")
    began = time.monotonic()
    if executor is None:
        results = await _here(listed, for_seconds, on_progress)
    else:
        given = (_handed_in(job, executor, for_seconds, on_progress) for job in listed)
        results = {result.name: result for result in await asyncio.gather(*given)}
    return FleetResult(jobs=tuple(results[job.name] for job in listed), seconds=time.monotonic() - began)


async def _here(jobs: list[Job], for_seconds: float | None, watch: Watch | None) -> dict[str, JobResult]:
    by_account: dict[FleetAccount, list[Job]] = defaultdict(list)
    for job in jobs:
        by_account[job.account].append(job)
    turn = asyncio.Semaphore(_ACCOUNTS)
    ends = None if for_seconds is None else time.monotonic() + for_seconds
    results: dict[str, JobResult] = {}

    async def work(account: FleetAccount, own: list[Job]) -> None:
        async with turn, AsyncExitStack() as stack:
            leat: LeatClient | None = None
            for job in own:
                left = None if ends is None else max(0.0, ends - time.monotonic())
                try:
                    # A client for all of them: they share its connections and its pace.
                    if leat is None:
                        leat = await stack.enter_async_context(await _opened(account))
                    result = await _do(job, leat, left, watch)
                except Exception as error:
                    result = _failed(job, error)
                results[job.name] = _told(watch, job, result)

    async with asyncio.TaskGroup() as group:
        for account, own in by_account.items():
            group.create_task(work(account, own))
    return results


async def _handed_in(job: Job, executor: Executor, for_seconds: float | None, watch: Watch | None) -> JobResult:
    result: JobResult | None = None
    while True:
        try:
            # Dask's futures are concurrent.futures', and so have to be waited for from the loop.
            slice_ = await asyncio.wrap_future(executor.submit(run_job, job, for_seconds))
        except Exception as error:
            slice_ = _failed(job, error)
        result = _told(watch, job, slice_ if result is None else result.then(slice_))
        if result.state != "unfinished":
            return result


async def _alone(job: Job, for_seconds: float | None) -> JobResult:
    async with await _opened(job.account) as leat:
        return await _do(job, leat, for_seconds, None)


async def _do(job: Job, leat: LeatClient, for_seconds: float | None, watch: Watch | None) -> JobResult:
    def told(moment: Progress | Seen) -> None:
        if watch is not None:
            watch(job, moment)

    if isinstance(job, Import):
        return await import_file(job, leat, for_seconds, told)
    return await export_list(job, leat, for_seconds, told)


async def _opened(account: FleetAccount) -> LeatClient:
    # A command may take its time to print a token, while the other accounts' calls go on; no Ctrl-C waits for it.
    found: Future[dict[str, Any]] = Future()
    found.set_running_or_notify_cancel()

    def find() -> None:
        try:
            found.set_result(settings_of(account))
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=find, name="leat-fleet-token", daemon=True).start()
    return LeatClient(**await asyncio.wrap_future(found))


def settings_of(account: FleetAccount) -> dict[str, Any]:
    """What a client of an account is made with; its pace is shared by all jobs of the machine at least."""
    limit = with_shared_pace(RateLimit(account.requests, shared=account.shared))
    if limit.shared is None:
        limit = RateLimit(account.requests, shared=MACHINE)
    return {"token": account.credentials(), "base_url": account.origin(), "api": account.api, "rate_limit": limit}


def _told(watch: Watch | None, job: Job, result: JobResult) -> JobResult:
    """Tell of a result. What that raises is the job's error, and no end of the others."""
    if watch is not None:
        try:
            watch(job, result)
        except Exception as error:
            return attrs.evolve(result, state="failed", error=error)
    return result


def _failed(job: Job, error: Exception) -> JobResult:
    state: JobState = "busy" if isinstance(error, JobBusy) else "failed"
    return JobResult(name=job.name, does=f"{job.does} {job.kind}", account=job.account.name, state=state, error=error)


def _check(job: object, for_seconds: float | None) -> None:
    if not isinstance(job, Import | Export):
        raise TypeError(f"a job is an Import or an Export, got {type(job).__name__}")
    given = cast("object", for_seconds)
    if given is not None and (isinstance(given, bool) or not isinstance(given, (int, float)) or not given > 0):
        raise ValueError(f"for_seconds must be seconds above 0, or None, got {given!r}")
