"""MaXacThuc of the Payment Platform (payment notes §A.7): which values, in which order, under which secret."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from enum import StrEnum

INIT_ORDER = (
    "LoaiBanTin",
    "PhienBan",
    "MaDoiTac",
    "MaThamChieu",
    "SoTien",
    "LoaiHinhThanhToan",
    "MaKenhThanhToan",
    "MaThietBi",
    "NgonNgu",
    "MaTienTe",
    "MaNganHang",
    "ThongTinGiaoDich",
    "ThoiGianGD",
    "Ip",
)
CONFIRM_ORDER = (
    "LoaiBanTin",
    "MaLoi",
    "MaDoiTac",
    "MaThamChieu",
    "SoTien",
    "MaTienTe",
    "MaGiaoDich",
    "MaNganHang",
    "ThoiGianGD",
    "ThongTinGiaoDich",
)
"""The time comes before the description here, and after it in INIT."""
ASK_ORDER = ("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD")
LEGACY_CONFIRM_ORDER = (
    "LoaiBanTin",
    "MaDoiTac",
    "MaThamChieu",
    "SoTien",
    "MaTienTe",
    "MaNganHang",
    "ThongTinGiaoDich",
    "ThoiGianGD",
)


class Scheme(StrEnum):
    """How the values are sealed."""

    SHA256 = "sha256"
    """SHA-256 over values and secret; since July 2020."""
    HMAC = "hmac"
    """HMAC-SHA256 keyed with the secret; the first draft of June 2020."""


def seal(scheme: Scheme, secret: str, values: Sequence[str]) -> str:
    """Give the checksum of values already in order, in lower hex."""
    if scheme is Scheme.HMAC:
        return hmac.new(secret.encode(), "|".join(values).encode(), "sha256").hexdigest()
    return hashlib.sha256("|".join((*values, secret)).encode()).hexdigest()


def request_values(order: Sequence[str], document: Mapping[str, object], missing_word: str = "") -> list[str]:
    """Give the values of a document in an order; a missing or null one becomes `missing_word`."""
    return [_text(document.get(name), missing_word) for name in order]


def confirm_values(scheme: Scheme, document: Mapping[str, object], missing_word: str = "") -> list[str]:
    """Give the values of a CONFIRM, or of an answer to QUERY; the draft's string ends with a pipe."""
    if scheme is Scheme.HMAC:
        return [*request_values(LEGACY_CONFIRM_ORDER, document, missing_word), ""]
    return request_values(CONFIRM_ORDER, document, missing_word)


def find_secret(scheme: Scheme, secrets: Sequence[str], values: Sequence[str], given: object) -> int | None:
    """Give the place of the secret under which `given` is right; None when there is none."""
    if not isinstance(given, str):
        return None
    found = [hmac.compare_digest(seal(scheme, secret, values).encode(), given.encode()) for secret in secrets]
    return found.index(True) if True in found else None


def _text(value: object, missing_word: str) -> str:
    return missing_word if value is None else str(value)
