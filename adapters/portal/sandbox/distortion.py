"""Catalogue answers that are spoiled on purpose: unknown codes, repeated items, another order.

Distorted copies are made; the portal's own records stay as they are.
"""

import copy
import random
from typing import Any

from adapters.portal.sandbox.profile import FieldType, PortalProfile
from adapters.sandboxing import FaultKind

CATALOGUE_FAULTS = (FaultKind.UNKNOWN_CODES, FaultKind.DUPLICATES, FaultKind.REORDERED)

UNKNOWN_CODES: dict[str, str] = {
    "LOAITTHC": "77",
    "TRANGTHAI": "ZZ",
    "MACOQUANCONGBO": "X00.UNKNOWN",
    "MALINHVUC": "X00-LV00",
    "MANGANH": "X00",
    "CAPDONVI": "88",
    "CAPTHUCHIEN": "88",
    "KENH": "9",
    "DONVITINH": "Tuần trăng",
    "MAPHILEPHI": "9'",
    "MADOITUONG": "99",
}
"""What each coded field becomes."""


def distort(result: Any, kind: FaultKind, rng: random.Random) -> Any:
    """Give a spoiled copy of a catalogue result. A record's own lists are spoiled where there is just one record."""
    if not isinstance(result, list):
        return result
    spoiled = copy.deepcopy(result)
    match kind:
        case FaultKind.UNKNOWN_CODES:
            _spoil_codes(spoiled)
        case FaultKind.DUPLICATES:
            for items in _lists_of(spoiled):
                items.extend(copy.deepcopy(items[: max(1, len(items) // 10)]))
        case FaultKind.REORDERED:
            for items in _lists_of(spoiled):
                rng.shuffle(items)
        case _:
            raise ValueError(f"{kind} is not about catalogues")
    return spoiled


def _lists_of(result: list[Any]) -> list[list[Any]]:
    if len(result) != 1:
        return [result]
    inner = [value for value in result[0].values() if isinstance(value, list) and value]
    papers = [case["GIAYTO"] for case in result[0].get("THANHPHANHOSO", []) if case.get("GIAYTO")]
    return [*inner, *papers]


def _spoil_codes(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _spoil_codes(item)
    elif isinstance(node, dict):
        for name, value in node.items():
            # CAPTHUCHIEN is the name of a list and of the code inside it.
            if isinstance(value, dict | list):
                _spoil_codes(value)
            elif name in UNKNOWN_CODES:
                node[name] = UNKNOWN_CODES[name]


def drifted(result: Any, profile: PortalProfile) -> Any:
    """Give a result as a portal would that has changed its contract: fields added, renamed, retyped, recoded."""
    if not (profile.added_fields or profile.renamed_fields or profile.retyped_fields or profile.recoded_fields):
        return result
    changed = _drifted(result, profile)
    if profile.added_fields and isinstance(changed, list):
        return [{**item, **profile.added_fields} if isinstance(item, dict) else item for item in changed]
    return changed


def _drifted(node: Any, profile: PortalProfile) -> Any:
    if isinstance(node, list):
        return [_drifted(item, profile) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {}
    for name, value in node.items():
        new = _drifted(value, profile)
        if not isinstance(new, list | dict) and name in profile.recoded_fields:
            new = profile.recoded_fields[name]
        if name in profile.retyped_fields:
            new = _retyped(new, profile.retyped_fields[name])
        changed[profile.renamed_fields.get(name, name)] = new
    return changed


def _retyped(value: Any, kind: FieldType) -> Any:
    match kind:
        case FieldType.NUMBER:
            return len(value) if isinstance(value, str | list | dict) else 0
        case FieldType.FLAG:
            return bool(value)
        case FieldType.NULL:
            return None
        case FieldType.LIST:
            return [value]
        case FieldType.OBJECT:
            return {"VALUE": value}
