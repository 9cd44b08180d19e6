"""Which fees are owed by the catalogue, and when they may be collected."""

from datetime import date, timedelta
from typing import Any

import pytest

from gateway.errors import InvalidInput
from gateway.model.dossier import Channel, FeeKind, FeeStage
from gateway.model.payment import PaymentItem
from gateway.model.procedure import AmountKind, Procedure, ProcedureChannel, ProcedureFee, TimeLimit, TimeUnit
from gateway.sync.fees import Exemption, Mark, StatedItem, is_free, may_collect, owed, proposed, stated_fees, version_by


def fixed(amount_vnd: int, kind: FeeKind | None = FeeKind.CHARGE, description: str = "") -> ProcedureFee:
    return ProcedureFee(
        kind=kind, amount_kind=AmountKind.FIXED, amount_vnd=amount_vnd, text=str(amount_vnd), description=description
    )


WORDS = ProcedureFee(kind=FeeKind.LEVY, amount_kind=AmountKind.TEXT, text="Theo quy định của HĐND tỉnh")
FREE = ProcedureFee(kind=FeeKind.LEVY, amount_kind=AmountKind.NONE, text="Không")


def procedure(*limits: tuple[ProcedureFee, ...], channel: Channel = Channel.ONLINE) -> Procedure:
    return Procedure(
        code="1.000001",
        name="Thủ tục mô phỏng",
        is_public=True,
        channels=(
            ProcedureChannel(
                channel=channel,
                time_limits=tuple(
                    TimeLimit(amount=5 + n, unit=TimeUnit.WORKING_DAY, fees=fees) for n, fees in enumerate(limits)
                ),
            ),
            ProcedureChannel(
                channel=Channel.IN_PERSON,
                time_limits=(TimeLimit(amount=5, unit=TimeUnit.WORKING_DAY, fees=(fixed(999_000),)),),
            ),
        ),
    )


CHARGE = StatedItem(name="Phí thẩm định", kind=FeeKind.CHARGE, amount_vnd=100_000, code="P01")
LEVY = StatedItem(name="Lệ phí", kind=FeeKind.LEVY, amount_vnd=50_000)


def changed(item: StatedItem, **changes: Any) -> StatedItem:
    values = {name: getattr(item, name) for name in StatedItem.__slots__}
    return StatedItem(**{**values, **changes})


def faults(of: Procedure, *items: StatedItem, **more: Any) -> set[str]:
    values: dict[str, Any] = {"stage": FeeStage.RECEPTION, **more}
    with pytest.raises(InvalidInput) as caught:
        owed(of, values.pop("channel", Channel.ONLINE), items, **values)
    return {fault.field for fault in caught.value.faults}


def test_fees_are_those_of_the_channel() -> None:
    """Over all its time limits; another channel's are not owed."""
    of = procedure((fixed(100_000),), (fixed(200_000), WORDS))
    assert (fixed(100_000), fixed(200_000), WORDS) == stated_fees(of, Channel.ONLINE)
    assert () == stated_fees(of, Channel.POSTAL)
    assert {"/items/0/amount_vnd"} == faults(of, changed(CHARGE, amount_vnd=999_000))


def test_fixed_amounts_are_equal_and_kinds_kept() -> None:
    """Charge and levy stay apart, with their codes; each is one of the sums that the channel knows."""
    of = procedure((fixed(100_000), fixed(50_000, FeeKind.LEVY)))
    result = owed(of, Channel.ONLINE, (CHARGE, LEVY), stage=FeeStage.RECEPTION, total_vnd=150_000)
    assert (
        PaymentItem(name="Phí thẩm định", kind=FeeKind.CHARGE, amount_vnd=100_000, code="P01"),
        PaymentItem(name="Lệ phí", kind=FeeKind.LEVY, amount_vnd=50_000),
    ) == result.items
    assert (150_000, (Mark.FIXED, Mark.FIXED)) == (result.amount_vnd, result.marks)
    assert {"/items/0/amount_vnd"} == faults(of, changed(CHARGE, amount_vnd=100_001))
    assert {"/items/0/amount_vnd"} == faults(of, changed(CHARGE, amount_vnd=50_000))
    assert {"/total_vnd"} == faults(of, CHARGE, LEVY, total_vnd=150_001)


def test_a_line_of_unknown_kind_serves_both() -> None:
    """The catalogue does not always say which it is."""
    of = procedure((fixed(100_000, None),))
    for kind in FeeKind:
        assert 100_000 == owed(of, Channel.ONLINE, [changed(CHARGE, kind=kind)], stage=FeeStage.RECEPTION).amount_vnd


def test_words_accept_any_amount_and_mark_it() -> None:
    """A person has read them; amounts beyond 32 bits are real (land obligations)."""
    result = owed(procedure((WORDS,)), Channel.ONLINE, [changed(LEVY, amount_vnd=3 * 10**9)], stage=FeeStage.RECEPTION)
    assert (3 * 10**9, (Mark.VARIABLE,)) == (result.amount_vnd, result.marks)


def test_a_price_by_unit_is_multiplied() -> None:
    """So many copies at so much each."""
    item = changed(CHARGE, amount_vnd=6_000, units_count=3)
    result = owed(procedure((fixed(2_000),)), Channel.ONLINE, [item], stage=FeeStage.RECEPTION)
    assert (6_000, (Mark.FIXED,)) == (result.amount_vnd, result.marks)
    assert {"/items/0/amount_vnd"} == faults(procedure((fixed(2_000),)), changed(item, units_count=2))


@pytest.mark.parametrize("fees", [(), (FREE,), (fixed(0),)])
def test_where_nothing_is_owed_nothing_is(fees: tuple[ProcedureFee, ...]) -> None:
    """No line, or lines that cost nothing."""
    of = procedure(fees)
    assert is_free(of, Channel.ONLINE)
    assert 0 == owed(of, Channel.ONLINE, (), stage=FeeStage.RECEPTION).amount_vnd
    assert {"/items/0/kind"} == faults(of, CHARGE)
    assert not is_free(of, Channel.IN_PERSON)


def test_exemptions_are_stated_with_what_they_were_taken_from() -> None:
    """Lowered or waived; a waived item is no item to pay."""
    of = procedure((fixed(100_000), fixed(50_000, FeeKind.LEVY)))
    lowered = changed(CHARGE, amount_vnd=50_000, full_amount_vnd=100_000, exemption=Exemption.ONLINE)
    waived = changed(LEVY, amount_vnd=0, full_amount_vnd=50_000, exemption=Exemption.POOR_HOUSEHOLD)
    result = owed(of, Channel.ONLINE, (lowered, waived), stage=FeeStage.RECEPTION)
    assert (50_000, 1, (Mark.EXEMPT, Mark.EXEMPT)) == (result.amount_vnd, len(result.items), result.marks)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"amount_vnd": -1}, "amount_vnd"),
        ({"amount_vnd": 10**13}, "amount_vnd"),
        ({"units_count": 0}, "units_count"),
        ({"stage": FeeStage.RETURN}, "stage"),
        ({"amount_vnd": 0}, "exemption"),
        ({"full_amount_vnd": 100_000}, "full_amount_vnd"),
        ({"exemption": Exemption.CHILD}, "full_amount_vnd"),
        ({"exemption": Exemption.CHILD, "full_amount_vnd": 100_000}, "full_amount_vnd"),
        ({"exemption": Exemption.OTHER, "full_amount_vnd": 200_000}, "exemption_note"),
        ({"exemption": Exemption.CHILD, "amount_vnd": 1, "full_amount_vnd": 99_999}, "amount_vnd"),
    ],
)
def test_items_that_cannot_be_owed(changes: dict[str, Any], field: str) -> None:
    """Each fault names its item and field."""
    assert f"/items/0/{field}" in faults(procedure((fixed(100_000),)), changed(CHARGE, **changes))


def test_channels_lists_and_sums_have_bounds() -> None:
    """What the procedure does not offer, too many items, and more than any payment can carry."""
    of = procedure((WORDS,))
    assert "/channel" in faults(of, channel=Channel.POSTAL)
    assert {"/items"} == faults(of, *[LEVY] * 51)
    assert {"/items"} == faults(of, *[changed(LEVY, amount_vnd=10**13 - 1)] * 2)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (procedure((fixed(100_000, description="Phí thẩm định"),)), [("Phí thẩm định", FeeKind.CHARGE, 100_000)]),
        (
            procedure((fixed(5), fixed(7, FeeKind.LEVY), FREE)),
            [("Phí", FeeKind.CHARGE, 5), ("Lệ phí", FeeKind.LEVY, 7)],
        ),
        (procedure((FREE,)), []),
        (procedure((fixed(5),), (fixed(7),)), None),
        (procedure((fixed(5), WORDS)), None),
        (procedure((fixed(5, None),)), None),
        (procedure((fixed(5),), channel=Channel.POSTAL), None),
    ],
)
def test_what_the_catalogue_leaves_no_doubt_about_is_proposed(
    of: Procedure, expected: list[tuple[str, FeeKind, int]] | None
) -> None:
    """Nothing is guessed from words, nor between time limits."""
    items = proposed(of, Channel.ONLINE)
    assert expected == (None if items is None else [(item.name, item.kind, item.amount_vnd) for item in items])


@pytest.mark.parametrize(
    ("stage", "when"),
    [
        (FeeStage.RECEPTION, {(False, False, False), (True, False, False), (True, True, False), (False, True, False)}),
        (FeeStage.SUPPLEMENT, {(True, True, False)}),
        (FeeStage.RETURN, {(True, False, True), (True, True, True)}),
    ],
)
def test_what_may_be_collected_when(stage: FeeStage, when: set[tuple[bool, bool, bool]]) -> None:
    """Reception before the result, supplements once asked for, the return with a result."""
    for received in (False, True):
        for asked in (False, True):
            for result in (False, True):
                may = may_collect(stage, is_received=received, is_supplement_asked=asked, has_result=result)
                assert ((received, asked, result) in when) is may


_DAY = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("days", "number"),
    [({}, None), ({1: -1, 2: 1}, 1), ({1: -2, 2: -1}, 2), ({1: 0}, 1), ({3: 1, 4: 2}, 3)],
    ids=["never seen", "before", "last before", "on the day", "first after"],
)
def test_the_version_that_counts(days: dict[int, int], number: int | None) -> None:
    """The last that was seen by the end of the day, else the first of all."""
    assert number == version_by({version: _DAY + timedelta(days=far) for version, far in days.items()}, _DAY)


def test_reasons_stay_out_of_sight() -> None:
    """Why somebody is exempt is in no text that Python shows."""
    item = changed(LEVY, exemption=Exemption.DISABLED, exemption_note="QD-77", full_amount_vnd=60_000)
    assert "disabled" not in repr(item).lower()
    assert "QD-77" not in repr(item)
