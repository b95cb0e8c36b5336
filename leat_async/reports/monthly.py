"""A month's report: what is read for it, from where, and what can't be told."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar, cast

import attrs

from .._core.arguments import is_flag, is_function
from .._core.digests import digest
from ..client import LeatClient
from ..errors import ApiError, AuthenticationError, ConfigError, LeatError, NotFoundError
from ..export import to_file
from ..export.kinds import ExportKind, Line, kind_of
from ..export.pages import PageSource
from ..export.reading import batches
from ..export.request import Seen, request_of
from ..export.run import lines_of
from ..export.survey import Surveyor
from ..export.walk import WalkTally
from ..export.windows import When, zone_of
from .figures import CustomerFigures, DayFigures, Figures, LeftOut, PeriodFigures, ShopFigures
from .periods import PeriodPlan, Wall, plan_between, plan_of_month
from .reading import (
    CARD_COLUMNS,
    TRANSACTION_COLUMNS,
    CardLine,
    PrepaidLine,
    RowReader,
    TransactionLine,
    card_key,
    currency_of,
)
from .report import MonthlyReport
from .tally import ReportTally
from .texts import left_out

T = TypeVar("T")
_BEST = 10
# What owners ask for and the API can't tell.
_NEVER_TOLD = ("bookings", "orders", "by_shop", "reversed_claims", "reversed_money")


@attrs.frozen(kw_only=True)
class ReportRequest:
    """A report as it was asked for."""

    month: str | None
    since: When | None
    until: When | None
    timezone: str
    shop_timezones: Mapping[str, str]
    names: bool = attrs.field(validator=is_flag)
    keep: Path | None
    on_progress: Callable[[Seen], object] | None = attrs.field(validator=is_function)
    on_warning: Callable[[str], object] = attrs.field(validator=is_function)

    def plan(self, now: dt.datetime) -> PeriodPlan:
        """What is compared, seen from now."""
        zone = zone_of(self.timezone)
        if self.since is None:
            if self.until is not None:
                raise ValueError("until needs since, or give a month")
            return plan_of_month(self.month, zone, now)
        if self.month is not None:
            raise ValueError("give a month, or since and until, not both")
        return plan_between(self.since, self.until, zone, now)

    def check(self) -> None:
        """Refuse what can't be used, before anything is sent."""
        self.zones()
        self.plan(dt.datetime.now(dt.UTC))

    def zones(self) -> dict[str, dt.tzinfo]:
        """The time zones of shops that have another one."""
        return {shop: zone_of(name) for shop, name in self.shop_timezones.items()}


class MonthlyRun:
    """One report, on its way."""

    def __init__(self, leat: LeatClient, request: ReportRequest) -> None:
        self._leat = leat
        self._request = request
        self._left_out: list[LeftOut] = []
        self._rows = self._pages = 0
        self._kinds = {
            name: kind_of(getattr(leat, name))
            for name in ("loyalty_transactions", "giftcard_transactions", "prepaid_transactions", "visits", "vouchers")
        }
        self._reader = RowReader(self._kinds)

    async def report(self) -> MonthlyReport:
        """Read everything, and compute the figures."""
        now = (await self._surveyor("loyalty_transactions").survey()).now
        # It is told in whole seconds, and what was made in the last of them is there.
        plan = self._request.plan(now + dt.timedelta(seconds=1))
        tally = ReportTally(plan, self._request.zones())
        until = dt.datetime.fromtimestamp(tally.last, dt.UTC)
        account = await self._account()
        await self._transactions(tally, until)
        await self._told("gift cards", self._gift_cards(tally, until), tally.forget_gift_cards)
        await self._told("prepaid money", self._prepaid(tally), tally.forget_prepaid)
        await self._told("visits", self._visits(tally))
        await self._told("vouchers", self._vouchers(tally))
        await self._told("registrations", self._registrations(tally), tally.registrations.clear)
        return await self._report(tally, now, account)

    async def _transactions(self, tally: ReportTally, until: dt.datetime) -> None:
        reader = self._reader
        if self._request.keep is None:
            async for lines in self._lines("loyalty_transactions", TransactionLine, until=until):
                tally.transactions(reader.transactions(lines))
            return
        for path in await self._kept(self._request.keep, "loyalty_transactions", TRANSACTION_COLUMNS):
            for columns in reader.kept_transactions(path):
                tally.transactions(columns)

    async def _gift_cards(self, tally: ReportTally, until: dt.datetime) -> None:
        reader = self._reader
        async for cards in self._models("giftcards"):
            for card in cards:
                reader.currencies[card_key(card)] = currency_of(card.display_amount)
        signs = set(reader.currencies.values())
        if len(signs) <= 1:
            reader.only_currency = "".join(signs)
            reader.currencies.clear()
        if self._request.keep is None:
            async for lines in self._lines("giftcard_transactions", CardLine, until=until):
                tally.gift_cards(reader.cards(lines))
            return
        for path in await self._kept(self._request.keep, "giftcard_transactions", CARD_COLUMNS):
            for rows in reader.kept_cards(path):
                tally.gift_cards(rows)

    async def _prepaid(self, tally: ReportTally) -> None:
        async for lines in self._lines("prepaid_transactions", PrepaidLine):
            tally.prepaid(self._reader.prepaid(lines))

    async def _visits(self, tally: ReportTally) -> None:
        counts = tally.count(())
        async for visits in self._models("visits"):
            moments = [visit.starts_at or visit.created_at for visit in visits]
            self._reader.undated += moments.count(None)
            _add(counts, tally.count(_dated(moments)))
        tally.visits = counts

    async def _vouchers(self, tally: ReportTally) -> None:
        activated, redeemed = tally.count(()), tally.count(())
        async for vouchers in self._models("vouchers"):
            _add(activated, tally.count(_dated(voucher.activation_date for voucher in vouchers)))
            _add(redeemed, tally.count(_dated(voucher.redeemed_at for voucher in vouchers)))
        tally.activated, tally.redeemed = activated, redeemed

    async def _registrations(self, tally: ReportTally) -> None:
        plan = tally.plan
        surveyor = Surveyor(kind_of(self._leat.contacts), self._leat.contacts, {}, self._request.on_warning)
        for part in dict.fromkeys((plan.current, plan.previous, plan.year_before, *plan.months)):
            since, until = part.moments(plan.zone)
            found = await surveyor.count(since, until) if since < until else 0
            if found is None:
                found = sum([len(rows) async for rows in self._lines("contacts", Line, since=since, until=until)])
            tally.registrations[part] = found

    async def _told(self, what: str, work: Awaitable[None], forget: Callable[[], object] = lambda: None) -> None:
        """Do a part that accounts may do without; what the API refuses, be it halfway, is left out and named."""
        try:
            await work
        except AuthenticationError:
            raise
        except ApiError as error:
            forget()
            self._left_out.append(left_out("refused", what, f"{error.status}, {error.message}"))

    async def _lines(
        self, name: str, model: type[Any], *, since: dt.datetime | None = None, until: dt.datetime | None = None
    ) -> AsyncGenerator[list[Any], None]:
        request = self._export(name, since, until)
        async for lines in self._batches(request, lines_of(request, model)):
            yield lines

    async def _models(self, name: str) -> AsyncGenerator[list[Any], None]:
        resource = getattr(self._leat, name)
        source: PageSource[Any] = PageSource(resource._pipeline, lambda query: resource.list(**query))
        async for rows in self._batches(self._export(name, None, None), source):
            yield rows

    async def _batches(self, request: Any, source: PageSource[T]) -> AsyncGenerator[list[T], None]:
        walked = WalkTally()
        async with aclosing(batches(request, source, walked)) as found:
            async for rows in found:
                self._rows += len(rows)
                if self._request.on_progress is not None:
                    pages = self._pages + walked.pages
                    self._request.on_progress(Seen(rows=self._rows, pages=pages, expected=None))
                yield rows
        self._pages += walked.pages

    def _export(self, name: str, since: dt.datetime | None, until: dt.datetime | None) -> Any:
        return request_of(
            getattr(self._leat, name),
            since=since,
            until=until,
            timezone="UTC",
            ahead=8,
            filters={},
            on_warning=self._request.on_warning,
        )

    async def _kept(self, folder: Path, name: str, columns: Sequence[str]) -> list[Path]:
        """The Parquet files of a list, after what is new has been added to them."""
        files = _kept_files(folder, name)
        number = int(files[-1].name.split(".")[1]) + 1 if files else 1
        added = folder / f"{name}.{number:06}.parquet"
        before = self._rows, self._pages

        def seen(progress: Seen) -> None:
            self._rows, self._pages = before[0] + progress.rows, before[1] + progress.pages
            if self._request.on_progress is not None:
                self._request.on_progress(Seen(rows=self._rows, pages=self._pages, expected=None))

        summary = await to_file(
            getattr(self._leat, name),
            added,
            columns=columns,
            incremental=folder / f"{name}.state",
            on_progress=seen,
            on_warning=self._request.on_warning,
        )
        if not summary.rows:
            added.unlink()
            return files
        return [*files, added]

    def _surveyor(self, name: str) -> Surveyor:
        kind: ExportKind = self._kinds[name]
        return Surveyor(kind, getattr(self._leat, name), {}, self._request.on_warning)

    async def _account(self) -> str | None:
        try:
            answer: Any = await self._leat.system.health_check()
        except AuthenticationError:
            raise
        except LeatError:
            return None
        name = cast(dict[str, Any], answer).get("company") if isinstance(answer, dict) else None
        return name if isinstance(name, str) else None

    async def _report(self, tally: ReportTally, now: dt.datetime, account: str | None) -> MonthlyReport:
        plan = tally.plan
        parts = (plan.current, plan.previous, plan.year_before)
        whole = tally.figures((*parts, *plan.months))
        periods = [_period(part, figures) for part, figures in zip((*parts, *plan.months), whole, strict=True)]
        shops = [self._shop(tally, key, parts) for key in tally.places]
        return MonthlyReport(
            account=account,
            made_at=now.isoformat(),
            timezone=self._request.timezone,
            complete=plan.complete,
            current=periods[0],
            previous=periods[1],
            year_before=periods[2],
            shops=sorted(shops, key=lambda shop: (not shop.uuid, -shop.current.transactions, shop.name, shop.uuid)),
            months=periods[3:],
            days=[
                DayFigures(day=day.isoformat(), transactions=tally.days[day], credits_given=tally.given[day])
                for day in plan.days
            ],
            hours=tally.hours,
            best_customers=[
                CustomerFigures(customer=await self._customer(contact), credits=given, transactions=rows)
                for contact, given, rows in tally.best(_BEST)
            ],
            left_out=[*self._left_out, *self._odd(tally, whole), *map(left_out, _NEVER_TOLD)],
        )

    def _shop(self, tally: ReportTally, key: str, parts: Sequence[Wall]) -> ShopFigures:
        current, previous, year_before = tally.figures_of(key, parts)
        return ShopFigures(
            uuid=key,
            name=self._reader.shops.get(key, ""),
            timezone=self._request.shop_timezones.get(key, self._request.timezone),
            current=current,
            previous=previous,
            year_before=year_before,
        )

    def _odd(self, tally: ReportTally, whole: Sequence[Figures]) -> Iterator[LeftOut]:
        if self._reader.undated:
            yield left_out("undated", f"{self._reader.undated:,}")
        if tally.unknown_types:
            types = ", ".join(repr(name) for name in sorted(tally.unknown_types))
            yield left_out("unknown_types", f"{tally.unknown_types.total():,}", types)
        unseen = self._request.shop_timezones.keys() - tally.places.keys()
        if unseen:
            yield left_out("unseen_shops", detail=", ".join(sorted(unseen)))
        if any("" in figures.gift_cards for figures in whole):
            yield left_out("currency")

    async def _customer(self, contact: str) -> str:
        if self._request.names:
            try:
                found = await self._leat.contacts.get(contact)
            except NotFoundError:
                pass
            else:
                if found.email:
                    return found.email
        return f"guest {digest('report', contact)[:8]}"


def _kept_files(folder: Path, name: str) -> list[Path]:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"keep: {folder} is no folder that can be used: {error.strerror}") from None
    return sorted(folder.glob(f"{name}.*.parquet"))


def _period(part: Wall, figures: Figures) -> PeriodFigures:
    def told(wall: dt.datetime) -> str:
        return wall.isoformat(timespec="seconds")

    return PeriodFigures(since=told(part.since), until=told(part.until), figures=figures)


def _dated(moments: Iterable[dt.datetime | None]) -> list[float]:
    return [moment.timestamp() for moment in moments if moment is not None]


def _add(counts: list[int], more: Sequence[int]) -> None:
    for at, count in enumerate(more):
        counts[at] += count
