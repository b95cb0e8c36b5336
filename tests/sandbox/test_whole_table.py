"""Every operation of the client, with valid arguments: the answer decodes and has the keys of the facts' example."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async import LeatClient, Page, Pager
from leat_async._core.codec import unstructure
from leat_async.models import Model
from leat_async.sandbox import Sandbox
from leat_async.sandbox.engine import Received, Reply
from leat_async.sandbox.resources import ROUTES

from ..resources.table import BY_ID, OPERATIONS, RENAMED, Fact, keyword_of, value_of
from ..resources.test_all_answers import OWN_ATTRIBUTES
from ..rows import each
from .world import World, arguments

FACTS = {RENAMED.get(name, name): fact for name, fact in BY_ID.items()}
CALLS = [
    (api, name) for name, found in OPERATIONS.items() for api in sorted({api for one in found for api in one.apis})
]
OWN = frozenset().union(*OWN_ATTRIBUTES.values())
# Objects whose keys are names that each account gives.
OPEN = re.compile(r"\.(current_values|current_display_values|attributes|options|custom_attributes)$")
# Keys that the documented example lacks: operations, keys, and who has them.
MORE: tuple[tuple[str, set[str], str], ...] = (
    (r"automations\.list", {"uuid"}, "recorded"),
    (
        r"custom_attributes\.(create|update)",
        {"id", "group_name", "field_type", "position", "meta", "can_be_deleted", "last_used_date", "created_by_user",
         "description", "media"},
        "recorded, and needed by the official PHP SDK",
    ),
    (r"contacts\.", {"id", "attributes"}, "recorded"),
    (r"(credit_receptions|reward_receptions|loyalty_transactions)\.", {"channel"}, "needed by the official PHP SDK"),
    (r"(promotions|vouchers)\.", {"type", "redemptions_per_voucher"}, "needed by the official PHP SDK"),
    (r"vouchers\.", {"attributes"}, "read by the official PHP SDK, of the promotion"),
    (r"custom_attributes\.", {"label"}, "read by the official PHP SDK, of the group"),
    (r"orders\.", {"uuid", "sub_line_items"}, "read by the official PHP SDK, of charges, lines and discounts"),
    (r"giftcards\.", {"uuid"}, "needed by the official PHP SDK, of the program"),
    (r"giftcard_transactions\.create", {"custom_attributes"}, "recorded"),
    (r"bookings\.create", {"checked_in_at"}, "in the example of bookings.update"),
)  # fmt: skip


# Answered as recorded and as the official PHP SDK reads it, against the documented example.
OTHERWISE = {"contact_verification.get_auth_token"}


def more(name: str) -> set[str]:
    return {key for pattern, keys, _ in MORE if re.match(pattern, name) for key in keys}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Sandbox(seed=1) as sandbox:
        made = World(sandbox)
        sandbox.snapshot("world")
        yield made


class Wiretap:
    """Keeps the bodies that the sandbox sends."""

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bodies: list[Any] = []
        serve = sandbox._engine.serve

        def listen(received: Received) -> Reply:
            reply = serve(received)
            self.bodies.append(json.loads(reply.body))
            return reply

        monkeypatch.setattr(sandbox._engine, "serve", listen)


def given(world: World, api: str, name: str, method: Any) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments; lists are only told what they must be told."""
    own = dict(arguments(world).get(name, {}))
    fact = FACTS.get(name)
    if fact is None:  # only the Register API has it, so the facts have no parameters of it
        path = re.findall(r"\{(\w+)\}", OPERATIONS[name][0].path)
        return [world.known[part] for part in path], own
    sent: dict[str, Any] = {}
    for param in fact.params:
        key = param["name"]
        if key in own:
            sent[key] = own.pop(key)
        elif OPERATIONS[name][0].many and param.get("required") is not True:
            continue
        else:
            sent[key] = world.known.get(key, None) or value_of(param, fact.id)
    path = [own.pop(part, None) or world.known.get(part) or "colour" for part in fact.path_names]
    optional = inspect.signature(method).parameters
    if api == "register" and "shop_uuid" in optional and optional["shop_uuid"].default is not inspect.Parameter.empty:
        sent.pop("shop_uuid", None)
    return path, {keyword_of(key): value for key, value in sent.items() if value is not None}


@each("api,name", CALLS, ids="-".join)
async def test_every_operation(world: World, api: Any, name: str) -> None:
    world.sandbox.restore("world")
    token = world.sandbox.token if api == "oauth" else world.sandbox.register_token
    resource, _, verb = name.partition(".")
    async with LeatClient(token, base_url=world.sandbox.url, api=api, rate_limit=None) as leat:
        method = getattr(getattr(leat, resource), verb)
        path, keywords = given(world, api, name, method)
        with pytest.MonkeyPatch.context() as patch:
            wiretap = Wiretap(world.sandbox, patch)
            asked = method(*path, **keywords)
            result = await asked.page() if isinstance(asked, Pager) else await asked
    [body] = wiretap.bodies
    own = {row["name"] for row in world.sandbox.rows("attributes")} | {"vip"} | more(name)
    check_decoded(result, body, own)
    fact = FACTS.get(name)
    if fact is not None and "example" in fact.raw and name not in OTHERWISE:
        problems = list(differences(body, [without_own(fact)], "", own))
        assert not problems, "\n".join(problems)


def without_own(fact: Fact) -> Any:
    """The example without the attributes of the account that it was taken from."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items() if key not in OWN}
        return [strip(item) for item in value] if isinstance(value, list) else value

    return strip(fact.raw["example"])


def check_decoded(result: Any, body: Any, own: set[str]) -> None:
    """Nothing that was sent is lost, and nothing is unknown but the account's own attributes."""
    data = body["data"] if isinstance(body, dict) and "data" in body else body
    if isinstance(result, list):
        assert [plain(item) for item in result] == data
    elif isinstance(result, Page):
        assert result.items, "there is nothing to look at"
        assert result.meta == body.get("meta")
        assert [plain(item) for item in result.items] == data
    elif result is None:
        assert data in (None, [], {})
    else:
        assert plain(result) == data
    items = result.items if isinstance(result, Page) else result if isinstance(result, list) else (result,)
    for model in models_in(items):
        assert set(model.extra) <= own, f"{type(model).__name__} does not know {set(model.extra) - own}"


def plain(value: Any) -> Any:
    return unstructure(value) if isinstance(value, Model) else value


def models_in(values: Any) -> Iterator[Model]:
    for value in values:
        if isinstance(value, Model):
            yield value
            yield from models_in(getattr(value, field.name) for field in attrs.fields(type(value)))
        elif isinstance(value, tuple):
            yield from models_in(value)


def differences(answer: Any, examples: list[Any], place: str, extra: set[str]) -> Iterator[str]:
    """Where an answer has other keys than the examples of it; null may stand for anything."""
    objects = [example for example in examples if isinstance(example, dict)]
    lists = [example for example in examples if isinstance(example, list)]
    if isinstance(answer, dict):
        if not objects and any(example not in ([], None) for example in examples):
            yield f"{place}: an object where the example has {examples[0]!r}"
        if not objects or OPEN.search(place):
            return
        missing = set.intersection(*(set(example) for example in objects)) - set(answer)
        unknown = set(answer) - set().union(*objects) - extra
        if missing or unknown:
            yield f"{place}: without {sorted(missing)}, with {sorted(unknown)}"
        for key, value in answer.items():
            known = [example[key] for example in objects if key in example]
            if known:
                yield from differences(value, known, f"{place}.{key}", extra)
    elif isinstance(answer, list):
        items = [item for example in lists for item in example]
        if not lists and any(example is not None and example != {} for example in examples):
            yield f"{place}: a list where the example has {examples[0]!r}"
        for index, item in enumerate(answer if items else ()):
            yield from differences(item, items, f"{place}[{index}]", extra)
    elif answer is not None and all(isinstance(example, (dict, list)) for example in examples):
        yield f"{place}: {answer!r} where the example has {examples[0]!r}"


def test_a_state_file_keeps_everything_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "account"
    with Sandbox(seed=1, state=file) as sandbox:
        World(sandbox)
        before = {table: sandbox.rows(table) for table in sandbox.tables}
    with Sandbox(seed=1, state=file) as sandbox:
        assert {table: sandbox.rows(table) for table in sandbox.tables} == before


def test_differences_are_seen() -> None:
    example = {"data": [{"a": 1, "b": {"c": 1}}, {"a": 2, "b": {"c": 2, "d": 3}}], "meta": []}
    assert not list(differences({"data": [{"a": None, "b": {"c": 1}}], "meta": {}}, [example], "", set()))
    for wrong, hint in (
        ({"data": [{"a": 1}], "meta": []}, "['b']"),
        ({"data": [{"a": 1, "b": {"c": 1, "e": 2}}], "meta": []}, "['e']"),
        ({"data": [{"a": 1, "b": 2}], "meta": []}, ".data[0].b"),
        ({"data": {}, "meta": []}, ".data: an object"),
        ({"data": []}, "['meta']"),
    ):
        assert any(hint in problem for problem in differences(wrong, [example], "", set())), wrong


def shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path).rstrip("/") or "/"


def test_each_api_has_its_own_operations() -> None:
    routes = {(str(root), route.method, shape(route.path)): route for route in ROUTES for root in route.roots}
    missing: list[Any] = []
    wanted: set[tuple[str, str, str]] = set()
    for name, found in OPERATIONS.items():
        for operation in found:
            for api in ("host",) if operation.at_origin else operation.apis:
                key = (api, operation.method, shape(operation.path))
                wanted.add(key)
                route = routes.get(key)
                names = {operation.id, f"register.{operation.id}", "register.get"}
                if route is None or RENAMED.get(route.operation, route.operation) not in names:
                    missing.append((name, key, route and route.operation))
    assert not missing
    # Other spellings of the same, and the older ping; none of them is an operation that the client lacks.
    assert {key for key in routes if key[0] != "ping"} - wanted <= {
        ("register", "GET", "/contacts/{}/prepaid/balance"),
        ("register", "GET", "/giftcard-transactions/{}/reverse"),
    }
