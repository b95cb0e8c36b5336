"""Webhook subscriptions: which events are delivered where. `leat_async.webhooks` checks and reads the deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Literal, TypeAlias

from .._core.operation import Effect, Operation
from .._core.params import Items, Text
from .._core.unset import UNSET, Unset
from ..errors import AlreadyExistsError
from ..models import WebhookSubscription
from ..pagination import Pager
from ._base import Resource, first_where

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

_EVENT_TYPES = (
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
)
_STATUS = Text(values=("ACTIVE", "INACTIVE"))
LIST = Operation(
    "webhook_subscriptions.list",
    "GET",
    "/webhook-subscriptions",
    Effect.SAFE,
    WebhookSubscription,
    query={"event_type": Text(values=_EVENT_TYPES), "status": _STATUS},
    many=True,
)
CREATE = Operation(
    "webhook_subscriptions.create",
    "POST",
    "/webhook-subscriptions",
    Effect.ACTION,
    WebhookSubscription,
    body={
        "name": Text(required=True),
        "event_type": Text(required=True, values=_EVENT_TYPES),
        "url": Text(required=True),
        "secret": Text(),
        "attributes": Items(of=Text()),
    },
)
GET = Operation(
    "webhook_subscriptions.get",
    "GET",
    "/webhook-subscriptions/{webhook_subscription_uuid}",
    Effect.SAFE,
    WebhookSubscription,
)
UPDATE = Operation(
    "webhook_subscriptions.update",
    "PUT",
    "/webhook-subscriptions/{webhook_subscription_uuid}",
    Effect.REPEATABLE,
    WebhookSubscription,
    body={"name": Text(), "url": Text(), "status": _STATUS, "attributes": Items(of=Text())},
)
DELETE = Operation(
    "webhook_subscriptions.delete",
    "DELETE",
    "/webhook-subscriptions/{webhook_subscription_uuid}",
    Effect.REPEATABLE,
    NoneType,
)


class WebhookSubscriptions(Resource):
    """Which events are delivered where."""

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
        return self._list(LIST, query={"event_type": event_type, "status": status})

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
        body = {"name": name, "event_type": event_type, "url": url, "secret": secret, "attributes": attributes}
        return await self._call(
            CREATE,
            body=body,
            look_up=lambda: first_where(self.list(event_type=event_type), event_type=event_type, url=url, name=name),
        )

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

    async def get(self, webhook_subscription_uuid: str) -> WebhookSubscription:
        """Fetch one webhook subscription.

        Parameters:
            webhook_subscription_uuid: the subscription's uuid.

        Returns:
            The subscription.

        Raises:
            NotFoundError: no such subscription (80300).

        Repeating: safe. Facts: documented.
        """
        return await self._call(GET, webhook_subscription_uuid)

    async def update(
        self,
        webhook_subscription_uuid: str,
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
        body = {"name": name, "url": url, "status": status, "attributes": attributes}
        uuid = webhook_subscription_uuid
        return await self._call(UPDATE, uuid, body=body, look_up=lambda: self.get(uuid))

    async def delete(self, webhook_subscription_uuid: str) -> None:
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
        await self._delete(DELETE, webhook_subscription_uuid)

    async def _find(self, event_type: str, url: str) -> WebhookSubscription | None:
        return await first_where(self.list(event_type=event_type), event_type=event_type, url=url)
