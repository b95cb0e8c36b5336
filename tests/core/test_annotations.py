"""Annotations as kinds of values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest
from msgspec import Meta

from leat_async._core.annotations import Mark, Named, extras_of, param_of
from leat_async._core.params import (
    Boolean,
    Instant,
    Integer,
    Items,
    Json,
    Number,
    Object,
    Param,
    Text,
    TextOrInteger,
    Window,
)
from leat_async._core.unset import Unset


class Part(TypedDict):
    """A part."""

    name: Annotated[str, Meta(min_length=0)]
    amount: NotRequired[int | None]


class Whole(Part, total=False):
    """A whole, with what it takes over."""

    kind: Literal["a", "b"] | str
    parts: Sequence[Part]


PART = {"name": Text(required=True, empty=True), "amount": Integer()}


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, Text()),
        (str | Unset | None, Text()),
        (Literal["a", "b"] | str, Text(values=("a", "b"))),
        (Literal["a", "b"] | str | Unset | None, Text(values=("a", "b"))),
        (Annotated[str, Meta(min_length=0)] | Unset, Text(empty=True)),
        (Annotated[str, Mark.IMPLIED_BY_REGISTER] | Unset, Text(required=True, implied_by_register=True)),
        (int, Integer()),
        (Literal[0, 1] | int, Integer()),
        (Annotated[int, Meta(ge=0, le=100)] | Unset, Integer(min=0, max=100)),
        (Annotated[int, Meta(ge=1)], Integer(min=1)),
        (bool | None, Boolean()),
        (float | Decimal | Unset, Number()),
        (int | float | Decimal, Number()),
        (str | int | Unset, TextOrInteger()),
        (dt.datetime | str | Unset | None, Instant()),
        (Any, Json()),
        (Mapping[str, Any] | Unset, Object()),
        (Sequence[str] | None, Items(of=Text())),
        (Annotated[Sequence[str], Meta(min_length=1)], Items(of=Text(), min=1)),
        (Annotated[Mapping[str, Any], Window()] | Unset, Window()),
        (Part, Object(fields=PART)),
        (Annotated[Part, Mark.ONE_OF_ITS_KEYS], Object(fields=PART, one_of=("name", "amount"))),
        (
            Sequence[Whole],
            Items(
                of=Object(
                    fields={**PART, "kind": Text(values=("a", "b")), "parts": Items(of=Object(fields=PART))},
                )
            ),
        ),
    ],
    ids=str,
)
def test_kinds(annotation: Any, kind: Param) -> None:
    assert param_of(annotation, required=False) == kind
    assert param_of(annotation, required=True).required


@pytest.mark.parametrize("annotation", [complex, str | bool, list[str], dict[str, int], bytes | None], ids=str)
def test_what_can_not_be_sent(annotation: Any) -> None:
    with pytest.raises(TypeError, match="no kind of parameter"):
        param_of(annotation, required=False)


def test_extras_are_found_wherever_they_stand() -> None:
    meta, named = Meta(ge=1), Named("perPage")
    assert extras_of(Annotated[int, meta, named] | Unset | None) == [meta, named]
    assert extras_of(Annotated[int | None, named]) == [named]
    assert extras_of(str | None) == []
