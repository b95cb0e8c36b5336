"""Which column becomes which parameter: what was asked for, and what names plainly say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from . import guesses, values
from .moments import ValueRules, is_clock
from .plan import ColumnPlan, ColumnUse
from .table import ImportKind, TableSource, snippet
from .targets import ATTRIBUTE, ROW_KINDS, AttributeType, KnownNames, attribute_reader, targets

_FIRST_ROWS = 200


class MappingError(ValueError):
    """Columns and options that don't go together; the text says what to do.

    Where the way out is that a column fills a parameter, `way` names both, and stands between `text` and `rest`:
    whoever takes mappings in other words than an option's says it in those.
    """

    def __init__(self, text: str, way: tuple[str, str] | None = None, rest: str = "") -> None:
        super().__init__(text, way, rest)
        self.text: str = text
        self.way: tuple[str, str] | None = way
        self.rest: str = rest

    def __str__(self) -> str:
        return self.worded(lambda column, target: f"--map '{column}={target}'")

    def worded(self, mapped: Callable[[str, str], str]) -> str:
        """The text, with what `mapped` says of the column and the parameter."""
        return f"{self.text}{mapped(*self.way) if self.way is not None else ''}{self.rest}"


class NoShopError(MappingError):
    """Nothing says at which shop the rows took place."""


def make_plan(
    kind: ImportKind,
    columns: Sequence[str],
    *,
    maps: Sequence[str] = (),
    sets: Sequence[str] = (),
    ids: Sequence[str] = (),
    shop: str | None = None,
    rules: ValueRules | None = None,
    clocks: Collection[str] = (),
    attributes: Sequence[AttributeType] | None = None,
    shops: Sequence[tuple[str, str]] | None = None,
    names: Mapping[str, KnownNames] | None = None,
) -> ColumnPlan:
    """Decide which column becomes which parameter.

    Parameters:
        kind: "visits", "bookings", "contacts" and so on.
        columns: the file's columns.
        maps: "COLUMN=parameter"; "A + B=parameter" joins two columns, "COLUMN=" leaves one out.
        sets: "parameter=value", the same for every row.
        ids: the columns that identify a row together.
        shop: the shop of every row, by uuid or name; the same as setting shop_uuid.
        rules: what was said about values.
        clocks: columns that hold nothing but times of day, which by themselves are no moments.
        attributes: the attributes of contacts that the account has; left out, they are not checked.
        shops: uuid and name of the account's shops; left out, shops go by uuid and are not checked.
        names: readers of other parameters that name things of the account, such as units; left out, those are sent as
            they are written.

    Raises:
        MappingError: columns and options don't go together.
    """
    named = {**(names or {}), **({"shop_uuid": KnownNames("shop", tuple(shops))} if shops is not None else {})}
    made = _Planner(kind, columns, clocks, attributes, named)
    for text in maps:
        made.map(text)
    made.identify(ids)
    made.set(sets, shop)
    made.guess()
    made.check()
    return ColumnPlan(
        kind=kind,
        uses=made.ordered(),
        left_out=tuple(name for name in columns if name not in made.used),
        rules=rules or ValueRules(),
    )


def clock_columns(source: TableSource) -> set[str]:
    """The columns that hold nothing but times of day, as far as the first rows tell."""
    clocks: set[str] = set()
    others: set[str] = set()
    for record in islice(source.records(), _FIRST_ROWS):
        for column, cell in record.values.items():
            if cell is not None and cell != "":
                (clocks if is_clock(cell) else others).add(column)
    return clocks - others


def value_rules(*, timezone: str | None, **told: Any) -> ValueRules:
    """What was said about values, the zone by its name. Raises `MappingError`."""
    if told.get("day_first") and told.get("month_first"):
        raise MappingError("--day-first and --month-first exclude each other")
    return ValueRules(zone=_zone(timezone), **told)


class _Planner:
    """A plan in the making."""

    def __init__(
        self,
        kind: ImportKind,
        columns: Sequence[str],
        clocks: Collection[str],
        attributes: Sequence[AttributeType] | None,
        named: Mapping[str, KnownNames],
    ) -> None:
        self.used: set[str] = set()
        self._kind: ImportKind = kind
        self._rows = ROW_KINDS[kind]
        self._columns = columns
        self._clocks = clocks
        self._attributes = None if attributes is None else {found.name: found for found in attributes}
        self._named = {target: reader for target, reader in named.items() if target in self._rows.readers}
        self._uses: dict[str, ColumnUse] = {}

    def map(self, text: str) -> None:
        left, sign, target = text.rpartition("=")
        left, target = " ".join(left.split()), target.strip()
        if not sign or not left:
            raise MappingError(f"--map takes 'COLUMN=parameter', got {text!r}")
        names = (left,) if left in self._columns else tuple(part.strip() for part in left.split(" + "))
        for name in names:
            self._column(name)
        self.used.update(names)
        if not target:
            return
        if target in self._uses:
            raise MappingError(f"two columns fill {target}; join them with: ", ("A + B", target))
        self._uses[target] = ColumnUse(target, names, reader=self._reader(target))

    def identify(self, names: Sequence[str]) -> None:
        if not names:
            return
        own = self._rows.identifier
        if own is None:
            raise MappingError(f"{self._kind} are known by their address; leave --id out")
        if own in self._uses:
            raise MappingError(f"{own} is filled twice: by --map and by --id")
        whole = ",".join(names)
        names = (whole,) if whole in self._columns else tuple(names)
        for name in names:
            self._column(name)
        self._uses[own] = ColumnUse(own, names, composed=len(names) > 1, reader=values.identifier)

    def set(self, sets: Sequence[str], shop: str | None) -> None:
        given = [("shop_uuid", shop)] if shop is not None else []
        if given and "shop_uuid" not in self._rows.readers:
            raise MappingError(f"{self._kind} belong to no shop; leave --shop out")
        for text in sets:
            target, sign, constant = text.partition("=")
            if not sign or not constant.strip():
                raise MappingError(f"--set takes 'parameter=value', got {text!r}")
            given.append((target.strip(), constant.strip()))
        names = [*self._uses, *(target for target, _ in given)]
        for target, constant in given:
            reader = self._reader(target)
            if names.count(target) > 1:
                raise MappingError(f"{target} is filled twice: by a column or --shop, and by --set")
            if target in self._named:
                try:
                    constant = self._named[target](constant, ValueRules())
                except ValueError as error:
                    raise MappingError(str(error)) from None
            self._uses[target] = ColumnUse(target, constant=constant, reader=reader)

    def guess(self) -> None:
        free = [name for name in self._columns if name not in self.used]
        composed = self._uses.get(self._rows.identifier or "")
        some = self._rows.attributes is not None
        own = [(found.name, found.label) for found in (self._attributes or {}).values()]
        found = guesses.guessed(
            free, self._rows.readers, attribute=ATTRIBUTE if some else "", attributes=own if some else ()
        )
        for target, alike in found.items():
            if target in self._uses:
                continue
            if len(alike) > 1:
                listed = " and ".join(map(repr, alike))
                raise MappingError(f"{listed} both look like {target}; say which: ", (alike[0], target))
            if self._reader(target) is values.moment and alike[0] in self._clocks:
                continue
            self.used.add(alike[0])
            self._uses[target] = ColumnUse(target, (alike[0],), guessed=True, reader=self._reader(target))
        start = next((column for column in found.get("starts_at", ()) if column in self._clocks), None)
        pair = guesses.day_and_time([name for name in self._columns if name not in self.used], start)
        if pair and "starts_at" in self._rows.readers and "starts_at" not in self._uses:
            self.used.update(pair)
            self._uses["starts_at"] = ColumnUse("starts_at", pair, guessed=True, reader=values.moment)
        if composed is not None:
            self.used.update(composed.columns)

    def check(self) -> None:
        """Refuse a plan under which no row could be sent."""
        listed = f"; the file has {', '.join(map(snippet, self._columns[:40]))}"
        for need in self._rows.needs:
            if any(target in self._uses for target in need.targets):
                continue
            lack, [first, *others] = f"no column {need.verb} {need.what}", need.targets
            if first == "shop_uuid":
                raise NoShopError(f"{lack}: --shop NAME or UUID for one shop, or ", ("COLUMN", first), listed)
            also = f" (or {' or '.join(others)})" if others else ""
            raise MappingError(f"{lack}: ", ("COLUMN", first), f"{also}{listed}")
        if any(use.reader is values.email for use in self._uses.values()) and find_spec("email_validator") is None:
            # Better told now than by the first address that is not of the plainest.
            raise MappingError("e-mail addresses are read with an extra: pip install 'leat-async[cli]'")
        for target, parameter in self._rows.renamed.items():
            if target in self._uses and parameter in self._uses:
                raise MappingError(
                    f"{parameter} (cents) and {target} are one parameter; leave one out: ", ("COLUMN", "")
                )

    def ordered(self) -> tuple[ColumnUse, ...]:
        order = [*self._rows.readers, *sorted(name for name in self._uses if name.startswith(ATTRIBUTE))]
        return tuple(self._uses[target] for target in order if target in self._uses)

    def _column(self, name: str) -> None:
        if name not in self._columns:
            raise MappingError(f"there is no column {name!r}{values.did_you_mean(name, self._columns)}")

    def _reader(self, target: str) -> values.CellReader:
        """How the cells of a parameter are read. Raises `MappingError` for one that there is not."""
        if target in self._named:
            return self._named[target]
        reader = self._rows.readers.get(target)
        if reader is not None:
            return reader
        name = target.removeprefix(ATTRIBUTE)
        if self._rows.attributes is None or name == target or not name:
            raise MappingError(f"{self._kind} have no {target!r}{values.did_you_mean(target, targets(self._kind))}")
        if self._attributes is None:
            return values.identifier if name == "phonenumber" else values.text
        attribute = self._attributes.get(name)
        if attribute is None:
            hint = values.did_you_mean(name, self._attributes)
            raise MappingError(f"the account's {self._kind} have no attribute {name!r}{hint}")
        return attribute_reader(attribute)


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise MappingError(
            f"there is no time zone {name!r}; use a name such as Europe/Amsterdam (on Windows: pip install tzdata)"
        ) from None
