"""Imports of visits, bookings and contacts through hostile worlds: nothing doubled, nothing lost, nothing told wrong.

`LEAT_SEED=7 pytest tests/hostile -k seed` repeats one, `LEAT_FAULTS=late,dies` picks families of faults.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
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


class Travels:
    """All journeys that are wanted, on a loop in a thread of their own."""

    def __init__(self, seeds: list[int], directory: Path) -> None:
        self.results: dict[int, Future[Journey]] = {seed: Future() for seed in seeds}
        self._directory = directory
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            asyncio.run(self._all())
        except BaseException as error:
            for result in self.results.values():
                if not result.done():
                    result.set_exception(error)

    async def _all(self) -> None:
        turns = asyncio.Semaphore(TOGETHER)
        async with Processes().running() as processes:

            async def one(seed: int) -> None:
                async with turns:
                    directory = self._directory / str(seed)
                    directory.mkdir()
                    journey = Journey(seed, directory, processes, AMONG)
                    try:
                        await asyncio.wait_for(journey.travel(), 100.0)
                    except BaseException as error:
                        error.add_note(journey.report())
                        self.results[seed].set_exception(error)
                    else:
                        self.results[seed].set_result(journey)

            await asyncio.gather(*(one(seed) for seed in self.results))

    def join(self) -> None:
        self._thread.join()


@pytest.fixture(scope="module")
def travels(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Travels]:
    wanted = [item.callspec.params["seed"] for item in request.session.items if "travels" in item.fixturenames]
    travels = Travels(wanted, tmp_path_factory.mktemp("hostile"))
    yield travels
    travels.join()


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
def test_each_row_is_there_once_and_told_truly(seed: int, travels: Travels) -> None:
    journey = travels.results[seed].result()
    assert not journey.wrong, journey.report()
