"""Settings: what does not fit together is named, all of it at once, and no secret stands in any of it."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from adapters.population.settings import Edge, Operation, PopulationSettings
from adapters.transport.secrets import Secret
from tests.unit.adapters.population.questions import PROFILES, make_settings

_HIDDEN = "bi-mat-999"


def faults_of(**values: Any) -> str:
    """Give what is said of settings that cannot be used."""
    with pytest.raises(ValidationError) as caught:
        make_settings(**values)
    return str(caught.value)


def test_defaults_are_the_recommended_assumptions() -> None:
    """Population notes §20: U1, U3, U4, U6, U9, U11, U14, U19."""
    settings = make_settings()

    assert {Operation.VERIFY, Operation.LOOK_UP} == settings.operations
    assert ("033", "037") == (
        settings.service_code_of(Operation.VERIFY),
        settings.service_code_of(Operation.LOOK_UP),
    )
    assert ("application/xml; charset=utf-8", True, 36) == (
        settings.content_type,
        settings.sends_soap_action,
        settings.request_id_length,
    )
    assert (3.0, 256 * 1024, 5.0, 2) == (
        settings.transport.connect_seconds,
        settings.transport.max_answer_bytes,
        settings.transport.calls_per_second,
        settings.max_parallel,
    )
    assert Operation.LOOK_UP in settings.needs_birth_date
    assert Operation.VERIFY not in settings.needs_birth_date
    assert settings.wsse is None


def test_paths_and_codes_of_operations() -> None:
    """One operation, one path, where it is set (§1)."""
    settings = make_settings(paths={"XacThucThongTinCongDan": "/033"}, service_codes={"TraCuuThongTinCongDan": "007"})

    assert ("/033", "/dancuquocgia") == (settings.path_of(Operation.VERIFY), settings.path_of(Operation.LOOK_UP))
    assert ("037", "007") == (settings.service_code_of(Operation.VERIFY), settings.service_code_of(Operation.LOOK_UP))


def test_all_faults_are_named_at_once() -> None:
    """Whoever sets it up sees the whole list."""
    told = faults_of(
        edge="rest",
        base_url="http://ten:mat-khau@truc.example/?a=1",
        request_prefix="0123456789",
        request_id_length=24,
        operations=[one.value for one in Operation],
        wsse={},
    )

    assert 5 == sum(
        part in told
        for part in (
            "base_url must be https",
            "base_url must hold no credentials, query, wildcard or fragment",
            "request_prefix must leave 20 characters",
            "operations must be VERIFY and LOOK_UP only",
            "wsse must not be set",
        )
    )


@pytest.mark.parametrize(
    ("url", "is_test", "is_good"),
    [
        ("https://truc.example", False, True),
        ("http://truc.example", False, False),
        ("http://127.0.0.1:8080", False, False),
        ("http://127.0.0.1:8080", True, True),
        ("http://localhost", True, True),
        ("http://truc.example", True, False),
        ("https://ten@truc.example", False, False),
        ("https://truc.example/?x=1", False, False),
        ("https://truc.example/#x", False, False),
        ("ftp://truc.example", True, False),
        ("https://truc.example/a b", False, False),
        ("https://truc.example/\n", False, False),
    ],
)
def test_base_addresses(url: str, is_test: bool, is_good: bool) -> None:
    """https everywhere, but for a sandbox on the loopback address; nothing secret in it."""
    if is_good:
        assert url == make_settings(base_url=url, is_test=is_test).base_url
    else:
        assert "base_url" in faults_of(base_url=url, is_test=is_test)


_WRONG: tuple[tuple[str, Any], ...] = (
    ("default_path", "goc"),
    ("default_path", "/a b"),
    ("paths", {"TraCuuThongTinCongDan": "x"}),
    ("paths", {"KhongCo": "/x"}),
    ("operations", []),
    ("service_codes", {"TraCuuThongTinCongDan": "37"}),
    ("default_service_code", "0371"),
    ("verification_form", "gtel"),
    ("kinship_form", "letter_761"),
    ("reply_forms", []),
    ("request_prefix", "a b"),
    ("request_prefix", "0123456789a"),
    ("request_id_length", 23),
    ("request_id_length", 51),
    ("default_procedure_code", "x" * 101),
    ("content_type", "application/json"),
    ("xroad_client", "VN/GOV/H99"),
    ("xroad_client", "VN/GOV/H99/DVC\r\nX: 1"),
    ("token_margin_seconds", -1),
    ("token_life_seconds", 0),
    ("verify_seconds", 0),
    ("look_up_seconds", 301),
    ("max_parallel", 0),
    ("transport", {"max_answer_bytes": (1 << 20) + 1}),
    ("name_form", "lower"),
    ("unknown", 1),
)


@pytest.mark.parametrize(("name", "value"), _WRONG, ids=range(len(_WRONG)))
def test_values_out_of_bounds(name: str, value: Any) -> None:
    """Named by their setting."""
    assert name in faults_of(**{name: value})


_EDGES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("c06", {"secret": None}, "secret"),
    ("c06", {"username": "two words"}, "username"),
    ("c06", {"timestamp_header": "a:b"}, "timestamp_header"),
    ("c06", {"timestamp_unit": "minutes"}, "timestamp_unit"),
    ("c06", {"hashed_paths": {"TraCuuThongTinCongDan": "x"}}, "hashed_paths"),
    ("lgsp", {"officers": {}}, "officers"),
    ("lgsp", {"officers": {"hai chữ": {"name": "a", "password": {"value": _HIDDEN}}}}, "officers"),
    ("lgsp", {"secret_header": "a\r\nb"}, "secret_header"),
    ("rest", {"fixed_token": {"value": _HIDDEN}}, "either username and password or fixed_token"),
    ("rest", {"password": None}, "either username and password or fixed_token"),
    ("rest", {"username": None, "password": None}, "either username and password or fixed_token"),
    ("rest", {"members": "other"}, "members"),
    ("oauth2", {"fixed_token": {"value": _HIDDEN}}, "either client_id and client_secret or fixed_token"),
    ("oauth2", {"client_secret": None}, "either client_id and client_secret or fixed_token"),
    ("oauth2", {"client_id": None, "client_secret": None}, "either client_id and client_secret or fixed_token"),
    ("wrap", {"ok_codes": ["x" * 21]}, "ok_codes"),
    ("plain", {"profile": "other"}, "profile"),
    ("plain", {"username": "a"}, "username"),
)


@pytest.mark.parametrize(("edge", "section", "named"), _EDGES, ids=range(len(_EDGES)))
def test_sections_of_edges(edge: str, section: dict[str, Any], named: str) -> None:
    """Each profile takes its own settings, whole, and no others."""
    assert named in faults_of(edge=edge, section=section)


@pytest.mark.parametrize("edge", sorted(PROFILES))
def test_every_profile_can_be_set(edge: str) -> None:
    """As it stands in the notes §2."""
    assert PROFILES[edge]["profile"] == make_settings(edge).edge.profile


@pytest.mark.parametrize(
    "values", [{}, {"value": _HIDDEN, "file": "/x"}, {"value": None, "file": None}, {"value": _HIDDEN, "other": 1}]
)
def test_secrets_are_given_one_way(values: dict[str, Any]) -> None:
    """As a text or in a file; what is said of a wrong one does not show it (found 2026-11-25)."""
    with pytest.raises(ValidationError) as caught:
        Secret.model_validate(values)

    assert _HIDDEN not in str(caught.value)


def test_reading_a_secret(tmp_path: Path) -> None:
    """Line ends at the edge of the file are no part of it; blanks are."""
    file = tmp_path / "secret"
    file.write_bytes(" mật \n\r\n".encode())

    assert (" mật ", _HIDDEN) == (
        Secret(file=file).read(),
        Secret.model_validate({"value": _HIDDEN}).read(),
    )
    with pytest.raises(ValueError, match="empty"):
        Secret.model_validate({"value": ""}).read()
    with pytest.raises(OSError, match="No such file"):
        Secret(file=tmp_path / "none").read()


_NAMES = ("secret", "secret_key", "password", "client_secret", "fixed_token", "bearer", "api_key")


@pytest.mark.parametrize("edge", sorted(PROFILES))
def test_no_secret_is_shown(edge: str) -> None:
    """Neither by settings in a log, nor by what is said of ones that cannot be used, whatever is wrong beside it."""
    section: dict[str, Any] = {name: {"value": _HIDDEN} for name in _NAMES if name in PROFILES[edge]}
    if edge == "lgsp":
        section["officers"] = {"canbo.a": {"name": "a", "password": {"value": _HIDDEN}}}
    good = make_settings(edge, section=section)

    assert _HIDDEN not in repr(good) + str(good) + good.model_dump_json()
    for wrong in ({"unknown": 1}, {"profile": "other"}, {"token_path": "x", "timestamp_header": "", "ok_codes": 1}):
        assert _HIDDEN not in faults_of(edge=edge, section=section | wrong)
    assert _HIDDEN not in faults_of(edge=edge, section=section, base_url=f"http://x:{_HIDDEN}@truc.example")


def test_signing_needs_a_timestamp() -> None:
    """A signature without an instant would be good for ever."""
    signing = {"key_file": "/k", "certificate_file": "/c"}

    assert "timestamp_life_seconds" in faults_of(wsse={"signing": signing, "timestamp_life_seconds": 0})


def test_edges_are_a_closed_list() -> None:
    """Six profiles."""
    schema = TypeAdapter(Edge).json_schema()

    assert 6 == len(schema["anyOf"])
    assert PopulationSettings.model_config.get("frozen")
