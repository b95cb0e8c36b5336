"""What a spreadsheet shows of a number under its format: digits, a day, a time of day, a duration."""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Any, Literal

import attrs

from .table import BadCell, SheetNumber

FormatKind = Literal["general", "digits", "date", "time", "moment", "duration", "other"]

BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "dd-mm-yyyy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "dd-mm-yyyy h:mm", 37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 41: "#,##0", 42: "#,##0", 43: "#,##0.00", 44: "#,##0.00",
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    **dict.fromkeys((*range(27, 32), 34, 35, 36, *range(50, 59)), "yyyy-mm-dd"), 32: "h:mm:ss", 33: "h:mm:ss",
}  # fmt: skip
"""Formats that a workbook names by number only."""

MAX_DIGITS = Decimal(10) ** 15
"""From here on a spreadsheet no longer holds every digit."""
_EXACT = Context(prec=15, rounding=ROUND_HALF_UP)
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<general>general)'
    r"|(?P<ampm>am/pm|a/p)|(?P<exponent>e[+-])|(?P<date>y+|m+|d+|h+|s+|e+|g+|b+)|(?P<sign>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?[\d.]+)")
_LAST_DAY = 2_958_465
_EPOCH = dt.datetime.fromisoformat("1899-12-30")
_EPOCH_1904 = dt.datetime.fromisoformat("1904-01-01")


@attrs.frozen
class _FormatSection:
    """One part of a format: the tokens (kind, text) that show a number, and for which numbers it is meant."""

    kind: FormatKind
    tokens: tuple[tuple[str, str], ...]
    condition: tuple[str, float] | None = None


@attrs.frozen
class NumberFormat:
    """A format code, taken apart."""

    code: str
    sections: tuple[_FormatSection, ...]

    def cell(self, stored: float, written: str, *, since_1904: bool = False) -> Any:
        """The cell that shows this number; `written` is how the file writes it."""
        section, negative = self._section(stored)
        if section.kind in ("general", "digits", "other"):
            return self._number(section, stored, written, negative)
        return _moment(section.kind, stored, _EPOCH_1904 if since_1904 else None)

    def _section(self, value: float) -> tuple[_FormatSection, bool]:
        """The section for a number, and whether it shows the sign itself."""
        numbers = list(self.sections[:3])
        if any(section.condition for section in numbers):
            for section in numbers:
                if section.condition is None or _holds(section.condition, value):
                    return section, False
            return numbers[-1], False
        if value < 0 and len(numbers) > 1:
            return numbers[1], True
        if value == 0 and len(numbers) > 2:
            return numbers[2], False
        return numbers[0], False

    def _number(self, section: _FormatSection, stored: float, written: str, signed: bool) -> Any:
        try:
            value = _EXACT.create_decimal(written.strip())
        except ArithmeticError:
            return BadCell("a number that can't be read", written)
        if not value.is_finite():
            return BadCell("a number that can't be read", written)
        if abs(value) >= MAX_DIGITS:
            return BadCell("a number beyond 15 digits, of which a spreadsheet keeps no more", written)
        if section.kind == "general":
            return SheetNumber(plain(value), value, stored, self.code)
        if section.kind == "other":
            return BadCell(f"a number whose format is not known here ({self.code[:40]})", written)
        text = _digits(section.tokens, abs(value) if signed else value)
        if not text:
            return None  # the format hides it
        percent = any(kind == "sign" and sign == "%" for kind, sign in section.tokens)
        return SheetNumber(text, None if percent else value, stored, self.code)


def plain(value: Decimal) -> str:
    """A number with a decimal point, without exponent or needless zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=4096)
def number_format(code: str) -> NumberFormat:
    """A format code taken apart; one that says nothing is General."""
    parts = _split(code) or ["General"]
    return NumberFormat(code, tuple(_parsed(part) for part in parts[:4]))


def _split(code: str) -> list[str]:
    parts, current = list[str](), ""
    for match in _TOKEN.finditer(code[:400]):
        if match[0] == ";":
            parts.append(current)
            current = ""
        else:
            current += match[0]
    return [*parts, current] if parts or current else []


def _parsed(code: str) -> _FormatSection:
    tokens: list[tuple[str, str]] = []
    condition = None
    elapsed = False
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup
        if kind is None:
            continue  # padding
        text = match[kind]
        if kind == "bracket":
            found = _CONDITION.match(text)
            if found:
                condition = (found[1], float(found[2]))
            elif re.fullmatch(r"h+|m+|s+", text, re.IGNORECASE):
                elapsed = True
            elif text.startswith("$"):
                tokens.append(("quoted", text[1:].partition("-")[0]))
        else:
            tokens.append((kind, text.lower() if kind in ("date", "ampm") else text))
    return _FormatSection(_kind(tokens, elapsed), tuple(tokens), condition)


def _kind(tokens: list[tuple[str, str]], elapsed: bool) -> FormatKind:
    letters = [text[0] for kind, text in tokens if kind == "date"]
    if elapsed:
        return "duration"
    if letters:
        clock = "h" in letters or "s" in letters or any(kind == "ampm" for kind, _ in tokens)
        minutes = {
            n
            for n, at in enumerate(letters)
            if at == "m" and ("h" in letters[:n][-1:] or "s" in letters[n + 1 : n + 2])
        }
        day = any(at in "yd" or (at == "m" and n not in minutes) for n, at in enumerate(letters))
        if not (day or clock):
            return "other"
        return "moment" if day and clock else "date" if day else "time"
    signs = [text for kind, text in tokens if kind == "sign"]
    if any(kind == "general" for kind, _ in tokens) or (signs == ["@"]):
        return "general"
    if "/" in signs and "?" in signs:
        return "other"
    return "digits"


def _digits(tokens: tuple[tuple[str, str], ...], value: Decimal) -> str:
    """A number as digits under a format, without marks between thousands."""
    places = [n for n, (kind, text) in enumerate(tokens) if kind == "sign" and text in "0#?"]
    if not places:
        return _literal(tokens)
    if any(kind == "exponent" for kind, _ in tokens):
        return f"{value:.2E}"
    point = next((n for n, token in enumerate(tokens) if token == ("sign", ".")), len(tokens))
    decimals = sum(n > point for n in places)
    value *= Decimal(100) ** sum(token == ("sign", "%") for token in tokens)
    last = max(places)
    trailing = 0
    while last + 1 + trailing < len(tokens) and tokens[last + 1 + trailing] == ("sign", ","):
        trailing += 1
    value /= Decimal(1000) ** trailing
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, Context(prec=40))
    whole, _, fraction = format(abs(rounded), "f").partition(".")
    whole = whole.lstrip("0")
    out: list[str] = []
    first = places[0]
    for n in range(min(point, len(tokens)) - 1, -1, -1):
        kind, text = tokens[n]
        if kind == "sign" and text in "0#?":
            if n == first:
                out.append(whole or ("0" if text == "0" else ""))
                whole = ""
            else:
                out.append(whole[-1:] or ("0" if text == "0" else ""))
                whole = whole[:-1]
        elif (kind, text) != ("sign", ","):
            out.append(_literal((tokens[n],)))
    text = whole + "".join(reversed(out))
    for n in range(point, len(tokens)):
        kind, sign = tokens[n]
        if kind == "sign" and sign in "0#?":
            digit, fraction = fraction[:1], fraction[1:]
            out_needed = sign == "0" or (digit + fraction).strip("0")
            text += digit if out_needed else ""
        elif (kind, sign) != ("sign", ","):
            text += _literal((tokens[n],))
    return ("-" if rounded < 0 else "") + text.strip().removesuffix(".")


def _literal(tokens: tuple[tuple[str, str], ...]) -> str:
    return "".join(text for kind, text in tokens if kind in ("quoted", "escaped", "sign"))


def _holds(condition: tuple[str, float], value: float) -> bool:
    sign, bound = condition
    return {
        "<": value < bound, ">": value > bound, "=": value == bound,
        "<=": value <= bound, ">=": value >= bound, "<>": value != bound,
    }[sign]  # fmt: skip


def _moment(kind: FormatKind, serial: float, epoch: dt.datetime | None) -> Any:
    """A day, time of day, moment or duration out of days since the epoch, to the millisecond."""
    if not abs(serial) <= _LAST_DAY + 1:
        return BadCell("a date beyond the year 9999", str(serial))
    milliseconds = round(serial * 86_400_000)
    if kind == "duration":
        return dt.timedelta(milliseconds=milliseconds)
    day, rest = divmod(milliseconds, 86_400_000)
    if kind == "time":
        # Midnight at the day's end is kept as one whole day.
        return "24:00" if milliseconds == 86_400_000 else (_EPOCH + dt.timedelta(milliseconds=rest)).time()
    if day < 0 or day > _LAST_DAY:
        return BadCell("a date that a spreadsheet shows as ####", str(serial))
    if epoch is None:
        if day == 0:
            return "1900-01-00"
        if day == 60:
            return BadCell("the 29th of February 1900, a day that never was", "1900-02-29")
        epoch = _EPOCH if day > 60 else _EPOCH + dt.timedelta(days=1)
    found = epoch + dt.timedelta(days=day, milliseconds=rest)
    return found.date() if kind == "date" else found
