"""The operations of vouchers."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .._core.operation import Effect, Operation, Paging
from .._core.params import Instant, Integer, Object, Text
from ..models import Voucher, VoucherBatch, VoucherLock, VoucherMultiRedemption

VoucherStatus: TypeAlias = Literal["ACTIVE", "REDEEMED", "EXPIRED", "DEACTIVATED", "INACTIVE", "LOCKED"] | str
SettableVoucherStatus: TypeAlias = Literal["ACTIVE", "DEACTIVATED"] | str

_SHOP = Text(required=True, implied_by_register=True)
LIST = Operation(
    "vouchers.list",
    "GET",
    "/vouchers",
    Effect.SAFE,
    Voucher,
    query={
        "promotion_uuid": Text(),
        "contact_uuid": Text(),
        "status": Text(values=("ACTIVE", "REDEEMED", "EXPIRED", "DEACTIVATED", "INACTIVE", "LOCKED")),
        "limit": Integer(min=0, max=500),
        "page": Integer(min=1),
    },
    many=True,
    paging=Paging(largest=500),
    apis=("oauth", "register"),
)
CREATE = Operation(
    "vouchers.create",
    "POST",
    "/vouchers",
    Effect.ACTION,
    Voucher,
    body={
        "promotion_uuid": Text(required=True),
        "code": Text(),
        "contact_uuid": Text(),
        "expiration_date": Instant(),
        "activation_date": Instant(),
        "total_redemptions_allowed": Integer(),
        "custom_attributes": Object(),
    },
    apis=("oauth", "register"),
)
CREATE_BATCH = Operation(
    "vouchers.create_batch",
    "POST",
    "/vouchers/batch",
    Effect.ACTION,
    VoucherBatch,
    body={
        "promotion_uuid": Text(required=True),
        "quantity": Integer(required=True, min=1, max=500),
        "contact_uuid": Text(),
        "expiration_date": Instant(),
        "activation_date": Instant(),
        "custom_attributes": Object(),
    },
)
FIND = Operation(
    "vouchers.find",
    "GET",
    "/vouchers/find",
    Effect.SAFE,
    Voucher,
    query={"code": Text(required=True)},
    apis=("oauth", "register"),
)
UPDATE = Operation(
    "vouchers.update",
    "PUT",
    "/vouchers/{voucher_uuid}",
    Effect.REPEATABLE,
    Voucher,
    body={
        "status": Text(required=True, values=("ACTIVE", "DEACTIVATED")),
        "custom_attributes": Object(),
        "expiration_date": Instant(),
    },
    apis=("oauth", "register"),
)
VALIDATE = Operation(
    "vouchers.validate",
    "POST",
    "/vouchers/{voucher_uuid}/validate",
    # A question, in spite of its verb.
    Effect.SAFE,
    object,
    body={"contact_uuid": Text(), "shop_uuid": _SHOP},
    apis=("oauth", "register"),
)
REDEEM = Operation(
    "vouchers.redeem",
    "POST",
    "/vouchers/redeem",
    Effect.ACTION,
    Voucher,
    body={"code": Text(required=True), "shop_uuid": _SHOP, "contact_uuid": Text(), "release_key": Text()},
    apis=("oauth", "register"),
)
LOCK = Operation(
    "vouchers.lock",
    "POST",
    "/vouchers/{voucher_uuid}/lock",
    Effect.ACTION,
    VoucherLock,
    apis=("oauth", "register"),
)
RELEASE = Operation(
    "vouchers.release",
    "POST",
    "/vouchers/{voucher_uuid}/release",
    Effect.ACTION,
    VoucherLock,
    body={"release_key": Text(required=True)},
    apis=("oauth", "register"),
)
REVERSE = Operation(
    "vouchers.reverse",
    "POST",
    "/vouchers/{voucher_redemption_uuid}/reverse",
    Effect.ACTION,
    object,
)
MULTI_REDEEM = Operation(
    "vouchers.multi_redeem",
    "POST",
    "/vouchers/multi-redeem",
    Effect.ACTION,
    VoucherMultiRedemption,
    body={
        "code": Text(required=True),
        "number_of_times": Integer(required=True, min=1, max=50),
        "contact_uuid": Text(),
        "shop_uuid": Text(required=True),
        "release_key": Text(),
    },
)
