"""The simulated population database of the demonstration, and the gateway's settings for it."""

import json
import secrets
import sys

from gateway.demo.stack import Child, Files

UNLICENSED = "1.999099"
"""A procedure that may not use the database over there."""
BARRED = "can-bo-bi-khoa"
_USER = "DEMO_TINH"


class PopulationFiles:
    """Makes process and settings; the secret is of this run."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._secret = secrets.token_urlsafe(24)
        self.token = secrets.token_hex(16)

    def child(self) -> Child:
        """Prepare the database's process."""
        profile = self._files.folder / "population.json"
        profile.touch(mode=0o600)
        settings = {
            "c06_username": _USER,
            "c06_secret": self._secret,
            "unlicensed_procedures": [UNLICENSED],
            "barred_officers": [BARRED],
        }
        profile.write_text(json.dumps(settings), encoding="utf-8")
        arguments = [
            *(sys.executable, "-m", "adapters.population.sandbox", "--profile", str(profile)),
            *("--control-port", "0", "--control-token", self.token),
        ]
        return Child("population database", arguments, self._files.folder / "population.log")

    def settings(self, url: str) -> str:
        """Write the sections [population] and [citizens]."""
        secret = self._files.folder / "population-secret"
        secret.touch(mode=0o600)
        secret.write_text(self._secret, encoding="utf-8")
        edge = (
            f'profile = "c06_basic", username = "{_USER}", secret = {{ file = {json.dumps(str(secret))} }}, '
            'hashed_paths = { XacThucThongTinCongDan = "/dancu/033", TraCuuThongTinCongDan = "/dancu/037" }'
        )
        return f"""
[population]
base_url = {json.dumps(url)}
edge = {{ {edge} }}
request_prefix = "H99-"
verify_seconds = 3.0
look_up_seconds = 3.0
max_parallel = 16
is_test = true

[population.paths]
XacThucThongTinCongDan = "/c06/dancu/033"
TraCuuThongTinCongDan = "/c06/dancu/037"

[population.transport]
calls_per_second = 200.0
read_attempts = 2

[citizens]
officer_per_hour = 100000
officer_per_day = 100000
client_per_hour = 100000

[[citizens.purposes]]
code = "dossier-intake"
legal_basis = "Nghị định 118/2025/NĐ-CP"
fields = ["personal_number", "full_name", "birth_date", "sex", "permanent_residence"]
"""
