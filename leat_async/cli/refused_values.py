"""What is said of a value that an option does not take: the value too, which typer's pydantic leaves out."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup


class NamesValues(TyperGroup):
    """The root of the commands, which reads all options below it."""

    def invoke(self, ctx: Any) -> Any:
        """Reword what typer says."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = _reworded(error.message, error.__cause__)
            raise


def _reworded(message: str, cause: Any) -> str:
    message = message.removeprefix("Value error, ")
    expected = message.removeprefix("Input should ")
    if expected == message or not hasattr(cause, "errors"):
        return message
    return f"it should {expected.partition(', unable')[0]}, got {cause.errors()[0]['input']!r}"
