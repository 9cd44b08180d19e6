"""Every choice of the simulated Payment Platform. What the notes leave open (§14) is a setting."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from adapters.payment.sandbox.platform_checksums import Scheme
from adapters.payment.sandbox.profiles import Code, Names, NotifyingProfile, Secret, Span

State = Annotated[str, msgspec.Meta(pattern="^(?![14]$)[0-9A-Za-z]{1,10}$")]
Operation = Literal["INIT", "QUERY", "GET_BILL"]

BANKS = {
    "VCB": "Ngân hàng Ngoại thương (mô phỏng)",
    "BIDV": "Ngân hàng Đầu tư và Phát triển (mô phỏng)",
    "ICB": "Ngân hàng Công thương (mô phỏng)",
    "VIDIENTU": "Ví điện tử mô phỏng",
}


class Partner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A province as the platform knows it: registered out of band, nothing of it comes in messages (§A.1, §A.3)."""

    code: Code
    secrets: Annotated[tuple[Secret, ...], msgspec.Meta(min_length=1, max_length=2)]
    """Newest first; the second is still taken while secrets are changed (U29)."""
    notify_url: str = ""
    """Where CONFIRM goes; none is sent while it is empty."""
    return_url: str = ""
    """Where the payer's browser goes back to."""
    lookup_url: str = ""
    lookup_token: str = ""
    """Sent as a bearer token with look-ups; "" sends none, as seen in the sources (U7)."""
    access_token: str = ""
    """Wanted as a bearer token from the partner; "" wants none (§A.1, variants direct and adapter)."""
    scheme: Scheme = Scheme.SHA256
    wrapped: tuple[Operation, ...] = ()
    """Operations that are answered as `{"error_code":"0","message":"<JSON text>"}`."""
    bill_form: Literal["pdf", "json"] = "pdf"
    missing_word: Literal["", "null"] = ""
    """What stands for a missing field in a checksum."""
    omitted: tuple[str, ...] = ()
    """Fields that are left out of CONFIRM and of answers to QUERY."""
    is_dossier_sent: bool = True
    is_bill_url_sent: bool = True
    is_failure_told: bool = True
    """Whether a payment that failed is notified at all."""
    portal_reference: Literal["empty", "foreign", "returned"] = "empty"
    """MaThamChieu of payments that begin at the national portal (U30): none, the platform's own, or the one looked
    up."""


class PlatformProfile(NotifyingProfile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the platform."""

    partners: Annotated[tuple[Partner, ...], msgspec.Meta(min_length=1)] = (
        Partner(code="PPSIM01", secrets=("SIM-SECRET-0001",)),
    )
    is_strict: bool = True
    """Whether requests that are sealed right but odd in form are refused, and wrong seals too."""
    version: str = "1.0.6"
    notify_type: str = "CONFIRM"
    """LoaiBanTin of the notification (U2)."""
    failed_code: Annotated[str, msgspec.Meta(pattern="^(?!00$)[0-9A-Za-z]{1,10}$")] = "99"
    """MaLoi of payments that failed; no table is known (U4)."""
    open_state: State = "2"
    pending_state: State = "3"
    """TrangThaiGD while the page is open, and while the platform itself does not know; others may exist (U5)."""
    query_seal: Literal["confirm", "none", "other"] = "confirm"
    """How answers to QUERY are sealed (U6): as CONFIRM, not at all, or by a formula that nobody knows."""
    init_omitted: tuple[str, ...] = ()
    """Members that are left out of answers to INIT; only MaLoi and UrlThanhToan are sure to be there (§A.3.2)."""
    max_reference_length: Annotated[int, msgspec.Meta(ge=1, le=255)] = 20
    max_description_length: Annotated[int, msgspec.Meta(ge=1, le=255)] = 100
    max_clock_seconds: Span = 900.0
    """How far ThoiGianGD of INIT may be from the platform's clock. This is what unmasks twelve-hour stamps."""
    fee_kinds: tuple[str, ...] = ("1", "2")
    """LoaiPhiLePhi (U9)."""
    service_classes: tuple[str, ...] = ("1", "2")
    """MaDichVu (U8)."""
    bill_time: Literal["either", "confirm", "init"] = "either"
    """Which ThoiGianGD opens a bill (U11)."""
    banks: Names = msgspec.field(default_factory=lambda: dict(BANKS))
    files_hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 8
    """When the file of a day is there, on the day after."""
    fee_vnd: Annotated[int, msgspec.Meta(ge=0)] = 0
    """PhiDichVu of each payment; no part of SoTien (U20)."""
    latency_seconds: Span = 0.0

    def codes(self) -> Mapping[str, list[str]]:
        return {"partners": [each.code for each in self.partners]}

    def shown(self) -> dict[str, Any]:
        """Give the settings as plain values, without those that are secret."""
        shown: dict[str, Any] = msgspec.to_builtins(self)
        for partner in shown["partners"]:
            partner["secrets"] = len(partner["secrets"])
            for name in ("lookup_token", "access_token"):
                partner[name] = bool(partner[name])
        return shown
