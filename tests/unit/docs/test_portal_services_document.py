"""The table of the portal's services cannot say what the code does not do."""

import dataclasses

import pytest

from adapters.portal.protocol import SERVICES as CLIENT_SERVICES
from adapters.portal.sandbox import SERVICES as SANDBOX_SERVICES
from docs.generate import HEADER, table
from docs.services import LIST, Listed, faults_of, files_testing, is_in_sandbox, read_list, row, services_document
from gateway.api.national import PATHS

LISTED = read_list(LIST.read_text(encoding="utf-8"))
UNKNOWN = Listed(name="LayKhongCo", section="§0", direction="pull", confidence="C", reason="invented")
LINE = '[[service]]\nname = "A"\nsection = "§1"\ndirection = "pull"\nconfidence = "A"\n'


def test_every_service_of_the_code_is_in_the_table() -> None:
    """Whatever the adapter calls, the sandbox serves or the portal may call has a line."""
    document = services_document(HEADER, table)
    for name in {*CLIENT_SERVICES.values(), *SANDBOX_SERVICES, *PATHS}:
        assert f"| `{name}` |" in document, name


def test_every_line_is_done_or_says_why_not() -> None:
    """A service that nobody calls has a reason; one that is called is simulated, and tested against the sandbox."""
    assert [] == faults_of(LISTED)
    for service in LISTED:
        if service.name in CLIENT_SERVICES.values():
            assert is_in_sandbox(service), service.name
            assert any(path.startswith("tests/integration/") for path in files_testing(service.name)), service.name


@pytest.mark.parametrize("name", ["TraCuuHoSo", "LayDanhMucLePhi", "nhantbthuedvcqg"])
def test_a_line_left_out_is_noticed(name: str) -> None:
    """A service of the code without a line stops the generator."""
    faults = faults_of([service for service in LISTED if service.name != name])
    assert any(fault.startswith(f"{name}: ") for fault in faults)


def test_a_service_that_nobody_calls_needs_a_reason() -> None:
    """Silence is no reason."""
    assert [] == faults_of([*LISTED, UNKNOWN])
    silent = dataclasses.replace(UNKNOWN, reason="", api=("GET /v1/events",))
    assert ["LayKhongCo: is not called and has no reason"] == faults_of([*LISTED, silent])


def test_a_line_tells_what_is_missing() -> None:
    """No call, no simulation, no endpoint of that name and no test are all said."""
    cells = row(dataclasses.replace(UNKNOWN, api=("GET /v1/nothing",)))
    assert ["no", "no", "`GET /v1/nothing` (not served yet)", "none", "Invented."] == cells[4:]


def test_a_name_inside_a_longer_one_is_no_test() -> None:
    """Tests are found by the whole name."""
    assert [] == files_testing("DanhMucLePhi")
    assert files_testing("LayDanhMucLePhi")


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        LINE + 'reason = "x"\n\n' + LINE + 'reason = "x"\n',
        LINE.replace("pull", "sideways") + 'reason = "x"\n',
        LINE.replace('confidence = "A"', 'confidence = "D"') + 'reason = "x"\n',
        LINE + 'reason = "x"\nform_of = "B"\n',
        LINE + 'reason = "x"\nunknown = "B"\n',
        LINE.replace('section = "§1"\n', "") + 'reason = "x"\n',
    ],
)
def test_a_list_that_breaks_its_rules_is_refused(text: str) -> None:
    """Neither endpoint nor reason, a name twice, unknown words, unknown or missing keys."""
    with pytest.raises(ValueError, match=r"portal-services\.toml"):
        read_list(text)
