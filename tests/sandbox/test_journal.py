"""What the journal keeps, hides and explains."""

from __future__ import annotations

import pytest

from leat_async.sandbox import Sandbox

from .conftest import ROOT, Api, control


def test_the_journal_has_what_was_asked_and_answered(sandbox: Sandbox, api: Api) -> None:
    api.visit(external_id="e1")
    sandbox.faults.add("apply_then_drop", "visits.create", first=1)
    with pytest.raises(OSError, match="aborted"):
        api.visit(external_id="e2")
    api("GET", "/contacts/unknown")
    first, second = sandbox.journal.entries("visits.create")
    assert (first.method, first.path, first.status, first.applied) == ("POST", ROOT + "/visits", 200, "yes")
    assert '"e1"' in first.body
    assert '"e1"' in first.answer
    assert (second.fault, second.applied, second.status) == ("apply_then_drop", "yes", None)
    assert [entry.operation for entry in sandbox.journal.entries(status=400)] == ["contacts.get"]
    assert [entry.number for entry in sandbox.journal.entries(last=2)] == [2, 3]
    assert sandbox.journal.counts() == {"visits.create": 2, "contacts.get": 1}
    over_http = control(api, "GET", "journal?operation=visits.create&last=1")
    assert over_http[0]["fault"] == "apply_then_drop"
    assert control(api, "GET", "journal/counts")["visits.create"] == 2


def test_secrets_are_masked(sandbox: Sandbox, api: Api) -> None:
    secret = "very-s3cret"
    fields = {"grant_type": "client_credentials", "client_id": "1", "client_secret": secret}
    tokens = [api("POST", "/oauth/token", json=fields).json()["access_token"]]
    tokens.append(api("POST", "/oauth/token", data=fields).json()["access_token"])
    tokens.append(api("POST", "/oauth/token", files={k: (None, v) for k, v in fields.items()}).json()["access_token"])
    contact = api("GET", f"/contacts/{sandbox.contacts[0]['uuid']}?access_token={secret}").json()["data"]
    link = contact["current_values"]["custom_app_login_url"]
    told = repr([(entry, entry.describe()) for entry in sandbox.journal])
    for hidden in (secret, sandbox.token, link.partition("=")[2], *tokens):
        assert hidden not in told
    assert "client_credentials" in told


def test_near_misses_are_explained(sandbox: Sandbox, api: Api) -> None:
    api.visit(contactuuid="x", start_at="2026-05-01T20:00:00Z")
    api.visit(starts_at="tomorrow")
    api("GET", "/visit")
    ignored, wrong, lost = sandbox.journal.entries()
    assert any("'start_at'" in note and "starts_at" in note for note in ignored.notes)
    assert any("'contactuuid'" in note and "contact_uuid" in note for note in ignored.notes)
    assert "you sent starts_at='tomorrow'" in wrong.notes[0]
    assert "ISO 8601" in wrong.notes[0]
    assert "Did you mean" in lost.notes[0]
