"""What may be shown of the settings: an allow-list, so that a new one is hidden until somebody says otherwise."""

from collections.abc import Mapping

from adapters.population.settings import PopulationSettings

SHOWN = (
    "base_url",
    "default_path",
    "default_service_code",
    "verification_form",
    "kinship_form",
    "name_form",
    "request_prefix",
    "request_id_length",
    "default_procedure_code",
    "content_type",
    "sends_soap_action",
    "xroad_client",
    "verify_seconds",
    "look_up_seconds",
    "max_parallel",
)


def describe(settings: PopulationSettings) -> Mapping[str, str]:
    """Give the settings that help in a fault report, as text. Never secrets, user names or file paths."""
    shown = {name: str(getattr(settings, name)) for name in SHOWN}
    shown["edge"] = settings.edge.profile
    shown["operations"] = " ".join(sorted(settings.operations))
    shown["reply_forms"] = " ".join(settings.reply_forms)
    shown["paths"] = " ".join(f"{operation}={path}" for operation, path in sorted(settings.paths.items()))
    shown["wsse"] = "yes" if settings.wsse is not None else "no"
    return shown
