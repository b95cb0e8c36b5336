"""The compiled lane says what the tolerant way says: of every example, changed in every way, and of odd JSON."""

from __future__ import annotations

import contextlib
import copy
import functools
import gc
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, get_type_hints

import attrs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leat_async import models, structure, unstructure
from leat_async._core import codec, lane
from leat_async._core.answers import read, read_list
from leat_async._core.codec import compiled, encode, parse, parse_list
from leat_async._core.lane import items_decoder_of
from leat_async._core.operation import Effect, Operation
from leat_async._core.transport import Answer
from leat_async.errors import DecodeError
from leat_async.models import LoyaltyTransaction, Model, Visit
from leat_async.models._base import fields_of
from leat_async.reports.reading import CardLine, PrepaidLine, TransactionLine

from ..resources.table import Fact
from ..resources.test_all_answers import MODELLED, at, data_of, ids, mutations, operation_of, walk, wrong_for
from ..rows import each

SOAK = os.environ.get("LEAT_SOAK") == "1"


def told(kind: Any, value: Any) -> Any:
    """All that a model tells, of itself and of the models inside; or how it was refused."""
    try:
        model = structure(value, kind)
    except DecodeError as error:
        return str(error), error.path
    return facts_of(model)


def facts_of(model: Any) -> Any:
    if isinstance(model, Model):
        fields = {field.name: facts_of(getattr(model, field.name)) for field in fields_of(type(model))}
        return type(model), fields, dict(model.extra), hash(model), repr(model), unstructure(model)
    if isinstance(model, tuple):
        return tuple(map(facts_of, model))
    return type(model), model


def same_on_both(kind: Any, value: Any) -> None:
    body = encode(value)
    tolerant = told(kind, parse(body))
    assert told(kind, msgspec.Raw(body)) == tolerant
    alone = compiled(kind, b'{"data": %s, "meta": {}}' % body)
    if alone is not None:
        assert facts_of(alone) == tolerant
    listed = compiled(kind, b'{"data": [%s, %s], "meta": {"page": 1}}' % (body, body), items_decoder_of)
    if listed is not None:
        assert [facts_of(item) for item in listed[0]] == [tolerant, tolerant]
        assert listed[1] == {"page": 1}
    if isinstance(value, dict):
        assert (alone is None) == (listed is None)


@each("fact", MODELLED, ids=ids)
def test_examples(fact: Fact) -> None:
    kind = operation_of(fact).result
    for item in data_of(fact):
        same_on_both(kind, item)


@functools.cache
def places() -> dict[str, list[tuple[Any, Any, Any, Any]]]:
    """By operation: where its examples can be changed. What was there in another row of a list, or in another
    operation's example of the same model, is left to `LEAT_SOAK=1`; each Python takes a third of the others."""
    found: dict[str, list[tuple[Any, Any, Any, Any]]] = {}
    known = set()
    for fact in MODELLED:
        kind = operation_of(fact).result
        for raw in data_of(fact)[:2]:
            for _, path, key, _, hint in walk(kind, raw):
                steps = [int if isinstance(step, int) else step for step in path]
                place = (kind, *steps, key, type(at(raw, path)[key]))
                if SOAK or (place not in known and len(known) % 3 == sys.version_info.minor % 3):
                    found.setdefault(fact.id, []).append((raw, path, key, hint))
                known.add(place)
    return found


@pytest.mark.parametrize("fact", [fact for fact in MODELLED if fact.id in places()], ids=ids)
def test_changed_examples(fact: Fact) -> None:
    kind = operation_of(fact).result
    for raw, path, key, hint in places()[fact.id]:
        for value in [*mutations(hint, at(raw, path)[key]), *wrong_for(hint), None, [], {}, "", 0, 1.5]:
            changed = deepcopy(raw)
            at(changed, path)[key] = value
            same_on_both(kind, changed)
        removed = deepcopy(raw)
        del at(removed, path)[key]
        same_on_both(kind, removed)
        unknown = deepcopy(raw)
        at(unknown, path)["a key of tomorrow"] = {"deep": [1, None]}
        same_on_both(kind, unknown)


ON = pytest.mark.skipif(not codec._COMPILED, reason="the lane is switched off")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=6)
    | st.sampled_from(["12", "1.5", "true", "2024-05-01T20:00:00", "2024-05-01T20:00:00.1234567Z", "2024-05-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["0", "1", "id", "uuid"]), inner),
    max_leaves=5,
)


@settings(max_examples=400)
@given(st.data())
def test_examples_with_anything_anywhere(data: st.DataObject) -> None:
    fact = data.draw(st.sampled_from(MODELLED), "fact")
    kind = operation_of(fact).result
    raw = deepcopy(data_of(fact)[0])
    places = list(walk(kind, raw))
    if places:
        for _, path, key, _, _ in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=2), "places"):
            # The first may have replaced what the second is in.
            with contextlib.suppress(KeyError, IndexError, TypeError):
                at(raw, path)[key] = data.draw(JSON, "value")
    same_on_both(kind, raw)


MOMENTS = [
    "2024-05-03T12:45:11Z",
    "2024-05-03t12:45:11z",
    "2024-05-03 12:45:11+02:00",
    "2024-05-03 12:45:11",
    "2024-05-03T12:45:11.1234567Z",
    "2024-05-03T12:45:11.9999999+02:00",
    "9999-12-31T23:59:59.9999999Z",
    "2024-05-03T12:45Z",
    "2024-05-03T12:45:11,5Z",
    "2024-05-03T12:45:11+0200",
    "20240503T124511Z",
    "2024-05-03",
    "2024-05-03T24:00:00Z",
    "",
]


@pytest.mark.parametrize("text", MOMENTS)
def test_moments(text: str) -> None:
    same_on_both(Visit, {"starts_at": text})


TRANSACTION = {
    "uuid": "t-1",
    "type": "credit_reception",
    "credits": 5,
    "created_at": "2024-05-01T20:00:00+00:00",
    "contact": {"uuid": "c-1", "email": None, "vip": True, "credit_balance": {"balance": 3, "since": [2024]}},
    "unit_value": None,
    "someAttribute": "own",
}


def through_lane(item: Any, *, alone: bool = True) -> Any:
    if alone:
        model = compiled(LoyaltyTransaction, encode({"data": item}))
    else:
        model = structure(msgspec.Raw(encode(item)), LoyaltyTransaction)
    assert type(model._raw) in (bytes, tuple), "this did not come through the lane"
    return model


@ON
@each("fact", MODELLED, ids=ids)
def test_examples_go_through_the_lane(fact: Fact) -> None:
    """Answers as documented are read the fast way, so that it is worth having."""
    operation = operation_of(fact)
    if operation.unwrapped or operation.nullable:
        return
    if operation.many:
        whole = parse_list(operation.result, encode({"data": [*data_of(fact)], "meta": {}}))
        items = structure(whole["data"], list[operation.result])  # type: ignore[name-defined]
        assert all(type(item._raw) is bytes for item in items)
    else:
        found = compiled(operation.result, encode({"data": data_of(fact)[0], "meta": {}}))
        assert (found is not None) == (fact.id not in SLOW)


# What only the tolerant way reads: options as a mapping, where a list of them is usual.
SLOW = {"loyalty_transaction_attributes.create"}


@ON
@pytest.mark.parametrize("alone", [True, False], ids=["object", "item"])
def test_what_a_model_keeps(alone: bool) -> None:
    model = through_lane(TRANSACTION, alone=alone)
    assert dict(model.extra) == {"someAttribute": "own"}
    assert dict(model.contact.extra) == {"vip": True}
    assert dict(model.contact.credit_balance.extra) == {"since": [2024]}
    changed = attrs.evolve(model, credits=6, contact=attrs.evolve(model.contact, email="ada@example.com"))
    assert unstructure(changed) == {
        **TRANSACTION,
        "credits": 6,
        "contact": {**TRANSACTION["contact"], "email": "ada@example.com"},  # type: ignore[dict-item]
    }
    assert type(changed) is LoyaltyTransaction
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        model.credits = 7


@ON
@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("alone", [True, False], ids=["object", "item"])
def test_copies_need_nothing_but_themselves(twin: Any, alone: bool) -> None:
    other = twin(through_lane(TRANSACTION, alone=alone))
    assert other == through_lane(TRANSACTION)
    assert unstructure(other) == TRANSACTION
    contact = twin(through_lane(TRANSACTION, alone=alone).contact)
    assert dict(contact.extra) == {"vip": True}


SHOP = {"id": 15, "name": "Krusty Krab", "floor": 2, "address": {"city": "Bikini Bottom", "lift": True}}


def rows_of(*items: dict[str, Any]) -> list[LoyaltyTransaction]:
    found = compiled(LoyaltyTransaction, encode({"data": items, "meta": {}}), items_decoder_of)
    assert found is not None, "this did not come through the lane"
    rows: list[LoyaltyTransaction] = found[0]
    return rows


@ON
def test_what_rows_have_in_common_is_made_once() -> None:
    other = {**SHOP, "floor": 3}
    first, second, third, none, absent = rows_of({"shop": SHOP}, {"shop": SHOP}, {"shop": other}, {"shop": None}, {})
    assert first.shop is second.shop
    assert first.shop == third.shop
    assert first.shop is not third.shop
    assert (none.shop, absent.shop) == (None, None)
    assert first.shop is not None
    assert first.shop.address is not None
    assert third.shop is not None
    assert (dict(first.shop.extra), dict(third.shop.extra)) == ({"floor": 2}, {"floor": 3})
    assert dict(first.shop.address.extra) == {"lift": True}
    assert unstructure(first.shop) == SHOP
    assert unstructure(first) == {"shop": SHOP}
    again = [row.shop for row in rows_of(*({"shop": shop} for shop in (SHOP, other, SHOP, None, None, SHOP, other)))]
    same = [next(at for at, one in enumerate(again) if one is shop) for shop in again]
    assert same == [0, 1, 0, 3, 3, 0, 1]


@ON
def test_rows_without_anything_in_common_are_read_as_they_come() -> None:
    kinds: list[type] = []
    for several in (True, True, False, True, True, False):
        rows = rows_of(*({"shop": {**SHOP, "id": number if several else 7}} for number in range(40)))
        shops = [row.shop for row in rows if row.shop is not None]
        assert [shop.id for shop in shops] == (list(range(40)) if several else [7] * 40)
        assert all(dict(shop.extra) == {"floor": 2} for shop in shops)
        kinds.append(type(shops[0]._raw))
    # With bytes of its own where it was looked for, with a place in its row's where not.
    assert kinds[1:] == [tuple, bytes, bytes, tuple, bytes]


@ON
def test_two_classes_of_the_same_text_stay_apart() -> None:
    same = {"id": 1, "name": "both"}
    for row in rows_of({"shop": same, "unit": same}, {"unit": same, "shop": same}):
        assert row.shop == models.Shop(id=1, name="both")
        assert row.unit == models.Unit(id=1, name="both")


@ON
@pytest.mark.parametrize("shop", [5, "x", [], {"id": "15"}, {"id": 1.5}, {"address": []}])
def test_a_shared_model_that_does_not_fit_goes_the_tolerant_way(shop: Any) -> None:
    body = encode({"data": [{"shop": SHOP}, {"shop": shop}]})
    assert compiled(LoyaltyTransaction, body, items_decoder_of) is None


@pytest.mark.parametrize("name", [name for name in models.__all__ if getattr(getattr(models, name), "shared", False)])
def test_what_is_shared_can_not_be_changed(name: str) -> None:
    hints = get_type_hints(getattr(models, name))
    hints.pop("_raw")
    assert not [field for field, hint in hints.items() if "Mapping" in str(hint) or hint is Any]


@pytest.mark.parametrize("listed", [True, False], ids=["list", "item"])
def test_an_item_does_not_keep_its_page_alive(listed: bool) -> None:
    size = 2_000_000
    body = encode({"data": [{**TRANSACTION, "shop": SHOP}, {"uuid": "t-2", "blob": "x" * size}]})
    if listed:
        item = read_list(LIST, Answer(200, {}, body)).items[0]
    else:
        item = structure(parse_list(LoyaltyTransaction, body)["data"], list[LoyaltyTransaction])[0]
    seen = {id(item)}
    todo: list[Any] = [item]
    while todo:
        for held in gc.get_referents(todo.pop()):
            if id(held) not in seen and not isinstance(held, type):
                seen.add(id(held))
                todo.append(held)
                assert not isinstance(held, (bytes, memoryview, str)) or len(held) < size


LIST = Operation("t.list", "GET", "/t", Effect.SAFE, LoyaltyTransaction, many=True)
GET = Operation("t.get", "GET", "/t", Effect.SAFE, LoyaltyTransaction)


def outcome(operation: Operation[Any], body: bytes) -> Any:
    try:
        if operation.many:
            listing = read_list(operation, Answer(200, {}, body), ())
            return [facts_of(item) for item in listing.items], listing.meta
        return facts_of(read(operation, Answer(200, {}, body), ()))
    except DecodeError as error:
        return str(error), error.path, error.body


ITEM = json.dumps(TRANSACTION).encode()


@pytest.mark.parametrize("operation", [LIST, GET], ids=["list", "get"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"data": [%s], "meta": {"page": 1}}' % ITEM,
        b'{"data": %s}' % ITEM,
        b'{"data": [%s, {"uuid": 5}]}' % ITEM,
        b'{"data": {"uuid": 5}, "meta": []}',
        b'{"data": [], "meta": []}',
        b'{"data": {}}',
        b'{"data": {"0": %s, "3": %s}}' % (ITEM, ITEM),
        b'{"data": null}',
        b'{"data": "text"}',
        b'{"data": 5, "data": [%s]}' % ITEM,
        b'{"meta": {}}',
        b"[]",
        b"",
        b"null",
        b'{"data": [%s' % ITEM,
        b'{"data": [%s]} trailing' % ITEM,
        b'{"data": {"uuid": "a", "uuid": "b", "credits": 1, "credits": null}}',
        b'{"data": {"\\u0075uid": "escaped", "note": "\\u20ac"}}',
        b'{"data": {"uuid": "a", "note": "\xff"}}',
        b'{"data": {"uuid": "a", "note": "\\ud800"}}',
        b'{"data": [{"uuid": "a", "note": "\xe2\x82\xac"}]}',
        b'{"data": {"uuid": "a", "credits": 123456789012345678901234567890, "unit_value": 1234567890123456789012}}',
        b'{"data": {"uuid": "a", "unit_value": 1' + b"0" * 400 + b"}}",
        b'{"data": {"uuid": "a", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"data": ' + b"[" * 100_000,
    ],
)
def test_odd_bodies(operation: Operation[Any], body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "_COMPILED", True)
    fast = outcome(operation, body)
    monkeypatch.setattr(codec, "_COMPILED", False)
    slow = outcome(operation, body)
    if "nested too deep" in str(fast):
        # Newer Pythons let the lane skip over it, so that only `.extra` can't be read; the slow way reads all of it.
        assert "nested too deep" in str(slow)
        return
    assert fast == slow


def test_every_model_can_be_compiled() -> None:
    for name in models.__all__:
        kind = getattr(models, name)
        if isinstance(kind, type) and issubclass(kind, Model):
            lane.decoder_of(kind)


def test_a_class_that_can_not_be_compiled_is_read_the_tolerant_way() -> None:
    @attrs.frozen(kw_only=True)
    class Odd(Model):
        either: Mapping[str, Any] | bytes | None = None

    with pytest.raises(lane.NotCompilable):
        lane.decoder_of(Odd)
    assert compiled(Odd, b'{"data": {}}') is None


@pytest.mark.parametrize(("value", "compiled"), [("0", False), ("1", True), ("", True)])
def test_the_lane_can_be_switched_off(value: str, compiled: bool) -> None:
    code = "from leat_async._core import codec; print(codec._COMPILED)"
    ran = subprocess.run(
        [sys.executable, "-c", code], env={"LEAT_COMPILED_LANE": value}, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == str(compiled)


def passed(row: Any) -> Any:
    """What a row that passes by says, be it a struct or a model."""
    if isinstance(row, Model):
        return {field.name: passed(getattr(row, field.name)) for field in fields_of(type(row))}
    if isinstance(row, msgspec.Struct):
        return {name: passed(getattr(row, name)) for name in row.__struct_fields__}
    return row


@ON
@pytest.mark.parametrize("kind", [TransactionLine, CardLine, PrepaidLine])
def test_rows_that_pass_by_say_what_their_models_say(kind: Any) -> None:
    whole = {
        "uuid": "t-1", "id": 7, "created_at": "2026-10-01T08:00:00+02:00", "type": "credit_reception", "credits": 12,
        "contact": {"uuid": "c-1", "email": "ada@example.com"}, "shop": {"id": 1, "uuid": "s-1", "name": "Shop"},
        "unit": {"name": "purchase_amount", "label": "x"}, "unit_value": 3, "amount_in_cents": -250,
        "card": {"id": 3, "uuid": "g-1"}, "card_id": 3, "shop_id": 1, "prepaid_balance": {"balance": "€1.00"},
        "further": [1],
    }  # fmt: skip
    little = {"uuid": "t-2", "contact": None, "shop": None, "unit": None, "created_at": None}
    body = encode({"data": [whole, little], "meta": {"page": 1}})
    rows, meta = compiled(kind, body, items_decoder_of)
    assert meta == {"page": 1}
    assert not any(isinstance(row, Model) for row in rows)
    assert [passed(row) for row in rows] == [passed(structure(row, kind)) for row in (whole, little)]


@pytest.mark.parametrize(
    "odd", [{"credits": "12"}, {"shop": []}, {"created_at": "2026-10-01T08:00:00"}, {"uuid": None}, {"uuid": ""}]
)
def test_rows_that_do_not_fit_or_have_no_uuid_are_models(odd: dict[str, Any]) -> None:
    """Of a row without a uuid all that it says tells it apart, so all of it is needed."""
    body = encode({"data": [{"uuid": "t-1", "credits": 1}, {"uuid": "t-2", **odd}], "meta": {}})
    assert compiled(TransactionLine, body, items_decoder_of) is None
    operation: Operation[Any] = Operation(id="x", method="GET", path="/x", effect=Effect.SAFE, result=TransactionLine)
    found = read_list(operation, Answer(200, {}, body))
    assert all(isinstance(row, TransactionLine) for row in found.items)
