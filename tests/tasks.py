"""Tasks that the package has started, told from those of servers and of the test itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import leat_async

PACKAGE = str(Path(leat_async.__file__).parent)


def tasks_of_the_package() -> set[asyncio.Task[Any]]:
    """By the file of their code: a clone and its environment may stand in a folder of the package's name."""
    return {task for task in asyncio.all_tasks() if _file(task).startswith(PACKAGE)}


def _file(task: asyncio.Task[Any]) -> str:
    code = getattr(task.get_coro(), "cr_code", None)
    return code.co_filename if code else ""
