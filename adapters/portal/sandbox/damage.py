"""Damage to what the portal holds, for tests of reconciliation: what systems do to records that nobody looks at.

The same seed, counts and dossiers give the same damage. No dossier is damaged twice, so that whoever compares can be
held to each finding. What was sent and counted stays as it was: only the portal's memory of the records is spoiled.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adapters.portal.sandbox.state import DossierState, PortalState, encode_canonical

_ALTERABLE = ("ChuHoSo", "TrichYeuHoSo", "DonViXuLy", "TenTTHC", "SoDienThoai", "NgayHenTra", "HinhThuc")
_OTHER_DUE = ("20991231170000", "20991230170000")
MAX_COUNT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageOrder:
    """How many dossiers to damage in which way."""

    seed: int = 1
    lose: int = 0
    alter: int = 0
    age: int = 0
    invent: int = 0
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that was done; `field` is empty where the whole record is concerned."""

    kind: str
    code: str
    field: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {"kind": self.kind, "code": self.code, "field": self.field}


def damage(state: PortalState, order: DamageOrder) -> list[Damage]:
    """Do as ordered and tell what was done. Raises ValueError, with nothing done, when there are too few dossiers."""
    counts = (order.lose, order.alter, order.age, order.invent, order.repeat)
    if not all(0 <= count <= MAX_COUNT for count in counts):
        raise ValueError(f"counts: must be from 0 to {MAX_COUNT}")
    if order.invent and not state.dossiers:
        raise ValueError("invent: there is no dossier to take after")
    rng = random.Random(order.seed)  # noqa: S311 - must be repeatable
    free = sorted(state.dossiers)
    rng.shuffle(free)
    # What only some dossiers are fit for is chosen first.
    aged = _take(free, [code for code in free if _older_status(state.dossiers[code])], order.age, "age")
    altered = _take(free, [code for code in free if _alterable(state.dossiers[code])], order.alter, "alter")
    lost = _take(free, list(free), order.lose, "lose")
    doubled = _take(free, list(free), order.repeat, "repeat")
    templates = sorted(state.dossiers)
    done = [_invent(state, rng, rng.choice(templates), order.seed) for _ in range(order.invent)]
    for code in lost:
        del state.dossiers[code]
    state.listed_twice.update(doubled)
    return [
        *(Damage("lost", code) for code in lost),
        *(_alter(state.dossiers[code], rng) for code in altered),
        *(_age(state.dossiers[code]) for code in aged),
        *done,
        *(Damage("doubled", code) for code in doubled),
    ]


def _take(free: list[str], fit: Sequence[str], count: int, name: str) -> list[str]:
    if len(fit) < count:
        raise ValueError(f"{name}: there are only {len(fit)} dossiers left that are fit for it")
    taken = list(fit[:count])
    free[:] = [code for code in free if code not in set(taken)]
    return taken


def _alterable(dossier: DossierState) -> list[str]:
    record = dossier.record()
    return [name for name in _ALTERABLE if isinstance(record.get(name), str) and record[name]]


def _alter(dossier: DossierState, rng: random.Random) -> Damage:
    record = dossier.record()
    field = rng.choice(_alterable(dossier))
    match field:
        case "NgayHenTra":
            record[field] = next(due for due in _OTHER_DUE if due != record[field])
        case "HinhThuc":
            record[field] = "1" if record[field] == "0" else "0"
        case "SoDienThoai":
            record[field] = f"{record[field]}0"
        case _:
            record[field] = f"{record[field]} (khác)"
    dossier.body = encode_canonical(record)
    return Damage("altered", dossier.code, field)


def _older_status(dossier: DossierState) -> str:
    """Give the latest earlier status that differs; "1" where none was told; "" when there is none before it."""
    earlier = [revision.status for revision in dossier.revisions if revision.status != dossier.status]
    if earlier:
        return earlier[-1]
    return "1" if dossier.status not in ("", "1") else ""


def _age(dossier: DossierState) -> Damage:
    dossier.status = _older_status(dossier)
    return Damage("stale", dossier.code, "TrangThaiHoSo")


def _invent(state: PortalState, rng: random.Random, template: str, seed: int) -> Damage:
    number = rng.randrange(100_000)
    while (code := f"H99.66-{abs(seed) % 1_000_000:06}-{number:05}") in state.dossiers:
        number = (number + 1) % 100_000
    known = state.dossiers[template]
    record = {**known.record(), "MaHoSo": code, "ChuHoSo": f"Người Lạ {number}"}
    if "SoGiayToChuHoSo" in record:
        record |= {"SoGiayToChuHoSo": f"9990000{number:05}", "DinhDanhCHS": []}
    dossier = state.open_dossier(code, 1)
    dossier.body, dossier.status = encode_canonical(record), str(record["TrangThaiHoSo"])
    return Damage("foreign", code)
