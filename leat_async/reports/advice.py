"""What to do next after an import."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .import_figures import Advice, FailureFigures, RunFigures

# Why a run ended before its rows did, and what helps.
_STOPPED = {
    "broken off": "It was killed, or the machine stopped",
    "interrupted": "It was interrupted",
    "authentication": "The token was not accepted: set one that is",
    "permission": "The token may not do this: give it the right, or set one that has it",
    "maintenance": "Leat is in maintenance: wait until it is over",
    "unreachable": "Leat could not be reached: see to the connection, or wait",
    "max_errors": "Too many rows failed: see to the reasons below",
    "failed": "It failed",
}
_AGAIN = "the same import again goes on where this ended, and nothing goes twice"
_CHANGED = "ChangedError"


def advice(
    run: RunFigures, failures: Sequence[FailureFigures], in_doubt: int, *, asks_itself: bool
) -> Iterator[Advice]:
    """What to do next, the most pressing first."""
    if run.state == "running":
        yield Advice(code="running", text="Wait: the import is still going on, and this is how far it is.")
    elif run.state != "done":
        text = f"{_STOPPED.get(run.state, f'It ended early ({run.state})')}; {_AGAIN}."
        yield Advice(code="again", text=text)
    if in_doubt and run.state != "running":
        whether = f"{_rows(in_doubt)} sent, and nothing tells yet whether Leat has them"
        if asks_itself:
            yield Advice(code="in_doubt", text=f"{whether}: the next import that has them asks Leat.")
        else:
            yield Advice(code="in_doubt", text=f"{whether}: `leat import resolve` goes through them with you.")
    changed = sum(one.rows for one in failures if one.code == _CHANGED)
    if changed:
        yield Advice(
            code="changed",
            text=f"{_rows(changed)} known with other data: import again with `--on-change update` to change them in "
            "Leat, or with `--on-change skip` to leave them as they are.",
        )
    refused = run.rejected - changed
    if refused > 0:
        yield Advice(
            code="rejected",
            text=f"{_rows(refused)} refused, for the reasons below: correct them in the rejects file or in the file "
            "itself, and import that; rows that are done are known.",
        )
    if run.rate_limited:
        times = f"{run.rate_limited:,} times" if run.rate_limited > 1 else "once"
        yield Advice(
            code="rate_limited",
            text=f"Leat answered 429 {times}: something else uses the limit of this token. `leat pace` shows what "
            "shares it on this machine; `--rate` leaves room for what does not.",
        )
    total = sum(run.waits.values())
    if total and run.waits.get("pace", 0.0) > total / 2:
        yield Advice(
            code="pace",
            text="Most of the time went by with keeping to the pace, which is what Leat allows: neither more "
            "concurrency nor a quicker machine shortens that.",
        )


def _rows(count: int) -> str:
    return f"{count:,} rows were" if count != 1 else "1 row was"
