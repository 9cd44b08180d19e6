"""What may be shown of the settings: an allow-list, so that a new one is hidden until somebody says otherwise."""

from collections.abc import Mapping

from adapters.consent.settings import ConsentSettings

SHOWN = (
    "name",
    "base_url",
    "org_code",
    "start_path",
    "status_path",
    "data_path",
    "service_code",
    "body_form",
    "ask_form",
    "pid_member",
    "code_member",
    "subject_member",
    "data_member",
    "agreement_id",
    "purpose",
    "start_seconds",
    "read_seconds",
)


def describe(settings: ConsentSettings) -> Mapping[str, str]:
    """Give the settings that help in a fault report, as text. Never secrets, user names or file paths."""
    shown = {name: str(getattr(settings, name)) for name in SHOWN}
    ways = {"client": settings.client, "partner": settings.partner, "hmac": settings.hmac}
    shown["authentication"] = " ".join(name for name, way in ways.items() if way is not None)
    shown["universal_base"] = settings.links.universal_base
    shown["kept"] = " ".join(sorted(settings.kept))
    shown["results"] = " ".join(f"{word}={result}" for word, result in sorted(settings.results.items()))
    shown["webhook_types"] = " ".join((*settings.webhook.transcode_types, *settings.webhook.result_types))
    return shown
