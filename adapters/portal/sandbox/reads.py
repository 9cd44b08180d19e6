"""Reads about procedures beside the catalogue's own: services built on them, decisions, a unit's list, technical ids
(§2, §3.3 to §3.5)."""

import hashlib
from typing import Any

from adapters.portal.sandbox.profile import PortalProfile
from adapters.portal.sandbox.replies import Reply, failure
from adapters.portal.sandbox.state import PortalState

Record = dict[str, Any]
_LEVELS: tuple[str | int, ...] = ("4", "3", "2", 4, "", "9")
"""`MUCDO` by position: the three known levels, a JSON number, none, and one that nobody knows."""


def list_unit_procedures(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give the procedures that a unit or one below it carries out (`maDonVi`)."""
    unit = envelope.get("maDonVi")
    if not isinstance(unit, str) or not unit:
        return failure(profile, profile.wording.bad_parameter.format(name="maDonVi"))
    listed = [
        {"MATTHC": code, "TENTTHC": record["TENTTHC"]}
        for code, record in state.procedures.items()
        if any(_is_of(agency.get("MADONVI", ""), unit) for agency in record.get("COQUANTHUCHIEN", ()))
    ]
    return Reply(0, profile.wording.success, listed)


def _is_of(code: str, unit: str) -> bool:
    return code == unit or code.startswith(f"{unit}.")


def online_services(state: PortalState) -> list[Record]:
    """Make a service of every procedure (§3.4); every fifth has no list of agencies."""
    services = []
    for number, (code, record) in enumerate(state.procedures.items()):
        service: Record = {
            "MADVC": f"{code}.01",
            "TENDVC": f"{record['TENTTHC'].strip()} (trực tuyến)",
            "MATTHC": code,
            "TENTTHC": record["TENTTHC"],
            "TENCOQUANBANHANH": record.get("MACOQUANCONGBO", ""),
            "TENLINHVUC": next((sector["TENLINHVUC"] for sector in record.get("LINHVUCTHUCHIEN", ())), ""),
        }
        if number % 5 != 4:
            service["APDUNGDVC"] = [
                {"MACOQUANTHUCHIEN": agency["MADONVI"], "MUCDO": _LEVELS[number % len(_LEVELS)]}
                for agency in record.get("COQUANTHUCHIEN", ())
            ]
        services.append(service)
    return services


def get_decision(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give a decision (§3.3); its fields are invented, since no source tells them."""
    asked = envelope.get("idQDCB")
    if not isinstance(asked, str) or not asked:
        return failure(profile, profile.wording.bad_parameter.format(name="idQDCB"))
    codes = [code for code, record in state.procedures.items() if record.get("IDQUYETDINHCONGBO") == asked]
    decision = {
        "ID": asked,
        "SOQUYETDINH": f"{asked}/QĐ-UBND",
        "NGAYBANHANH": "05/01/2026",
        "COQUANBANHANH": {"MADONVI": "H99", "TENDONVI": "UBND tỉnh Thử Nghiệm"},
        "TTHC": codes,
    }
    return Reply(0, profile.wording.success, [decision] if codes else [])


def find_technical_id(_: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give the id of whoever registered with a number; a facade names no provider (§3.5, §1.8)."""
    number = envelope.get("mstorcmnd")
    if not isinstance(number, str) or not number:
        return failure(profile, profile.wording.bad_parameter.format(name="mstorcmnd"))
    provider = envelope.get("provider", profile.technical_id_provider)
    if provider != profile.technical_id_provider:
        return failure(profile, profile.wording.bad_parameter.format(name="provider"))
    is_registered = not (profile.unregistered_ending and number.endswith(profile.unregistered_ending))
    return Reply(0, profile.wording.success, [{"TECHNICALID": technical_id_of(number)}] if is_registered else [])


def technical_id_of(number: str) -> str:
    """Give the id that belongs to a number, the same at every call."""
    return f"TECH-{hashlib.blake2b(number.encode(), digest_size=6).hexdigest()}"
