"""Portal sessions: hosted screens at which contacts identify and act."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import PortalSession
from ._base import Resource
from ._types import Id, ImpliedByRegister

ScannerType: TypeAlias = Literal["camera", "hand_scanner"] | str
CameraService: TypeAlias = Literal[1, 2, 3] | int
FacingMode: TypeAlias = Literal["user", "environment"] | str
IdentificationMethod: TypeAlias = Literal["email", "identifier"] | str


class PortalSessions(Resource):
    """Hosted screens at which contacts identify and act. The address of one lets in whoever has it."""

    @operation("GET", "/portal-sessions/{portal_session_uuid}", apis=BOTH)
    async def get(self, portal_session_uuid: Id) -> PortalSession:
        """Fetch a portal session.

        Parameters:
            portal_session_uuid: the session's uuid.

        Returns:
            The session; `events` is missing here.

        Raises:
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/portal-sessions", apis=BOTH)
    async def create(
        self,
        *,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        contact_uuid: Id | Unset | None = UNSET,
        scanner_type: ScannerType | Unset | None = UNSET,
        enable_email_identification: bool | Unset | None = UNSET,
        enable_registration: bool | Unset | None = UNSET,
        enable_on_screen_keyboard: bool | Unset | None = UNSET,
        camera_service: CameraService | Unset | None = UNSET,
        facing_mode: FacingMode | Unset | None = UNSET,
        primary_identification_method: IdentificationMethod | Unset | None = UNSET,
    ) -> PortalSession:
        """Open a general session.

        Parameters:
            shop_uuid: the shop of the session; required, except under the Register API, whose token implies it.
            contact_uuid: the contact to begin with.
            scanner_type: "camera" or "hand_scanner"; left out, the camera. An open list.
            enable_email_identification: let contacts identify by e-mail address; left out, not.
            enable_registration: let new contacts register; left out, not.
            enable_on_screen_keyboard: show a keyboard; left out, not.
            camera_service: 1, 2 or 3; left out, 3. An open list.
            facing_mode: the camera to begin with, "user" or "environment"; left out, "user". An open list.
            primary_identification_method: "email" or "identifier"; left out, "identifier". An open list.

        Returns:
            The session; send the contact to its `url`.

        Raises:
            NotFoundError: no such contact (55031) or shop (1008).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it opens a second session. Facts: documented.
        """
        never()

    @operation("POST", "/portal-sessions/credit-reception", apis=BOTH)
    async def create_credit_reception(
        self,
        *,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        contact_uuid: Id | Unset | None = UNSET,
        scanner_type: ScannerType | Unset | None = UNSET,
        enable_email_identification: bool | Unset | None = UNSET,
        enable_registration: bool | Unset | None = UNSET,
        enable_on_screen_keyboard: bool | Unset | None = UNSET,
        camera_service: CameraService | Unset | None = UNSET,
        facing_mode: FacingMode | Unset | None = UNSET,
        primary_identification_method: IdentificationMethod | Unset | None = UNSET,
    ) -> PortalSession:
        """Open a session for giving credits.

        Parameters:
            shop_uuid, contact_uuid, scanner_type, enable_email_identification, enable_registration,
                enable_on_screen_keyboard, camera_service, facing_mode, primary_identification_method: as for `create`.

        Returns:
            The session; send the contact to its `url`.

        Raises:
            NotFoundError: no such contact (55031) or shop (1008).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it opens a second session. Facts: documented.
        """
        never()

    @operation("POST", "/portal-sessions/redeem-giftcards", apis=BOTH)
    async def create_redeem_giftcards(
        self,
        *,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        amount_in_cents: int,
        allow_multiple_giftcards: bool | Unset | None = UNSET,
        contact_uuid: Id | Unset | None = UNSET,
        scanner_type: ScannerType | Unset | None = UNSET,
        enable_email_identification: bool | Unset | None = UNSET,
        enable_registration: bool | Unset | None = UNSET,
        enable_on_screen_keyboard: bool | Unset | None = UNSET,
        camera_service: CameraService | Unset | None = UNSET,
        facing_mode: FacingMode | Unset | None = UNSET,
        primary_identification_method: IdentificationMethod | Unset | None = UNSET,
    ) -> PortalSession:
        """Open a session for paying with gift cards.

        Parameters:
            amount_in_cents: amount to pay, in cents.
            allow_multiple_giftcards: let the contact use several cards; left out, yes.
            shop_uuid, contact_uuid, scanner_type, enable_email_identification, enable_registration,
                enable_on_screen_keyboard, camera_service, facing_mode, primary_identification_method: as for `create`.

        Returns:
            The session; send the contact to its `url`.

        Raises:
            NotFoundError: no such contact (55031) or shop (1008).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it opens a second session. Facts: documented.
        """
        never()

    @operation("POST", "/portal-sessions/top-up-giftcards", apis=BOTH)
    async def create_top_up_giftcards(
        self,
        *,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        contact_uuid: Id | Unset | None = UNSET,
        scanner_type: ScannerType | Unset | None = UNSET,
        enable_email_identification: bool | Unset | None = UNSET,
        enable_registration: bool | Unset | None = UNSET,
        enable_on_screen_keyboard: bool | Unset | None = UNSET,
        camera_service: CameraService | Unset | None = UNSET,
        facing_mode: FacingMode | Unset | None = UNSET,
        primary_identification_method: IdentificationMethod | Unset | None = UNSET,
    ) -> PortalSession:
        """Open a session for loading gift cards.

        Parameters:
            shop_uuid, contact_uuid, scanner_type, enable_email_identification, enable_registration,
                enable_on_screen_keyboard, camera_service, facing_mode, primary_identification_method: as for `create`.

        Returns:
            The session; send the contact to its `url`.

        Raises:
            NotFoundError: no such contact (55031) or shop (1008).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it opens a second session. Facts: documented.
        """
        never()

    @operation("POST", "/portal-sessions/pay-prepaid", apis=BOTH)
    async def create_pay_prepaid(
        self,
        *,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        contact_uuid: Id | Unset | None = UNSET,
        scanner_type: ScannerType | Unset | None = UNSET,
        enable_email_identification: bool | Unset | None = UNSET,
        enable_registration: bool | Unset | None = UNSET,
        enable_on_screen_keyboard: bool | Unset | None = UNSET,
        camera_service: CameraService | Unset | None = UNSET,
        facing_mode: FacingMode | Unset | None = UNSET,
        primary_identification_method: IdentificationMethod | Unset | None = UNSET,
    ) -> PortalSession:
        """Open a session for paying with prepaid money.

        Parameters:
            shop_uuid, contact_uuid, scanner_type, enable_email_identification, enable_registration,
                enable_on_screen_keyboard, camera_service, facing_mode, primary_identification_method: as for `create`.

        Returns:
            The session; send the contact to its `url`.

        Raises:
            NotFoundError: no such contact (55031) or shop (1008).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it opens a second session. Facts: documented.
        """
        never()

    @operation("POST", "/portal-sessions/top-up-prepaid", apis=BOTH)
    async def create_top_up_prepaid(
        self,
        *,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        contact_uuid: Id | Unset | None = UNSET,
        scanner_type: ScannerType | Unset | None = UNSET,
        enable_email_identification: bool | Unset | None = UNSET,
        enable_registration: bool | Unset | None = UNSET,
        enable_on_screen_keyboard: bool | Unset | None = UNSET,
        camera_service: CameraService | Unset | None = UNSET,
        facing_mode: FacingMode | Unset | None = UNSET,
        primary_identification_method: IdentificationMethod | Unset | None = UNSET,
    ) -> PortalSession:
        """Open a session for depositing prepaid money.

        Parameters:
            shop_uuid, contact_uuid, scanner_type, enable_email_identification, enable_registration,
                enable_on_screen_keyboard, camera_service, facing_mode, primary_identification_method: as for `create`.

        Returns:
            The session; send the contact to its `url`.

        Raises:
            NotFoundError: no such contact (55031) or shop (1008).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it opens a second session. Facts: documented.
        """
        never()

    @operation("POST", "/portal-sessions/vouchers", apis=BOTH)
    async def create_vouchers(
        self,
        *,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        contact_uuid: Id | Unset | None = UNSET,
        scanner_type: ScannerType | Unset | None = UNSET,
        enable_email_identification: bool | Unset | None = UNSET,
        enable_registration: bool | Unset | None = UNSET,
        enable_on_screen_keyboard: bool | Unset | None = UNSET,
        camera_service: CameraService | Unset | None = UNSET,
        facing_mode: FacingMode | Unset | None = UNSET,
        primary_identification_method: IdentificationMethod | Unset | None = UNSET,
    ) -> PortalSession:
        """Open a session for vouchers.

        Parameters:
            shop_uuid, contact_uuid, scanner_type, enable_email_identification, enable_registration,
                enable_on_screen_keyboard, camera_service, facing_mode, primary_identification_method: as for `create`.

        Returns:
            The session; send the contact to its `url`.

        Raises:
            NotFoundError: no such contact (55031) or shop (1008).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it opens a second session. Facts: documented.
        """
        never()

    @operation("POST", "/portal-sessions/prepaid", apis=BOTH, certainty="assumed")
    async def create_prepaid(
        self,
        *,
        shop_uuid: Id | Unset | None = UNSET,
        contact_uuid: Id | Unset | None = UNSET,
        scanner_type: ScannerType | Unset | None = UNSET,
        enable_email_identification: bool | Unset | None = UNSET,
        enable_registration: bool | Unset | None = UNSET,
        enable_on_screen_keyboard: bool | Unset | None = UNSET,
    ) -> Any:
        """Open a prepaid session by an older name; prefer `create_pay_prepaid` and `create_top_up_prepaid`.

        Parameters:
            shop_uuid, contact_uuid, scanner_type, enable_email_identification, enable_registration,
                enable_on_screen_keyboard: as for `create`; none is known to be required.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it opens a second session. Facts: assumed from one observed request.
        """
        never()
