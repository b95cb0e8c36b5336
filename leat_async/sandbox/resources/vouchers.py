"""Vouchers: redeemable codes of a promotion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ..engine import Bare, Call
from ..errors import Refusal, invalid
from ..paging import linked_page, page_params
from ..params import RouteParam, epoch, iso
from ..routing import OAUTH, Route
from ..store import Row, Store
from .custom_attributes import typed
from .promotions import attributes_of, inside
from .shapes import amsterdam, contact_of

TABLES: dict[str, tuple[str, ...]] = {
    "vouchers": ("code", "promotion_uuid", "contact_uuid"),
    "voucher_batches": ("promotion_uuid",),
}
FOREVER = 253_402_300_799  # the end of the year 9999, after which there are no dates
BATCH_DELAY = 2.0  # the docs say "in the background"
_STATES = ("ACTIVE", "REDEEMED", "EXPIRED", "DEACTIVATED", "INACTIVE", "LOCKED")


def status_of(row: Row, now: int) -> str:
    """The state of a voucher at a moment; only deactivating it is kept as such."""
    if row["times_redeemed"] >= row["total_redemptions_allowed"]:
        return "REDEEMED"
    if row["deactivated"]:
        return "DEACTIVATED"
    if row["expires_at"] is not None and row["expires_at"] <= now:
        return "EXPIRED"
    if row["activates_at"] > now:
        return "INACTIVE"
    return "LOCKED" if row["lock"] is not None and row["lock"]["until"] > now else "ACTIVE"


def view(call: Call, row: Row) -> dict[str, Any]:
    """A voucher as it is listed."""
    promotion = call.store["promotions"].rows[row["promotion_uuid"]]
    status = status_of(row, call.now())
    redeemed = row["redeemed_at"]
    return {
        "uuid": row["uuid"],
        "code": row["code"],
        "status": status,
        "name": promotion["name"],
        "description": promotion["description"],
        "expiration_date": iso(row["expires_at"]) if row["expires_at"] is not None else None,
        "activation_date": iso(row["activates_at"]),
        "redeemed_at": iso(redeemed) if redeemed is not None else None,
        "is_redeemed": status == "REDEEMED",
        "attributes": {**attributes_of(call, promotion), **row["attributes"]},
        "contact": contact_of(call, row),
        "promotion": inside(call, promotion),
    }


def counted_view(call: Call, row: Row) -> dict[str, Any]:
    """A voucher with the numbers of its redemptions."""
    allowed, times = row["total_redemptions_allowed"], row["times_redeemed"]
    counts = {
        "redemptions_remaining": allowed - times, "times_redeemed": times, "total_redemptions_allowed": allowed,
    }  # fmt: skip
    return {**view(call, row), **counts}


def list_(call: Call) -> Bare:
    """Page through vouchers, oldest first."""
    table = call.store["vouchers"]
    promotion, contact, status = call.get("promotion_uuid"), call.get("contact_uuid"), call.get("status")
    rows = list(table.rows.values())
    if promotion is not None:
        call.row("promotions", promotion, 80002)
        rows = table.find("promotion_uuid", promotion)
    if contact is not None:
        call.contact(contact)
        rows = [row for row in rows if row["contact_uuid"] == contact]
    if status is not None:
        now = call.now()
        rows = [row for row in rows if status_of(row, now) == status]
    return linked_page(call, rows, view, "/vouchers")


# -- making ----------------------------------------------------------------------------------------


def allows(store: Store, promotion: Row, contact_uuid: str | None, count: int) -> bool:
    """Do the limits of the promotion allow so many more, counting those that are being made?"""
    vouchers = store["vouchers"].find("promotion_uuid", promotion["uuid"])
    batches = [row for row in store["voucher_batches"].find("promotion_uuid", promotion["uuid"]) if not row["done"]]
    limit, own_limit = promotion["voucher_limit"], promotion["limit_per_contact"]
    if limit is not None and len(vouchers) + sum(row["quantity"] for row in batches) + count > limit:
        return False
    if contact_uuid is None or own_limit is None:
        return True
    own = sum(row["contact_uuid"] == contact_uuid for row in vouchers)
    own += sum(row["quantity"] for row in batches if row["contact_uuid"] == contact_uuid)
    return bool(own + count <= own_limit)


def issue(store: Store, promotion: Row, now: int, *, code: str | None = None, **fields: Any) -> Row:
    """Add a voucher; what is not given follows from its promotion."""
    uuid = store.new_uuid()
    generated = uuid.replace("-", "").upper()
    short = generated[:10]
    starts = fields.get("activates_at")
    starts = now if starts is None else starts
    ends, duration = fields.get("expires_at"), promotion["expiration_duration"]
    if ends is None and duration is not None:
        ends = min(starts + duration, FOREVER)
    return store.insert(
        "vouchers",
        code=code or (generated if store["vouchers"].first("code", short) else short),
        promotion_uuid=promotion["uuid"],
        contact_uuid=fields.get("contact_uuid"),
        activates_at=starts,
        expires_at=ends,
        deactivated=False,
        total_redemptions_allowed=fields.get("allowed") or promotion["redemptions_per_voucher"],
        times_redeemed=0,
        redeemed_at=None,
        lock=None,
        attributes=fields.get("attributes") or {},
        created_at=now,
    )


def _wanted(call: Call, count: int) -> tuple[Row, dict[str, Any]]:
    """The promotion, and the fields that both ways of making vouchers share."""
    promotion = call.row("promotions", call.params["promotion_uuid"], 80002)
    contact = call.get("contact_uuid")
    if contact is not None:
        call.contact(contact)
    starts, ends = (
        int(epoch(call.params[name])) if call.get(name) is not None else None
        for name in ("activation_date", "expiration_date")
    )
    if ends is not None and ends <= (call.now() if starts is None else starts):
        raise invalid("expiration_date", "The expiration_date must be after the activation_date.")
    if not allows(call.store, promotion, contact, count):
        raise Refusal(80008)
    attributes = typed(call, "voucher", call.get("custom_attributes") or {})
    return promotion, {
        "contact_uuid": contact, "activates_at": starts, "expires_at": ends, "attributes": attributes,
    }  # fmt: skip


def create(call: Call) -> dict[str, Any]:
    """Create a voucher."""
    code = call.get("code")
    promotion, fields = _wanted(call, 1)
    if code is not None and call.store["vouchers"].first("code", code):
        raise Refusal(80003)
    allowed = call.get("total_redemptions_allowed")
    return view(call, issue(call.store, promotion, call.now(), code=code, allowed=allowed, **fields))


def create_batch(call: Call) -> dict[str, Any]:
    """Plan many vouchers, which are there a little later."""
    quantity, now = call.params["quantity"], call.now()
    promotion, fields = _wanted(call, quantity)
    row = call.store.insert(
        "voucher_batches", promotion_uuid=promotion["uuid"], quantity=quantity, done=False, created_at=now, **fields
    )
    call.engine.defer(BATCH_DELAY, "make_vouchers", row["uuid"])
    moment = amsterdam(datetime.fromtimestamp(now, UTC)).strftime("%Y-%m-%d, %H:%M")
    return {
        "uuid": row["uuid"], "type": "vouchers", "quantity": quantity, "status": "PENDING", "created_at": moment,
    }  # fmt: skip


def make_vouchers(store: Store, uuid: str) -> None:
    """Make the vouchers of a batch."""
    batch = store["voucher_batches"].rows[uuid]
    promotion = store["promotions"].rows[batch["promotion_uuid"]]
    fields = {name: batch[name] for name in ("contact_uuid", "activates_at", "expires_at", "attributes")}
    for _ in range(batch["quantity"]):
        issue(store, promotion, batch["created_at"], **fields)
    store["voucher_batches"].update(batch, done=True)


# -- finding and changing --------------------------------------------------------------------------


def by_code(call: Call) -> Row:
    """The voucher of the code that was sent."""
    row = call.store["vouchers"].first("code", call.params["code"])
    if row is None:
        raise Refusal(80004)
    return row


def find(call: Call) -> dict[str, Any]:
    """Find a voucher by its code."""
    return counted_view(call, by_code(call))


def update(call: Call) -> dict[str, Any]:
    """Activate or deactivate a voucher, which ends its lock; move its end, change attributes."""
    row = call.row("vouchers", call.path["voucher_uuid"], 80004)
    now = call.now()
    if status_of(row, now) == "REDEEMED":
        raise invalid("status", "A redeemed voucher cannot be changed.")
    off = call.params["status"] == "DEACTIVATED"
    changed = {**row, "deactivated": off, "lock": None if off else row["lock"]}
    changed["attributes"] = {**row["attributes"], **typed(call, "voucher", call.get("custom_attributes") or {})}
    if call.get("expiration_date") is not None:
        if status_of(changed, now) not in ("ACTIVE", "INACTIVE"):
            raise invalid("expiration_date", "Only active and inactive vouchers take an expiration_date.")
        changed["expires_at"] = int(epoch(call.params["expiration_date"]))
    call.store["vouchers"].put(row["uuid"], changed)
    return counted_view(call, changed)


JOBS = {"make_vouchers": make_vouchers}

_FIELDS = (
    RouteParam("promotion_uuid", required=True), RouteParam("contact_uuid"), RouteParam("expiration_date", "datetime"),
    RouteParam("activation_date", "datetime"), RouteParam("custom_attributes", "map"),
)  # fmt: skip
_CREATE = (*_FIELDS, RouteParam("code"), RouteParam("total_redemptions_allowed", "integer", min=1))
_BATCH = (*_FIELDS, RouteParam("quantity", "integer", required=True, min=1, max=500))
_LIST = (
    *page_params(30, 500),
    RouteParam("promotion_uuid"),
    RouteParam("contact_uuid"),
    RouteParam("status", choices=_STATES),
)
_UPDATE = (
    RouteParam("status", required=True, choices=("ACTIVE", "DEACTIVATED")),
    RouteParam("custom_attributes", "map"),
    RouteParam("expiration_date", "datetime"),
)
_ROOT = "/vouchers"

ROUTES = (
    Route("vouchers.list", "GET", _ROOT, list_, _LIST),
    Route("vouchers.create", "POST", _ROOT, create, _CREATE),
    Route("vouchers.create_batch", "POST", _ROOT + "/batch", create_batch, _BATCH, roots=OAUTH, status=201),
    Route("vouchers.find", "GET", _ROOT + "/find", find, (RouteParam("code", required=True),)),
    Route("vouchers.update", "PUT", _ROOT + "/{voucher_uuid}", update, _UPDATE),
)
