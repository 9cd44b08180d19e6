"""The endpoint by which citizens see who looked at their data. Their portal asks for them, in their own live sign-in.

The number is taken from the sign-in and from nowhere else: a portal cannot ask about anybody who has not signed in. It
must be one that somebody proofed: holders of old accounts, where a province still takes them, stated theirs themselves.
The officer is left out unless the installation says otherwise: the agency answers for its officers, whose names are
personal data as well, and whoever did their duty is not to be looked for at home. The agency finds the officer by
`access_id`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.api.cursors import AccessCursor, read_number_cursor, write_number_cursor
from gateway.api.dossiers import PageCount, page_count
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.identity import desk_of
from gateway.api.looks import FILE_LINK, Shown, note_look
from gateway.api.problems import Problem
from gateway.engine.proofs import number_digest
from gateway.errors import Fault, InvalidInput
from gateway.model.audit import AuditAction, AuditStage, ChainedLine
from gateway.model.identity import IdentityLevel
from gateway.model.party import CLOSED
from gateway.model.vocabulary import VIETNAM, Instant
from gateway.store.audit import PostgresAudit
from gateway.store.clients import Scope, list_clients
from gateway.sync.audit import DIGESTED

OWN_ACCESSES = "own-accesses"
"""The purpose under which citizens' looks at their own record are written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What was done, in words for the citizen."""

    vi: str
    en: str


_A = AuditAction
WORDS: Mapping[AuditAction, Wording] = {
    _A.CITIZEN_VERIFY: Wording(
        vi="Đối chiếu thông tin với Cơ sở dữ liệu quốc gia về dân cư",
        en="Details were compared with the national population database",
    ),
    _A.CITIZEN_LOOKUP: Wording(
        vi="Tra cứu thông tin trong Cơ sở dữ liệu quốc gia về dân cư",
        en="Data was read from the national population database",
    ),
    _A.CITIZEN_PREFILL: Wording(
        vi="Điền sẵn biểu mẫu từ Cơ sở dữ liệu quốc gia về dân cư",
        en="A form was filled from the national population database",
    ),
    _A.CITIZEN_CACHE_READ: Wording(
        vi="Xem lại kết quả tra cứu dân cư vừa có", en="A reply of the population database was used again"
    ),
    _A.DOSSIER_READ: Wording(vi="Xem nội dung hồ sơ", en="A dossier was read"),
    _A.FINDING_READ: Wording(
        vi="Xem chênh lệch dữ liệu hồ sơ giữa hai hệ thống", en="Values of a dossier that differ were read"
    ),
    _A.MESSAGE_READ: Wording(
        vi="Xem thông điệp của Cổng Dịch vụ công quốc gia về hồ sơ", en="A message about a dossier was read"
    ),
    _A.FILE_READ: Wording(vi="Tải tệp gửi kèm hồ sơ", en="A file sent with a dossier was fetched"),
    _A.FILE_SERVED: Wording(vi="Chuyển tệp của hồ sơ qua liên kết", en="A dossier's file was given out by link"),
    _A.QUESTION_READ: Wording(vi="Xem câu hỏi, phản ánh", en="A question was read"),
    _A.TECHNICAL_ID_FIND: Wording(
        vi="Tra cứu mã định danh tài khoản trên Cổng Dịch vụ công quốc gia", en="The portal's id was looked up"
    ),
    _A.RESULT_FIND: Wording(
        vi="Tìm kết quả giải quyết trong kho dữ liệu quốc gia", en="Results were looked for in the national store"
    ),
    _A.RESULT_READ: Wording(vi="Tải kết quả giải quyết từ kho dữ liệu quốc gia", en="A stored result was fetched"),
    _A.CONSENT_COLLECT: Wording(
        vi="Nhận dữ liệu do công dân đồng ý chia sẻ", en="Data released by the citizen was collected"
    ),
    _A.SIGN_IN_ASSERT: Wording(vi="Xác nhận công dân đã đăng nhập", en="A portal was told who signed in"),
    _A.PAYMENT_OPENED: Wording(
        vi="Chuyển thông tin người nộp cho hệ thống thanh toán", en="Who pays was handed on to a payment provider"
    ),
    _A.PAYMENT_DECIDED: Wording(
        vi="Cán bộ quyết định về một khoản tiền đã thu", en="An officer decided what becomes of money that was taken"
    ),
    _A.RECEIPT_READ: Wording(vi="Xem biên lai thu phí, lệ phí", en="A receipt for a fee was read"),
    _A.RECEIPT_HANDED_ON: Wording(
        vi="Chuyển thông tin người nộp cho đơn vị cung cấp biên lai điện tử",
        en="Who paid was handed on to a supplier of electronic receipts",
    ),
    _A.PAYMENT_EVIDENCE_READ: Wording(
        vi="Xem chứng từ nộp tiền do người nộp cung cấp", en="A payment voucher that you handed in was read"
    ),
    _A.PAYMENT_BILL_READ: Wording(
        vi="Xem chứng từ nộp tiền do hệ thống thanh toán cung cấp", en="A payment voucher of the provider was read"
    ),
    _A.PAYMENT_ACCOUNT_READ: Wording(
        vi="Xem tài khoản ngân hàng để hoàn trả phí, lệ phí", en="Your bank account was read, to pay a fee back"
    ),
    _A.AUDIT_READ: Wording(vi="Xem lịch sử truy cập dữ liệu", en="The record of looks was read"),
    _A.AUDIT_EXPORTED: Wording(vi="Trích xuất nhật ký truy cập", en="The record of looks was exported"),
    _A.AUDIT_REPORTED: Wording(vi="Thống kê nhật ký truy cập", en="The record of looks was counted for a report"),
    _A.AUDIT_RESEALED: Wording(vi="Niêm phong lại nhật ký truy cập", en="The record of looks was sealed anew"),
    _A.SUBJECT_FIND: Wording(
        vi="Tìm dữ liệu về công dân theo yêu cầu của chủ thể dữ liệu",
        en="Data held was looked up at a person's request",
    ),
    _A.SUBJECT_EXPORT: Wording(
        vi="Trích xuất dữ liệu theo yêu cầu của chủ thể dữ liệu", en="Data held was exported at a person's request"
    ),
    _A.SUBJECT_ERASE: Wording(
        vi="Xóa dữ liệu theo yêu cầu của chủ thể dữ liệu", en="Data held was erased at a person's request"
    ),
    _A.DOSSIERS_RETIRED: Wording(vi="Xóa hồ sơ hết thời hạn lưu giữ", en="Dossiers were erased by time"),
    _A.KEYS_ROTATED: Wording(vi="Thay khóa mã hóa", en="Encryption keys were changed"),
}
_UNKNOWN = Wording(vi="Truy cập dữ liệu", en="Data was looked at")

# Those who look and are no registered clients.
_OTHERS = {
    "cli": "Người vận hành nền tảng tích hợp của tỉnh",
    "gateway": "Nền tảng tích hợp của tỉnh",
    FILE_LINK: "Bên nhận liên kết tệp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessQuery:
    """Whose, and of which time."""

    __pydantic_config__ = CLOSED

    sign_in_id: Annotated[UUID, Field(description="A live sign-in of the client: its citizen is who is asked about.")]
    since: Annotated[Instant | None, Field(description="Looks that began then or later.")] = None
    until: Annotated[Instant | None, Field(description="Looks that began before.")] = None
    cursor: AccessCursor | None = None
    limit: PageCount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessView:
    """One look at the citizen's data; question and answer of one look are one entry.

    `outcome` is `asked` where no answer was written down: then it is not known whether anything was shown.
    """

    access_id: Annotated[UUID, Field(description="To be named in a question to the agency.")]
    at: datetime
    action: str
    action_vi: str
    action_en: str
    client_name: Annotated[str, Field(description="The system that looked, as it is registered.")]
    agency_code: str
    agency_name: Annotated[str, Field(description='Of its level-1 code, "" where that is not known.')]
    purpose: str
    legal_basis: str
    procedure_code: str
    dossier_code: str
    fields_released: tuple[str, ...]
    outcome: str
    is_own: Annotated[bool, Field(description="The citizen's own look at this list.")]
    officer: Annotated[str | None, Field(description="Null unless the installation shows officers' codes.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPage:
    """A page of looks, newest first."""

    accesses: tuple[AccessView, ...]
    next_cursor: str | None = None


async def get_own_accesses(call: Call) -> web.StreamResponse:
    """Give a page of looks at the signed-in citizen's data, once it is written down that it was shown."""
    query: AccessQuery = call.query
    digests = await _subjects(call, query.sign_in_id)
    limit = page_count(call)
    # A cursor of 0 can only mean that nothing is left.
    before = None if query.cursor is None else max(1, read_number_cursor(query.cursor))
    looks = await PostgresAudit(call.services.pool).accesses_of(
        digests, query.since, query.until, before=before, limit=limit + 1
    )
    shown = looks[:limit]
    names = await _client_names(call) if shown else {}
    seen = Shown(action=AuditAction.AUDIT_READ, fields=("accesses",), purpose=OWN_ACCESSES)
    await note_look(call, seen, digests=digests[:1])
    cursor = write_number_cursor("o", shown[-1][0].position) if len(looks) > limit else None
    return call.answer(200, AccessPage(accesses=tuple(_view(call, look, names) for look in shown), next_cursor=cursor))


async def _subjects(call: Call, sign_in_id: UUID) -> list[bytes]:
    """Give the digests of the numbers of whoever signed in, that of the personal number first. Raises Problem."""
    person = await desk_of(call).sessions.person_of(call.caller.client_id, sign_in_id)
    if person is None:
        raise Problem("sign-in-not-found")
    numbers = [number for number in (person.personal_id, person.old_card_number) if number]
    if not numbers:
        fault = Fault("/query/sign_in_id", "must be of a citizen with a personal number or an old card's")
        raise Problem("account-kind-not-allowed", faults=[fault])
    if person.identity_level is IdentityLevel.UNKNOWN:
        raise Problem("insufficient-authentication", "The sign-in lacks: identity_level.")
    return [number_digest(call.services.key_ring, number) for number in numbers]


async def _client_names(call: Call) -> dict[str, str]:
    return _OTHERS | {client.client_id: client.name for client in await list_clients(call.services.pool)}


def _view(call: Call, look: Sequence[ChainedLine], names: Mapping[str, str]) -> AccessView:
    first, last = look[0].line, look[-1].line
    answers = [chained.line for chained in look if chained.line.stage == AuditStage.ANSWERED]
    words = WORDS[AuditAction(first.action)] if first.action in _KNOWN else _UNKNOWN
    return AccessView(
        access_id=first.correlation_id,
        at=first.at,
        action=first.action,
        action_vi=words.vi,
        action_en=words.en,
        client_name=names.get(first.client_id, ""),
        agency_code=first.agency_code,
        agency_name=_agency_name(call, first.agency_code, first.at),
        purpose=first.purpose,
        legal_basis=first.legal_basis,
        procedure_code=first.procedure_code,
        dossier_code=first.dossier_code,
        fields_released=tuple(dict.fromkeys(name for line in answers for name in line.fields_released)),
        outcome=last.outcome,
        is_own=first.action == AuditAction.AUDIT_READ and first.purpose == OWN_ACCESSES,
        officer=_officer(call, first.officer),
    )


_KNOWN = frozenset(action.value for action in AuditAction)


def _officer(call: Call, officer: str) -> str | None:
    # A digest says nothing to a citizen, and would let officers be told apart across looks.
    if not call.services.shows_officers or not officer or officer.startswith(DIGESTED):
        return None
    return officer


def _agency_name(call: Call, code: str, at: datetime) -> str:
    directory = call.services.codes
    if directory is None or not code:
        return ""
    try:
        return directory.resolve_agency(code, at.astimezone(VIETNAM).date()).level1_name or ""
    except InvalidInput:
        return ""


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/citizens/me/accesses",
        operation_id="listOwnAccesses",
        tag="audit",
        summary="List who looked at the signed-in citizen's data",
        description=(
            "For the citizen of a live sign-in of the client, and nobody else. Reading the list leaves a line, which "
            "the list shows the next time. Looks at dossiers are found by their applicant."
        ),
        scope=Scope.CITIZENS_ACCESSES,
        handler=get_own_accesses,
        query=AccessQuery,
        answers={200: Answer(description="A page, newest first.", model=AccessPage)},
        problems=(
            *("no-identity-provider", "sign-in-not-found", "account-kind-not-allowed"),
            "insufficient-authentication",
        ),
    ),
)
