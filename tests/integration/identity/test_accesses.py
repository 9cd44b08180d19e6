"""Citizens see who looked at their data: their own, in their own sign-in, whoever asks for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.identity.sandbox import Mode
from gateway.engine.proofs import number_digest
from gateway.model.audit import Access, AuditAction, Outcome
from gateway.ports.audit import Audit
from gateway.store.audit import PostgresAudit
from gateway.store.clients import Scope
from gateway.vault.keyring import FileKeyRing
from tests.integration.api.test_audit import NoAudit
from tests.support.api import Answered
from tests.support.audit import FOUND, LOOK, running_auditor
from tests.support.clocks import StillClock
from tests.support.identity import LOGOUT_RETURN
from tests.support.sign_on import SignOn, sign_on

CITIZEN, OTHER, OLD_CARD = "999199000001", "999085000002", "999000008"
EXPECTED = {
    "action": "citizen.lookup",
    "action_vi": "Tra cứu thông tin trong Cơ sở dữ liệu quốc gia về dân cư",
    "client_name": "one-stop",
    "agency_code": "H99.01",
    "purpose": "residence",
    "legal_basis": "Luật 68/2020/QH14",
    "procedure_code": "1.999001",
    "dossier_code": "H99.01-260105-00017",
    "fields_released": ["HoVaTen"],
    "outcome": "found",
    "officer": None,
}


async def signed_in(setup: SignOn, person: str = "citizen-2") -> str:
    """Sign in, and give the sign-in's id."""
    attempt, arrived = await setup.sign_in(person)
    answered = await setup.province.redeem(attempt, arrived)
    assert answered.status == 200, answered.body
    return str(answered.json["sign_in"]["sign_in_id"])


async def seen(setup: SignOn, sign_in_id: str, query: str = "") -> Answered:
    """Ask for the looks."""
    return await setup.province.api.get(f"/v1/citizens/me/accesses?sign_in_id={sign_in_id}{query}")


async def entries(setup: SignOn, sign_in_id: str, query: str = "") -> list[dict[str, Any]]:
    """Give the looks of others than the citizen's own sign-in and list."""
    answered = await seen(setup, sign_in_id, query)
    assert answered.status == 200, answered.body
    return [
        one for one in answered.json["accesses"] if not one["is_own"] and one["action"] != AuditAction.SIGN_IN_ASSERT
    ]


@asynccontextmanager
async def looked_at(pool: Any, key_ring: FileKeyRing, folder: Path, **changes: Any) -> AsyncIterator[SignOn]:
    """Run the sign-on on which looks at two citizens were written down."""
    async with sign_on(pool, key_ring, folder, Mode.P1, **changes) as setup:
        auditor = setup.province.api.services.auditor
        mine = replace(LOOK, client_id="one-stop", subject_digest=number_digest(key_ring, CITIZEN))
        look = await auditor.ask(mine)
        await auditor.note(replace(mine, subject_digest=number_digest(key_ring, OTHER)), FOUND)
        await auditor.answer(look, FOUND)
        await auditor.ask(replace(mine, action=AuditAction.CITIZEN_VERIFY, dossier_code="H99.01-260105-00018"))
        yield setup


async def test_a_citizen_sees_who_looked(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Question and answer are one entry, with system, agency, purpose, law, dossier and fields, and without officer or
    number; a question that was never answered says so."""
    async with looked_at(pool, key_ring, tmp_path) as setup:
        sign_in_id = await signed_in(setup)
        answered = await seen(setup, sign_in_id)
        unanswered, found = await entries(setup, sign_in_id)

    assert ("citizen.verify", "asked", []) == (
        unanswered["action"],
        unanswered["outcome"],
        unanswered["fields_released"],
    )
    assert EXPECTED == {name: found[name] for name in EXPECTED}
    assert b"H99.01.007" not in answered.body
    assert CITIZEN.encode() not in answered.body


async def test_the_list_shows_that_it_was_read(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Reading leaves a line, which the next reading shows as the citizen's own; so does the sign-in itself."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        sign_in_id = await signed_in(setup)
        shown = [(await seen(setup, sign_in_id)).json["accesses"] for _ in range(2)]

    assert [["sign_in.assert"], ["audit.read", "sign_in.assert"]] == [[one["action"] for one in page] for page in shown]
    assert [True, False] == [one["is_own"] for one in shown[1]]


async def test_pages_and_times(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Every look is on exactly one page, whatever is written meanwhile; `since` and `until` bound when it began."""
    async with looked_at(pool, key_ring, tmp_path) as setup:
        sign_in_id = await signed_in(setup)
        whole = [one["access_id"] for one in (await seen(setup, sign_in_id)).json["accesses"]]
        page = (await seen(setup, sign_in_id, "&limit=1")).json
        collected = [one["access_id"] for one in page["accesses"]]
        while page["next_cursor"] is not None:
            page = (await seen(setup, sign_in_id, f"&limit=1&cursor={page['next_cursor']}")).json
            collected.extend(one["access_id"] for one in page["accesses"])
        early, late = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
        counts = [
            len(await entries(setup, sign_in_id, query))
            for query in (f"&since={early}&until={late}", f"&until={early}", f"&since={late}")
        ]
        refused = await seen(setup, sign_in_id, "&since=yesterday")

    assert whole == collected[1:]
    assert [2, 0, 0] == counts
    assert (400, ["/query/since"]) == (refused.status, refused.fields)


async def test_an_old_card_that_the_sign_in_tells(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Whoever is known by an old card's number sees the looks that were made by it."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        access = replace(LOOK, subject_digest=number_digest(key_ring, OLD_CARD))
        await setup.province.api.services.auditor.note(access, FOUND)
        sign_in_id = await signed_in(setup, "old-card")
        actions = [one["action"] for one in (await seen(setup, sign_in_id)).json["accesses"]]

    assert ["sign_in.assert", "citizen.lookup"] == actions, "the sign-in itself is found by it, too"


@pytest.mark.parametrize(
    ("login_idp", "levels", "expected"),
    [
        ("VIETTEL", {"takes_old_accounts": True}, (401, "insufficient-authentication")),
        ("", {"takes_missing_upstream": True}, (200, None)),
    ],
)
async def test_a_number_that_nobody_proofed(
    pool: Any,
    key_ring: FileKeyRing,
    tmp_path: Path,
    login_idp: str,
    levels: dict[str, bool],
    expected: tuple[int, str | None],
) -> None:
    """A province may take old accounts, whose numbers their holders stated themselves: those see nobody's looks."""
    async with looked_at(pool, key_ring, tmp_path, profile={"login_idp": login_idp}, levels=levels) as setup:
        answered = await seen(setup, await signed_in(setup))

    assert expected == (answered.status, answered.problem if answered.status != 200 else None)
    assert (answered.status == 200) == (b"citizen.lookup" in answered.body)


async def test_nobody_sees_anybody_elses(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Another client's sign-in, one that is over, one that never was: nothing is told apart. An enterprise has no
    citizen's list, though its account may tell its representative's number. The scope is needed."""
    async with looked_at(pool, key_ring, tmp_path) as setup:
        api, sign_in_id = setup.province.api, await signed_in(setup)
        path = f"/v1/citizens/me/accesses?sign_in_id={sign_in_id}"
        other = api.with_token(await api.register("other"))
        narrow = api.with_token(await api.register("narrow", scopes=frozenset({Scope.AUDIT_READ})))
        assert (404, "sign-in-not-found") == ((await other.get(path)).status, (await other.get(path)).problem)
        assert "insufficient-scope" == (await narrow.get(path)).problem
        unknown = await seen(setup, "00000000-0000-4000-8000-000000000000")
        assert "sign-in-not-found" == unknown.problem
        body = {"sign_in_id": sign_in_id, "return_to": LOGOUT_RETURN}
        assert 200 == (await api.call("POST", "/v1/identity/logouts", body=body)).status
        assert "sign-in-not-found" == (await seen(setup, sign_in_id)).problem
        count = await pool.fetchval("SELECT count(*) FROM audit_lines WHERE purpose = 'own-accesses'")

    assert 0 == count, "nothing was shown, so nothing was written down as shown"


@pytest.mark.parametrize("person", ["enterprise", "organisation"])
async def test_only_citizens_have_a_list(pool: Any, key_ring: FileKeyRing, tmp_path: Path, person: str) -> None:
    """An enterprise's sign-in shows nobody's looks."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        answered = await seen(setup, await signed_in(setup, person))

    assert (403, "account-kind-not-allowed") == (answered.status, answered.problem)


@pytest.mark.parametrize(("officer", "shown"), [("H99.01.007", "H99.01.007"), (OTHER, None), ("", None)])
async def test_officers_where_the_installation_shows_them(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, officer: str, shown: str | None
) -> None:
    """A code is shown then; the digest of an officer's own number never is."""
    async with sign_on(pool, key_ring, tmp_path, services={"shows_officers": True}) as setup:
        access = replace(LOOK, officer=officer, subject_digest=number_digest(key_ring, CITIZEN))
        await setup.province.api.services.auditor.note(access, FOUND)
        [found] = await entries(setup, await signed_in(setup))

    assert shown == found["officer"]


class Interrupted:
    """Implements Audit: as the real one until it is told that nothing can be written down any more."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit

    async def ask(self, access: Access, **known: Any) -> Any:
        return await self.audit.ask(access, **known)

    async def answer(self, look: Any, outcome: Outcome) -> None:
        await self.audit.answer(look, outcome)

    async def note(self, access: Access, outcome: Outcome) -> None:
        await self.audit.note(access, outcome)


async def test_nothing_is_shown_that_cannot_be_written_down(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, clock: StillClock
) -> None:
    """Without the record neither the list nor the assertion is given."""
    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        audit = Interrupted(auditor)
        async with sign_on(pool, key_ring, tmp_path, services={"auditor": audit}) as setup:
            sign_in_id = await signed_in(setup)
            attempt, arrived = await setup.sign_in()
            audit.audit = NoAudit()
            shown = await seen(setup, sign_in_id)
            told = await setup.province.redeem(attempt, arrived)

    assert [(503, "unavailable")] * 2 == [(one.status, one.problem) for one in (shown, told)]
    assert b"access_id" not in shown.body
