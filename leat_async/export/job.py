"""An export from list to file: bounded, resumable, and in its place only when it is complete."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing, suppress
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar

import attrs

from ..bulk.identity import account_of, digest
from ..errors import ConfigError
from .columns import Layout
from .kinds import Kind, Line, lines
from .state import Book, Checkpoint, Progress, State
from .walk import Mark, Step, Tally, Walk
from .windows import Plan, Span, plan_of
from .writers import (
    Encode,
    Format,
    SqliteWriter,
    TextWriter,
    Writer,
    csv_encoder,
    csv_header,
    jsonl,
)

T = TypeVar("T")
_BATCH = 1000
_RESERVED = ("sort", "created_at", "limit", "per_page", "page")


@attrs.frozen(kw_only=True)
class Seen:
    """How far an export is: rows written, pages read, and the rows that the API counts (None: it does not)."""

    rows: int
    pages: int
    expected: int | None


@attrs.frozen(kw_only=True)
class Summary:
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


@attrs.frozen(kw_only=True)
class Request:
    """An export as it was asked for, checked."""

    kind: Kind
    resource: Any
    filters: Mapping[str, Any]
    format: Format
    since: dt.datetime | None
    until: dt.datetime | None
    asked: Mapping[str, str]
    now: dt.datetime
    attributes: Sequence[str] = ()
    escape: bool = True
    ahead: int = 8
    fresh: bool = False
    incremental: Path | None = None
    on_progress: Callable[[Seen], object] | None = None
    on_warning: Callable[[str], object] | None = None


def check_filters(kind: Kind, resource: Any, filters: Mapping[str, Any], *bounds: object) -> None:
    """Refuse what the list does not take, before anything is sent."""
    for name in _RESERVED:
        if name in filters:
            raise TypeError(f"an export decides {name} itself; bound it with since and until")
    if any(bound is not None for bound in bounds) and not (kind.windowed or kind.dated):
        raise ValueError(f"{kind.name} don't tell when they were made, so since and until can't be applied")
    resource.list(**filters)


class Run:
    """One export, on its way."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._layout = Layout(request.kind, request.attributes)
        # One thread for all blocking work: allocators keep memory for each thread that they meet.
        self._thread = ThreadPoolExecutor(1, "leat-export")
        self._tally = Tally()
        self._warnings: list[str] = []
        self._rows = self._known = 0
        self._since, self._until = request.since, request.until
        self._plan: Plan | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._thread.shutdown()

    async def to_stream(self, stream: BinaryIO) -> Summary:
        """Write to a stream, page by page as they come."""
        request = self._request
        if request.format not in ("csv", "jsonl"):
            raise ValueError(f"{request.format} can't be written to a stream; name a file, or take csv or jsonl")
        encode, header = self._lines()
        state = State(request.incremental) if request.incremental is not None else None
        with closing(Book()) as seen:
            try:
                if state is not None:
                    self._go_on(state, await self._identity())
                self._make_plan(request.now)
                stream.write(header)
                async with aclosing(self._steps(seen, Mark())) as steps:
                    async for step in steps:
                        if rows := self._wanted(step, seen, state):
                            await self._in_thread(_send, stream, encode, [row.source for row in rows])
                            self._rows += len(rows)
                        self._tell()
                if state is not None:
                    state.replace(seen.keys(), self._next_since())
            finally:
                if state is not None:
                    state.close()
        return self._summary(None, resumed=False)

    async def to_path(self, path: Path) -> Summary:
        """Write to a file that appears, complete, in place of what is there."""
        request = self._request
        path, part, notes = _places(path, incremental=request.incremental is not None)
        identity = await self._identity()
        with closing(Checkpoint(notes)) as checkpoint:
            state = State(request.incremental) if request.incremental is not None else None
            try:
                if state is not None:
                    self._go_on(state, identity)
                bounds = {"since": _text(self._since), "until": _text(self._until), "now": _text(request.now)}
                resumed = checkpoint.begin(identity, bounds, fresh=request.fresh or not part.exists())
                self._take(checkpoint.get("bounds"))
                ready = await self._write(part, checkpoint, state)
                await self._in_thread(self._replace, ready, path, checkpoint, state)
            finally:
                if state is not None:
                    state.close()
        for leftover in (part, notes):
            leftover.unlink(missing_ok=True)
        return self._summary(str(path), resumed=resumed)

    def _go_on(self, state: State, identity: Mapping[str, Any]) -> None:
        """From where the state says that the run before ended."""
        state.begin({name: identity[name] for name in ("account", "kind", "filters")})
        self._since = _moment(state.get("since")) or self._since

    def _take(self, bounds: Mapping[str, Any]) -> None:
        """The bounds as they were when the export was started: "7d" means what it meant then."""
        self._since, self._until = _moment(bounds["since"]), _moment(bounds["until"])
        now = _moment(bounds["now"])
        assert now is not None
        self._make_plan(now)

    def _make_plan(self, now: dt.datetime) -> None:
        self._plan = plan_of(self._since, self._until, now, again=self._request.incremental is not None)

    async def _write(self, part: Path, checkpoint: Checkpoint, state: State | None) -> Path:
        """Fill the part file from where it is; returns the complete file."""
        progress = checkpoint.progress
        self._rows = progress.rows
        writer = await self._in_thread(self._writer, part, progress.position)
        try:
            if not progress.complete:
                await self._fill(writer, checkpoint, state, progress)
            return await self._in_thread(writer.finish)
        finally:
            writer.close()

    async def _fill(self, writer: Writer, checkpoint: Checkpoint, state: State | None, begun: Progress) -> None:
        mark = Mark(reached=_moment(begun.reached), page=begun.page, total=begun.total)
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
                Progress(
                    position=writer.sync(),
                    rows=self._rows,
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
            await flush()
        finally:
            await settled()
        await self._in_thread(lambda: save(complete=True))

    def _replace(self, ready: Path, path: Path, checkpoint: Checkpoint, state: State | None) -> None:
        if state is not None:
            state.stage(checkpoint.keys(), self._next_since(), ready, path)
        os.replace(ready, path)
        with suppress(OSError):  # Windows opens no directories
            directory = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        if state is not None:
            state.promote()

    async def _steps(self, seen: Book, mark: Mark) -> AsyncGenerator[Step[Line], None]:
        request = self._request
        assert self._plan is not None
        walk = Walk(
            request.kind,
            lambda query: lines(request.kind, request.resource, query),
            request.filters,
            ahead=request.ahead,
            tally=self._tally,
            warn=self._warn,
        )
        walked = walk.windows(self._plan.after(mark.reached)) if request.kind.windowed else walk.whole(seen, mark)
        async with aclosing(walked) as steps:
            async for step in steps:
                yield step

    def _wanted(self, step: Step[Line], keys: Book, state: State | None) -> list[Line]:
        """The rows within the bounds that no earlier run had."""
        rows = step.rows
        if not self._request.kind.windowed:
            rows = within(rows, self._since, self._until)
        if state is None:
            return rows
        if self._request.kind.windowed and step.recent:
            keys.fresh(rows)
        new = state.unknown(rows)
        self._known += len(rows) - len(new)
        return new

    def _next_since(self) -> str | None:
        assert self._plan is not None
        return _text(self._plan.recent) if self._request.kind.windowed else None

    async def _identity(self) -> dict[str, Any]:
        request = self._request
        return {
            "account": await account_of(request.resource._pipeline),
            "kind": request.kind.name,
            # Only to be compared, and a gift card's hash, which is one of them, is as good as its money.
            "filters": digest("filters", *(f"{name}={value}" for name, value in sorted(request.filters.items()))),
            "since": dict(request.asked),
            "format": request.format,
            "columns": [column.name for column in self._layout.columns],
            "escape": request.escape,
        }

    def _lines(self) -> tuple[Encode, bytes]:
        if self._request.format == "csv":
            return csv_encoder(self._layout, escape=self._request.escape), csv_header(self._layout)
        return jsonl, b""

    def _writer(self, part: Path, position: int) -> Writer:
        request = self._request
        if request.format == "sqlite":
            return SqliteWriter(part, self._layout, request.kind.name, position)
        if request.format == "parquet":
            from .parquet import ParquetWriter

            return ParquetWriter(part, self._layout, position)
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

    def _summary(self, path: str | None, *, resumed: bool) -> Summary:
        return Summary(
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


def _places(path: Path, *, incremental: bool) -> tuple[Path, Path, Path]:
    """Where the file goes, what is not complete, and the checkpoint. A link is followed, not replaced."""
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        raise ConfigError(f"{path} is no regular file; name a file, or - for stdout")
    if not path.parent.is_dir():
        raise ConfigError(f"there is no directory {path.parent}")
    part, notes = path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.checkpoint")
    if incremental and path.exists() and not part.exists():
        raise ConfigError(
            f"{path} exists, and an incremental export writes new rows only: give each run a file of its own"
        )
    return path, part, notes


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


def _send(stream: BinaryIO, encode: Encode, sources: list[bytes]) -> None:
    stream.write(encode(sources))
    stream.flush()


def _text(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)
