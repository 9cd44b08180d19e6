"""Rules about what a dossier holds: results, files, fees, channel, limits; and about numbers as a whole."""

from collections import Counter
from collections.abc import Mapping

from gateway.indicators.findings import Finding, Treatment
from gateway.indicators.formulas import Part
from gateway.indicators.raw import RawResult, RawSet
from gateway.indicators.words import NullReason


def empty_results(raw: RawSet) -> list[Finding]:
    """DQ-13: a result that is out of reach, empty, unsigned, or another applicant's counts as none."""
    owners = {(one.result.digest, one.applicant_key or one.key) for one in raw.dossiers if one.result is not None}
    digests = Counter(digest for digest, _ in owners if digest)
    found = []
    for one in raw.dossiers:
        sign = "" if one.result is None else _fault_of(one.result, digests)
        if sign:
            found.append(Finding("DQ-13", one.key, Treatment.NO_RESULT_FILE, sign))
    return found


def _fault_of(result: RawResult, digests: Mapping[str, int]) -> str:
    if not result.is_reachable:
        return "out_of_reach"
    if result.size_bytes == 0:
        return "empty"
    if not result.is_signed:
        return "unsigned"
    return "same_as_another" if digests.get(result.digest, 0) > 1 else ""


def flag_without_file(raw: RawSet) -> list[Finding]:
    """DQ-14: said to be digitised, and no file is there."""
    return [
        Finding("DQ-14", one.key, Treatment.NOT_DIGITISED, "no_attachment")
        for one in raw.dossiers
        if one.claims_digitised and one.attachments_count == 0
    ]


def fees(raw: RawSet) -> list[Finding]:
    """DQ-16: each line zero, or exempt, leaves the denominator of F3; a full refund takes the payment back."""
    found = []
    for one in raw.dossiers:
        if one.exemption_code:
            found.append(Finding("DQ-16", one.key, Treatment.FEE_ZERO, "exempt"))
        elif one.fee_lines_vnd and not any(one.fee_lines_vnd):
            found.append(Finding("DQ-16", one.key, Treatment.FEE_ZERO, "all_zero"))
        if one.is_refunded:
            found.append(Finding("DQ-16", one.key, Treatment.PAYMENT_TAKEN_BACK, "refunded"))
    return found


def no_channel(raw: RawSet) -> list[Finding]:
    """DQ-17: without a channel it was brought in person."""
    return [
        Finding("DQ-17", one.key, Treatment.AS_DIRECT, "channel_missing") for one in raw.dossiers if one.channel is None
    ]


def no_case(raw: RawSet) -> list[Finding]:
    """DQ-19: several limits and no case: the longest is taken."""
    return [
        Finding("DQ-19", one.key, Treatment.LONGEST_LIMIT, "case_missing")
        for one in raw.dossiers
        if one.limits_count > 1 and not one.case_code
    ]


def uneven_counts(raw: RawSet) -> list[Finding]:
    """DQ-23: the portal's count is not the national report's: reconciled, never repaired by making records."""
    return [
        Finding("DQ-23", f"{one.scope} {one.period}", Treatment.RECONCILE, "counts_differ")
        for one in raw.external
        if one.portal_count is not None
        and one.national_report_count is not None
        and one.portal_count != one.national_report_count
    ]


def zero_denominators(parts: Mapping[str, Part]) -> list[Finding]:
    """DQ-21: what has nothing to divide by has no value. `parts` are measured values by indicator code."""
    return [
        Finding("DQ-21", code, Treatment.NULL, NullReason.ZERO_DENOMINATOR)
        for code, part in parts.items()
        if part.null_reason is NullReason.ZERO_DENOMINATOR
    ]
