"""Gift cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from .._core.operation import Effect, Operation, Paging
from .._core.params import Integer, Object, Text
from .._core.unset import UNSET, Unset
from ..models import Giftcard, GiftcardMailResult
from ..pagination import Pager
from ._base import Resource

GiftcardType: TypeAlias = Literal[0, 1] | int

LIST = Operation(
    "giftcards.list",
    "GET",
    "/giftcards",
    Effect.SAFE,
    Giftcard,
    query={"giftcard_program_uuid": Text(), "page": Integer(min=1), "limit": Integer(min=0, max=100)},
    many=True,
    paging=Paging(largest=100),
    apis=("oauth", "register"),
)
GET = Operation("giftcards.get", "GET", "/giftcards/{giftcard_uuid}", Effect.SAFE, Giftcard)
FIND_ONE_BY = Operation(
    "giftcards.find_one_by",
    "GET",
    "/giftcards/find-one-by",
    Effect.SAFE,
    Giftcard,
    query={"hash": Text(required=True)},
    apis=("oauth", "register"),
)
CREATE = Operation(
    "giftcards.create",
    "POST",
    "/giftcards",
    Effect.ACTION,
    Giftcard,
    body={"type": Integer(required=True), "giftcard_program_uuid": Text(required=True)},
    apis=("oauth", "register"),
)
SEND_BY_EMAIL = Operation(
    "giftcards.send_by_email",
    "POST",
    "/giftcards/{giftcard_uuid}/send-by-email",
    Effect.ACTION,
    GiftcardMailResult,
    body={"contact_uuid": Text(required=True), "email_uuid": Text(), "merge_tags": Object()},
    apis=("oauth", "register"),
)


class Giftcards(Resource):
    """Gift cards; `giftcard_transactions` loads and spends them."""

    def list(
        self,
        *,
        giftcard_program_uuid: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        page: int | Unset = UNSET,
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
        query = {"giftcard_program_uuid": giftcard_program_uuid, "limit": limit, "page": page}
        return self._list(LIST, query=query)

    async def get(self, giftcard_uuid: str) -> Giftcard:
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
        return await self._call(GET, giftcard_uuid)

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
        return await self._call(FIND_ONE_BY, query={"hash": hash})

    async def create(self, *, type: GiftcardType, giftcard_program_uuid: str) -> Giftcard:
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
        return await self._call(CREATE, body={"type": type, "giftcard_program_uuid": giftcard_program_uuid})

    async def send_by_email(
        self,
        giftcard_uuid: str,
        *,
        contact_uuid: str,
        email_uuid: str | Unset | None = UNSET,
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
        body = {"contact_uuid": contact_uuid, "email_uuid": email_uuid, "merge_tags": merge_tags}
        return await self._call(SEND_BY_EMAIL, giftcard_uuid, body=body)
