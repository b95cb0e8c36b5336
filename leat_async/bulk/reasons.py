"""Reasons for which rows failed: those that differ only in their values are one, and counted."""

from __future__ import annotations

import re

import attrs

# Kinds of reasons that are told apart.
_MOST = 1000
_LISTED = 10
_EXAMPLES = 5
# What differs between equal reasons: quoted values, addresses, cells, numbers.
_VALUES = re.compile(r"\S+@\S+|'[^']*'|\"[^\"]*\"|\b[A-Z]{0,3}\d+\b")


@attrs.define
class Reason:
    """A kind of reason, as its first row tells it: how many rows have it, and where the first few of them are."""

    text: str
    code: str | None
    places: list[int] = attrs.field(factory=list[int])
    rows: int = 0


class EqualReasons:
    """The reasons of a run, by kind; rows by their place. `place`: what a place is called, such as "line"."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._kinds: dict[tuple[str, str | None], Reason] = {}

    def add(self, place: int, reason: str, code: str | None = None) -> None:
        """Count the reason of a row."""
        kind = _VALUES.sub("…", reason), code
        if kind not in self._kinds and len(self._kinds) >= _MOST:
            kind = "", None
        found = self._kinds.setdefault(kind, Reason(reason, kind[1]))
        found.rows += 1
        if len(found.places) < _EXAMPLES:
            found.places.append(place)

    def commonest(self) -> list[Reason]:
        """All kinds, those with most rows first."""
        return sorted(self._kinds.values(), key=lambda kind: -kind.rows)

    def lines(self) -> list[str]:
        """The commonest reasons, each with its first row, in the order of these."""
        commonest = self.commonest()
        told, others = sorted(commonest[:_LISTED], key=lambda kind: kind.places[0]), commonest[_LISTED:]
        lines = [f"{self._place} {kind.places[0]}: {kind.text}{_more(kind.rows - 1)}" for kind in told]
        return [*lines, f"… and {sum(kind.rows for kind in others):,} more"] if others else lines


def _more(rows: int) -> str:
    return f" (and {rows:,} more like it)" if rows else ""
