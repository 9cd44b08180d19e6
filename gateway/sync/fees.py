"""Which fees are owed for a dossier, and when they may be collected: from what the procedure's version states.

The catalogue states a fee for each way of handing in and each time limit of it, either as a sum, as nothing, or in
words that only a person can read. What is to be paid is therefore *stated* by the province, item by item, and checked
here against the catalogue: a fixed amount must be one that the channel knows, words accept any amount and mark it, and
where the catalogue says that nothing is owed, nothing is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gateway.errors import Fault, InvalidInput
from gateway.model.dossier import Channel, FeeKind, FeeStage
from gateway.model.payment import PaymentItem
from gateway.model.procedure import AmountKind, Procedure, ProcedureFee

MAX_AMOUNT_VND = 10**13 - 1
"""What a QR code can carry (payment notes §E.1), far above any fee; land obligations pass 2^31."""
MAX_ITEMS = 50


_NAMES = {FeeKind.CHARGE: "Phí", FeeKind.LEVY: "Lệ phí"}


class FeeCheck(StrEnum):
    """What becomes of fees that do not agree with the catalogue."""

    ENFORCE = "enforce"
    """They are refused."""
    WARN = "warn"
    """They are taken, and the client is told."""


class Exemption(StrEnum):
    """Why somebody does not pay (miễn, giảm): the groups that fee regulations name again and again."""

    CHILD = "child"
    ELDERLY = "elderly"
    DISABLED = "disabled"
    POOR_HOUSEHOLD = "poor_household"
    MERIT = "merit"
    """Persons with merit to the revolution, and their families."""
    ETHNIC_MINORITY = "ethnic_minority"
    """In communes of special difficulty."""
    ONLINE = "online"
    """A province's resolution waives or lowers fees of online dossiers."""
    OTHER = "other"
    """By a decision that the note names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedItem:
    """One charge or levy as the province states it. `amount_vnd` is what is to be paid, after an exemption."""

    name: str
    kind: FeeKind
    amount_vnd: int
    units_count: int = 1
    """How often a price by unit is owed (copies, pages)."""
    stage: FeeStage = FeeStage.RECEPTION
    code: str = ""
    exemption: Exemption | None = field(default=None, repr=False)
    exemption_note: str = field(default="", repr=False)
    full_amount_vnd: int | None = None
    """Before the exemption; told exactly when there is one."""


class Mark(StrEnum):
    """How an item stands to the catalogue."""

    FIXED = "fixed"
    """The catalogue states this very amount."""
    VARIABLE = "variable"
    """The catalogue leaves the amount to words: a person has read them."""
    EXEMPT = "exempt"
    """Lowered or waived, for a reason that was stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What is owed at one stage. No items: nothing is, and no request is made."""

    items: tuple[PaymentItem, ...]
    marks: tuple[Mark, ...]
    """One for each item that was stated, waived ones included, in their order."""

    @property
    def amount_vnd(self) -> int:
        return sum(item.amount_vnd for item in self.items)


def version_by(seen_on: Mapping[int, date], day: date) -> int | None:
    """Give the number of the version that was seen last by the end of a day, else of the first that was seen at all.

    None where no version was ever seen. Days are those of Viet Nam.
    """
    by_then = [number for number, seen in seen_on.items() if seen <= day]
    return max(by_then) if by_then else min(seen_on, default=None)


def stated_fees(procedure: Procedure, channel: Channel) -> tuple[ProcedureFee, ...]:
    """Give the fee lines of a channel, over all its time limits; none where the catalogue does not offer the channel
    or states no fee."""
    return tuple(
        fee
        for offered in procedure.channels
        if offered.channel is channel
        for limit in offered.time_limits
        for fee in limit.fees
    )


def is_free(procedure: Procedure, channel: Channel) -> bool:
    """Tell whether the catalogue says that the channel costs nothing: no line, or none that could cost something."""
    return all(not _may_cost(fee) for fee in stated_fees(procedure, channel))


def proposed(procedure: Procedure, channel: Channel) -> tuple[StatedItem, ...] | None:
    """Give the items of a channel where the catalogue leaves no doubt: one time limit, only sums, each of a known kind.

    Empty: nothing is owed. None: a person must read the catalogue's words, or choose between time limits.
    """
    fees = [fee for fee in stated_fees(procedure, channel) if _may_cost(fee)]
    if not fees:
        return () if any(offered.channel is channel for offered in procedure.channels) else None
    limits_count = sum(len(offered.time_limits) for offered in procedure.channels if offered.channel is channel)
    items = tuple(
        StatedItem(name=fee.description.strip() or _NAMES[fee.kind], kind=fee.kind, amount_vnd=fee.amount_vnd)
        for fee in fees
        if fee.kind is not None and fee.amount_vnd is not None
    )
    return items if limits_count == 1 and len(items) == len(fees) else None


def owed(
    procedure: Procedure,
    channel: Channel,
    items: Sequence[StatedItem],
    *,
    stage: FeeStage,
    total_vnd: int | None = None,
) -> Owed:
    """Check what the province states against the catalogue, and give what is owed at the stage.

    `total_vnd` is the sum that the caller states, if it does. Charges and levies stay apart: each kind gets a receipt
    of its own. Raises InvalidInput with every fault at once; pointers name the items by position.
    """
    fees = stated_fees(procedure, channel)
    faults: list[Fault] = []
    if not any(offered.channel is channel for offered in procedure.channels):
        faults.append(Fault("/channel", "is not a channel of this procedure", channel.value))
    if len(items) > MAX_ITEMS:
        faults.append(Fault("/items", f"must have at most {MAX_ITEMS} entries", str(len(items))))
    for position, item in enumerate(items):
        faults += _faults_of(item, fees, f"/items/{position}", stage)
    payable = tuple(
        PaymentItem(name=item.name, kind=item.kind, amount_vnd=item.amount_vnd, code=item.code)
        for item in items
        if item.amount_vnd != 0
    )
    total = sum(item.amount_vnd for item in payable)
    if total_vnd is not None and total_vnd != total:
        faults.append(Fault("/total_vnd", "must be the sum of the items"))
    if total > MAX_AMOUNT_VND:
        faults.append(Fault("/items", f"must come to at most {MAX_AMOUNT_VND} together"))
    if faults:
        raise InvalidInput("the fees do not agree with the procedure", faults, code="fees_not_owed")
    return Owed(items=payable, marks=tuple(_mark(item, fees) for item in items))


def may_collect(stage: FeeStage, *, is_received: bool, is_supplement_asked: bool, has_result: bool) -> bool:
    """Tell whether a fee of the stage may be collected now.

    Fees of reception are paid with the submission or after it, until the result is there; those of a supplement once it
    was asked for; those of the return when there is something to hand over (thu trước, thu sau; payment notes §A.11).
    """
    match stage:
        case FeeStage.RECEPTION:
            return not has_result
        case FeeStage.SUPPLEMENT:
            return is_received and is_supplement_asked and not has_result
        case FeeStage.RETURN:
            return is_received and has_result


def _faults_of(item: StatedItem, fees: Iterable[ProcedureFee], at: str, stage: FeeStage) -> list[Fault]:
    full = _full_amount(item)
    is_exempt = item.exemption is not None
    lacks_note = item.exemption is Exemption.OTHER and not item.exemption_note.strip()
    fits = [fee for fee in fees if fee.kind in (item.kind, None) and _may_cost(fee)]
    is_variable = any(fee.amount_kind is AmountKind.TEXT for fee in fits)
    is_known = is_variable or any(_price(fee, item) == full for fee in fits)
    rules = (
        (f"{at}/name", "must not be empty", not item.name.strip()),
        (f"{at}/units_count", "must be at least 1", item.units_count < 1),
        (f"{at}/stage", f"must be {stage.value}: a request is for one stage", item.stage is not stage),
        (f"{at}/amount_vnd", "must be a whole number of đồng, not below 0", not 0 <= item.amount_vnd <= MAX_AMOUNT_VND),
        (f"{at}/exemption", "must be stated for an item of 0 đồng", item.amount_vnd == 0 and not is_exempt),
        (f"{at}/exemption_note", "must name the decision", lacks_note),
        (
            f"{at}/full_amount_vnd",
            "must be told with an exemption, above the amount, and only then",
            (item.full_amount_vnd is not None) != is_exempt or (is_exempt and full <= item.amount_vnd),
        ),
        (f"{at}/kind", "is not owed for this channel: the catalogue says that it is free", not fits),
        (f"{at}/amount_vnd", "must be an amount that the catalogue states", bool(fits) and not is_known),
    )
    return [Fault(field, rule) for field, rule, is_broken in rules if is_broken]


def _mark(item: StatedItem, fees: Iterable[ProcedureFee]) -> Mark:
    if item.exemption is not None:
        return Mark.EXEMPT
    is_fixed = any(fee.kind in (item.kind, None) and _price(fee, item) == item.amount_vnd for fee in fees)
    return Mark.FIXED if is_fixed else Mark.VARIABLE


def _full_amount(item: StatedItem) -> int:
    return item.amount_vnd if item.full_amount_vnd is None else item.full_amount_vnd


def _price(fee: ProcedureFee, item: StatedItem) -> int | None:
    return None if fee.amount_vnd is None else fee.amount_vnd * item.units_count


def _may_cost(fee: ProcedureFee) -> bool:
    match fee.amount_kind:
        case AmountKind.FIXED:
            return bool(fee.amount_vnd)
        case AmountKind.TEXT:
            return True
        case AmountKind.NONE:
            return False
