"""Nothing of a sign-in stands where it must not: logs, metrics, addresses, database (notes §16-25, -26, -27)."""

import re
from pathlib import Path
from typing import Any

import pytest
import structlog

from adapters.identity.sandbox import PEOPLE, Attack, Mode
from gateway.demo.browser import Arrived, Page
from gateway.ports.consent import ShareRequest
from gateway.ports.identity import SignedIn
from gateway.vault.keyring import FileKeyRing
from tests.support.sign_on import SECRET, SignOn, sign_on

_ATTACKS = {
    Mode.P1: [Attack.NONCE_WRONG, Attack.NUMBER_WITH_SPACES, Attack.TOKEN_HTML, Attack.SCRIPT_IN_ERROR],
    Mode.P2: [Attack.FOREIGN_SUBJECT],
    Mode.P3: [Attack.SEALED_ERROR, Attack.NAME_WITH_CONTROLS, Attack.DAMAGED_KEY],
}


async def secrets_of(setup: SignOn) -> set[str]:
    """Give everything that passed between the gateway, the browser and the provider and must stay between them."""
    journal = (await setup.control("GET", "journal"))["journal"]
    text = "\n".join(
        "\n".join([entry["request"], entry["body"], entry["answer"], entry["headers"].get("Location", "")])
        for entry in journal
    )
    names = r"(?:code|state|nonce|code_verifier|encrypt_key|access_token|refresh_token|id_token|data|key)"
    found = set(re.findall(names + r'(?:=|": ?")([A-Za-z0-9._~+/=%-]{20,})', text))
    found |= {SECRET, "SIMTOKEN"}
    for person in PEOPLE:
        found |= {
            value for value in (person.name, person.number, person.old_card, person.email, person.tax_code) if value
        }
    return {value for value in found if value}


async def database_text(pool: Any) -> str:
    tables = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows: list[str] = []
    for table in tables:
        for row in await pool.fetch(f'SELECT * FROM "{table["tablename"]}"'):
            rows.extend(value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row.values())
    return "\n".join(rows)


@pytest.mark.parametrize("mode", Mode)
async def test_nothing_leaks(pool: Any, key_ring: FileKeyRing, tmp_path: Path, mode: Mode) -> None:
    """After sign-ins that went well and that were attacked, no log line, metric or row holds a secret or a person."""
    with structlog.testing.capture_logs() as logged:
        async with sign_on(pool, key_ring, tmp_path, mode) as setup:
            visited: list[str] = []
            for attack in (None, *_ATTACKS[mode]):
                if attack is not None:
                    await setup.control("POST", "attacks", {"kind": attack.value})
                attempt, arrived = await setup.sign_in()
                visited.extend(arrived.visited)
                visited.append(arrived.url)
                if isinstance(arrived, Arrived) and "code" in arrived.query:
                    answered = await setup.province.redeem(attempt, arrived)
                    order = {"sign_in_id": answered.json["sign_in"]["sign_in_id"]}
                    out = await setup.province.api.call("POST", "/v1/identity/logouts", body=order)
                    if out.json["logout_url"]:
                        page = await setup.browser.open(out.json["logout_url"])
                        assert isinstance(page, Page)
                        if page.forms:
                            await setup.browser.submit(page)
            for job in setup.province.jobs:
                await job.run()
            secrets = await secrets_of(setup)
            metrics = "\n".join(
                f"{sample.name} {sample.labels}"
                for family in setup.province.registry.collect()
                for sample in family.samples
            )
            requests = "\n".join(map(str, setup.province.api.observer.requests))
            stored = await database_text(pool)

    assert len(secrets) > 30
    places = {"logs": "\n".join(map(str, logged)), "metrics": metrics, "requests": requests, "database": stored}
    leaks = {place: sorted(value for value in secrets if value in text) for place, text in places.items()}
    assert {place: [] for place in places} == leaks
    assert not [url for url in visited if any(person.number and person.number in url for person in PEOPLE)]
    assert not [url for url in visited if "eyJ" in url], "no token stands in an address"


async def test_tokens_do_not_outlive_their_use(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """What is kept of a live sign-in is sealed, and gone once it is over."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        attempt, arrived = await setup.sign_in()
        answered = await setup.province.redeem(attempt, arrived)
        kept = await pool.fetchval("SELECT count(*) FROM sign_ins WHERE sealed IS NOT NULL")
        order = {"sign_in_id": answered.json["sign_in"]["sign_in_id"]}
        out = await setup.province.api.call("POST", "/v1/identity/logouts", body=order)
        page = await setup.browser.open(out.json["logout_url"])
        await setup.browser.submit(page)
        after = await pool.fetchval("SELECT count(*) FROM sign_ins WHERE sealed IS NOT NULL")

    assert (1, 0) == (kept, after)


def test_port_gives_no_access_token() -> None:
    """What an adapter hands on holds no access or refresh token: nobody could keep or pass on what is not there."""
    assert not [name for name in SignedIn.__dataclass_fields__ if "access" in name or "refresh" in name]


def test_no_connector_carries_evidence() -> None:
    """The result of a national authentication is passed on to nobody (Decree 69/2024/NĐ-CP Art. 19(4)): nothing that
    sends to other systems knows evidence or sign-ins. (`subjects` answers the person themselves.)"""
    senders = [
        path
        for folder in ("adapters/portal", "adapters/consent", "mappings/portal", "gateway/engine")
        for path in Path(folder).rglob("*.py")
        if "sandbox" not in path.parts and path.stem not in ("sign_ins", "sessions", "linking", "proofs", "subjects")
    ]
    named = [
        str(path) for path in senders if re.search(r"evidence_id|SignInEvidence", path.read_text(encoding="utf-8"))
    ]

    assert len(senders) > 30
    assert ["gateway/engine/consents.py", "mappings/portal/outbound.py"] == sorted(named)
    # The first keeps whose consent it is, and tells the hub a number and nothing else; in the second it stands among
    # what is not sent.
    assert ["citizen_pid"] == list(ShareRequest.__dataclass_fields__)
    assert '"sign_in_evidence_id": "proves' in Path("mappings/portal/outbound.py").read_text(encoding="utf-8")
