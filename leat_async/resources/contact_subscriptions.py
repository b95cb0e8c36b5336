"""Contact subscriptions: which mail a contact wants."""

from __future__ import annotations

from .._core.declare import BOTH, never, operation
from .._core.operation import Effect
from ..models import Subscription
from ..pagination import Pager
from ._base import Resource
from ._types import Id


class ContactSubscriptions(Resource):
    """Which subscription types a contact is subscribed to."""

    async def _subscribed(self, contact_uuid: Id, subscription_type_uuid: Id) -> Subscription | None:
        return await self._find(contact_uuid, subscription_type_uuid, subscribed=True)

    async def _unsubscribed(self, contact_uuid: Id, subscription_type_uuid: Id) -> Subscription | None:
        return await self._find(contact_uuid, subscription_type_uuid, subscribed=False)

    async def _find(self, contact_uuid: Id, subscription_type_uuid: Id, *, subscribed: bool) -> Subscription | None:
        async for row in self.list(contact_uuid):
            kind = row.subscription_type
            if kind is not None and kind.uuid == subscription_type_uuid:
                wanted = row.is_subscribed or row.status == "PENDING_CONFIRMATION"
                return row if bool(wanted) is subscribed else None
        return None

    @operation("GET", "/contact-subscriptions/{contact_uuid}", apis=BOTH)
    def list(self, contact_uuid: Id) -> Pager[Subscription]:
        """List the subscriptions of a contact.

        Parameters:
            contact_uuid: the contact's uuid.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            NotFoundError: no such contact (55031).

        Repeating: safe. Facts: documented; `status` is a number there and text everywhere else.
        """
        never()

    @operation(
        "PUT", "/contact-subscriptions/{contact_uuid}/subscribe", apis=BOTH, effect=Effect.ACTION, look_up=_subscribed
    )
    async def subscribe(self, contact_uuid: Id, *, subscription_type_uuid: Id) -> Subscription:
        """Subscribe a contact; where the type asks for a double opt-in, the contact is mailed and it stays pending.

        Parameters:
            contact_uuid: the contact's uuid.
            subscription_type_uuid: the subscription type; one whose uuid is null can't be subscribed to.

        Returns:
            The subscription.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031) or subscription type (55030).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks whether the contact is
                subscribed, or about to be.

        Repeating: not safe, the contact may be mailed again. Facts: documented.
        """
        never()

    @operation("PUT", "/contact-subscriptions/{contact_uuid}/unsubscribe", apis=BOTH, look_up=_unsubscribed)
    async def unsubscribe(self, contact_uuid: Id, *, subscription_type_uuid: Id) -> Subscription:
        """Unsubscribe a contact.

        Parameters:
            contact_uuid: the contact's uuid.
            subscription_type_uuid: the subscription type.

        Returns:
            The subscription.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031) or subscription type (55030).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks whether the contact is
                unsubscribed.

        Repeating: safe, the contact is unsubscribed afterwards. Facts: documented.
        """
        never()
