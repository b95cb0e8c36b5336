"""What `leat import status|show|forget` tell of ledgers, and do to them."""

from __future__ import annotations

import datetime as dt
import sys
import time
from typing import Any

import msgspec
from rich.markup import escape
from rich.table import Table

from .. import bulk
from ..bulk.reasons import EqualReasons
from ..errors import ConfigError
from ..written import duration
from .console import Terminal
from .exits import Exit, Stop
from .ledger_choice import Choice, nothing, only
from .rejected import worded
from .streams import data_out

_LATEST = 10
_STATES = {
    bulk.State.DONE: "done",
    bulk.State.REJECTED: "rejected",
    bulk.State.PENDING: "to be sent",
    bulk.State.HALF: "there, a change in doubt",
}
_COUNTS = {
    "created": "created",
    "updated": "updated",
    "existed": "there already",
    "skipped": "known",
    "rejected": "rejected",
    "unknown": "unknown",
}


def status(choice: Choice, number: int | None, *, as_json: bool) -> Exit:
    """Tell of ledgers and their runs, or of one run."""
    found, code = choice.found()
    seen = [(each, bulk.runs(each.place)) for each in found]
    if number is not None:
        seen = [(each, [run for run in runs if run.number == number]) for each, runs in seen]
        seen = [(each, runs) for each, runs in seen if runs]
        if not seen:
            raise Stop(f"there is no run {number}; leat import status lists the latest", Exit.REJECTED)
    if as_json:
        write_json([_memory_json(each, runs, whole=number is not None) for each, runs in seen])
        return code
    console = Terminal()
    for place, (each, runs) in enumerate(seen):
        if place:
            console.print()
        _show_memory(console, each)
        if number is None:
            _show_runs(console, runs)
        else:
            _show_run(console, each, runs[0])
    if not seen:
        print(f"leat: {nothing()}", file=sys.stderr)
    return code


def show(choice: Choice, identifier: str | None, row: int | None, run: int | None, *, as_json: bool) -> Exit:
    """Tell what ledgers hold of one row."""
    found, code = choice.found()
    entries: list[tuple[bulk.Summary, bulk.Entry]] = []
    for each in found:
        entry = _entry(each, identifier, row, run)
        if entry is not None:
            entries.append((each, entry))
    if as_json:
        write_json([entry_json(each, entry) for each, entry in entries])
    for each, entry in entries if not as_json else []:
        _show_entry(Terminal(), each, entry)
    if not entries:
        asked = f"the identifier {identifier!r}" if identifier is not None else f"number {row}"
        asked += f" of run {run}" if run is not None else ""
        hint = ""
        if row is not None:
            hint = "; a run that finds a row done writes nothing of it, so an earlier run may have it"
        print(f"leat: nothing is remembered of a row with {asked}{hint}", file=sys.stderr)
        return code or Exit.REJECTED
    return code


def _entry(memory: bulk.Summary, identifier: str | None, row: int | None, run: int | None) -> bulk.Entry | None:
    if row is not None:
        return bulk.show(memory.place, row - 1, run=run)
    try:
        return bulk.find(memory.place, identifier or "")
    except ValueError:
        if memory.kind == "contacts" and identifier:
            return None  # it is no address
        raise


def forget(choice: Choice, before: dt.datetime | None, run: int | None, *, as_json: bool) -> Exit:
    """Delete the personal data that ledgers hold."""
    found, code = choice.found()
    if run is not None:
        only(found, "a run's number is its own ledger's")
    done: list[dict[str, Any]] = []
    for each in found:
        runs = bulk.runs(each.place)
        if before is not None:
            runs = [one for one in runs if one.started < before.timestamp()]
        elif run is not None:
            runs = [one for one in runs if one.number == run]
            if not runs:
                raise Stop(f"{each.kind} of {each.account} have no run {run}", Exit.REJECTED)
        told = {"ledger": each.path, "kind": each.kind, "account": each.account, "runs": [one.number for one in runs]}
        if runs or (before is None and run is None):
            try:
                bulk.forget(each.place, before=before, run=run)
            except ConfigError as error:
                print(f"leat: {error}", file=sys.stderr)
                code = Exit.USAGE
                continue
            what = "uuids, error texts and file names"
            what += " and addresses" if before is None and run is None else ""
            count = f"{len(runs):,} run{'s' if len(runs) != 1 else ''}"
            print(f"{each.kind} of {each.account}: {what} of {count} are deleted", file=sys.stderr)
        else:
            print(f"{each.kind} of {each.account}: no run is that old, nothing is deleted", file=sys.stderr)
        done.append(told)
    if not found:
        print(f"leat: {nothing()}", file=sys.stderr)
    if as_json:
        write_json(done)
    return code


# -- for people ------------------------------------------------------------------------------------


def when(seconds: float) -> str:
    """A moment in the zone of this machine."""
    return dt.datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def title(memory: bulk.Summary) -> str:
    """What a ledger is the memory of, for the first line of what is told."""
    return f"[bold]{escape(memory.kind or 'nothing yet')}[/bold] of {escape(memory.account or 'no account yet')}"


def on_its_way(memory: bulk.Summary) -> bool:
    """Whether rows that were sent may be a running import's, and not in doubt at all."""
    return memory.last is not None and memory.last.running


def facts() -> Table:
    """A table of names and what is to be told, for `console.print`."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _show_memory(console: Terminal, memory: bulk.Summary) -> None:
    console.print(title(memory), soft_wrap=True)
    console.print(f"  [dim]{escape(memory.path)}[/dim]", soft_wrap=True)
    states = [(name, memory.states.get(state, 0)) for state, name in _STATES.items()]
    sent, unknown = memory.states.get(bulk.State.SENT, 0), memory.states.get(bulk.State.UNKNOWN, 0)
    states += [("on their way", sent), ("in doubt", unknown)] if on_its_way(memory) else [("in doubt", sent + unknown)]
    rows = ", ".join(f"{count:,} {name}" for name, count in states if count) or "none yet"
    since = f"; since {when(memory.created_at)}" if memory.created_at is not None else ""
    console.print(f"  rows: {rows}{since}", soft_wrap=True)
    if memory.forgotten:
        console.print("  personal data were deleted from it", soft_wrap=True)
    if sent + unknown and not on_its_way(memory):
        if memory.asks_itself:
            console.print("  in doubt: the next import that has these rows asks Leat about them", soft_wrap=True)
        else:
            console.print("  in doubt: leat import resolve goes through them with you", soft_wrap=True)


def _show_runs(console: Terminal, runs: list[bulk.RunRecord]) -> None:
    table = Table(box=None, show_header=True, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("  run", justify="right", no_wrap=True)
    table.add_column("began", no_wrap=True)
    table.add_column("took", no_wrap=True)
    table.add_column("rows", overflow="fold")
    for run in runs[:_LATEST]:
        name = f"{run.source.name}: " if run.source is not None and run.source.name else ""
        table.add_row(str(run.number), when(run.started), _how(run), escape(name + _outcomes(run)))
    console.print(table, soft_wrap=False)
    if len(runs) > _LATEST:
        console.print(f"  and {len(runs) - _LATEST:,} earlier runs; --json lists them", soft_wrap=True)


def _how(run: bulk.RunRecord) -> str:
    if run.running:
        return "[green]running[/green]"
    if run.ended is None:
        return "[yellow]broke off[/yellow]"
    if run.stopped is not None:
        return f"[yellow]{escape(run.stopped)}[/yellow]"
    return duration(run.ended - run.started)


def _outcomes(run: bulk.RunRecord) -> str:
    told = [f"{run.counts[name]:,} {word}" for name, word in _COUNTS.items() if run.counts.get(name)]
    return ", ".join([f"{run.counts.get('taken', 0):,} read", *told])


def _show_run(console: Terminal, memory: bulk.Summary, run: bulk.RunRecord) -> None:
    table = facts()

    def tell(name: str, text: str) -> None:
        table.add_row(f"  {name}", escape(text))

    tell("run", str(run.number))
    if run.source is not None:
        size = f", {run.source.size:,} bytes" if run.source.size is not None else ""
        tell("file", f"{run.source.name}{size}")
        if run.source.digest:
            tell("SHA-256", run.source.digest)
    tell("began", when(run.started))
    if run.running:
        tell("ended", f"not yet: running for {duration(max(0.0, time.time() - run.started))}, process {run.pid}")
    elif run.ended is None:
        tell("ended", "never: it was killed, or the machine stopped; the same import again goes on")
    else:
        tell("ended", f"{when(run.ended)}, after {duration(run.ended - run.started)}")
    if run.stopped is not None:
        tell("stopped", run.stopped)
    tell("changes", f"--on-change {run.on_change}")
    if run.batch is not None:
        tell("batch", run.batch)
    tell("rows", _outcomes(run))
    console.print(table, soft_wrap=False)
    reasons = EqualReasons("row")
    for entry in bulk.rejects(memory.place, run=run.number):
        reasons.add(entry.index + 1, worded(entry.error or "rejected; the reason was deleted"))
    told = reasons.lines()
    for line in told:
        console.print(f"  {escape(line)}", soft_wrap=True)
    if told:
        console.print("  (rows are counted without the header and blank lines)", soft_wrap=True)
    if not run.running:
        doubtful = [entry for entry in bulk.in_doubt(memory.place) if entry.run == run.number]
        for entry in doubtful[:_LATEST]:
            console.print(f"  row {entry.index + 1}: {told_state(entry)}, sent {when(entry.sent_at)}", soft_wrap=True)
        if len(doubtful) > _LATEST:
            console.print(f"  … and {len(doubtful) - _LATEST:,} more in doubt", soft_wrap=True)


def _show_entry(console: Terminal, memory: bulk.Summary, entry: bulk.Entry) -> None:
    console.print(title(memory), soft_wrap=True)
    table = facts()

    def tell(name: str, text: str | None) -> None:
        if text:
            table.add_row(f"  {name}", escape(text))

    source = next((run.source for run in bulk.runs(memory.place) if run.number == entry.run), None)
    tell("row", f"{entry.index + 1} of {source.name if source is not None else 'its source'}, run {entry.run}")
    tell("state", told_state(entry))
    tell("uuid", entry.uuid)
    if entry.sent_at:
        times = "once" if entry.attempts == 1 else f"{entry.attempts} times, last"
        tell("sent", f"{times} {when(entry.sent_at)}")
    if entry.changed_at:
        tell("written", when(entry.changed_at))
    tell("error", worded(entry.error) if entry.error else None)
    tell("code", entry.code)
    console.print(table, soft_wrap=False)


def told_state(entry: bulk.Entry) -> str:
    """Where a row stands, in words."""
    told: dict[bulk.State, str] = {
        bulk.State.PENDING: "not there; the next import that has it sends it",
        bulk.State.SENT: "in doubt: no answer came before the run ended",
        bulk.State.HALF: "there; a change of it is in doubt, the next import that has it sends that again",
        bulk.State.UNKNOWN: "unknown: sent, and nothing tells whether it was applied",
        bulk.State.REJECTED: "rejected",
    }
    if entry.status == bulk.Status.SKIPPED:
        return "done: there with other data, and left as it is"
    return told.get(entry.state) or f"done: {_COUNTS.get(entry.status or '', entry.status or 'created')}"


# -- for programs ----------------------------------------------------------------------------------


def write_json(what: list[dict[str, Any]]) -> None:
    """Write an array to stdout, for programs and for people."""
    out = data_out()
    out.write(msgspec.json.format(msgspec.json.encode(what), indent=2) + b"\n")
    out.flush()


def entry_json(memory: bulk.Summary, entry: bulk.Entry) -> dict[str, Any]:
    """A row as `--json` has it; `row` counts the rows of its file from 1, `number` is its own in the ledger."""
    return {
        "ledger": memory.path,
        "kind": memory.kind,
        "account": memory.account,
        "number": entry.number,
        "run": entry.run,
        "row": entry.index + 1,
        "state": entry.state.value,
        "status": entry.status,
        "uuid": entry.uuid,
        "attempts": entry.attempts,
        "error": entry.error,
        "code": entry.code,
        "sent_at": _moment(entry.sent_at),
        "changed_at": _moment(entry.changed_at),
    }


def _memory_json(memory: bulk.Summary, runs: list[bulk.RunRecord], *, whole: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ledger": memory.path,
        "kind": memory.kind,
        "account": memory.account,
        "since": _moment(memory.created_at),
        "rows": dict(memory.states),
        "in_doubt": memory.in_doubt,
        "addresses": memory.contacts,
        "forgotten": memory.forgotten,
        "runs": [_run_json(run) for run in runs],
    }
    if whole:
        for run in told["runs"]:
            run["rejects"] = [
                {"row": entry.index + 1, "error": entry.error, "code": entry.code}
                for entry in bulk.rejects(memory.place, run=run["run"])
            ]
    return told


def _run_json(run: bulk.RunRecord) -> dict[str, Any]:
    return {
        "run": run.number,
        "running": run.running,
        "file": run.source.name if run.source is not None else None,
        "size": run.source.size if run.source is not None else None,
        "sha256": run.source.digest if run.source is not None else None,
        "on_change": run.on_change,
        "batch": run.batch,
        "began": _moment(run.started),
        "ended": _moment(run.ended),
        "stopped": run.stopped,
        "process": run.pid,
        "counts": dict(run.counts),
    }


def _moment(seconds: float | None) -> str | None:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds") if seconds else None
