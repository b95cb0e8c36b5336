"""The controls over HTTP, under `/_sandbox/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, unquote

import msgspec

from .engine import Reply
from .routing import ROOTS

if TYPE_CHECKING:
    from .sandbox import Sandbox

Action = Callable[["Sandbox", dict[str, Any]], Any]


def _faults(sandbox: Sandbox, _: dict[str, Any]) -> Any:
    return [rule.describe() for rule in sandbox.faults.rules]


def _add_fault(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    if "rule" in given:
        return {"id": sandbox.faults.add_text(str(given["rule"]))}
    if "script" in given:
        return {"ids": sandbox.faults.script(str(given["operation"]), given["script"])}
    return {"id": sandbox.faults.add(**given)}


def _clear_faults(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    if "id" in given:
        sandbox.faults.remove(int(given["id"]))
    else:
        sandbox.faults.clear()


def _clock(sandbox: Sandbox, _: dict[str, Any]) -> Any:
    return {"now": sandbox.clock.now()}


def _advance(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    return {"now": sandbox.clock.advance(float(given["seconds"]))}


def _journal(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    given.update({name: int(given[name]) for name in ("status", "last") if name in given})
    return [entry.describe() for entry in sandbox.journal.entries(**given)]


def _counts(sandbox: Sandbox, _: dict[str, Any]) -> Any:
    return sandbox.journal.counts()


def _clear_journal(sandbox: Sandbox, _: dict[str, Any]) -> Any:
    sandbox.journal.clear()


def _reset(sandbox: Sandbox, _: dict[str, Any]) -> Any:
    sandbox.reset()


def _snapshot(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    return {"name": sandbox.snapshot(str(given.get("name", "default")))}


def _restore(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    sandbox.restore(str(given.get("name", "default")))


def _state(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    if "table" in given:
        return sandbox.rows(str(given["table"]))
    return {name: sandbox.rows(name) for name in sandbox.tables}


def _change(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    return sandbox.change(str(given.pop("table")), str(given.pop("uuid")), **given)


def _add_contact(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    return sandbox.create_contact(**given)


def _add_session_token(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    lifetime = float(given.get("lifetime", 300))
    return {"token": sandbox.create_session_token(str(given["contact_uuid"]), lifetime=lifetime)}


def _confirm_subscriptions(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    return {"confirmed": sandbox.confirm_subscriptions(str(given["contact_uuid"]))}


def _routes(sandbox: Sandbox, _: dict[str, Any]) -> Any:
    return [
        {
            "operation": route.operation,
            "method": route.method,
            "paths": [ROOTS[root] + route.path for root in route.roots],
            "certainty": route.certainty,
            "parameters": [
                {
                    "name": param.name,
                    "kind": param.kind,
                    "required": param.required,
                    "min": param.min,
                    "max": param.max,
                    "default": param.default,
                }
                for param in route.parameters
            ],
        }
        for route in sandbox.routes
    ]


_ACTIONS: Mapping[str, Action] = {
    "GET faults": _faults,
    "POST faults": _add_fault,
    "DELETE faults": _clear_faults,
    "GET clock": _clock,
    "POST clock/advance": _advance,
    "GET journal": _journal,
    "GET journal/counts": _counts,
    "DELETE journal": _clear_journal,
    "POST reset": _reset,
    "POST snapshot": _snapshot,
    "POST restore": _restore,
    "GET state": _state,
    "POST state": _change,
    "POST contacts": _add_contact,
    "POST session-tokens": _add_session_token,
    "POST subscriptions/confirm": _confirm_subscriptions,
    "GET routes": _routes,
}


def control(sandbox: Sandbox, method: str, target: str, body: bytes) -> Reply:
    """Carry out one control request; parameters come in the query or as a JSON object."""
    path, _, query = target.removeprefix("/_sandbox/").partition("?")
    action = _ACTIONS.get(f"{method} {unquote(path).strip('/')}")
    if action is None:
        return _reply(404, {"message": "There are these controls: " + ", ".join(sorted(_ACTIONS))})
    try:
        given: dict[str, Any] = dict(parse_qsl(query))
        if body:
            sent: Any = msgspec.json.decode(body)
            if not isinstance(sent, dict):
                raise ValueError("the body must be a JSON object")
            given.update(cast(dict[str, Any], sent))
        return _reply(200, {"data": action(sandbox, given)})
    except KeyError as error:
        return _reply(400, {"message": f"missing or unknown: {error}"})
    except (ValueError, TypeError, RecursionError) as error:
        return _reply(400, {"message": str(error)})


def _reply(status: int, body: Any) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, msgspec.json.encode(body))
