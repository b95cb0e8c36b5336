"""Imports in processes of their own, to be killed at any moment.

Run as a script it is a parent that has imported everything and forks a child for each line of its input, which costs a
tenth of a new interpreter. A child tells what it does on a connection to `results`, whose end is the child's end.
Its time passes `SPEED` times as fast as outside, its wall clock is wrong as told.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any

SPEED = 20.0

_monotonic, _sleep = time.monotonic, time.sleep
_wall = time.time() - _monotonic()


class _Time:
    """What the clocks of a child show: `boot` is where the monotonic one began, `ahead` how wrong the other is."""

    started = 0.0
    boot = 0.0
    ahead = 0.0
    # Seconds of the child's time after which its wall clock is set anew, by so much.
    jump: tuple[float, float] = (0.0, 0.0)


def _now() -> float:
    return _Time.boot + (_monotonic() - _Time.started) * SPEED


def _time() -> float:
    passed = (_monotonic() - _Time.started) * SPEED
    after, by = _Time.jump
    return _wall + _Time.started + passed + _Time.ahead + (by if passed > after else 0.0)


class _FastSelector(selectors.DefaultSelector):  # type: ignore[misc,valid-type]  # another class on each system
    """Notes also how long a busy machine kept the loop waiting: how late a timer was, how long a round took."""

    kept_waiting = 0.0
    _since: float | None = None

    def select(self, timeout: float | None = None) -> Any:
        wait = timeout / SPEED if timeout is not None and timeout > 0 else timeout
        began = _monotonic()
        found = super().select(wait)
        ended = _monotonic()
        round_took = 0.0 if self._since is None else began - self._since
        _FastSelector.kept_waiting = max(self.kept_waiting, round_took, 0.0 if wait is None else ended - began - wait)
        self._since = ended
        return found


def _set_clocks() -> None:
    """Before anything else is imported, since many keep these functions."""
    time.monotonic = time.perf_counter = _now
    time.time = _time
    time.sleep = lambda seconds: _sleep(seconds / SPEED)


async def _import(job: dict[str, Any], tell: Any) -> None:
    from leat_async import LeatClient, bulk

    async with LeatClient("t" * 53, base_url=job["url"], rate_limit=None, **job["client"]) as leat:
        rows = iter(job["rows"]) if job["lazy"] else job["rows"]
        run = bulk.create(getattr(leat, job["kind"]), rows, ledger=job["ledger"], **job["options"])
        async with run:
            async for outcome in run:
                result = outcome.result
                told = {name: getattr(result, name, None) for name in ("uuid", "external_id")}
                tell(
                    index=outcome.index,
                    status=str(outcome.status),
                    error=outcome.error and f"{type(outcome.error).__name__}: {outcome.error}",
                    result=None if result is None else told,
                )
        report = run.report
        tell(
            total=report.total,
            taken=report.taken,
            stopped=report.stopped,
            why=str(report.error or ""),
            kept_waiting=_FastSelector.kept_waiting,
        )


def _child(job: dict[str, Any]) -> None:
    import asyncio

    from leat_async.errors import LeatError

    _Time.started, _Time.boot, _Time.ahead, _Time.jump = _monotonic(), job["boot"], job["ahead"], tuple(job["jump"])
    with socket.create_connection(tuple(job["results"])) as results:

        def tell(**what: Any) -> None:
            results.sendall(json.dumps(what).encode() + b"\n")

        tell(run=job["run"], pid=os.getpid())
        try:
            with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(_FastSelector())) as runner:
                runner.run(_import(job, tell))
        except LeatError as error:
            tell(failed=type(error).__name__, why=str(error))
        except BaseException as error:
            tell(broke=type(error).__name__, why=str(error))


def _reap(*_: object) -> None:
    """Let go of children that have ended, at once: whether one still exists says whether it still runs."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> None:
    """Fork a child for each line."""
    _set_clocks()
    import asyncio  # noqa: F401 - so that children need not
    import sqlite3  # noqa: F401

    import aiohttp  # noqa: F401

    import leat_async.bulk
    import leat_async.client  # noqa: F401

    signal.signal(signal.SIGCHLD, _reap)
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(0)
            _child(json.loads(line))
            os._exit(0)


if __name__ == "__main__":
    main()
