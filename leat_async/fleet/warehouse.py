"""Lists of many accounts as a source for dlt, by way of Arrow (extra `dlt`)."""

from __future__ import annotations

import datetime as dt
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from .. import export
from .._core.arguments import texts_of
from .._core.digests import digest
from ..errors import ConfigError
from ..export.arrow import pyarrow_or_advice
from ..export.kinds import KINDS
from ..export.windows import OVERLAP, When, moment_of, zone_of
from ..sync import LeatClient
from ..sync import export as sync_export
from .jobs import FleetAccount
from .running import settings_of

# Of lists that can be asked for by when rows were made: before all of them.
_BEFORE_ALL = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_BATCH = 10_000
_KINDS = {kind.name: kind for kind in KINDS}


def dlt_source(
    accounts: Iterable[FleetAccount],
    kinds: Iterable[str],
    *,
    since: When | None = None,
    timezone: str = "UTC",
    attributes: Sequence[str] = (),
) -> Any:
    """Make a source that loads lists of accounts into a warehouse, a table for each kind of list.

    Lists that can be bounded by `created_at` and show it (`loyalty_transactions`, `giftcard_transactions`) are loaded
    incrementally: each run reads what is new, from an hour before the newest row that is loaded. All others are read
    whole each time. Rows are merged by `account` and `row_key`, so that none is there twice; rows that were deleted in
    Leat stay.

    Parameters:
        accounts: `FleetAccount`s; their names are in the column `account`.
        kinds: what `leat export` lists, such as "loyalty_transactions" or "contacts".
        since: of lists with `created_at`, only rows made at or after this, as for `export.rows`.
        timezone: where days, months and text without an offset are.
        attributes: custom attributes that get a column of their own.

    Returns:
        A `dlt` source, with a resource for each kind and account, for `pipeline.run(…)`. What can't be promised is told
        as an `ExportWarning` while it runs.

    Raises:
        ConfigError: dlt or pyarrow is not installed.
        ValueError, TypeError: a kind, an account or a bound that can't be used; nothing is sent then.

    Repeating: safe. Facts: as for `export.rows`.
    """
    dlt = _dlt()
    if not isinstance(cast("object", accounts), Iterable):
        raise TypeError(f"accounts must be a list of FleetAccounts, got {type(accounts).__name__}")
    listed, wanted, attributes = list(accounts), texts_of("kinds", kinds), texts_of("attributes", attributes)
    for account in listed:
        if not isinstance(account, FleetAccount):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"accounts are FleetAccounts, got {type(account).__name__}")
    if len({account.name for account in listed}) < len(listed):
        raise ValueError("two accounts have the same name, by which their rows are told apart; give each its own")
    for kind in wanted:
        if kind not in _KINDS:
            raise ValueError(f"there is no list {kind!r}; there are {', '.join(_KINDS)}")
    # Wrong bounds are wrong at any time.
    zone = zone_of(timezone)
    begin = None if since is None else moment_of("since", since, zone, dt.datetime.now(dt.UTC))

    def resources() -> Iterator[Any]:
        for kind in wanted:
            for account in listed:
                yield _resource(dlt, account, kind, begin, attributes)

    return dlt.source(resources, name="leat")()


def _dlt() -> Any:
    try:
        return import_module("dlt")
    except ImportError:
        raise ConfigError("a source for dlt needs an extra: pip install 'leat-async[dlt]'") from None


def _resource(dlt: Any, account: FleetAccount, kind: str, since: dt.datetime | None, attributes: Sequence[str]) -> Any:
    """The rows of an account, in the table of all accounts; each has its own cursor, since accounts come and go."""
    how: dict[str, Any] = {
        "name": f"{kind}_{account.name}",
        "table_name": kind,
        "primary_key": ("account", "row_key"),
        "write_disposition": "merge",
    }
    if not _is_incremental(kind):
        bound = since if _KINDS[kind].dated or _KINDS[kind].windowed else None
        return dlt.resource(lambda: _tables(account, kind, bound, attributes), **how)()
    newest = dlt.sources.incremental(
        "created_at",
        initial_value=since or _BEFORE_ALL,
        lag=OVERLAP.total_seconds(),
        on_cursor_value_missing="include",
    )

    def rows(created_at: Any = newest) -> Iterator[Any]:
        begin: dt.datetime = created_at.start_value
        yield from _tables(account, kind, None if begin <= _BEFORE_ALL else begin, attributes)

    return dlt.resource(rows, **how)()


def _is_incremental(kind: str) -> bool:
    return _KINDS[kind].windowed and _KINDS[kind].dated


def _tables(account: FleetAccount, kind: str, since: dt.datetime | None, attributes: Sequence[str]) -> Iterator[Any]:
    """The rows as Arrow tables, by way of a file, so that memory does not grow with them."""
    arrow = pyarrow_or_advice("A source for dlt")
    with tempfile.TemporaryDirectory(prefix="leat-") as scratch:
        path = Path(scratch) / f"{kind}.parquet"
        with LeatClient(**settings_of(account)) as leat:
            summary = sync_export.to_file(getattr(leat, kind), path, since=since, attributes=attributes)
        for text in summary.warnings:
            warnings.warn(f"{account.name}: {text}", export.ExportWarning, stacklevel=2)
        with arrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                yield _keyed(arrow, arrow.Table.from_batches([batch]), account.name)


def _keyed(arrow: Any, table: Any, account: str) -> Any:
    """With the account, and what tells a row from all others of it: its uuid, or its id where old ones have none."""
    text = arrow.string()
    found = [table[name].cast(text) for name in ("uuid", "id") if name in table.column_names]
    key = arrow.compute.coalesce(*[arrow.compute.if_else(arrow.compute.equal(one, ""), None, one) for one in found])
    if key.null_count:
        # Of rows that tell nothing of their own, those with the same content are one.
        contents = zip(key.to_pylist(), table.to_pylist(), strict=True)
        key = arrow.array([known or digest("row", repr(row)) for known, row in contents], text)
    whose = arrow.repeat(arrow.scalar(account, text), len(table))
    for name, column in (("account", whose), ("row_key", key)):
        table = table.append_column(arrow.field(name, text, nullable=False), column)
    return table
