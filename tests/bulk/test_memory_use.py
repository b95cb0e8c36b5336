"""An import of many rows needs no more memory than one of few."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from aiohttp import web

from ..conftest import Recorded, Recorder
from ..forking import Forks, by_itself, environment
from .helpers import seen, told

SOAK = os.environ.get("LEAT_SOAK") == "1"
FEW, MANY = (10_000, 200_000) if SOAK else (1_000, 5_000)
SCRIPT = Path(__file__).with_name("importing.py")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("ledger", "ids"), [(True, "generated"), (False, "generated"), (False, "own")])
async def test_memory_does_not_grow_with_the_rows(
    recorder: Recorder, forks: Forks | None, tmp_path: Path, ledger: bool, ids: str
) -> None:
    async def forgetful(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        recorder.requests.clear()
        return told(seen(recorded.json)) if recorded.method == "POST" else told({"uuid": "account"})

    recorder.default = forgetful
    peaks = []
    for count in (FEW, MANY):
        path = str(tmp_path / f"{count}.ledger") if ledger else ""
        program = [SCRIPT, recorder.url, "token", path, ids, str(count), "shop", "contact"]
        ran = await asyncio.to_thread(forks.run if forks else by_itself, program, environment(), tmp_path)
        counts = json.loads(ran.stdout)
        assert counts["total"] == count
        peaks.append(counts["peak"])
    if peaks[0] is None:
        return
    # Megabytes.
    assert peaks[1] - peaks[0] < (10 if SOAK else 5), peaks
