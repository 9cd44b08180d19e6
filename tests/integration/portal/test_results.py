"""The store of results (GetKetQuaGiayTo, GetGiayToByUrl) and files by path (getfile), adapter against sandbox."""

from typing import Any

import pytest

from adapters.sandboxing import FaultKind, FaultSpec
from gateway.errors import ContractBroken, RateLimited, Rejected, RemoteError
from gateway.ports.portal_services import ResultQuery, WantedResult
from tests.support.portal_line import AdapterLine, adapter_line

SERVED = {"is_facade_served": True}
OWNER = "999199000002"


def query(*wanted: WantedResult, owner: str = OWNER) -> ResultQuery:
    return ResultQuery(
        owner_number=owner,
        requester_name="Trần Văn Thử",
        requester_number="999188000002",
        is_asked_by_officer=True,
        procedure_code="1.999001",
        wanted=wanted,
    )


def stored(line: AdapterLine) -> list[dict[str, Any]]:
    return line.sandbox.state.results[OWNER]


async def test_results_are_found_as_they_are_stored() -> None:
    """Only the wanted codes, with a notation only that paper; nobody's papers are an empty list."""
    async with adapter_line(SERVED, files={}) as line:
        papers = stored(line)
        assert len(papers) >= 2
        everything = query(*(WantedResult(result_code=paper["MaKetQua"]) for paper in papers))
        found = await line.portal.results.find_results(everything)
        assert [paper["MaKetQua"] for paper in papers] == [one.result_code for one in found]
        assert [paper["CoQuanChuQuan"] for paper in papers] == [one.owning_agency_code for one in found]
        paths = [[file["DuongDan"] for file in paper["DanhSachTepDinhKem"]] for paper in papers]
        assert paths == [[file.path for file in one.files] for one in found]
        first = papers[0]
        narrow = WantedResult(result_code=first["MaKetQua"], notation=first["SoKyHieu"])
        assert [first["SoKyHieu"]] == [one.notation for one in await line.portal.results.find_results(query(narrow))]
        for nothing in (
            query(WantedResult(result_code=first["MaKetQua"], notation="0/KHAC")),
            query(WantedResult(result_code=first["MaKetQua"]), owner="999199000999"),
        ):
            assert [] == await line.portal.results.find_results(nothing)


@pytest.mark.parametrize("form", ["json_text", "bare", "message", "envelope"])
async def test_files_are_fetched_in_every_form(form: str) -> None:
    """Whatever text the base64 is put into, the same bytes come out."""
    async with adapter_line({**SERVED, "file_reply": form}, files={}) as line:
        paper = next(paper for paper in stored(line) if paper["DanhSachTepDinhKem"])
        path = paper["DanhSachTepDinhKem"][0]["DuongDan"]
        content = line.sandbox.state.files[path]
        assert content == await line.portal.results.download_result(paper["CoQuanChuQuan"], path)
        line.sandbox.state.files["/dvcqg/khac"] = b"anything"
        assert b"anything" == await line.portal.results.download_attachment("/dvcqg/khac")
        assert line.sandbox.state.files["/dvcqg/tep/1.pdf"] == await line.portal.results.download_attachment(
            "/dvcqg/tep/1.pdf"
        )


async def test_a_large_file_in_an_envelope_is_not_cut() -> None:
    """Text of many times the length of any message arrives whole."""
    for form in ("message", "envelope"):
        profile = {**SERVED, "file_reply": form, "stored_file_bytes": 300_000}
        async with adapter_line(profile, files={}) as line:
            assert 300_000 == len(await line.portal.results.download_attachment("/dvcqg/tep/1.pdf"))


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({"stored_file": "page"}, "not_as_announced"),
        ({"stored_file": "empty"}, "empty_file"),
        ({"stored_file": "broken"}, "not_base64"),
        ({"stored_file": "broken", "file_reply": "bare"}, "not_base64"),
        ({"stored_file_bytes": 4097}, "file_too_large"),
        ({"stored_file_bytes": 4097, "file_reply": "envelope"}, "file_too_large"),
        ({"stored_file_bytes": 100_000}, "answer_too_large"),
    ],
)
async def test_a_file_that_is_not_what_was_announced_breaks_the_contract(profile: dict[str, Any], code: str) -> None:
    """Another kind, nothing, no base64, or more than is taken; the error shows no path."""
    settings = {"files": {"max_file_bytes": 4096}, "transport": {"max_answer_bytes": 100_000}}
    async with adapter_line({**SERVED, **profile}, **settings) as line:
        results = line.portal.results
        for fetched in (
            results.download_attachment("/dvcqg/tep/1.pdf"),
            results.download_result("G91", "/kho/2026/1-0.pdf"),
        ):
            with pytest.raises(ContractBroken) as caught:
                await fetched
            assert code == caught.value.code
            assert not caught.value.effect_possible
            assert ".pdf" not in f"{caught.value}{caught.value!r}{caught.value.__cause__}"


async def test_a_file_that_is_not_there_is_refused() -> None:
    """An unknown path, another agency, and a path of the store asked for as a notice's: the answer is no."""
    async with adapter_line(SERVED, files={}) as line:
        results = line.portal.results
        for fetched in (
            results.download_attachment("/dvcqg/khong-co.pdf"),
            results.download_attachment("/kho/2026/1-0.pdf"),
            results.download_result("G00", "/kho/2026/1-0.pdf"),
        ):
            with pytest.raises(Rejected) as caught:
                await fetched
            assert "-1" == caught.value.remote_code


async def test_what_is_not_offered_is_refused_without_a_call() -> None:
    """Without a service for files, or without a path for one of its calls."""
    nowhere: dict[str, Any] = {"results_path": None, "result_file_path": None, "attachment_path": None}
    for settings in ({}, {"files": nowhere}):
        async with adapter_line(SERVED, **settings) as line:
            for ask in (
                lambda: line.portal.results.find_results(query(WantedResult(result_code="KQ"))),
                lambda: line.portal.results.download_result("G99", "/kho/a.pdf"),
                lambda: line.portal.results.download_attachment("/a.pdf"),
            ):
                with pytest.raises(Rejected) as caught:
                    await ask()
                assert "no_such_service" == caught.value.code
            assert [] == line.sandbox.recorder.calls()


async def test_the_success_code_of_the_store_is_a_setting() -> None:
    """Another code than the supposed one is no success, until the settings say that it is."""
    profile = {**SERVED, "results_success_code": "200"}
    async with adapter_line(profile, files={}) as line:
        asked = query(WantedResult(result_code=stored(line)[0]["MaKetQua"]))
        with pytest.raises(Rejected):
            await line.portal.results.find_results(asked)
    async with adapter_line(profile, files={"success_codes": ["200"]}) as line:
        assert await line.portal.results.find_results(asked)


async def test_a_question_that_the_store_does_not_take_is_refused() -> None:
    """A refusal is no empty list, and shows nobody."""
    async with adapter_line(SERVED, files={}) as line:
        with pytest.raises(Rejected) as caught:
            await line.portal.results.find_results(query())
        assert "999" not in f"{caught.value}{caught.value!r}"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.MALFORMED_JSON, ContractBroken),
        (FaultKind.HTML_PAGE, RemoteError),
        (FaultKind.DROP_REPLY, RemoteError),
        (FaultKind.MAINTENANCE, RateLimited),
    ],
)
async def test_a_call_that_fails_is_an_error(kind: FaultKind, error: type[RemoteError]) -> None:
    """No failure looks like nothing found, or like a file."""
    async with adapter_line(SERVED, files={}, transport={"read_attempts": 1}) as line:
        for ask, service in (
            (lambda: line.portal.results.find_results(query(WantedResult(result_code="KQ"))), "GetKetQuaGiayTo"),
            (lambda: line.portal.results.download_result("G91", "/kho/2026/1-0.pdf"), "GetGiayToByUrl"),
            (lambda: line.portal.results.download_attachment("/dvcqg/tep/1.pdf"), "getfile"),
        ):
            line.sandbox.add_fault(FaultSpec(kind=kind, calls=1, operation=service))
            with pytest.raises(error) as caught:
                await ask()
            assert "999" not in f"{caught.value}{caught.value!r}"
