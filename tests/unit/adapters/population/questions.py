"""Questions, settings and answers for unit tests of the population adapter."""

from typing import Any

from adapters.population.question import Question
from adapters.population.settings import PopulationSettings
from adapters.transport.messages import HttpAnswer

_SECRET = {"value": "khoa-bi-mat"}
PROFILES: dict[str, dict[str, Any]] = {
    "plain": {"profile": "plain"},
    "c06": {"profile": "c06_basic", "username": "TINH_TEST", "secret": _SECRET},
    "lgsp": {
        "profile": "lgsp_token",
        "access_key": "AK",
        "secret_key": {"value": "SK"},
        "app_name": "APP",
        "partner_code": "PC",
        "partner_code_cus": "PCC",
        "officers": {"canbo.a": {"name": "khoa-a", "password": {"value": "mật khẩu"}}},
    },
    "rest": {"profile": "lgsp_rest", "username": "tinh", "password": _SECRET},
    "oauth2": {"profile": "oauth2", "client_id": "tinh", "client_secret": _SECRET},
    "wrap": {"profile": "lgsp_wrap"},
    "ngsp": {"profile": "lgsp_rest", "members": "wire", "fixed_token": {"value": "6f3c-999"}},
}
"""A section for every profile of the population notes §2."""


def make_settings(edge: str = "plain", *, section: dict[str, Any] | None = None, **changes: Any) -> PopulationSettings:
    """Make settings for an edge; `section` changes the edge's own."""
    values = {"base_url": "https://truc.example/goc/", "edge": PROFILES[edge] | (section or {})}
    return PopulationSettings.model_validate(values | changes)


def make_question(**changes: Any) -> Question:
    """Make a question as the adapter makes it."""
    known: dict[str, Any] = {
        "request_id": "H99-0001",
        "procedure_code": "1.999001",
        "service_code": "037",
        "officer_code": "canbo.a",
        "personal_number": "999190000001",
        "name": "NGUYENTHIMAU",
        "birth_day": "19900203",
    }
    return Question(**(known | changes))


def answer(body: bytes, status: int = 200, retry_after: float | None = None) -> HttpAnswer:
    """Make an answer."""
    return HttpAnswer(status=status, content_type="application/json", retry_after_seconds=retry_after, body=body)
