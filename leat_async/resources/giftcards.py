"""Gift cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import Giftcard, GiftcardMailResult
from ..pagination import Pager
from ._base import Resource
from ._types import Id, Positive, UpTo100

GiftcardType: TypeAlias = Literal[0, 1] | int


class Giftcards(Resource):
    """Gift cards; `giftcard_transactions` loads and spends them."""

    @operation("GET", "/giftcards", apis=BOTH)
    def list(
        self,
        *,
        giftcard_program_uuid: Id | Unset = UNSET,
        limit: UpTo100 | Unset = UNSET,
        page: Positive | Unset = UNSET,
    ) -> Pager[Giftcard]:
        """List gift cards.

        Parameters:
            giftcard_program_uuid: only cards of this program.
            limit: page size, up to 100; left out, 100.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every card.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such program (1100).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("GET", "/giftcards/{giftcard_uuid}")
    async def get(self, giftcard_uuid: Id) -> Giftcard:
        """Fetch one gift card.

        Parameters:
            giftcard_uuid: the card's uuid.

        Returns:
            The card; its program may be named by `name` alone.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such card (5001).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("GET", "/giftcards/find-one-by", apis=BOTH)
    async def find_one_by(self, *, hash: str) -> Giftcard:
        """Find a gift card by its hash.

        Parameters:
            hash: hash of the card, or what its QR code holds.

        Returns:
            The card; its program may be named by `name` alone.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such card (5001).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/giftcards", apis=BOTH)
    async def create(self, *, type: GiftcardType, giftcard_program_uuid: Id) -> Giftcard:
        """Create a digital gift card, with nothing on it.

        Parameters:
            type: 1 for a digital card; 0, a physical one, is refused by the API.
            giftcard_program_uuid: the program of the card.

        Returns:
            The card; its `type` is a name such as "DIGITAL".

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such program (1100).
            ApiError: the card is not digital (55021).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, since the API
                chooses the hash.

        Repeating: not safe, it makes a second card. Facts: documented; older collections call the program optional.
        """
        never()

    @operation("POST", "/giftcards/{giftcard_uuid}/send-by-email", apis=BOTH)
    async def send_by_email(
        self,
        giftcard_uuid: Id,
        *,
        contact_uuid: Id,
        email_uuid: Id | Unset | None = UNSET,
        merge_tags: Mapping[str, Any] | Unset | None = UNSET,
    ) -> GiftcardMailResult:
        """Mail a gift card to a contact, with an e-mail that the account has prepared.

        Parameters:
            giftcard_uuid: the card's uuid.
            contact_uuid: the recipient.
            email_uuid: the e-mail to use; left out, any that fits.
            merge_tags: values for the e-mail's merge tags; names begin with "custom.".

        Returns:
            The API's message about it.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such card (5001).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it mails again. Facts: documented; the answer as bare text is observed.
        """
        never()
