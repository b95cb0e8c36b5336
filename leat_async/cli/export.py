"""`leat export KIND -o FILE`: a list to a file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import attrs
import typer

from . import loop
from .exits import Exit, Stop, exit_of

if TYPE_CHECKING:
    from ..client import LeatClient
    from ..export import Seen, Summary

_WHICH, _WHERE, _HOW = "Which rows", "Where to", "How"
_PLAIN_EVERY = 5.0
_RATE = 5000

Kind = Literal[
    "visits", "loyalty-transactions", "contacts", "giftcard-transactions", "prepaid-transactions", "vouchers"
]


@attrs.frozen(kw_only=True)
class Job:
    """An export as it was asked for."""

    kind: str
    output: str
    format: str | None
    since: str | None
    until: str | None
    timezone: str
    filters: dict[str, str]
    attributes: list[str]
    incremental: Path | None
    fresh: bool
    escape: bool
    ahead: int
    rate: int | None
    sandbox: bool


def export(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="visits, loyalty-transactions, contacts, …")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="The file; - is stdout.", rich_help_panel=_WHERE)
    ],
    format: Annotated[
        Literal["csv", "jsonl", "parquet", "sqlite"] | None,
        typer.Option("--format", help="Left out: told by the ending of FILE.", rich_help_panel=_WHERE),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", rich_help_panel=_WHICH,
            help="Rows made then or later: 2026-03-29, 2026-03, 2026-03-29T12:00, 7d, 12h.",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Rows made before then.", rich_help_panel=_WHICH)
    ] = None,
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="Of WHEN: Europe/Amsterdam.", rich_help_panel=_WHICH)
    ] = "UTC",
    filter: Annotated[
        list[str] | None,
        typer.Option(
            "-f", "--filter", metavar="KEY=VALUE", rich_help_panel=_WHICH,
            help="A parameter of the list, such as shop_uuid=…. May be repeated.",
        ),
    ] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            "--attribute", metavar="NAME", rich_help_panel=_WHERE,
            help="Give this custom attribute a column of its own. May be repeated.",
        ),
    ] = None,
    incremental: Annotated[
        Path | None,
        typer.Option(
            metavar="STATE", rich_help_panel=_WHICH,
            help="Only rows that no earlier run with this state file had.",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew instead of going on where a run ended.", rich_help_panel=_HOW)
    ] = False,
    raw_text: Annotated[
        bool,
        typer.Option(
            "--raw-text", rich_help_panel=_WHERE,
            help="In CSV, leave text as it is that a spreadsheet would run as a formula.",
        ),
    ] = False,
    ahead: Annotated[
        int, typer.Option(min=0, max=100, metavar="N", help="Pages fetched ahead.", rich_help_panel=_HOW)
    ] = 8,
    rate: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Requests a minute at most [5000].", rich_help_panel=_HOW)
    ] = None,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", rich_help_panel=_WHICH,
            help="Read a sandbox inside this command, with the demo account; needs no token.",
        ),
    ] = False,
) -> None:  # fmt: skip
    """Write a whole list to CSV, JSON Lines, Parquet or SQLite; the same command again resumes.

    Exit codes: 0 written; 1 refused; 2 usage; 3 authentication; 4 nothing lost, try again; 130 interrupted, resumable.
    """
    filters: dict[str, str] = {}
    for text in filter or ():
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise Stop(f"-f takes KEY=VALUE, got {text!r}")
        filters[key] = value
    job = Job(
        kind=kind.replace("-", "_"),
        output=output,
        format=format,
        since=since,
        until=until,
        timezone=timezone,
        filters=filters,
        attributes=attribute or [],
        incremental=incremental,
        fresh=fresh,
        escape=not raw_text,
        ahead=ahead,
        rate=rate,
        sandbox=sandbox,
    )
    raise typer.Exit(_run(job))


def _run(job: Job) -> Exit:
    from ..errors import LeatError

    resumes = "" if job.output == "-" else "; the same command again goes on where this ended"
    try:
        with _watching() as watch:
            summary = loop.run(_export, job, watch)
    except KeyboardInterrupt:
        print(f"leat: interrupted{resumes}", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader has had enough; what Python still holds for it must not fail at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except OSError as error:
        raise Stop(f"{error}{resumes}", Exit.TRY_AGAIN) from None
    except (LeatError, ValueError, TypeError) as error:
        code = exit_of(error)
        raise Stop(f"{error}{resumes if code is Exit.TRY_AGAIN else ''}", code) from None
    _tell(job, summary)
    return Exit.DONE


async def _export(job: Job, watch: Callable[[Seen], None]) -> Summary:
    from ..export import to_file

    async with AsyncExitStack() as stack:
        leat = await stack.enter_async_context(await _client(job, stack))
        return await to_file(
            getattr(leat, job.kind),
            sys.stdout.buffer if job.output == "-" else job.output,
            format=job.format,
            since=job.since,
            until=job.until,
            timezone=job.timezone,
            attributes=job.attributes,
            incremental=job.incremental,
            fresh=job.fresh,
            escape=job.escape,
            ahead=job.ahead,
            on_progress=watch,
            on_warning=lambda text: print(f"leat: warning: {text}", file=sys.stderr),
            **job.filters,
        )


async def _client(job: Job, stack: AsyncExitStack) -> LeatClient:
    from ..client import LeatClient
    from ..config import RateLimit
    from .account import client_from_env

    limit = RateLimit(job.rate or _RATE)
    if not job.sandbox:
        return client_from_env(rate_limit=limit)
    from ..sandbox import Sandbox

    sandbox = await stack.enter_async_context(Sandbox(seed="demo", rate_limit=(1_000_000, 60.0)))
    return LeatClient(sandbox.token, base_url=sandbox.url, rate_limit=limit if job.rate is not None else None)


def _tell(job: Job, summary: Summary) -> None:
    parts = [f"{summary.rows:,} rows"]
    if summary.known:
        parts.append(f"{summary.known:,} already exported")
    if summary.repeated:
        parts.append(f"{summary.repeated:,} came twice and were written once")
    if summary.resumed:
        parts.append("resumed")
    print(f"{summary.path or job.kind}: {', '.join(parts)}", file=sys.stderr)


@contextmanager
def _watching() -> Generator[Callable[[Seen], None]]:
    """Show how far an export is: a line that changes on a terminal, a line now and then elsewhere."""
    from .display import err

    console = err()
    if console.is_terminal:
        with console.status("starting") as status:
            yield lambda seen: status.update(_text(seen))
        return
    last = time.monotonic()

    def watch(seen: Seen) -> None:
        nonlocal last
        if time.monotonic() - last >= _PLAIN_EVERY:
            last = time.monotonic()
            print(_text(seen), file=sys.stderr, flush=True)

    yield watch


def _text(seen: Seen) -> str:
    of = f" of {max(seen.expected, seen.rows):,}" if seen.expected is not None else ""
    return f"{seen.rows:,}{of} rows, {seen.pages:,} pages"
