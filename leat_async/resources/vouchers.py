"""Vouchers: redeemable codes of a promotion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from .._core.declare import BOTH, never, operation
from .._core.operation import Effect
from .._core.unset import UNSET, Unset
from ..models import Voucher, VoucherBatch, VoucherLock, VoucherMultiRedemption
from ..pagination import Pager
from ._base import Resource, or_none
from ._types import Id, ImpliedByRegister, Moment, Positive, UpTo500

VoucherStatus: TypeAlias = Literal["ACTIVE", "REDEEMED", "EXPIRED", "DEACTIVATED", "INACTIVE", "LOCKED"] | str
SettableVoucherStatus: TypeAlias = Literal["ACTIVE", "DEACTIVATED"] | str


class Vouchers(Resource):
    """Redeemable codes of a promotion. The API can't delete them."""

    _makes: Voucher  # what an import of them makes; for type checkers only

    async def _find(self, code: str) -> Voucher | None:
        return await or_none(self.find(code=code))

    @operation("GET", "/vouchers", apis=BOTH)
    def list(
        self,
        *,
        promotion_uuid: Id | Unset = UNSET,
        contact_uuid: Id | Unset = UNSET,
        status: VoucherStatus | Unset = UNSET,
        limit: UpTo500 | Unset = UNSET,
        page: Positive | Unset = UNSET,
    ) -> Pager[Voucher]:
        """List vouchers.

        Parameters:
            promotion_uuid: only vouchers of this promotion.
            contact_uuid: only vouchers of this contact.
            status: only vouchers in this state, for example "ACTIVE" or "REDEEMED"; an open list.
            limit: page size, 0 to 500; left out, 500.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every voucher.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such promotion (80002) or contact (55031).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/vouchers", apis=BOTH, look_up=_find)
    async def create(
        self,
        *,
        promotion_uuid: Id,
        code: str | Unset | None = UNSET,
        contact_uuid: Id | Unset | None = UNSET,
        expiration_date: Moment | Unset | None = UNSET,
        activation_date: Moment | Unset | None = UNSET,
        total_redemptions_allowed: int | Unset | None = UNSET,
        custom_attributes: Mapping[str, Any] | Unset | None = UNSET,
    ) -> Voucher:
        """Create a voucher.

        Parameters:
            promotion_uuid: the promotion it belongs to.
            code: unique code; left out, the API makes one up, and the voucher can't be found again if no answer comes.
            contact_uuid: the contact to link it to.
            expiration_date: end of its validity, an aware datetime or ISO 8601 text with an offset; left out, the
                promotion's rules apply.
            activation_date: start of its validity, the same.
            total_redemptions_allowed: how often it can be redeemed.
            custom_attributes: values of the account's voucher attributes, by name.

        Returns:
            The voucher.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such promotion (80002) or contact (55031).
            AlreadyExistsError: the code is taken (80003).
            ApiError: the promotion has no vouchers left (80008).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for `code`.

        Repeating: not safe, without a code it makes a second voucher. Facts: documented.
        """
        never()

    @operation("POST", "/vouchers/batch")
    async def create_batch(
        self,
        *,
        promotion_uuid: Id,
        quantity: Annotated[int, Meta(ge=1, le=500)],
        contact_uuid: Id | Unset | None = UNSET,
        expiration_date: Moment | Unset | None = UNSET,
        activation_date: Moment | Unset | None = UNSET,
        custom_attributes: Mapping[str, Any] | Unset | None = UNSET,
    ) -> VoucherBatch:
        """Create many vouchers in the background.

        Parameters:
            promotion_uuid: the promotion they belong to.
            quantity: how many, 1 to 500.
            contact_uuid, expiration_date, activation_date, custom_attributes: as for `create`, for all of them.

        Returns:
            The batch, usually pending; the API can't be asked about it later.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such promotion (80002) or contact (55031).
            ApiError: the promotion has no vouchers left (80008).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer: look through `list`.

        Repeating: not safe, it makes a second batch. Facts: documented.
        """
        never()

    @operation("GET", "/vouchers/find", apis=BOTH)
    async def find(self, *, code: str) -> Voucher:
        """Find a voucher by its code.

        Parameters:
            code: the code.

        Returns:
            The voucher, with its counts of redemptions.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such voucher (80004).

        Repeating: safe. Facts: documented; the code is described there as a body parameter of a GET, and goes into
        the query.
        """
        never()

    @operation("PUT", "/vouchers/{voucher_uuid}", apis=BOTH)
    async def update(
        self,
        voucher_uuid: Id,
        *,
        status: SettableVoucherStatus,
        custom_attributes: Mapping[str, Any] | Unset | None = UNSET,
        expiration_date: Moment | Unset | None = UNSET,
    ) -> Voucher:
        """Activate or deactivate a voucher, move its end, change its attributes.

        Parameters:
            voucher_uuid: the voucher's uuid.
            status: its new state, "ACTIVE" or "DEACTIVATED"; an open list.
            custom_attributes: values of the account's voucher attributes, by name.
            expiration_date: new end of its validity, an aware datetime or ISO 8601 text with an offset; only for
                active and inactive vouchers.

        Returns:
            The voucher as changed.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such voucher (80004).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, but the call may
                simply be repeated.

        Repeating: safe, it sets the same values again. Facts: documented; older collections call `status` optional.
        """
        never()

    # A question, in spite of its verb.
    @operation("POST", "/vouchers/{voucher_uuid}/validate", apis=BOTH, effect=Effect.SAFE)
    async def validate(
        self,
        voucher_uuid: Id,
        *,
        contact_uuid: Id | Unset | None = UNSET,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
    ) -> Any:
        """Check whether a contact could redeem a voucher now.

        Parameters:
            voucher_uuid: the voucher's uuid.
            contact_uuid: the contact; needed when none is linked to the voucher.
            shop_uuid: the shop; required, except under the Register API, whose token implies it.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented.

        Raises:
            ApiError: the API refuses; its codes are not documented.

        Repeating: safe, it changes nothing. Facts: documented, but for the answer; under the Register API doubtful.
        """
        never()

    @operation("POST", "/vouchers/redeem", apis=BOTH)
    async def redeem(
        self,
        *,
        code: str,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        contact_uuid: Id | Unset | None = UNSET,
        release_key: str | Unset | None = UNSET,
    ) -> Voucher:
        """Redeem a voucher by its code.

        Parameters:
            code: the code.
            shop_uuid: the shop of the redemption; required, except under the Register API, whose token implies it.
            contact_uuid: the contact who redeems; needed when none is linked to the voucher, otherwise checked
                against that one.
            release_key: the key that `lock` gave, when the voucher is locked.

        Returns:
            The voucher; `voucher_redemption` names the redemption, though not in all answers.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such voucher (80004).
            ApiError: the voucher is redeemed (80005), expired (80006), deactivated (80012) or inactive (80014).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer: `find` shows whether
                the voucher is redeemed, but not by which call.

        Repeating: not safe, it redeems again where the voucher allows that. Facts: documented; older documentation
        calls the shop optional.
        """
        never()

    @operation("POST", "/vouchers/{voucher_uuid}/lock", apis=BOTH)
    async def lock(self, voucher_uuid: Id) -> VoucherLock:
        """Reserve a voucher; after an hour it is free again by itself.

        Parameters:
            voucher_uuid: the voucher's uuid.

        Returns:
            The voucher and its lock, whose `release_key` redeems or releases it.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such voucher (80004).
            ApiError: the voucher is redeemed (80005), expired (80006), deactivated (80012) or locked already (80017).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, since nothing else
                gives the key: the lock ends by itself.

        Repeating: not safe, the second is refused and the key is lost. Facts: documented.
        """
        never()

    @operation("POST", "/vouchers/{voucher_uuid}/release", apis=BOTH)
    async def release(self, voucher_uuid: Id, *, release_key: str) -> VoucherLock:
        """Give a reserved voucher free.

        Parameters:
            voucher_uuid: the voucher's uuid.
            release_key: the key that `lock` gave.

        Returns:
            The voucher and its lock, now ended.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such voucher (80004).
            ApiError: the voucher is redeemed (80005) or expired (80006).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, and the lock ends by
                itself.

        Repeating: not safe, nothing says that a second is accepted. Facts: documented.
        """
        never()

    @operation("POST", "/vouchers/{voucher_redemption_uuid}/reverse")
    async def reverse(self, voucher_redemption_uuid: Id) -> Any:
        """Undo a redemption.

        Parameters:
            voucher_redemption_uuid: the redemption, as `redeem` and `multi_redeem` name it; older documentation
                takes the voucher's uuid here.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such voucher (80004).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, nothing says that a second is refused. Facts: documented, but for the answer.
        """
        never()

    @operation("POST", "/vouchers/multi-redeem")
    async def multi_redeem(
        self,
        *,
        code: str,
        number_of_times: Annotated[int, Meta(ge=1, le=50)],
        contact_uuid: Id | Unset | None = UNSET,
        shop_uuid: Id,
        release_key: str | Unset | None = UNSET,
    ) -> VoucherMultiRedemption:
        """Redeem a voucher several times at once.

        Parameters:
            code: the code.
            number_of_times: how often, 1 to 50.
            contact_uuid, shop_uuid, release_key: as for `redeem`.

        Returns:
            The voucher and each of the redemptions.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such voucher (80004).
            ApiError: as for `redeem`; also when too few redemptions are left (80019) or the promotion is inactive
                (80020).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer: `find` shows
                `times_redeemed`.

        Repeating: not safe, it redeems again. Facts: documented.
        """
        never()
