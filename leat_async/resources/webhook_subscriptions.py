"""Webhook subscriptions: which events are delivered where. `leat_async.webhooks` checks and reads the deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from .._core.declare import never, operation
from .._core.unset import UNSET, Unset
from ..errors import AlreadyExistsError
from ..models import WebhookSubscription
from ..pagination import Pager
from ._base import Resource, first_where
from ._types import Id

EventType: TypeAlias = (
    Literal[
        "contact_created",
        "contact_updated",
        "credit_reception_created",
        "prepaid_transaction_created",
        "voucher_created",
        "voucher_updated",
        "voucher_redeemed",
        "form_submission_completed",
        "referral_completed",
        "contact_identifier_created",
        "reward_updated",
        "promotion_updated",
    ]
    | str
)
SubscriptionStatus: TypeAlias = Literal["ACTIVE", "INACTIVE"] | str


class WebhookSubscriptions(Resource):
    """Which events are delivered where."""

    async def _made(self, event_type: str, url: str, name: str) -> WebhookSubscription | None:
        return await first_where(self.list(event_type=event_type), event_type=event_type, url=url, name=name)

    async def _find(self, event_type: str, url: str) -> WebhookSubscription | None:
        return await first_where(self.list(event_type=event_type), event_type=event_type, url=url)

    @operation("GET", "/webhook-subscriptions")
    def list(
        self,
        *,
        event_type: EventType | Unset = UNSET,
        status: SubscriptionStatus | Unset = UNSET,
    ) -> Pager[WebhookSubscription]:
        """List webhook subscriptions.

        Parameters:
            event_type: only those of this event, for example "voucher_redeemed"; an open list.
            status: only those in this state, "ACTIVE" or "INACTIVE"; an open list.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/webhook-subscriptions", look_up=_made)
    async def create(
        self,
        *,
        name: str,
        event_type: EventType,
        url: str,
        secret: str | Unset | None = UNSET,
        attributes: Sequence[str] | Unset | None = UNSET,
    ) -> WebhookSubscription:
        """Subscribe to an event.

        Parameters:
            name: your own name of the subscription.
            event_type: the event, for example "voucher_redeemed"; an open list. It can't be changed later.
            url: where to deliver.
            secret: key of the deliveries' signature; left out, the account's secret is used. It can't be changed later.
            attributes: names of the contact attributes to watch, for "contact_updated".

        Returns:
            The subscription.

        Raises:
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for a subscription of the same
                name, event and address.

        Repeating: not safe, it subscribes a second time. Facts: documented; `attributes` only for `update`, here it
        is observed in one client.
        """
        never()

    async def ensure(
        self,
        *,
        name: str,
        event_type: EventType,
        url: str,
        secret: str | Unset | None = UNSET,
        attributes: Sequence[str] | Unset | None = UNSET,
    ) -> WebhookSubscription:
        """Subscribe to an event, unless it is delivered to that address already.

        Parameters:
            name, event_type, url, secret, attributes: as for `create`; event and address tell whether there is one.

        Returns:
            The subscription, new or found; one that was found stays as it is, also when it is inactive or differs in
            name, secret or attributes.

        Raises:
            InvalidInputError: code 1003.
            OutcomeUnknownError: as for `create`.

        Repeating: safe one after another; two at once may both subscribe, since the API refuses no doubles that we
        know of. Facts: as for `list` and `create`.
        """
        found = await self._find(event_type, url)
        if found is not None:
            return found
        try:
            return await self.create(name=name, event_type=event_type, url=url, secret=secret, attributes=attributes)
        except AlreadyExistsError:
            found = await self._find(event_type, url)
            if found is None:
                raise
            return found

    @operation("GET", "/webhook-subscriptions/{webhook_subscription_uuid}")
    async def get(self, webhook_subscription_uuid: Id) -> WebhookSubscription:
        """Fetch one webhook subscription.

        Parameters:
            webhook_subscription_uuid: the subscription's uuid.

        Returns:
            The subscription.

        Raises:
            NotFoundError: no such subscription (80300).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("PUT", "/webhook-subscriptions/{webhook_subscription_uuid}", look_up=get)
    async def update(
        self,
        webhook_subscription_uuid: Id,
        *,
        name: str | Unset | None = UNSET,
        url: str | Unset | None = UNSET,
        status: SubscriptionStatus | Unset | None = UNSET,
        attributes: Sequence[str] | Unset | None = UNSET,
    ) -> WebhookSubscription:
        """Change a webhook subscription; its event and secret stay as they are.

        Parameters:
            webhook_subscription_uuid: the subscription's uuid.
            name: your own name of the subscription.
            url: where to deliver.
            status: "ACTIVE" or "INACTIVE"; an open list.
            attributes: names of the contact attributes to watch; needed when the event is "contact_updated". They
                come back as `properties`.

        Returns:
            The subscription as changed.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such subscription (80300).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the subscription as it is.

        Repeating: safe, it sets the same values again. Facts: documented.
        """
        never()

    @operation("DELETE", "/webhook-subscriptions/{webhook_subscription_uuid}")
    async def delete(self, webhook_subscription_uuid: Id) -> None:
        """Remove a webhook subscription.

        Parameters:
            webhook_subscription_uuid: the subscription's uuid.

        Returns:
            None.

        Raises:
            NotFoundError: no such subscription (80300).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, but the call may
                simply be repeated.

        Repeating: safe, what is gone stays gone. Facts: documented.
        """
        never()
