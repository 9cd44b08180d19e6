"""Endpoints by which the portal has citizens sign in with a national identity."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.identity_desk import ClientAddresses, IdentityDesk
from gateway.api.looks import Shown, note_look
from gateway.api.problems import Problem
from gateway.engine.flights import ANEW, Order
from gateway.engine.linking import LinkOutcome
from gateway.errors import Fault
from gateway.model.audit import AuditAction
from gateway.model.identity import AccountKind, Assurance, EidCode, IdentityLevel, Requirement, SignInRefused
from gateway.model.party import CLOSED
from gateway.model.vocabulary import ProcedureCode
from gateway.ports.sign_ins import StoredSignIn
from gateway.store.clients import Scope
from gateway.sync.linking import LinkDecision

Challenge = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$"),
    Field(description="S256 challenge (RFC 7636) of a verifier that stays in the citizen's session with the portal."),
]
Verifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]{43,128}$")]
Opaque = Annotated[str, StringConstraints(pattern=r"^[!-~]{0,512}$")]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=500)]
LinkCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]+(\.[0-9A-Z]+)*$", max_length=50)]
Level = Annotated[int, Field(ge=0, le=4)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementModel:
    """What a sign-in must at least be. What is left out is not asked for."""

    __pydantic_config__ = CLOSED

    identity_level: Annotated[IdentityLevel, Field(description="Level of the account; organisations have none.")] = (
        IdentityLevel.UNKNOWN
    )
    authentication_level: Annotated[Level, Field(description="Level of this authentication, by Decree 69 Art. 20.")] = 0
    assurance: Annotated[str, StringConstraints(pattern="^(none|low|substantial|high)$")] = "none"
    max_age_seconds: Annotated[int, Field(ge=10, le=86_400)] | None = None
    account_kinds: Annotated[tuple[AccountKind, ...], Field(min_length=1, max_length=3)] = tuple(AccountKind)

    def requirement(self) -> Requirement:
        return Requirement(
            identity_level=self.identity_level,
            authentication_level=self.authentication_level,
            assurance=Assurance[self.assurance.upper()],
            max_age_seconds=self.max_age_seconds,
            account_kinds=self.account_kinds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLink:
    """What a link from the national portal said. A hint, never proof; given back with the assertion (§2.4)."""

    __pydantic_config__ = CLOSED

    procedure_code: LinkCode | None = None
    local_procedure_code: LinkCode | None = None
    agency_code: LinkCode | None = None
    service_code: LinkCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginOrder:
    """A wish that a citizen sign in."""

    __pydantic_config__ = CLOSED

    provider: Annotated[str, StringConstraints(max_length=50), Field(description="See /v1/identity/providers.")]
    return_to: Annotated[Address, Field(description="One of the client's registered addresses, exactly.")]
    state: Annotated[Opaque, Field(description="Given back at `return_to`; compare it with the session.")] = ""
    code_challenge: Challenge
    procedure_code: Annotated[
        ProcedureCode | None, Field(description="Adds what this procedure needs, when the gateway has a row for it.")
    ] = None
    requirement: RequirementModel = RequirementModel()
    is_silent: Annotated[bool, Field(description="Ask nothing, if the provider knows the citizen already.")] = False
    falls_back: Annotated[bool, Field(description="When silence fails, ask after all, once.")] = True
    is_anew: Annotated[
        bool,
        Field(description="Have the citizen authenticate again; refused where the provider does not tell when it did."),
    ] = False
    deep_link: DeepLink | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A sign-in that waits for the citizen's browser. Send it to `start_url` within the time; it works once."""

    login_id: UUID
    start_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionOrder:
    """The one-time code that came back with the browser, and the verifier of the login's challenge."""

    __pydantic_config__ = CLOSED

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
    code_verifier: Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in without anything of the person."""

    sign_in_id: UUID
    provider: str
    account_kind: AccountKind
    identity_level: IdentityLevel
    authentication_level: int
    assurance: str
    binding: str
    authenticated_at: Annotated[datetime | None, Field(description="Null where the provider does not tell.")]
    created_at: datetime
    expires_at: datetime
    evidence_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAnswer:
    """Which of the client's accounts it is, or what must be done before it is one.

    `signed_in` and `linked` name the account. `create`: make one and link it. `proof_required`: have the citizen sign
    in to the named account as well, then link. `officer_required`: several accounts fit.
    """

    decision: LinkDecision
    account_ref: str | None = None
    link_id: UUID | None = None


def shown_link(outcome: LinkOutcome) -> LinkAnswer:
    """Give an outcome as clients see it."""
    return LinkAnswer(decision=outcome.decision, account_ref=outcome.account_ref, link_id=outcome.link_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionAnswer:
    """The assertion: a JWS for this client alone, given once. Verify it with /v1/identity/keys."""

    assertion: str
    expires_at: datetime
    sign_in: SignIn
    link: Annotated[LinkAnswer | None, Field(description="Only for clients that have accounts linked.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrospectionOrder:
    """What a sign-in is wanted for."""

    __pydantic_config__ = CLOSED

    procedure_code: ProcedureCode | None = None
    requirement: RequirementModel = RequirementModel()
    counts_as_use: Annotated[bool, Field(description="Whether this look keeps the sign-in from going idle.")] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """Whether a sign-in lives, and what it lacks for what was asked."""

    is_active: bool
    sign_in: SignIn | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutOrder:
    """The end of a sign-in."""

    __pydantic_config__ = CLOSED

    sign_in_id: UUID
    return_to: Annotated[Address | None, Field(description="One of the client's addresses for after a logout.")] = None
    state: Opaque = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutAnswer:
    """The sign-in has ended. Send the browser to `logout_url`, when there is one, to end the provider's session too."""

    logout_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A way to sign in."""

    name: str
    is_available: Annotated[bool, Field(description="Whether this process last found it able to answer.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """The ways to sign in."""

    providers: tuple[Provider, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """Public keys as JWKs (RFC 7517); the first one signs."""

    keys: tuple[dict[str, Any], ...]


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
        sign_in=_shown(redeemed.sign_in),
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
    return call.answer(200, Introspection(is_active=True, sign_in=_shown(look.sign_in), missing=look.missing))


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
    return call.answer(200, _shown(look.sign_in))


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


def _shown(stored: StoredSignIn) -> SignIn:
    return SignIn(
        sign_in_id=stored.sign_in_id,
        provider=stored.provider,
        account_kind=AccountKind(stored.account_kind),
        identity_level=stored.levels.identity,
        authentication_level=stored.levels.authentication,
        assurance=stored.levels.assurance.name.lower(),
        binding=stored.levels.binding.value,
        authenticated_at=stored.authenticated_at,
        created_at=stored.created_at,
        expires_at=stored.expires_at,
        evidence_id=stored.evidence_id,
    )


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
