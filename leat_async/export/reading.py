"""The rows of a list for somebody who keeps none of them: page by page, each row once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from typing import TypeVar

from .keystore import KeyStore
from .pages import PageSource
from .request import ExportRequest
from .run import within
from .survey import Surveyor
from .walk import Walk, WalkMark, WalkTally
from .windows import plan_of

T = TypeVar("T")


async def batches(
    request: ExportRequest, source: PageSource[T], tally: WalkTally | None = None
) -> AsyncGenerator[list[T], None]:
    """The rows within the bounds, as many at a time as a page has new ones."""
    assert request.on_warning is not None
    kind = request.kind
    walk: Walk[T] = Walk(
        kind,
        source,
        request.filters,
        ahead=request.ahead,
        tally=tally if tally is not None else WalkTally(),
        warn=request.on_warning,
    )
    since = until = None
    survey = None
    surveyor = Surveyor(kind, request.resource, request.filters, request.on_warning)
    if kind.windowed or request.bounded:
        survey = await surveyor.survey()
        since, until = request.bounds(survey.now)
    with closing(KeyStore()) as seen:
        if survey is not None and kind.windowed:
            steps = walk.windows(
                plan_of(since, until, survey.passed),
                survey=survey,
                count=lambda: surveyor.count(since, until),
            )
        elif not kind.paged:
            steps = walk.at_once(seen)
        else:
            steps = walk.whole(seen, WalkMark(), lambda: surveyor.count(None, None))
        async with aclosing(steps):
            async for step in steps:
                if step.rows:
                    yield step.rows if kind.windowed else within(step.rows, since, until)
