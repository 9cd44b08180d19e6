"""What the portal says to a province, read into canonical statements (portal wire notes §9). Pure.

Which path and service mean what:

    path              service                     meaning
    addtthcKhuyenMai  (no envelope)               an application in the form of a sales-promotion notice (§9.2)
    nhanhsdvcqg       NhanChungTuThueDat          a land-tax payment receipt (§9.4)
    nhanhsdvcqg       `application_service`       an ordinary application, or with isUpdating its change (§9.7)
    nhanhsdvcqg       anything else               an amendment of a sales-promotion notice (§9.3)
    nhantbthuedvcqg   NhanThongBaoThueDat         a land-tax notice: XML in base64 (§9.5)
    search/call       (ignored)                   the portal asks about a dossier (§9.1)

The ordinary application is an assumption: no public code shows one (§9.7). It is read in the envelope of §9.3 with the
record of §5, which is the only dossier record that the evidence knows.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from xml.parsers import expat

import msgspec
from pydantic import TypeAdapter, ValidationError

from gateway.errors import Fault, InvalidInput
from gateway.model.dossier import AgencyRef, Channel, Dossier, OnlinePayment, SubmissionPlace
from gateway.model.party import Identifier, IdentifierType, Party, PartyKind
from gateway.model.procedure import Procedure
from gateway.model.status import DossierStatus
from gateway.ports.inbound import (
    InboundApplication,
    InboundChange,
    InboundFile,
    InboundKind,
    InboundLookUp,
    InboundNotice,
    InboundOutcome,
    InboundReply,
    Malformed,
    PaymentFact,
    Statement,
)
from mappings.portal import national_replies, wire
from mappings.portal.facts import DossierFacts
from mappings.portal.inbound import dossier_facts
from mappings.portal.national_wire import (
    Amendment,
    Envelope,
    LookUpRequest,
    Payment,
    Promotion,
    Receipt,
    TaxNotice,
)
from mappings.portal.scalars import clean_text_of, text_of, whole_number_of
from mappings.portal.tables import PortalTables
from mappings.portal.times import read_time, vietnam_date
from mappings.portal.wire import Scalar

_CODE_FIELDS = frozenset({"MaHoSo", "MaHoSoQG"})
_MAX_CODES = 100
_is_code = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,49}", re.ASCII).fullmatch
_TRUE = frozenset({"true", "1"})
_dossier_adapter = TypeAdapter(Dossier)


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalRules:
    """What the evidence leaves open about the portal's calls, as settings."""

    application_service: str = "NhanHoSoDVCQG"
    unit_code: str
    """The province's own unit; an envelope's `madonvi` below it names the receiving agency."""
    default_agency: AgencyRef
    """Receives what names no agency of the province."""


class NationalCalls:
    """Implements InboundTranslator: reads the portal's calls and writes the answers."""

    def __init__(self, tables: PortalTables, rules: NationalRules) -> None:
        self._tables = tables
        self._rules = rules

    def read(self, path: str, body: bytes, *, at: datetime) -> Statement | InboundLookUp:
        """Read one call. Raises Malformed, InvalidInput or Unmapped; none names a value of a person."""
        match path:
            case "search/call":
                return InboundLookUp(code=_needed({"masohoso": _decode(body, LookUpRequest).code})["masohoso"])
            case "addtthcKhuyenMai":
                return self._promotion(body)
            case "nhantbthuedvcqg":
                return _tax_notice(body)
            case _:
                return self._enveloped(body, at)

    def files(self, kind: InboundKind, body: bytes) -> list[InboundFile]:
        """Give the files that a message carries, in the order in which their addresses count them."""
        if kind is InboundKind.PROMOTION:
            return _embedded(_decode(body, Promotion))
        if kind is InboundKind.AMENDMENT:
            record = _data(_decode(body, Envelope), Amendment)
            path = text_of(record.file_path)
            return [InboundFile(name=_file_name(record.file_name, 0), path=path)] if path else []
        if kind is InboundKind.RECEIPT:
            path = text_of(_data(_decode(body, Envelope), Receipt).file_path)
            return [InboundFile(name="chung-tu.pdf", path=path)] if path else []
        return []

    def reply(self, outcome: InboundOutcome) -> InboundReply:
        """Write the answer to a message that was taken, or is here already."""
        return national_replies.reply(outcome)

    def refusal(self, error: Exception, path: str) -> InboundReply:
        """Write the answer to a message that could not be taken."""
        return national_replies.refusal(error, path)

    def found(self, code: str, dossier: Dossier | None, procedure: Procedure | None, *, at: datetime) -> InboundReply:
        """Write what the portal asked about a dossier."""
        return national_replies.found(self._tables, code, dossier, procedure, at=at)

    def _enveloped(self, body: bytes, at: datetime) -> Statement:
        envelope = _decode(body, Envelope)
        service = text_of(envelope.service)
        if service == "NhanChungTuThueDat":
            return _receipt(_data(envelope, Receipt), body)
        if service == self._rules.application_service:
            return self._application(envelope, body, at)
        return self._amendment(_data(envelope, Amendment), body)

    def _application(self, envelope: Envelope, body: bytes, at: datetime) -> Statement:
        found = _data(envelope, wire.FoundDossier)
        facts = dossier_facts(found, self._tables.on(vietnam_date(at)))
        code = _needed({"MaHoSo": facts.dossier_code})["MaHoSo"]
        payment = _payment(_data(envelope, Payment))
        if text_of(envelope.is_updating).strip().lower() in _TRUE:
            is_withdrawal = facts.status is DossierStatus.WITHDRAWN
            stated = _stated(facts, payment)
            _check_stated(stated)
            return InboundChange(
                kind=InboundKind.CHANGE,
                national_code=code,
                stated=stated,
                is_withdrawal=is_withdrawal,
                payment=payment,
                body=body,
            )
        agency = self._agency(text_of(envelope.unit_code), facts.handling_agency_name)
        needed = _needed({"MaTTHC": facts.procedure_code, "ChuHoSo": facts.applicant_name})
        if facts.submitted_at is None:
            raise InvalidInput("the application cannot be taken", [Fault("NgayNopHoSo", "must be stated")])
        dossier = Dossier(
            procedure_code=needed["MaTTHC"],
            receiving_agency=agency,
            handling_agency=agency,
            status=DossierStatus.REGISTERED,
            channel=Channel.ONLINE,
            submission_place=SubmissionPlace.NATIONAL_PORTAL,
            applicant=_party(facts),
            summary=facts.summary or facts.procedure_name or needed["MaTTHC"],
            submitted_at=facts.submitted_at,
            online_payment=OnlinePayment.NATIONAL_PLATFORM if payment and payment.is_paid else OnlinePayment.NONE,
            attachments=facts.attachments or (),
            other_attachments=facts.other_attachments or (),
            fees=facts.fees or (),
        )
        return InboundApplication(
            kind=InboundKind.APPLICATION, national_code=code, dossier=_checked(dossier), payment=payment, body=body
        )

    def _promotion(self, body: bytes) -> InboundApplication:
        record = _decode(body, Promotion)
        needed = _needed(
            {
                "MaHoSo": record.code,
                "MaTTHC": record.procedure_code,
                "TenThuongNhan": record.trader_name,
                "MaSoThue": record.tax_code,
                "NgayNopHoSo": record.submitted_at,
            }
        )
        code = needed["MaHoSo"]
        agency = self._rules.default_agency
        dossier = Dossier(
            procedure_code=needed["MaTTHC"],
            receiving_agency=agency,
            handling_agency=agency,
            status=DossierStatus.REGISTERED,
            channel=Channel.ONLINE,
            submission_place=SubmissionPlace.NATIONAL_PORTAL,
            applicant=_trader(record),
            summary=text_of(record.programme_name) or needed["MaTTHC"],
            note=_cut(text_of(record.content), 2000),
            submitted_at=_instant(needed["NgayNopHoSo"], "NgayNopHoSo"),
        )
        return InboundApplication(kind=InboundKind.PROMOTION, national_code=code, dossier=_checked(dossier), body=body)

    def _amendment(self, record: Amendment, body: bytes) -> InboundChange:
        code = _needed({"MaHoSoQG": record.code, "MaTTHC": record.procedure_code, "MaSoThue": record.tax_code})[
            "MaHoSoQG"
        ]
        if not record.amended:
            raise InvalidInput("the amendment cannot be taken", [Fault("ThongTinSuaDoi", "must be stated")])
        # What is amended has no canonical form: the province reads it in the message itself.
        return InboundChange(kind=InboundKind.AMENDMENT, national_code=code, stated={}, body=body)

    def _agency(self, unit_code: str, name: str | None) -> AgencyRef:
        root = self._rules.unit_code
        if unit_code.startswith(root + "."):
            return AgencyRef(code=unit_code, name=name or unit_code)
        return self._rules.default_agency


def _decode(body: bytes, model: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=model)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed from None


def _data(envelope: Envelope, model: Any) -> Any:
    """Read the payload, an object or a list of one."""
    data = envelope.data
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    if not isinstance(data, dict):
        raise InvalidInput("the message cannot be read", [Fault("data", "must be one record")])
    try:
        return msgspec.convert(data, model, strict=False)
    except msgspec.ValidationError:
        raise InvalidInput("the message cannot be read", [Fault("data", "must have fields of known types")]) from None


def _needed(values: Mapping[str, Scalar]) -> dict[str, str]:
    """Give required texts. Raises InvalidInput naming every one that is missing."""
    texts = {name: clean_text_of(value) for name, value in values.items()}
    faults = [Fault(name, "must be stated") for name, text in texts.items() if not text]
    faults += [
        Fault(name, "must be a dossier code")
        for name, text in texts.items()
        if name in _CODE_FIELDS and text and not _is_code(text)
    ]
    if faults:
        raise InvalidInput("required fields are missing or cannot be used", faults)
    return texts


def _instant(text: str, field: str) -> datetime:
    try:
        instant = read_time(text)
    except ValueError as error:
        rule = str(error) if "must" in str(error) else "must be a real time"
        raise InvalidInput("the message cannot be read", [Fault(field, rule)]) from None
    if instant is None:
        raise InvalidInput("the message cannot be read", [Fault(field, "must be stated")])
    return instant


def _checked(dossier: Dossier) -> Dossier:
    """Hold a dossier against the rules of the model, as the border does for the province's own."""
    try:
        return _dossier_adapter.validate_json(msgspec.json.encode(dossier))
    except ValidationError as error:
        faults = [
            Fault("/".join(str(part) for part in item["loc"]), item["msg"])
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise InvalidInput("the application breaks rules of the model", faults) from None


_STANDING_IN = Dossier(
    procedure_code="1.000000",
    receiving_agency=AgencyRef(code="H99", name="x"),
    handling_agency=AgencyRef(code="H99", name="x"),
    status=DossierStatus.REGISTERED,
    channel=Channel.ONLINE,
    submission_place=SubmissionPlace.NATIONAL_PORTAL,
    applicant=Party(kind=PartyKind.CITIZEN, name="x"),
    summary="x",
    submitted_at=datetime(2000, 1, 1, tzinfo=UTC),
)


def _check_stated(stated: Mapping[str, Any]) -> None:
    """Hold what a change states against the rules of the model, within a dossier that breaks none."""
    fields = {name: value for name, value in stated.items() if name != "applicant"}
    party = replace(_STANDING_IN.applicant, **stated.get("applicant", {}))
    _checked(replace(_STANDING_IN, applicant=party, **fields))


def _party(facts: DossierFacts) -> Party:
    identifiers = facts.applicant_identifiers or ()
    kind = facts.applicant_kind or PartyKind.CITIZEN
    if not identifiers and facts.applicant_paper_number:
        register = IdentifierType.PERSONAL_ID if kind is PartyKind.CITIZEN else IdentifierType.TAX_CODE
        identifiers = (Identifier(type=register, number=facts.applicant_paper_number),)
    return Party(
        kind=kind,
        name=facts.applicant_name or "",
        identifiers=identifiers,
        technical_id=facts.applicant_technical_id or "",
        is_verified_by_national_identity=facts.applicant_is_verified or False,
        email=facts.applicant_email or "",
        phone=facts.applicant_phone or "",
        fax=facts.applicant_fax or "",
        other_information=facts.applicant_other_information or "",
    )


def _trader(record: Promotion) -> Party:
    return Party(
        kind=PartyKind.BUSINESS,
        name=clean_text_of(record.trader_name),
        identifiers=(Identifier(type=IdentifierType.TAX_CODE, number=clean_text_of(record.tax_code)),),
        email=clean_text_of(record.email),
        phone=clean_text_of(record.phone),
        fax=clean_text_of(record.fax),
        address=_cut(clean_text_of(record.address.detail) if record.address else "", 500),
    )


_STATED: Mapping[str, Callable[[DossierFacts], Any]] = {
    "summary": lambda facts: facts.summary,
    "submitted_at": lambda facts: facts.submitted_at,
    "documents": lambda facts: facts.attachments,
}
_STATED_AS = {"documents": "attachments"}


def _stated(facts: DossierFacts, payment: PaymentFact | None) -> dict[str, Any]:
    """Give what a change speaks of, by canonical field; what it leaves out or empty stays as it was."""
    stated: dict[str, Any] = {}
    for field, value_of in _STATED.items():
        value = value_of(facts) if field in facts.stated else None
        if value:
            stated[_STATED_AS.get(field, field)] = value
    party = _stated_party(facts)
    if party:
        stated["applicant"] = party
    if payment is not None and payment.is_paid:
        stated["online_payment"] = OnlinePayment.NATIONAL_PLATFORM
    return stated


def _stated_party(facts: DossierFacts) -> dict[str, Any]:
    """Give what a change says of the applicant, by field of the party."""
    whole = _party(facts)
    stated = {
        "name": facts.applicant_name,
        "kind": facts.applicant_kind,
        "identifiers": whole.identifiers,
        "technical_id": facts.applicant_technical_id,
        "email": facts.applicant_email,
        "phone": facts.applicant_phone,
        "fax": facts.applicant_fax,
        "other_information": facts.applicant_other_information,
    }
    return {name: value for name, value in stated.items() if value}


def _payment(record: Payment) -> PaymentFact | None:
    details = record.details
    if details is None or isinstance(details, msgspec.UnsetType):
        return None
    amount = whole_number_of(details.amount)
    if amount is None:
        raise InvalidInput("the payment cannot be read", [Fault("ThongTinThanhToan/SoTien", "must be whole đồng")])
    time = text_of(details.paid_at)
    return PaymentFact(
        is_paid=text_of(details.state) == "1",
        amount_vnd=amount,
        paid_at=_instant(time, "ThongTinThanhToan/ThoiGianThanhToan") if time else None,
    )


def _receipt(record: Receipt, body: bytes) -> InboundNotice:
    needed = {
        "MaHoSo": record.code,
        "HoTenNguoiNopTien": record.payer_name,
        "MaSoThue": record.tax_code,
        "UrlFileChungTu": record.file_path,
    }
    code = _needed(needed)["MaHoSo"]
    payment = _payment(Payment(details=record.details))
    if payment is None:
        raise InvalidInput("the receipt cannot be taken", [Fault("ThongTinThanhToan", "must be stated")])
    return InboundNotice(kind=InboundKind.RECEIPT, national_codes=(code,), payment=payment, body=body)


def _tax_notice(body: bytes) -> InboundNotice:
    record = _data(_decode(body, Envelope), TaxNotice)
    try:
        document = base64.b64decode(_needed({"FileThongBaoThue": record.document})["FileThongBaoThue"], validate=True)
        codes = _dossier_codes(document)
    except (ValueError, LookupError, expat.ExpatError, _HasDoctype):
        fault = Fault("FileThongBaoThue", "must be XML without a document type, in base64")
        raise InvalidInput("the notice cannot be read", [fault]) from None
    if len(codes) > _MAX_CODES or not all(map(_is_code, codes)):
        rule = f"must be at most {_MAX_CODES} dossier codes"
        raise InvalidInput("the notice cannot be read", [Fault("FileThongBaoThue/MA_HSO", rule)])
    if not codes:
        raise InvalidInput("the notice cannot be read", [Fault("FileThongBaoThue/MA_HSO", "must be stated")])
    return InboundNotice(kind=InboundKind.TAX_NOTICE, national_codes=codes, body=body)


class _HasDoctype(Exception):
    """The document declares a type: entities could make of a few bytes as much as they like."""


def _dossier_codes(document: bytes) -> tuple[str, ...]:
    """Give the text of every MA_HSO element, each once, in order."""
    parser = expat.ParserCreate()
    codes: dict[str, None] = {}
    text: list[str] | None = None

    def begin(name: str, _: Mapping[str, str]) -> None:
        nonlocal text
        if name.rpartition(":")[2] == "MA_HSO":
            text = []

    def end(name: str) -> None:
        nonlocal text
        if text is not None and name.rpartition(":")[2] == "MA_HSO":
            codes["".join(text).strip()] = None
            text = None

    def characters(data: str) -> None:
        if text is not None:
            text.append(data)

    def refuse(*_: object) -> None:
        raise _HasDoctype

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(document, True)
    codes.pop("", None)
    return tuple(codes)


def _embedded(record: Promotion) -> list[InboundFile]:
    """Give the files that a promotion notice carries: the form first, then the papers."""
    found: list[tuple[Scalar, Scalar, str]] = []
    if text_of(record.form):
        found.append((record.form_name, record.form, "TepDonDangKy"))
    for place, paper in enumerate(record.papers or ()):
        found.append((paper.name, paper.content, f"TaiLieuNop/{place}/Base64"))
    files = []
    for place, (name, content, field) in enumerate(found):
        try:
            raw = base64.b64decode(text_of(content), validate=True)
        except ValueError:  # Also for what is not ASCII.
            raise InvalidInput("a file cannot be read", [Fault(field, "must be base64")]) from None
        if not raw:
            raise InvalidInput("a file cannot be read", [Fault(field, "must not be empty")])
        files.append(InboundFile(name=_file_name(name, place), content=raw))
    return files


def _file_name(name: Scalar, place: int) -> str:
    return clean_text_of(name)[:500] or f"tep-{place + 1}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
