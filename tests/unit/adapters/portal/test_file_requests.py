"""Questions for results and files go out as portal wire notes §1.8 and §10 have them, to an address of their own."""

import json

import pytest

from adapters.portal.failures import Operation
from adapters.portal.requests import file_request
from adapters.portal.settings import FileFacade
from tests.unit.adapters.portal.portal_settings import facade, native


def test_a_bare_object_goes_to_the_provincial_service() -> None:
    """With its own headers, and with neither session, destination nor family; its repr shows nothing of it."""
    files = FileFacade.model_validate({"base_url": "https://lgsp.example/", "secret_headers": {"X-Key": "k-1"}})
    record = {"DuongDan": "/kho/999199000001.pdf"}
    request = file_request(native(), files, Operation.DOWNLOAD_ATTACHMENT, "k/getfile", record)
    assert ("POST", "https://lgsp.example/k/getfile", ()) == (request.method, request.url, request.query)
    assert record == json.loads(request.body or b"")
    assert ("X-Key", "k-1") in request.headers
    assert "dstcode" not in dict(request.headers)
    assert not request.is_write
    assert not any(secret in repr(request) for secret in ("999199", "k-1"))


def test_without_an_address_of_its_own_it_is_the_portal_s() -> None:
    """Natively without the family of the exchange's adapter, and where the facade is."""
    beside = file_request(native(), FileFacade(), Operation.FIND_RESULTS, "k/x", {})
    assert "http://127.0.0.1:8080/k/x" == beside.url
    within = file_request(facade(), FileFacade(), Operation.FIND_RESULTS, "k/x", {})
    assert "http://127.0.0.1:8080/lgsp/k/x" == within.url


@pytest.mark.parametrize(
    "wrong",
    [
        {"files": {"max_file_bytes": 16 * 1024 * 1024}},
        {"files": {"max_file_bytes": 10}},
        {"files": {"base_url": "https://user:pass@lgsp.example"}},
        {"files": {"base_url": "ftp://lgsp.example"}},
        {"files": {"attachment_path": "k/getfile?x=1"}},
    ],
)
def test_settings_that_cannot_be_used_are_refused(wrong: dict[str, object]) -> None:
    """A file that no answer can hold, credentials in an address, what is no address or path."""
    with pytest.raises(ValueError):
        native(**wrong)
