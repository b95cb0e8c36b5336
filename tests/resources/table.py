"""The facts as a table: every operation, and arguments made from what the facts say about its parameters."""

from __future__ import annotations

import datetime as dt
import json
import keyword
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from tools.generate_operations import declared

FACTS = Path(__file__).parent.parent / "facts"
RENAMED = {"visits.batch": "visits.create_batch", "contacts.batch": "contacts.create_batch"}
MOMENT = dt.datetime(2024, 5, 1, 20, 0, tzinfo=dt.timezone(dt.timedelta(hours=2)))
# Parameters of which the facts say "string" where only some strings are meant, or where two depend on each other.
VALUES: dict[str, Any] = {"prepaid_transactions.list.limit": 30, "prepaid_transactions.list.page": 2}


@attrs.frozen
class Fact:
    """One operation of the facts."""

    raw: Mapping[str, Any] = attrs.field(repr=False)
    id: str

    @property
    def place(self) -> tuple[str, str]:
        resource, _, method = RENAMED.get(self.id, self.id).partition(".")
        return resource, method

    @property
    def params(self) -> list[Mapping[str, Any]]:
        return [*self.raw["query_params"], *self.raw["body_params"]]

    @property
    def path_names(self) -> list[str]:
        return [param["name"] for param in self.raw["path_params"]]


def load() -> list[Fact]:
    found = []
    for file in sorted(FACTS.glob("[a-z]*.json")):
        found += [Fact(raw, raw["id"]) for raw in json.loads(file.read_text())["operations"]]
    return found


TABLE = load()
BY_ID = {fact.id: fact for fact in TABLE}


OPERATIONS = declared()


def keyword_of(name: str) -> str:
    """Our name of a parameter: snake case, and a trailing underscore for Python's own words."""
    snake = re.sub(r"(?<=[a-z])([A-Z])", lambda match: f"_{match.group(1).lower()}", name)
    return f"{snake}_" if keyword.iskeyword(snake) else snake


def value_of(param: Mapping[str, Any], where: str, *, full: bool = True) -> Any:
    """A value that the facts allow; texts are such that every way of encoding shows."""
    name, kind = param["name"], param.get("type")
    place = f"{where}.{name}"
    if place in VALUES:
        return VALUES[place]
    if param.get("bracketed"):
        return {key: MOMENT + dt.timedelta(days=day) for day, key in enumerate(param["keys"])}
    if "format" in param:
        return MOMENT
    if param.get("values"):
        return param["values"][-1]
    if kind in ("number", "integer"):
        return param.get("max", param.get("min", 7))
    if kind == "boolean":
        return True
    if kind == "object":
        return param.get("request_example", {}).get(name) or fields_of(param, place, full) or {"a key": [1, "é", None]}
    if kind == "array of objects":
        return [fields_of(param, place, full)]
    if kind in ("array of strings", "array"):
        return ["a b", "ç"]
    if kind == "any":
        return [1.5, None]
    assert kind == "string", f"{place} has the type {kind!r} in tests/facts/; CONTRIBUTING.md says which there are"
    return f"{name} é+&=/"


def fields_of(param: Mapping[str, Any], where: str, full: bool) -> dict[str, Any]:
    return {
        field["name"]: value_of(field, where, full=full)
        for field in param.get("fields") or ()
        if full or field.get("required") is not False
    }


def alternatives(fact: Fact) -> list[list[str]]:
    """Groups of parameters of which the facts ask for one, such as "needed when credits is absent"."""
    groups: dict[str, list[str]] = {}
    for param in fact.params:
        if param.get("required") == "conditional" and re.search(r"absent|made from", param["condition"]):
            groups.setdefault(param["condition"], []).append(param["name"])
    return list(groups.values())


def least(fact: Fact) -> Iterator[dict[str, Any]]:
    """The least that can be given, once per alternative."""
    always = {p["name"]: value_of(p, fact.id, full=False) for p in fact.params if p.get("required") is True}
    by_name = {param["name"]: param for param in fact.params}
    for group in alternatives(fact) or [[]]:
        yield {**always, **{name: value_of(by_name[name], fact.id, full=False) for name in group}}


def everything(fact: Fact) -> dict[str, Any]:
    return {param["name"]: value_of(param, fact.id) for param in fact.params}


def plain(value: Any) -> Any:
    """What of a value arrives in JSON."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def pairs(name: str, value: Any) -> list[tuple[str, str]]:
    """What of a value arrives in a query."""
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in pairs(f"{name}[{key}]", item)]
    if isinstance(value, list):
        return [pair for index, item in enumerate(value) for pair in pairs(f"{name}[{index}]", item)]
    return [(name, str(int(value)) if isinstance(value, bool) else str(plain(value)))]


def answer_for(fact: Fact) -> Any:
    """An answer that the operation could give."""
    if "example" in fact.raw:
        return fact.raw["example"]
    response = fact.raw["response"]
    shape = response["shape"] if isinstance(response, dict) else "undocumented"
    if OPERATIONS[RENAMED.get(fact.id, fact.id)][0].many:
        shape = "array"
    data: Any = {"array": [], "string": "text", "undocumented": {"told": "nobody"}}.get(shape, {})
    return {"data": data, "meta": []}
