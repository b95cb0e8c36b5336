"""Merged cells: all but the first of a range show its value and hold none of their own."""

from __future__ import annotations

from typing import Any

from .book import MergedRange, column_letters
from .table import MAX_COLUMNS, BadCell


class MergedCells:
    """Marks what merging hides, row after row."""

    def __init__(self, merged: tuple[MergedRange, ...]) -> None:
        self._waiting = sorted(merged, reverse=True)
        self._open: list[MergedRange] = []

    def hide(self, line: int, cells: list[Any]) -> None:
        """Put a `BadCell` wherever a merged range covers a cell of this row."""
        while self._waiting and self._waiting[-1][0] <= line:
            self._open.append(self._waiting.pop())
        if not self._open:
            return
        self._open = [span for span in self._open if span[2] >= line]
        for top, left, bottom, right in self._open:
            for column in range(left, min(right, MAX_COLUMNS) + 1):
                if (line, column) == (top, left):
                    continue
                if column > len(cells):
                    if line == top:
                        break  # a range in one row, beyond its last cell
                    cells += [None] * (column - len(cells))
                whole = f"{column_letters(left)}{top}:{column_letters(right)}{bottom}"
                cells[column - 1] = BadCell(
                    f"{column_letters(column)}{line} is part of the merged cells {whole}; undo the merging and fill it"
                )
