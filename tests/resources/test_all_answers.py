"""Every example of the facts, as it is and changed in the ways that real answers differ."""

from __future__ import annotations

import datetime as dt
import pkgutil
import types
from collections.abc import Iterator, Mapping
from copy import deepcopy
from importlib import import_module
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
import pytest

from leat_async import models
from leat_async._core.answers import read, read_list
from leat_async._core.codec import encode, structure, unstructure
from leat_async._core.operation import Operation
from leat_async._core.transport import Answer
from leat_async.errors import DecodeError
from leat_async.models import Model
from leat_async.models._base import fields_of as model_fields
from leat_async.models._base import keys_of

from ..rows import each
from .table import OPERATIONS, RENAMED, TABLE, Fact

# Keys of examples that are the account's own attributes, as the facts say ("additional keys").
OWN_ATTRIBUTES: dict[str, set[str]] = {
    "LoyaltyTransaction": {"someAttribute", "someAttribute2", "someAttribute21123"},
    "Promotion": {
        "joker",
        "joker2",
        "jokertje1233",
        "plu",
        "shipping",
        "shipping_region",
        "someName2",
        "some_random_attribute_3",
    },
    "Reward": {
        "asdfjkl",
        "custom_attribute_one",
        "custom_attribute_two",
        "eennaam",
        "example_attribute",
        "middle_name",
        "middle_name1223434",
        "something",
    },
}
Path = tuple[str | int, ...]


def operation_of(fact: Fact) -> Operation[Any]:
    return OPERATIONS[RENAMED.get(fact.id, fact.id)][0]


def is_modelled(fact: Fact) -> bool:
    return isinstance(operation_of(fact).result, type) and issubclass(operation_of(fact).result, Model)


WITH_EXAMPLE = [fact for fact in TABLE if "example" in fact.raw and RENAMED.get(fact.id, fact.id) in OPERATIONS]
MODELLED = [fact for fact in WITH_EXAMPLE if is_modelled(fact)]


def ids(fact: Fact) -> str:
    return fact.id


def data_of(fact: Fact) -> Any:
    """The example's data, as a list of objects."""
    example = fact.raw["example"]
    data = example if operation_of(fact).unwrapped else example["data"]
    return data if operation_of(fact).many else [data]


def model_in(hint: Any) -> type[Model] | None:
    """The model that a type hint allows, itself or in a tuple."""
    for member in get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,):
        if get_origin(member) is tuple:
            member = get_args(member)[0]
        if isinstance(member, type) and issubclass(member, Model):
            return member
    return None


def fields_of(kind: type[Model]) -> dict[str, tuple[str, Any]]:
    """API name → our name and type."""
    hints = get_type_hints(kind)
    return {key: (field.name, hints[field.name]) for field in model_fields(kind) for key in keys_of(field)}


def walk(kind: type[Model], raw: Any, path: Path = ()) -> Iterator[tuple[type[Model], Path, str, str, Any]]:
    """Every key of an answer that a model knows: model, path to the object, key, our name, type."""
    if not isinstance(raw, dict):
        return
    for key, (name, hint) in fields_of(kind).items():
        if key not in raw:
            continue
        yield kind, path, key, name, hint
        inner = model_in(hint)
        if inner is None:
            continue
        if isinstance(raw[key], list):
            for index, item in enumerate(raw[key]):
                yield from walk(inner, item, (*path, key, index))
        else:
            yield from walk(inner, raw[key], (*path, key))


def at(raw: Any, path: Path) -> Any:
    for step in path:
        raw = raw[step]
    return raw


def check_attributes(model: Any, raw: Any) -> None:
    """Every key arrives in an attribute, or is the account's own."""
    assert isinstance(model, Model)
    if not isinstance(raw, dict):
        assert model.bare_field is not None
        assert getattr(model, model.bare_field) == raw
        return
    names = fields_of(type(model))
    unknown = set(raw) - set(names)
    assert unknown <= OWN_ATTRIBUTES.get(type(model).__name__, set()), f"{type(model).__name__} lacks {unknown}"
    assert set(model.extra) == unknown
    for key, value in raw.items():
        if key in unknown or value is None:
            continue
        read_as = getattr(model, names[key][0])
        assert read_as is not None, key
        if isinstance(read_as, Model):
            check_attributes(read_as, value)
        elif isinstance(read_as, tuple):
            assert len(read_as) == len(value)
            for item, came in zip(read_as, value, strict=True):
                if isinstance(item, Model):
                    check_attributes(item, came)
                else:
                    assert item == came
        elif isinstance(read_as, dt.datetime):
            assert read_as == dt.datetime.fromisoformat(value)
            assert read_as.tzinfo is not None
        elif isinstance(read_as, dt.date):
            assert read_as.isoformat() == value
        elif isinstance(read_as, (int, float)) and isinstance(value, str):
            assert float(value) == read_as
        else:
            assert read_as == value


@each("fact", MODELLED, ids=ids)
def test_examples_decode_into_attributes(fact: Fact) -> None:
    for raw in data_of(fact):
        check_attributes(structure(raw, operation_of(fact).result), raw)


@each("fact", WITH_EXAMPLE, ids=ids)
def test_examples_are_read_as_answers(fact: Fact) -> None:
    operation, example = operation_of(fact), fact.raw["example"]
    answer = Answer(200, {}, encode(example))
    if operation.many:
        listing = read_list(operation, answer, ())
        assert len(listing.items) == len(example["data"])
        assert listing.meta == example.get("meta")
    elif operation.result is types.NoneType:
        assert read(operation, answer, ()) is None
    else:
        assert read(operation, answer, ()) is not None


@each("fact", MODELLED, ids=ids)
def test_unstructuring_gives_back_every_key_and_value(fact: Fact) -> None:
    for raw in data_of(fact):
        model = structure(raw, operation_of(fact).result)
        assert unstructure(model) == raw
        assert unstructure(structure(unstructure(model), type(model))) == raw
        assert structure(raw, type(model)) == model
        assert hash(structure(raw, type(model))) == hash(model)


def replacement(hint: Any) -> Any:
    """A value of a type, and how it is written."""
    members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    for kind, value, written in (
        (str, "another", "another"),
        (int, 4711, 4711),
        (float, 47.5, 47.5),
        (dt.datetime, dt.datetime(2030, 1, 2, tzinfo=dt.UTC), "2030-01-02T00:00:00+00:00"),
        (dt.date, dt.date(2030, 1, 2), "2030-01-02"),
    ):
        if kind in members:
            return value, written
    return None


@each("fact", MODELLED, ids=ids)
def test_a_change_changes_nothing_else(fact: Fact) -> None:
    kind = operation_of(fact).result
    for raw in data_of(fact):
        if not isinstance(raw, dict):
            continue
        model = structure(raw, kind)
        assert unstructure(attrs.evolve(model)) == raw
        for key, (name, hint) in fields_of(kind).items():
            changed = replacement(hint)
            if changed is None or (key not in raw and key != keys_of(attrs.fields_dict(kind)[name])[0]):
                continue
            if any(other in raw for other in keys_of(attrs.fields_dict(kind)[name])) and key not in raw:
                continue
            value, written = changed
            assert unstructure(attrs.evolve(model, **{name: value})) == {**raw, key: written}


def mutations(hint: Any, value: Any) -> Iterator[Any]:
    """What may stand in place of a value."""
    yield None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield str(value)
    if isinstance(value, bool):
        yield from (int(value), str(value).lower())
    if isinstance(value, dict):
        yield []
    if isinstance(value, list) and not value:
        yield {}
    members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if isinstance(value, str) and str in members:
        yield "SOMETHING_NEW"


@each("fact", MODELLED, ids=ids)
def test_what_differs_in_real_answers_still_decodes(fact: Fact) -> None:
    kind = operation_of(fact).result
    for raw in data_of(fact)[:3]:
        for _, path, key, name, hint in list(walk(kind, raw)):
            for value in mutations(hint, at(raw, path)[key]):
                changed = deepcopy(raw)
                at(changed, path)[key] = value
                model = structure(changed, kind)
                assert unstructure(model) == changed
            removed = deepcopy(raw)
            del at(removed, path)[key]
            assert unstructure(structure(removed, kind)) == removed
            unknown = deepcopy(raw)
            at(unknown, path)["a key of tomorrow"] = {"deep": [1, None]}
            model = structure(unknown, kind)
            assert unstructure(model) == unknown
            if not path:
                assert model.extra["a key of tomorrow"] == {"deep": [1, None]}
                assert getattr(model, name) == getattr(structure(raw, kind), name)


def wrong_for(hint: Any) -> list[Any]:
    """Values that a type can't hold."""
    allowed = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    members = [member for member in allowed if member is not types.NoneType]
    if Any in members or object in members:
        return []
    if len(members) > 1:
        return [{"neither": "nor"}] if not any(get_origin(m) in (Mapping, tuple) for m in members) else []
    [kind] = members
    if get_origin(kind) is tuple:
        return ["text", 5]
    if get_origin(kind) is not None:
        return ["text", 5, [1]]
    if issubclass(kind, Model):
        return ([] if kind.bare_field is not None else ["text", 5]) + [[1]]
    if kind is str:
        return [5, True, {"a": 1}, ["a"]]
    if kind is bool:
        return ["maybe", 2, {"a": 1}]
    return ["soon", True, {"a": 1}, [1]]


def json_path(path: Path, key: str) -> str:
    return "$.data" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in (*path, key))


@each("fact", MODELLED, ids=ids)
def test_what_can_not_be_understood_names_its_place(fact: Fact) -> None:
    operation = operation_of(fact)
    kind = operation.result
    raw = data_of(fact)[0]
    tried = 0
    for _, path, key, _, hint in list(walk(kind, raw)):
        for value in wrong_for(hint):
            changed = deepcopy(raw)
            at(changed, path)[key] = value
            where = json_path((0, *path) if operation.many else path, key)
            with pytest.raises(DecodeError) as caught:
                structure(
                    [changed] if operation.many else changed, list[kind] if operation.many else kind, path="$.data"
                )
            assert caught.value.path.startswith(where), f"{caught.value} instead of {where}"
            tried += 1
    assert tried or kind.bare_field is not None or not isinstance(raw, dict)


@each("fact", MODELLED, ids=ids)
def test_an_answer_of_another_shape_is_refused(fact: Fact) -> None:
    operation = operation_of(fact)
    for data in ("text", 5, [5], True):
        if operation.result.bare_field is not None and not isinstance(data, list):
            continue
        answer = Answer(200, {}, encode(data if operation.unwrapped else {"data": data}))
        with pytest.raises(DecodeError) as caught:
            (read_list if operation.many else read)(operation, answer, ())
        assert caught.value.accepted
        assert caught.value.body == answer.body


def all_models() -> list[type[Model]]:
    """The models of the package, whoever imported or made others before."""
    modules = [import_module(f"leat_async.models.{found.name}") for found in pkgutil.iter_modules(models.__path__)]
    return [
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, Model)
        and kind.__module__ == module.__name__
        and kind is not Model
    ]


def test_every_public_model_is_among_them() -> None:
    assert {kind.__name__ for kind in all_models()} >= {name for name in models.__all__ if name != "Model"}


@each("kind", all_models(), ids=lambda kind: kind.__name__)
def test_models_are_frozen_hashable_and_made_of_optional_fields(kind: type[Model]) -> None:
    model = kind()
    assert hash(model) == hash(kind())
    assert model == structure({}, kind) == structure([], kind)
    assert unstructure(model) == {}
    for name, hint in get_type_hints(kind).items():
        if name.startswith("_") or name == "bare_field":
            continue
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(model, name, None)
        assert structure({key: None for key, (own, _) in fields_of(kind).items() if own == name}, kind) == model
        assert "list[" not in str(hint), f"{kind.__name__}.{name}: lists are tuples in models"
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")


def test_secrets_do_not_show() -> None:
    for kind, raw in (
        (models.AuthToken, {"auth_token": "hush"}),
        (models.AuthToken, "hush"),
        (models.AuthUrl, {"url": "https://acme.com/home?token=hush"}),
        (models.ContactSessionToken, {"token": "hush"}),
        (models.Contact, {"current_values": {"custom_app_login_url": "hush"}, "attributes": [{"value": "hush"}]}),
    ):
        assert "hush" not in repr(structure(raw, kind))


def test_attributes_are_read_in_every_documented_form() -> None:
    from leat_async.models import Attribute, AttributeOption

    camel = structure(
        {"fieldType": "text", "isPiggyDefined": 0, "isSoftReadOnly": True, "isHardReadOnly": 1}, Attribute
    )
    snake = {"field_type": "text", "is_piggy_defined": False, "is_soft_read_only": True, "is_hard_read_only": True}
    assert camel == structure(snake, Attribute)
    assert not camel.extra
    assert unstructure(attrs.evolve(camel, field_type="phone"))["fieldType"] == "phone"
    assert structure({"options": {"blue": "Blue"}}, Attribute).options == {"blue": "Blue"}
    assert structure({"options": {"1": "Blue"}}, Attribute).options == {"1": "Blue"}
    assert structure({"options": []}, Attribute).options == ()
    assert structure({"options": [{"value": 1, "label": "A"}]}, Attribute).options == (
        AttributeOption(value=1, label="A"),
    )
    used = {"date": "2023-11-13 16:04:14.000000", "timezone_type": 3, "timezone": "UTC"}
    assert structure({"last_used_date": used}, Attribute).last_used_date == used


def test_either_spelling_of_the_fourth_colour() -> None:
    from leat_async.models import BrandKit

    for spelling in ("quarternary_color", "quaternary_color"):
        kit = structure({spelling: "#317f88"}, BrandKit)
        assert kit.quarternary_color == "#317f88"
        assert unstructure(kit) == {spelling: "#317f88"}
        assert unstructure(attrs.evolve(kit, quarternary_color="#000000")) == {spelling: "#000000"}
