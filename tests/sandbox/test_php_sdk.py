"""What the official PHP SDK and other form senders need, in the bytes that they send."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from leat_async.sandbox import Sandbox

from .conftest import ROOT, Answer, Wire

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def post(wire: Wire, line: str, body: str) -> Answer:
    """A form as PHP's http_build_query writes it."""
    return wire.ask(line, FORM, quote(body, safe="=&[]").replace("[", "%5B").replace("]", "%5D").encode())


def data(answer: Answer) -> Any:
    assert answer.status in (200, 201), answer.body
    return answer.json["data"]


@pytest.fixture
def contact(sandbox: Sandbox) -> str:
    return sandbox.contacts[0]["uuid"]


def order(sandbox: Sandbox, contact: str, identifier: str = "O1") -> str:
    part = "[external_identifier]=P1&{0}[name]=Milk&{0}[quantity]=1&{0}[price]=50&{0}[total_amount]=50"
    inside = "line_items[0][sub_line_items][0]"
    return (
        f"external_identifier={identifier}&status=COMPLETED&payment_status=PAID&total_order_amount=1150"
        f"&contact[uuid]={contact}&business_profile[uuid]={sandbox.shops[0]['uuid']}"
        "&line_items[0][external_identifier]=L1&line_items[0][name]=Tea&line_items[0][quantity]=2"
        "&line_items[0][price]=500&line_items[0][total_amount]=1000"
        f"&{inside}{part.format(inside)}"
        "&line_items[1][external_identifier]=L2&line_items[1][name]=Cake&line_items[1][quantity]=1"
        "&line_items[1][price]=100&line_items[1][total_amount]=100"
        "&charges[0][external_identifier]=C1&charges[0][name]=Service&charges[0][total_amount]=100"
        "&applied_discounts[0][external_identifier]=D1&applied_discounts[0][name]=Less"
        "&applied_discounts[0][amount]=100&applied_discounts[0][applied_to]=LINE_ITEM"
        "&applied_discounts[0][sub_line_items][0][external_identifier]=P1"
    )


@pytest.mark.parametrize("root", ["oauth/clients", "register"])
def test_orders_come_back_as_they_were_sent(wire: Wire, sandbox: Sandbox, contact: str, root: str) -> None:
    if root == "register":
        wire.sandbox.token = sandbox.register_token
    base = f"/api/v3/{root}"
    made = data(post(wire, f"POST {base}/orders", order(sandbox, contact)))
    assert len(made["charges"][0]["uuid"]) == 36
    assert made["applied_discounts"][0]["sub_line_items"] == [{"external_identifier": "P1"}]
    assert made["applied_discounts"][0]["line_items"] == []
    first, second = made["line_items"]
    assert [part["external_identifier"] for part in first["sub_line_items"]] == ["P1"]
    assert second["sub_line_items"] == []
    assert data(wire.ask(f"GET {base}/orders/{made['uuid']}")) == made
    assert data(wire.ask(f"GET {base}/orders?limit=5")) == [made]
    assert wire.ask(f"GET {base}/orders/unknown").json["code"] == 60013


@pytest.mark.parametrize("root", ["oauth/clients", "register"])
def test_a_return_is_created_and_processed_later(wire: Wire, sandbox: Sandbox, contact: str, root: str) -> None:
    if root == "register":
        wire.sandbox.token = sandbox.register_token
    base = f"/api/v3/{root}"
    made = data(post(wire, f"POST {base}/orders/create-and-process", order(sandbox, contact)))
    given = made["result"]["data"]["points"]
    body = "order[external_identifier]=O1&external_identifier={}&status={}&line_items[0][external_identifier]={}"
    body += "&line_items[0][quantity]={}"
    waiting = data(post(wire, f"POST {base}/order-returns", body.format("R1", "PENDING", "L1", 1)))
    assert waiting["order"] == {"uuid": made["order"]["uuid"]}
    assert (waiting["status"], len(waiting["line_item_returns"])) == ("PENDING", 1)
    # What was only created takes no points, and what it returns is not returned again.
    both = post(wire, f"POST {base}/order-returns", body.format("R2", "PENDING", "L1", 2))
    assert both.json["code"] == 1003
    cake = data(post(wire, f"POST {base}/order-returns/create-and-process", body.format("R3", "COMPLETED", "L2", 1)))
    assert cake["result"]["data"]["points"] == -(given * 100 // 1250)
    done = data(post(wire, f"POST {base}/order-returns/{waiting['uuid']}/process", "anything=1"))
    assert done["data"]["points"] + cake["result"]["data"]["points"] == -(given * 600 // 1250)
    assert wire.ask(f"POST {base}/order-returns/{waiting['uuid']}/process").json["code"] == 1003
    assert wire.ask(f"POST {base}/order-returns/unknown/process").json["code"] == 60013


def test_a_voucher_is_redeemed_without_a_shop(wire: Wire, sandbox: Sandbox, contact: str) -> None:
    promotion = sandbox.rows("promotions")[0]["uuid"]
    made = data(post(wire, "POST /vouchers", f"promotion_uuid={promotion}"))
    assert made["promotion"]["attributes"] == {"plu": "D-100"}
    assert made["promotion"]["plu"] == "D-100"
    redeemed = data(post(wire, "POST /vouchers/redeem", f"code={made['code']}&contact_uuid={contact}"))
    assert redeemed["is_redeemed"] is True
    assert "shop_uuid is required by the current documentation" in sandbox.journal.entries(last=1)[0].notes[0]


def test_an_auth_token_is_bare_text_and_hidden_in_the_journal(wire: Wire, sandbox: Sandbox, contact: str) -> None:
    token = data(wire.ask(f"GET /contact-verification/auth-token/{contact}"))
    assert isinstance(token, str)
    (entry,) = sandbox.journal.entries()
    assert token not in str(entry.describe())
    assert "auth_token" in entry.notes[0]


def test_below_the_first_tier_there_is_one_without_a_name(wire: Wire, contact: str) -> None:
    assert data(wire.ask(f"GET /contacts/{contact}/tier"))["name"] is None


@pytest.mark.parametrize("encoding", ["form", "multipart", "json"])
def test_values_of_attributes_are_typed_whatever_the_encoding(wire: Wire, contact: str, encoding: str) -> None:
    for name, kind in (
        ("b", "boolean"), ("n", "number"), ("f", "float"), ("t", "text"), ("e", "text"), ("m", "multi_select"),
    ):  # fmt: skip
        data(post(wire, "POST /contact-attributes", f"name={name}&label={name}&data_type={kind}"))
    sent = {"b": "0", "n": "5", "f": "1.5", "t": "7", "e": "", "m][0": "a", "m][1": "b"}
    if encoding == "form":
        answer = post(wire, f"PUT /contacts/{contact}", "&".join(f"attributes[{k}]={v}" for k, v in sent.items()))
    elif encoding == "multipart":
        parts = "".join(
            f'--x\r\nContent-Disposition: form-data; name="attributes[{k}]"\r\n\r\n{v}\r\n' for k, v in sent.items()
        )
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = wire.ask(f"PUT /contacts/{contact}", kind, f"{parts}--x--\r\n".encode())
    else:
        body = b'{"attributes": {"b": false, "n": 5, "f": 1.5, "t": "7", "e": null, "m": ["a", "b"]}}'
        answer = wire.ask(f"PUT /contacts/{contact}", JSON, body)
    values = data(answer)["current_values"]
    assert [values[name] for name in "bnfte"] == [False, 5, 1.5, "7", None]
    assert values["b"] is False
    assert values["m"] == ["a", "b"]
    shown = data(answer)["current_display_values"]
    assert (shown["b"], shown["m"], shown["e"]) == ("False", "a and b", "")
    texts = {one["attribute"]["name"]: one["value"] for one in data(answer)["attributes"]}
    assert (texts["b"], texts["n"], texts["m"], texts["e"]) == ("", "5", "a;b", "")


def test_attributes_in_the_deprecated_form(wire: Wire, sandbox: Sandbox, contact: str) -> None:
    data(post(wire, "POST /contact-attributes", "name=b&label=b&data_type=boolean"))
    body = b'{"attributes": {"b": true}}'
    texts = {
        one["attribute"]["name"]: one["value"]
        for one in data(wire.ask(f"PUT /contacts/{contact}", JSON, body))["attributes"]
    }
    assert texts["b"] == "1"
    odd = data(post(wire, f"PUT /contacts/{contact}", "attributes[b]=perhaps"))
    assert odd["current_values"]["b"] == "perhaps"
    assert "attribute b: 'perhaps' is kept as sent" in sandbox.journal.entries(last=1)[0].notes[0]


def test_a_group_has_a_label(wire: Wire) -> None:
    for path in ("/custom-attributes?entity=contact", "/contact-attributes"):
        group = data(wire.ask(f"GET {path}"))[0]["group"]
        assert group["label"] == group["name"] == "General"


NET = (  # as System.Net.Http writes it
    '--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name={0}\r\n\r\n{1}\r\n'
    '--x\r\nContent-Disposition: form-data; name={2}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{3}\r\n--x--\r\n'
)  # fmt: skip


def test_names_of_parts_without_quotes(wire: Wire, sandbox: Sandbox) -> None:
    kind = {"Content-Type": 'multipart/form-data; boundary="x"'}
    answer = wire.ask("POST /contacts", kind, NET.format("email", "net@example.com", "x[a]", "1").encode())
    assert data(answer)["uuid"] == sandbox.contacts[-1]["uuid"]
    assert sandbox.contacts[-1]["email"] == "net@example.com"
    fields = "--x\r\nContent-Disposition: form-data; name=grant_type\r\n\r\nclient_credentials\r\n"
    body = (fields + NET.format("client_id", "1", "client_secret", "very-s3cret")).encode()
    assert wire.ask("POST /oauth/token", kind, body).json["access_token"]
    assert "very-s3cret" not in str([entry.describe() for entry in sandbox.journal])


@pytest.mark.parametrize(
    "path", ["contact-attributes", "loyalty-transaction-attributes", "custom-attributes", "promotion-attributes"]
)
@pytest.mark.parametrize("label", ["name", "label"])
def test_options_by_name_or_label(wire: Wire, path: str, label: str) -> None:
    kinds = "type=select" if path in ("custom-attributes", "promotion-attributes") else "data_type=select"
    body = f"name=n&label=n&entity=contact&{kinds}&options[0][{label}]=Red&options[0][value]=1"
    options = data(post(wire, f"POST /{path}", body))["options"]
    if isinstance(options, dict):
        assert options == {"1": "Red"}
    else:
        assert [(option["label"], option["value"]) for option in options] == [("Red", "1")]
    wrong = post(wire, f"POST /{path}", body.replace("name=n", "name=o").replace("[value]", "[worth]"))
    assert wrong.json["errors"].keys() == {"options.0.value"}


def test_a_hint_names_a_path_that_exists(wire: Wire) -> None:
    assert f"Did you mean GET {ROOT}/contacts?" in wire.ask(f"GET {ROOT}//contacts").json["message"]
    assert "Did you mean POST /oauth/token?" in wire.ask("POST /api/oauth/token").json["message"]


@pytest.mark.parametrize("status", [502, 504, 520])
def test_a_gateway_s_page_says_its_own_status(wire: Wire, sandbox: Sandbox, status: int) -> None:
    sandbox.faults.add("html", "shops.list", status=status)
    answer = wire.ask("GET /shops")
    assert answer.status == status
    assert f"<title>{status} ".encode() in answer.body
    assert b"502" not in answer.body or status == 502
