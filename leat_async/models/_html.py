"""Tables for notebooks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ..written import spelled_out

_ROWS = 20
_WIDE = 80


def table(rows: Sequence[Mapping[str, Any]], caption: str = "") -> str:
    """HTML of the first rows, with the columns of them all in the order in which they turn up."""
    named = dict.fromkeys(column for row in rows[:_ROWS] for column in row)
    head = "".join(f"<th>{_shown(column)}</th>" for column in named)
    body = "".join(
        f"<tr>{''.join(f'<td>{_shown(_text(row.get(column)))}</td>' for column in named)}</tr>" for row in rows[:_ROWS]
    )
    more = f"{len(rows) - _ROWS} more rows" if len(rows) > _ROWS else ""
    below = ", ".join(filter(None, (caption, more)))
    foot = f"<p>{_shown(below)}</p>" if below else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}"


def _shown(text: str) -> str:
    return escape(spelled_out(text))


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value.isoformat(" ") if isinstance(value, dt.datetime) else str(value)
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"
