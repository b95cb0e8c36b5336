"""Makes asyncio's debug mode cheap enough for every test: the stacks that it would keep of each call are empty.

With them, tests take three times the processor, and no test reads them. pytest loads this before it imports asyncio,
whose compiled part takes `extract_stack` once and for all.
"""

from __future__ import annotations

import logging
import traceback
from types import FrameType

_NOTHING = traceback.StackSummary()


def _no_stack(frame: FrameType | None = None, limit: int | None = None) -> traceback.StackSummary:
    return _NOTHING


traceback.extract_stack = _no_stack

import asyncio.constants  # noqa: E402 - see above
import asyncio.format_helpers  # noqa: E402

asyncio.format_helpers.extract_stack = _no_stack
asyncio.constants.DEBUG_STACK_DEPTH = 1
# That a callback took long depends on the machine, and tests count what is logged.
logging.getLogger("asyncio").addFilter(lambda record: not str(record.msg).startswith("Executing "))
