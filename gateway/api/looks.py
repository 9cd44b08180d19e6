"""Which endpoints show personal data, and the one way in which that is written down.

Every operation of the API stands in exactly one of two tables; a test refuses one that stands in none. A line is stored
before anything of what it is about is handed out; where it cannot be, nothing is.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from gateway.api.endpoint import Call
from gateway.engine.acceptor import revision_context
from gateway.engine.parties import applicant_digest
from gateway.engine.proofs import number_digest
from gateway.errors import GatewayError
from gateway.model.audit import Access, AuditAction, Outcome
from gateway.model.dossier import Dossier
from gateway.ports.audit import AskedLook, Audit
from gateway.store.dossiers import SealedDossier, find_dossier

ResultT = TypeVar("ResultT")
_MAX_FIELDS = 200
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")
_dossiers = msgspec.json.Decoder(Dossier)

FILE_LINK = "file-link"
"""Stands for the client where a signed link is all that the caller shows."""

SHOWS: Mapping[str, tuple[AuditAction, ...]] = {
    "getDossier": (AuditAction.DOSSIER_READ,),
    "getApplicationMessage": (AuditAction.MESSAGE_READ,),
    "getApplicationFile": (AuditAction.FILE_READ,),
    "getFile": (AuditAction.FILE_SERVED,),
    "getFinding": (AuditAction.FINDING_READ,),
    "getQuestion": (AuditAction.QUESTION_READ,),
    "findTechnicalId": (AuditAction.TECHNICAL_ID_FIND,),
    "findResults": (AuditAction.RESULT_FIND,),
    "downloadResult": (AuditAction.RESULT_READ,),
    "redeemCode": (AuditAction.SIGN_IN_ASSERT,),
    "collectConsentData": (AuditAction.CONSENT_COLLECT,),
    "verifyCitizen": (AuditAction.CITIZEN_VERIFY,),
    "lookUpCitizen": (AuditAction.CITIZEN_LOOKUP, AuditAction.CITIZEN_CACHE_READ),
    "prefillApplicant": (AuditAction.CITIZEN_PREFILL, AuditAction.CITIZEN_CACHE_READ),
    "openPaymentAttempt": (AuditAction.PAYMENT_OPENED,),
    "settleHeldSum": (AuditAction.PAYMENT_DECIDED,),
    "askForRefund": (AuditAction.PAYMENT_DECIDED,),
    "approveRefund": (AuditAction.PAYMENT_DECIDED,),
    "declineRefund": (AuditAction.PAYMENT_DECIDED,),
    "resolveRefund": (AuditAction.PAYMENT_DECIDED,),
    "getRefundAccount": (AuditAction.PAYMENT_ACCOUNT_READ,),
    "getReceiptPdf": (AuditAction.RECEIPT_READ,),
    "getReceiptDocument": (AuditAction.RECEIPT_READ,),
    "cancelReceipt": (AuditAction.PAYMENT_DECIDED,),
    "getPaymentBill": (AuditAction.PAYMENT_BILL_READ,),
    "recordVoucher": (AuditAction.PAYMENT_DECIDED,),
    "acceptVoucher": (AuditAction.PAYMENT_DECIDED,),
    "declineVoucher": (AuditAction.PAYMENT_DECIDED,),
    "getVoucherEvidence": (AuditAction.PAYMENT_EVIDENCE_READ,),
    "resolveAttempt": (AuditAction.PAYMENT_DECIDED,),
    "closePaymentCase": (AuditAction.PAYMENT_DECIDED,),
    "importSettlement": (AuditAction.PAYMENT_DECIDED,),
    "compareSettlement": (AuditAction.PAYMENT_DECIDED,),
    "explainFinding": (AuditAction.PAYMENT_DECIDED,),
    "closeSettlement": (AuditAction.PAYMENT_DECIDED,),
    "listAuditLines": (AuditAction.AUDIT_READ,),
    "listOwnAccesses": (AuditAction.AUDIT_READ,),
}
"""Operations that show personal data, and the actions under which they write it down."""

_SHOWS_NONE = {
    "what the client itself sent, or its receipt": (
        "putDossier postProgress importDossiers putAnswer putLocalQuestion putRatings putStatistics putLocalAccount "
        "putPetition putDossierRating"
    ),
    "numbers and publications; of dossiers codes and classes at most": (
        "listDefinitions listTargets listTargetResults getCalendar listIndicators getDataQuality getDrilldown "
        "explainIndicator listSnapshots getSnapshot getManifest getSnapshotJson getSnapshotLines getSnapshotCsv "
        "listReceivers listReceiptsOfSnapshot "
        "listRestatements listOwedRestatements approveRestatement listMonitoringKeys getRegister putRegister "
        "putTargets compareCounts getIndexScore listMilestones getIndicatorMetrics"
    ),
    "codes, states and instants of dossiers; names of fields at most": (
        "listDossiers getTimeline listDeliveries listApplications listApplicationMessages listFindings "
        "dismissFinding listQuestions listStatements retryStatement retryDeliveries skipDeliveries "
        "replayDossiers listEvents takeNationalCall0"
    ),
    "what is owed and what came of it; who pays is not shown": (
        "createPayment listPayments getPayment getPaymentHistory cancelPayment listPaymentProviders listHeldSums "
        "getPaymentQr importAccountStatement listReceipts verifyReceipt listVouchers listRefunds listPaymentCases "
        "listSettlements getSettlement getSettlementReport"
    ),
    "lists that are about nobody": (
        "listProcedures getProcedure listProcedureVersions listProcedureChanges getObligations getProcedureFees "
        "listOnlineServices synchroniseProcedures getSynchronisation listCatalogues getCatalogue "
        "refreshCatalogue resolveAdministrativeUnit resolveAgency getMappings getMissingMappings"
    ),
    "how the gateway and its systems are doing; drift is told by classes of values": (
        "getStanding pauseSystem resumeSystem listOutages announceOutage removeOutage listDrift "
        "acknowledgeDrift getHealth getReadiness getMetrics beginReconciliation listReconciliations "
        "getReconciliation cancelReconciliation createSubscription listSubscriptions getSubscription "
        "deleteSubscription"
    ),
    "pages and documents that are the same for everybody": (
        "getOpenapiJson getDocs getDocsDocsJs getDocsDocsCss getIdentityKeys listIdentityProviders"
    ),
    "how a sign-in, a link or a consent stands; nothing of the person": (
        "beginLogin introspectSignIn requireSignIn logOut listLinks addLink endLink releaseLink "
        "askForConsent lookAtConsent"
    ),
    "steps of the citizen's own browser": (
        "startLogin identityCallback identityFormCallback identityLoggedOut identityLogoutPage "
        "identityLeaveVneid consentReturn consentReturnByPath returnFromPayment returnFromPaymentByForm"
    ),
    "takes what another system sends, and answers that it was taken": (
        "takeNationalCall1 takeNationalCall2 takeNationalCall3 identityBackchannelLogout consentWebhook "
        "takePaymentNotification takePaymentNotificationByAddress lookUpPayment"
    ),
}
SHOWS_NONE: Mapping[str, str] = {name: why for why, names in _SHOWS_NONE.items() for name in names.split()}
"""Operations that show none, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is shown to whom, as far as the endpoint knows. `client_id` only where no registered client calls."""

    action: AuditAction
    fields: tuple[str, ...]
    purpose: str
    agency_code: str = ""
    procedure_code: str = ""
    dossier_code: str = ""
    officer: str = ""
    legal_basis: str = ""
    consent_ref: str = ""
    edge: str = ""
    client_id: str = ""


def field_names(names: Iterable[str]) -> tuple[str, ...]:
    """Give names of fields as a line takes them: other characters become "_", and so many of them at most."""
    made = []
    for name in names:
        plain = _NOT_IN_NAMES.sub("_", name)[:79]
        made.append(plain if plain[:1].isalpha() else f"x{plain}"[:80])
    return tuple(dict.fromkeys(made))[:_MAX_FIELDS]


async def note_look(
    call: Call,
    shown: Shown,
    *,
    outcome: str = "read",
    numbers: Iterable[str] = (),
    digests: Iterable[bytes] = (),
) -> None:
    """Write down that something is about to be shown: one line for each person, or one about nobody in particular.

    Raises StoreUnavailable or AuditBroken: then it must not be shown.
    """
    told = Outcome(outcome=outcome, fields_released=shown.fields)
    auditor = call.services.auditor
    await asyncio.gather(*(auditor.note(one, told) for one in _accesses(call, shown, numbers, digests)))


async def asked_look(
    call: Call,
    shown: Shown,
    ask: Callable[[], Awaitable[ResultT]],
    *,
    outcome_of: Callable[[ResultT], str],
    number: str = "",
    digest: bytes | None = None,
) -> ResultT:
    """Ask another system between two lines, and give what it answers. It is about the person of the number or digest.

    Whatever happens to the question is written down. Raises what `ask` raises, StoreUnavailable and AuditBroken.
    """
    [access] = _accesses(call, shown, [number], [] if digest is None else [digest])
    auditor = call.services.auditor
    look = await auditor.ask(access)
    try:
        answer = await ask()
    except BaseException as error:
        code = error.code if isinstance(error, GatewayError) else "internal"
        code = "cancelled" if isinstance(error, asyncio.CancelledError) else code
        await asyncio.shield(_note_failure(auditor, look, code))
        raise
    outcome = outcome_of(answer)
    released = shown.fields if outcome != "not_found" else ()
    await auditor.answer(look, Outcome(outcome=outcome, fields_released=released))
    return answer


async def _note_failure(auditor: Audit, look: AskedLook, code: str) -> None:
    await auditor.answer(look, Outcome(outcome="unavailable", upstream_code=code))


def _accesses(call: Call, shown: Shown, numbers: Iterable[str], digests: Iterable[bytes]) -> list[Access]:
    key_ring = call.services.key_ring
    subjects: dict[bytes | None, None] = dict.fromkeys(digests)
    subjects |= dict.fromkeys(number_digest(key_ring, number) for number in numbers if number)
    return [
        Access(
            action=shown.action,
            client_id=shown.client_id or call.caller.client_id,
            officer=shown.officer,
            agency_code=shown.agency_code,
            procedure_code=shown.procedure_code,
            dossier_code=shown.dossier_code,
            purpose=shown.purpose,
            legal_basis=shown.legal_basis,
            consent_ref=shown.consent_ref,
            subject_digest=subject,
            fields_requested=shown.fields,
            edge=shown.edge,
            client_address=call.request.remote or "",
        )
        for subject in subjects or {None: None}
    ]


def open_dossier(call: Call, found: SealedDossier) -> Dossier:
    """Open a dossier's document. Raises IntegrityFailed."""
    key = call.services.key_ring.open_record_key(found.wrapped_key)
    return _dossiers.decode(
        key.unseal(found.sealed, context=revision_context(found.dossier_id, found.document_revision))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whose dossier it is, for a line: nothing is known of one that is not here, or was erased."""

    agency_code: str = ""
    procedure_code: str = ""
    digests: tuple[bytes, ...] = ()


async def about_dossier(call: Call, code: str) -> About:
    """Tell what a line says of a dossier. Raises StoreUnavailable or IntegrityFailed."""
    found = await find_dossier(call.services.pool, code)
    if found is None:
        return About()
    if not found.wrapped_key:
        return About(agency_code=found.handling_agency_code)
    dossier = open_dossier(call, found)
    digest = applicant_digest(call.services.key_ring, dossier)
    return About(
        agency_code=found.handling_agency_code,
        procedure_code=dossier.procedure_code,
        digests=() if digest is None else (digest,),
    )
