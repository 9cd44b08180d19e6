"""Endpoints about a client's own accounts and their links to national identities."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.identity import desk_of
from gateway.api.identity_views import LinkAnswer, shown_link
from gateway.api.problems import Problem
from gateway.engine.linking import StatedAccount
from gateway.model.identity import AccountKind, PartialDate, Precision
from gateway.model.party import CLOSED
from gateway.ports.accounts import LinkRow
from gateway.store.clients import Scope
from gateway.sync.linking import AccountOrigin, AccountState, LinkDecision, LinkProof

AccountRef = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,99}$")]
Officer = Annotated[
    str, StringConstraints(pattern=r"^[!-~]{1,100}$"), Field(description="Sign of the officer or system that acts.")
]
Reason = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,500}$")]
_PRECISIONS = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY}


class StatedKind(StrEnum):
    """Whose account it is; accounts of staff are never linked by a citizen's sign-in."""

    CITIZEN = "citizen"
    ENTERPRISE = "enterprise"
    ORGANISATION = "organisation"
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountModel:
    """One of the client's accounts. Number, name and birthday are kept as keyed digests only, to compare."""

    __pydantic_config__ = CLOSED

    kind: StatedKind
    origin: AccountOrigin
    state: AccountState = AccountState.ACTIVE
    number: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9-]{0,50}$"),
        Field(description="Personal number of a citizen; code or tax code of an organisation."),
    ] = ""
    full_name: Annotated[str, StringConstraints(max_length=500)] = ""
    birth_date: Annotated[
        str | None, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"), Field(description="As known.")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStored:
    """What became of a statement."""

    account_ref: str
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOrder:
    """A wish to link the person of a live sign-in with an account."""

    __pydantic_config__ = CLOSED

    sign_in_id: UUID
    account_ref: AccountRef
    proof: LinkProof
    by: Officer


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEnd:
    """The undoing of a link."""

    __pydantic_config__ = CLOSED

    reason: Reason
    by: Officer


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRelease:
    """The end of a quarantine: an officer has compared the person."""

    __pydantic_config__ = CLOSED

    by: Officer


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link, ended ones too. `evidence_id` names the evidence of the sign-in that it came from."""

    link_id: UUID
    state: str
    source: str
    provider: str
    evidence_id: UUID
    created_at: datetime
    created_by: str
    end_reason: str | None
    ended_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The links of an account, oldest first."""

    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMoved:
    """How a link stands now; `is_changed` is false when it stood so before."""

    link_id: UUID
    is_changed: bool


async def put_account(call: Call) -> web.StreamResponse:
    """Store what the client says of one of its accounts."""
    desk, stated, account_ref = desk_of(call), call.body, call.path["account_ref"]
    assert isinstance(stated, AccountModel)
    birth = stated.birth_date
    is_new = await desk.linking.put_account(
        call.caller.client_id,
        StatedAccount(
            account_ref=account_ref,
            kind=None if stated.kind is StatedKind.STAFF else AccountKind(stated.kind.value),
            origin=stated.origin,
            state=stated.state,
            number=stated.number,
            full_name=stated.full_name,
            birth_date=None if birth is None else PartialDate(birth, _PRECISIONS[len(birth)]),
        ),
    )
    return call.answer(201 if is_new else 200, AccountStored(account_ref=account_ref, is_new=is_new))


async def get_links(call: Call) -> web.StreamResponse:
    """Give the links of an account."""
    rows = await desk_of(call).linking.links_of(call.caller.client_id, call.path["account_ref"])
    if rows is None:
        raise Problem("account-not-found")
    return call.answer(200, Links(links=tuple(map(_shown, rows))))


async def post_link(call: Call) -> web.StreamResponse:
    """Link, when what stands behind it is what was asked for."""
    desk, order = desk_of(call), call.body
    assert isinstance(order, LinkOrder)
    outcome = await desk.sessions.add_link(
        call.caller.client_id, order.sign_in_id, order.account_ref, order.proof, order.by
    )
    if outcome is None:
        raise Problem("sign-in-not-found")
    if outcome.decision is not LinkDecision.SIGNED_IN:
        raise Problem("link-not-answered", f"The decision stands at {outcome.decision.value}.")
    if outcome.account_ref != order.account_ref:
        raise Problem("link-not-answered", f"The person is linked to the account {outcome.account_ref} already.")
    return call.answer(200, shown_link(outcome))


async def end_link(call: Call) -> web.StreamResponse:
    """Undo a link."""
    order = call.body
    assert isinstance(order, LinkEnd)
    moved = await desk_of(call).linking.end_link(
        call.caller.client_id, call.path["link_id"], reason=order.reason, by=order.by
    )
    return _moved(call, moved)


async def release_link(call: Call) -> web.StreamResponse:
    """Release a link from quarantine."""
    order = call.body
    assert isinstance(order, LinkRelease)
    moved = await desk_of(call).linking.release_link(call.caller.client_id, call.path["link_id"], by=order.by)
    return _moved(call, moved)


def _moved(call: Call, moved: bool | None) -> web.StreamResponse:
    if moved is None:
        raise Problem("link-not-found")
    return call.answer(200, LinkMoved(link_id=call.path["link_id"], is_changed=moved))


def _shown(row: LinkRow) -> Link:
    return Link(
        link_id=row.link_id,
        state=row.state,
        source=row.source,
        provider=row.provider,
        evidence_id=row.evidence_id,
        created_at=row.created_at,
        created_by=row.created_by,
        end_reason=row.end_reason,
        ended_by=row.ended_by,
    )


_REF = {"account_ref": AccountRef}
_LINK = {"link_id": UUID}

ENDPOINTS = (
    Endpoint(
        method="PUT",
        path="/v1/identity/accounts/{account_ref}",
        operation_id="putLocalAccount",
        tag="identity",
        summary="State one of the client's own accounts, so that sign-ins can be linked to it",
        scope=Scope.IDENTITY_SIGN_IN,
        handler=put_account,
        path_parameters=_REF,
        body=AccountModel,
        answers={
            200: Answer(description="It was known.", model=AccountStored),
            201: Answer(description="It is new.", model=AccountStored),
        },
        problems=("no-identity-provider",),
    ),
    Endpoint(
        method="GET",
        path="/v1/identity/accounts/{account_ref}/links",
        operation_id="listLinks",
        tag="identity",
        summary="List the links of an account, ended ones too",
        scope=Scope.IDENTITY_SIGN_IN,
        handler=get_links,
        path_parameters=_REF,
        answers={200: Answer(description="The links.", model=Links)},
        problems=("no-identity-provider", "account-not-found"),
    ),
    Endpoint(
        method="POST",
        path="/v1/identity/links",
        operation_id="addLink",
        tag="identity",
        summary="Link the person of a live sign-in with an account",
        description=(
            "What stands behind the link must answer the decision that came with the assertion: `created` for a new "
            "account, `signed_in_locally` when the citizen has just signed in to the account in the same browser "
            "session, `officer` when a person has decided. Repeating it is harmless."
        ),
        scope=Scope.IDENTITY_SIGN_IN,
        handler=post_link,
        body=LinkOrder,
        answers={200: Answer(description="Linked.", model=LinkAnswer)},
        problems=("no-identity-provider", "sign-in-not-found", "link-not-answered"),
    ),
    Endpoint(
        method="POST",
        path="/v1/identity/links/{link_id}:end",
        operation_id="endLink",
        tag="identity",
        summary="Undo a link; it stays as a record",
        scope=Scope.IDENTITY_SIGN_IN,
        handler=end_link,
        path_parameters=_LINK,
        body=LinkEnd,
        answers={200: Answer(description="It has ended.", model=LinkMoved)},
        problems=("no-identity-provider", "link-not-found"),
    ),
    Endpoint(
        method="POST",
        path="/v1/identity/links/{link_id}:release",
        operation_id="releaseLink",
        tag="identity",
        summary="Release a link from quarantine",
        scope=Scope.IDENTITY_SIGN_IN,
        handler=release_link,
        path_parameters=_LINK,
        body=LinkRelease,
        answers={200: Answer(description="It is active.", model=LinkMoved)},
        problems=("no-identity-provider", "link-not-found"),
    ),
)
