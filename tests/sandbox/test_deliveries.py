"""Webhook deliveries, as a receiver sees them that shares no code with the sandbox."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leat_async import webhooks
from leat_async.sandbox import Sandbox, deliveries
from leat_async.sandbox.resources.webhook_subscriptions import EVENTS

from ..forking import Forks, by_itself, environment
from .conftest import Api, Wire, control

SECRET = "whsec_test"


class Receiver:
    """Keeps what it is sent, and answers with the statuses it was told to; 0 is no answer."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), sent))
                status = receiver.statuses.pop(0) if receiver.statuses else 204
                if status:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.send_header("Location", "/elsewhere")
                    self.end_headers()
                else:
                    time.sleep(0.5)

            def log_message(self, *_: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def events(self) -> list[Any]:
        return [json.loads(sent) for _, sent in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def subscribe(api: Api, url: str, event: str = "voucher_created", secret: str | None = SECRET, **more: Any) -> str:
    fields = {"name": "Till", "event_type": event, "url": url, "secret": secret, **more}
    answer = api("POST", "/webhook-subscriptions", json=fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["uuid"])


def voucher(api: Api, **fields: Any) -> Any:
    promotion = api.sandbox.rows("promotions")[1]["uuid"]
    return api("POST", "/vouchers", json={"promotion_uuid": promotion, **fields}).json()["data"]


def test_a_delivery_is_signed_over_its_bytes(api: Api, sandbox: Sandbox, receiver: Receiver) -> None:
    subscribe(api, receiver.url)
    made = voucher(api, code="A/B-é☕", contact_uuid=sandbox.contacts[0]["uuid"])
    sandbox.deliveries.settle()
    [(headers, sent)] = receiver.got
    assert headers["Signature"] == hmac.new(SECRET.encode(), sent, hashlib.sha256).hexdigest()
    assert rb"A\/B-\u00e9\u2615" in sent
    assert sent.isascii()
    event = json.loads(sent)
    assert (event["type"], event["data"]["voucher"]["uuid"]) == ("voucher_created", made["uuid"])
    assert headers["X-Sandbox-Payload"] == "observed in a client"
    assert webhooks.verify(sent, headers["Signature"], SECRET)
    assert webhooks.parse(sent).type == "voucher_created"


def test_without_a_secret_the_account_s_signs(api: Api, sandbox: Sandbox, receiver: Receiver) -> None:
    subscribe(api, receiver.url, secret=None)
    voucher(api)
    sandbox.deliveries.settle()
    [(headers, sent)] = receiver.got
    assert webhooks.verify(sent, headers["Signature"], sandbox.account_secret)


def test_every_event_comes_of_what_it_is_about(api: Api, sandbox: Sandbox, receiver: Receiver) -> None:
    for event in EVENTS:
        subscribe(api, receiver.url, event, attributes=["firstname"])
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
    api("POST", "/contacts", json={"email": "new@example.com"})
    api("PUT", f"/contacts/{contact}", json={"attributes": {"firstname": "Ada"}})
    api("PUT", f"/contacts/{contact}", json={"attributes": {"lastname": "L"}})  # nobody watches it
    api("POST", "/contact-identifiers", json={"contact_identifier_value": "c-1", "contact_uuid": contact})
    api("POST", "/prepaid-transactions", json={"contact_uuid": contact, "shop_uuid": shop, "amount_in_cents": 500})
    made = voucher(api, contact_uuid=contact)
    api("PUT", f"/vouchers/{made['uuid']}", json={"status": "ACTIVE"})
    api("POST", "/vouchers/redeem", json={"code": made["code"], "shop_uuid": shop})
    reward, promotion = sandbox.rows("rewards")[0]["uuid"], sandbox.rows("promotions")[0]["uuid"]
    sandbox.change("rewards", reward, stock=3)
    sandbox.change("promotions", promotion, active=True)
    api("POST", "/credit-receptions", json={"contact_uuid": contact, "shop_uuid": shop, "credits": 5})
    sandbox.deliveries.settle()
    assert [event["type"] for event in receiver.events] == [
        "contact_created", "contact_updated", "contact_identifier_created", "prepaid_transaction_created",
        "voucher_created", "voucher_updated", "voucher_redeemed", "reward_updated", "promotion_updated",
        "credit_reception_created",
    ]  # fmt: skip
    assert receiver.events[1]["data"] == {"contact": sandbox.contacts[0]}


def test_what_was_refused_delivers_nothing(api: Api, sandbox: Sandbox, receiver: Receiver) -> None:
    subscribe(api, receiver.url)
    inactive = subscribe(api, receiver.url, "contact_created")
    api("PUT", f"/webhook-subscriptions/{inactive}", json={"status": "INACTIVE"})
    promotion = sandbox.rows("promotions")[0]["uuid"]
    assert api("POST", "/vouchers", json={"promotion_uuid": promotion, "contact_uuid": "x"}).status_code == 400
    api("POST", "/contacts", json={"email": "new@example.com"})
    sandbox.deliveries.settle()
    assert receiver.got == []
    assert len(sandbox.deliveries) == 0


def test_trigger_and_resend(api: Api, sandbox: Sandbox, receiver: Receiver) -> None:
    subscribe(api, receiver.url, "form_submission_completed")
    assert sandbox.trigger("contact_created") == []  # no subscription
    [own] = sandbox.trigger("form_submission_completed", {"form_submission": {"answer": "é"}})
    sandbox.deliveries.settle()
    sandbox.deliveries.resend(own.number)
    [by_http] = control(api, "POST", "trigger", event="form_submission_completed")
    sandbox.deliveries.settle()
    first, second, third = receiver.got
    assert first[1] == second[1]
    assert first[0]["Signature"] == second[0]["Signature"]
    assert json.loads(first[1])["data"] == {"form_submission": {"answer": "é"}}
    assert json.loads(third[1])["data"]["form_submission"]["uuid"]
    shown = control(api, "GET", "deliveries?state=delivered")
    assert [one["number"] for one in shown] == [own.number, own.number + 1, by_http["number"]]
    assert [one.operation for one in sandbox.journal.entries("webhook.form_submission_completed")] == [
        "webhook.form_submission_completed"
    ] * 3
    with pytest.raises(ValueError, match="the nearest is 'contact_created'"):
        sandbox.trigger("contact_craeted")
    with pytest.raises(ValueError, match="no delivery 99"):
        sandbox.deliveries.resend(99)
    with pytest.raises(ValueError, match="no row"):
        sandbox.trigger("contact_created", uuid="x")


# -- when it goes wrong ----------------------------------------------------------------------------


def test_five_retries_at_growing_intervals_of_virtual_time(api: Api, sandbox: Sandbox, receiver: Receiver) -> None:
    subscribe(api, receiver.url)
    receiver.statuses = [500, 404, 302, 503, 500, 500, 500]
    voucher(api)
    sandbox.deliveries.settle()
    [one] = sandbox.deliveries.entries()
    for number in range(2, 2 + len(deliveries.RETRY_AFTER)):
        # Half of the way, since real time passes as well.
        sandbox.clock.advance((one.due - sandbox.clock.now()) / 2)
        sandbox.deliveries.settle()
        assert len(receiver.got) == number - 1
        sandbox.clock.advance(one.due - sandbox.clock.now())
        sandbox.deliveries.settle()
        assert len(receiver.got) == number
    assert one.state == "failed"
    assert [attempt.status for attempt in one.attempts] == [500, 404, 302, 503, 500, 500]
    sandbox.clock.advance(1e6)
    sandbox.deliveries.settle()
    assert len(receiver.got) == 6
    assert len({sent for _, sent in receiver.got}) == 1
    gaps = [b.at - a.at for a, b in zip(one.attempts, one.attempts[1:], strict=False)]
    assert gaps == sorted(gaps) == list(deliveries.RETRY_AFTER)


def test_no_answer_and_no_receiver(
    api: Api, sandbox: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "ANSWER_SECONDS", 0.1)
    sandbox.reset()
    with Sandbox(seed=3) as other:  # the time to wait is read when it starts
        there = Api(other)
        subscribe(there, receiver.url)
        subscribe(there, "http://127.0.0.1:9/", "contact_created")
        receiver.statuses = [0]
        voucher(there)
        there("POST", "/contacts", json={"email": "new@example.com"})
        other.deliveries.settle()
        slow, lost = other.deliveries.entries()
        assert slow.attempts[0].error == "no answer within 0.1 s"
        assert lost.attempts[0].error
        assert {slow.state, lost.state} == {"waiting"}
        # A machine that has other work may not answer in so short a time either, and is asked again.
        while slow.state == "waiting":
            other.clock.advance(slow.due - other.clock.now())
            other.deliveries.settle()
        assert slow.state == "delivered"
        there.session.close()


@pytest.mark.parametrize(
    "url", ["http://example.com/x", "https://10.0.0.1/", "http://127.0.0.1.evil.example/", "http://x"]
)
def test_nothing_is_delivered_beyond_this_machine(api: Api, sandbox: Sandbox, url: str) -> None:
    subscribe(api, url)
    voucher(api)
    sandbox.deliveries.settle()
    [one] = sandbox.deliveries.entries()
    assert (one.state, one.attempts) == ("refused", [])
    assert "loopback" in str(one.note)


def test_faults_of_deliveries(api: Api, sandbox: Sandbox, receiver: Receiver) -> None:
    subscribe(api, receiver.url)

    def send(count: int) -> list[str]:
        receiver.got.clear()
        codes = [voucher(api)["code"] for _ in range(count)]
        sandbox.deliveries.settle()
        sandbox.clock.advance(2.5)
        sandbox.deliveries.settle()
        got = [event["data"]["voucher"]["code"] for event in receiver.events]
        assert set(got) <= set(codes)
        return [str(codes.index(code)) for code in got]

    assert "".join(send(5)) == "01234"
    sandbox.faults.add("webhook_double", "voucher_created", first=2)
    assert "".join(send(3)) == "00112"
    sandbox.faults.clear()
    sandbox.faults.add("webhook_shuffle", "voucher_*")
    shuffled = send(9)
    assert shuffled != sorted(shuffled)
    assert sorted(shuffled) == list("012345678")
    sandbox.faults.clear()
    sandbox.faults.add("webhook_drop", nth=2)
    assert "".join(send(3)) == "02"
    sandbox.faults.clear()
    sandbox.faults.add("webhook_delay", seconds=1)
    assert "".join(send(2)) == "01"
    sandbox.faults.clear()
    sandbox.faults.add("webhook_bad_signature", first=1)
    send(2)
    assert [webhooks.verify(sent, headers["Signature"], SECRET) for headers, sent in receiver.got] == [False, True]
    with pytest.raises(ValueError, match="no event 'voucher_craeted'; the nearest is 'voucher_created'"):
        sandbox.faults.add("webhook_double", "voucher_craeted")


def test_what_can_not_be_an_event_is_told_where_nobody_is_subscribed_too() -> None:
    with Sandbox(seed=1) as sandbox:
        for event in (5, None):
            with pytest.raises(TypeError, match="event must be a name, got"):
                sandbox.trigger(event)  # type: ignore[arg-type]
        for data in ({"a": object()}, {"a": float("nan")}):
            with pytest.raises(ValueError, match="data must be what JSON can hold"):
                sandbox.trigger("contact_created", data)
        for make in (sandbox.trigger, sandbox.deliveries.body):
            with pytest.raises(TypeError, match="data must be a mapping, not list"):
                make("contact_created", [1])  # type: ignore[arg-type]
        assert repr(sandbox.deliveries) == "<Deliveries: 0, of which 0 are waiting>"


def test_a_reset_forgets_what_waits(api: Api, sandbox: Sandbox, receiver: Receiver) -> None:
    subscribe(api, receiver.url)
    receiver.statuses = [500]
    voucher(api)
    sandbox.deliveries.settle()
    sandbox.reset()
    sandbox.clock.advance(100)
    sandbox.deliveries.settle()
    assert len(receiver.got) == 1
    assert sandbox.deliveries.entries() == []


async def test_in_an_async_program(receiver: Receiver) -> None:
    async with Sandbox() as sandbox:
        with sandbox._lock, sandbox._store.transaction():
            sandbox._store.insert(
                "webhook_subscriptions", name="n", event_type="contact_created", url=receiver.url, secret="s",
                attributes=[], status="ACTIVE", created_at=0,
            )  # fmt: skip
        sandbox.create_contact("new@example.com")
        await sandbox.deliveries.settled()
    assert [event["type"] for event in receiver.events] == ["contact_created"]
    with pytest.raises(RuntimeError, match="not running"):
        sandbox.deliveries.settle()


def test_kept_deliveries_are_bounded(sandbox: Sandbox, api: Api) -> None:
    subscribe(api, "http://example.com/", "contact_updated")
    for _ in range(deliveries.MAX_KEPT + 50):
        sandbox.trigger("contact_updated")
    assert len(sandbox.deliveries) == deliveries.MAX_KEPT


def test_wrong_filters_are_refused(wire: Wire) -> None:
    for path in ("deliveries?event=contact_craeted", "deliveries?state=lost", "deliveries?evnt=x", "deliveries?last=x"):
        assert wire.ask(f"GET /_sandbox/{path}").status == 400
    known = '{"event": "contact_created", '
    for sent in ('{"event": "x"}', "{}", known + '"data": 5}', known + '"uuid": 5}'):
        answer = wire.ask("POST /_sandbox/trigger", {"Content-Type": "application/json"}, sent.encode())
        assert answer.status == 400, sent


def test_from_the_command_line(
    api: Api, sandbox: Sandbox, receiver: Receiver, forks: Forks | None, tmp_path: Path
) -> None:
    subscribe(api, receiver.url, "contact_created")
    port = sandbox.url.rpartition(":")[2]
    start = forks.run if forks else by_itself

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = ["-m", "leat_async.sandbox", "trigger", "--port", port, *arguments]
        return start(program, environment(), tmp_path)

    done = run("contact_created", "--data", '{"contact": {"uuid": "x"}}')
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["state"] == "delivered"
    assert receiver.events == [{"type": "contact_created", "data": {"contact": {"uuid": "x"}}}]
    none = run("contact_updated")
    assert (none.returncode, none.stdout) == (1, "")
    assert none.stderr == "there is no active subscription to contact_updated; `leat webhooks listen` makes one\n"
    receiver.statuses = [500]
    assert run("contact_created").returncode == 1
    for arguments in (("contact_craeted",), ("contact_created", "--data", "{"), ("contact_created", "--data", "5"), ()):
        wrong = run(*arguments)
        assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (2, "", 1), arguments
