"""Endpoints for webhook subscriptions. What is sent, and how it is signed, is in gateway.engine.webhooks."""

import base64
from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.changes import request_digest
from gateway.api.endpoint import Answer, Call, Endpoint, Header
from gateway.api.events import EventType
from gateway.api.preconditions import IDEMPOTENCY_KEY, REPLAYED, idempotency_key_of
from gateway.api.problems import Problem
from gateway.api.representations import NewSubscriptionView, SubscriptionList, SubscriptionView
from gateway.engine.webhooks import SECRET_BYTES, is_allowed_target, secret_context
from gateway.errors import Fault
from gateway.model.party import CLOSED
from gateway.store.clients import Scope
from gateway.store.subscriptions import (
    KeyUsedBefore,
    NewSubscription,
    Subscription,
    TooManySubscriptions,
    add_subscription,
    delete_subscription,
    find_subscription,
    list_subscriptions,
)

_ID_BYTES = 12
_MAX_URL_CHARACTERS = 500

SubscriptionId = Annotated[str, Field(pattern=r"^sub_[0-9a-f]{24}$", examples=["sub_0123456789abcdef01234567"])]


_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PORT = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
Target = Annotated[
    str,
    Field(
        # Host names and addresses only: no user, no password, no fragment, nothing that two readers could read apart.
        pattern=rf"^https?://{_LABEL}(\.{_LABEL}){{0,8}}(:{_PORT})?(/[A-Za-z0-9._~/-]{{0,200}})?"
        r"(\?[A-Za-z0-9._~/%=&+-]{0,200})?$",
        max_length=_MAX_URL_CHARACTERS,
        examples=["https://one-stop.province.example/hooks/dossiers"],
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRequest:
    """What is wanted: every event without `event_types`, and from now on without `after_event_id`."""

    __pydantic_config__ = CLOSED

    url: Target
    event_types: Annotated[tuple[EventType, ...], Field(max_length=50)] = ()
    after_event_id: Annotated[int, Field(ge=0, le=2**63 - 1, strict=True)] | None = None


LOCATION = Header(name="Location", description="The subscription's own address.", is_required=True)


def _new_view(call: Call, subscription: Subscription) -> NewSubscriptionView:
    key = call.services.key_ring.open_record_key(subscription.wrapped_key)
    secret = key.unseal(subscription.sealed_secret, context=secret_context(subscription.subscription_id))
    return NewSubscriptionView(
        subscription_id=subscription.subscription_id,
        url=subscription.url,
        event_types=subscription.event_types,
        after_event_id=subscription.after_event_id,
        created_at=subscription.created_at,
        secret="whsec_" + base64.b64encode(secret).decode(),
    )


def _view(subscription: Subscription) -> SubscriptionView:
    return SubscriptionView(
        subscription_id=subscription.subscription_id,
        url=subscription.url,
        event_types=subscription.event_types,
        after_event_id=subscription.after_event_id,
        failures_count=subscription.failures_count,
        next_at=subscription.due_at,
        last_failure=subscription.last_failure,
        created_at=subscription.created_at,
    )


def _new_subscription(call: Call) -> NewSubscription:
    services, body = call.services, call.body
    subscription_id = "sub_" + services.random_bytes(_ID_BYTES).hex()
    key = services.key_ring.new_record_key()
    secret = services.random_bytes(SECRET_BYTES)
    return NewSubscription(
        subscription_id=subscription_id,
        client_id=call.caller.client_id,
        url=body.url,
        event_types=body.event_types,
        wrapped_key=key.wrapped,
        sealed_secret=key.seal(secret, context=secret_context(subscription_id)),
        after_event_id=body.after_event_id,
    )


async def _replayed(call: Call, used: KeyUsedBefore) -> Subscription:
    if not used.is_same:
        raise Problem("idempotency-key-reused")
    found = await find_subscription(
        call.services.pool, call.caller.client_id, str(used.response.get("subscription_id", ""))
    )
    if found is None:
        raise Problem("subscription-not-found", "The subscription that this key made was deleted.")
    return found


async def post_subscription(call: Call) -> web.StreamResponse:
    """Make a subscription and show its secret."""
    services, body = call.services, call.body
    if not is_allowed_target(body.url, services.limits.webhook_hosts):
        fault = Fault("/url", "must lead to a host that the operator allows for webhooks", "another host")
        raise Problem("invalid-content", faults=[fault])
    key = idempotency_key_of(call.request.headers)
    digest = request_digest(services, ["subscription", body]) if key is not None else b""
    headers = {}
    try:
        made = await add_subscription(
            services.pool,
            _new_subscription(call),
            max_count=services.limits.max_subscriptions_count,
            now=services.clock.now(),
            idempotency_key=key,
            request_digest=digest,
        )
    except TooManySubscriptions:
        detail = f"A client may have {services.limits.max_subscriptions_count} subscriptions."
        raise Problem("too-many-subscriptions", detail) from None
    except KeyUsedBefore as used:
        made = await _replayed(call, used)
        headers["Idempotency-Replayed"] = "true"
    headers["Location"] = f"/v1/subscriptions/{made.subscription_id}"
    return call.answer(201, _new_view(call, made), headers)


async def get_subscriptions(call: Call) -> web.StreamResponse:
    """List the client's open subscriptions."""
    found = await list_subscriptions(call.services.pool, call.caller.client_id)
    return call.answer(200, SubscriptionList(subscriptions=tuple(_view(one) for one in found)))


async def get_subscription(call: Call) -> web.StreamResponse:
    """Show one subscription, without its secret."""
    found = await find_subscription(call.services.pool, call.caller.client_id, call.path["subscription_id"])
    if found is None:
        raise Problem("subscription-not-found")
    return call.answer(200, _view(found))


async def remove_subscription(call: Call) -> web.StreamResponse:
    """Delete one subscription and its secret."""
    services = call.services
    is_deleted = await delete_subscription(
        services.pool, call.caller.client_id, call.path["subscription_id"], services.clock.now()
    )
    if not is_deleted:
        raise Problem("subscription-not-found")
    return call.answer_raw(204, None, "")


_ID = {"subscription_id": SubscriptionId}

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/subscriptions",
        operation_id="createSubscription",
        tag="events",
        summary="Subscribe to events by webhook",
        description=(
            "Events are posted in order, each until it is answered with 2xx, signed by the Standard Webhooks "
            "specification (headers webhook-id, webhook-timestamp, webhook-signature; HMAC-SHA256). An event can come "
            "more than once, always with the same webhook-id. The secret is shown in this answer only."
        ),
        scope=Scope.SUBSCRIPTIONS_WRITE,
        handler=post_subscription,
        body=SubscriptionRequest,
        headers=(IDEMPOTENCY_KEY,),
        answers={201: Answer(description="Made.", model=NewSubscriptionView, headers=(LOCATION, REPLAYED))},
        problems=("too-many-subscriptions", "idempotency-key-reused", "subscription-not-found"),
    ),
    Endpoint(
        method="GET",
        path="/v1/subscriptions",
        operation_id="listSubscriptions",
        tag="events",
        summary="List subscriptions",
        scope=Scope.SUBSCRIPTIONS_WRITE,
        handler=get_subscriptions,
        answers={200: Answer(description="The client's open subscriptions.", model=SubscriptionList)},
    ),
    Endpoint(
        method="GET",
        path="/v1/subscriptions/{subscription_id}",
        operation_id="getSubscription",
        tag="events",
        summary="Read a subscription",
        scope=Scope.SUBSCRIPTIONS_WRITE,
        handler=get_subscription,
        path_parameters=_ID,
        answers={200: Answer(description="The subscription.", model=SubscriptionView)},
        problems=("subscription-not-found",),
    ),
    Endpoint(
        method="DELETE",
        path="/v1/subscriptions/{subscription_id}",
        operation_id="deleteSubscription",
        tag="events",
        summary="Delete a subscription",
        description="An event that is being sent at this moment may still arrive.",
        scope=Scope.SUBSCRIPTIONS_WRITE,
        handler=remove_subscription,
        path_parameters=_ID,
        answers={204: Answer(description="Deleted.")},
        problems=("subscription-not-found",),
    ),
)
