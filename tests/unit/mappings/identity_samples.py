"""Documents of the identity providers, with an invented person and enterprise, and short ways to read them."""

from typing import Any

import pytest

from gateway.model.identity import EidCode, SignInRefused
from mappings.identity import DEFAULT_KEPT, P3_NAMES, ClaimRules, ReadClaims, read_claims

RULES = ClaimRules(level_claim="IAL", kept=DEFAULT_KEPT | {"email", "phone"})
SEALED = ClaimRules(names=P3_NAMES, level_claim="accountLevel")
NUMBER = "099919900001"
CITIZEN: dict[str, Any] = {"LoaiTaiKhoan": "1", "SoDinhDanh": NUMBER, "HoVaTen": "NGUYỄN THỊ THỬ"}
ENTERPRISE: dict[str, Any] = {"LoaiTaiKhoan": "2", "MaSoThue": "9990000001", "TenDoanhNghiep": "CÔNG TY THỬ"}


def read(document: dict[str, Any] | None = None, rules: ClaimRules = RULES, **changes: Any) -> ReadClaims:
    return read_claims((CITIZEN if document is None else document) | changes, rules, issuer="iss", subject="sub")


def refusal(document: dict[str, Any] | None = None, rules: ClaimRules = RULES, **changes: Any) -> tuple[EidCode, str]:
    with pytest.raises(SignInRefused) as caught:
        read(document, rules, **changes)
    assert caught.value.__cause__ is None
    return caught.value.eid, caught.value.reason
