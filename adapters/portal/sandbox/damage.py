"""Damage to the portal's record, as years of real life do it: to see whether a province notices.

Everything follows from the seed and the order of the dossiers, so a run can be repeated. What was done is told, dossier
by dossier, in the words of whoever compares the two sides.
"""

import random
from dataclasses import dataclass
from typing import Any

import msgspec

from adapters.portal.sandbox.state import DossierState, PortalState, encode_canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageOrder:
    """How many dossiers are damaged in which way."""

    seed: int = 1
    lose: int = 0
    """Dossiers that are gone, with their steps."""
    corrupt: int = 0
    """Dossiers of which a text is another one."""
    revert: int = 0
    """Dossiers that stand as they did before their last push."""
    mispay: int = 0
    """Dossiers whose mark of online payment is another one, which the province does not own."""
    scramble: int = 0
    """Dossiers with a code that no table has."""
    invent: int = 0
    """Dossiers that nobody sent."""
    duplicate: int = 0
    """Dossiers that are listed twice."""


def damage(state: PortalState, order: DamageOrder) -> list[dict[str, Any]]:
    """Do the damage; give what was done as {"code", "kind", "field"}. No dossier is damaged twice."""
    rng = random.Random(order.seed)  # noqa: S311 - a sandbox must be repeatable
    codes = sorted(state.dossiers)
    rng.shuffle(codes)
    done: list[dict[str, Any]] = []

    def each(count: int, kind: str, field: str, change: Any) -> None:
        left = count
        for code in list(codes):
            if left == 0:
                return
            if change(state.dossiers[code]):
                codes.remove(code)
                done.append({"code": code, "kind": kind, "field": field})
                left -= 1

    each(order.revert, "reverted", "", _revert)
    each(order.corrupt, "corrupted", "TrichYeuHoSo", lambda dossier: _set(dossier, TrichYeuHoSo="Nội dung bị sửa"))
    each(order.mispay, "mispaid", "DuocThanhToanTrucTuyen", _mispay)
    each(order.scramble, "scrambled", "LoaiDoiTuong", lambda dossier: _set(dossier, LoaiDoiTuong="77"))
    each(order.duplicate, "duplicated", "", lambda dossier: state.list_twice(dossier.code))
    each(order.lose, "lost", "", lambda dossier: state.lose(dossier.code))
    invented = [_invent(state, rng, number) for number in range(1, order.invent + 1)]
    return [*done, *({"code": code, "kind": "invented", "field": ""} for code in invented)]


def _set(dossier: DossierState, **fields: str) -> bool:
    record = {**dossier.record(), **fields}
    dossier.body = encode_canonical(record)
    return True


def _mispay(dossier: DossierState) -> bool:
    stated = dossier.record().get("DuocThanhToanTrucTuyen")
    return _set(dossier, DuocThanhToanTrucTuyen="2" if stated != "2" else "1")


def _revert(dossier: DossierState) -> bool:
    """Put back the push before the last one; only where it said another status and the same of the payment."""
    kept = [revision for revision in dossier.revisions if revision.body is not None]
    if len(kept) < 2 or kept[-2].digest == kept[-1].digest or kept[-2].status == dossier.status:
        return False
    assert kept[-2].body is not None
    former = msgspec.json.decode(kept[-2].body)
    if former.get("DuocThanhToanTrucTuyen") != dossier.record().get("DuocThanhToanTrucTuyen"):
        return False
    dossier.body = kept[-2].body
    dossier.status = kept[-2].status
    return True


def _invent(state: PortalState, rng: random.Random, number: int) -> str:
    """Put in a copy of some dossier under a code that nobody gave."""
    code = f"H99.99-260105-{90_000 + number}"
    state.invent(code, rng.choice(sorted(state.dossiers)))
    return code
