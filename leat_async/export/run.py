"""An export from list to file: bounded, resumable, and in its place only when it is complete."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar

import attrs

from .._core.digests import digest
from ..account import account_of
from .arrow import ArrowBatches, pyarrow_or_advice
from .checkpoint import Checkpoint, ExportProgress
from .columns import Layout
from .formats import RowWriter
from .keystore import KeyStore
from .kinds import Line, OddLine, lines
from .lines import CsvStyle, Encode, TextWriter, csv_encoder, csv_header, jsonl
from .pages import PageSource
from .places import leftovers, places, plain_errors
from .request import ExportRequest, Seen
from .sqlite import SqliteWriter
from .state import LASTING, ExportState, Reached
from .survey import Survey, Surveyor
from .walk import Walk, WalkMark, WalkStep, WalkTally
from .windows import Span, WindowPlan, plan_of, zone_of

T = TypeVar("T")
_BATCH = 1000


@attrs.frozen(kw_only=True)
class ExportSummary:
    """What an export did. `rows`: in the file. `repeated`: rows that came again and were dropped. `known`: rows that
    an earlier incremental run had. `since`, `until`: bounds as they were understood. `warnings`: what can't be
    promised, one sentence each."""

    path: str | None
    rows: int
    pages: int
    repeated: int
    known: int
    since: dt.datetime | None
    until: dt.datetime | None
    resumed: bool
    warnings: tuple[str, ...]


# Called by a run when what it has read is kept: broken off after that, the next goes on from there. For those who have
# but a while for each run, and not for users, whose `on_progress` tells rows.
on_saved: ContextVar[Callable[[], object] | None] = ContextVar("leat_async.export.on_saved", default=None)


class ExportRun:
    """One export, on its way."""

    def __init__(self, request: ExportRequest) -> None:
        self._request = request
        self._layout = Layout(request.kind, request.attributes, request.columns)
        # One thread for all blocking work: allocators keep memory for each thread that they meet.
        self._thread = ThreadPoolExecutor(1, "leat-export")
        self._tally = WalkTally()
        self._warnings: list[str] = []
        self._rows = self._known = 0
        # Rows, old or new, that were made before the next incremental run begins.
        self._settled = 0
        # Rows that came too late for an earlier run, which is told already.
        self._late = 0
        self._since: dt.datetime | None = None
        self._until: dt.datetime | None = None
        self._passed = ""
        self._plan: WindowPlan | None = None
        self._surveyor = Surveyor(request.kind, request.resource, request.filters, self._warn)
        self._survey: Survey | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._thread.shutdown()

    async def to_stream(self, stream: BinaryIO) -> ExportSummary:
        """Write to a stream, page by page as they come."""
        with plain_errors(self._request.incremental):
            return await self._to_stream(stream)

    async def to_table(self) -> Any:
        """Read into an Arrow table."""
        # Found out before anything is sent.
        arrow = pyarrow_or_advice("A table")
        batches = ArrowBatches(arrow, self._layout)
        found: list[Any] = []
        buffer: list[bytes] = []
        self._take(await self._bounds(None))
        with closing(KeyStore()) as seen:
            async with aclosing(self._steps(seen, WalkMark())) as steps:
                async for step in steps:
                    buffer += [row.source for row in self._wanted(step, seen, None)]
                    if len(buffer) >= _BATCH:
                        found.append(await self._in_thread(batches.of, buffer))
                        self._rows += len(buffer)
                        buffer = []
        if buffer:
            found.append(await self._in_thread(batches.of, buffer))
            self._rows += len(buffer)
        self._summary(None, resumed=False)
        return arrow.Table.from_batches(found, schema=batches.schema)

    async def to_path(self, path: Path) -> ExportSummary:
        """Write to a file that appears, complete, in place of what is there."""
        with plain_errors(path):
            return await self._to_path(path)

    async def _to_stream(self, stream: BinaryIO) -> ExportSummary:
        request = self._request
        if request.format not in ("csv", "jsonl"):
            raise ValueError(f"{request.format} can't be written to a stream; name a file, or take csv or jsonl")
        encode, header = self._lines()
        state = ExportState(request.incremental) if request.incremental is not None else None
        with closing(KeyStore()) as seen:
            try:
                if state is not None:
                    state.begin(_of_state(await self._identity()))
                self._take(await self._bounds(state))
                stream.write(header)
                async with aclosing(self._steps(seen, WalkMark())) as steps:
                    async for step in steps:
                        if rows := self._wanted(step, seen, state):
                            await self._in_thread(_send, stream, encode, [row.source for row in rows])
                            self._rows += len(rows)
                        self._tell()
                if state is not None:
                    state.replace(seen.keys(), await self._reached(state))
            finally:
                if state is not None:
                    state.close()
        return self._summary(None, resumed=False)

    async def _to_path(self, path: Path) -> ExportSummary:
        request = self._request
        path, part, notes = places(path, incremental=request.incremental is not None)
        identity = await self._identity()
        with leftovers(part, notes, lambda: self._tally.pages > 0), closing(Checkpoint(notes)) as checkpoint:
            state = ExportState(request.incremental) if request.incremental is not None else None
            try:
                if state is not None:
                    state.begin(_of_state(identity))
                resumed = checkpoint.goes_on(identity, fresh=request.fresh or not part.exists())
                if not resumed:
                    checkpoint.begin(identity, await self._bounds(state))
                self._take(checkpoint.get("bounds"))
                ready = await self._write(part, checkpoint, state)
                reached = await self._reached(state) if state is not None else None
                await self._in_thread(self._replace, ready, path, checkpoint, state, reached)
            finally:
                if state is not None:
                    state.close()
        return self._summary(str(path), resumed=resumed)

    async def _bounds(self, state: ExportState | None) -> dict[str, str | None]:
        """What is to be read: as asked for, as the API's clock has it, or from where the run before ended."""
        request, passed = self._request, None
        since = until = None
        if request.kind.windowed or request.bounded:
            self._survey = await self._surveyor.survey()
            passed = self._survey.passed
            since, until = request.bounds(self._survey.now)
        if state is not None and request.kind.windowed:
            since = await self._go_on(state, since)
        return {"since": _text(since), "until": _text(until), "passed": _text(passed)}

    async def _go_on(self, state: ExportState, since: dt.datetime | None) -> dt.datetime | None:
        """From where the state says that the run before ended; tells of rows that showed up behind that."""
        reached = state.reached
        if reached is None:
            return since
        assert self._survey is not None
        name, begin = self._request.kind.name, _moment(reached.since)
        assert begin is not None
        if begin > self._survey.now:
            self._warn(
                f"{name}: the state was written by a clock that was ahead: rows made before {begin.isoformat()} that "
                "came after that run are not read; an export without the state has them"
            )
        found = await self._surveyor.count(_moment(reached.first), begin)
        if found is not None and reached.behind is not None and found > reached.behind:
            self._late = found - reached.behind
            self._warn(
                f"{name}: {self._late:,} rows showed up late, made before {begin.isoformat()}, from where "
                "this run reads: they are in no file; an export without the state has them"
            )
        return begin

    async def _reached(self, state: ExportState) -> Reached | None:
        """Up to where everything is in, for the next incremental run; None where it reads the whole list again."""
        if not self._request.kind.windowed:
            return None
        assert self._plan is not None
        before = state.reached
        first = before.first if before is not None else _text(self._since)
        behind = await self._surveyor.count(_moment(first), self._plan.recent)
        known = 0 if before is None else before.behind
        if behind is not None and known is not None and behind > (had := known + self._late + self._settled):
            self._warn(
                f"{self._request.kind.name}: the API counts {behind - had:,} rows more than it gave, made before "
                f"{self._plan.recent.isoformat()}: they are in no file; an export without the state has them"
            )
        return Reached(
            since=self._plan.recent.isoformat(),
            first=first,
            behind=behind,
        )

    def _take(self, bounds: Mapping[str, Any]) -> None:
        """The bounds as they were when the export was started: "7d" means what it meant then."""
        self._since, self._until = _moment(bounds["since"]), _moment(bounds["until"])
        # An export that was started by an earlier version has another name for it.
        passed = _moment(bounds.get("passed", bounds.get("now")))
        if passed is not None:
            self._passed = passed.isoformat()
            self._plan = plan_of(self._since, self._until, passed, again=self._request.incremental is not None)

    async def _write(self, part: Path, checkpoint: Checkpoint, state: ExportState | None) -> Path:
        """Fill the part file from where it is; returns the complete file."""
        progress = checkpoint.progress
        self._rows, self._settled = progress.rows, progress.settled
        writer = await self._in_thread(self._writer, part, progress.position)
        try:
            if not progress.complete:
                await self._fill(writer, checkpoint, state, progress)
            ready = await self._in_thread(writer.finish)
            if shortened := getattr(writer, "shortened", 0):
                self._warn(f"{shortened:,} texts were longer than a cell may be, and are cut off")
            return ready
        finally:
            writer.close()

    async def _fill(
        self, writer: RowWriter, checkpoint: Checkpoint, state: ExportState | None, begun: ExportProgress
    ) -> None:
        mark = WalkMark(reached=_moment(begun.reached), page=begun.page, total=begun.total)
        buffer: list[bytes] = []
        writing: asyncio.Future[None] | None = None

        async def settled() -> None:
            """The batch that is being written is written."""
            nonlocal writing
            if writing is not None:
                done, writing = writing, None
                await _ended(done)

        async def flush() -> None:
            nonlocal buffer, writing
            await settled()
            if buffer:
                writing = self._start(writer.write, buffer)
                self._rows += len(buffer)
                buffer = []
            self._tell()

        def save(*, complete: bool = False) -> None:
            checkpoint.save(
                ExportProgress(
                    position=writer.sync(),
                    rows=self._rows,
                    settled=self._settled,
                    reached=_text(mark.reached),
                    page=mark.page,
                    total=mark.total,
                    complete=complete,
                )
            )

        try:
            # Pages are fetched while the batch before them is being written.
            async with aclosing(self._steps(checkpoint, mark)) as steps:
                async for step in steps:
                    buffer += [row.source for row in self._wanted(step, checkpoint, state)]
                    if len(buffer) >= _BATCH:
                        await flush()
                    if step.mark is not None:
                        mark = step.mark
                        await flush()
                        await settled()
                        await self._in_thread(save)
                        if (told := on_saved.get()) is not None:
                            told()
            await flush()
        finally:
            await settled()
        await self._in_thread(lambda: save(complete=True))

    def _replace(
        self, ready: Path, path: Path, checkpoint: Checkpoint, state: ExportState | None, reached: Reached | None
    ) -> None:
        if state is not None:
            state.stage(checkpoint.keys(), reached, ready, path)
        os.replace(ready, path)
        with suppress(OSError):  # Windows opens no directories
            directory = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        if state is not None:
            state.promote()

    async def _steps(self, seen: KeyStore, mark: WalkMark) -> AsyncGenerator[WalkStep[Any], None]:
        request = self._request
        walk = Walk(
            request.kind, lines_of(request), request.filters, ahead=request.ahead, tally=self._tally, warn=self._warn
        )
        if request.kind.windowed:
            assert self._plan is not None
            survey = self._survey or await self._surveyor.survey()
            if request.part is not None:
                survey = attrs.evolve(survey, undated=0)
            if self._since is None and self._until is None:
                self._tally.expected = survey.total
            since = mark.reached or self._since
            walked = walk.windows(
                self._plan.after(mark.reached),
                survey=survey,
                count=lambda: self._surveyor.count(since, self._until),
            )
        elif not request.kind.paged:
            walked = walk.at_once(seen)
        else:
            walked = walk.whole(seen, mark, lambda: self._surveyor.count(None, None))
        async with aclosing(walked) as steps:
            async for step in steps:
                yield step

    def _wanted(self, step: WalkStep[Any], keys: KeyStore, state: ExportState | None) -> list[Any]:
        """The rows within the bounds that no earlier run had."""
        rows = step.rows
        if not (step.recent or step.undated):
            self._settled += len(rows)
        if not self._request.kind.windowed:
            rows = within(rows, self._since, self._until)
        if state is None:
            return rows
        mark = LASTING if step.undated else ""
        if self._request.kind.windowed and (step.recent or step.undated):
            keys.fresh(rows, mark)
        new = state.unknown(rows, mark)
        self._known += len(rows) - len(new)
        return new

    async def _identity(self) -> dict[str, Any]:
        request = self._request
        return {
            "account": await account_of(request.resource._pipeline),
            "kind": request.kind.name,
            # Only to be compared, and a gift card's hash, which is one of them, is as good as its money.
            "filters": digest("filters", *(f"{name}={value}" for name, value in sorted(request.filters.items()))),
            "since": {"since": str(request.since), "until": str(request.until), "timezone": request.timezone},
            "format": request.format,
            "columns": [column.name for column in self._layout.columns],
            "escape": request.escape,
            **({"excel": True} if request.excel else {}),
        }

    def _lines(self) -> tuple[Encode, bytes]:
        if self._request.format == "csv":
            request = self._request
            style = CsvStyle(escape=request.escape, excel=request.excel, zone=zone_of(request.timezone))
            return csv_encoder(self._layout, style), csv_header(self._layout, style)
        return jsonl, b""

    def _writer(self, part: Path, position: int) -> RowWriter:
        request = self._request
        if request.format == "sqlite":
            return SqliteWriter(part, self._layout, request.kind.name, position)
        if request.format == "parquet":
            from .parquet import ParquetWriter

            told = None if request.part is None else request.part(self._passed)
            return ParquetWriter(part, self._layout, position, told)
        if request.format == "xlsx":
            from .workbook import WorkbookWriter

            return WorkbookWriter(part, self._layout, request.kind.name, position, zone_of(request.timezone))
        return TextWriter(part, *self._lines(), position)

    def _start(self, work: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    async def _in_thread(self, work: Callable[..., T], *args: Any) -> T:
        return await _ended(self._start(work, *args))

    def _warn(self, text: str) -> None:
        self._warnings.append(text)
        if self._request.on_warning is not None:
            self._request.on_warning(text)

    def _tell(self) -> None:
        if self._request.on_progress is not None:
            self._request.on_progress(Seen(rows=self._rows, pages=self._tally.pages, expected=self._tally.expected))

    def _summary(self, path: str | None, *, resumed: bool) -> ExportSummary:
        layout = self._layout
        if self._rows and not resumed and layout.absent and self._request.format != "jsonl":
            self._warn(f"{self._request.kind.name}: no row has an attribute {', '.join(map(repr, layout.absent))}")
        if layout.odd_rows:
            self._warn(
                f"{layout.odd_rows:,} rows hold values that fit no column; their cells are empty, and extra has the "
                f"values; the first is {layout.first_odd}"
            )
        return ExportSummary(
            path=path,
            rows=self._rows,
            pages=self._tally.pages,
            repeated=self._tally.repeated,
            known=self._known,
            since=self._since,
            until=self._until,
            resumed=resumed,
            warnings=tuple(self._warnings),
        )


def lines_of(request: ExportRequest, model: type[Any] = Line) -> PageSource[Any]:
    """The pages of a list, its rows read no further than a walk needs, or a model of the caller's says."""
    return PageSource(
        request.resource._pipeline,
        lambda query: lines(request.kind, request.resource, query, model),
        lambda query: lines(request.kind, request.resource, query, OddLine),
    )


async def _ended(work: asyncio.Future[T]) -> T:
    """What blocking work gives; a cancellation waits for its end, since the file is in use until then."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait({work})
        raise


def within(rows: list[Any], since: dt.datetime | None, until: dt.datetime | None) -> list[Any]:
    """The rows made within the bounds, where the list itself can't be bounded; undated ones stay."""
    if since is None and until is None:
        return rows
    span = Span(since, until)
    return [row for row in rows if row.created_at is None or span.holds(row.created_at)]


def _of_state(identity: Mapping[str, Any]) -> dict[str, Any]:
    """What of an export has to stay the same from one incremental run to the next."""
    return {name: identity[name] for name in ("account", "kind", "filters")}


def _send(stream: BinaryIO, encode: Encode, sources: list[bytes]) -> None:
    stream.write(encode(sources))
    stream.flush()


def _text(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)
