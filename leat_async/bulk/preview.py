"""A run without sending: what it would do with each row, by the same checks and the same memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .._core.clock import Clock
from .._core.pipeline import Pipeline
from ..resources.contacts import Contacts
from .addresses import Addresses
from .health import Health
from .intake import Intake
from .kinds import kind_of
from .ledger import Ledger, Note
from .options import Options
from .outcomes import BadRow, Outcome, Status, Tally
from .rows import ActiveRow, Row
from .seen import SeenKeys, fate_of
from .steps import Steps
from .store import LedgerStore, RefusedRow, newly_bound


class PastLedger(Ledger):
    """A ledger as it stands, beside whoever is using it: it is asked, and nothing is written down."""

    def __init__(self, store: LedgerStore) -> None:
        super().__init__(store)
        store.look_in()
        self.is_new: bool = not store.last_number
        self.has_earlier: bool = store.has_earlier

    def check(self, account: str | None, kind: str) -> None:
        """Raise `ConfigError`, as a run would, if it is another's; `account` None: nobody tells whose the token is."""
        newly_bound(self._store.name, self._store.held, account or self.account or "", kind)

    def record(self, note: Note | None, outcome: Outcome | None = None, refusal: RefusedRow | None = None) -> None:
        """Nothing becomes of a row here."""

    def close(self) -> None:
        """Let go of it."""
        self._store.close()


def preview(
    name: str, pipeline: Pipeline, rows: Iterable[Row | BadRow], ledger: PastLedger | None, options: Options
) -> Iterator[Outcome | ActiveRow]:
    """For each row the outcome that it would have unsent, or the row as it would be sent, asked about or updated."""
    seen, clock = SeenKeys(), Clock()
    # Nothing is sent, so nothing fails.
    health = Health(Tally(), clock, patience=options.patience, max_errors=None, stopped=lambda: None)
    addresses = Addresses(Contacts(pipeline), seen, ledger, health, create=options.create_contacts)
    kind = kind_of(name, pipeline, health, addresses, options, remembers=ledger is not None)
    intake = Intake((), kind, seen, ledger)
    steps = Steps(kind, ledger, clock, health, options)
    try:
        for given in rows:
            row = intake.check(given)
            if isinstance(row, Outcome):
                yield row
                continue
            # Without an account the identifier that a row is given is another one, but not its key.
            done = steps.recall(row, "")
            if done is None and row.occurrence and row.serial_key is not None:
                done = steps.duplicate(row, seen.fate(row.identity), "")
            if row.serial_key is not None:
                unsent = Outcome(index=row.index, row=row.given, status=Status.UNKNOWN if row.in_doubt else row.status)
                fate = fate_of(row, done or unsent)
                if fate is not None:
                    seen.settle(row.identity, fate)
            yield done or row
    finally:
        seen.close()
