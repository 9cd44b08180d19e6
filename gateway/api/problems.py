"""Every way in which a request can fail, as one closed table, and how a failure is written (RFC 9457).

`type` is a URN: it stays the same on every host, in import results and in logs. What each means is part of the OpenAPI
document and is shown on /docs. An answer names field, rule and class of value, and never repeats a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.errors import Fault

URN = "urn:lien-thong:problem:"
RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of failure: stable name, HTTP status, one sentence for a person, and what the caller should do."""

    name: str
    status: int
    title: str
    advice: str

    @property
    def urn(self) -> str:
        return URN + self.name


def _types(*rows: tuple[str, int, str, str]) -> Mapping[str, ProblemType]:
    return {row[0]: ProblemType(*row) for row in rows}


PROBLEM_TYPES = _types(
    ("malformed-request", 400, "The HTTP request cannot be read", "Correct the client; the request broke HTTP itself."),
    ("malformed-json", 400, "The body is not JSON", "Send one JSON value in UTF-8, with every key at most once."),
    ("invalid-parameter", 400, "A parameter or header breaks its rule", "Correct what `errors` names."),
    ("idempotency-key-missing", 400, "An Idempotency-Key is needed", "Send a new random key with every new request."),
    ("signature-invalid", 401, "The signature does not hold", "Sign the bytes that are sent, with a present key."),
    ("unauthenticated", 401, "The caller is not known", "Send the token of a registered client as Bearer."),
    (
        "insufficient-authentication",
        401,
        "The sign-in is not enough",
        "Begin a login with is_anew.",
    ),
    ("account-kind-not-allowed", 403, "Another kind of account is needed", "Have the right kind of account sign in."),
    ("account-locked", 403, "The citizen's account is locked or closed", "EID_ACCOUNT_LOCKED: unlock it first."),
    ("link-in-quarantine", 403, "The link waits for an officer", "Compare the person, then release or end the link."),
    ("client-without-addresses", 403, "The client has no return addresses", "Register them in [identity.clients]."),
    ("insufficient-scope", 403, "The caller may not do this", "Ask the operator for the scope that `detail` names."),
    ("other-agency", 403, "The dossier belongs to another agency", "Only agencies registered for the caller are open."),
    ("purpose-refused", 403, "The question is not covered", "See `errors`: state what the purpose allows."),
    (
        "population-refused",
        403,
        "The population database refused",
        "See `detail` for what is not granted.",
    ),
    ("no-such-address", 404, "Nothing is served at this address", "Look the address up in /openapi.json."),
    ("dossier-not-found", 404, "The dossier was never accepted", "PUT the dossier first."),
    ("procedure-not-found", 404, "The procedure or version is not known", "Look the code up in /v1/procedures."),
    ("subscription-not-found", 404, "The subscription does not exist", "List the open ones at /v1/subscriptions."),
    ("file-not-found", 404, "There is no such file", "Use the whole link as it was given."),
    ("question-not-found", 404, "The question is not known", "Look it up in /v1/questions."),
    ("message-not-found", 404, "There is no such message", "List the messages of the dossier."),
    ("run-not-found", 404, "There is no such run", "Look it up in /v1/reconciliations."),
    ("finding-not-found", 404, "There is no such difference", "Look it up in /v1/findings."),
    ("statement-not-found", 404, "There is no such parked statement", "Look it up in /v1/statements."),
    ("sign-in-not-found", 404, "There is no such live sign-in", "Have the citizen sign in again."),
    ("account-not-found", 404, "There is no such account", "PUT it at /v1/identity/accounts first."),
    ("link-not-found", 404, "There is no such link", "List those of an account."),
    ("system-not-found", 404, "No such system is configured", "See /readyz for those that are."),
    ("outage-not-found", 404, "There is no such announced outage", "List them at /v1/systems/{system}/outages."),
    ("payment-not-found", 404, "There is no such payment", "Look it up by its dossier."),
    ("voucher-not-found", 404, "There is no voucher", "Come again later; or the provider gives none."),
    ("receipt-not-found", 404, "There is no such receipt", "List those of the payment."),
    ("settlement-not-found", 404, "There is no such compared day", "List them at /v1/settlements."),
    ("qr-code-not-found", 404, "There is no code that can be paid", "Look at the attempt; open another where none is."),
    ("consent-not-found", 404, "There is no such consent of this sign-in", "Ask in the sign-in that it belongs to."),
    ("drift-not-found", 404, "There is no such difference", "List them at /v1/systems/{system}/drift."),
    ("reading-not-found", 404, "There is no such reading", "Leave run_id out for the latest one."),
    ("method-not-allowed", 405, "The address does not serve this method", "See the header Allow."),
    ("not-acceptable", 406, "Nothing that the header Accept takes is offered", "Take what /openapi.json names."),
    ("body-too-slow", 408, "The body did not arrive in time", "Send the whole body at once; nothing was accepted."),
    ("too-many-subscriptions", 409, "The client has too many subscriptions", "Delete those that are not needed."),
    ("too-many-readings", 409, "Too many readings wait already", "Come again when some of them are done."),
    ("run-under-way", 409, "A run is under way already", "Wait for it, or cancel it, at /v1/reconciliations."),
    ("code-not-redeemable", 409, "The code cannot be redeemed", "It was used, has ended, or has another verifier."),
    ("file-link-expired", 410, "The link has ended", "Ask the province to send the dossier again."),
    ("dossier-erased", 410, "The dossier's content was erased", "It does not come back; use another code if needed."),
    ("link-not-answered", 409, "What stands behind the link is not enough", "See `detail` for what is needed."),
    ("no-consent-data", 409, "There is nothing to collect", "Look at the consent; data is kept for a short time."),
    ("no-consent-hub", 409, "No share-consent hub is configured", "Configure [consents] first."),
    ("no-identity-provider", 409, "No identity provider is configured", "Configure [identity] first."),
    ("no-population-database", 409, "No population database is configured", "Configure [population] first."),
    ("no-payment-provider", 409, "No payment provider is configured", "Configure [payments] first."),
    (
        "payment-not-possible",
        409,
        "The payment cannot be done as things stand",
        "`detail` says why, in a word of a closed list; look at the payment.",
    ),
    (
        "settlement-not-possible",
        409,
        "It cannot be done with this day as it stands",
        "`detail` says why, in a word of a closed list; look at the day.",
    ),
    ("no-account-statements", 409, "No form of account statements is configured", "Set [payments.statement] first."),
    ("no-portal", 409, "No portal is configured that takes this", "Configure [portal] in its native form first."),
    ("stale-revision", 412, "The dossier has another revision", "Read the dossier and decide again."),
    ("already-exists", 412, "The dossier exists already", "Leave If-None-Match out to replace it."),
    ("body-too-large", 413, "The body or line is too large", "Send less at once."),
    ("unsupported-media-type", 415, "The body has the wrong media type", "See the header Accept of the answer."),
    ("expectation-failed", 417, "The header Expect asks for something unknown", "Send 100-continue or nothing."),
    ("invalid-content", 422, "The content breaks a rule of its model", "Correct every field that `errors` names."),
    ("fees-not-owed", 422, "The fees do not agree with the procedure", "See `errors`, and the procedure's fees."),
    ("impossible-dates", 422, "The dates contradict each other", "Correct the instants that `errors` names."),
    ("contradictory-counts", 422, "The counts contradict each other", "Correct the counts that `errors` names."),
    ("unclear-selection", 422, "It is not clear what is meant", "Select in exactly one of the ways of the model."),
    ("unproven-statement", 422, "The sign-in that is named does not prove it", "See `errors`; state what it proves."),
    ("unknown-code", 422, "A code is not in its catalogue", "Look the code up in /v1/procedures."),
    ("idempotency-key-reused", 422, "The key was used for another request", "Use a new key for a new request."),
    ("quota-exceeded", 429, "Too many questions about citizens", "Come again after Retry-After."),
    ("no-indicators", 404, "This process counts no indicators", "Ask the operator for one that does."),
    ("nothing-published", 404, "Nothing is published here", "The operator sets [monitoring.publication] up."),
    ("snapshot-not-found", 404, "There is no such publication", "Look it up in /monitoring/v1/snapshots."),
    ("pulls-too-fast", 429, "Too many requests in a minute", "Come again after Retry-After."),
    ("look-ups-too-fast", 429, "Too many look-ups", "Come again after Retry-After."),
    ("internal", 500, "The gateway failed", "Repeat with the same Idempotency-Key; tell the operator the request id."),
    ("file-not-as-stated", 502, "The file is not what the dossier states", "The province must correct the dossier."),
    ("file-source-unavailable", 502, "The province's file server does not answer", "Come again later."),
    ("population-answer-unusable", 502, "The answer cannot be relied on", "Tell the operator the request id."),
    ("portal-answer-unusable", 502, "The portal gave no usable answer", "Tell the operator the request id."),
    (
        "audit-unavailable",
        503,
        "Looks at personal data cannot be written down, so nothing is shown",
        "Operators: keep the database as it is, run `gateway audit verify`, then `gateway audit reseal --because …`.",
    ),
    (
        "payment-provider-unavailable",
        503,
        "The provider gave no clear answer",
        "Look at the payment: the gateway finds out what came of it. Open no other attempt meanwhile.",
    ),
    ("receipt-supplier-unavailable", 503, "The supplier of the receipt cannot be asked now", "Come again later."),
    ("population-unavailable", 503, "The population database cannot be asked now", "Come again later."),
    ("counting-under-way", 503, "Dossiers are being counted at this moment", "Come again after Retry-After."),
    ("portal-unavailable", 503, "The portal cannot be asked now", "Come again later; nothing was changed."),
    ("unavailable", 503, "The gateway cannot accept now", "Nothing is known to be stored; repeat with the same key."),
)


class Problem(Exception):
    """A request that fails, on its way to being written as an answer."""

    def __init__(
        self,
        name: str,
        detail: str = "",
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        closes_connection: bool = False,
    ) -> None:
        super().__init__(name)
        self.type = PROBLEM_TYPES[name]
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.closes_connection = closes_connection
        if self.type.status == 503:
            self.headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))

    def content(self, request_id: str = "") -> dict[str, Any]:
        """Give the members of the problem document."""
        members: dict[str, Any] = {"type": self.type.urn, "title": self.type.title, "status": self.type.status}
        if self.detail:
            members["detail"] = self.detail
        if request_id:
            members["instance"] = f"urn:lien-thong:request:{request_id}"
        if self.faults:
            members["errors"] = [
                {"field": fault.field, "rule": fault.rule, "found": fault.found} for fault in self.faults
            ]
        return members

    def encode(self, request_id: str) -> bytes:
        return msgspec.json.encode(self.content(request_id))


_FOR_STATUS = {
    400: "malformed-request",
    404: "no-such-address",
    405: "method-not-allowed",
    408: "body-too-slow",
    413: "body-too-large",
    415: "unsupported-media-type",
    417: "expectation-failed",
    503: "unavailable",
}


def problem_for_status(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """Give the problem for a status that the HTTP library chose itself."""
    name = _FOR_STATUS.get(status, "internal" if status >= 500 else "malformed-request")
    return Problem(name, headers=headers)
