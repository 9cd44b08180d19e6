"""The edges, that is who stands between the province and the database: what each adds to a request, and takes off an
answer. Pure; one function of each kind per profile (population notes §2).
"""

import json
from collections.abc import Mapping
from typing import Any

from adapters.population.credentials import Credentials, Stamp
from adapters.population.decoding import WSO2_FAULT
from adapters.population.documents import code_of, envelope_of, json_object
from adapters.population.failures import (
    READ_STATUSES,
    SYSTEM,
    broken,
    error_of_status,
    platform_error,
    platform_refusal,
    wso2_error,
)
from adapters.population.question import Question
from adapters.population.settings import Operation, PopulationSettings, RestEdge, WrapEdge
from adapters.transport.messages import HttpAnswer, HttpRequest


class Edge:
    """Writes and reads for one edge."""

    def __init__(self, settings: PopulationSettings, credentials: Credentials) -> None:
        self._settings = settings
        self._edge = settings.edge
        self._credentials = credentials
        self.is_json = isinstance(self._edge, RestEdge | WrapEdge)
        """Whether questions go out as JSON, so that no envelope is needed."""
        base_url = settings.base_url.rstrip("/")
        self._urls = {operation: base_url + settings.path_of(operation) for operation in Operation}
        self._headers = self._fixed_headers()

    def request(self, operation: Operation, question: Question, envelope: bytes, stamp: Stamp) -> HttpRequest:
        """Give the call. `envelope` is not used by edges whose questions are JSON.

        Raises CredentialsRefused when a secret cannot be read, Rejected for an officer without an account at the edge.
        """
        settings = self._settings
        seconds = settings.verify_seconds if operation is Operation.VERIFY else settings.look_up_seconds
        return HttpRequest(
            system=SYSTEM,
            operation=operation.label,
            method="POST",
            url=self._urls[operation],
            is_write=False,
            total_seconds=seconds,
            headers=(*self._headers, *self._credentials.headers(operation, question, stamp)),
            body=self._json_body(question) if self.is_json else envelope,
            read_statuses=READ_STATUSES,
        )

    def _fixed_headers(self) -> tuple[tuple[str, str], ...]:
        settings = self._settings
        headers = [("Content-Type", "application/json; charset=utf-8" if self.is_json else settings.content_type)]
        if settings.sends_soap_action and not self.is_json:
            headers.append(("SOAPAction", '""'))
        if settings.xroad_client is not None:
            headers.append(("X-Road-Client", settings.xroad_client))
        return tuple(headers)

    def unwrap(self, operation: str, answer: HttpAnswer) -> bytes:
        """Give the SOAP text of an answer, or the JSON tree of one as such. Raises RemoteError for everything else."""
        document = json_object(answer.body)
        if document is None:
            return answer.body
        error = platform_error(operation, document, answer)
        if error is not None:
            raise error
        if isinstance(self._edge, WrapEdge) and "error_code" in document:
            return self._unwrapped(operation, self._edge, document)
        if isinstance(self._edge, RestEdge):
            code = code_of(document.get("errorCode"))
            if code or document.get("status") == 0:
                raise platform_refusal(operation, code)
        if not 200 <= answer.status < 300:
            raise error_of_status(operation, answer)
        if isinstance(self._edge, RestEdge):
            return envelope_of(operation, document)
        raise broken(operation, "json_instead_of_xml")

    def _unwrapped(self, operation: str, edge: WrapEdge, document: Mapping[str, Any]) -> bytes:
        code, message = document["error_code"], document.get("message")
        text = "" if code is None else str(code).strip()
        if isinstance(message, str) and text in edge.ok_codes and message.lstrip("\ufeff \r\n\t").startswith("<"):
            # Half a character, which JSON can carry, becomes a sign that XML cannot.
            return message.encode("utf-8", "surrogatepass")
        if text in edge.ok_codes:
            raise broken(operation, "wrapped_text_is_no_envelope")
        raise platform_refusal(operation, code_of(text))

    def _json_body(self, question: Question) -> bytes:
        if isinstance(self._edge, RestEdge) and self._edge.members == "rest":
            content = {
                "maYeuCau": question.request_id,
                "maDVC": question.procedure_code,
                "maCanBo": question.officer_code,
                "soDinhDanh": question.personal_number,
                "soCMND": question.old_card_number,
                "hoVaTen": question.name,
                "ngayThangNam": question.birth_day or question.birth_year,
                "userNameService": self._edge.user_name_service,
            }
        else:
            content = {
                "HoVaTen": question.name,
                "SoDinhDanh": question.personal_number,
                "SoCMND": question.old_card_number,
                "NgayThangNam": question.birth_day,
                "Nam": question.birth_year,
                "MaTichHop": question.service_code,
                "MaDVC": question.procedure_code,
                "MaCanBo": question.officer_code,
                "MaYeuCau": question.request_id,
            }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def wso2_fault(operation: str, root: Any, answer: HttpAnswer) -> Exception | None:
    """Make the error for an XML fault of the provincial platform; None when it is none."""
    if root.tag != f"{{{WSO2_FAULT}}}fault":
        return None
    code = next((child.text or "" for child in root if str(child.tag).rpartition("}")[2] == "code"), "")
    return wso2_error(operation, code.strip()[:20], answer)
