"""What self-checks find in the same way."""

from pathlib import Path

from adapters.transport.checking import failure_finding, secret_findings
from adapters.transport.secrets import Secret
from gateway.errors import ContractBroken, CredentialsRefused, GatewayError, TransientFailure
from gateway.ports.portal import Finding


def test_secrets_are_told_by_the_names_of_their_settings(tmp_path: Path) -> None:
    """In their order; one that is missing, empty or no text is not well, and neither path nor content is told."""
    files = {name: tmp_path / name for name in ("kept", "empty", "binary", "missing")}
    files["kept"].write_text("hidden", encoding="utf-8")
    files["empty"].write_bytes(b"\n")
    files["binary"].write_bytes(b"\xff\xfe")
    findings = secret_findings("payment.x", [(name, Secret(file=path)) for name, path in files.items()])
    expected = [("payment.x kept", True), ("payment.x empty", False), ("payment.x binary", False)]
    assert [*expected, ("payment.x missing", False)] == [(each.subject, each.is_ok) for each in findings]
    told = "".join(each.detail for each in findings)
    assert "hidden" not in told
    assert str(tmp_path) not in told


def test_a_failed_question_comes_with_advice_for_its_group() -> None:
    """The error's words and code, and what to look at; a group without advice has none."""
    advice: dict[type[GatewayError], str] = {CredentialsRefused: "check keys", ContractBroken: "check paths"}
    refused = CredentialsRefused("x query: status 403", system="x", operation="query", code="http_403")
    expected = Finding(subject="x question", is_ok=False, detail="x query: status 403 [http_403]; check keys")
    assert expected == failure_finding("x question", refused, advice)
    passing = TransientFailure("x query: no connection", system="x", operation="query", code="no_connection")
    assert "x query: no connection [no_connection]" == failure_finding("x question", passing, advice).detail
    assert "x query: status 403 [http_403]" == failure_finding("x question", refused).detail
