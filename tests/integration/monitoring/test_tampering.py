"""Each way to tamper with what was published is found, under its own name and at its own snapshot."""

import pytest
from joserfc.jwk import ECKey, OKPKey

from adapters.monitoring.sandbox import FindingKind
from tests.integration.monitoring.monitoring_helpers import found, stage
from tests.integration.monitoring.spoiling import (
    AT_QUARTER,
    QUARTER,
    V1,
    V2,
    V3,
    V4,
    WEEK,
    Spoil,
    added,
    at_quarter,
    change_after_signing,
    change_log,
    changed,
    count_rows_wrong,
    drop_row,
    explain_more,
    explain_twice,
    forget_change,
    fork,
    go_back_in_time,
    in_file,
    in_head,
    leave_out_lines,
    lie_about_position,
    lie_in_the_list,
    relink,
    remove_one,
    restate_without_reason,
    rewrite,
    sign_by_a_namesake,
    sign_by_a_stranger,
    signature_of,
    signed,
    skip_version,
    status_after_final,
    supersede_twice,
    swap_columns,
    swap_signature,
)
from tests.support.monitoring_documents import head, number, target
from tests.support.monitoring_province import Province
from tests.support.monitoring_story import honest_province

CASES: list[tuple[str, Spoil, FindingKind, str]] = [
    ("another position is signed", lie_about_position, FindingKind.CHAIN_BROKEN, V4),
    ("another head is listed", lie_in_the_list, FindingKind.CONTRACT_BROKEN, V4),
    ("another head in json", in_head("data.json"), FindingKind.CONTRACT_BROKEN, V4),
    ("another head in lines", in_head("data.jsonl"), FindingKind.ROWS_DIFFER, V4),
    ("a form is missing", leave_out_lines, FindingKind.CONTRACT_BROKEN, V4),
    ("columns in another order", swap_columns, FindingKind.CONTRACT_BROKEN, V4),
    ("superseded twice", supersede_twice, FindingKind.VERSION_ORDER_WRONG, V4),
    ("of an earlier time", go_back_in_time, FindingKind.VERSION_ORDER_WRONG, V4),
    ("what is not published is explained", explain_more(indicator="G1"), FindingKind.RESTATEMENT_WRONG, V4),
    ("explained from another", explain_more(from_snapshot=V2, from_version=2), FindingKind.RESTATEMENT_WRONG, V4),
    ("a figure is changed in a file", in_file("data.json", b"8,", b"9,"), FindingKind.DIGEST_DIFFERS, V4),
    ("csv is another file", in_file("data.csv", b"agency", b"agencY"), FindingKind.DIGEST_DIFFERS, V4),
    ("csv differs", in_file("data.csv", b",8,14,", b",9,14,", is_restated=True), FindingKind.ROWS_DIFFER, V4),
    ("lines differ", in_file("data.jsonl", b"T-02", b"T-03", is_restated=True), FindingKind.ROWS_DIFFER, V4),
    ("csv lacks a row", drop_row("data.csv"), FindingKind.ROWS_DIFFER, V4),
    ("lines lack a row", drop_row("data.jsonl"), FindingKind.ROWS_DIFFER, V4),
    ("rows are counted wrong", count_rows_wrong, FindingKind.ROWS_DIFFER, V4),
    ("another signature", swap_signature, FindingKind.SIGNATURE_FAILED, V4),
    ("an unknown key", sign_by_a_stranger, FindingKind.SIGNATURE_FAILED, V4),
    ("another key of the same name", sign_by_a_namesake, FindingKind.SIGNATURE_FAILED, V4),
    ("no algorithm", signed(signature_of({"alg": "none", "kid": "k1"})), FindingKind.SIGNATURE_FAILED, V4),
    ("a shared secret", signed(signature_of({"alg": "HS256", "kid": "k1"}, b"x")), FindingKind.SIGNATURE_FAILED, V4),
    ("not detached", signed("e30.e30.e30"), FindingKind.SIGNATURE_FAILED, V4),
    ("changed after signing", change_after_signing, FindingKind.SIGNATURE_FAILED, V4),
    ("a publication is removed", remove_one, FindingKind.CHAIN_BROKEN, V3),
    ("two at one position", fork, FindingKind.CHAIN_BROKEN, "H99-2026W35-v1"),
    ("a manifest follows another", relink, FindingKind.CHAIN_BROKEN, V4),
    ("cut instead of rounded", at_quarter(changed(5, percent="66.66")), FindingKind.PERCENT_WRONG, QUARTER),
    ("without decimals", at_quarter(changed(6, percent="50")), FindingKind.PERCENT_WRONG, QUARTER),
    ("a share of nothing", at_quarter(changed(12, percent="0.00")), FindingKind.PERCENT_WRONG, QUARTER),
    ("days as a percentage", at_quarter(changed(14, percent="450.00")), FindingKind.PERCENT_WRONG, QUARTER),
    ("nothing without a reason", at_quarter(changed(12, null_reason=None)), FindingKind.NULL_REASON_WRONG, QUARTER),
    ("a reason for a value", at_quarter(changed(0, null_reason="few")), FindingKind.NULL_REASON_WRONG, QUARTER),
    ("a value left out", at_quarter(changed(1, percent=None)), FindingKind.NULL_REASON_WRONG, QUARTER),
    ("more than all", at_quarter(added(number("T1", 14, 13))), FindingKind.SUM_WRONG, QUARTER),
    (
        "a missed target is met",
        at_quarter(changed(0, target=target("met", "58.34"))),
        FindingKind.TARGET_WRONG,
        QUARTER,
    ),
    ("a met target is missed", at_quarter(changed(0, target=target("not_met"))), FindingKind.TARGET_WRONG, QUARTER),
    ("no such target", at_quarter(changed(0, target=target("met", name="T-99"))), FindingKind.TARGET_WRONG, QUARTER),
    ("a target of nothing", at_quarter(changed(12, target=target("met"))), FindingKind.TARGET_WRONG, QUARTER),
    ("another calendar", at_quarter(calendar="gregorian"), FindingKind.BOUNDS_WRONG, QUARTER),
    ("a day short", at_quarter(end="2026-09-14T00:00:00+07:00"), FindingKind.BOUNDS_WRONG, QUARTER),
    ("closed interval", at_quarter(end="2026-09-14T23:59:59+07:00"), FindingKind.BOUNDS_WRONG, QUARTER),
    ("in UTC", at_quarter(end="2026-09-14T17:00:00+00:00"), FindingKind.BOUNDS_WRONG, QUARTER),
    ("before the end", at_quarter(as_of="2026-09-14T00:00:00+07:00"), FindingKind.BOUNDS_WRONG, QUARTER),
    ("first is final", at_quarter(status="final"), FindingKind.VERSION_ORDER_WRONG, QUARTER),
    ("first is second", at_quarter(version=2), FindingKind.VERSION_ORDER_WRONG, QUARTER),
    ("supersedes another period", at_quarter(version=2, supersedes=V1), FindingKind.VERSION_ORDER_WRONG, QUARTER),
    ("revised after final", status_after_final, FindingKind.VERSION_ORDER_WRONG, V4),
    ("a version is skipped", skip_version, FindingKind.VERSION_ORDER_WRONG, V4),
    ("a change unexplained", forget_change, FindingKind.RESTATEMENT_MISSING, V4),
    ("explained otherwise", change_log(-1, new={"n": 2, "d": 5}), FindingKind.RESTATEMENT_WRONG, V4),
    ("deltas do not add up", change_log(-1, dossiers_added=2), FindingKind.RESTATEMENT_WRONG, V4),
    ("no reason after final", change_log(-1, reasons=[]), FindingKind.RESTATEMENT_WRONG, V4),
    ("an unknown reason", change_log(-1, reasons=["because"]), FindingKind.RESTATEMENT_WRONG, V4),
    ("another version named", change_log(-1, from_version=2), FindingKind.RESTATEMENT_WRONG, V4),
    ("explained twice", explain_twice, FindingKind.RESTATEMENT_WRONG, V2),
    ("restated without reason", restate_without_reason, FindingKind.RESTATEMENT_WRONG, V4),
    ("a person's number", at_quarter(changed(14, procedure="999199000001")), FindingKind.PERSONAL_DATA, QUARTER),
    ("a person's name", at_quarter(changed(12, null_reason="Nguyễn Văn Thử")), FindingKind.PERSONAL_DATA, QUARTER),
    ("twice the same", at_quarter(added(number("U2", 7, 12))), FindingKind.CONTRACT_BROKEN, QUARTER),
    ("a status of one's own", at_quarter(changed(0, scope="ward")), FindingKind.CONTRACT_BROKEN, QUARTER),
    (
        "a fraction in what is signed",
        in_file("data.json", b'"numerator":8', b'"numerator":8.0', is_restated=True),
        FindingKind.CONTRACT_BROKEN,
        V4,
    ),
]


@pytest.mark.parametrize(
    ("spoil", "kind", "snapshot_id"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
async def test_each_tampering_is_found_as_what_it_is(spoil: Spoil, kind: FindingKind, snapshot_id: str) -> None:
    """Exactly one kind of finding is made, and only at the publication that was tampered with."""
    province = honest_province()
    spoil(province)
    assert {kind: {snapshot_id}} == await found(province, personal_samples=["Nguyễn Văn Thử"])


@pytest.mark.parametrize("level", ["agency", "level"])
async def test_parts_that_exceed_the_province_are_found(level: str) -> None:
    """The agencies of a level, and the levels, hold no more dossiers than the province."""
    parts = {
        "agency": [
            number("T1", 4, 8, "agency", agency="H99.01", level="P"),
            number("T1", 1, 3, "agency", agency="H99.02", level="P"),
            number("T1", 1, 3, "agency", agency="H99.02.01", level="P"),
        ],
        "level": [number("T1", 4, 8, "level", level="P"), number("T1", 1, 3, "level", level="C")],
    }[level]
    province = honest_province()
    rewrite(province, AT_QUARTER, added(number("T1", 5, 11), *parts))
    assert {} == await found(province)
    rewrite(province, AT_QUARTER, changed(15, denominator=10, percent="50.00"))
    assert {FindingKind.SUM_WRONG: {QUARTER}} == await found(province)


async def test_counts_of_two_systems_may_exceed_each_other() -> None:
    """The sync ratio is not held to be a share of a whole."""
    province = honest_province()
    rewrite(province, AT_QUARTER, changed(13, numerator=30, percent="200.00"))
    assert {} == await found(province)


async def test_a_code_without_definition_is_found_wherever_it_is_used() -> None:
    """Every publication that uses it is named."""
    province = honest_province()
    del province.definitions["S1"]
    assert {FindingKind.DEFINITION_MISSING: {V1, QUARTER, V2, WEEK, V3, V4}} == await found(province)


async def test_another_order_is_found() -> None:
    """A list that is turned round breaks the chain and nothing else."""
    province = honest_province()
    province.published[1:4] = reversed(province.published[1:4])
    assert {FindingKind.CHAIN_BROKEN} == set(await found(province)) - {FindingKind.VERSION_ORDER_WRONG}


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "Ed25519"])
async def test_each_allowed_algorithm_is_understood(algorithm: str) -> None:
    """Signatures that another implementation made are verified."""
    key: ECKey | OKPKey = OKPKey.generate_key("Ed25519", {"kid": "k1"})
    if algorithm == "ES256":
        key = ECKey.generate_key("P-256", {"kid": "k1"})
    province = Province(key=key, algorithm=algorithm)
    province.publish(head(1, "preliminary"), [number("U2", 7, 12)])
    assert {} == await found(province)


async def test_an_unknown_key_is_looked_for_once_in_a_round() -> None:
    """A key set that lacks a key is fetched once more, however many signatures name it; a key that has come is used."""
    province = honest_province()
    new = ECKey.generate_key("P-256", {"kid": "k2"})
    for made in province.published[4:]:
        province.seal(made, key=new)
    async with stage(province) as there:
        await there.puller.pull()
        assert {FindingKind.SIGNATURE_FAILED} == there.kinds()
        assert 2 == len(province.asked("/jwks.json"))

    province.key_set.append(province.jwk(new))
    province.seen.clear()
    async with stage(province) as there:
        await there.puller.pull()
        assert () == there.puller.findings
        assert 1 == len(province.asked("/jwks.json"))
