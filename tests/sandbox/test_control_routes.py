"""The controls over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from leat_async.sandbox import Sandbox

from .conftest import ROOT, Api, Wire, control


def test_faults_over_http(api: Api) -> None:
    rule = control(api, "POST", "faults", kind="reject", operation="shops.list", status=418, first=1)["id"]
    assert [api("GET", "/shops").status_code for _ in range(2)] == [418, 200]
    (shown,) = control(api, "GET", "faults")
    assert (shown["id"], shown["calls"], shown["fired"]) == (rule, 2, 1)
    control(api, "DELETE", f"faults?id={rule}")
    assert control(api, "GET", "faults") == []
    control(api, "POST", "faults", rule="server_error shops.list")
    control(api, "POST", "faults", operation="units.list", script=["server_error", None])
    assert api("GET", "/shops").status_code == api("GET", "/units").status_code == 500
    control(api, "DELETE", "faults")
    assert api("GET", "/shops").status_code == 200


def test_clock_state_and_reset_over_http(sandbox: Sandbox, api: Api) -> None:
    now = control(api, "GET", "clock")["now"]
    assert control(api, "POST", "clock/advance", seconds=3600)["now"] >= now + 3600
    api.visit(external_id="e1")
    control(api, "POST", "snapshot", name="s")
    api.visit(external_id="e2")
    assert len(control(api, "GET", "state?table=visits")) == 2
    control(api, "POST", "restore", name="s")
    assert [row["external_id"] for row in control(api, "GET", "state")["visits"]] == ["e1"]
    made = control(api, "POST", "contacts", email="ada@example.com")
    assert api("GET", f"/contacts/{made['uuid']}").status_code == 200
    control(api, "POST", "reset")
    assert control(api, "GET", "state?table=visits") == []
    assert {"operation", "certainty", "parameters"} < control(api, "GET", "routes")[0].keys()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "faults", b'{"kind": "nonsense"}'),
        ("POST", "faults", b"{"),
        ("POST", "faults", b"[1]"),
        ("POST", "faults", b"{}"),
        ("POST", "faults", b'{"kind": "delay", "nth": "x"}'),
        ("POST", "faults", b'{"script": 5}'),
        ("POST", "clock/advance", b'{"seconds": -1}'),
        ("POST", "clock/advance", b'{"seconds": "NaN"}'),
        ("POST", "clock/advance", b""),
        ("GET", "journal?colour=red", b""),
        ("GET", "journal?last=x", b""),
        ("GET", "state?table=x", b""),
        ("POST", "restore", b'{"name": "x"}'),
        ("POST", "contacts", b'{"email": 5}'),
        ("DELETE", "faults?id=x", b""),
    ],
)
def test_wrong_controls_are_refused(wire: Wire, method: str, path: str, body: bytes) -> None:
    answer = wire.ask(f"{method} /_sandbox/{path}", {"Content-Type": "application/json"}, body)
    assert answer.status == 400
    assert answer.json["message"]


def test_an_unknown_control_lists_the_known_ones(wire: Wire) -> None:
    answer = wire.ask("GET /_sandbox/nothing")
    assert answer.status == 404
    assert "POST clock/advance" in answer.json["message"]


@pytest.mark.parametrize(
    ("method", "path", "json", "nearest"),
    [
        ("POST", "faults", {"kind": "reject", "operation": "visit.create"}, "'visits.create'"),
        ("POST", "faults", {"kind": "rejct"}, "'reject'"),
        ("POST", "faults", {"kind": "reject", "method": "GTE"}, "'GET'"),
        ("POST", "faults", {"kind": "reject", "stats": 500}, "'status'"),
        ("POST", "faults", {"kind": "reject", "operation": "visits.*", "frist": 1}, "'first'"),
        ("POST", "faults", {"operation": "visits.crate", "script": [None]}, "'visits.create'"),
        ("POST", "faults", {"rule": "reject contact.*"}, "'contacts."),
        ("GET", "journal?operation=visits.craete", None, "'visits.create'"),
        ("GET", "journal?operation=visits.create_batch", None, "'visits.create'"),
        ("GET", "journal?method=POTS", None, "'POST'"),
        ("GET", "journal?fault=hagn", None, "'hang'"),
        ("GET", "journal?applied=latr", None, "'late'"),
        ("GET", "journal?oparation=visits.create", None, "'operation'"),
        ("GET", "state?table=visit", None, "'visits'"),
        ("POST", "state", {"table": "reward", "uuid": "x"}, "'rewards'"),
        ("POST", "state", {"table": "rewards", "uuid": "x"}, "'x'"),
    ],
)
def test_names_that_do_not_exist_are_refused_with_the_nearest(
    sandbox: Sandbox, api: Api, method: str, path: str, json: Any, nearest: str
) -> None:
    answer = api(method, f"/_sandbox/{path}", json=json)
    assert answer.status_code == 400
    assert nearest in answer.json()["message"]
    assert sandbox.faults.rules == []


def test_patterns_and_every_method_are_taken(sandbox: Sandbox) -> None:
    for operation, method in (("*", "get"), ("visits.*", "POST"), ("*.list", None), ("register.*", "PUT")):
        sandbox.faults.add("delay", operation, method=method, seconds=0)
    assert [rule.method for rule in sandbox.faults.rules] == ["GET", "POST", None, "PUT"]
    assert sandbox.journal.entries(method="post") == []


def test_a_control_that_was_meant(wire: Wire) -> None:
    assert "Did you mean clock/advance?" in wire.ask("GET /_sandbox/clock/advnace").json["message"]
    answer = wire.ask("DELETE /_sandbox/clock")
    assert (answer.status, answer.json["message"]) == (405, "clock takes GET, not DELETE.")


def test_one_answer_has_a_thousand_entries_at_most(sandbox: Sandbox, api: Api) -> None:
    engine = sandbox._engine
    for _ in range(1500):
        engine.serve(engine.receive("GET", ROOT + "/shops", f"Bearer {sandbox.token}", "", b""))
    assert [entry["number"] for entry in control(api, "GET", "journal")] == list(range(501, 1501))
    assert len(control(api, "GET", "journal?last=5000")) == 1000
    assert len(control(api, "GET", "journal?last=3")) == 3
    assert len(sandbox.journal.entries()) == 1500


def test_filters_of_a_wrong_type_are_refused(wire: Wire) -> None:
    for name in ("operation", "method", "fault", "applied"):
        answer = wire.ask("GET /_sandbox/journal", {"Content-Type": "application/json"}, f'{{"{name}": 2}}'.encode())
        assert (answer.status, "there is no" in answer.json["message"]) == (400, True), name
