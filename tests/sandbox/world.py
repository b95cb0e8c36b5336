"""An account with one of everything, and valid arguments for every operation of the client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from leat_async.sandbox import Sandbox
from leat_async.sandbox.routing import ROOTS

LATER = "2031-05-01T20:00:00+02:00"
SOON = "2030-05-01T12:00:00+00:00"
LINE = {"name": "Soup", "quantity": 2, "price": 1250, "total_amount": 2500, "discount_amount": 0}
PART = {"name": "Bread", "quantity": 1, "price": 500, "total_amount": 500, "discount_amount": 0}
OPTIONS = [{"label": "Red", "value": "red"}, {"label": "Blue", "value": "blue"}]


def order(world: World, identifier: str) -> dict[str, Any]:
    """An order with every part that there is."""
    part = {**PART, "external_identifier": "P1", "product": {"external_identifier": "BREAD"}}
    line = {**LINE, "external_identifier": "L1", "product": {"external_identifier": "SOUP"}, "sub_line_items": [part]}
    paid = {"uuid": world.known["giftcard_transaction_uuid"], "type": "GIFTCARD_TRANSACTION"}
    return {
        "external_identifier": identifier,
        "reference": "Table 4",
        "status": "COMPLETED",
        "payment_status": "PAID",
        "total_order_amount": 3350,
        "order_amount": 3000,
        "total_discount_amount": 0,
        "currency": "EUR",
        "paid_at": SOON,
        "completed_at": SOON,
        "contact": {"uuid": world.known["contact_uuid"]},
        "business_profile": {"uuid": world.known["shop_uuid"]},
        "line_items": [line, {**LINE, "external_identifier": "L2", "product": {"external_identifier": "SOUP"}}],
        "applied_discounts": [{
            "external_identifier": "D1", "name": "Regulars", "amount": 150, "type": "ABSOLUTE", "value": 150,
            "applied_to": "ORDER", "line_items": [{"external_identifier": "L1"}],
        }],
        "charges": [{
            "external_identifier": "C1", "type": "SERVICE_CHARGE", "name": "Service", "amount": 350,
            "discount_amount": 0, "total_amount": 350, "charge_definition": {"external_identifier": "SERVICE_CHARGE"},
        }],
        "payments": [paid],
    }  # fmt: skip


class World:
    """Makes one of everything, through the API; `known` has their uuids by the names of the parameters."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        contact, other = sandbox.contacts[:2]
        self.known: dict[str, Any] = {
            "contact_uuid": contact["uuid"],
            "other": other["uuid"],
            "email": contact["email"],
            "shop_uuid": sandbox.shops[0]["uuid"],
            "contact_identifier_value": "card-1",
            "subscription_type_uuid": sandbox.rows("subscription_types")[0]["uuid"],
            "automation_uuid": sandbox.rows("automations")[0]["uuid"],
            "giftcard_program_uuid": sandbox.rows("giftcard_programs")[0]["uuid"],
            "reward_uuid": sandbox.rows("rewards")[0]["uuid"],
            "contact_session_token": sandbox.create_session_token(contact["uuid"]),
            "unit_name": "purchase_amount",
        }
        self._people()
        self._money()
        self._offers()
        self._shop()
        self.session.close()

    def ask(self, method: str, path: str, *, root: Any = "oauth", **sent: Any) -> Any:
        """The data of one call that must succeed."""
        token = self.sandbox.register_token if root == "register" else self.sandbox.token
        answer = self.session.request(
            method, self.sandbox.url + ROOTS[root] + path, json=sent, headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )  # fmt: skip
        assert answer.ok, f"{method} {path}: {answer.text}"
        return answer.json()["data"]

    def make(self, parameter: str, path: str, *, root: Any = "oauth", **sent: Any) -> Any:
        """Make something and remember its uuid under a parameter's name."""
        made = self.ask("POST", path, root=root, **sent)
        self.known[parameter] = made["uuid"]
        return made

    def _people(self) -> None:
        known = self.known
        who = {"contact_uuid": known["contact_uuid"], "shop_uuid": known["shop_uuid"]}
        self.ask("POST", "/contact-identifiers", contact_identifier_value="card-1", contact_uuid=who["contact_uuid"])
        self.ask("POST", "/contact-identifiers", contact_identifier_value="loose")
        self.make("anonymous_contact_uuid", "/contacts/anonymous")
        self.make("visit_uuid", "/visits", external_id="v1", source="Kiosk", starts_at=SOON, ends_at=SOON, **who)
        self.make("booking_uuid", "/bookings", **who)
        self.make("portal_session_uuid", "/portal-sessions", **who)
        self.ask("POST", "/contact-verification/send", email=known["email"])
        known["code"] = self.sandbox.rows("verification_codes")[0]["code"]
        self.make("shift_team_uuid", "/shift-teams", name="Kitchen")
        self.make("shift_type_uuid", "/shift-types", name="Night", description="After eleven")
        known |= {"team_uuid": known["shift_team_uuid"]}
        self.make(
            "shift_uuid", "/shifts", **who, started_at=SOON, ended_at=LATER, status="approved", external_id="s1",
            team_uuid=known["team_uuid"], shift_type_uuid=known["shift_type_uuid"], break_in_minutes=30,
        )  # fmt: skip
        self.make(
            "webhook_subscription_uuid", "/webhook-subscriptions", name="New", event_type="contact_created",
            url="https://example.com/hook",
        )  # fmt: skip
        choices = [
            {"label": "Yes", "value": "true", "default": True},
            {"label": "No", "value": "false", "default": False},
        ]
        self.make("perk_uuid", "/perks", label="Early", name="early", data_type="boolean", options=choices)
        for entity, name in (("voucher", "colour"), ("promotion", "mark")):
            self.ask(
                "POST", "/custom-attributes", entity=entity, name=name, label=name, type="select", options=OPTIONS,
                description="some",
            )  # fmt: skip
        known["promotion_attribute_id"] = str(self.ask("GET", "/promotion-attributes")[0]["id"])
        self.ask("POST", "/loyalty-transaction-attributes", name="plu", data_type="text", label="PLU")
        code = self.ask("GET", f"/contacts/{known['contact_uuid']}")["current_values"].get("referral_code")
        code = code or self.sandbox.rows("contacts")[0]["referral_code"]
        known["referral_code"] = code
        self.ask("POST", "/contacts", email="friend@example.com", referral_code=code)

    def _money(self) -> None:
        known = self.known
        who = {"contact_uuid": known["contact_uuid"], "shop_uuid": known["shop_uuid"]}
        self.make(
            "credit_reception_uuid", "/credit-receptions", **who, unit_value=900, contact_identifier_value="card-1"
        )
        self.make("reward_reception_uuid", "/reward-receptions", **who, reward_uuid=known["reward_uuid"])
        self.make("loyalty_transaction_uuid", "/reward-receptions", **who, reward_uuid=known["reward_uuid"])
        third = self.ask("POST", "/reward-receptions", **who, reward_uuid=known["reward_uuid"])["uuid"]
        collected = self.ask("PUT", f"/collectable-rewards/collect/{third}")
        known["collectable_reward_redemption_uuid"] = collected["uuid"]
        card = self.make("giftcard_uuid", "/giftcards", type=1, giftcard_program_uuid=known["giftcard_program_uuid"])
        known["hash"] = card["hash"]
        self.make(
            "giftcard_transaction_uuid", "/giftcard-transactions", giftcard_uuid=card["uuid"], amount_in_cents=5000,
            shop_uuid=known["shop_uuid"],
        )  # fmt: skip
        self.make("prepaid_transaction_uuid", "/prepaid-transactions", **who, amount_in_cents=5000)
        self.make("pos_transaction_uuid", "/pos-transactions", root="register", amount_in_cents=1250, terminal_id=1)

    def _offers(self) -> None:
        known = self.known
        self.make(
            "promotion_uuid", "/promotions", name="Ten", description="Ten off", type="DEFAULT",
            redemptions_per_voucher=5, voucher_limit=100,
        )  # fmt: skip
        for name in ("free", "locked", "redeemed"):
            voucher = self.ask(
                "POST", "/vouchers", promotion_uuid=known["promotion_uuid"], contact_uuid=known["contact_uuid"],
                code=name, expiration_date=LATER,
            )  # fmt: skip
            known[name] = voucher["uuid"]
        known |= {"voucher_uuid": known["free"], "code of a voucher": "free"}
        lock = self.ask("POST", f"/vouchers/{known['locked']}/lock")
        known["release_key"] = lock["lock"]["release_key"]
        self.ask(
            "POST",
            "/vouchers/redeem",
            code="redeemed",
            contact_uuid=known["contact_uuid"],
            shop_uuid=known["shop_uuid"],
        )
        known["voucher_redemption_uuid"] = self.sandbox.rows("voucher_redemptions")[0]["uuid"]

    def _shop(self) -> None:
        known = self.known
        self.make("product_category_uuid", "/product-categories", external_identifier="HOT", name="Hot")
        category = [{"external_identifier": "HOT"}]
        self.make(
            "product_uuid", "/products", external_identifier="TEA", name="Tea", description="Hot", categories=category
        )
        self.make("order_uuid", "/orders", **order(self, "O1"))
        known["processed"] = self.ask("POST", "/orders/create-and-process", **order(self, "O2"))["order"]["uuid"]
        self.ask("POST", "/orders/create-and-process", **order(self, "O9"))
        self.make(
            "order_return_uuid", "/order-returns", order={"external_identifier": "O9"}, external_identifier="R9",
            status="PENDING", line_items=[{"external_identifier": "L2", "quantity": 1}],
        )  # fmt: skip
        token = self.ask(
            "POST", "/loyalty-tokens", version="v3", shop_uuid=known["shop_uuid"], unique_id="t1",
            unit_name="purchase_amount", unit_value=10,
        )  # fmt: skip
        known["token"] = dict(pair.split("=") for pair in token.partition("?")[2].split("&"))


def arguments(world: World) -> Mapping[str, Mapping[str, Any]]:
    """What an operation is given besides what `known` has; None: leave it out."""
    known = world.known
    token = known["token"]
    item = {"external_identifier": "N1", "name": "New", "description": "New"}
    returned = {"external_identifier": "L1", "quantity": 1, "reason": "Cold"}
    returning = {
        "order": {"external_identifier": "O2"},
        "status": "COMPLETED",
        "line_items": [returned],
        "sub_line_items": [{**returned, "external_identifier": "P1"}],
        "applied_discounts": [{"external_identifier": "D1", "amount": 75}],
        "charges": [{"external_identifier": "C1", "total_amount": 100}],
    }
    simulated = order(world, "-")
    period = {"started_at": SOON, "ended_at": LATER, "status": "approved"}
    return {
        "auth.token": {"grant_type": "client_credentials"},
        "contacts.create": {"email": "new@example.com"},
        "contacts.create_async": {"email": "new@example.com"},
        "contacts.create_anonymous": {"contact_identifier_value": "card-8"},
        "contacts.update": {"attributes": {"firstname": "Ada", "vip": True}},
        "contacts.delete": {"type": "GDPR"},
        "contacts.claim_anonymous": {"email": "claimed@example.com"},
        "contacts.merge": {"source_contact_uuid": known["other"], "destination_contact_uuid": known["contact_uuid"]},
        "contacts.create_batch": {"contacts": [{
            "email": "many@example.com",
            "custom_attributes": [{"name": "firstname", "value": "Ada"}],
            "subscription_types": [{"uuid": known["subscription_type_uuid"], "enroll": True}],
        }]},
        "contact_identifiers.create": {"contact_identifier_value": "card-9"},
        "contact_identifiers.link": {"contact_identifier_value": "loose"},
        "visits.create": {"external_id": "v2"},
        "visits.create_batch": {"visits": [{
            "contact_email": known["email"], "business_profile_uuid": known["shop_uuid"], "external_id": "v3",
        }]},
        "automations.create_run": {"data": {"a": 1}},
        "custom_attributes.list": {"entity": "voucher"},
        "custom_attribute_groups.list": {"entity": "voucher"},
        "custom_attribute_groups.create": {"entity": "voucher"},
        "custom_attributes.create": {"entity": "voucher", "type": "select", "options": OPTIONS,
                                     "group_name": "general"},
        "custom_attributes.update": {"entity": "voucher", "options": OPTIONS, "group_name": "general"},
        "contact_attributes.create": {"options": OPTIONS},
        "reward_attributes.create": {"options": OPTIONS},
        "promotion_attributes.create": {"options": OPTIONS},
        "promotion_attributes.update": {"options": OPTIONS, "id": int(known["promotion_attribute_id"])},
        "loyalty_transaction_attributes.create": {"data_type": "select", "options": {"red": "Red"}},
        "credit_receptions.create": {"credits": 5},
        "portal_sessions.create_prepaid": {"scanner_type": "camera"},
        "giftcards.create": {"type": 1},
        "giftcards.send_by_email": {"email_uuid": None, "merge_tags": {"name": "Ada"}},
        "giftcard_transactions.create": {"amount_in_cents": -100, "custom_attributes": {"note": "x"}},
        "prepaid_transactions.create": {"amount_in_cents": -100},
        "promotions.create": {"type": "DEFAULT"},
        "vouchers.create": {"code": "fresh", "expiration_date": LATER, "activation_date": SOON,
                            "custom_attributes": {"colour": "red"}},
        "vouchers.create_batch": {"quantity": 2, "expiration_date": LATER, "activation_date": SOON,
                                  "custom_attributes": {"colour": "red"}},
        "vouchers.find": {"code": "free"},
        "vouchers.redeem": {"code": "free", "release_key": None},
        "vouchers.multi_redeem": {"code": "free", "number_of_times": 2, "release_key": None},
        "vouchers.update": {"status": "ACTIVE", "expiration_date": LATER, "custom_attributes": {"colour": "red"}},
        "vouchers.release": {"voucher_uuid": known["locked"]},
        "reward_receptions.create": {"contact_identifier_value": "card-1"},
        "shift_teams.find": {"name": "Kitchen"},
        "shift_types.find": {"name": "Night"},
        "shifts.list": {"status": "approved"},
        "shifts.create": {**period, "external_id": "s2", "break_in_minutes": 10},
        "shifts.find": {"external_id": "s1"},
        "shifts.update": {**period, "break_in_minutes": 10},
        "webhook_subscriptions.create": {"url": "https://example.com/hook", "attributes": ["firstname"]},
        "webhook_subscriptions.update": {"url": "https://example.com/hook", "attributes": ["firstname"]},
        "perks.create": {"data_type": "boolean", "options": [
            {"label": "Yes", "value": "true", "default": True}, {"label": "No", "value": "false", "default": False},
        ]},
        "products.create": {"categories": [{"uuid": known["product_category_uuid"]}]},
        "products.create_batch": {"products": [item]},
        "products.find": {"external_identifier": "TEA"},
        "products.find_or_create": {"categories": [{"external_identifier": "HOT"}]},
        "products.update": {"categories": [{"external_identifier": "HOT"}]},
        "product_categories.create_batch": {"categories": [{"external_identifier": "N1", "name": "New"}]},
        "product_categories.find": {"external_identifier": "HOT"},
        "orders.create": order(world, "O3"),
        "orders.create_and_process": order(world, "O4"),
        "orders.find": {"external_identifier": "O1"},
        "orders.simulate": {
            **simulated,
            "line_items": [{**LINE, "product": {"external_identifier": "SOUP"}, "sub_line_items": [PART]}],
            "applied_discounts": [{"name": "Regulars", "amount": 150, "applied_to": "ORDER"}],
            "charges": [{"name": "Service", "total_amount": 350}],
        },
        "order_returns.create_and_process": returning,
        "order_returns.create": returning,
        "loyalty_tokens.create": {"version": "v3", "unit_value": 10, "credits": None},
        "loyalty_tokens.claim": {
            "version": "v3", "unique_id": "t1", "timestamp": int(token["timestamp"]), "hash": token["hash"],
            "unit_value": 10, "credits": None,
        },
        # Those of rewards have other keys than the documented ones.
        "loyalty_transactions.list": {"type": "credit_receptions"},
        "contacts.list_loyalty_transactions": {"type": "credit_receptions"},
        "pos_transactions.create": {"amount_in_cents": 1250, "transaction_id": 17, "terminal_id": "T1"},
    }  # fmt: skip
