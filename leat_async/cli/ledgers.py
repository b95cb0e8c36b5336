"""`leat import status|show|forget`: what a ledger holds."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import msgspec

from .. import bulk
from .display import show_sums
from .exits import Exit, Stop

_STATES = {
    bulk.State.DONE: "done",
    bulk.State.REJECTED: "rejected",
    bulk.State.UNKNOWN: "unknown: sent, nothing tells whether it was applied",
    bulk.State.SENT: "in doubt: the run ended before an answer came",
    bulk.State.HALF: "half done: the contact is there, its attributes are not",
    bulk.State.PENDING: "not sent yet",
}


def status(path: Path) -> Exit:
    """Print the sums of a ledger."""
    found = bulk.status(path)
    sums = [("of", f"{found.kind or 'nothing yet'}, account {found.account or 'not known yet'}")]
    if found.created_at is not None:
        sums.append(("since", _time(found.created_at) or ""))
    sums += [(name, f"{found.states[state]:,}") for state, name in _STATES.items() if found.states.get(state)]
    sums.append(("remembered addresses", "forgotten" if found.forgotten else f"{found.contacts:,}"))
    show_sums(str(path), sums)
    return Exit.DONE


def show(path: Path, row: int) -> Exit:
    """Print what a ledger holds of one row."""
    entry = bulk.show(path, row - 1)
    if entry is None:
        raise Stop(f"{path} holds nothing of row {row}: it was never reached", Exit.REJECTED)
    told = {
        "row": row,
        "state": entry.state.value,
        "status": entry.status,
        "uuid": entry.uuid,
        "attempts": entry.attempts,
        "error": entry.error,
        "code": entry.code,
        "sent_at": _time(entry.sent_at),
        "changed_at": _time(entry.changed_at),
    }
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
    return Exit.DONE


def forget(path: Path) -> Exit:
    """Delete the personal data of a ledger."""
    bulk.forget(path)
    print(f"{path}: addresses, error texts and uuids are deleted", file=sys.stderr)
    return Exit.DONE


def _time(seconds: float) -> str | None:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds") if seconds else None
