"""The faults of payment notes §12.2 that the platform can show on the wire, each under its id.

F29 and F30 are about refunds and receipt suppliers, and not the platform's.
"""

from collections.abc import Mapping
from types import MappingProxyType

PLATFORM_SWITCHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "F01_confirm_never_sent": (),
        "F02_confirm_repeated": (),
        "F03_confirm_before_init_answer": (),
        "F04_failure_after_success": (),
        "F05_success_after_failure": (),
        "F06_success_after_expiry": (),
        "F07_wrong_amount": (),
        "F08_wrong_value": ("currency", "partner", "dossier"),
        "F09_tampered": ("SoTien", "MaLoi", "MaGiaoDich", "ThongTinGiaoDich", "MaThamChieu"),
        "F10_upper_case_checksum": (),
        "F11_bad_checksum": ("missing", "short", "non_hex"),
        "F12_amount_form": ("text", "decimals", "huge", "negative", "exponent"),
        "F13_reference": ("unknown", "empty"),
        "F14_init_answer_lost": ("reset", "close", "stall"),
        "F15_init_answer_broken": ("500", "502_html", "empty", "truncated", "bom", "charset"),
        "F16_init_wrapped_oddly": ("double", "object"),
        "F17_init_refused_inside": (),
        "F18_ack_lost": (),
        "F19_pending": ("paid", "failed", "never"),
        "F20_query_contradicts": ("failed", "paid"),
        "F21_both_references_paid": (),
        "F22_two_transactions": (),
        "F23_forged_return": (),
        "F24_slow_answer": (),
        "F25_bill": ("pdf", "json", "404", "foreign_host", "html"),
        "F26_next_day_file": (),
        "F27_daily_file": ("missing", "duplicated", "bad_checksum", "wrong_total"),
        "F28_replay": (),
        "F31_nfd_description": (),
        "F32_twelve_hour_time": (),
        "F33_old_secret": (),
    }
)
"""Name to variants, the first of which is the usual one. `delay_seconds` of F06 and F19 is the sandbox's time, that
of F14 and F24 real time; `copies` is for F02; `operation` narrows F24 to INIT, QUERY or GET_BILL."""

BODY_FAULTS = (
    "F07_wrong_amount",
    "F08_wrong_value",
    "F09_tampered",
    "F10_upper_case_checksum",
    "F11_bad_checksum",
    "F12_amount_form",
    "F13_reference",
    "F31_nfd_description",
    "F32_twelve_hour_time",
    "F33_old_secret",
)
"""Those that change the bytes of a CONFIRM."""
