"""Vouchers: reserving, redeeming and what undoes it."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..errors import Refusal, invalid
from ..params import RouteParam, iso
from ..routing import OAUTH, Route
from ..store import Row
from .vouchers import by_code, counted_view, status_of, view

TABLES = {"voucher_redemptions": ("voucher_uuid",)}
LOCK_SECONDS = 3600
_REFUSALS = {"REDEEMED": 80005, "EXPIRED": 80006, "DEACTIVATED": 80012, "INACTIVE": 80014}


def _voucher(call: Call) -> Row:
    return call.row("vouchers", call.path["voucher_uuid"], 80004)


def _usable(call: Call, row: Row) -> str:
    """The state of a voucher that can be used, if not by everybody: active or locked."""
    status = status_of(row, call.now())
    if status in _REFUSALS:
        raise Refusal(_REFUSALS[status])
    return status


def _lock_view(call: Call, row: Row, lock: dict[str, Any]) -> dict[str, Any]:
    released = lock["released_at"]
    return {
        "voucher": {"uuid": row["uuid"], "status": status_of(row, call.now())},
        "lock": {
            "release_key": lock["release_key"],
            "locked_at": iso(lock["locked_at"]),
            "unlocked_at": iso(released) if released is not None else None,
            "system_release_at": iso(lock["until"]) if released is None else None,
        },
    }


def lock(call: Call) -> dict[str, Any]:
    """Reserve a voucher for an hour."""
    row = _voucher(call)
    if _usable(call, row) == "LOCKED":
        raise Refusal(80017)
    now = call.now()
    key = call.store.new_uuid()
    taken = {"release_key": key, "locked_at": now, "until": now + LOCK_SECONDS, "released_at": None}
    return _lock_view(call, call.store["vouchers"].update(row, lock=taken), taken)


def release(call: Call) -> dict[str, Any]:
    """Give a reserved voucher free."""
    row = _voucher(call)
    if _usable(call, row) != "LOCKED":
        raise invalid("release_key", "The voucher is not locked.")
    if row["lock"]["release_key"] != call.params["release_key"]:
        raise invalid("release_key", "The release_key is not that of the lock.")
    ended = {**row["lock"], "released_at": call.now()}
    return _lock_view(call, call.store["vouchers"].update(row, lock=None), ended)


def _redeemable(call: Call, row: Row) -> str:
    """Check everything that keeps a voucher from being redeemed; the contact that redeems."""
    _shop(call)
    key = call.get("release_key")
    if _usable(call, row) == "LOCKED" and row["lock"]["release_key"] != key:
        raise Refusal(80017) if key is None else invalid("release_key", "The release_key is not that of the lock.")
    if not call.store["promotions"].rows[row["promotion_uuid"]]["active"]:
        raise Refusal(80020)
    uuid = call.get("contact_uuid") or row["contact_uuid"]
    if uuid is None:
        raise invalid("contact_uuid", "The contact_uuid field is required when the voucher has no contact.")
    if row["contact_uuid"] not in (None, uuid):
        raise invalid("contact_uuid", "The voucher is linked to another contact.")
    contact: str = call.contact(uuid)["uuid"]
    return contact


def _shop(call: Call) -> str | None:
    """The shop of the call, which may be missing where a client leaves it out."""
    uuid = call.get("shop_uuid") or call.shop_uuid
    return str(call.shop(uuid)["uuid"]) if uuid is not None else None


def _redeem(call: Call, times: int) -> tuple[Row, list[Row]]:
    row = by_code(call)
    contact = _redeemable(call, row)
    if row["times_redeemed"] + times > row["total_redemptions_allowed"]:
        raise Refusal(80019)
    now = call.now()
    made = [
        call.store.insert(
            "voucher_redemptions",
            voucher_uuid=row["uuid"],
            contact_uuid=contact,
            shop_uuid=_shop(call),
            reversed=False,
            created_at=now,
        )
        for _ in range(times)
    ]
    redeemed = {"times_redeemed": row["times_redeemed"] + times, "redeemed_at": now, "lock": None}
    return call.store["vouchers"].update(row, **redeemed), made


def _redemption(row: Row) -> dict[str, Any]:
    return {"uuid": row["uuid"], "created_at": iso(row["created_at"])}


def redeem(call: Call) -> dict[str, Any]:
    """Redeem a voucher once."""
    row, made = _redeem(call, 1)
    if made[0]["shop_uuid"] is None:
        call.note("shop_uuid is required by the current documentation; the official PHP SDK never sends it")
    return {**counted_view(call, row), "voucher_redemption": _redemption(made[0])}


def multi_redeem(call: Call) -> dict[str, Any]:
    """Redeem a voucher several times, or not at all."""
    row, made = _redeem(call, call.params["number_of_times"])
    return {"voucher": view(call, row), "voucher_redemptions": [_redemption(one) for one in made]}


def validate(call: Call) -> dict[str, Any]:
    """Check whether a voucher could be redeemed now: the voucher, or what keeps it from that."""
    row = _voucher(call)
    _redeemable(call, row)
    return counted_view(call, row)


def reverse(call: Call) -> dict[str, Any]:
    """Undo a redemption, once."""
    redemption = call.row("voucher_redemptions", call.path["voucher_redemption_uuid"], 80004)
    if redemption["reversed"]:
        raise invalid("voucher_redemption_uuid", "The redemption has already been reversed.")
    table = call.store["voucher_redemptions"]
    table.update(redemption, reversed=True)
    row = call.store["vouchers"].rows[redemption["voucher_uuid"]]
    left = [one for one in table.find("voucher_uuid", row["uuid"]) if not one["reversed"]]
    last = left[-1]["created_at"] if left else None
    return counted_view(call, call.store["vouchers"].update(row, times_redeemed=len(left), redeemed_at=last))


_SHOP = RouteParam("shop_uuid", required=True)
_KEY = RouteParam("release_key")
_BY_CODE = (RouteParam("code", required=True), RouteParam("contact_uuid"), _KEY)
_TIMES = RouteParam("number_of_times", "integer", required=True, min=1, max=50)
_SEVERAL = (*_BY_CODE, _SHOP, _TIMES)
_ONE = "/vouchers/{voucher_uuid}"

ROUTES = (
    Route("vouchers.redeem", "POST", "/vouchers/redeem", redeem, (*_BY_CODE, RouteParam("shop_uuid"))),
    Route(
        "vouchers.multi_redeem", "POST", "/vouchers/multi-redeem", multi_redeem, (*_BY_CODE, _SHOP, _TIMES), roots=OAUTH
    ),
    Route("vouchers.lock", "POST", _ONE + "/lock", lock),
    Route("vouchers.release", "POST", _ONE + "/release", release, (RouteParam("release_key", required=True),)),
    Route("vouchers.validate", "POST", _ONE + "/validate", validate, (_SHOP, RouteParam("contact_uuid"))),
    Route("vouchers.reverse", "POST", "/vouchers/{voucher_redemption_uuid}/reverse", reverse, roots=OAUTH),
)
