"""From a cell to a value, exactly or not at all.

Each reader takes a cell that is not empty and the rules, and returns what is sent (None: nothing) or raises
`ValueError` that says what is wrong with it.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

import attrs

from . import addresses, moments, text_cells
from .moments import ValueRules
from .table import SheetNumber, snippet

_WHOLE = re.compile(r"([+-]?\d{1,18})(?:[.,]0{1,2})?", re.ASCII)
_GROUPED = {
    ",": re.compile(r"\d{1,3}(?:\.\d{3})*,\d{1,2}|\d+,\d{1,2}", re.ASCII),
    ".": re.compile(r"\d{1,3}(?:,\d{3})*\.\d{1,2}|\d+\.\d{1,2}", re.ASCII),
}
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}", re.ASCII)
_PHONE = re.compile(r"[+(]?[\d\s()./+-]*", re.ASCII)
_YES = frozenset(["true", "yes", "1", "ja", "waar", "wahr", "j", "y", "oui", "vrai", "si", "sí", "verdadero", "vero"])
_NO = frozenset(["false", "no", "0", "nee", "onwaar", "nein", "falsch", "n", "non", "faux", "falso", "não"])
_SHOWN = 40

CellReader = Callable[[Any, ValueRules], Any]


def text(cell: Any, rules: ValueRules) -> str:
    """Text; a number as it is shown."""
    return text_cells.text(cell)


def identifier(cell: Any, rules: ValueRules) -> str:
    """Text that names something, exactly."""
    return text_cells.identifier(cell)


def email(cell: Any, rules: ValueRules) -> str:
    """One address, trimmed and in lower case, as the API keeps them."""
    return addresses.email(cell)


def phone(cell: Any, rules: ValueRules) -> str:
    """A telephone number, as it is shown."""
    written = text_cells.identifier(cell)
    if not _PHONE.fullmatch(written) or not any(map(str.isdecimal, written)):
        raise ValueError(f"{snippet(written, _SHOWN)} is no telephone number")
    return written


def moment(cell: Any, rules: ValueRules) -> str | None:
    """A moment as ISO 8601 with offset; a time of a zone must exist there, and only once."""
    return moments.moment(cell, rules)


def day(cell: Any, rules: ValueRules) -> str | None:
    """A day as ISO 8601."""
    return moments.day(cell, rules)


def integer(cell: Any, rules: ValueRules) -> int:
    """A whole number; `2.0` is one."""
    written = _counted(cell)
    found = _WHOLE.fullmatch(written)
    if found is None or isinstance(cell, bool):
        raise ValueError(f"{snippet(written, _SHOWN)} is no whole number")
    return int(found[1])


def count(cell: Any, rules: ValueRules) -> int:
    """A whole number of people or things."""
    found = integer(cell, rules)
    if found < 0:
        raise ValueError(f"{found} is below zero")
    return found


def number(cell: Any, rules: ValueRules) -> int | float:
    """A number; one that can be read two ways, such as 1.234, is refused."""
    written = _counted(cell)
    if isinstance(cell, str) and _THOUSANDS.fullmatch(written):
        raise ValueError(f"{snippet(written, _SHOWN)} could mean thousands or decimals; write it with other decimals")
    if isinstance(cell, bool) or not _NUMBER.fullmatch(written):
        raise ValueError(f"{snippet(written, _SHOWN)} is no number")
    value = Decimal(written.replace(",", "."))
    return int(value) if value == value.to_integral_value() else float(value)


def boolean(cell: Any, rules: ValueRules) -> bool:
    """Yes or no."""
    if isinstance(cell, bool):
        return cell
    written = text_cells.text(cell)
    if written.casefold() in _YES:
        return True
    if written.casefold() in _NO:
        return False
    raise ValueError(f"{snippet(written, _SHOWN)} is neither yes nor no (true, false, ja, nee, 1, 0)")


def cents(cell: Any, rules: ValueRules) -> int:
    """An amount that is in cents already."""
    try:
        return integer(cell, rules)
    except ValueError as error:
        raise ValueError(f"{error} of cents; for euros map the column to prepaid_euros") from None


def euros(cell: Any, rules: ValueRules) -> int:
    """An amount in euros, in whole cents. An amount that can be read two ways, such as 1.234, is refused."""
    shown = text_cells.text(cell)
    if isinstance(cell, SheetNumber) and cell.value is not None:
        amount = cell.value
    elif isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
        amount = Decimal(str(cell))
    else:
        written = re.sub(r"[\s€]|EUR", "", shown, flags=re.IGNORECASE)
        sign, digits = ("-", written[1:]) if written[:1] in ("-", "−") else ("", written)
        amount = Decimal(sign + _decimal(digits, shown))
    exact = amount * 100
    if not exact.is_finite() or exact != exact.to_integral_value():
        raise ValueError(f"{snippet(shown, _SHOWN)} has a fraction of a cent")
    return int(exact)


@attrs.frozen
class OfAddress:
    """Reads an address as what something of its contact is known by, of which there is one: `what`."""

    what: str

    def __call__(self, cell: Any, rules: ValueRules) -> str:
        return f"{self.what}: {addresses.email(cell)}"


def references(cell: Any, rules: ValueRules) -> list[dict[str, str]]:
    """External identifiers of other things, divided by commas or semicolons."""
    parts = cast(list[object], cell) if isinstance(cell, list) else re.split("[,;]", text_cells.text(cell))
    names = [text_cells.identifier(part) for part in parts if text_cells.text(part).strip()]
    return [{"external_identifier": name.strip()} for name in names]


def objects(cell: Any, rules: ValueRules) -> list[Any]:
    """A list of objects, as it is in JSON Lines and Parquet, or as JSON in a cell."""
    found = cell
    if isinstance(cell, str):
        try:
            found = json.loads(cell)
        except ValueError:
            raise ValueError(f"{snippet(cell, _SHOWN)} is no list in JSON") from None
    if not isinstance(found, list):
        raise ValueError(f"{snippet(str(cell), _SHOWN)} is no list")
    return cast(list[object], found)


@attrs.frozen
class OneOf:
    """Reads one of the options that the account has, by its value or its label."""

    options: Mapping[str, str | int]

    def __call__(self, cell: Any, rules: ValueRules) -> str | int:
        written = text_cells.text(cell)
        found = self.options.get(written.casefold())
        if found is None:
            raise ValueError(f"{snippet(written, _SHOWN)} is no option{did_you_mean(written, self.options)}")
        return found


@attrs.frozen
class SeveralOf:
    """Reads options that the account has, divided by commas or semicolons."""

    one: OneOf

    def __call__(self, cell: Any, rules: ValueRules) -> list[str | int]:
        if isinstance(cell, list):
            parts = cast(list[object], cell)
        else:
            whole = text_cells.text(cell)
            parts = [whole] if whole.casefold() in self.one.options else re.split("[,;]", whole)
        return [self.one(part, rules) for part in parts if text_cells.text(part)]


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """The end of a message: what was meant, or what there is."""
    names = list(known)
    close = difflib.get_close_matches(written.casefold(), [name.casefold() for name in names], 1, 0.6)
    if close:
        meant = next(name for name in names if name.casefold() == close[0])
        return f"; did you mean {meant!r}?"
    listed = ", ".join(snippet(name, _SHOWN) for name in names[:12])
    return f"; there is {listed}{', …' if len(names) > 12 else ''}" if names else ""


def _counted(cell: Any) -> str:
    """A number as text: what it counts as, where the cell shows it differently."""
    shown = text_cells.text(cell)
    if isinstance(cell, SheetNumber):
        if cell.value is None:
            return shown
        text = format(cell.value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(cell, Decimal):
        return format(cell.normalize(), "f")
    return shown


def _decimal(digits: str, shown: str) -> str:
    if re.fullmatch(r"\d{1,15}", digits, re.ASCII):
        return digits
    # The last sign is the decimal one, if one or two digits follow it; the other may group thousands.
    for mark, pattern in _GROUPED.items():
        if len(digits) <= 24 and pattern.fullmatch(digits):
            return digits.replace("." if mark == "," else ",", "").replace(",", ".")
    if re.fullmatch(r"\d{1,3}([.,])\d{3}(\1\d{3})*", digits, re.ASCII):
        raise ValueError(f"{snippet(shown, _SHOWN)} could mean thousands or decimals; write it with cents: 1234,00")
    raise ValueError(f"{snippet(shown, _SHOWN)} is no amount")
