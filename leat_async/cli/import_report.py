"""`leat import report`, and the page that an import writes itself."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from ..bulk.kinds import UNDOING
from ..bulk.places import LedgerPlace
from ..reports import ImportReport, imported
from .exits import Exit, Stop
from .ledger_choice import Choice, latest, only
from .outputs import check_page, check_place, write_report
from .rejected import worded

_ENDINGS = (".html", ".json")


def report(choice: Choice, run: int | None, output: Path | None) -> Exit:
    """Tell how an import went."""
    found, code = choice.found()
    if output is None and sys.stdout.isatty():
        raise Stop("a page is nothing for a terminal: -o import.html")
    if output is not None and str(output) != "-":
        if output.suffix.lower() not in _ENDINGS:
            raise Stop(f"-o {output}: its ending tells no format; end it in {' or '.join(_ENDINGS)}")
        check_place("-o", output)
    else:
        output = None
    as_json = output is not None and output.suffix.lower() == ".json"
    if not as_json:
        check_page("-o", output, [])
    undone = {kind.name for kind in UNDOING.values()}
    # What was taken back leaves the import what it was; of the taking back it is only where that is named.
    found = [each for each in found if each.kind not in undone] or found
    one = latest(found) if run is None else only(found, "a run's number is its own ledger's")
    told = report_of(one.place, run)
    write_report(output or Path("/dev/stdout"), told.to_json() if as_json else told.to_html().encode())
    if output is not None:
        print(f"{output}: run {told.run.run} of {told.kind}, {told.account}", file=sys.stderr)
    return code


def report_of(ledger: LedgerPlace, run: int | None = None) -> ImportReport:
    """The report of a run, its reasons in the words of the command line."""
    found = imported(ledger, run)
    failures = [msgspec.structs.replace(one, text=worded(one.text)) for one in found.failures]
    return msgspec.structs.replace(found, failures=failures)
