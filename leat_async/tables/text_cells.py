"""Texts: what of a cell may be sent as one, and what a spreadsheet only shows in its place."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from .table import BadCell, SheetNumber, cell_text, snippet

# No character of a text: control characters save tab and line breaks, lone halves of surrogate pairs, non-characters.
_UNSENDABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# As spreadsheets and number libraries shorten long numbers: one digit, a fraction, a signed exponent.
_SHORTENED = re.compile(r"[+-]?\d(?:[.,]\d+)?E[+-]\d{1,3}", re.ASCII | re.IGNORECASE)
_EXPONENT = re.compile(r"\dE[+-]?\d", re.ASCII)
_GUARDED = re.compile(r'="((?:[^"]|"")*)"')
_OFFICE_ERROR = re.compile(r"err:\d{3}|#{2,}", re.IGNORECASE)
_MOST_DIGITS = 10**15
_ERROR_VALUES = """
#N/A #REF! #VALUE! #DIV/0! #NAME? #NULL! #NUM! #GETTING_DATA #SPILL! #CALC! #FIELD! #BLOCKED! #CONNECT! #BUSY!
#UNKNOWN! #EXTERNAL! #PYTHON! #TIMEOUT! #ERROR!
#N/B #VERW! #WAARDE! #DEEL/0! #NAAM? #LEEG! #GETAL! #OVERLOOP! #BEREKEN! #VELD!
#NV #BEZUG! #WERT! #ZAHL! #ÜBERLAUF! #KALK! #VALEUR! #NOM? #NUL! #NOMBRE! #PROPAGATION! #CALCUL!
#N/D #¡REF! #¡VALOR! #¡DIV/0! #¿NOMBRE? #¡NULO! #¡NUM! #¡DESBORDAMIENTO! #¡CALC!
#RIF! #VALORE! #NOME? #NULLO! #ESPANSIONE! #VALOR! #NULO! #NÚM! #DESPEJAR!
#I/T #VÆRDI! #REFERENCE! #DIVISION/0! #NAVN? #VERDI! #SAKNAS! #REFERENS! #VÄRDEFEL! #NAMN? #SKÄRNING! #OGILTIGT!
#PUUTTUU! #VIITTAUS! #ARVO! #JAKO/0! #NIMI? #TYHJÄ! #LUKU!
#N/D! #ADR! #ARG! #DZIEL/0! #NAZWA? #ZERO! #LICZBA! #NENÍ_K_DISPOZICI #ODKAZ! #HODNOTA! #DĚLENÍ_NULOU! #NÁZEV?
#ČÍSLO! #HIÁNYZIK #HIV! #ÉRTÉK! #ZÉRÓOSZTÓ! #NÉV? #SZÁM! #YOK #BAŞV! #DEĞER! #SAYI/0! #AD? #BOŞ! #SAYI!
#Н/Д #ССЫЛКА! #ЗНАЧ! #ДЕЛ/0! #ИМЯ? #ПУСТО! #ЧИСЛО!
"""
ERROR_VALUES = frozenset(_ERROR_VALUES.casefold().split())
"""What spreadsheets of all languages show for an error, in lower case."""


def text(cell: Any) -> str:
    """The text of a cell, trimmed; a number as it is shown. Raises `ValueError` for what is no text to send."""
    if isinstance(cell, BadCell):
        raise ValueError(cell.reason)
    if isinstance(cell, (dict, list)):
        raise ValueError("expected text, got a nested value")
    if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
        if not math.isfinite(cell):
            raise ValueError(f"{cell} is no number")
        if isinstance(cell, float) and abs(cell) >= _MOST_DIGITS:
            raise ValueError(f"{cell} has more than 15 digits, of which such a number keeps no more")
    written = unguarded(cell_text(cell).strip())
    bad = _UNSENDABLE.search(written)
    if bad is not None:
        raise ValueError(f"holds {named(bad[0])}, which is no text: {snippet(_shown(written))}")
    if written[:1] in "#Ee" and (written.casefold() in ERROR_VALUES or _OFFICE_ERROR.fullmatch(written)):
        raise ValueError(f"{snippet(written)} is an error of a spreadsheet, no value")
    return written


def unguarded(written: str) -> str:
    """A text without the notation that keeps a spreadsheet from taking it for a number: `="000417"`."""
    guarded = _GUARDED.fullmatch(written) if written[:2] == '="' else None
    return guarded[1].replace('""', '"').strip() if guarded is not None else written


def identifier(cell: Any) -> str:
    """Text that names something: exactly what is shown, without invisible characters, and no shortened number."""
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        raise ValueError(
            f"{snippet(cell_text(cell))} is a date or time to the spreadsheet; if it is none, format it as text"
        )
    if isinstance(cell, SheetNumber) and _EXPONENT.search(cell.text):
        raise ValueError(f"{snippet(cell.text)} is a shortened number; show all its digits, best as text")
    written = visible(text(cell))
    if _SHORTENED.fullmatch(written):
        raise ValueError(f"{snippet(written)} is a number that a spreadsheet has shortened; its digits are lost")
    return written


def visible(written: str) -> str:
    """A text without invisible characters at its ends. Raises `ValueError` for one inside."""
    if written.isascii():
        return written.strip()
    start, end = 0, len(written)
    while start < end and _invisible(written[start]):
        start += 1
    while end > start and _invisible(written[end - 1]):
        end -= 1
    written = written[start:end]
    for char in written:
        if unicodedata.category(char) in ("Cf", "Zl", "Zp"):
            raise ValueError(f"holds {named(char)}, which can't be seen: {snippet(_shown(written))}")
    return written


def _invisible(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cf", "Zs", "Zl", "Zp", "Cc")


def named(char: str) -> str:
    """A character for a message: its code point and name."""
    name = unicodedata.name(char, "")
    if "\ud800" <= char <= "\udfff":
        name = "half of a character"
    return f"U+{ord(char):04X}{f' ({name})' if name else ''}"


def _shown(written: str) -> str:
    return "".join(
        char if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Cn") else "\ufffd" for char in written[:200]
    )


def join(cells: Sequence[Any]) -> Any:
    """The value of a parameter that may come from several columns; None when all of them are empty."""
    if len(cells) == 1:
        cell = cells[0]
        return cell.strip() if isinstance(cell, str) else cell
    for cell in cells:
        if isinstance(cell, BadCell):
            return cell
    texts = [_part(cell) for cell in cells]
    return " ".join(part for part in texts if part) or None


def _part(cell: Any) -> str:
    if isinstance(cell, dt.datetime) and cell.time() == dt.time() and cell.tzinfo is None:
        cell = cell.date()  # a spreadsheet's day
    return unguarded(cell_text(cell).strip())


def composed(cells: Sequence[Any]) -> str:
    """One identifier made of several cells, such that different cells never make the same."""
    parts: list[str] = []
    for cell in cells:
        if isinstance(cell, dt.datetime) and cell.time() == dt.time() and cell.tzinfo is None:
            cell = cell.date()
        part = cell_text(cell) if isinstance(cell, (dt.date, dt.time, dt.timedelta)) else identifier(cell)
        if not part:
            raise ValueError("a part of the identifier is empty")
        parts.append(part.replace("\\", "\\\\").replace("|", "\\|"))
    return "|".join(parts)
