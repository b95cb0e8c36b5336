"""Counting rows as they go by: per shop and bucket, in memory that grows with customers and not with rows."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import repeat
from typing import Any, NamedTuple, TypeAlias, TypeVar

from .figures import Figures, MoneyFigures, UnitFigures
from .periods import PeriodPlan, Wall, moment_on

K = TypeVar("K")
# What a value of a unit is counted in, so that sums don't depend on the order of the rows.
_MILLIONTH = 1_000_000
# Seconds in which no clock shows another hour: offsets are so many quarters of an hour.
_QUARTER = 900
_RECEPTION, _REWARD, _OTHER = range(3)
_TYPES: dict[str | None, int] = {
    "credit_reception": _RECEPTION,
    "reward_reception": _REWARD,
    "digital_reward_reception": _REWARD,
}
# What stands for no customer.
_NOBODY = hash("")
# The places of a bucket's sums.
_ROWS, _GIVEN, _REVERSED, _SPENT, _MOVED, _CLAIMS = range(6)


# Loyalty transactions, a column for each thing that is counted: moments, all of them aware or all of them in seconds
# since 1970, types, credits, contacts, shops ("" for none), units, values in them.
Columns: TypeAlias = tuple[
    Sequence[float] | Sequence[dt.datetime],
    Sequence[str | None],
    Sequence[int],
    Sequence[str],
    Sequence[str],
    Sequence[str | None],
    Sequence[float | None],
]


class Movement(NamedTuple):
    """Money put on something (positive) or taken off it."""

    moment: float
    cents: int
    currency: str
    shop: str


# What a clock shows in each quarter: the day, the counts of its weekday's hours, and the hour.
_Clock: TypeAlias = dict[int, tuple[dt.date, list[int], int]]


class _Place:
    """A shop, or all that is told of none: its clock, and its sums."""

    def __init__(self, walls: Sequence[dt.datetime], zone: dt.tzinfo, clock: _Clock) -> None:
        self.zone: dt.tzinfo = zone
        self.clock: _Clock = clock
        self.walls: list[dt.datetime] = [moment_on(wall, zone) for wall in walls]
        self.cuts: list[float] = [wall.timestamp() for wall in self.walls]
        self.sums: list[list[int]] = [[0] * 6 for _ in range(len(walls) + 1)]
        # In which buckets each customer was active, a bit each; customers by a short key. Those of the bucket that is
        # being counted wait together.
        self._masks: dict[int, int] = {}
        self._bucket = 0
        self._active: set[int] = set()
        self.units: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
        self.cards: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        self.prepaid: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0])

    def shown(self, quarter: int, hours: Sequence[list[int]]) -> tuple[dt.date, list[int], int]:
        """What the clock shows in a quarter of an hour; `hours` are the counts of each weekday's."""
        found = self.clock.get(quarter)
        if found is None:
            local = dt.datetime.fromtimestamp(quarter * _QUARTER, self.zone)
            found = self.clock[quarter] = local.date(), hours[local.weekday()], local.hour
        return found

    def see(self, bucket: int, contacts: Iterable[str]) -> None:
        """These were active in a bucket; "" is nobody."""
        if bucket != self._bucket:
            self._settle()
            self._bucket = bucket
        self._active.update(map(hash, contacts))

    def _settle(self) -> None:
        self._active.discard(_NOBODY)
        masks, active = self._masks, self._active
        # As `masks[key] = masks.get(key, 0) | bit` for each, in a fraction of the time.
        before = map(masks.get, active, repeat(0))
        masks.update(zip(active, map(int.__or__, before, repeat(1 << self._bucket)), strict=False))
        self._active = set()

    @property
    def masks(self) -> Mapping[int, int]:
        """In which buckets each customer was active, a bit each."""
        self._settle()
        return self._masks


class ReportTally:
    """What all rows come to. `zones`: the time zones of shops, by uuid, where they differ from the plan's."""

    def __init__(self, plan: PeriodPlan, zones: Mapping[str, dt.tzinfo]) -> None:
        self.plan = plan
        self._walls = plan.walls
        self._zones = zones
        self.places: dict[str, _Place] = {}
        self._first, self._end = plan.buckets(plan.current)
        self.days: Counter[dt.date] = Counter()
        self.given: Counter[dt.date] = Counter()
        self.hours: list[list[int]] = [[0] * 24 for _ in range(7)]
        self._earned: dict[str, list[int]] = {}
        self.visits: list[int] | None = None
        self.activated: list[int] | None = None
        self.redeemed: list[int] | None = None
        self.registrations: dict[Wall, int] = {}
        self.unknown_types: Counter[str] = Counter()
        self._clocks: dict[str, _Clock] = {}
        self._main = _Place(self._walls, plan.zone, {})

    def place(self, shop: str) -> _Place:
        """The sums of a shop; "" for rows that name none."""
        found = self.places.get(shop)
        if found is None:
            zone = self._zones.get(shop, self.plan.zone)
            found = self.places[shop] = _Place(self._walls, zone, self._clocks.setdefault(str(zone), {}))
        return found

    @property
    def last(self) -> float:
        """The first moment that is in no period any more, on any clock."""
        zones = {self.plan.zone, *self._zones.values()}
        return max(moment_on(self._walls[-1], zone).timestamp() for zone in zones)

    def transactions(self, columns: Columns) -> None:
        """Count loyalty transactions: those of one shop and bucket together, which is quicker than one by one."""
        if not columns[0]:
            return
        for shop, rows in _parted(columns[4], columns):
            place = self.places.get(shop) or self.place(shop)
            moments: Any = rows[0]
            cuts: Any = place.cuts if type(moments[0]) is float else place.walls
            bucket = bisect_right(cuts, min(moments))
            if bucket == bisect_right(cuts, max(moments)):
                self._together(place, bucket, rows)
                continue
            for bucket, some in _parted([bisect_right(cuts, moment) for moment in moments], rows):
                self._together(place, bucket, some)

    def _together(self, place: _Place, bucket: int, rows: Sequence[Sequence[Any]]) -> None:
        if bucket == len(self._walls):
            return
        moments, kinds, moved, contacts, _, units, values = rows
        place.sums[bucket][_ROWS] += len(moments)
        for kind, some in _parted(kinds, (moved, units, values)):
            self._kind(place, bucket, kind, *some)
        place.see(bucket, contacts)
        if self._first <= bucket < self._end:
            self._closely(place, moments, kinds, moved, contacts)

    def _kind(
        self,
        place: _Place,
        bucket: int,
        kind: str | None,
        moved: Sequence[int],
        units: Sequence[str | None],
        values: Sequence[float | None],
    ) -> None:
        known, sums, total = _TYPES.get(kind, _OTHER), place.sums[bucket], sum(moved)
        if known == _REWARD:
            sums[_SPENT] += total
            sums[_CLAIMS] += len(moved)
        elif known == _OTHER:
            sums[_MOVED] += total
            self.unknown_types[kind or ""] += len(moved)
        else:
            back = sum([change for change in moved if change < 0]) if min(moved) < 0 else 0
            sums[_GIVEN] += total - back
            sums[_REVERSED] += back
            for unit, (changes, worth) in _parted(units, (moved, values)):
                if unit is not None:
                    _add_values(place.units, (bucket, unit), changes, worth)

    def _closely(
        self,
        place: _Place,
        moments: Sequence[Any],
        kinds: Sequence[str | None],
        moved: Sequence[int],
        contacts: Sequence[str],
    ) -> None:
        """What is told of the period only."""
        quarters = [int((moment if type(moment) is float else moment.timestamp()) // _QUARTER) for moment in moments]
        for quarter, rows in Counter(quarters).items():
            day, hours, hour = place.shown(quarter, self.hours)
            self.days[day] += rows
            hours[hour] += rows
        clock, earned = place.clock, self._earned
        for quarter, kind, change, contact in zip(quarters, kinds, moved, contacts, strict=True):
            if _TYPES.get(kind) != _RECEPTION:
                continue
            if change > 0:
                self.given[clock[quarter][0]] += change
            if contact:
                known = earned.get(contact)
                if known is None:
                    earned[contact] = [change, 1]
                else:
                    known[0] += change
                    known[1] += 1

    def gift_cards(self, rows: Iterable[Movement]) -> None:
        """Count transactions of gift cards."""
        for row in rows:
            place = self.place(row.shop)
            _move(place.cards, bisect_right(place.cuts, row.moment), row)

    def prepaid(self, rows: Iterable[Movement]) -> None:
        """Count prepaid transactions."""
        for row in rows:
            place = self.place(row.shop)
            _move(place.prepaid, bisect_right(place.cuts, row.moment), row)

    def forget_gift_cards(self) -> None:
        """Drop what was counted of gift cards: it is not all."""
        for place in self.places.values():
            place.cards.clear()

    def forget_prepaid(self) -> None:
        """Drop what was counted of prepaid transactions."""
        for place in self.places.values():
            place.prepaid.clear()

    def count(self, moments: Iterable[float]) -> list[int]:
        """How many of the moments are in each bucket, on the account's clock."""
        counts = [0] * (len(self._walls) + 1)
        for moment in moments:
            counts[bisect_right(self._main.cuts, moment)] += 1
        return counts

    def best(self, most: int) -> list[tuple[str, int, int]]:
        """The contacts with most credits in the period, with these and their receptions."""
        ranked = nsmallest(most, self._earned.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
        return [(contact, given, rows) for contact, (given, rows) in ranked if given > 0]

    def figures_of(self, shop: str, parts: Sequence[Wall]) -> list[Figures]:
        """The figures of one shop, for each part."""
        place = self.places[shop]
        masks = Counter(place.masks.values())
        return [self._figures(part, [place], masks) for part in parts]

    def figures(self, parts: Sequence[Wall]) -> list[Figures]:
        """The figures of the account, for each part."""
        places = list(self.places.values())
        masks = _union([place.masks for place in places])
        return [self._figures(part, places, masks, whole=True) for part in parts]

    def _figures(
        self, part: Wall, places: Sequence[_Place], masks: Mapping[int, int], *, whole: bool = False
    ) -> Figures:
        first, end = self.plan.buckets(part)
        inside = ((1 << end) - 1) & ~((1 << first) - 1)
        before = (1 << first) - 1
        active = sum(many for mask, many in masks.items() if mask & inside)
        new = sum(many for mask, many in masks.items() if mask & inside and not mask & before)
        sums = [sum(place.sums[bucket][at] for place in places for bucket in range(first, end)) for at in range(6)]
        outstanding = sum(
            sum(place.sums[bucket][at] for at in (_GIVEN, _REVERSED, _SPENT, _MOVED))
            for place in places
            for bucket in range(end)
        )
        units: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for place in places:
            for (bucket, unit), (value, rows) in place.units.items():
                if first <= bucket < end:
                    units[unit][0] += value
                    units[unit][1] += rows

        def told(counts: list[int] | None) -> int | None:
            return sum(counts[first:end]) if whole and counts is not None else None

        return Figures(
            registrations=self.registrations.get(part) if whole else None,
            active_customers=active,
            new_customers=new,
            returning_customers=active - new,
            visits=told(self.visits),
            transactions=sums[_ROWS],
            credits_given=sums[_GIVEN],
            credits_reversed=-sums[_REVERSED],
            credits_spent=-sums[_SPENT],
            credits_other=sums[_MOVED],
            credits_outstanding=outstanding,
            rewards_redeemed=sums[_CLAIMS],
            vouchers_activated=told(self.activated),
            vouchers_redeemed=told(self.redeemed),
            units={
                name: UnitFigures(value=value / _MILLIONTH, transactions=rows)
                for name, (value, rows) in sorted(units.items())
            },
            gift_cards=_money([place.cards for place in places], first, end),
            prepaid=_money([place.prepaid for place in places], first, end),
        )


def _parted(keys: Sequence[K], columns: Sequence[Sequence[Any]]) -> Iterator[tuple[K, Sequence[Sequence[Any]]]]:
    """The rows of columns by their keys, which mostly are all the same."""
    first = keys[0]
    if keys.count(first) == len(keys):
        yield first, columns
        return
    found: dict[K, list[int]] = {}
    for row, key in enumerate(keys):
        found.setdefault(key, []).append(row)
    for key, rows in found.items():
        yield key, [[column[row] for row in rows] for column in columns]


def _add_values(
    units: dict[tuple[int, str], list[int]],
    unit: tuple[int, str],
    moved: Sequence[int],
    values: Sequence[float | None],
) -> None:
    """Add values in a unit, those of credits that were taken back as taken off."""
    worth = [value for value in values if value is not None]
    if not worth:
        return
    pair = units[unit]
    pair[1] += len(worth)
    pair[0] += _sum(worth)
    if min(moved) < 0:
        pair[0] -= 2 * _sum([worth for change, worth in zip(moved, values, strict=True) if change < 0 and worth])


def _sum(values: Sequence[float]) -> int:
    return sum([int(abs(value) * _MILLIONTH + 0.5) for value in values])


def _move(sums: dict[tuple[int, str], list[int]], bucket: int, row: Movement) -> None:
    found = sums[bucket, row.currency]
    found[0 if row.cents > 0 else 1] += abs(row.cents)
    found[2] += 1


def _money(parts: Sequence[Mapping[tuple[int, str], list[int]]], first: int, end: int) -> dict[str, MoneyFigures]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for part in parts:
        for (bucket, currency), (paid_in, spent, rows) in part.items():
            if bucket >= end:
                continue
            sums = found[currency]
            sums[2] += paid_in - spent
            if bucket >= first:
                sums[0] += paid_in
                sums[1] += spent
                sums[3] += rows
    return {
        currency: MoneyFigures(paid_in=paid_in, spent=spent, outstanding=outstanding, transactions=rows)
        for currency, (paid_in, spent, outstanding, rows) in sorted(found.items())
    }


def _union(masks: Sequence[Mapping[int, int]]) -> Counter[int]:
    """How many customers have each mask, over all shops."""
    if len(masks) == 1:
        return Counter(masks[0].values())
    whole: dict[int, int] = {}
    for part in masks:
        for key, mask in part.items():
            whole[key] = whole.get(key, 0) | mask
    return Counter(whole.values())
