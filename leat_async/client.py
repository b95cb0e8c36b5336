"""`LeatClient`: settings, and one attribute per resource."""

from __future__ import annotations

import os
import ssl as ssl_module
import sys
import warnings
from collections.abc import Mapping
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import attrs

from . import config as settings
from ._core.answers import RawResponse
from ._core.auth import RenewedToken, StaticToken, Tokens
from ._core.clock import Clock
from ._core.events import Hook, Hooks, log_as_told
from ._core.limiter import Gate
from ._core.operation import Effect, Operation, Request, raw_request
from ._core.pipeline import Pipeline
from ._core.retry import RetryBudget
from ._core.transport import Transport
from ._core.unset import UNSET, Unset
from .config import ClientCredentials, Config, RateLimit, RetryPolicy
from .errors import ConfigError

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
        rate_limit: at most so many requests in any stretch; the API's headers can only lower it. Its `shared` says
            where several processes keep one pace for their token. None: no pace, but a 429 still pauses everybody.
        retry: how calls that are safe to repeat are tried again. None: one attempt.
        session: an `aiohttp.ClientSession` of your own, which stays yours to close; its cookies, proxy and connector
            are used, its middlewares are not. It excludes `proxy`, `ca` and `ssl`.
        partner_id: sent as `X-Partner-ID`.
        proxy: address of a proxy, "http://user:password@proxy.example:3128"; it wins over the environment's.
        headers: sent with every request, beside those of the client, which can't be replaced. A `User-Agent` is put
            before the client's.
        trust_env: take the proxy from the environment (never for this machine).
        ca: path of a bundle of certificates (PEM) to trust instead of the system's.
        ssl: an `ssl.SSLContext` of your own.
        max_body: bytes of an answer, unpacked, beyond which it is not read on but a `DecodeError`.
        on_request, on_response, on_retry: plain functions, called with an `Event` when an attempt begins, when it
            ends, whatever ends it, and before it is tried again; it names the operation, not its arguments.
        on_end: the same, called once for each call when it has ended, whatever ended it, and also where nothing was
            sent.

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
        proxy: str | None = None,
        headers: Mapping[str, str] | None = None,
        trust_env: bool = True,
        ca: str | os.PathLike[str] | None = None,
        ssl: ssl_module.SSLContext | None = None,
        max_body: int = settings.DEFAULT_MAX_BODY,
        on_request: Hook | None = None,
        on_response: Hook | None = None,
        on_retry: Hook | None = None,
        on_end: Hook | None = None,
    ) -> None:
        token, proxy = settings.hidden(token), settings.hidden(proxy)
        headers = settings.hidden_headers({} if headers is None else headers)
        if session is not None and any(given is not None for given in (proxy, ca, ssl)):
            raise ConfigError("proxy, ca and ssl are the connections', and those are your session's: set them there")
        if ca is not None:
            ssl = settings.trusting(ca, ssl)
        checked = Config(
            token=token,
            base_url=base_url,
            api=api,
            timeout=timeout,
            concurrency=concurrency,
            rate_limit=settings.with_shared_pace(rate_limit),
            retry=retry,
            partner_id=partner_id,
            proxy=proxy,
            headers=headers,
            trust_env=trust_env,
            ssl=ssl,
            max_body=max_body,
        )
        log_as_told()
        clock = Clock()
        tokens: Tokens
        if isinstance(checked.token, ClientCredentials):
            tokens = RenewedToken(self._ask_for_token, clock)
        else:
            tokens = StaticToken(checked.token)
        self._pipeline = Pipeline(
            config=checked,
            transport=Transport(checked, session),
            gate=_gate_of(checked, clock),
            tokens=tokens,
            clock=clock,
            budget=RetryBudget(),
            hooks=Hooks(on_request=on_request, on_response=on_response, on_retry=on_retry, on_end=on_end),
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
        options = settings.from_env(options)
        return cls(**options)

    def with_options(
        self,
        *,
        timeout: float | Unset = UNSET,
        retry: RetryPolicy | Unset | None = UNSET,
        headers: Mapping[str, str] | Unset = UNSET,
        on_request: Hook | Unset | None = UNSET,
        on_response: Hook | Unset | None = UNSET,
        on_retry: Hook | Unset | None = UNSET,
        on_end: Hook | Unset | None = UNSET,
    ) -> Self:
        """Make a view of this client with other options, on the same session, slots, pace and token.

        Parameters:
            timeout: seconds for a whole call.
            retry: a policy, or None for one attempt.
            headers: sent beside those of the client; of two with the same name, these win.
            on_request, on_response, on_retry, on_end: hooks, or None for none.

        Returns:
            The view; it needs no closing of its own, and closing it closes the client.
        """
        changes: dict[str, Any] = {k: v for k, v in (("timeout", timeout), ("retry", retry)) if v is not UNSET}
        if headers is not UNSET:
            changes["headers"] = self._pipeline.config.with_headers(settings.hidden_headers(headers))
        given = {"on_request": on_request, "on_response": on_response, "on_retry": on_retry, "on_end": on_end}
        hooks: dict[str, Any] = {name: hook for name, hook in given.items() if hook is not UNSET}
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
        return await self._pipeline.run_raw(raw_request(method, path, params, json, effect))

    async def _ask_for_token(self) -> Any:
        from ._core.declare import operation_of
        from .resources.auth import Auth

        credentials = self._pipeline.config.token
        assert isinstance(credentials, ClientCredentials)
        # Read without its model, since an odd lifetime must not cost the token.
        operation = attrs.evolve(operation_of(Auth.token), result=object)
        return await self._pipeline.run(_token_request(operation, credentials))

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
        pipeline = self.__dict__.get("_pipeline")
        if pipeline is None:  # tracebacks show it while it is being made
            return f"<{type(self).__name__}>"
        config = pipeline.config
        return f"<{type(self).__name__} {config.base_url} api={config.api!r}>"

    async def aclose(self) -> None:
        """Close the connections; calls still waiting to be sent fail with `LifecycleError`. Again is no error."""
        self._pipeline.tokens.close()
        await self._pipeline.gate.aclose()
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
            warnings.warn(
                f"unclosed {self!r}, made at {self._made_at}: write 'async with LeatClient(…) as leat:', or end with "
                "'await leat.aclose()'",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )


def _gate_of(config: Config, clock: Clock) -> Gate:
    limit = config.rate_limit
    if limit is None or limit.shared is None:
        return Gate(config.concurrency, limit, clock)
    from ._core.pace.gate import SharedGate
    from ._core.pace.stores import key_of, open_store

    return SharedGate(config.concurrency, limit, clock, open_store(limit.shared, clock), key_of(config.token))


def _token_request(operation: Operation[Any], credentials: ClientCredentials) -> Request[Any]:
    # In a function of its own, whose variables are gone when something raises.
    body = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id.reveal(),
        "client_secret": credentials.client_secret.reveal(),
    }
    return operation.request("oauth", body=body)
