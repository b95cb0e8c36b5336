"""Mutated answers: a documented error or a model, never a hang, a crash or a bare exception."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import pickle
import random
import time
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async import LeatClient, errors, models, structure, unstructure
from leat_async._core import answers
from leat_async._core.operation import Effect, Operation
from leat_async._core.transport import Answer
from leat_async.models._base import fields_of

from ..rows import each

SOAK = os.environ.get("LEAT_SOAK") == "1"
CASES = 200_000 if SOAK else 3_000
FACTS = Path(__file__).parent.parent / "facts"
OPERATIONS: dict[str, Any] = {
    operation["id"]: operation
    for path in sorted(FACTS.glob("[a-z]*.json"))
    for operation in json.loads(path.read_text())["operations"]
    if "example" in operation
}
ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, 1e308, 10**30, "", "0", "12", "x" * 200, "2024-05-01T20:00:00+00:00", "soon",
    [], {}, [[]], {"a": {}}, [None], {"0": 1}, "\ud83d\ude00",
]  # fmt: skip


def model_of(operation: dict[str, Any]) -> Any:
    name = (operation.get("response") or {}).get("model")
    return getattr(models, name, None) if isinstance(name, str) else None


DECODABLE = [(op, model_of(op)) for op in OPERATIONS.values() if model_of(op) is not None]


def mutate(value: Any, chance: random.Random) -> Any:
    """Replace, remove or add something somewhere inside."""
    if chance.random() < 0.15:
        return chance.choice(ODD)
    if isinstance(value, dict) and value:
        changed = dict(value)
        key = chance.choice(list(changed))
        roll = chance.random()
        if roll < 0.2:
            del changed[key]
        elif roll < 0.3:
            changed[chance.choice(["unknown", "", "_raw", "raw", "extra", "__class__", key + " "])] = chance.choice(ODD)
        else:
            changed[key] = mutate(changed[key], chance)
        return changed
    if isinstance(value, list) and value:
        changed_list = list(value)
        place = chance.randrange(len(changed_list))
        changed_list[place] = mutate(changed_list[place], chance)
        return changed_list
    return chance.choice(ODD)


def damage(body: bytes, chance: random.Random) -> bytes:
    """Break the text itself."""
    roll = chance.random()
    if roll < 0.6 or not body:
        return body
    place = chance.randrange(len(body))
    if roll < 0.75:
        return body[:place]
    if roll < 0.9:
        return body[:place] + bytes([chance.randrange(256)]) + body[place + 1 :]
    return body + chance.choice([b"}", b"\x00", b"<html>", b"{}", b" "])


def test_enough_to_mutate() -> None:
    assert len(DECODABLE) > 60


def test_mutated_answers() -> None:
    chance = random.Random(20)
    outcomes = {"read": 0, "refused": 0}
    slowest = 0.0
    for _ in range(CASES):
        operation, model = chance.choice(DECODABLE)
        example = operation["example"]
        for _ in range(chance.randrange(1, 4)):
            example = mutate(example, chance)
        body = damage(json.dumps(example).encode(), chance)
        made: Operation[Any] = Operation(operation["id"], "GET", "/x", Effect.SAFE, model)
        read = answers.read_list if isinstance(operation["example"].get("data"), list) else answers.read
        started = time.perf_counter()
        try:
            read(made, Answer(200, {}, body), ())
            outcomes["read"] += 1
        except errors.DecodeError as error:
            outcomes["refused"] += 1
            assert error.path.startswith("$")
            assert error.body == body
            assert len(str(error)) < 600
        slowest = max(slowest, time.perf_counter() - started)
    print(f"{CASES} mutated answers: {outcomes}, slowest {slowest * 1000:.1f} ms")  # noqa: T201
    assert min(outcomes.values()) > CASES / 20


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"data":' * 200_000,
        b'{"data": {"uuid": "v", "x": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
        b'{"data": {"uuid": "v", "x": ' + b"9" * 100_000 + b"}}",
        b'{"data": {"uuid": "v", "x": 1e999999}}',
        b'{"data": {"uuid": "' + b"\\ud800" * 1000 + b'"}}',
    ],
    ids=["deep list", "deep object", "deep unknown", "huge number", "huge exponent", "surrogates"],
)
def test_hostile_bodies(body: bytes) -> None:
    made: Operation[Any] = Operation("visits.get", "GET", "/x", Effect.SAFE, models.Visit)
    started = time.process_time()
    with contextlib.suppress(errors.DecodeError):
        answers.read(made, Answer(200, {}, body), ())
    assert time.process_time() - started < 5


@each("name", [name for name in models.__all__ if name != "Model"])
def test_models_pickle_copy_hash_and_evolve(name: str) -> None:
    cls = getattr(models, name)
    fields = fields_of(cls)
    model = structure({"an_unknown_key": [1, {"two": 2}]}, cls)
    for twin in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
        assert twin == model
        assert dict(twin.extra) == {"an_unknown_key": [1, {"two": 2}]}
        assert hash(twin) == hash(model)
    assert unstructure(model) == {"an_unknown_key": [1, {"two": 2}]}
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(model, fields[0].name, "x")
    assert dict(attrs.evolve(model).extra) == {"an_unknown_key": [1, {"two": 2}]}


@each("operation", DECODABLE, ids=lambda pair: pair[0]["id"])
def test_examples_survive_a_journey(operation: tuple[dict[str, Any], Any]) -> None:
    facts, model = operation
    data = facts["example"]["data"]
    for item in data if isinstance(data, list) else [data]:
        if not isinstance(item, dict):
            continue
        read = structure(item, model)
        twin = pickle.loads(pickle.dumps(read))
        assert twin == read
        assert hash(twin) == hash(read)
        assert unstructure(twin) == item


def test_reprs_show_no_login_link() -> None:
    contact = json.loads((FACTS / "contacts.json").read_text())
    data = next(op["example"]["data"] for op in contact["operations"] if op["id"] == "contacts.find_one_by")
    shown = repr(structure(data, models.Contact))
    assert "custom_app_login" not in shown
    assert "token=" not in shown
    assert LeatClient("secret-token").__repr__().find("secret-token") == -1
