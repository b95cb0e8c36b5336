"""A table in one test: what is done around each test takes longer than most rows do.

So does what pytest's own `subtests` tells of each row, above all where workers tell it to their controller.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any


@contextlib.contextmanager
def _in_row(name: str, failures: list[Exception]) -> Iterator[None]:
    """A failure waits for those of the other rows; what ends a test at once, as `pytest.fail` does, goes on."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"in the row {name}")
        if not isinstance(error, Exception):
            raise
        failures.append(error)


def each(names: str, rows: Sequence[Any], *, ids: Callable[[Any], object] = str) -> Callable[[Any], Any]:
    """As `pytest.mark.parametrize`, but one test, which fails with all rows that do.

    Its fixtures are made once, so a row finds there what others have left.
    """
    assert rows, "a table without rows shows nothing"
    split = names.split(",")

    def given(row: Any) -> dict[str, Any]:
        return dict(zip(split, row if len(split) > 1 else [row], strict=True))

    def of_all(test: Any) -> Any:
        async def whole(**fixtures: Any) -> None:
            failures: list[Exception] = []
            for row in rows:
                with _in_row(str(ids(row)), failures):
                    done = test(**fixtures, **given(row))
                    if done is not None:
                        await done
            if failures:
                raise ExceptionGroup(f"{len(failures)} of {len(rows)} rows failed", failures)

        def at_once(**fixtures: Any) -> None:
            with contextlib.suppress(StopIteration):  # nothing is awaited
                whole(**fixtures).send(None)

        made: Any = functools.wraps(test)(whole if inspect.iscoroutinefunction(test) else at_once)
        asked = inspect.signature(test)
        left = [parameter for name, parameter in asked.parameters.items() if name not in split]
        made.__signature__ = asked.replace(parameters=left)
        return made

    return of_all
