"""Imports of visits, bookings and contacts through hostile worlds: nothing doubled, nothing lost, nothing told wrong.

`LEAT_SEED=7 pytest tests/hostile/test_imports.py` repeats one, `LEAT_FAULTS=late,dies` picks families of faults.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from ..seeds import seeds
from .imports import Journey
from .personality import FAMILIES
from .processes import Processes

SEEDS = seeds(50, soak=500)
CHOSEN = os.environ.get("LEAT_FAULTS")
AMONG = CHOSEN.split(",") if CHOSEN else list(FAMILIES)
# Journeys at a time: they mostly wait.
TOGETHER = 6


@pytest.mark.timeout(1200)  # seconds, for all of them
async def test_each_row_is_there_once_and_told_truly(tmp_path: Path) -> None:
    turns = asyncio.Semaphore(TOGETHER)

    async def travel(seed: int, processes: Processes) -> None:
        async with turns:
            directory = tmp_path / str(seed)
            directory.mkdir()
            journey = Journey(seed, directory, processes, AMONG)
            try:
                await asyncio.wait_for(journey.travel(), 100.0)
                assert not journey.wrong, f"LEAT_SEED={seed}"
            except BaseException as error:
                error.add_note(journey.report())
                raise

    async with Processes().running() as processes:
        ends = await asyncio.gather(*(travel(seed, processes) for seed in SEEDS), return_exceptions=True)
    failures = [end for end in ends if isinstance(end, BaseException)]
    if failures:
        raise BaseExceptionGroup(f"{len(failures)} of {len(ends)} journeys went wrong", failures)
