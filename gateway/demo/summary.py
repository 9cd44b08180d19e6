"""What the day came to, as plain numbers, and whether every promise was kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.demo.citizens import Questions
from gateway.demo.clear_text import Scan
from gateway.demo.consents import Consents
from gateway.demo.driver import Log
from gateway.demo.held import Held
from gateway.demo.inbound import Inbound, answers_on_portal
from gateway.demo.monitoring import Watched
from gateway.demo.payment_day import PaymentDay
from gateway.demo.payment_files import PROVIDERS
from gateway.demo.proven import Proven
from gateway.demo.reconciliation import Reconciled
from gateway.demo.sign_ins import SignedIns
from gateway.demo.statements import Stated, compare_statements
from gateway.demo.verify import compare

_ZEROS = (
    *("dossiers.lost", "dossiers.duplicated", "dossiers.mismatched", "changes.refused", "progress.lost"),
    *("progress.out_of_order", "deliveries.unaccounted", "deliveries.parked", "deliveries.open"),
    *("portal.concurrent_calls_for_one_dossier", "statements.unexpected"),
    *("inbound.duplicated", "inbound.mismatched", "inbound.unexpected"),
    *("reconciliation.unexpected", "mappings.unexpected"),
    *("identity.wrongly_accepted", "identity.unexpected", "consents.wrongly_shared", "consents.unexpected"),
    *("citizens.misreported", "citizens.unexpected", "personal_data.clear_text_findings"),
    *("payments.double_charged", "payments.paid_without_proof", "payments.difference_vnd", "payments.unexpected"),
    *("receipts.missing", "receipts.supplier_differs"),
    *("transfers.taken_twice", "transfers.difference_vnd", "transfers.unexpected"),
    *("payments.refund_difference_vnd", "payments.refunds_unexpected"),
    *("payments.portal_difference_vnd", "payments.portal_unexpected"),
    *("monitoring.signature_failures", "monitoring.findings", "monitoring.unexpected"),
    *("settlement.unexplained", "settlement.difference_vnd_unexplained", "settlement.unexpected"),
)
_EQUALS = (
    ("dossiers.accepted", "dossiers.on_portal"),
    ("progress.accepted", "progress.on_portal"),
    ("statements.accepted", "statements.on_portal"),
    ("procedures.in_gateway", "procedures.on_portal"),
    ("inbound.filed_on_portal", "inbound.delivered_to_province"),
    ("inbound.answered", "inbound.answers_on_portal"),
    ("reconciliation.seeded_differences", "reconciliation.classified"),
    ("reconciliation.repairable", "reconciliation.repaired"),
    ("mappings.held", "mappings.left_out"),
    ("mappings.sent", "mappings.on_portal"),
    ("identity.injected_attacks", "identity.refused_attacks"),
    ("identity.dossiers_filed", "identity.dossiers_proven"),
    ("identity.dossiers_filed", "identity.lies_refused"),
    ("indicators.received", "indicators.received_listed"),
    ("monitoring.snapshots", "monitoring.pushed"),
    ("payments.requested", "payments.paid"),
    ("payments.requested", "payments.forged_returns_refused"),
    ("payments.requested", "payments.told_to_portal"),
    ("payments.suspense", "payments.suspense_settled"),
    ("payments.refunds_asked", "payments.refunded"),
    ("transfers.asked", "transfers.paid"),
    ("receipts.looked_at", "receipts.checked"),
    ("receipts.looked_at", "receipts.drawn"),
    ("receipts.by_supplier", "receipts.at_supplier"),
    ("transfers.asked", "transfers.pictures"),
    ("transfers.unmatched_seeded", "transfers.unmatched"),
    ("payments.refunds_asked", "payments.own_approvals_refused"),
    ("settlement.differences_seeded", "settlement.differences_found"),
    ("consents.asked", "consents.telephone_rang"),
    ("consents.asked", "consents.repeated_wishes_joined"),
    ("consents.asked", "consents.foreign_sign_ins_refused"),
    ("consents.granted", "consents.released_by_hub"),
    ("consents.granted", "consents.data_collected"),
    ("consents.granted", "consents.facts_as_hub_holds"),
)
OUTCOMES = ("found", "partial", "not_found", "ambiguous", "refused", "unavailable")
_POSITIVE: tuple[str, ...] = (
    "questions.answered",
    "faults.injected",
    "inbound.answered",
    "reconciliation.repaired",
    "mappings.sent",
)
_POSITIVE += ("identity.sign_ins", "identity.step_ups", "identity.logouts", "identity.refused_attacks")
_POSITIVE += ("identity.dossiers_filed", "consents.granted", "consents.refused")
_POSITIVE += tuple(f"citizens.{outcome}" for outcome in OUTCOMES)
_POSITIVE += (*(f"payments.paid.{name}" for name in PROVIDERS), "payments.faults")
_POSITIVE += ("payments.portal_started", "payments.portal_paid", "payments.suspense")
_POSITIVE += ("payments.refunded", "transfers.paid", "transfers.unmatched")
_POSITIVE += (
    "monitoring.pulls",
    "monitoring.snapshots",
    "monitoring.restatements",
    "monitoring.pushed_again",
    "indicators.received",
)
_POSITIVE += ("indicators.recomputed", "indicators.recomputed_equal")
_POSITIVE += ("receipts.issued", "receipts.numbers_without_gap", "receipts.looked_at")
_POSITIVE += ("receipts.by_supplier", "receipts.supplier_faults")
_POSITIVE += ("settlement.differences_seeded", "settlement.corrected", "settlement.explained")
_POSITIVE += ("audit.lines", "audit.verified")
_POSITIVE += ("personal_data.values_searched", "personal_data.bytes_searched", "personal_data.found_where_they_are")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Everything that was done and seen. `portal` is what the portal's own record said before it was damaged."""

    log: Log
    stated: Stated
    inbound: Inbound
    reconciled: Reconciled
    held: Held
    signed_in: SignedIns
    proven: Proven
    consents: Consents
    payments: PaymentDay
    watched: Watched
    questions: Questions
    audit: Mapping[str, Any]
    scan: Scan
    portal: "PortalRecord"
    procedures_count: int
    sizes: Mapping[str, float]
    elapsed_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalRecord:
    """What the portal says of itself."""

    dossiers: Mapping[str, Mapping[str, Any]]
    counters: Mapping[str, Any]
    injected: Mapping[str, int]
    procedures_count: int
    statements: Mapping[str, Any]
    national_statuses: Mapping[str, Any]


def summarise(day: Day, dossiers_count: int) -> dict[str, Any]:
    """Give the summary; `ok` tells whether every promise was kept."""
    log, portal = day.log, day.portal
    found = compare(log.accepted, portal.dossiers)
    summary = {
        **_dossiers(day, found),
        **_statements(day),
        **_inbound(day),
        **_reconciliation(day.reconciled),
        **_mappings(day.held),
        **_identity(day.signed_in, day.proven),
        **_consents(day.consents),
        **_citizens(day.questions),
        **day.payments.counts(),
        **day.watched.counts(),
        "audit.lines": day.audit["lines_count"],
        "audit.verified": day.audit["is_whole"],
        **_scan(day.scan),
        "faults.injected": sum(portal.injected.values()),
        "faults.by_kind": dict(portal.injected),
        "elapsed_seconds": round(day.elapsed_seconds, 1),
    }
    summary["ok"] = (
        all(summary[name] == 0 for name in _ZEROS)
        and all(summary[one] == summary[other] for one, other in _EQUALS)
        and all(summary[name] > 0 for name in _POSITIVE)
        and summary["dossiers.accepted"] == dossiers_count
    )
    if not summary["ok"]:
        summary["examples"] = [
            *found["examples"],
            *(f"{code}: {status} {kind}" for code, status, kind in log.refused[:10]),
            *day.inbound.unexpected[:10],
            *day.held.unexpected[:10],
            *day.signed_in.unexpected[:10],
            *day.signed_in.wrongly_accepted[:10],
            *day.proven.unexpected[:10],
            *day.consents.unexpected[:10],
            *day.questions.misreported[:10],
            *day.questions.unexpected[:10],
            *day.reconciled.missed[:10],
            *day.scan.kinds_by_place[:20],
            *day.payments.unexpected[:20],
            *day.watched.unexpected[:10],
            *day.watched.findings[:20],
        ]
    return summary


def _dossiers(day: Day, found: Mapping[str, Any]) -> dict[str, Any]:
    log, portal, sizes = day.log, day.portal, day.sizes
    return {
        "dossiers.accepted": len(log.accepted),
        "dossiers.on_portal": len(portal.dossiers),
        "dossiers.lost": found["lost"],
        "dossiers.duplicated": found["duplicated"],
        "dossiers.mismatched": found["mismatched"],
        "changes.accepted": sum(len(changes) for changes in log.accepted.values()),
        "changes.replayed": log.replayed_count,
        "changes.refused": len(log.refused),
        "progress.accepted": log.steps_count,
        "progress.on_portal": found["steps_on_portal"],
        "progress.lost": found["steps_lost"],
        "progress.out_of_order": found["out_of_order"],
        "procedures.on_portal": portal.procedures_count,
        "procedures.in_gateway": day.procedures_count,
        "deliveries.accepted": int(sizes.get("accepted", 0)),
        "deliveries.unaccounted": int(sizes.get("lost", 0)),
        "deliveries.parked": int(sizes.get("parked", 0)),
        "deliveries.open": int(sum(sizes.get(state, 0) for state in ("waiting", "in_flight", "unknown"))),
        "portal.concurrent_calls_for_one_dossier": portal.counters.get("concurrent_same_dossier", 0),
    }


def _statements(day: Day) -> dict[str, Any]:
    accepted, right = compare_statements(day.stated, day.portal.statements)
    return {
        "questions.answered": len(day.stated.answers),
        "statements.accepted": accepted,
        "statements.on_portal": right,
        "statements.unexpected": len(day.stated.unexpected),
    }


def _inbound(day: Day) -> dict[str, Any]:
    inbound = day.inbound
    return {
        "inbound.filed_on_portal": len(inbound.filed),
        "inbound.delivered_to_province": inbound.delivered_count,
        "inbound.duplicated": inbound.duplicated_count,
        "inbound.mismatched": len(inbound.mismatched),
        "inbound.calls": sum(one["calls_count"] for one in inbound.filed),
        "inbound.answered": len(inbound.answered),
        "inbound.answers_on_portal": answers_on_portal(inbound, day.portal.national_statuses),
        "inbound.unexpected": len(inbound.unexpected),
    }


def _reconciliation(done: Reconciled) -> dict[str, Any]:
    return {
        "reconciliation.seeded_differences": len(done.seeded),
        "reconciliation.classified": done.classified,
        "reconciliation.repairable": done.repairable,
        "reconciliation.repaired": done.repaired,
        "reconciliation.unexpected": done.unexpected,
        "reconciliation.compared": done.run.get("counts", {}).get("compared", 0),
    }


def _mappings(held: Held) -> dict[str, Any]:
    return {
        "mappings.left_out": held.left_out,
        "mappings.held": held.named,
        "mappings.sent": len(held.sent),
        "mappings.on_portal": held.translated,
        "mappings.unexpected": len(held.unexpected),
    }


def _identity(done: SignedIns, proven: Proven) -> dict[str, Any]:
    return {
        "identity.sign_ins": done.sign_ins_count,
        "identity.cancelled": done.cancelled_count,
        "identity.step_ups": done.step_ups_count,
        "identity.logouts": done.logouts_count,
        "identity.told_to_come_again": done.unavailable_count,
        "identity.injected_attacks": done.injected_count,
        "identity.refused_attacks": len(done.refused_attacks),
        "identity.wrongly_accepted": len(done.wrongly_accepted),
        "identity.harmless_oddities": done.harmless_count,
        "identity.dossiers_filed": len(proven.sent),
        "identity.dossiers_proven": proven.on_portal,
        "identity.lies_refused": proven.lies_refused,
        "identity.unexpected": len(done.unexpected) + len(proven.unexpected),
    }


def _citizens(done: Questions) -> dict[str, Any]:
    return {
        "citizens.asked": done.asked,
        **{f"citizens.{outcome}": done.outcomes[outcome] for outcome in OUTCOMES},
        "citizens.misreported": len(done.misreported),
        "citizens.unexpected": len(done.unexpected) + done.asked - sum(done.outcomes[one] for one in OUTCOMES),
    }


def _scan(done: Scan) -> dict[str, Any]:
    return {
        "personal_data.values_searched": done.values_count,
        "personal_data.places_searched": done.places_count,
        "personal_data.bytes_searched": done.bytes_count,
        "personal_data.found_where_they_are": done.control_hits_count,
        "personal_data.clear_text_findings": len(done.hits),
    }


def _consents(done: Consents) -> dict[str, Any]:
    return {
        "consents.asked": done.asked,
        "consents.telephone_rang": done.rung,
        "consents.repeated_wishes_joined": done.joined,
        "consents.foreign_sign_ins_refused": done.foreign_refused,
        "consents.granted": done.granted,
        "consents.refused": done.refused,
        "consents.released_by_hub": done.released,
        "consents.data_collected": done.collected,
        "consents.facts_as_hub_holds": done.as_held,
        "consents.wrongly_shared": done.wrongly_shared,
        "consents.unexpected": len(done.unexpected),
    }
