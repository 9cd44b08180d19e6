"""Arbitrary canonical dossiers, steps and procedures within the limits of the model."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from gateway.model.dossier import (
    AgencyRef,
    Attachment,
    Channel,
    Dossier,
    Fee,
    FeeKind,
    FeePurpose,
    FeeStage,
    OnlinePayment,
    OtherAttachment,
    ProgressStep,
    ResultDelivery,
    ResultDocument,
    Reuse,
    SubmissionPlace,
    Supplement,
)
from gateway.model.party import Identifier, IdentifierType, Party, PartyKind
from gateway.model.procedure import (
    AmountKind,
    DocumentCase,
    ExecutingLevel,
    ExecutionCase,
    FormTemplate,
    Named,
    Procedure,
    ProcedureChannel,
    ProcedureFee,
    RequiredDocument,
    TimeLimit,
    TimeUnit,
)
from gateway.model.status import DossierStatus

# Hypothesis wants bounds without a zone and adds the zone itself.
FIRST, LAST = datetime(1990, 1, 2), datetime(2100, 12, 30)  # noqa: DTZ001
# Whole seconds: the wire has no room for parts of one.
instants = st.datetimes(min_value=FIRST, max_value=LAST, timezones=st.just(UTC)).map(
    lambda instant: instant.replace(microsecond=0)
)
maybe_instants = st.none() | instants
letters = st.text(st.characters(min_codepoint=32, max_codepoint=0x1EF9, exclude_categories=("Cs", "Cc")), max_size=40)
names = letters.filter(lambda text: text.strip() != "")
code_texts = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,20}", fullmatch=True)
maybe_codes = st.none() | code_texts
urls = st.integers(0, 10**6).map(lambda number: f"https://files.province.example/d/{number}")


@st.composite
def attachments(draw: st.DrawFn) -> Attachment:
    reuse = draw(st.sampled_from(Reuse))
    return Attachment(
        attachment_id=draw(letters),
        name=draw(names),
        component_code=draw(maybe_codes),
        url=draw(urls),
        is_deleted=draw(st.booleans()),
        is_digitised=draw(st.booleans()),
        reuse=reuse,
        is_from_national_store=draw(st.booleans()),
        replacing_result_code=draw(code_texts if reuse is Reuse.RESULT else maybe_codes),
    )


fees = st.builds(
    Fee,
    name=names,
    kind=st.sampled_from(FeeKind),
    amount_vnd=st.integers(0, 10**14),
    stage=st.sampled_from(FeeStage),
    purpose=st.sampled_from(FeePurpose),
)
supplements = st.builds(
    Supplement,
    supplement_number=st.integers(1, 10**9),
    requested_by=names,
    content=letters,
    requested_at=instants,
    received_by=letters,
    reception_note=letters,
    received_at=maybe_instants,
    attachments=st.lists(attachments(), max_size=2).map(tuple),
    fees=st.lists(fees, max_size=2).map(tuple),
    previous_due_at=instants,
    new_due_at=maybe_instants,
)
parties = st.builds(
    Party,
    kind=st.sampled_from(PartyKind),
    name=names,
    identifiers=st.lists(
        st.builds(
            Identifier, type=st.sampled_from(IdentifierType), number=st.from_regex(r"999[0-9]{9}", fullmatch=True)
        ),
        max_size=3,
    ).map(tuple),
    technical_id=st.from_regex(r"[0-9A-Za-z._-]{0,20}", fullmatch=True),
    is_verified_by_national_identity=st.booleans(),
    email=st.just("") | st.just("mau@example.vn"),
    phone=st.from_regex(r"[0-9+(). -]{0,12}", fullmatch=True),
    fax=st.from_regex(r"[0-9+(). -]{0,12}", fullmatch=True),
    other_information=letters,
)
agencies = st.builds(AgencyRef, code=st.just("H99.01"), name=names)
dossiers = st.builds(
    Dossier,
    procedure_code=st.just("1.999001"),
    receiving_agency=agencies,
    handling_agency=agencies,
    status=st.sampled_from(DossierStatus),
    channel=st.sampled_from(Channel),
    submission_place=st.sampled_from(SubmissionPlace),
    result_delivery=st.sampled_from(ResultDelivery),
    acceptance_receipt_number=letters,
    applicant=parties,
    summary=names,
    note=letters,
    return_information=letters,
    submitted_at=instants,
    received_at=maybe_instants,
    due_at=maybe_instants,
    refused_at=maybe_instants,
    finished_at=maybe_instants,
    returned_at=maybe_instants,
    online_payment=st.sampled_from(OnlinePayment),
    attachments=st.lists(attachments(), max_size=3).map(tuple),
    other_attachments=st.lists(
        st.builds(OtherAttachment, name=names, copies_count=st.integers(0, 10**6), kind=st.integers(0, 99)),
        max_size=2,
    ).map(tuple),
    fees=st.lists(fees, max_size=3).map(tuple),
    supplements=st.lists(supplements, max_size=2).map(tuple),
    results=st.lists(
        st.builds(
            ResultDocument,
            name=names,
            result_id=letters,
            component_code=maybe_codes,
            result_code=maybe_codes,
            url=urls,
        ),
        max_size=2,
    ).map(tuple),
    consulted_databases=st.lists(code_texts, max_size=3).map(tuple),
)
procedures_of_dossiers = st.builds(
    Procedure,
    code=st.just("1.999001"),
    name=letters,
    is_public=st.just(True),
    sectors=st.lists(st.builds(Named, code=code_texts, name=letters), min_size=1, max_size=2).map(tuple),
)
steps = st.builds(
    ProgressStep,
    officer_name=names,
    officer_title=letters,
    department=letters,
    content=letters,
    status=st.sampled_from(DossierStatus),
    occurred_at=instants,
    started_at=maybe_instants,
    statutory_end_at=maybe_instants,
)

# Catalogue texts are read without outer space and control characters.
words = letters.map(lambda text: text.strip())
maybe_counts = st.none() | st.integers(0, 1000)
named = st.builds(Named, code=code_texts, name=words)
named_lists = st.lists(named, max_size=3, unique=True).map(tuple)


@st.composite
def procedure_fees(draw: st.DrawFn) -> ProcedureFee:
    kind, amount, text = draw(
        st.one_of(
            st.integers(0, 10**12).map(lambda number: (AmountKind.FIXED, number, f"{number:,}".replace(",", "."))),
            st.sampled_from([(AmountKind.NONE, None, "Không"), (AmountKind.TEXT, None, "theo quy định")]),
        )
    )
    return ProcedureFee(
        kind=draw(st.none() | st.sampled_from(FeeKind)),
        amount_kind=kind,
        amount_vnd=amount,
        text=text,
        unit=draw(st.sampled_from(["", "Đồng"])),
        description=draw(words),
        file_name=draw(words),
        url=draw(urls),
    )


@st.composite
def required_documents(draw: st.DrawFn, code: str) -> RequiredDocument:
    forms = draw(st.lists(st.builds(FormTemplate, name=words, url=urls), max_size=3, unique=True))
    return RequiredDocument(
        code=code,
        name=draw(words),
        originals_count=draw(maybe_counts),
        copies_count=draw(maybe_counts),
        forms=tuple(forms),
        replacing_result_code=draw(words),
    )


@st.composite
def document_cases(draw: st.DrawFn) -> DocumentCase:
    codes = draw(st.lists(code_texts, max_size=3, unique=True))
    return DocumentCase(name=draw(words), documents=tuple(draw(required_documents(code)) for code in codes))


time_limits = st.builds(
    TimeLimit,
    amount=st.none() | st.integers(0, 10**6),
    unit=st.sampled_from(TimeUnit),
    description=words,
    fees=st.lists(procedure_fees(), max_size=2, unique=True).map(tuple),
)
procedures = st.builds(
    Procedure,
    code=code_texts,
    name=words,
    portal_id=words,
    is_public=st.booleans(),
    publishing_agency_code=words,
    publication_decision_id=words,
    type_code=words,
    sectors=named_lists,
    executing_levels=st.lists(st.sampled_from(ExecutingLevel), max_size=3, unique=True).map(tuple),
    channels=st.lists(
        st.builds(
            ProcedureChannel,
            channel=st.sampled_from(Channel),
            time_limits=st.lists(time_limits, max_size=2, unique=True).map(tuple),
        ),
        max_size=3,
        unique=True,
    ).map(tuple),
    applicant_kinds=named_lists,
    applicant_description=words,
    document_cases=st.lists(document_cases(), max_size=2, unique=True).map(tuple),
    execution_cases=st.lists(
        st.builds(ExecutionCase, name=words, steps=st.lists(words, max_size=3).map(tuple)), max_size=2, unique=True
    ).map(tuple),
    executing_agencies=named_lists,
    competent_agencies=named_lists,
    related_procedure_codes=st.lists(code_texts, max_size=2, unique=True).map(tuple),
    requirements=words,
    description=words,
    keywords=words,
    reception_address=words,
)
