"""Requests of the portal and the meaning of its answers. Pure: no connection, no clock, no session of its own.

Native form: POST of one JSON object with `session`, `madonvi`, `service` to the exchange's local adapter. Facade
form: bare arrays to three addresses and GET for reads; answers come wrapped as text inside `message`.
Source: portal wire notes §1 (transport, envelope, dialects), §2 (services), §6.4 (look-up), §13.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from adapters.portal.failures import LISTS, PUSHES, Meaning, Operation
from adapters.portal.replies import Reply
from adapters.portal.settings import DestinationPlace, Facade, PortalSettings, UpdateSwitch
from adapters.transport.messages import HttpRequest
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    InvalidInput,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.model.procedure import ProcedureRef
from mappings.portal.catalogue import read_list
from mappings.portal.wire import PushEnvelope, StepRecord

SYSTEM = "portal"
SERVICES = {
    Operation.LIST_PROCEDURES: "LayDanhSachTTHC",
    Operation.GET_PROCEDURE: "LayThuTuc",
    Operation.LOOK_UP: "TraCuuHoSo",
    Operation.CREATE: "DongBoHoSoMC",
    Operation.UPDATE: "DongBoHoSoMC",
    Operation.STEPS: "CapNhatTienDoHoSoMC",
    Operation.LIST_CITIZENS_QUESTIONS: "LayDanhSachHoiDapGuiTuDVCQG",
    Operation.LIST_AGENCIES_QUESTIONS: "LayDanhSachHoiDapBoCoQuan",
    Operation.GET_ANSWERS: "LayNoiDungTraLoiTheoCauHoi",
    Operation.PUSH_ANSWERS: "DongBoKetQuaHoiDapGuiTuDVCQG",
    Operation.PUSH_LOCAL_QUESTIONS: "DongBoHoiDap",
    Operation.PUSH_RATINGS: "DongBoDanhGia",
    Operation.PUSH_STATISTICS: "DongBoThongKeHoSo",
    Operation.PUSH_NATIONAL_STATUS: "DongBoTrangThaiHoSo",
    Operation.LIST_DOSSIERS: "TraCuuHoSo",
    Operation.LIST_UNIT_PROCEDURES: "LayDanhSachTTHCDonVi",
    Operation.LIST_ONLINE_SERVICES: "LayDVC",
    Operation.GET_DECISION: "LayQDCB",
    Operation.FIND_TECHNICAL_ID: "TraCuuTechID",
    Operation.FIND_RESULTS: "GetKetQuaGiayTo",
    Operation.DOWNLOAD_RESULT: "GetGiayToByUrl",
    Operation.DOWNLOAD_ATTACHMENT: "getfile",
    Operation.READ_AGENCIES: "LayDanhMucCoQuan",
    Operation.READ_SECTORS: "LayDanhMucLinhVuc",
    Operation.READ_GENDERS: "LayDanhMucGioiTinh",
    Operation.READ_PROVINCES: "LayDanhMucTinhThanh",
    Operation.READ_DISTRICTS: "LayDanhMucQuanHuyen",
    Operation.READ_COMMUNES: "LayDanhMucPhuongXa",
    Operation.READ_COUNTRIES: "LayDanhMucQuocGia",
    Operation.READ_ETHNIC_GROUPS: "LayDanhMucDanToc",
    Operation.READ_RELIGIONS: "LayDanhMucTonGiao",
    Operation.READ_MARITAL_STATUSES: "LayDanhMucTinhTrangHonNhan",
    Operation.READ_APPLICANT_KINDS: "LayDanhMucDoiTuong",
    Operation.READ_EXECUTING_LEVELS: "LayDanhMucCapThucHien",
    Operation.READ_LEGAL_BASES: "LayDanhMucCanCuPhapLy",
    Operation.READ_FEES: "LayDanhMucLePhi",
    Operation.READ_PROCEDURE_TYPES: "LayDanhMucLoaiThuTuc",
    Operation.READ_PROCEDURE_GROUPS: "LayDanhMucNhomThuTuc",
    Operation.READ_PROCEDURES_BY_TYPE: "LayDanhMucThuTucThuocLoai",
}
_JSON_HEADERS = (("Accept", "application/json"), ("Content-Type", "application/json"), ("Charset", "utf-8"))
_encode = msgspec.json.Encoder().encode


def login_request(settings: PortalSettings, password: str) -> HttpRequest:
    """Build the login. Repeating it is harmless, so it counts as a read."""
    body = _encode({"username": settings.username, "password": password})
    return native_request(
        settings,
        Operation.LOGIN,
        settings.auth_path,
        body,
        settings.timeouts.login_seconds,
        with_destination=settings.destination_on_login,
    )


def list_operation(settings: PortalSettings) -> Operation:
    """Tell which list of procedures is read: the portal's whole one, or that of the province's own unit."""
    return Operation.LIST_UNIT_PROCEDURES if settings.lists_own_procedures else Operation.LIST_PROCEDURES


def list_request(settings: PortalSettings, session: str) -> HttpRequest:
    """Build the reading of the catalogue's list."""
    operation, seconds, facade = list_operation(settings), settings.timeouts.list_seconds, settings.facade
    own = {"maDonVi": settings.unit_code} if settings.lists_own_procedures else {}
    if facade is not None:
        path = facade.own_list_path if settings.lists_own_procedures else facade.list_path
        return facade_get(settings, facade, operation, path, tuple(own.items()), seconds)
    return service_request(settings, operation, settings.share_path, session, own, seconds)


def detail_request(settings: PortalSettings, session: str, procedure_code: str) -> HttpRequest:
    """Build the reading of one procedure."""
    seconds = settings.timeouts.detail_seconds
    facade = settings.facade
    if facade is not None:
        query = ((facade.detail_key, procedure_code),)
        return facade_get(settings, facade, Operation.GET_PROCEDURE, facade.detail_path, query, seconds)
    parameters = {"maTTHC": procedure_code}
    return service_request(settings, Operation.GET_PROCEDURE, settings.integration_path, session, parameters, seconds)


def look_up_request(settings: PortalSettings, session: str, dossier_code: str) -> HttpRequest:
    """Build the question whether a dossier exists. Raises Rejected when the facade offers no look-up."""
    seconds = settings.timeouts.look_up_seconds
    facade = settings.facade
    if facade is not None:
        if facade.look_up_path is None:
            raise Rejected(
                "the facade offers no look-up: whether the dossier exists has to be settled by a person",
                system=SYSTEM,
                operation=Operation.LOOK_UP,
                code="no_look_up",
            )
        query = ((facade.look_up_key, dossier_code),)
        return facade_get(settings, facade, Operation.LOOK_UP, facade.look_up_path, query, seconds)
    # Lower case here, unlike the field of the records and the key of the portal's own look-up into a province.
    parameters = {"mahoso": dossier_code}
    return service_request(settings, Operation.LOOK_UP, settings.integration_path, session, parameters, seconds)


def dossiers_request(
    settings: PortalSettings, session: str, records: Sequence[object], *, is_update: bool
) -> HttpRequest:
    """Build a push of dossiers, all new or all known: one switch covers the whole call."""
    operation = Operation.UPDATE if is_update else Operation.CREATE
    flag = "True" if is_update else "False"
    if settings.facade is None:
        return _push(settings, operation, session, list(records), flag)
    facade = settings.facade
    query: list[tuple[str, str]] = []
    if facade.update_switch is UpdateSwitch.QUERY:
        query.append(("isUpdating", flag))
    path = facade.update_path if is_update else facade.create_path
    return facade_post(settings, facade, operation, path, query, list(records))


def steps_request(settings: PortalSettings, session: str, records: Sequence[StepRecord]) -> HttpRequest:
    """Build a push of progress steps, in the order given."""
    if settings.facade is None:
        return _push(settings, Operation.STEPS, session, list(records), None)
    return facade_post(settings, settings.facade, Operation.STEPS, settings.facade.steps_path, [], list(records))


def questions_request(settings: PortalSettings, session: str, operation: Operation) -> HttpRequest:
    """Build the reading of a list of questions. Native form only: no public facade offers it."""
    return service_request(settings, operation, settings.integration_path, session, {}, settings.timeouts.list_seconds)


def answers_request(settings: PortalSettings, session: str, question_id: str) -> HttpRequest:
    """Build the reading of a question's answers."""
    # A number on the wire wherever it is one: the portal gives it out as a number.
    number = int(question_id) if question_id.isascii() and question_id.isdigit() else question_id
    parameters = {"cauhoiid": number}
    seconds = settings.timeouts.detail_seconds
    return service_request(settings, Operation.GET_ANSWERS, settings.integration_path, session, parameters, seconds)


def statements_request(
    settings: PortalSettings, session: str, operation: Operation, records: Sequence[object]
) -> HttpRequest:
    """Build a push of statements. Native form only."""
    return _push(settings, operation, session, list(records), None)


def read_push(settings: PortalSettings, operation: Operation, reply: Reply) -> None:
    """Return when the portal took the whole push. Raises the RemoteError groups of the port otherwise."""
    meaning = reply.meaning(operation, settings.dialect)
    if meaning is not Meaning.SUCCESS:
        raise call_error(meaning, operation, reply)


def read_login(settings: PortalSettings, reply: Reply) -> str:
    """Give the session of a login answer. Raises CredentialsRefused, TransientFailure or ContractBroken."""
    meaning = reply.meaning(Operation.LOGIN, settings.dialect)
    if meaning is Meaning.SUCCESS:
        session = reply.session
        if not session:
            raise broken(Operation.LOGIN, "the login succeeded without a session", "no_session")
        return session
    raise call_error(meaning, Operation.LOGIN, reply)


def read_procedures(settings: PortalSettings, reply: Reply) -> list[ProcedureRef]:
    """Give the list of the catalogue. Raises when it was not given in full."""
    operation = list_operation(settings)
    items = read_result(settings, operation, reply)
    try:
        return read_list(items, settings.wire.procedure_mark_field)
    except InvalidInput as error:
        raise broken(operation, "the list has lines without a code", "malformed_list") from error


def read_procedure(settings: PortalSettings, reply: Reply, procedure_code: str) -> dict[str, Any] | None:
    """Give the catalogue record of the code asked for, None when there is none."""
    operation = Operation.GET_PROCEDURE
    items = read_result(settings, operation, reply)
    if not items:
        return None
    if len(items) > 1 or not isinstance(items[0], dict):
        raise broken(operation, "one procedure was asked for and another number came", "malformed_record")
    record: dict[str, Any] = items[0]
    code = next((value for key, value in record.items() if key.upper() == "MATTHC"), None)
    if not isinstance(code, str) or code.strip() != procedure_code:
        raise broken(operation, "another procedure came than was asked for", "wrong_record")
    return record


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up gave: None when the dossier is not there, else its record as far as it states anything."""

    record: dict[str, Any] | None


def read_look_up(settings: PortalSettings, reply: Reply, dossier_code: str) -> Found:
    """Tell whether the dossier is there. Raises when the portal did not answer the question."""
    operation = Operation.LOOK_UP
    if (
        settings.dialect.look_up_absent_by_wording
        and reply.meaning(operation, settings.dialect) is Meaning.REJECTED
        and reply.says_dossier_is_absent(dossier_code, settings.dialect)
    ):
        return Found(None)
    items = read_result(settings, operation, reply)
    if not items:
        return Found(None)
    records: list[dict[str, Any]] = [item for item in items if isinstance(item, dict)]
    if not records:
        # Something is there, and its form is not documented: it exists, and nothing more is known.
        return Found({})
    named = [record for record in records if "MaHoSo" in record]
    if not named:
        return Found(records[0])
    matching = [record for record in named if str(record["MaHoSo"]).strip() == dossier_code]
    if not matching:
        raise broken(operation, "another dossier came than was asked for", "wrong_record")
    return Found(matching[0])


def call_error(meaning: Meaning, operation: Operation, reply: Reply | None) -> RemoteError:
    """Make the error for an answer that is about the call as a whole."""
    code = reply.code if reply is not None and reply.code is not None else ""
    if meaning is Meaning.TRANSIENT:
        return TransientFailure("the portal is busy or closed", system=SYSTEM, operation=operation, code="portal_busy")
    if meaning in (Meaning.CREDENTIALS_REFUSED, Meaning.SESSION_REFUSED):
        return CredentialsRefused(
            "the portal refused the login" if operation is Operation.LOGIN else "the portal refused a new session",
            system=SYSTEM,
            operation=operation,
        )
    if meaning is Meaning.CONTRADICTION:
        return broken(operation, "code and words of the answer contradict each other", "contradiction")
    if meaning is Meaning.UNREADABLE:
        return broken(operation, "the answer says neither yes nor no", "unreadable")
    if meaning is Meaning.NO_SUCH_SERVICE:
        return no_such_service(operation, "the portal does not offer this service", remote_code=code)
    return Rejected(
        "the portal refused the call", system=SYSTEM, operation=operation, remote_code=code, code=f"portal_{meaning}"
    )


def no_such_service(
    operation: Operation, message: str = "the facade does not offer this service", *, remote_code: str = ""
) -> Rejected:
    """Make the error for a service that the other side does not have."""
    return Rejected(message, system=SYSTEM, operation=operation, remote_code=remote_code, code="no_such_service")


def broken(operation: Operation, message: str, code: str) -> ContractBroken:
    """Make the error for an answer that is none of the portal's."""
    return ContractBroken(message, system=SYSTEM, operation=operation, effect_possible=operation in PUSHES, code=code)


def read_result(settings: PortalSettings, operation: Operation, reply: Reply) -> list[Any]:
    """Give the result of a read as a list. A missing result is never read as an empty one."""
    meaning = reply.meaning(operation, settings.dialect)
    result = reply.result
    if isinstance(result, dict):
        inner = result.get("data")
        if isinstance(inner, list):
            result = inner
        elif result and operation not in LISTS:
            result = [result]
    # An answer without code and without known words proves something only when it carries something.
    if meaning is Meaning.UNREADABLE and reply.code is None and isinstance(result, list) and result:
        meaning = Meaning.SUCCESS
    if meaning is not Meaning.SUCCESS:
        raise call_error(meaning, operation, reply)
    if not isinstance(result, list):
        raise broken(operation, "the answer has no list as its result", "no_result")
    return result


def _address(settings: PortalSettings, path: str) -> str:
    base = settings.base_url.rstrip("/")
    if settings.family is not None and settings.facade is None:
        base = f"{base}/{settings.family}/RestService/forward"
    return f"{base}/{path.lstrip('/')}"


def native_request(
    settings: PortalSettings,
    operation: Operation,
    path: str,
    body: bytes,
    seconds: float,
    *,
    with_destination: bool = True,
) -> HttpRequest:
    """Build a call through the exchange."""
    headers, query = list(_JSON_HEADERS), []
    if with_destination and settings.destination_code:
        if settings.destination_place is DestinationPlace.HEADER:
            headers.append(("dstcode", settings.destination_code))
        elif settings.destination_place is DestinationPlace.QUERY:
            query.append(("dstcode", settings.destination_code))
    if settings.provider_url:
        query.append(("providerurl", settings.provider_url))
    return HttpRequest(
        system=SYSTEM,
        operation=operation,
        method="POST",
        url=_address(settings, path),
        is_write=operation in PUSHES,
        total_seconds=seconds,
        headers=tuple(headers),
        query=tuple(query),
        body=body,
    )


def service_request(
    settings: PortalSettings,
    operation: Operation,
    path: str,
    session: str,
    parameters: Mapping[str, Any],
    seconds: float,
) -> HttpRequest:
    """Build a business call of the native form: the operation is named in the body."""
    body = {"session": session, "madonvi": settings.unit_code, "service": SERVICES[operation], **parameters}
    return native_request(settings, operation, path, _encode(body), seconds)


def _push(
    settings: PortalSettings, operation: Operation, session: str, records: list[object], flag: str | None
) -> HttpRequest:
    envelope = PushEnvelope(
        session=session,
        madonvi=settings.unit_code,
        service=SERVICES[operation],
        isUpdating=UNSET if flag is None else flag,
        data=records,
    )
    return native_request(
        settings, operation, settings.integration_path, _encode(envelope), settings.timeouts.push_seconds
    )


def _facade_headers(facade: Facade) -> tuple[tuple[str, str], ...]:
    return tuple((name, secret.get_secret_value()) for name, secret in facade.secret_headers.items())


def facade_get(
    settings: PortalSettings,
    facade: Facade,
    operation: Operation,
    path: str,
    query: tuple[tuple[str, str], ...],
    seconds: float,
) -> HttpRequest:
    """Build a read of a facade."""
    return HttpRequest(
        system=SYSTEM,
        operation=operation,
        method="GET",
        url=_address(settings, path),
        is_write=False,
        total_seconds=seconds,
        headers=(("Accept", "application/json"), *_facade_headers(facade)),
        query=query,
    )


def facade_post(
    settings: PortalSettings,
    facade: Facade,
    operation: Operation,
    path: str,
    query: list[tuple[str, str]],
    content: object,
) -> HttpRequest:
    """Build a push to a facade: the bare content, no envelope."""
    if facade.unit_key is not None:
        query.append((facade.unit_key, settings.unit_code))
    return HttpRequest(
        system=SYSTEM,
        operation=operation,
        method="POST",
        url=_address(settings, path),
        is_write=True,
        total_seconds=settings.timeouts.push_seconds,
        headers=(*_JSON_HEADERS, *_facade_headers(facade)),
        query=tuple(query),
        body=_encode(content),
    )
