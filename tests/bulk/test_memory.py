"""An import of many rows needs no more memory than one of few."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from aiohttp import web

from ..conftest import VISIT, Recorder, answer

FEW, MANY = (10_000, 200_000) if os.environ.get("LEAT_SOAK") == "1" else (1_000, 8_000)
SCRIPT = Path(__file__).with_name("importing.py")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("ledger", "ids"), [(True, "generated"), (False, "generated"), (False, "own")])
async def test_memory_does_not_grow_with_the_rows(recorder: Recorder, tmp_path: Path, ledger: bool, ids: str) -> None:
    reply = answer({"data": VISIT, "meta": []})

    async def forgetful(request: object, http: web.BaseRequest) -> web.StreamResponse:
        recorder.requests.clear()
        return await reply(recorder.last if recorder.requests else None, http)  # type: ignore[arg-type]

    recorder.default = forgetful
    peaks = []
    for count in (FEW, MANY):
        path = str(tmp_path / f"{count}.ledger") if ledger else ""
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(SCRIPT), recorder.url, "token", path, ids, str(count), "shop", "contact",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
        counts = json.loads(out)
        assert counts["total"] == count
        peaks.append(counts["peak"])
    if peaks[0] is None:
        return
    assert peaks[1] - peaks[0] < 10, peaks
