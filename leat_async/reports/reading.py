"""Rows of the API, or of Parquet files kept from it, as what a report counts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from itertools import compress
from operator import attrgetter
from pathlib import Path
from typing import Any

import attrs

from ..errors import ConfigError
from ..export.kinds import ExportKind, OddLine
from ..export.odd_rows import read_oddly
from ..models._base import Model
from .tally import Columns, Movement

# What of a row is kept in Parquet: nothing that names a person.
TRANSACTION_COLUMNS = (
    *("uuid", "created_at", "type", "credits", "contact.uuid"),
    *("shop.uuid", "shop.id", "shop.name", "unit.name", "unit_value"),
)
CARD_COLUMNS = (
    *("id", "uuid", "created_at", "amount_in_cents", "card.id", "card.uuid"),
    *("shop.uuid", "shop.id", "shop.name", "shop_id"),
)
_PARQUET_ROWS = 10_000
# Columns with few different texts.
_OFTEN = ("type", "shop.uuid", "shop.name", "unit.name")
_CREATED_AT = attrgetter("created_at")
_AMOUNT = re.compile(r"[\d\s.,'\u00a0\u202f+-]+")


@attrs.frozen(kw_only=True)
class _Person(Model):
    """Whom a row is about; what else it says of them is not looked at."""

    uuid: str | None = None


@attrs.frozen(kw_only=True)
class _Party(Model):
    """What a row is about."""

    id: int | None = None
    uuid: str | None = None


@attrs.frozen(kw_only=True)
class _ShopOfRow(Model):
    """The shop of a row."""

    id: int | None = None
    uuid: str | None = None
    name: str | None = None


@attrs.frozen(kw_only=True)
class _Measure(Model):
    """The unit of a row."""

    name: str | None = None


@attrs.frozen(kw_only=True)
class _Amount(Model):
    """The prepaid balance of a row."""

    balance: str | None = None


@attrs.frozen(kw_only=True)
class TransactionLine(Model):
    """A loyalty transaction, as far as it is counted."""

    passing = True

    uuid: str = ""
    id: int | str | None = None
    created_at: dt.datetime | None = None
    type: str | None = None
    credits: int | None = None
    contact: _Person | None = None
    shop: _ShopOfRow | None = None
    unit: _Measure | None = None
    unit_value: float | None = None


@attrs.frozen(kw_only=True)
class CardLine(Model):
    """A transaction of a gift card, as far as it is counted."""

    passing = True

    uuid: str | None = None
    id: int | None = None
    created_at: dt.datetime | None = None
    amount_in_cents: int | None = None
    card: _Party | None = None
    card_id: int | None = None
    shop: _ShopOfRow | None = None
    shop_id: int | None = None


@attrs.frozen(kw_only=True)
class PrepaidLine(Model):
    """A prepaid transaction, as far as it is counted."""

    passing = True

    uuid: str = ""
    created_at: dt.datetime | None = None
    amount_in_cents: int | None = None
    prepaid_balance: _Amount | None = None
    shop: _ShopOfRow | None = None


class RowReader:
    """Makes what is counted of rows. `shops`: the name of every shop that turned up, by the key rows have it under."""

    def __init__(self, kinds: dict[str, ExportKind]) -> None:
        self._kinds = kinds
        self.shops: dict[str, str] = {}
        self.undated: int = 0
        """Rows without a moment, which are in no figure."""
        self.currencies: dict[str, str] = {}
        """The currency signs of gift cards, by the key of the card."""
        self.only_currency: str = ""
        """That of all cards, where they have but one."""

    def transactions(self, lines: Sequence[Any]) -> Columns:
        """Loyalty transactions."""
        rows = self._dated("loyalty_transactions", lines)
        return (
            [row.created_at for row in rows],
            [row.type for row in rows],
            [row.credits or 0 for row in rows],
            [(contact.uuid or "") if (contact := row.contact) is not None else "" for row in rows],
            self._shop_keys([row.shop for row in rows]),
            [unit.name if (unit := row.unit) is not None else None for row in rows],
            [row.unit_value for row in rows],
        )

    def cards(self, lines: Sequence[Any]) -> Iterator[Movement]:
        """Transactions of gift cards."""
        for row in self._dated("giftcard_transactions", lines):
            shop = self._shop(row.shop) if row.shop is not None else _key(None, row.shop_id)
            card = _key(row.card.uuid, row.card.id) if row.card is not None else _key(None, row.card_id)
            if row.amount_in_cents:
                yield Movement(row.created_at.timestamp(), row.amount_in_cents, self._currency(card), shop)

    def prepaid(self, lines: Sequence[Any]) -> Iterator[Movement]:
        """Prepaid transactions."""
        for row in self._dated("prepaid_transactions", lines):
            balance = row.prepaid_balance
            sign = currency_of(balance.balance) if balance is not None else ""
            if row.amount_in_cents:
                yield Movement(row.created_at.timestamp(), row.amount_in_cents, sign, self._shop(row.shop))

    def kept_transactions(self, path: Path) -> Iterator[Columns]:
        """Loyalty transactions out of a Parquet file."""
        for columns in _parquet(path, TRANSACTION_COLUMNS[1:]):
            if gone := columns[0].count(None):
                self.undated += gone
                there = [moment is not None for moment in columns[0]]
                columns = [list(compress(column, there)) for column in columns]
            moments, types, moved, contacts, shops, ids, names, units, values = columns
            keys = self._kept_shops(shops, ids, names)
            yield moments, types, [c or 0 for c in moved], [c or "" for c in contacts], keys, units, values

    def kept_cards(self, path: Path) -> Iterator[list[Movement]]:
        """Transactions of gift cards out of a Parquet file."""
        for columns in _parquet(path, CARD_COLUMNS):
            found: list[Movement] = []
            for _, _, moment, cents, card_id, card, shop, number, name, shop_id in zip(*columns, strict=True):
                key = _key(shop, number if number is not None else shop_id)
                if shop or number is not None:
                    self.shops[key] = name or self.shops.get(key, "")
                if moment is None:
                    self.undated += 1
                elif cents:
                    found.append(Movement(moment, cents, self._currency(_key(card, card_id)), key))
            yield found

    def _currency(self, card: str) -> str:
        return self.only_currency or self.currencies.get(card, "")

    def _dated(self, kind: str, lines: Sequence[Any]) -> list[Any]:
        """The rows that show a moment."""
        rows: Sequence[Any] = lines
        # Of a page with a value that fits no field, all rows come as they are.
        if lines and type(lines[0]) is OddLine:
            rows = [read_oddly(self._kinds[kind], line.source)[0] for line in lines]
        if all(map(_CREATED_AT, rows)):
            return list(rows)
        found = [row for row in rows if row.created_at is not None]
        self.undated += len(rows) - len(found)
        return found

    def _shop(self, shop: Any) -> str:
        if shop is None:
            return ""
        key = _key(shop.uuid, shop.id)
        if shop.name:
            self.shops[key] = shop.name
        return key

    def _shop_keys(self, shops: Sequence[Any]) -> list[str]:
        """The keys of many; mostly all have a uuid, and few are different."""
        keys: list[Any] = [shop.uuid if shop is not None else None for shop in shops]
        if not all(keys):
            return [self._shop(shop) for shop in shops]
        names = dict(zip(keys, [shop.name for shop in shops], strict=True))
        self.shops.update({key: name for key, name in names.items() if name})
        return keys

    def _kept_shops(self, uuids: Sequence[Any], ids: Sequence[Any], names: Sequence[Any]) -> Sequence[str]:
        for uuid, number, name in dict.fromkeys(zip(uuids, ids, names, strict=True)):
            if (uuid or number is not None) and name:
                self.shops[_key(uuid, number)] = name
        return uuids if all(uuids) else list(map(_key, uuids, ids))


def currency_of(text: str | None) -> str:
    """The currency of an amount written out, "€40.00" or "40,00 EUR"; "" where it shows none."""
    return _AMOUNT.sub("", text or "")


def card_key(card: Any) -> str:
    """The key of a gift card, as its transactions name it."""
    return _key(card.uuid, card.id)


def _key(uuid: str | None, number: int | str | None) -> str:
    return uuid or ("" if number is None else f"id:{number}")


def _parquet(path: Path, names: Sequence[str]) -> Iterator[list[list[Any]]]:
    """The columns of a file, some rows at a time; moments as seconds since 1970."""
    try:
        from importlib import import_module

        arrow, parquet, compute = map(import_module, ("pyarrow", "pyarrow.parquet", "pyarrow.compute"))
    except ImportError:
        raise ConfigError("Parquet needs an extra: pip install 'leat-async[parquet]'") from None
    with parquet.ParquetFile(path, read_dictionary=[name for name in names if name in _OFTEN]) as file:
        for batch in file.iter_batches(batch_size=_PARQUET_ROWS, columns=list(names), use_threads=False):
            columns: list[list[Any]] = []
            for name in names:
                column = batch.column(name)
                if arrow.types.is_dictionary(column.type):
                    # One text for all rows that have it, which is quicker too.
                    texts = [*column.dictionary.to_pylist(), None]
                    columns.append([texts[place] for place in compute.fill_null(column.indices, -1).to_pylist()])
                    continue
                if name == "created_at":
                    column = compute.divide(column.cast(arrow.int64()).cast(arrow.float64()), 1e6)
                columns.append(column.to_pylist())
            yield columns
