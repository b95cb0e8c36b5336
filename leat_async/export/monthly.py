"""A list as a file for each month, of which those that are over are read once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs

from .._core.digests import digest
from .arrow import pyarrow_or_advice
from .columns import Layout
from .kinds import KINDS
from .request import ExportRequest, Seen
from .run import ExportRun, ExportSummary
from .survey import Survey, Surveyor
from .windows import OVERLAP, moment_of, zone_of

MONTH = "{month}"
# Lists that can be bounded by when rows were made, and show it.
MONTHLY_KINDS: tuple[str, ...] = tuple(kind.name for kind in KINDS if kind.windowed and kind.dated)
# The present, for bounds that do not depend on it.
_NO_MATTER = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
# What the file of a month says of itself, beside its columns.
_TOLD = b"leat_async.month"


@attrs.frozen(kw_only=True)
class _Month:
    """A month of the zone, and the file of its rows."""

    name: str
    since: dt.datetime
    until: dt.datetime
    path: Path


@attrs.frozen(kw_only=True)
class _MonthFile:
    """What is in the file of a month: what was asked for, rows that had come by `passed`, and how many."""

    asked: str
    passed: dt.datetime
    rows: int


class MonthlyExport:
    """One export of many months; `request` is that of all of them."""

    def __init__(self, request: ExportRequest, target: str) -> None:
        Layout(request.kind, request.attributes, request.columns)  # what is wrong with the columns is told at once
        self._request = request
        self._target = target
        self._warnings: list[str] = []
        self._rows = self._pages = self._repeated = self._known = 0
        self._resumed = False
        self._surveyor = Surveyor(request.kind, request.resource, request.filters, self._warn)

    async def run(self) -> ExportSummary:
        """Read what is not there yet, and what may have got company since it was read."""
        pyarrow_or_advice("Parquet")
        survey = await self._surveyor.survey()
        months = list(self._months(survey.now))
        for month in await self._to_read(months, survey):
            month.path.parent.mkdir(parents=True, exist_ok=True)
            async with ExportRun(self._request_of(month)) as run:
                self._count(await run.to_path(month.path))
        if survey.undated:
            self._warn(
                f"{self._request.kind.name}: {survey.undated:,} rows don't tell when they were made: in no month"
            )
        return ExportSummary(
            path=self._target,
            rows=self._rows,
            pages=self._pages,
            repeated=self._repeated,
            known=self._known,
            since=months[0].since if months else None,
            until=months[-1].until if months else None,
            resumed=self._resumed,
            warnings=tuple(self._warnings),
        )

    def _months(self, now: dt.datetime) -> Iterator[_Month]:
        """The months from the first that is asked for to the present one."""
        request = self._request
        zone = zone_of(request.timezone)
        assert request.since is not None
        first = moment_of("since", request.since, zone, now).astimezone(zone)
        year, month = first.year, first.month
        while (since := _beginning(year, month, zone)) <= now:
            name = f"{year:04d}-{month:02d}"
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            path = Path(self._target.replace(MONTH, name))
            yield _Month(name=name, since=since, until=_beginning(year, month, zone), path=path)

    async def _to_read(self, months: list[_Month], survey: Survey) -> list[_Month]:
        """Those that are not over, or not read since they were, or have more rows than their files."""
        files = {month.name: self._file_of(month) for month in months}
        over: list[_Month] = []
        for month in months:
            file = files[month.name]
            # Whatever clock was wrong: by what the API itself had shown, the month was past, and late rows had come.
            if not self._request.fresh and file is not None and file.passed >= month.until + OVERLAP:
                over.append(month)
        late = await self._late(over, {month.name: file.rows for month in over if (file := files[month.name])})
        closed = [month for month in over if month not in late]
        self._known = sum(file.rows for month in closed if (file := files[month.name]))
        return [month for month in months if month not in closed]

    async def _late(self, over: list[_Month], rows: dict[str, int]) -> list[_Month]:
        """Months to which rows were added after they had been taken to be complete."""
        if not over:
            return []
        counted = await self._surveyor.count(over[0].since, over[-1].until)
        between = any(before.until != after.since for before, after in pairwise(over))
        if counted is None or (not between and counted == sum(rows.values())):
            return []
        found: list[_Month] = []
        for month in over:
            there = await self._surveyor.count(month.since, month.until)
            if there is not None and there > rows[month.name]:
                found.append(month)
                self._warn(
                    f"{self._request.kind.name}: {there - rows[month.name]:,} rows of {month.name} showed up late; "
                    "the month is read again"
                )
        return found

    def _file_of(self, month: _Month) -> _MonthFile | None:
        """What is in the file of a month; None if that has to be read in any case."""
        if not month.path.exists():
            return None
        arrow = pyarrow_or_advice("Parquet")
        try:
            found: Any = arrow.parquet.read_metadata(month.path)
            of_itself: dict[bytes, bytes] = found.metadata or {}
            told: dict[str, str] = json.loads(of_itself.get(_TOLD, b"{}"))
            file = _MonthFile(
                asked=told["asked"], passed=dt.datetime.fromisoformat(told["passed"]), rows=found.num_rows
            )
        except (OSError, ValueError, KeyError, arrow.ArrowException):
            return None
        return file if file.asked == self._asked(month) else None

    def _asked(self, month: _Month) -> str:
        """A digest of what the file of a month is to have: with other columns it is another file."""
        request = self._request
        filters = [f"{name}={value}" for name, value in sorted(request.filters.items())]
        columns = [column.name for column in Layout(request.kind, request.attributes, request.columns).columns]
        bounds = (month.since.isoformat(), month.until.isoformat())
        return digest("month", request.kind.name, *bounds, *filters, "columns", *columns)

    def _request_of(self, month: _Month) -> ExportRequest:
        def told(seen: Seen) -> None:
            if self._request.on_progress is not None:
                rows, pages = self._rows + seen.rows, self._pages + seen.pages
                self._request.on_progress(attrs.evolve(seen, rows=rows, pages=pages))

        def metadata(passed: str) -> dict[bytes, bytes]:
            return {_TOLD: json.dumps({"asked": self._asked(month), "passed": passed}).encode()}

        return attrs.evolve(
            self._request,
            since=month.since,
            until=month.until,
            part=metadata,
            on_progress=told,
            on_warning=self._warn,
        )

    def _count(self, summary: ExportSummary) -> None:
        self._rows += summary.rows
        self._pages += summary.pages
        self._repeated += summary.repeated
        self._resumed = self._resumed or summary.resumed

    def _warn(self, text: str) -> None:
        if text not in self._warnings:
            self._warnings.append(text)
            if self._request.on_warning is not None:
                self._request.on_warning(text)


def check_monthly(kind: str, target: str) -> None:
    """Refuse what can't be had by the month."""
    if kind not in MONTHLY_KINDS:
        known = " and ".join(MONTHLY_KINDS)
        raise ValueError(f"{kind} can't be had by the month, only {known} can; write one file")
    if MONTH not in target:
        raise ValueError(
            f"a file for each month has {MONTH} in its path, such as 'month={MONTH}/part.parquet', got {target!r}"
        )
    if not target.endswith(".parquet"):
        raise ValueError(f"the file of a month is Parquet, in which it says from when it is; got {target!r}")


def _beginning(year: int, month: int, zone: dt.tzinfo) -> dt.datetime:
    return moment_of("since", dt.date(year, month, 1), zone, _NO_MATTER)
