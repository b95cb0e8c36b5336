"""What arguments may be: functions, flags, lists of texts, paths."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async._core.arguments import check_function, check_path, is_flag, is_function, texts_of
from leat_async.errors import ConfigError


async def _awaited(event: object) -> None: ...


class _Awaited:
    async def __call__(self, event: object) -> None: ...


@attrs.frozen
class _Settings:
    told: Any = attrs.field(default=None, validator=is_function)
    wanted: Any = attrs.field(default=False, validator=is_flag)


def test_a_function_is_called_and_nothing_else() -> None:
    for right in (None, print, str.upper, lambda event: None, functools.partial(print, 1)):
        check_function("told", right)
    for wrong in (5, "print", []):
        with pytest.raises(ConfigError, match="told must be a plain function, or None, got"):
            check_function("told", wrong)
    for awaited in (_awaited, functools.partial(_awaited), _Awaited(), _Awaited().__call__):
        with pytest.raises(ConfigError, match=r"told must be a plain function.*coroutine function"):
            _Settings(told=awaited)


def test_a_flag_is_true_or_false() -> None:
    for wrong in ("no", 0, None):
        with pytest.raises(TypeError, match="wanted must be True or False, got"):
            _Settings(wanted=wrong)


def test_a_text_is_no_list_of_texts() -> None:
    assert texts_of("columns", ["a", "b"]) == texts_of("columns", (each for each in "ab")) == ("a", "b")
    for wrong in ("ab", b"ab", 5, None, ["a", 5]):
        with pytest.raises(TypeError, match="columns must be a list of texts, got"):
            texts_of("columns", wrong)


def test_a_path_names_a_file() -> None:
    check_path("target", "file")
    check_path("target", Path("file"))
    for wrong in (5, None, b"file"):
        with pytest.raises(TypeError, match="target must be a path, got"):
            check_path("target", wrong)
    with pytest.raises(ValueError, match="target must be a path, got an empty text"):
        check_path("target", "")
