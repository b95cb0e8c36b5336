"""Several imports, one after the other: `leat import all` and `leat import balances`."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import attrs

from ..bulk.kinds import BATCH_CALLS
from ..tables.mapping_file import load_programme
from ..tables.table import ImportKind
from ..tables.targets import ROW_KINDS
from . import importing
from .account import demo_sandbox
from .exits import Exit, Stop, worst
from .import_options import ImportOptions
from .outputs import check_report, write_report

# What others name goes before them: contacts before cards, cards before points, categories before products.
ORDER: tuple[ImportKind, ...] = (
    "contacts", "contact_identifiers", "product_categories", "products", "credit_receptions", "vouchers", "orders",
    "visits", "bookings",
)  # fmt: skip
_PROGRAMME = "programme.toml"
_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsb", ".xls", ".ods", ".jsonl", ".json", ".parquet", ".gz", ".zip")
# Ends after which what comes next would do no better.
_ENDS = (Exit.AUTHENTICATION, Exit.TRY_AGAIN, Exit.MAX_ERRORS, Exit.INTERRUPTED, Exit.USAGE)
# Options that only some kinds have.
_OF_SOME = ("shop", "batch", "create_contacts", "ensure_identity", "identity_attribute", "batch_calls")


def all_of(path: Path, common: Mapping[str, Any], report: Path | None) -> Exit:
    """Import what a programme file names, or the files of a directory that are called as kinds are."""
    if not path.exists():
        raise Stop(f"{path}: there is no such file or directory")
    if path.is_dir():
        named = path / _PROGRAMME
        found = load_programme(named) if named.exists() else _by_name(path)
        folder = path
    else:
        found, folder = load_programme(path), path.parent
    return _one_after_the_other(found, folder, common, report)


def balances(file: str, common: Mapping[str, Any], report: Path | None) -> Exit:
    """Import a file of members: contacts, their cards, and the points that they begin with."""
    # One for each member: points that have changed since are a change, and not points once more.
    each = common.get("batch") or "opening balance"
    parts: dict[str, dict[str, Any]] = {
        "contacts": {"only_with": ["email"]},
        "contact_identifiers": {"only_with": ["contact_identifier_value", "contact_email"]},
        "credit_receptions": {
            "only_with": ["credits", "contact_email"],
            "ensure_identity": True,
            "one_each": each,
        },
    }
    return _one_after_the_other({kind: {"file": file, **own} for kind, own in parts.items()}, Path(), common, report)


def _by_name(folder: Path) -> dict[str, dict[str, Any]]:
    """The files of a folder that are called as kinds are."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.iterdir()):
        name = Path(file.name.lower())
        kind = name.name.partition(".")[0].replace("-", "_")
        if kind not in ROW_KINDS or name.suffix not in _ENDINGS or ".rejects" in name.suffixes:
            continue
        if kind in found:
            raise Stop(
                f"{folder}: {found[kind]['file']} and {file.name} both hold {kind}; leave one, or write a {_PROGRAMME}"
            )
        found[kind] = {"file": file.name}
        mapping = folder / f"{file.name.partition('.')[0]}.toml"
        if mapping.exists():
            found[kind]["mapping"] = mapping
    if not found:
        kinds = ", ".join(kind.replace("_", "-") for kind in ORDER)
        raise Stop(f"{folder}: there is no {_PROGRAMME}, and no file called {kinds}, such as contacts.csv")
    return found


def _one_after_the_other(
    found: Mapping[str, Mapping[str, Any]], folder: Path, common: Mapping[str, Any], report: Path | None
) -> Exit:
    """Import each in turn; what can't begin ends all, what is refused in one does not."""
    made = [_options(kind, found[kind], folder, common) for kind in ORDER if kind in found]
    check_report(report, [("a file to import", Path(options.file)) for options in made if options.file != "-"])
    codes: list[Exit] = []
    told: list[Any] = []
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="leat-"))
        running = stack.enter_context(demo_sandbox()) if common["sandbox"] else None
        places = {options.kind: Path(scratch) / f"{options.kind}.json" for options in made}
        wanted = report is not None and not common["dry_run"]
        made = [
            attrs.evolve(options, running=running, report=places[options.kind] if wanted else None) for options in made
        ]
        # A column that the last one misses is told before the first one has begun.
        ready = [importing.made_ready(options, Path(scratch)) for options in made]
        for number, each in enumerate(ready, 1):
            kind = each.options.kind
            print(f"\n{number} of {len(ready)}: {kind.replace('_', '-')}", file=sys.stderr)
            codes.append(importing.begin(each))
            if places[kind].exists():
                told.append(json.loads(places[kind].read_text(encoding="utf-8")))
            if codes[-1] in _ENDS:
                break
    if report is not None and told:
        write_report(report, json.dumps({"imports": told}, indent=2).encode() + b"\n")
    left = [options.kind for options in made[len(codes) :]]
    if left:
        names = ", ".join(left).replace("_", "-")
        resume = "" if common["sandbox"] else "; the same command again goes on"
        print(f"leat: {names} not begun{resume}", file=sys.stderr)
    return Exit.USAGE if Exit.USAGE in codes else worst(codes)


def _options(kind: ImportKind, told: Mapping[str, Any], folder: Path, common: Mapping[str, Any]) -> ImportOptions:
    given = dict(told)
    file = str(folder / given.pop("file"))
    readers = ROW_KINDS[kind].readers
    fits = {
        "shop": "shop_uuid" in readers,
        "batch": kind in ("visits", "bookings", "credit_receptions"),
        "create_contacts": "contact_email" in readers,
        "ensure_identity": kind == "credit_receptions",
        "identity_attribute": kind == "credit_receptions",
        "batch_calls": kind in BATCH_CALLS,
    }
    own = {name: value for name, value in common.items() if name not in _OF_SOME or fits[name]}
    said = {
        name: given.pop(name) for name in (*_OF_SOME, "on_change", "only_with", "one_each", "mapping") if name in given
    }
    own = {**own, **{name: value for name, value in said.items() if own.get(name) in (None, False)}}
    options = ImportOptions(kind=kind, file=file, of_several=True, **own)
    return options.with_defaults(cast(dict[str, Any], {"map": [], "set": [], **given}))
