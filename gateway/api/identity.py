"""Endpoints by which the portal has citizens sign in with a national identity."""

from dataclasses import replace
from uuid import UUID

from aiohttp import web

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.identity_desk import ClientAddresses, IdentityDesk
from gateway.api.identity_views import (
    AssertionAnswer,
    AssertionOrder,
    DeepLink,
    Introspection,
    IntrospectionOrder,
    KeySet,
    Login,
    LoginOrder,
    LogoutAnswer,
    LogoutOrder,
    Provider,
    Providers,
    RequirementModel,
    SignIn,
    shown_link,
    shown_sign_in,
)
from gateway.api.looks import Shown, note_look
from gateway.api.problems import Problem
from gateway.engine.flights import ANEW, Order
from gateway.errors import Fault
from gateway.model.audit import AuditAction
from gateway.model.identity import EidCode, IdentityLevel, Requirement, SignInRefused
from gateway.store.clients import Scope


def desk_of(call: Call) -> IdentityDesk:
    """Give the desk. Raises Problem."""
    desk = call.services.identity
    if desk is None:
        raise Problem("no-identity-provider")
    return desk


def _addresses(call: Call, desk: IdentityDesk) -> ClientAddresses:
    known = desk.clients.get(call.caller.client_id)
    if known is None:
        raise Problem("client-without-addresses")
    return known


def _wanted(desk: IdentityDesk, model: RequirementModel, procedure_code: str | None) -> Requirement:
    """Give the stricter of what the caller asks and what the procedure needs."""
    own = model.requirement()
    needed = desk.requirements.get(procedure_code or "")
    if needed is None:
        return own
    ages = [age for age in (own.max_age_seconds, needed.max_age_seconds) if age is not None]
    levels = (own.identity_level, needed.identity_level)
    return replace(
        needed,
        identity_level=max(
            levels,
            key=[IdentityLevel.UNKNOWN, IdentityLevel.LEVEL_1, IdentityLevel.ORGANISATION, IdentityLevel.LEVEL_2].index,
        ),
        authentication_level=max(own.authentication_level, needed.authentication_level),
        assurance=max(own.assurance, needed.assurance),
        max_age_seconds=min(ages) if ages else None,
        account_kinds=tuple(kind for kind in own.account_kinds if kind in needed.account_kinds),
    )


async def post_login(call: Call) -> web.StreamResponse:
    """Begin a sign-in."""
    desk, order = desk_of(call), call.body
    assert isinstance(order, LoginOrder)
    if order.provider not in desk.sign_ins.providers:
        raise Problem("invalid-content", faults=[Fault("/provider", "must be one of /v1/identity/providers")])
    if order.return_to not in _addresses(call, desk).returns:
        raise Problem("invalid-content", faults=[Fault("/return_to", "must be registered for the client, exactly")])
    requirement = _wanted(desk, order.requirement, order.procedure_code)
    if not requirement.account_kinds:
        raise Problem(
            "invalid-content",
            faults=[Fault("/requirement/account_kinds", "must leave a kind that the procedure takes")],
        )
    if order.is_silent and order.is_anew:
        raise Problem("invalid-content", faults=[Fault("/is_silent", "must not stand beside is_anew")])
    link = order.deep_link
    begun = await desk.sign_ins.begin(
        Order(
            client_id=call.caller.client_id,
            provider=order.provider,
            return_to=order.return_to,
            state=order.state,
            code_challenge=order.code_challenge,
            requirement=requirement,
            prompt="none" if order.is_silent else ANEW if order.is_anew else "",
            falls_back=order.falls_back,
            deep_link={} if link is None else {name: value for name, value in _members(link) if value},
        )
    )
    start_url = f"{desk.public_base_url}/identity/logins/{begun.ticket}"
    return call.answer(201, Login(login_id=begun.flight_id, start_url=start_url, expires_at=begun.expires_at))


def _members(link: DeepLink) -> list[tuple[str, str | None]]:
    return [(name, getattr(link, name)) for name in link.__dataclass_fields__]


async def post_assertion(call: Call) -> web.StreamResponse:
    """Give the assertion for a code."""
    desk, order = desk_of(call), call.body
    assert isinstance(order, AssertionOrder)
    client = desk.clients.get(call.caller.client_id)
    try:
        redeemed = await desk.sessions.redeem(
            call.caller.client_id,
            order.code,
            order.code_verifier,
            links=client is not None and client.links_accounts,
        )
    except SignInRefused as refusal:
        name = "account-locked" if refusal.eid is EidCode.ACCOUNT_LOCKED else "link-in-quarantine"
        raise Problem(name, refusal.eid.value) from refusal
    if redeemed is None:
        raise Problem("code-not-redeemable")
    shown = Shown(action=AuditAction.SIGN_IN_ASSERT, fields=redeemed.claims, purpose="sign-in")
    await note_look(call, shown, outcome="asserted", numbers=(redeemed.number,))
    answer = AssertionAnswer(
        assertion=redeemed.assertion,
        expires_at=redeemed.expires_at,
        sign_in=shown_sign_in(redeemed.sign_in),
        link=None if redeemed.link is None else shown_link(redeemed.link),
    )
    return call.answer(200, answer)


async def introspect(call: Call) -> web.StreamResponse:
    """Tell whether a sign-in lives and is enough."""
    desk, order = desk_of(call), call.body
    assert isinstance(order, IntrospectionOrder)
    wanted = _wanted(desk, order.requirement, order.procedure_code)
    look = await desk.sessions.look(call.caller.client_id, call.path["sign_in_id"], wanted, touches=order.counts_as_use)
    if look.sign_in is None:
        return call.answer(200, Introspection(is_active=False))
    return call.answer(200, Introspection(is_active=True, sign_in=shown_sign_in(look.sign_in), missing=look.missing))


async def require(call: Call) -> web.StreamResponse:
    """Answer as RFC 9470 wants when a sign-in is not enough, so that a portal can hand the answer on."""
    desk, order = desk_of(call), call.body
    assert isinstance(order, IntrospectionOrder)
    wanted = _wanted(desk, order.requirement, order.procedure_code)
    look = await desk.sessions.look(call.caller.client_id, call.path["sign_in_id"], wanted, touches=order.counts_as_use)
    if look.sign_in is None:
        raise Problem("sign-in-not-found")
    if "account_kind" in look.missing:
        raise Problem("account-kind-not-allowed")
    if look.missing:
        challenge = 'Bearer error="insufficient_user_authentication"'
        if wanted.acr_values:
            challenge += f', acr_values="{" ".join(wanted.acr_values)}"'
        if wanted.max_age_seconds is not None:
            challenge += f', max_age="{wanted.max_age_seconds}"'
        raise Problem(
            "insufficient-authentication",
            "The sign-in lacks: " + ", ".join(look.missing) + ".",
            headers={"WWW-Authenticate": challenge},
        )
    return call.answer(200, shown_sign_in(look.sign_in))


async def post_logout(call: Call) -> web.StreamResponse:
    """End a sign-in."""
    desk, order = desk_of(call), call.body
    assert isinstance(order, LogoutOrder)
    if order.return_to is not None and order.return_to not in _addresses(call, desk).logout_returns:
        raise Problem("invalid-content", faults=[Fault("/return_to", "must be registered for the client, exactly")])
    way = await desk.sessions.log_out(
        call.caller.client_id, order.sign_in_id, return_to=order.return_to, state=order.state
    )
    if way is None:
        raise Problem("sign-in-not-found")
    url = None if way.ticket is None else f"{desk.public_base_url}/identity/logouts/{way.ticket}"
    return call.answer(200, LogoutAnswer(logout_url=url))


async def get_providers(call: Call) -> web.StreamResponse:
    """List the ways to sign in."""
    desk = desk_of(call)
    shown = tuple(
        Provider(name=name, is_available=desk.sign_ins.is_available(name)) for name in desk.sign_ins.providers
    )
    return call.answer(200, Providers(providers=shown))


async def get_keys(call: Call) -> web.StreamResponse:
    """Give the public keys of assertions."""
    headers = {"Cache-Control": "public, max-age=300"}
    return call.answer(200, KeySet(keys=tuple(dict(key) for key in desk_of(call).sessions.public_keys())), headers)


_SIGN_IN_ID = {"sign_in_id": UUID}
ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/identity/providers",
        operation_id="listIdentityProviders",
        tag="identity",
        summary="List the ways to sign in with a national identity",
        scope=Scope.IDENTITY_SIGN_IN,
        handler=get_providers,
        answers={200: Answer(description="The ways.", model=Providers)},
        problems=("no-identity-provider",),
    ),
    Endpoint(
        method="POST",
        path="/v1/identity/logins",
        operation_id="beginLogin",
        tag="identity",
        summary="Begin a sign-in with a national identity",
        description=(
            "Send the citizen's browser to `start_url`. It comes back to `return_to` with `code` and `state`, or with "
            "`error` (a code of the list EID_…) and `state`. The code is redeemed at /v1/identity/assertions within a "
            "minute. An order that is repeated begins another sign-in; the first one ends by itself."
        ),
        scope=Scope.IDENTITY_SIGN_IN,
        handler=post_login,
        body=LoginOrder,
        answers={201: Answer(description="Waits for the browser.", model=Login)},
        problems=("no-identity-provider", "client-without-addresses"),
    ),
    Endpoint(
        method="POST",
        path="/v1/identity/assertions",
        operation_id="redeemCode",
        tag="identity",
        summary="Exchange a one-time code for the assertion",
        description=(
            "The assertion is for the province's own registered client that began, and must not be passed on: the "
            "result of an authentication is no factor of another one (Decree 69/2024/NĐ-CP Art. 19(4)). A code that "
            "comes twice, or without its verifier, ends its sign-in."
        ),
        scope=Scope.IDENTITY_SIGN_IN,
        handler=post_assertion,
        body=AssertionOrder,
        answers={200: Answer(description="The assertion.", model=AssertionAnswer)},
        problems=("no-identity-provider", "code-not-redeemable", "account-locked", "link-in-quarantine"),
    ),
    Endpoint(
        method="POST",
        path="/v1/identity/sign-ins/{sign_in_id}:introspect",
        operation_id="introspectSignIn",
        tag="identity",
        summary="Tell whether a sign-in lives, and what it lacks",
        scope=Scope.IDENTITY_SIGN_IN,
        handler=introspect,
        path_parameters=_SIGN_IN_ID,
        body=IntrospectionOrder,
        answers={200: Answer(description="How it stands.", model=Introspection)},
        problems=("no-identity-provider",),
    ),
    Endpoint(
        method="POST",
        path="/v1/identity/sign-ins/{sign_in_id}:require",
        operation_id="requireSignIn",
        tag="identity",
        summary="Refuse in the form of RFC 9470 unless a sign-in is enough",
        scope=Scope.IDENTITY_SIGN_IN,
        handler=require,
        path_parameters=_SIGN_IN_ID,
        body=IntrospectionOrder,
        answers={200: Answer(description="It is enough.", model=SignIn)},
        problems=(
            "no-identity-provider",
            "sign-in-not-found",
            "insufficient-authentication",
            "account-kind-not-allowed",
        ),
    ),
    Endpoint(
        method="POST",
        path="/v1/identity/logouts",
        operation_id="logOut",
        tag="identity",
        summary="End a sign-in",
        scope=Scope.IDENTITY_SIGN_IN,
        handler=post_logout,
        body=LogoutOrder,
        answers={200: Answer(description="It has ended.", model=LogoutAnswer)},
        problems=("no-identity-provider", "client-without-addresses", "sign-in-not-found"),
    ),
    Endpoint(
        method="GET",
        path="/v1/identity/keys",
        operation_id="getIdentityKeys",
        tag="identity",
        summary="Give the public keys by which assertions are verified",
        scope=None,
        handler=get_keys,
        answers={200: Answer(description="A JSON Web Key Set.", model=KeySet)},
        problems=("no-identity-provider",),
    ),
)
