"""MaXacThuc of the payment platform (payment notes §A.7). Pure.

The orders are traps: the time stands before the description in CONFIRM and behind it in INIT. A plain hash with the
secret at its end is weak by today's measure (pitfall 6), and the wire cannot be changed; what compensates is strict
forms of the fields before hashing (pitfall 7), comparison in constant time (pitfall 5), TLS, and a question before
anything that the checksum does not cover counts (pitfall 8).
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

from mappings.payment.notices import Notice
from mappings.payment.platform_rules import Digest, PlatformRules

INIT_ORDER = (
    *("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "SoTien", "LoaiHinhThanhToan", "MaKenhThanhToan"),
    *("MaThietBi", "NgonNgu", "MaTienTe", "MaNganHang", "ThongTinGiaoDich", "ThoiGianGD", "Ip"),
)
ASK_ORDER = ("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD")
"""QUERY and GET_BILL."""
CONFIRM_ORDER = (
    *("LoaiBanTin", "MaLoi", "MaDoiTac", "MaThamChieu", "SoTien", "MaTienTe", "MaGiaoDich", "MaNganHang"),
    *("ThoiGianGD", "ThongTinGiaoDich"),
)
LEGACY_CONFIRM_ORDER = (
    *("LoaiBanTin", "MaDoiTac", "MaThamChieu", "SoTien", "MaTienTe", "MaNganHang", "ThongTinGiaoDich", "ThoiGianGD"),
)
SEPARATOR = "|"
_LOWER = re.compile(r"[0-9a-f]{64}")
_EITHER = re.compile(r"[0-9A-Fa-f]{64}")


class BadChecksum(ValueError):
    """A checksum that is missing, of another form, or of something else. Holds nothing of it."""


def values_of(order: Sequence[str], document: Mapping[str, str]) -> tuple[str, ...]:
    """Give the values to be sealed.

    A missing one is a mistake here, never an empty text nor the word null (pitfall 13). Raises ValueError for a pipe
    in a value: it would shift the fields.
    """
    values = tuple(document[name] for name in order)
    if any(SEPARATOR in value for value in values):
        raise ValueError("a signed value must hold no pipe")
    return values


def confirm_values(digest: Digest, document: Mapping[str, str]) -> tuple[str, ...]:
    """Give what the checksum of CONFIRM covers, from values that were read."""
    if digest is Digest.SHA256:
        return tuple(document[name] for name in CONFIRM_ORDER)
    # The old string ends with a separator.
    return (*(document[name] for name in LEGACY_CONFIRM_ORDER), "")


def seal(digest: Digest, values: Sequence[str], secret: str) -> str:
    """Give the checksum: 64 lower-case hex digits of the exact UTF-8 bytes; nothing is normalised."""
    if digest is Digest.SHA256:
        return sha256(SEPARATOR.join((*values, secret)).encode()).hexdigest()
    return hmac.digest(secret.encode(), SEPARATOR.join(values).encode(), "sha256").hex()


def find_secret(
    digest: Digest, values: Sequence[str], given: object, secrets: Sequence[str], *, accepts_upper_case: bool = False
) -> int:
    """Give the place of the secret that made `given`. Raises BadChecksum when none did."""
    form = _EITHER if accepts_upper_case else _LOWER
    if not isinstance(given, str) or not form.fullmatch(given):
        raise BadChecksum("the checksum is missing or of another form")
    wanted = given.lower()
    # Every secret is tried, so that time does not tell which of them fits.
    fits = [hmac.compare_digest(seal(digest, values, secret), wanted) for secret in secrets]
    if not any(fits):
        raise BadChecksum("the checksum does not fit")
    return fits.index(True)


def verify_confirm(
    rules: PlatformRules, values: Mapping[str, str], given: object, secrets: Sequence[str]
) -> list[Notice]:
    """Verify what a notification, or an answer to QUERY, holds (U6: one formula), and tell what is odd about how it was
    sealed. Raises BadChecksum."""
    covered = confirm_values(rules.digest, values)
    place = find_secret(rules.digest, covered, given, secrets, accepts_upper_case=rules.accepts_upper_case)
    notices = [Notice.PREVIOUS_SECRET] if place else []
    if given != str(given).lower():
        notices.append(Notice.UPPER_CASE_CHECKSUM)
    if rules.digest is Digest.LEGACY_HMAC:
        notices.append(Notice.LEGACY_CHECKSUM)
    return notices
