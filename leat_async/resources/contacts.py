"""Contacts: the people who take part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from .._core.declare import BOTH, REGISTER, never, operation
from .._core.operation import Effect
from .._core.unset import UNSET, Unset
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
from ._base import Resource, or_none
from ._batches import BatchContact
from ._types import Address, CreatedAtSort, EchoedUuid, Id, MomentWindow, Positive, TransactionFilter, UpTo100
from .contact_identifiers import ContactIdentifiers

DeleteType: TypeAlias = Literal["DEFAULT", "GDPR"] | str


class Contacts(Resource):
    """The people who take part."""

    _makes: Contact | ContactReference  # what an import of them makes; for type checkers only

    async def _find(self, email: str) -> Contact | None:
        return await or_none(self.find_one_by(email=email))

    async def _find_reference(self, email: str) -> ContactReference | None:
        found = await self._find(email)
        return None if found is None else _reference(found)

    async def _find_by_identifier(self, contact_identifier_value: str) -> ContactReference | None:
        identifiers = ContactIdentifiers(self._pipeline)
        found = await or_none(identifiers.find(contact_identifier_value=contact_identifier_value))
        return None if found is None else found.contact

    async def _existing(self, email: str) -> ContactReference:
        return _reference(await self.find_one_by(email=email))

    async def _still_there(self, contact_uuid: Id) -> Contact | None:
        return await or_none(self.get(contact_uuid))

    async def _claimed(self, anonymous_contact_uuid: Id, email: str) -> Contact | None:
        found = await self._find(email)
        if found is None or found.uuid == anonymous_contact_uuid:
            return found
        return await self._merged(anonymous_contact_uuid, found.uuid)

    async def _merged(self, source_contact_uuid: Id, destination_contact_uuid: Id) -> Contact | None:
        gone = await or_none(self.get(source_contact_uuid)) is None
        return await self.get(destination_contact_uuid) if gone else None

    @operation("GET", "/contacts", apis=BOTH)
    def list(
        self,
        *,
        sort: CreatedAtSort | Unset = UNSET,
        created_at: MomentWindow | Unset = UNSET,
        limit: UpTo100 | Unset = UNSET,
        page: Positive | Unset = UNSET,
    ) -> Pager[Contact]:
        """List contacts.

        Parameters:
            sort: "created_at" for oldest first, "-created_at" for newest first.
            created_at: `{"gte": since, "lt": until}`, aware datetimes or ISO 8601 with offset; keys gt, gte, lt, lte.
            limit: page size, 0 to 100; left out, 100.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every contact.

        Raises:
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented; `lte` is described there as "greater than" and read here by its name; the
        Register API only in observed requests.
        """
        never()

    @operation("POST", "/contacts", apis=BOTH, look_up=_find_reference)
    async def create(self, *, email: Address, referral_code: str | Unset | None = UNSET) -> ContactReference:
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
        never()

    @operation("POST", "/contacts/async", apis=BOTH, look_up=_find_reference)
    async def create_async(self, *, email: Address, referral_code: str | Unset | None = UNSET) -> ContactReference:
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
        never()

    @operation("POST", "/contacts/anonymous", apis=BOTH, look_up=_find_by_identifier)
    async def create_anonymous(self, *, contact_identifier_value: str | Unset | None = UNSET) -> ContactReference:
        """Create a contact with an invented e-mail address, to be claimed later.

        Parameters:
            contact_identifier_value: a card or code to give; without one, an unknown outcome can't be asked about.

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
        never()

    @operation("GET", "/contacts/find-one-by", apis=BOTH)
    async def find_one_by(self, *, email: Address) -> Contact:
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
        never()

    @operation(
        "GET", "/contacts/find-or-create", apis=BOTH, effect=Effect.REPEATABLE, look_up=_find, if_taken=find_one_by
    )
    async def find_or_create(self, *, email: Address) -> Contact:
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
        never()

    @operation(
        "GET",
        "/contacts/find-or-create/async",
        apis=BOTH,
        effect=Effect.REPEATABLE,
        look_up=_find_reference,
        if_taken=_existing,
    )
    async def find_or_create_async(self, *, email: Address) -> ContactReference:
        """Find a contact by e-mail address, or create one, quickly.

        Parameters:
            email: the address; the API stores them in lower case.

        Returns:
            The contact, found or new, by its uuid alone; looked up again where another call creates it meanwhile.

        Raises:
            InvalidInputError: code 1003.
            ApiError: the account's limit of contacts is reached (60000).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the address.

        Repeating: safe, it converges on one contact; it is a GET that may create. Facts: documented, with the address
        under "body"; clients send it in the query.
        """
        never()

    @operation("GET", "/contacts/{contact_uuid}", apis=BOTH)
    async def get(self, contact_uuid: EchoedUuid) -> Contact:
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
        never()

    @operation("PUT", "/contacts/{contact_uuid}", apis=BOTH, look_up=_still_there)
    async def update(self, contact_uuid: EchoedUuid, *, attributes: Mapping[str, Any]) -> Contact:
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
        never()

    @operation("POST", "/contacts/{contact_uuid}/delete", apis=BOTH, effect=Effect.REPEATABLE, deletes=True)
    async def delete(self, contact_uuid: Id, *, type: DeleteType) -> None:
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
        never()

    @operation("PUT", "/contacts/{anonymous_contact_uuid}/claim", apis=BOTH, effect=Effect.ACTION, look_up=_claimed)
    async def claim_anonymous(self, anonymous_contact_uuid: Id, *, email: str) -> Contact:
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
        never()

    @operation("POST", "/contacts/merge", look_up=_merged)
    async def merge(self, *, source_contact_uuid: Id, destination_contact_uuid: Id) -> Any:
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
        never()

    @operation("GET", "/contacts/{contact_uuid}/contact-identifiers")
    def list_contact_identifiers(self, contact_uuid: Id) -> Pager[ContactIdentifier]:
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
        never()

    @operation("GET", "/contacts/{contact_uuid}/loyalty-transactions", apis=REGISTER)
    def list_loyalty_transactions(
        self,
        contact_uuid: Id,
        *,
        type: TransactionFilter | Unset = UNSET,
        shop_uuid: Id | Unset = UNSET,
        limit: UpTo100 | Unset = UNSET,
        page: Positive | Unset = UNSET,
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
        never()

    @operation("GET", "/contacts/{contact_uuid}/credit-balance", apis=BOTH)
    async def get_credit_balance(self, contact_uuid: Id) -> CreditBalance:
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
        never()

    @operation("GET", "/contacts/{contact_uuid}/prepaid-balance", apis=BOTH)
    async def get_prepaid_balance(self, contact_uuid: Id) -> PrepaidBalance:
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
        never()

    @operation("GET", "/contacts/{contact_uuid}/tier")
    async def get_tier(self, contact_uuid: Id) -> Tier | None:
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
        never()

    @operation("POST", "/contacts/batch", apis=BOTH, certainty="assumed")
    async def create_batch(self, *, contacts: Annotated[Sequence[BatchContact], Meta(min_length=1)]) -> Any:
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

        Repeating: not known to be safe. Facts: assumed from one request in an example; for a safe import of many
        rows use `bulk`.
        """
        never()


def _reference(contact: Contact) -> ContactReference:
    return ContactReference(uuid=contact.uuid, email=contact.email, credit_balance=contact.credit_balance)
