"""What indicators need beside dossiers: registers, petitions, ratings, put in by the province."""

from dataclasses import dataclass
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.monitoring import PATH
from gateway.api.monitoring_pulls import check_province, desk_of
from gateway.api.problems import Problem
from gateway.errors import ConfigurationError, Fault
from gateway.indicators.target_registry import read_targets
from gateway.indicators.words import Rating
from gateway.model.party import CLOSED
from gateway.model.subtrees import is_within
from gateway.model.vocabulary import AgencyCode, DossierCode, Instant, ProcedureCode
from gateway.monitoring.petitions import Petition, Reply
from gateway.monitoring.registers import RegisterKind, read_items
from gateway.store.clients import Scope
from gateway.store.dossiers import find_standing
from gateway.store.statements import OtherAgency

_Count = Annotated[int, Field(ge=0, le=10**6, strict=True)]
_PetitionId = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,59}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterBody:
    """A register as a whole: what is not in it is no longer there."""

    __pydantic_config__ = CLOSED

    items: Annotated[tuple[dict[str, Any], ...], Field(max_length=20_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterView:
    """A register as it is stored."""

    kind: RegisterKind
    items: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterReceipt:
    """How many items a register has now."""

    kind: RegisterKind
    items_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsBody:
    """A registry of targets and unit groups, as TOML. Its units are codes of the register of agencies."""

    __pydantic_config__ = CLOSED

    content: Annotated[str, Field(min_length=1, max_length=2_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsReceipt:
    """Which registry is in place now."""

    version: str
    targets_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PetitionBody:
    """A petition about service, without its text and its author."""

    __pydantic_config__ = CLOSED

    agency_code: AgencyCode
    received_at: Instant
    procedure_code: ProcedureCode | None = None
    dossier_code: DossierCode | None = None
    kind: Annotated[str, Field(pattern=r"^[a-z_]{0,40}$")] = ""
    reply: Reply = Reply.NONE
    replied_at: Instant | None = None
    likes_count: _Count = 0
    dislikes_count: _Count = 0
    is_repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PetitionReceipt:
    """Which petition was taken."""

    petition_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingBody:
    """How the applicant rated a dossier (Circular 32/2017/TT-BTTTT art. 12)."""

    __pydantic_config__ = CLOSED

    rating: Rating
    rated_at: Instant


async def get_register(call: Call) -> web.StreamResponse:
    """Read a register."""
    desk, kind = desk_of(call), call.path["kind"]
    if kind is RegisterKind.CONFIRMED_BULK:
        # It names dossiers of every agency, and who confirmed them.
        check_province(call, desk)
        if not call.caller.may(Scope.DOSSIERS_READ):
            raise Problem("insufficient-scope", f"The scope {Scope.DOSSIERS_READ} is needed.")
    registers = await desk.registers.registers()
    return call.answer(200, RegisterView(kind=kind, items=tuple(dict(one) for one in registers[kind])))


async def put_register(call: Call) -> web.StreamResponse:
    """Put a register in place of the former one."""
    desk, kind = desk_of(call), call.path["kind"]
    check_province(call, desk)
    items = read_items(kind, call.body.items)
    await desk.registers.replace_register(kind, items, call.services.clock.now())
    desk.numbers.forget()
    return call.answer(200, RegisterReceipt(kind=kind, items_count=len(items)))


async def put_targets(call: Call) -> web.StreamResponse:
    """Put a registry of targets in place of the former one."""
    desk, text = desk_of(call), call.body.content
    check_province(call, desk)
    agencies = {one.code for one in (await desk.numbers.facts()).agencies}
    try:
        registry = read_targets(text, desk.catalogue, agencies)
    except ConfigurationError as error:
        raise Problem("invalid-content", "the registry of targets cannot be used", faults=error.faults) from None
    await desk.registers.put_targets(text, call.services.clock.now())
    desk.numbers.forget()
    return call.answer(200, TargetsReceipt(version=registry.version, targets_count=len(registry.targets)))


async def put_petition(call: Call) -> web.StreamResponse:
    """Take a petition, or what became of it."""
    desk, body, now = desk_of(call), call.body, call.services.clock.now()
    if not is_within(body.agency_code, call.caller.agency_prefixes):
        raise Problem("other-agency")
    if body.dossier_code is not None:
        # It will count against the dossier.
        about = await find_standing(call.services.pool, body.dossier_code)
        own = () if about is None else (about.handling_agency_code, about.receiving_agency_code)
        if own and not any(is_within(agency, call.caller.agency_prefixes) for agency in own):
            raise Problem("other-agency")
    if (body.reply is Reply.NONE) != (body.replied_at is None):
        raise Problem("invalid-content", faults=[Fault("/replied_at", "must be given with a reply, and only then")])
    if body.replied_at is not None and body.replied_at < body.received_at:
        raise Problem("invalid-content", faults=[Fault("/replied_at", "must not lie before received_at")])
    petition = Petition(
        petition_id=call.path["petition_id"],
        agency_code=body.agency_code,
        received_at=body.received_at,
        known_at=now,
        procedure_code=body.procedure_code or "",
        dossier_code=body.dossier_code or "",
        kind=body.kind,
        reply=body.reply,
        replied_at=body.replied_at,
        likes_count=body.likes_count,
        dislikes_count=body.dislikes_count,
        is_repeated=body.is_repeated,
    )
    try:
        is_new = await desk.registers.save_petition(petition, now, call.caller.agency_prefixes)
    except OtherAgency:
        raise Problem("other-agency") from None
    desk.numbers.forget()
    return call.answer(201 if is_new else 200, PetitionReceipt(petition_id=petition.petition_id))


async def put_rating(call: Call) -> web.StreamResponse:
    """Take how a dossier was rated; the last word counts."""
    desk, code = desk_of(call), call.path["code"]
    standing = await find_standing(call.services.pool, code)
    if standing is None:
        raise Problem("dossier-not-found")
    if not is_within(standing.handling_agency_code, call.caller.agency_prefixes):
        raise Problem("other-agency")
    await desk.registers.save_rating(code, call.body.rating.value, call.body.rated_at, call.services.clock.now())
    return call.answer_raw(204, None, "")


_KIND = {"kind": RegisterKind}

ENDPOINTS = (
    Endpoint(
        method="GET",
        path=f"{PATH}/registers/{{kind}}",
        operation_id="getRegister",
        tag="monitoring",
        summary="Read a register",
        description="`confirmed_bulk` names dossiers: only for clients of the whole province that may read them.",
        scope=Scope.MONITORING_READ,
        handler=get_register,
        path_parameters=_KIND,
        answers={200: Answer(description="The register.", model=RegisterView)},
        problems=("no-indicators", "pulls-too-fast", "other-agency"),
    ),
    Endpoint(
        method="PUT",
        path=f"{PATH}/registers/{{kind}}",
        operation_id="putRegister",
        tag="monitoring",
        summary="Put a register in place",
        description="Agencies with levels, unit groups and successors; services; eligibility; publication decisions; "
        "what others counted; codes that replaced others; bulk dossiers confirmed by their owner.",
        scope=Scope.MONITORING_WRITE,
        handler=put_register,
        path_parameters=_KIND,
        body=RegisterBody,
        answers={200: Answer(description="It is in place.", model=RegisterReceipt)},
        problems=("no-indicators", "pulls-too-fast", "other-agency", "invalid-content"),
    ),
    Endpoint(
        method="PUT",
        path=f"{PATH}/targets",
        operation_id="putTargets",
        tag="monitoring",
        summary="Put the targets in place",
        description="Refused with every fault: unknown units, a unit in two groups at once, two figures for one thing.",
        scope=Scope.MONITORING_WRITE,
        handler=put_targets,
        body=TargetsBody,
        answers={200: Answer(description="They are in place.", model=TargetsReceipt)},
        problems=("no-indicators", "pulls-too-fast", "other-agency", "invalid-content"),
    ),
    Endpoint(
        method="PUT",
        path="/v1/petitions/{petition_id}",
        operation_id="putPetition",
        tag="monitoring",
        summary="Tell a petition, or what became of it",
        scope=Scope.MONITORING_WRITE,
        handler=put_petition,
        path_parameters={"petition_id": _PetitionId},
        body=PetitionBody,
        answers={
            200: Answer(description="It was known; this is how it stands now.", model=PetitionReceipt),
            201: Answer(description="It is new.", model=PetitionReceipt),
        },
        problems=("no-indicators", "pulls-too-fast", "other-agency", "invalid-content"),
    ),
    Endpoint(
        method="PUT",
        path="/v1/dossiers/{code}/rating",
        operation_id="putDossierRating",
        tag="monitoring",
        summary="Tell how a dossier was rated",
        scope=Scope.MONITORING_WRITE,
        handler=put_rating,
        path_parameters={"code": DossierCode},
        body=RatingBody,
        answers={204: Answer(description="It is taken.")},
        problems=("no-indicators", "pulls-too-fast", "other-agency", "dossier-not-found"),
    ),
)
