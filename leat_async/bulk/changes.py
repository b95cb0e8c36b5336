"""What is said of a row whose identifier is known with other data."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

from .._core.params import show
from .fingerprints import absent
from .identity import other_data
from .outcomes import EarlierError
from .rows import ActiveRow
from .store import Known, RowState, Source

OnChange: TypeAlias = Literal["reject", "update", "skip"]
ON_CHANGE: tuple[OnChange, ...] = ("reject", "update", "skip")


class ChangedError(ValueError):
    """A row's identifier is known with other data, and that was not to be changed. `fields` names what differs."""

    def __init__(self, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields

    def __reduce__(self) -> tuple[type[ChangedError], tuple[str, tuple[str, ...]]]:
        return type(self), (str(self), self.fields)


def changed_error(
    identifier: str,
    row: ActiveRow,
    names: list[str],
    fixed: list[str],
    known: Known | None,
    run: Source | None,
    *,
    there: bool,
) -> ChangedError:
    """The error of a changed row.

    `identifier` is the parameter that identifies it. `names` differ, of those the API can't change the `fixed` ones.
    `known` and `run` tell of the row as it was imported before; without them it is `there`, as the API shows, or came
    earlier in this run.
    """
    own = row.own or row.body.get("external_id") or row.address
    differ = ", ".join(names) if names else "its data"
    which = f"{'the address' if identifier == 'email' else identifier} {show(own)}"
    if known is not None:
        at = dt.datetime.fromtimestamp(known.rest.sent_at or known.rest.changed_at, dt.UTC)
        source = f" from {run.name}" if run is not None and run.name else ""
        before = f"was imported on {at:%Y-%m-%d %H:%M} UTC{source} with other data"
        if known.state == RowState.HALF:
            before = f"{before}, and a change of it was under way when that run ended"
    elif there:
        before = "is in Leat with other data"
    else:
        before = f"came before: {other_data(identifier)}"
    if fixed:
        ways = (
            f"of that the API can't change {', '.join(fixed)}: correct the row, change it in Leat and leave it with "
            "on_change='skip'"
        )
    else:
        # Nothing of it is changed unless it may be emptied.
        only_empty = bool(names) and absent(row.content, names) == names
        update = "on_change='update' and clear_empty=True" if only_empty else "on_change='update'"
        ways = f"change it with {update}, leave it as it is with on_change='skip'"
    if identifier != "email":
        ways = f"{ways}, or if it is another one, give it an {identifier} of its own"
    return ChangedError(f"{which} {before} ({differ}): {ways}", tuple(names))


def earlier_error(known: Known, *, elsewhere: bool = False) -> EarlierError:
    """The error of a row that an earlier run left refused, or in doubt; `elsewhere`: it names another contact now."""
    text = known.rest.error or "sent in an earlier run, and nothing tells whether it was applied"
    error = EarlierError(text, known.rest.code or "EarlierError")
    if elsewhere:
        error.add_note("it can be asked about only as it was: this row names another contact than was sent")
    return error
