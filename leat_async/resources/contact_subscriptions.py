"""Contact subscriptions: which mail a contact wants."""

from __future__ import annotations

from .._core.operation import Effect, Operation
from .._core.params import Text
from ..models import Subscription
from ..pagination import Pager
from ._base import Resource

LIST = Operation(
    "contact_subscriptions.list",
    "GET",
    "/contact-subscriptions/{contact_uuid}",
    Effect.SAFE,
    Subscription,
    many=True,
    apis=("oauth", "register"),
)
SUBSCRIBE = Operation(
    "contact_subscriptions.subscribe",
    "PUT",
    "/contact-subscriptions/{contact_uuid}/subscribe",
    Effect.ACTION,
    Subscription,
    body={"subscription_type_uuid": Text(required=True)},
    apis=("oauth", "register"),
)
UNSUBSCRIBE = Operation(
    "contact_subscriptions.unsubscribe",
    "PUT",
    "/contact-subscriptions/{contact_uuid}/unsubscribe",
    Effect.REPEATABLE,
    Subscription,
    body={"subscription_type_uuid": Text(required=True)},
    apis=("oauth", "register"),
)


class ContactSubscriptions(Resource):
    """Which subscription types a contact is subscribed to."""

    def list(self, contact_uuid: str) -> Pager[Subscription]:
        """List the subscriptions of a contact.

        Parameters:
            contact_uuid: the contact's uuid.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            NotFoundError: no such contact (55031).

        Repeating: safe. Facts: documented; `status` is a number there and text everywhere else.
        """
        return self._list(LIST, contact_uuid)

    async def subscribe(self, contact_uuid: str, *, subscription_type_uuid: str) -> Subscription:
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
        return await self._call(
            SUBSCRIBE,
            contact_uuid,
            body={"subscription_type_uuid": subscription_type_uuid},
            look_up=lambda: self._find(contact_uuid, subscription_type_uuid, subscribed=True),
        )

    async def unsubscribe(self, contact_uuid: str, *, subscription_type_uuid: str) -> Subscription:
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
        return await self._call(
            UNSUBSCRIBE,
            contact_uuid,
            body={"subscription_type_uuid": subscription_type_uuid},
            look_up=lambda: self._find(contact_uuid, subscription_type_uuid, subscribed=False),
        )

    async def _find(self, contact_uuid: str, subscription_type_uuid: str, *, subscribed: bool) -> Subscription | None:
        async for row in self.list(contact_uuid):
            kind = row.subscription_type
            if kind is not None and kind.uuid == subscription_type_uuid:
                wanted = row.is_subscribed or row.status == "PENDING_CONFIRMATION"
                return row if bool(wanted) is subscribed else None
        return None
