"""What rich writes to: a console that shows no control character of a cell, a name or an error."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from ..written import spelled_out
from .streams import unfiltered


class Terminal(Console):
    """stdout or stderr for people. Made on each use, since both may be replaced."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(file=unfiltered(stderr), highlight=False, soft_wrap=True)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich renders it; what it shows is cleaned, its own escape sequences come later."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=spelled_out(segment.text))
