"""Settings of online payment."""

from typing import Annotated, Any, Literal

from pydantic import Field, IPvAnyNetwork

from gateway.sections import Section

BulkMark = Annotated[str, Field(pattern=r"^[!-~]{4,40}$")]
"""A word of a statement's text, without blanks."""


class PaymentAccountSettings(Section):
    """An account that receives fees, and for whom: an agency, a procedure; "" for all."""

    agency_code: Annotated[str, Field(max_length=35)] = ""
    procedure_code: Annotated[str, Field(max_length=50)] = ""
    account_number: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{4,30}$")]
    account_name: Annotated[str, Field(min_length=1, max_length=250)]
    bank_code: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{2,20}$")]
    """As the provider names banks (MaNHThuHuong)."""
    bank_bin: Annotated[str, Field(pattern=r"^([0-9]{6})?$")] = ""
    unit_code: Annotated[str, Field(pattern=r"^[0-9A-Z.]{0,20}$")] = ""
    """The collecting unit as providers know it (MaDonVi, as 000.00.25.H01); "" for the agency's own code."""
    unit_name: Annotated[str, Field(max_length=250)] = ""
    treasury: Annotated[str, Field(max_length=250)] = ""
    budget_account: Annotated[str, Field(max_length=30)] = ""


class PaymentReceiptSettings(Section):
    """A series of statutory receipts: whose, for which kind of fee, and what it shows of the collector."""

    agency_code: Annotated[str, Field(max_length=35)] = ""
    """The collecting agency; "" for all that have no series of their own."""
    kind: Literal["charge", "levy"]
    unit_code: Annotated[str, Field(min_length=1, max_length=35)]
    form_symbol: Annotated[str, Field(max_length=20)]
    """Ký hiệu mẫu."""
    receipt_symbol: Annotated[str, Field(max_length=12)]
    """Ký hiệu biên lai, which ends with the last two digits of its year."""
    year: Annotated[int, Field(ge=2026, le=2099)]
    supplier: Annotated[str, Field(pattern=r"^([a-z][a-z0-9-]{1,30})?$")] = ""
    """Name of the receipt supplier that numbers and signs them; "": numbers are given here, without a signature."""
    collector_name: Annotated[str, Field(min_length=1, max_length=500)]
    collector_tax_code: Annotated[str, Field(pattern=r"^([0-9]{10}(-?[0-9]{3})?|[0-9]{12})?$")] = ""
    collector_address: Annotated[str, Field(max_length=500)] = ""


class StatementFormSettings(Section):
    """How account statements look: names of columns, forms of moments and amounts. Other columns are passed over."""

    moment: str
    text: str
    bank_reference: str
    amount: str = ""
    """A signed column; or `credit` and `debit` without signs."""
    credit: str = ""
    debit: str = ""
    account: str = ""
    """"" where every line is of `account_number`."""
    account_number: str = ""
    moment_form: Literal["yyyyMMddHHmmss", "yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "dd/MM/yyyy", "dd/MM/yyyy HH:mm:ss"] = (
        "dd/MM/yyyy HH:mm:ss"
    )
    thousands: Literal["", ".", ","] = ""
    delimiter: Literal[",", ";", "\t"] = ","


class PaymentClientSettings(Section):
    """A client that leads payers, and where their browsers may be sent back to; whole addresses, compared exactly."""

    client_id: str
    returns: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]


class DailyFilesSettings(Section):
    """When providers' daily files are asked for, and how rows are read. No source shows it (payment notes U18)."""

    available_hour: Annotated[int, Field(ge=0, le=23)] = 8
    """Hour in Viet Nam from which on the file of the day before is asked for."""
    missed_hour: Annotated[int, Field(ge=0, le=23)] = 12
    """Hour from which on a person is told of one that is not there."""
    days_back: Annotated[int, Field(ge=1, le=366)] = 10
    """How long a file is asked for; an older one is brought by hand."""
    states: Annotated[dict[str, Literal["done", "pending", "failed"]], Field(min_length=1, max_length=50)] = {
        "1": "done",
        "2": "pending",
        "3": "pending",
        "4": "failed",
    }
    """TrangThaiGD; what 2 means is not known (U5). A state that is not listed refuses the file."""


class PaymentsSettings(Section):
    """Online payment. Providers are read by the payment adapters' own settings models; they tell of payments at
    {public_base_url}/callbacks/payments/{name}, and browsers come back at …/return."""

    public_base_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+$")]
    """This gateway as providers and browsers reach it."""
    providers: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=10, repr=False, exclude=True)]
    accounts: Annotated[tuple[PaymentAccountSettings, ...], Field(min_length=1, max_length=5000)]
    clients: Annotated[tuple[PaymentClientSettings, ...], Field(max_length=100)] = ()
    receipts: Annotated[tuple[PaymentReceiptSettings, ...], Field(max_length=5000)] = ()
    """Series of statutory receipts; without any, none are issued."""
    receipt_suppliers: Annotated[tuple[dict[str, Any], ...], Field(max_length=100, repr=False, exclude=True)] = ()
    """Suppliers of electronic receipts, read by the payment adapters' own settings models; series name theirs."""
    page_minutes: Annotated[float, Field(ge=1, le=60)] = 15.0
    """How long a payment page lives, where the provider does not say (payment notes §14 U16)."""
    callback_networks: dict[str, Annotated[tuple[IPvAnyNetwork, ...], Field(max_length=100)]] = {}
    """From where each provider, by its name, tells of payments; without any, from everywhere (§14 U28)."""
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], Field(max_length=100)] = ()
    """Networks of the proxies in front of the gateway: whose X-Forwarded-For is believed, and nobody else's."""
    fee_check: Literal["enforce", "warn"] = "warn"
    """Fees that do not agree with the procedure catalogue are refused, or taken and told to the client."""
    accepts_late: bool = True
    """Money that comes after an attempt failed or expired pays by itself while nothing else has."""
    lookups_per_minute: Annotated[int, Field(ge=1, le=60_000)] = 600
    """How often national portals may look up what is due, in each process (payment notes §A.8)."""
    statement: StatementFormSettings | None = None
    """The form of account statements, by which transfers are found; None: none are read."""
    transfer_days: Annotated[int, Field(ge=1, le=366)] = 3
    """How long after its code was opened a transfer is taken without a person's look."""
    statement_delay_days: Annotated[int, Field(ge=0, le=366)] = 7
    """How long after that a statement may come before a person is told that no transfer did."""
    settled_providers: dict[str, Annotated[tuple[BulkMark, ...], Field(max_length=20)]] = {}
    """Providers whose money is looked for in account statements, by their names, each with the words by which banks
    print a transfer of many payments at once; the partner code is always one of them."""
    settled_working_days: Annotated[int, Field(ge=1, le=20)] = 2
    """How many working days after its day a file's money is due there (payment notes §10.3 assume T+2)."""
    daily_files: DailyFilesSettings = DailyFilesSettings()
