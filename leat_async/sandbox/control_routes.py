"""The controls over HTTP, under `/_sandbox/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

import msgspec

from .._version import __version__
from .browsing import page_of, timeline
from .controls import SandboxControls
from .engine import Reply
from .faults import KINDS
from .names import check_name, nearest_name
from .openapi import document
from .resources import OPERATIONS
from .resources.webhook_subscriptions import EVENTS
from .routing import ROOTS
from .watching import brief

MAX_ENTRIES = 1000  # of the journal in one answer
_NUMBERS = ("number", "status", "last")
_FILTERS = ("number", "operation", "method", "path", "status", "fault", "applied", "last")
Action = Callable[[SandboxControls, dict[str, Any]], Any]


def _faults(sandbox: SandboxControls, _: dict[str, Any]) -> Any:
    return [rule.describe() for rule in sandbox.faults.rules]


def _add_fault(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    if "rule" in given:
        return {"id": sandbox.faults.add_text(str(given["rule"]))}
    if "script" in given:
        return {"ids": sandbox.faults.script(str(given["operation"]), given["script"])}
    return {"id": sandbox.faults.add(**given)}


def _clear_faults(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    if "id" in given:
        sandbox.faults.remove(int(given["id"]))
    else:
        sandbox.faults.clear()


def _clock(sandbox: SandboxControls, _: dict[str, Any]) -> Any:
    return {"now": sandbox.clock.now()}


def _advance(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    return {"now": sandbox.clock.advance(float(given["seconds"]))}


def _journal(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    for name in given:
        check_name("filter", name, _FILTERS)
    given.update({name: int(given[name]) for name in _NUMBERS if name in given})
    given.update({name: str(given[name]) for name in _FILTERS if name in given and name not in _NUMBERS})
    given["last"] = min(given.get("last", MAX_ENTRIES), MAX_ENTRIES)
    return [entry.describe() for entry in sandbox.journal.entries(**given)]


def _brief(sandbox: SandboxControls, _: dict[str, Any]) -> Any:
    return [brief(entry) for entry in sandbox.journal.entries()]


def _rows(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    return page_of(sandbox, str(given["table"]), str(given.get("search", "")), int(given.get("page", 1)))


def _timeline(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    return timeline(sandbox, str(given["contact_uuid"]))


def _tables(sandbox: SandboxControls, _: dict[str, Any]) -> Any:
    return sandbox.tables


def _kinds(sandbox: SandboxControls, _: dict[str, Any]) -> Any:
    return {"kinds": KINDS, "operations": sorted(OPERATIONS), "events": EVENTS}


def _counts(sandbox: SandboxControls, _: dict[str, Any]) -> Any:
    return sandbox.journal.counts()


def _clear_journal(sandbox: SandboxControls, _: dict[str, Any]) -> Any:
    sandbox.journal.clear()


def _health(sandbox: SandboxControls, _: dict[str, Any]) -> Any:
    return {"status": "ok", "version": __version__, "requests": sandbox.journal.total, "now": sandbox.clock.now()}


def _stop(sandbox: SandboxControls, _: dict[str, Any]) -> Any:
    if sandbox.on_stop is None:
        raise ValueError("this sandbox runs inside a program, which has to end it")
    sandbox.on_stop()


def _reset(sandbox: SandboxControls, _: dict[str, Any]) -> Any:
    sandbox.reset()


def _snapshot(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    return {"name": sandbox.snapshot(str(given.get("name", "default")))}


def _restore(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    sandbox.restore(str(given.get("name", "default")))


def _state(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    if "table" in given:
        return sandbox.rows(str(given["table"]))
    return {name: sandbox.rows(name) for name in sandbox.tables}


def _change(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    return sandbox.change(str(given.pop("table")), str(given.pop("uuid")), **given)


def _add_contact(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    return sandbox.create_contact(**given)


def _add_session_token(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    lifetime = float(given.get("lifetime", 300))
    return {"token": sandbox.create_session_token(str(given["contact_uuid"]), lifetime=lifetime)}


def _confirm_subscriptions(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    return {"confirmed": sandbox.confirm_subscriptions(str(given["contact_uuid"]))}


def _routes(sandbox: SandboxControls, _: dict[str, Any]) -> Any:
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


def _trigger(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    data, uuid = given.get("data"), given.get("uuid")
    made = sandbox.trigger(str(given["event"]), data, uuid=str(uuid) if uuid is not None else None)
    return [one.describe() for one in made]


def _deliveries(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    for name in given:
        check_name("filter", name, ("event", "state", "last"))
    if "last" in given:
        given["last"] = int(given["last"])
    return [one.describe() for one in sandbox.deliveries.entries(**given)]


def _resend(sandbox: SandboxControls, given: dict[str, Any]) -> Any:
    return sandbox.deliveries.resend(int(given["number"])).describe()


_ACTIONS: Mapping[str, Action] = {
    "GET faults": _faults,
    "POST faults": _add_fault,
    "DELETE faults": _clear_faults,
    "GET clock": _clock,
    "POST clock/advance": _advance,
    "GET health": _health,
    "POST stop": _stop,
    "GET journal": _journal,
    "GET journal/counts": _counts,
    "GET journal/brief": _brief,
    "GET rows": _rows,
    "GET tables": _tables,
    "GET timeline": _timeline,
    "GET names": _kinds,
    "DELETE journal": _clear_journal,
    "GET deliveries": _deliveries,
    "POST deliveries/resend": _resend,
    "POST trigger": _trigger,
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


def control(sandbox: SandboxControls, method: str, target: str, body: bytes) -> Reply:
    """Carry out one control request; parameters come in the query or as a JSON object."""
    path, _, query = target.removeprefix("/_sandbox").lstrip("/").partition("?")
    if method in ("GET", "HEAD") and path in _PAGE:
        return _file(path)
    if f"{method} {path}" == "GET openapi.json":
        return _reply(200, document(sandbox.routes, sandbox.origin))
    action = _ACTIONS.get(f"{method} {unquote(path).strip('/')}")
    if action is None:
        return _lost(method, unquote(path).strip("/"))
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


_PAGE = {
    "": ("index.html", "text/html; charset=utf-8"),
    "inspector.js": ("inspector.js", "text/javascript; charset=utf-8"),
    "inspector.css": ("inspector.css", "text/css; charset=utf-8"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
}
_SAFE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


def _file(path: str) -> Reply:
    """A part of the inspector."""
    name, kind = _PAGE[path]
    content = files("leat_async.sandbox").joinpath("inspector", name).read_bytes()
    return Reply(200, {**_SAFE, "Content-Type": kind}, content)


def _lost(method: str, name: str) -> Reply:
    allowed = [known.partition(" ")[0] for known in _ACTIONS if known.partition(" ")[2] == name]
    if allowed:
        return _reply(405, {"message": f"{name} takes {' or '.join(allowed)}, not {method[:20]}."})
    nearest = nearest_name(name, {known.partition(" ")[2] for known in _ACTIONS})
    meant = f"Did you mean {nearest}? " if nearest else ""
    return _reply(404, {"message": f"{meant}There are these controls: {', '.join(sorted(_ACTIONS))}"})


def _reply(status: int, body: Any) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, msgspec.json.encode(body))
