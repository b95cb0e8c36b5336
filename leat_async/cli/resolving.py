"""`leat import resolve`: rows that only a person can tell of, one after the other."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from rich.markup import escape

from .. import bulk
from ..written import duration
from .console import Terminal
from .display import err
from .exits import Exit, Stop
from .ledger_choice import Choice, nothing, only
from .ledgers import entry_json, facts, on_its_way, title, told_state, when, write_json
from .rejected import worded
from .rows_of_runs import RowInFile, rows_of

# A write may still land so long after it was sent; whoever looked before that could not see it.
_GRACE = 30.0
_ANSWERS = {
    "y": True, "yes": True, "n": False, "no": False,
    "": None, "l": None, "leave": None,
}  # fmt: skip


@attrs.frozen(kw_only=True)
class Resolving:
    """What was asked for: rows by their number in the ledger, and how to find them in their file."""

    made: Sequence[str]
    not_made: Sequence[str]
    file: Path | None
    mapping: Path | None
    as_json: bool


def resolve(choice: Choice, asked: Resolving) -> Exit:
    """Have a person say what became of rows, or take what the options say; tells what is left by the exit code."""
    found, code = choice.found()
    if asked.made or asked.not_made:
        return _take(only(found, "a row's number is its own ledger's"), asked) or code
    listed: list[dict[str, Any]] = []
    left = 0
    for memory in found:
        entries = _for_people(memory)
        itself = len(bulk.in_doubt(memory.place)) - len(entries)
        if itself and not asked.as_json and not on_its_way(memory):
            whose = f"{memory.kind} of {memory.account}"
            print(f"{whose}: {itself:,} in doubt that the next import looks after, if it has them", file=sys.stderr)
        if not entries:
            continue
        rows = rows_of(memory, entries, file=asked.file, mapping=asked.mapping)
        if asked.as_json:
            listed += [_listed(memory, entry, rows[entry.number]) for entry in entries]
            left += len(entries)
        elif sys.stdin.isatty():
            rest = _walk(memory, entries, rows)
            left += rest[0]
            if rest[1]:
                break
        else:
            for place, entry in enumerate(entries, 1):
                _show(Terminal(), memory, entry, rows[entry.number], f"{place} of {len(entries)}")
            left += len(entries)
    if asked.as_json:
        write_json(listed)
    elif left and not sys.stdin.isatty():
        print(
            "leat: stdin is no terminal, so nobody was asked and nothing was changed; look for them in Leat, and say "
            "--made NUMBER or --not-made NUMBER of each",
            file=sys.stderr,
        )
    elif not left:
        print("no row is left that only you can tell of" if found else f"leat: {nothing()}", file=sys.stderr)
    return code or (Exit.UNKNOWN if left else Exit.DONE)


def _for_people(memory: bulk.Summary) -> list[bulk.Entry]:
    """The rows that nothing but a person can tell of."""
    states = (bulk.State.UNKNOWN,) if on_its_way(memory) else (bulk.State.UNKNOWN, bulk.State.SENT)
    found = [entry for entry in bulk.in_doubt(memory.place) if entry.state in states]
    return [entry for entry in found if entry.unasked] if memory.asks_itself else found


# -- by options ------------------------------------------------------------------------------------


def _take(memory: bulk.Summary, asked: Resolving) -> Exit:
    """Do as the options say; all of them are checked before the first."""
    doubtful = {entry.number: entry for entry in bulk.in_doubt(memory.place)}
    said: dict[int, tuple[bool, str | None]] = {}
    for option, texts, made in (("--made", asked.made, True), ("--not-made", asked.not_made, False)):
        for text in texts:
            number, own = _number(option, text, uuid_too=made)
            entry = doubtful.get(number)
            if entry is None:
                raise Stop(
                    f"{option} {number}: no such row is in doubt; leat import resolve --json lists those that are"
                )
            if number in said:
                raise Stop(f"{option} {number}: this row is named twice")
            if not made:
                _check_not_made(memory, entry, f"{option} {number}")
            said[number] = made, own
    done = [bulk.resolve(memory.place, number, made=made, uuid=own) for number, (made, own) in said.items()]
    if asked.as_json:
        write_json([entry_json(memory, entry) for entry in done])
    else:
        for entry in done:
            print(f"number {entry.number}: {told_state(entry)}")
    return Exit.UNKNOWN if _for_people(memory) else Exit.DONE


def _number(option: str, text: str, *, uuid_too: bool) -> tuple[int, str | None]:
    number, equals, own = text.partition("=")
    if not (number.isascii() and number.isdigit()) or (equals and not uuid_too):
        form = "a row's number, or NUMBER=UUID" if uuid_too else "a row's number"
        raise Stop(f"{option} takes {form}, got {text!r}; leat import resolve --json lists the rows")
    if equals and _uuid(own) is None:
        raise Stop(f"{option} {text}: {own!r} is no UUID, such as Leat shows one")
    return int(number), _uuid(own)


def _uuid(text: str) -> str | None:
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        return None


def _check_not_made(memory: bulk.Summary, entry: bulk.Entry, which: str) -> None:
    """Refuse to have a row sent that may be there, or come there yet."""
    if entry.state is bulk.State.HALF:
        raise Stop(f"{which}: this one is there, and the next import that has it sends its change again, which is safe")
    if memory.asks_itself and not entry.unasked:
        raise Stop(
            f"{which}: the next import that has it asks Leat, and sends it only if it is not there; run it again"
        )
    if (young := _young(entry)) is not None:
        raise Stop(f"{which}: it was sent {duration(young)} ago and may still arrive; look again half a minute later")


def _young(entry: bulk.Entry) -> float | None:
    """How long ago a row was sent, if it may still be on its way."""
    age = time.time() - entry.sent_at
    return age if 0 <= age < _GRACE else None


# -- one after the other ---------------------------------------------------------------------------


def _walk(memory: bulk.Summary, entries: list[bulk.Entry], rows: dict[int, RowInFile]) -> tuple[int, bool]:
    """Ask about each; how many are left, and whether that was the last that the person wanted to hear."""
    if on_its_way(memory):
        raise Stop(f"an import of {memory.kind} is running, which has the ledger; wait for its end")
    console = err()
    left, send = len(entries), 0
    end = False
    for place, entry in enumerate(entries, 1):
        _show(console, memory, entry, rows[entry.number], f"{place} of {len(entries)}")
        made, own, end = _ask(entry)
        if end:
            break
        if made is None:
            continue
        bulk.resolve(memory.place, entry.number, made=made, uuid=own)
        left -= 1
        send += not made
    if send:
        print(f"{send:,} to be sent, by the next import that has them, such as the same again", file=sys.stderr)
    if left:
        print(f"{left:,} left in doubt", file=sys.stderr)
    return left, end


def _ask(entry: bulk.Entry) -> tuple[bool | None, str | None, bool]:
    """Whether it is there, its uuid, and whether to end here."""
    while True:
        answer = _read("Is it in Leat? y: yes, n: no, Enter: leave it, q: end here > ")
        if answer is None or answer.lower() in ("q", "quit"):
            return None, None, True
        if answer.lower() not in _ANSWERS:
            continue
        made = _ANSWERS[answer.lower()]
        if made is False and (young := _young(entry)) is not None:
            print(
                f"It was sent {duration(young)} ago and may still arrive: look again in half a minute.", file=sys.stderr
            )
            continue
        return made, _ask_uuid() if made else None, False


def _ask_uuid() -> str | None:
    while True:
        answer = _read("Its uuid, with which a later change of it can be sent (Enter: not known) > ")
        if not answer:
            return None
        if (own := _uuid(answer)) is not None:
            return own
        print(f"{answer!r} is no UUID", file=sys.stderr)


def _read(question: str) -> str | None:
    """An answer, without space at its ends; None when there is no more."""
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        sys.stderr.write("\n")
    return line.strip() if line else None


def _show(console: Terminal, memory: bulk.Summary, entry: bulk.Entry, row: RowInFile, place: str) -> None:
    console.print(f"\n{title(memory)}: {place}, number {entry.number}", soft_wrap=True)
    table = facts()
    times = "once" if entry.attempts == 1 else f"{entry.attempts} times, last"
    table.add_row("  sent", f"{times} {when(entry.sent_at)}")
    if entry.error:
        table.add_row("  error", escape(worded(entry.error)))
    table.add_row("  row", escape(row.where))
    for name, value in row.values.items():
        if value:
            table.add_row(f"    {escape(name)}", escape(value))
    console.print(table, soft_wrap=False)
    if row.values and not row.certain:
        console.print(
            "  [yellow]nothing in this row proves that it is the one:[/yellow] if the file was imported with --sheet,\n"
            "  --header-row or the like, give its --mapping; look for it in Leat by all it says"
        )


def _listed(memory: bulk.Summary, entry: bulk.Entry, row: RowInFile) -> dict[str, Any]:
    return {
        **entry_json(memory, entry),
        "file": {"where": row.where, "line": row.line, "certain": row.certain, "values": row.values or None},
    }
