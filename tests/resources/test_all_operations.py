"""Every operation of the facts: its method, what it sends, and what it reads."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from leat_async import LeatClient, Pager
from leat_async._core.declare import declared_by, operation_of, operations_of
from leat_async._core.operation import Effect
from leat_async.errors import ConfigError

from ..conftest import Recorder, Reply, answer, echo
from ..rows import each
from .table import (
    BY_ID,
    OPERATIONS,
    RENAMED,
    TABLE,
    VALUES,
    Fact,
    alternatives,
    answer_for,
    everything,
    keyword_of,
    least,
    pairs,
    plain,
    value_of,
)

ROOTS = {"oauth": "/api/v3/oauth/clients", "register": "/api/v3/register"}
REGISTER_ONLY = {
    "register.get": ("GET", "/"),
    "contacts.list_loyalty_transactions": ("GET", "/contacts/{contact_uuid}/loyalty-transactions"),
    "credit_receptions.push": ("POST", "/credit-receptions/{credit_reception_uuid}/push"),
    "pos_transactions.create": ("POST", "/pos-transactions"),
    "pos_transactions.push": ("POST", "/pos-transactions/{pos_transaction_uuid}/push"),
}
OAUTH = [fact for fact in TABLE if "url_root" not in fact.raw]
AT_REGISTER = [fact for fact in TABLE if "register" in fact.raw]


def ids(fact: Fact) -> str:
    return fact.id


@pytest.fixture
async def leat(recorder: Recorder) -> AsyncIterator[LeatClient]:
    async with LeatClient("t" * 53, base_url=recorder.url, rate_limit=None) as client:
        yield client


@pytest.fixture
async def register(recorder: Recorder) -> AsyncIterator[LeatClient]:
    async with LeatClient("t" * 53, base_url=recorder.url, rate_limit=None, api="register") as client:
        yield client


def method_of(leat: LeatClient, fact: Fact) -> Any:
    resource, name = fact.place
    return getattr(getattr(leat, resource), name)


async def call(leat: LeatClient, fact: Fact, given: dict[str, Any]) -> Any:
    path = [f"{name} é/?" for name in fact.path_names]
    asked = method_of(leat, fact)(*path, **{keyword_of(name): value for name, value in given.items()})
    return await asked


def reply_for(fact: Fact) -> Reply:
    path = {name: f"{name} é/?" for name in fact.path_names}
    return echo(answer_for(fact), OPERATIONS[RENAMED.get(fact.id, fact.id)][0].echoes, path)


def test_the_facts_hold_all_operations() -> None:
    assert len(BY_ID) >= 173


def test_nothing_is_declared_that_the_facts_do_not_know() -> None:
    known = {RENAMED.get(fact.id, fact.id) for fact in TABLE} | set(REGISTER_ONLY)
    assert set(OPERATIONS) - known == set()


@each("fact", TABLE, ids=ids)
def test_every_operation_has_a_method_with_its_documentation(fact: Fact) -> None:
    method = method_of(LeatClient("token"), fact)
    signature = inspect.signature(method)
    returns = str(signature.return_annotation)
    assert inspect.iscoroutinefunction(method) or returns.startswith("Pager["), "neither async nor a pager"
    assert inspect.iscoroutinefunction(method) != fact.place[1].startswith("list")
    positional = [name for name, p in signature.parameters.items() if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert positional == fact.path_names
    missing = {keyword_of(param["name"]) for param in fact.params} - set(signature.parameters)
    assert not missing, f"parameters that the facts name: {missing}"
    check_docstring(inspect.getdoc(method) or "", list(signature.parameters), operation_of(method).certainty)


def check_docstring(text: str, parameters: list[str], certainty: str) -> None:
    first, _, rest = text.partition("\n\n")
    facts = re.sub(r"\s+", " ", rest).partition(" Facts: ")[2]
    assert first.endswith(".")
    assert "\n" not in first
    for part in ("Returns:", "Raises:", "Repeating: "):
        assert part in rest, f"no {part}"
    assert ("Parameters:" in rest) == bool(parameters)
    listed = rest.partition("Parameters:")[2].partition("Returns:")[0]
    for name in parameters if "and the others: as for `" not in listed else ():
        assert re.search(rf"^ {{4,}}(\w+,\s+)*{name}(,\s+\w+)*:", listed, re.MULTILINE), f"{name} is not described"
    assert facts.startswith(certainty), f"is {certainty}, and its docstring says {facts}"


@each("fact", TABLE, ids=ids)
def test_the_effect_suits_the_verb(fact: Fact) -> None:
    for operation in OPERATIONS[RENAMED.get(fact.id, fact.id)]:
        if operation.method == "GET" and not fact.id.startswith("contacts.find_or_create"):
            assert operation.effect is Effect.SAFE or (operation.apis == ("register",))
        if operation.method in ("PUT", "DELETE"):
            assert operation.effect is not Effect.SAFE


def check_request(recorder: Recorder, fact: Fact, root: str, method: str, path: str, given: dict[str, Any]) -> None:
    sent = recorder.last
    target = urlsplit(sent.target)
    assert sent.method == method
    wanted = re.sub(r"\{(\w+)\}", lambda match: f"{match.group(1)} é/?", path)
    assert unquote(target.path).rstrip("/") == (root + wanted).rstrip("/")
    segments = (root + path).rstrip("/").split("/")
    assert len(target.path.rstrip("/").split("/")) == len(segments), "a path parameter left its place"
    in_query = {param["name"] for param in fact.raw["query_params"]}
    query = [pair for name, value in given.items() if name in in_query for pair in pairs(name, value)]
    assert sorted(parse_qsl(target.query, keep_blank_values=True)) == sorted(query)
    assert "%2B" in target.query or "+" not in target.query, "a plus sign would arrive as a space"
    body = {name: plain(value) for name, value in given.items() if name not in in_query}
    assert (sent.json if sent.body else {}) == body
    if body:
        assert sent.headers["Content-Type"] == "application/json"


def with_page_size(fact: Fact, given: dict[str, Any]) -> dict[str, Any]:
    """A list asks for the largest documented page where the caller names no size."""
    sizes = [param for param in fact.params if param["name"] in ("limit", "perPage") and "max" in param]
    return {**given, **{param["name"]: param["max"] for param in sizes if param["name"] not in given}}


@each("fact", OAUTH, ids=ids)
async def test_everything_that_can_be_given_arrives(leat: LeatClient, recorder: Recorder, fact: Fact) -> None:
    recorder.default = reply_for(fact)
    given = everything(fact)
    await call(leat, fact, given)
    check_request(recorder, fact, ROOTS["oauth"], fact.raw["method"], fact.raw["path"], given)


@each("fact", OAUTH, ids=ids)
async def test_nothing_is_sent_that_was_not_given(leat: LeatClient, recorder: Recorder, fact: Fact) -> None:
    recorder.default = reply_for(fact)
    for given in least(fact):
        await call(leat, fact, given)
        check_request(recorder, fact, ROOTS["oauth"], fact.raw["method"], fact.raw["path"], with_page_size(fact, given))


@each("fact", OAUTH, ids=ids)
async def test_what_is_required_is_asked_for_before_anything_is_sent(
    leat: LeatClient, recorder: Recorder, fact: Fact
) -> None:
    whole = next(least(fact))
    needed = [[p["name"]] for p in fact.params if p.get("required") is True]
    needed += [[name for group in groups for name in group]] if (groups := alternatives(fact)) else []
    for names in needed:
        with pytest.raises((ValueError, TypeError), match="|".join(map(keyword_of, names))):
            await call(leat, fact, {name: value for name, value in whole.items() if name not in names})
    for name in fact.path_names:
        path = ["" if name == other else "x" for other in fact.path_names]
        with pytest.raises(ValueError, match=name):
            await method_of(leat, fact)(*path, **{keyword_of(k): v for k, v in whole.items()})
    assert recorder.requests == []


@each("fact", OAUTH, ids=ids)
async def test_bounds_and_types_are_checked_before_anything_is_sent(
    leat: LeatClient, recorder: Recorder, fact: Fact
) -> None:
    for param in fact.params:
        wrong: list[Any] = [object()]
        wrong += [param["max"] + 1] if "max" in param else []
        wrong += [param["min"] - 1] if "min" in param else []
        wrong += ["12"] if param.get("type") in ("number", "integer") else []
        wrong += ["true", 1] if param.get("type") == "boolean" else []
        wrong += [5] if param.get("type") == "string" and f"{fact.id}.{param['name']}" not in VALUES else []
        wrong += ["tomorrow"] if "format" in param else []
        for value in wrong:
            with pytest.raises((ValueError, TypeError), match=keyword_of(param["name"]) + "|" + param["name"]):
                await call(leat, fact, {**next(least(fact)), param["name"]: value})
    assert recorder.requests == []


@each("fact", OAUTH, ids=ids)
async def test_null_is_sent_where_a_value_may_be_cleared(leat: LeatClient, recorder: Recorder, fact: Fact) -> None:
    recorder.default = reply_for(fact)
    optional = [p["name"] for p in fact.raw["body_params"] if p.get("required") is False]
    if not optional:
        return
    given = {**next(least(fact)), **dict.fromkeys(optional)}
    await call(leat, fact, given)
    check_request(recorder, fact, ROOTS["oauth"], fact.raw["method"], fact.raw["path"], given)


@each("fact", AT_REGISTER, ids=ids)
async def test_the_register_api(register: LeatClient, recorder: Recorder, fact: Fact) -> None:
    recorder.default = reply_for(fact)
    place = fact.raw["register"][0]
    for given in least(fact):
        without_shop = {k: v for k, v in given.items() if k != "shop_uuid" or fact.id == "loyalty_tokens.claim"}
        await call(register, fact, without_shop)
        given = with_page_size(fact, without_shop)
        check_request(recorder, fact, ROOTS["register"], place["method"], place["path"].rstrip("/"), given)


@each("fact", [fact for fact in OAUTH if "register" not in fact.raw], ids=ids)
async def test_what_the_register_api_lacks(register: LeatClient, recorder: Recorder, fact: Fact) -> None:
    with pytest.raises(ConfigError, match=fact.place[0]):
        await call(register, fact, next(least(fact)))
    assert recorder.requests == []


async def test_register_only_operations(register: LeatClient, leat: LeatClient, recorder: Recorder) -> None:
    def of(client: LeatClient) -> dict[str, Any]:
        return {
            "register.get": client.register.get,
            "contacts.list_loyalty_transactions": lambda: client.contacts.list_loyalty_transactions(
                "c", type="credit_receptions", shop_uuid="s", limit=5, page=2
            ),
            "credit_receptions.push": lambda: client.credit_receptions.push("c"),
            "pos_transactions.create": lambda: client.pos_transactions.create(
                amount_in_cents=1250, transaction_id=17, terminal_id="T1"
            ),
            "pos_transactions.push": lambda: client.pos_transactions.push("p"),
        }

    answers = {"contacts.list_loyalty_transactions": [], "credit_receptions.push": [], "pos_transactions.push": []}
    for name, send in of(register).items():
        recorder.default = answer({"data": answers.get(name, {}), "meta": []})
        await send()
        method, path = REGISTER_ONLY[name]
        assert recorder.last.method == method
        assert re.fullmatch(ROOTS["register"] + re.sub(r"\{\w+\}", "[cp]", path), recorder.last.path)
        [operation] = OPERATIONS[name]
        assert (operation.method, operation.path, operation.apis) == (method, path, ("register",))
        if name == "pos_transactions.create":
            assert recorder.last.json == {"amount_in_cents": 1250, "transaction_id": 17, "terminal_id": "T1"}
        if name == "contacts.list_loyalty_transactions":
            assert recorder.last.target.endswith("?type=credit_receptions&shop_uuid=s&limit=5&page=2")
    seen = len(recorder.requests)
    for name, send in of(leat).items():
        with pytest.raises(ConfigError, match=name):
            await send()
    assert len(recorder.requests) == seen


def test_a_list_is_a_pager_wherever_it_is_one() -> None:
    leat = LeatClient("token")
    assert isinstance(leat.tiers.list(), Pager)


@each("fact", TABLE, ids=ids)
def test_apis_are_those_of_the_facts(fact: Fact) -> None:
    if "url_root" in fact.raw:
        return
    apis = {api for operation in OPERATIONS[RENAMED.get(fact.id, fact.id)] for api in operation.apis}
    assert apis == ({"oauth", "register"} if "register" in fact.raw else {"oauth"})


def test_values_that_are_not_documented_pass() -> None:
    """Allowed values are told to editors; the API may know more."""
    for fact in OAUTH:
        for operation in OPERATIONS[RENAMED.get(fact.id, fact.id)]:
            params = {**operation.query, **operation.body}
            for param in fact.params:
                values = [v for v in param.get("values", ()) if isinstance(v, str)]
                if values:
                    known = params[param["name"]]
                    assert set(values) <= set(getattr(known, "values", values)), f"{fact.id}.{param['name']}"
                    assert known.wire(param["name"], "SOMETHING NEW") == "SOMETHING NEW"
    assert value_of({"name": "x", "type": "boolean"}, "y") is True


@each("name", OPERATIONS)
def test_a_look_up_takes_what_its_operation_was_given(name: str) -> None:
    resource, _, verb = name.partition(".")
    method = getattr(getattr(LeatClient("token"), resource), verb)
    look_up = operation_of(method).look_up
    if look_up is not None:
        asked = list(inspect.signature(look_up).parameters)[1:]
        assert asked
        assert set(asked) <= set(inspect.signature(method).parameters)


@each("name", OPERATIONS)
def test_a_path_is_made_of_the_positional_parameters(name: str) -> None:
    resource, _, verb = name.partition(".")
    method = getattr(getattr(LeatClient("token"), resource), verb)
    positional = [p.name for p in inspect.signature(method).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    for operation in operations_of(method):
        assert re.findall(r"{(\w+)}", operation.path) == positional


def test_methods_that_are_no_operations_do_more_than_one() -> None:
    """A convenience has a body of its own; whatever only passes its arguments on is declared."""
    client = LeatClient("token")
    kinds = {name: type(getattr(client, name)) for name in LeatClient.__annotations__}
    declared = {f"{name}.{method.__name__}" for name, kind in kinds.items() for method in declared_by(kind)}
    public = {f"{name}.{method}" for name, kind in kinds.items() for method in vars(kind) if not method.startswith("_")}
    assert declared == set(OPERATIONS)
    ensured = {
        f"{name}.ensure" for name in ("custom_attributes", "loyalty_transaction_attributes", "webhook_subscriptions")
    }
    assert public - declared == {"credit_receptions.refund", *ensured}
