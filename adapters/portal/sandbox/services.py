"""The table of services: what the portal does for each value of `service` (§2).

To add a service, write a function from desk and envelope to `Reply` and put it into `SERVICES`, or hand a longer
table to `PortalSandbox`. Names are compared with their case, as the real portal does.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from adapters.portal.sandbox.catalogue_lists import FIELDS, as_answered
from adapters.portal.sandbox.intake import Intake
from adapters.portal.sandbox.national import list_dossiers, take_status
from adapters.portal.sandbox.profile import PortalProfile
from adapters.portal.sandbox.reads import (
    find_technical_id,
    get_decision,
    list_unit_procedures,
    online_services,
)
from adapters.portal.sandbox.replies import Reply, failure
from adapters.portal.sandbox.state import PortalState, encode_canonical
from adapters.portal.sandbox.statements import KINDS, give_answers, give_questions, take
from adapters.portal.sandbox.warehouse import find_results, give_file, give_result_file
from adapters.sandboxing import Touch

Envelope = dict[str, Any]
"""A decoded request body: session, madonvi, service, and what belongs to the service."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a service works with."""

    state: PortalState
    profile: PortalProfile
    intake: Intake


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `codes` names the dossiers that a call is about; `is_catalogue` allows the list faults."""

    run: Callable[[Desk, Envelope], Reply]
    touch: Touch = Touch.NOTHING
    codes: Callable[[Envelope], list[str]] = lambda _: []
    is_catalogue: bool = False
    is_facade_only: bool = False
    """Whether the native paths do not know it."""
    is_never_wrapped: bool = False
    """Whether a facade gives the portal's JSON as it is where it wraps other reads (§1.8)."""


def _list_procedures(desk: Desk, envelope: Envelope) -> Reply:
    mark = desk.profile.procedure_mark_field
    listed = [
        {"MATTHC": code, "TENTTHC": record["TENTTHC"], **({mark: _mark_of(record)} if mark else {})}
        for code, record in desk.state.procedures.items()
    ]
    return Reply(0, desk.profile.wording.success, _page(desk.profile, envelope, listed))


def _mark_of(record: dict[str, Any]) -> str:
    """Give a text that changes with the record."""
    return hashlib.blake2b(encode_canonical(record), digest_size=8).hexdigest()


def _list_unit_procedures(desk: Desk, envelope: Envelope) -> Reply:
    reply = list_unit_procedures(desk.state, desk.profile, envelope)
    return replace(reply, result=_page(desk.profile, envelope, reply.result)) if reply.code == 0 else reply


def _list_online_services(desk: Desk, envelope: Envelope) -> Reply:
    services = _page(desk.profile, envelope, online_services(desk.state))
    return Reply(0, desk.profile.wording.success, {"data": services})


def _get_procedure(desk: Desk, envelope: Envelope) -> Reply:
    code = envelope.get("maTTHC")
    if not isinstance(code, str) or not code:
        return failure(desk.profile, desk.profile.wording.bad_parameter.format(name="maTTHC"))
    record = desk.state.procedures.get(code)
    return Reply(0, desk.profile.wording.success, [] if record is None else [record])


def _list_catalogue(service: str) -> Callable[[Desk, Envelope], Reply]:
    def give(desk: Desk, envelope: Envelope) -> Reply:
        state, profile = desk.state, desk.profile
        own = {"LayDanhMucCoQuan": state.agencies, "LayDanhMucLinhVuc": state.sectors}
        items = own[service] if service in own else state.catalogues.get(service, [])
        return Reply(0, profile.wording.success, _page(profile, envelope, as_answered(service, items, profile)))

    return give


def _look_up_dossier(desk: Desk, envelope: Envelope) -> Reply:
    if desk.profile.is_listing_served and "tuNgay" in envelope:
        return list_dossiers(desk.state, desk.profile, envelope)
    code = envelope.get("mahoso")
    if not isinstance(code, str) or not code:
        return failure(desk.profile, desk.profile.wording.bad_parameter.format(name="mahoso"))
    dossier = desk.state.dossiers.get(code)
    if dossier is None:
        return Reply(0, desk.profile.wording.success, [])
    return Reply(
        0,
        desk.profile.wording.success,
        [dossier.wire_record(has_lists=desk.profile.has_lookup_nested_lists)],
    )


def _push_dossiers(desk: Desk, envelope: Envelope) -> Reply:
    wording = desk.profile.wording
    records = envelope.get("data")
    if not isinstance(records, list):
        return failure(desk.profile, wording.failure_prefix + wording.bad_parameter.format(name="data"))
    is_updating = read_updating(envelope.get("isUpdating"), desk.profile)
    if is_updating is None:
        return failure(desk.profile, wording.failure_prefix + wording.bad_parameter.format(name="isUpdating"))
    return desk.intake.push_dossiers(records, is_updating=is_updating)


def _push_steps(desk: Desk, envelope: Envelope) -> Reply:
    wording = desk.profile.wording
    steps = envelope.get("data")
    if not isinstance(steps, list):
        return failure(desk.profile, wording.failure_prefix + wording.bad_parameter.format(name="data"))
    return desk.intake.push_steps(steps)


def read_updating(value: Any, profile: PortalProfile) -> bool | None:
    """Read `isUpdating` (§1.7); None when it is neither "True" nor "False"."""
    if isinstance(value, bool):
        return value if profile.is_boolean_updating_accepted else None
    if isinstance(value, str):
        return {"True": True, "False": False}.get(value)
    return None


def _page(profile: PortalProfile, envelope: Envelope, listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Cut out the page asked for with `trang` (from 1) and `soLuong`, when pages are honoured (§13-23)."""
    if not profile.is_paging_honoured:
        return listed
    page, size = _number(envelope.get("trang")), _number(envelope.get("soLuong"))
    return listed if page is None or size is None else listed[(page - 1) * size : page * size]


def _number(value: Any) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000 else None


def pushed_codes(envelope: Envelope) -> list[str]:
    """Name the dossiers in `data`, with repeats, as far as the records can be read."""
    records = envelope.get("data")
    if not isinstance(records, list):
        return []
    codes = (record.get("MaHoSo") for record in records if isinstance(record, dict))
    return [code for code in codes if isinstance(code, str)]


def _asked_code(envelope: Envelope) -> list[str]:
    code = envelope.get("mahoso")
    return [code] if isinstance(code, str) else []


def _told_code(envelope: Envelope) -> list[str]:
    data = envelope.get("data")
    code = data.get("MaHoSo") if isinstance(data, dict) else None
    return [code] if isinstance(code, str) else []


def _on_state(run: Callable[[PortalState, PortalProfile, Envelope], Reply]) -> Callable[[Desk, Envelope], Reply]:
    return lambda desk, envelope: run(desk.state, desk.profile, envelope)


def _taking(service: str) -> Service:
    return Service(lambda desk, envelope: take(service, desk.state, desk.profile, envelope), Touch.EFFECT)


_STORE: Mapping[str, Callable[[PortalState, PortalProfile, Envelope], Reply]] = MappingProxyType(
    {"GetKetQuaGiayTo": find_results, "GetGiayToByUrl": give_result_file, "getfile": give_file}
)
SERVICES: Mapping[str, Service] = MappingProxyType(
    {
        "LayDanhSachTTHC": Service(_list_procedures, is_catalogue=True),
        "LayThuTuc": Service(_get_procedure, is_catalogue=True),
        "LayDanhSachTTHCDonVi": Service(_list_unit_procedures, is_catalogue=True),
        "LayQDCB": Service(_on_state(get_decision)),
        "LayDVC": Service(_list_online_services),
        **{name: Service(_on_state(run), is_facade_only=True, is_never_wrapped=True) for name, run in _STORE.items()},
        "TraCuuTechID": Service(_on_state(find_technical_id), is_never_wrapped=True),
        **{service: Service(_list_catalogue(service), is_catalogue=True) for service in FIELDS},
        "TraCuuHoSo": Service(_look_up_dossier, Touch.LOOK_UP, _asked_code),
        "DongBoHoSoMC": Service(_push_dossiers, Touch.EFFECT, pushed_codes),
        "CapNhatTienDoHoSoMC": Service(_push_steps, Touch.EFFECT, pushed_codes),
        "LayDanhSachHoiDapGuiTuDVCQG": Service(_on_state(give_questions("citizens"))),
        "LayDanhSachHoiDapBoCoQuan": Service(_on_state(give_questions("agencies"))),
        "LayNoiDungTraLoiTheoCauHoi": Service(_on_state(give_answers)),
        "DongBoTrangThaiHoSo": Service(_on_state(take_status), Touch.EFFECT, _told_code),
        **{service: _taking(service) for service in KINDS},
    }
)
