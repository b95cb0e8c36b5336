"""Which account a token belongs to."""

from __future__ import annotations

from typing import Any, cast

from ._core.pipeline import Pipeline
from .errors import DecodeError
from .resources.system import System

# Answers without an identifier, one after the other, before the origin stands for the account.
_SILENT = 3
# What stands in answers to other things.
_OF_A_FAULT = {"message", "error", "errors", "code", "exception"}


async def account_of(pipeline: Pipeline) -> str:
    """The account that the token belongs to, as the API names it; its token may change, this does not.

    The answer is not documented. Where it has no identifier, each time, the origin and the API stand for the account:
    two accounts at one origin then can't be told apart. A failure raises what it is: nothing is guessed from it.
    """
    for _ in range(_SILENT):
        named = _identifier(await System(pipeline).health_check())
        if named is not None:
            return f"{pipeline.config.api}:{named}"
    return origin_of(pipeline)


def is_same(known: str, named: str, pipeline: Pipeline) -> bool:
    """Whether the account known by one name may be the one that is now given another.

    It is if it was known by its origin, before the API gave it an identifier.
    """
    return known in (named, origin_of(pipeline))


def origin_of(pipeline: Pipeline) -> str:
    """What an account is known by that the API does not name."""
    return f"{pipeline.config.api}@{pipeline.config.base_url}"


def _identifier(answer: Any) -> str | None:
    known = cast(dict[str, Any], answer) if isinstance(answer, dict) else {}
    if known.keys() & _OF_A_FAULT:
        raise DecodeError("system.health_check: not an answer of the API's", path="$")
    for name in ("uuid", "id"):
        value = known.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return f"{name}:{value}"
    return None
