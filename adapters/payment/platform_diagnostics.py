"""What may be shown of the settings: an allow-list, so that a new one is hidden until somebody says otherwise."""

from collections.abc import Mapping

from adapters.payment.settings import PlatformSettings

SHOWN = (
    "name",
    "init_url",
    "query_url",
    "bill_url",
    "call_seconds",
    "page_life_seconds",
    "max_notification_bytes",
    "max_bill_bytes",
    "is_test",
)
RULES_SHOWN = (
    "partner_code",
    "version",
    "init_type",
    "query_type",
    "bill_type",
    "confirm_type",
    "digest",
    "accepts_upper_case",
    "is_query_signed",
    "is_checksum_echoed",
    "trusts_unsigned_dossier",
    "masks_payer",
    "unlisted_result",
    "unlisted_state",
)


def describe(settings: PlatformSettings) -> Mapping[str, str]:
    """Give the settings that help in a fault report, as text. Never secrets, tokens or file paths."""
    rules = settings.rules
    shown = {name: str(getattr(settings, name)) for name in SHOWN}
    shown |= {f"rules.{name}": str(getattr(rules, name)) for name in RULES_SHOWN}
    shown["rules.results"] = " ".join(f"{code}={meaning}" for code, meaning in sorted(rules.results.items()))
    shown["rules.states"] = " ".join(f"{code}={answer}" for code, answer in sorted(rules.states.items()))
    shown["page_hosts"] = " ".join(settings.page_hosts)
    shown["bill_hosts"] = " ".join(settings.bill_hosts)
    shown["bill_times"] = " ".join(settings.bill_times)
    shown["secrets"] = str(len(settings.secrets))
    shown["access_token"] = "set" if settings.access_token is not None else "none"
    shown["lookup"] = "off" if settings.lookup is None else "token" if settings.lookup.token else "network"
    shown["settlement"] = "off" if settings.settlement is None else settings.settlement.address
    return shown
