"""Contacts: the people who take part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._core.unset import UNSET, Unset
from ..errors import AlreadyExistsError
from ..models import (
    Contact,
    ContactIdentifier,
    ContactReference,
    CreditBalance,
    LoyaltyTransaction,
    PrepaidBalance,
    Tier,
)
from ..pagination import Pager
from . import _contacts as operations
from ._base import Resource, or_none
from ._contacts import BatchContact, DeleteType
from ._types import CreatedAtSort, MomentBounds, TransactionFilter
from .contact_identifiers import FIND as FIND_IDENTIFIER


class Contacts(Resource):
    """The people who take part."""

    def list(
        self,
        *,
        sort: CreatedAtSort | Unset = UNSET,
        created_at: MomentBounds | Unset = UNSET,
        limit: int | Unset = UNSET,
        page: int | Unset = UNSET,
    ) -> Pager[Contact]:
        """List contacts.

        Parameters:
            sort: "created_at" for oldest first, "-created_at" for newest first.
            created_at: bounds such as `{"gte": since, "lt": until}`, each an aware datetime or ISO 8601 text with an
                offset; keys gt, gte, lt, lte.
            limit: page size, 0 to 100; left out, 100.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every contact.

        Raises:
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented; `lte` is described there as "greater than" and read here by its name; the
        Register API only in observed requests.
        """
        query = {"sort": sort, "created_at": created_at, "limit": limit, "page": page}
        return self._list(operations.LIST, query=query)

    async def create(self, *, email: str, referral_code: str | Unset | None = UNSET) -> ContactReference:
        """Create a contact from an e-mail address.

        Parameters:
            email: the address; the API stores them in lower case.
            referral_code: the code of the contact who referred this one.

        Returns:
            The contact, by its uuid alone.

        Raises:
            InvalidInputError: code 1003.
            AlreadyExistsError: there is one of this address (60005).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the address.

        Repeating: not safe, the second is refused. Facts: documented.
        """
        body = {"email": email, "referral_code": referral_code}
        return await self._call(operations.CREATE, body=body, look_up=lambda: self._find_reference(email))

    async def create_async(self, *, email: str, referral_code: str | Unset | None = UNSET) -> ContactReference:
        """Create a contact quickly; what the API derives at creation comes later.

        Parameters:
            email: the address; the API stores them in lower case.
            referral_code: the code of the contact who referred this one.

        Returns:
            The contact, by its uuid alone.

        Raises:
            InvalidInputError: code 1003.
            AlreadyExistsError: there is one of this address (60005).
            ApiError: the account's limit of contacts is reached (60000).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the address.

        Repeating: not safe, the second is refused. Facts: documented.
        """
        body = {"email": email, "referral_code": referral_code}
        return await self._call(operations.CREATE_ASYNC, body=body, look_up=lambda: self._find_reference(email))

    async def create_anonymous(self, *, contact_identifier_value: str | Unset | None = UNSET) -> ContactReference:
        """Create a contact with an invented e-mail address, to be claimed later.

        Parameters:
            contact_identifier_value: a card or code to give to the contact; without one, an unknown outcome can't be
                asked about.

        Returns:
            The contact, by its uuid alone.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such identifier (60003).
            AlreadyExistsError: there is such a contact (60005).
            ApiError: the identifier is linked already (60014), or the account's limit of contacts is reached (60000).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the identifier's contact.

        Repeating: not safe, it makes a second contact. Facts: documented.
        """
        value = contact_identifier_value
        look_up = (lambda: self._find_by_identifier(value)) if isinstance(value, str) else None
        return await self._call(operations.CREATE_ANONYMOUS, body={"contact_identifier_value": value}, look_up=look_up)

    async def find_one_by(self, *, email: str) -> Contact:
        """Find a contact by e-mail address.

        Parameters:
            email: the address; the API stores them in lower case.

        Returns:
            The contact.

        Raises:
            NotFoundError: there is none (55031).
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented.
        """
        return await self._call(operations.FIND_ONE_BY, query={"email": email})

    async def find_or_create(self, *, email: str) -> Contact:
        """Find a contact by e-mail address, or create one.

        Parameters:
            email: the address; the API stores them in lower case.

        Returns:
            The contact, found or new. Where another call creates it meanwhile, it is looked up again.

        Raises:
            InvalidInputError: code 1003.
            ApiError: the account's limit of contacts is reached (60000).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the address.

        Repeating: safe, it converges on one contact; it is a GET that may create. Facts: documented.
        """
        try:
            return await self._call(
                operations.FIND_OR_CREATE, query={"email": email}, look_up=lambda: self._find(email)
            )
        except AlreadyExistsError:
            return await self.find_one_by(email=email)

    async def find_or_create_async(self, *, email: str) -> ContactReference:
        """Find a contact by e-mail address, or create one, quickly.

        Parameters:
            email: the address; the API stores them in lower case.

        Returns:
            The contact, found or new, by its uuid alone. Where another call creates it meanwhile, it is looked up
            again.

        Raises:
            InvalidInputError: code 1003.
            ApiError: the account's limit of contacts is reached (60000).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the address.

        Repeating: safe, it converges on one contact; it is a GET that may create. Facts: documented, with the address
        under "body"; clients send it in the query.
        """
        try:
            return await self._call(
                operations.FIND_OR_CREATE_ASYNC, query={"email": email}, look_up=lambda: self._find_reference(email)
            )
        except AlreadyExistsError:
            return _reference(await self.find_one_by(email=email))

    async def get(self, contact_uuid: str) -> Contact:
        """Fetch one contact.

        Parameters:
            contact_uuid: the contact's uuid.

        Returns:
            The contact.

        Raises:
            NotFoundError: no such contact (55031).
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented.
        """
        return await self._call(operations.GET, contact_uuid)

    async def update(self, contact_uuid: str, *, attributes: Mapping[str, Any]) -> Contact:
        """Change attribute values of a contact; values that the API keeps itself can't be changed.

        Parameters:
            contact_uuid: the contact's uuid.
            attributes: new values by attribute name, standard ones and the account's own, such as
                `{"firstname": "Gary", "favorite_color": None}`; what is not named stays, None clears. An address
                under "email" must be in lower case.

        Returns:
            The contact as changed.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the contact as it is.

        Repeating: safe, it sets the same values again. Facts: documented.
        """
        return await self._call(
            operations.UPDATE,
            contact_uuid,
            body={"attributes": attributes},
            look_up=lambda: or_none(self.get(contact_uuid)),
        )

    async def delete(self, contact_uuid: str, *, type: DeleteType) -> None:
        """Schedule the removal of a contact, which can't be undone and takes some minutes.

        Parameters:
            contact_uuid: the contact's uuid.
            type: "DEFAULT" keeps a detailed log, "GDPR" strips references to personal data.

        Returns:
            None.

        Raises:
            NotFoundError: no such contact (55031).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, but the call may
                simply be repeated.

        Repeating: safe, the contact is gone afterwards. Facts: documented.
        """
        return await self._delete(operations.DELETE, contact_uuid, body={"type": type})

    async def claim_anonymous(self, anonymous_contact_uuid: str, *, email: str) -> Contact:
        """Turn an anonymous contact into one with a real address; merged if that address has a contact already.

        Parameters:
            anonymous_contact_uuid: the anonymous contact's uuid.
            email: the real address, in lower case.

        Returns:
            The contact, whose uuid is another after a merge.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031).
            ApiError: the contact is not anonymous (60016).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the address, and for the
                anonymous contact if another has it.

        Repeating: not safe, the second is refused. Facts: documented; both parameters are called optional there, and
        read as required since one is the path and the other is said to be so elsewhere.
        """
        return await self._call(
            operations.CLAIM_ANONYMOUS,
            anonymous_contact_uuid,
            body={"email": email},
            look_up=lambda: self._claimed(anonymous_contact_uuid, email),
        )

    async def merge(self, *, source_contact_uuid: str, destination_contact_uuid: str) -> Any:
        """Schedule merging one contact into another, which can't be undone and takes some minutes.

        Parameters:
            source_contact_uuid: the contact that disappears.
            destination_contact_uuid: the contact that stays.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented.

        Raises:
            NotFoundError: no such contact (55031).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` gives the contact that stays, once
                the other has disappeared.

        Repeating: not safe, the second may meet a merge at work. Facts: documented.
        """
        body = {
            "source_contact_uuid": source_contact_uuid,
            "destination_contact_uuid": destination_contact_uuid,
        }
        return await self._call(
            operations.MERGE, body=body, look_up=lambda: self._merged(source_contact_uuid, destination_contact_uuid)
        )

    def list_contact_identifiers(self, contact_uuid: str) -> Pager[ContactIdentifier]:
        """List the identifiers of a contact.

        Parameters:
            contact_uuid: the contact's uuid.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            NotFoundError: no such contact (55031).
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented, with an example that is no JSON.
        """
        return self._list(operations.LIST_CONTACT_IDENTIFIERS, contact_uuid)

    def list_loyalty_transactions(
        self,
        contact_uuid: str,
        *,
        type: TransactionFilter | Unset = UNSET,
        shop_uuid: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        page: int | Unset = UNSET,
    ) -> Pager[LoyaltyTransaction]:
        """List the loyalty transactions of a contact; only under the Register API.

        Parameters:
            contact_uuid: the contact's uuid.
            type: only one kind, "credit_receptions" or "reward_receptions"; the answer's own `type` is singular.
            shop_uuid: only those at this shop.
            limit: page size, 0 to 100; left out, 100.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every transaction.

        Raises:
            ConfigError: the client does not use the Register API; `loyalty_transactions.list` is its like.
            NotFoundError: no such contact (55031) or shop (1008).
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented; `shop_uuid` observed in a client, the least limit assumed.
        """
        query = {"type": type, "shop_uuid": shop_uuid, "limit": limit, "page": page}
        return self._list(operations.LIST_LOYALTY_TRANSACTIONS, contact_uuid, query=query)

    async def get_credit_balance(self, contact_uuid: str) -> CreditBalance:
        """Fetch the credit balance of a contact.

        Parameters:
            contact_uuid: the contact's uuid.

        Returns:
            The balance.

        Raises:
            NotFoundError: no such contact (55031).
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented.
        """
        return await self._call(operations.GET_CREDIT_BALANCE, contact_uuid)

    async def get_prepaid_balance(self, contact_uuid: str) -> PrepaidBalance:
        """Fetch the prepaid balance of a contact.

        Parameters:
            contact_uuid: the contact's uuid.

        Returns:
            The balance, in cents and as text.

        Raises:
            NotFoundError: no such contact (55031).
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented; one page spells the Register API's path `/prepaid/balance`, clients use
        the path of this method there too.
        """
        return await self._call(operations.GET_PREPAID_BALANCE, contact_uuid)

    async def get_tier(self, contact_uuid: str) -> Tier | None:
        """Fetch the tier that a contact has reached.

        Parameters:
            contact_uuid: the contact's uuid.

        Returns:
            The tier, or None if the contact has none.

        Raises:
            NotFoundError: no such contact (55031).
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented; that the answer is null or empty without a tier is assumed.
        """
        return await self._call(operations.GET_TIER, contact_uuid)

    async def create_batch(self, *, contacts: Sequence[BatchContact]) -> Any:
        """Import many contacts in one call.

        Parameters:
            contacts: at least one, each with `email`, and where wanted `custom_attributes` (a list of `name` and
                `value`, unlike the mapping of `update`) and `subscription_types` (a list of `uuid` and `enroll`).

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented.

        Raises:
            ApiError: the API refuses; whether it then imports none or some is not known.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, look for the
                addresses.

        Repeating: not known to be safe. Facts: observed in one request, not documented; for a safe import of many
        rows use `bulk`.
        """
        return await self._call(operations.CREATE_BATCH, body={"contacts": contacts})

    async def _find(self, email: str) -> Contact | None:
        return await or_none(self.find_one_by(email=email))

    async def _find_reference(self, email: str) -> ContactReference | None:
        found = await self._find(email)
        return None if found is None else _reference(found)

    async def _find_by_identifier(self, value: str) -> ContactReference | None:
        query = {"contact_identifier_value": value}
        found = await or_none(self._call(FIND_IDENTIFIER, query=query))
        return None if found is None else found.contact

    async def _claimed(self, anonymous_contact_uuid: str, email: str) -> Contact | None:
        found = await self._find(email)
        if found is None or found.uuid == anonymous_contact_uuid:
            return found
        return await self._merged(anonymous_contact_uuid, found.uuid)

    async def _merged(self, source_contact_uuid: str, destination_contact_uuid: str) -> Contact | None:
        if await or_none(self.get(source_contact_uuid)) is not None:
            return None
        return await self.get(destination_contact_uuid)


def _reference(contact: Contact) -> ContactReference:
    return ContactReference(uuid=contact.uuid, email=contact.email, credit_balance=contact.credit_balance)
