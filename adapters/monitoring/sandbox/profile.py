"""Settings of the simulated monitoring system as one document."""

from typing import Any, Self

import msgspec

from adapters.monitoring.sandbox.habits import Path, PullerSettings, SettingsError


class MonitoringProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of both halves; `push_path` and the files of TLS are fixed when the sandbox starts."""

    puller: PullerSettings = PullerSettings()

    # How the province is reached.
    ca_file: str = ""
    """Whose certificates the province may have; empty: those that the system trusts."""
    client_certificate_file: str = ""
    client_key_file: str = ""

    # What is pushed.
    push_path: Path = "/push/v1/snapshots"
    push_token: str = "sandbox-push"  # noqa: S105 - of a simulation
    push_key_set: dict[str, Any] = {}
    """The province's JWKS; empty: signatures of what is pushed are not verified."""
    push_units: dict[str, str] = {}
    """Units of indicators that are no shares, since a push comes without definitions."""
    max_push_bytes: int = 256 * 1024 * 1024

    def changed(self, **changes: Any) -> Self:
        """Give a profile with some settings changed, checked; those of `puller` one by one. Raises SettingsError."""
        values = msgspec.to_builtins(self)
        puller = changes.get("puller")
        if isinstance(puller, dict):
            changes = {**changes, "puller": {**values["puller"], **puller}}
        return self.parse({**values, **changes})

    @classmethod
    def parse(cls, values: object) -> Self:
        """Read a profile from plain values; what is not named keeps its default. Raises SettingsError."""
        try:
            return msgspec.convert(values, cls)
        except msgspec.ValidationError as error:
            raise SettingsError(str(error)) from None

    def shown(self) -> dict[str, Any]:
        """Give the settings as plain values, without what is secret or of persons."""
        return {
            **{name: value for name, value in msgspec.to_builtins(self).items() if name != "push_token"},
            "puller": self.puller.shown(),
        }


FIXED_SETTINGS = frozenset({"push_path", "ca_file", "client_certificate_file", "client_key_file", "max_push_bytes"})
