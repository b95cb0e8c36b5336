"""Typed methods as declarations of operations: what is read off them, and what is said to a call that does not fit."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Mapping, Sequence
from types import NoneType
from typing import Annotated, Any
from uuid import UUID

import attrs
import pytest
from msgspec import Meta

from leat_async import LeatClient
from leat_async._core.annotations import Mark, Named
from leat_async._core.declare import BOTH, AtRegister, declared_by, never, operation, operation_of, operations_of
from leat_async._core.operation import Effect, Operation, Paging
from leat_async._core.params import Integer, Text
from leat_async._core.unset import UNSET, Unset
from leat_async.errors import ConfigError, LeatError, OutcomeUnknownError
from leat_async.models import Tier, Visit
from leat_async.pagination import Pager
from leat_async.resources._base import Resource

from ..conftest import Recorder, answer


class Moods(Resource):
    """Operations that no API has."""

    async def _asked(self, mood_uuid: str, note: str) -> str:
        return f"{mood_uuid} {note}"

    @operation("GET", "/moods", apis=BOTH, certain_paging=False)
    def list(
        self,
        *,
        word: str | Unset = UNSET,
        per_page: Annotated[int, Meta(ge=0, le=20), Named("perPage")] | Unset = UNSET,
        page: Annotated[int, Meta(ge=1)] | Unset = UNSET,
    ) -> Pager[Visit]:
        """List."""
        never()

    @operation("GET", "/moods/{mood_uuid}")
    async def get(self, mood_uuid: str) -> Tier | None:
        """Get."""
        never()

    @operation(
        "PUT",
        "/moods/{mood_uuid}/of/{day}",
        at_register=AtRegister("POST", "/moods/{mood_uuid}/{day}", "assumed"),
        look_up=_asked,
    )
    async def change(
        self,
        mood_uuid: str,
        day: str,
        *,
        shop_uuid: Annotated[str, Mark.IMPLIED_BY_REGISTER] | Unset = UNSET,
        strength: int,
        note: str | Unset | None = UNSET,
        way: str = "slowly",
    ) -> Any:
        """Change."""
        never()

    @operation("POST", "/moods", effect=Effect.SAFE)
    async def create(
        self, *, name: str, more: Annotated[Mapping[str, Any], Mark.FURTHER_KEYS] | Unset = UNSET
    ) -> Sequence[Visit]:
        """Create."""
        never()

    @operation("DELETE", "/moods/{mood_uuid}")
    async def delete(self, mood_uuid: str) -> None:
        """Delete."""
        never()

    async def convenience(self) -> None:
        """Is no operation."""


@pytest.fixture
async def moods(recorder: Recorder) -> AsyncIterator[Moods]:
    async with LeatClient("t" * 53, base_url=recorder.url, rate_limit=None, retry=None) as leat:
        yield Moods(leat._pipeline)


def read(method: Any) -> Operation[Any]:
    made = operation_of(method)
    assert operation_of(method) is made, "made once"
    return made


def test_what_the_verb_says() -> None:
    assert [read(method).effect for method in (Moods.list, Moods.get, Moods.change, Moods.delete)] == [
        Effect.SAFE,
        Effect.SAFE,
        Effect.REPEATABLE,
        Effect.REPEATABLE,
    ]
    assert read(Moods.create).effect is Effect.SAFE, "said otherwise"
    assert [(o.id, o.method, o.path) for o in operations_of(Moods.get)] == [
        ("test_declare.get", "GET", "/moods/{mood_uuid}")
    ]


def test_what_the_return_type_says() -> None:
    assert (read(Moods.list).result, read(Moods.list).many) == (Visit, True)
    assert (read(Moods.get).result, read(Moods.get).nullable) == (Tier, True)
    assert (read(Moods.change).result, read(Moods.change).nullable) == (object, False)
    assert read(Moods.create).result == list[Visit]
    assert read(Moods.delete).result is NoneType


def test_what_the_keywords_say() -> None:
    listed = read(Moods.list)
    assert listed.query == {"word": Text(), "perPage": Integer(min=0, max=20), "page": Integer(min=1)}
    assert listed.paging == Paging(size="perPage", largest=20, certain=False)
    changed = read(Moods.change)
    assert changed.query == {}
    assert changed.body == {
        "shop_uuid": Text(required=True, implied_by_register=True),
        "strength": Integer(required=True),
        "note": Text(),
        "way": Text(required=True),
    }
    assert list(changed.body) == ["shop_uuid", "strength", "note", "way"], "sent in this order"
    assert read(Moods.create).open_body
    assert list(read(Moods.create).body) == ["name"]
    assert not changed.open_body


def test_an_operation_that_the_register_api_has_elsewhere() -> None:
    ours, theirs = operations_of(Moods.change)
    assert ours.apis == ("oauth",)
    assert theirs == attrs.evolve(
        ours, method="POST", path="/moods/{mood_uuid}/{day}", certainty="assumed", apis=("register",)
    )


def test_what_is_declared_by_a_resource() -> None:
    assert [method.__name__ for method in declared_by(Moods)] == ["list", "get", "change", "create", "delete"]
    assert inspect.iscoroutinefunction(Moods.change)
    assert not inspect.iscoroutinefunction(Moods.list)
    assert list(inspect.signature(Moods.get).parameters) == ["self", "mood_uuid"]


async def test_a_call_sends_what_it_was_given(moods: Moods, recorder: Recorder) -> None:
    recorder.default = answer({"data": None})
    await moods.change("a/b", "mon", note=None, strength=3, shop_uuid="s")
    assert recorder.last.method == "PUT"
    assert recorder.last.target.endswith("/moods/a%2Fb/of/mon")
    assert recorder.last.body == b'{"shop_uuid":"s","strength":3,"note":null,"way":"slowly"}'
    await moods.change(day="tue", mood_uuid="m", strength=3, shop_uuid="s", way="fast")
    assert recorder.last.target.endswith("/moods/m/of/tue")
    assert recorder.last.body == b'{"shop_uuid":"s","strength":3,"way":"fast"}'


async def test_a_list_is_asked_under_the_names_of_the_api(moods: Moods, recorder: Recorder) -> None:
    recorder.default = answer({"data": []})
    await moods.list(per_page=5, page=2, word="a")
    assert recorder.last.target.endswith("/moods?word=a&perPage=5&page=2")


async def test_further_keys_are_sent_beside_the_parameters(moods: Moods, recorder: Recorder) -> None:
    recorder.default = answer({"data": []})
    await moods.create(name="n", more={"colour": [1]})
    assert recorder.last.json == {"name": "n", "colour": [1]}
    with pytest.raises(ValueError, match="more can't hold 'name', which is a parameter of its own"):
        await moods.create(name="n", more={"name": "other"})
    with pytest.raises(TypeError, match="more must be a mapping"):
        await moods.create(name="n", more=5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "keywords", "told"),
    [
        (("m", "mon"), {}, r"test_declare\.change: missing a required argument: 'strength'"),
        (("m",), {"strength": 1}, r"test_declare\.change: missing a required argument: 'day'"),
        (("m", "mon", "x"), {"strength": 1}, r"test_declare\.change: too many positional arguments"),
        (("m", "mon"), {"mood_uuid": "m", "strength": 1}, r"multiple values for argument 'mood_uuid'"),
        (
            ("m", "mon"),
            {"strength": 1, "nota": "x"},
            r"test_declare\.change: got an unexpected keyword argument 'nota'; did you mean note\?",
        ),
        (
            ("m", "mon"),
            {"strength": 1, "given": 1},
            r"unexpected keyword argument 'given'; it takes mood_uuid, day, shop_uuid, strength, note, way",
        ),
        (("m", "mon"), {"strength": UNSET, "shop_uuid": "s"}, r"test_declare\.change: strength is required"),
        (("m", "mon"), {"strength": 1}, r"test_declare\.change: shop_uuid is required"),
        (("m", "mon"), {"strength": 1, "shop_uuid": "s", "way": UNSET}, r"test_declare\.change: way is required"),
    ],
)
async def test_what_does_not_fit_is_told_before_anything_is_sent(
    moods: Moods, recorder: Recorder, path: tuple[str, ...], keywords: dict[str, Any], told: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=told):
        await moods.change(*path, **keywords)
    assert recorder.requests == []


async def test_a_list_that_does_not_fit_is_told_at_once(moods: Moods) -> None:
    with pytest.raises(TypeError, match="'pages'; did you mean page"):
        moods.list(pages=2)  # type: ignore[call-arg]


async def test_the_register_api_gets_its_own_request(recorder: Recorder) -> None:
    recorder.default = answer({"data": None})
    async with LeatClient("t" * 53, base_url=recorder.url, rate_limit=None, api="register") as leat:
        moods = Moods(leat._pipeline)
        await moods.change("m", "mon", strength=1)
        assert (recorder.last.method, recorder.last.path) == ("POST", "/api/v3/register/moods/m/mon")
        with pytest.raises(ConfigError, match="does not exist under api='register'"):
            await moods.get("m")


async def test_the_look_up_gets_its_arguments_by_name_or_can_not_ask(moods: Moods, recorder: Recorder) -> None:
    recorder.default = answer({"message": "broken"}, status=500)
    with pytest.raises(OutcomeUnknownError) as caught:
        await moods.change("m", day="mon", strength=1, shop_uuid="s", note="hm")
    assert await caught.value.reconcile() == "m hm"
    mood, note = UUID(int=1), UUID(int=2)
    with pytest.raises(OutcomeUnknownError) as caught:
        await moods.change(mood, "mon", strength=1, shop_uuid="s", note=note)  # type: ignore[arg-type]
    # Answers, which a look-up compares with, have text.
    assert await caught.value.reconcile() == f"{mood} {note}"
    for given in ({}, {"note": None}):
        with pytest.raises(OutcomeUnknownError) as caught:
            await moods.change("m", "mon", strength=1, shop_uuid="s", **given)  # type: ignore[arg-type]
        assert not caught.value.reconcilable
        with pytest.raises(LeatError, match=r"change: no look-up: note was not given, by which the API would be asked"):
            await caught.value.reconcile()


def test_a_signature_that_can_not_be_sent_is_an_error() -> None:
    @operation("POST", "/x")
    async def strange(self: Any, *, at: complex) -> None:
        never()

    with pytest.raises(TypeError, match="no kind of parameter is <class 'complex'>"):
        operation_of(strange)
