"""`LeatClient`: settings, and one attribute per resource."""

from __future__ import annotations

import ssl as ssl_module
import sys
import warnings
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import attrs

from . import config as settings
from ._core.answers import RawResponse, read_raw
from ._core.auth import RenewedToken, StaticToken, Tokens
from ._core.clock import Clock
from ._core.limiter import Gate
from ._core.operation import Effect, Operation, raw_request
from ._core.pipeline import Hook, Hooks, Pipeline
from ._core.retry import RetryBudget
from ._core.transport import Transport
from ._core.unset import UNSET, Unset
from .config import ClientCredentials, Config, RateLimit, RetryPolicy

if TYPE_CHECKING:
    import aiohttp

    from .resources import (
        auth,
        automations,
        bookings,
        brand_kit,
        collectable_rewards,
        contact_attributes,
        contact_identifiers,
        contact_session_tokens,
        contact_subscriptions,
        contact_verification,
        contacts,
        contacts_portal,
        credit_receptions,
        custom_attribute_groups,
        custom_attributes,
        forms,
        giftcard_programs,
        giftcard_transactions,
        giftcards,
        loyalty_program,
        loyalty_tokens,
        loyalty_transaction_attributes,
        loyalty_transactions,
        order_returns,
        orders,
        perks,
        portal_sessions,
        pos_transactions,
        prepaid_transactions,
        product_categories,
        products,
        promotion_attributes,
        promotions,
        referrals,
        register,
        reward_attributes,
        reward_receptions,
        rewards,
        shift_teams,
        shift_types,
        shifts,
        shops,
        subscription_types,
        system,
        tiers,
        units,
        visits,
        vouchers,
        webhook_subscriptions,
    )


class LeatClient:
    """An asynchronous client of the Leat API.

    Parameters:
        token: a personal access token, an access token or an API key (all go as Bearer), or `ClientCredentials`,
            for which a token is fetched and renewed through `/oauth/token`.
        base_url: the API's origin; plain http only to this machine.
        api: "oauth" or "register".
        timeout: seconds for a whole call: waiting for a slot, the pace and a token, all attempts and pauses.
        concurrency: requests in flight.
        rate_limit: at most so many requests in any stretch; the API's headers can only lower it. None: no pace, but
            a 429 still pauses everybody.
        retry: how calls that are safe to repeat are tried again. None: one attempt.
        session: an `aiohttp.ClientSession` of your own, which stays yours to close; its cookies, proxy and connector
            are used, its middlewares are not.
        partner_id: sent as `X-Partner-ID`.
        trust_env: take the proxy from the environment (never for this machine).
        ssl: an `ssl.SSLContext` of your own.
        max_body: bytes of an answer, unpacked, beyond which it is not read on but a `DecodeError`.
        on_request, on_response, on_retry: called with an `Event` around each attempt; it names the operation, not
            its arguments.

    Use it with `async with`, or let the first call open it and close it with `await leat.aclose()`. It belongs to the
    event loop that opened it. Wrong settings raise `ConfigError`.
    """

    auth: auth.Auth
    automations: automations.Automations
    bookings: bookings.Bookings
    brand_kit: brand_kit.BrandKits
    collectable_rewards: collectable_rewards.CollectableRewards
    contact_attributes: contact_attributes.ContactAttributes
    contact_identifiers: contact_identifiers.ContactIdentifiers
    contact_session_tokens: contact_session_tokens.ContactSessionTokens
    contact_subscriptions: contact_subscriptions.ContactSubscriptions
    contact_verification: contact_verification.ContactVerification
    contacts: contacts.Contacts
    contacts_portal: contacts_portal.ContactsPortal
    credit_receptions: credit_receptions.CreditReceptions
    custom_attribute_groups: custom_attribute_groups.CustomAttributeGroups
    custom_attributes: custom_attributes.CustomAttributes
    forms: forms.Forms
    giftcard_programs: giftcard_programs.GiftcardPrograms
    giftcard_transactions: giftcard_transactions.GiftcardTransactions
    giftcards: giftcards.Giftcards
    loyalty_program: loyalty_program.LoyaltyProgramSettings
    loyalty_tokens: loyalty_tokens.LoyaltyTokens
    loyalty_transaction_attributes: loyalty_transaction_attributes.LoyaltyTransactionAttributes
    loyalty_transactions: loyalty_transactions.LoyaltyTransactions
    order_returns: order_returns.OrderReturns
    orders: orders.Orders
    perks: perks.Perks
    portal_sessions: portal_sessions.PortalSessions
    pos_transactions: pos_transactions.PosTransactions
    prepaid_transactions: prepaid_transactions.PrepaidTransactions
    product_categories: product_categories.ProductCategories
    products: products.Products
    promotion_attributes: promotion_attributes.PromotionAttributes
    promotions: promotions.Promotions
    referrals: referrals.Referrals
    register: register.Registers
    reward_attributes: reward_attributes.RewardAttributes
    reward_receptions: reward_receptions.RewardReceptions
    rewards: rewards.Rewards
    shift_teams: shift_teams.ShiftTeams
    shift_types: shift_types.ShiftTypes
    shifts: shifts.Shifts
    shops: shops.Shops
    subscription_types: subscription_types.SubscriptionTypes
    system: system.System
    tiers: tiers.Tiers
    units: units.Units
    visits: visits.Visits
    vouchers: vouchers.Vouchers
    webhook_subscriptions: webhook_subscriptions.WebhookSubscriptions

    def __init__(
        self,
        token: str | ClientCredentials | None = None,
        *,
        base_url: str = settings.DEFAULT_BASE_URL,
        api: Literal["oauth", "register"] = "oauth",
        timeout: float = 30.0,
        concurrency: int = 32,
        rate_limit: RateLimit | None = RateLimit(5000, per=60.0),  # noqa: B008 - frozen
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008 - frozen
        session: aiohttp.ClientSession | None = None,
        partner_id: str | None = None,
        trust_env: bool = True,
        ssl: ssl_module.SSLContext | None = None,
        max_body: int = settings.DEFAULT_MAX_BODY,
        on_request: Hook | None = None,
        on_response: Hook | None = None,
        on_retry: Hook | None = None,
    ) -> None:
        checked = Config(
            token=token,  # type: ignore[arg-type]  # None is refused by the validator, with advice
            base_url=base_url,
            api=api,
            timeout=timeout,
            concurrency=concurrency,
            rate_limit=rate_limit,
            retry=retry,
            partner_id=partner_id,
            trust_env=trust_env,
            ssl=ssl,
            max_body=max_body,
        )
        clock = Clock()
        tokens: Tokens
        if isinstance(checked.token, ClientCredentials):
            tokens = RenewedToken(self._ask_for_token, clock)
        else:
            tokens = StaticToken(checked.token)
        self._pipeline = Pipeline(
            config=checked,
            transport=Transport(checked, session),
            gate=Gate(checked.concurrency, checked.rate_limit, clock),
            tokens=tokens,
            clock=clock,
            budget=RetryBudget(),
            hooks=Hooks(on_request=on_request, on_response=on_response, on_retry=on_retry),
            timeout=checked.timeout,
            retry=checked.retry,
        )
        made_by = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - what warnings and logging use as well
        self._made_at: str | None = f"{made_by.f_code.co_filename}:{made_by.f_lineno}"

    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """Make a client from `LEAT_ACCESS_TOKEN` (or `LEAT_CLIENT_ID` and `LEAT_CLIENT_SECRET`) and `LEAT_BASE_URL`.

        Parameters:
            options: as for `LeatClient`; they win over the environment.

        Returns:
            The client. Raises `ConfigError` when the environment holds no credentials.
        """
        return cls(**{**settings.from_env(), **options})

    def with_options(
        self,
        *,
        timeout: float | Unset = UNSET,
        retry: RetryPolicy | Unset | None = UNSET,
        on_request: Hook | Unset | None = UNSET,
        on_response: Hook | Unset | None = UNSET,
        on_retry: Hook | Unset | None = UNSET,
    ) -> Self:
        """Make a view of this client with other options, on the same session, slots, pace and token.

        Parameters:
            timeout: seconds for a whole call.
            retry: a policy, or None for one attempt.
            on_request, on_response, on_retry: hooks, or None for none.

        Returns:
            The view; it needs no closing of its own, and closing it closes the client.
        """
        changes: dict[str, Any] = {k: v for k, v in (("timeout", timeout), ("retry", retry)) if v is not UNSET}
        given = (("on_request", on_request), ("on_response", on_response), ("on_retry", on_retry))
        hooks: dict[str, Any] = {k: v for k, v in given if v is not UNSET}
        checked = attrs.evolve(self._pipeline.config, **changes)
        view = object.__new__(type(self))
        view._made_at = None
        view._pipeline = attrs.evolve(
            self._pipeline,
            config=checked,
            timeout=checked.timeout,
            retry=checked.retry,
            hooks=attrs.evolve(self._pipeline.hooks, **hooks),
        )
        return view

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        json: Any = None,
        effect: Effect | Literal["safe", "repeatable", "action"] | None = None,
    ) -> RawResponse:
        """Send a request that has no method here, with the same token, pace, deadline and care.

        Parameters:
            method: GET, POST, PUT, PATCH or DELETE.
            path: below the API's root, such as "/visits"; from the origin when it begins with "/api/" or "/oauth/".
                Already percent-encoded where it needs to be.
            params: query; mappings and lists inside are bracketed.
            json: body.
            effect: what a repetition would do; left out, a GET is safe and everything else an action, which is sent
                once only.

        Returns:
            `RawResponse` with `.status`, `.headers`, `.data`, `.meta` and `.attempts`.

        Raises:
            ApiError, OutcomeUnknownError, DecodeError and the rest, as any operation.

        Repeating: as `effect` says.
        """
        request = raw_request(method, path, params, json, effect)
        answer, attempts = await self._pipeline.send(request)
        return read_raw(request.operation, answer, attempts)

    async def _ask_for_token(self) -> Any:
        from .resources.auth import TOKEN

        credentials = self._pipeline.config.token
        assert isinstance(credentials, ClientCredentials)
        body = {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
        }
        # Read without its model, since an odd lifetime must not cost the token.
        operation: Operation[Any] = TOKEN
        request = attrs.evolve(operation, result=object).request("oauth", body=body)
        return await self._pipeline.run(request)

    def __getattr__(self, name: str) -> Any:
        # Resources are imported on first use: an annotation "module.Class" says where each is.
        where = LeatClient.__annotations__.get(name)
        if where is None or name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no resource or attribute {name!r}")
        module, _, class_name = where.partition(".")
        resource = getattr(import_module(f".resources.{module}", __package__), class_name)(self._pipeline)
        self.__dict__[name] = resource
        return resource

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *LeatClient.__annotations__})

    def __repr__(self) -> str:
        config = self._pipeline.config
        return f"<{type(self).__name__} {config.base_url} api={config.api!r}>"

    async def aclose(self) -> None:
        """Close the connections; calls still waiting to be sent fail with `LifecycleError`. Again is no error."""
        self._pipeline.tokens.close()
        self._pipeline.gate.close()
        await self._pipeline.transport.aclose()
        self._pipeline.watch.close()

    async def __aenter__(self) -> Self:
        self._pipeline.transport.check()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __enter__(self) -> Any:
        raise TypeError("LeatClient is asynchronous: use 'async with', or leat_async.sync.LeatClient with 'with'")

    def __exit__(self, *_: object) -> None:
        """Only here so that `with` reaches the advice of `__enter__`."""

    def __del__(self) -> None:
        pipeline = self.__dict__.get("_pipeline")
        if pipeline is not None and self._made_at is not None and pipeline.transport.abandon():
            warnings.warn(f"unclosed {self!r}, made at {self._made_at}", ResourceWarning, source=self, stacklevel=2)
