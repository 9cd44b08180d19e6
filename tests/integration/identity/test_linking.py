"""National identities and a portal's own accounts: the decision table over HTTP (notes §9, N120-N128)."""

import asyncio
from pathlib import Path
from typing import Any

from adapters.identity.sandbox import Mode
from gateway.vault.keyring import FileKeyRing
from tests.support.api import Answered
from tests.support.identity import new_browser
from tests.support.sign_on import SignOn, sign_on

NUMBER, NAME, BORN = "999199000001", "Nguyễn Thị Thử", "1999-01-31"


async def redeemed(setup: SignOn, person: str = "citizen-2") -> Answered:
    """Sign in with a new browser and ask for the assertion."""
    async with new_browser() as browser:
        setup.browser = browser
        attempt, arrived = await setup.sign_in(person)
        return await setup.province.redeem(attempt, arrived)


async def put_account(setup: SignOn, ref: str, **account: Any) -> None:
    body = {"kind": "citizen", "origin": "national", "number": NUMBER, "full_name": NAME, "birth_date": BORN} | account
    answered = await setup.province.api.call("PUT", f"/v1/identity/accounts/{ref}", body=body)
    assert answered.status in (200, 201), answered.body


async def link(setup: SignOn, answered: Answered, ref: str, proof: str, by: str = "portal") -> Answered:
    sign_in_id = answered.json["sign_in"]["sign_in_id"]
    body = {"sign_in_id": sign_in_id, "account_ref": ref, "proof": proof, "by": by}
    return await setup.province.api.call("POST", "/v1/identity/links", body=body)


def decision(answered: Answered) -> tuple[str, str | None]:
    return answered.json["link"]["decision"], answered.json["link"]["account_ref"]


async def test_first_sign_in_makes_an_account(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Nobody is known: the portal makes an account and links it; from then on the person is signed in to it."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        first = await redeemed(setup)
        made = await link(setup, first, "acc-1", "created")
        second = await redeemed(setup)

    assert ("create", None) == decision(first)
    assert 200 == made.status
    assert ("signed_in", "acc-1") == decision(second)


async def test_same_person_of_level_2_is_linked(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """An account of national origin, of the same number, name and birthday, with a sign-in of level 2: linked."""
    async with sign_on(pool, key_ring, tmp_path, Mode.P2) as setup:
        await put_account(setup, "acc-1")
        answered = await redeemed(setup)
        links = (await setup.province.api.get("/v1/identity/accounts/acc-1/links")).json["links"]

    assert ("linked", "acc-1") == decision(answered)
    assert ["automatic"] == [one["source"] for one in links]
    assert answered.json["sign_in"]["evidence_id"] == links[0]["evidence_id"]


async def test_self_registered_account_wants_proof(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A number that somebody typed once proves nothing: the citizen signs in to the account as well."""
    async with sign_on(pool, key_ring, tmp_path, Mode.P2) as setup:
        await put_account(setup, "acc-1", origin="self_registered")
        answered = await redeemed(setup)
        wrong = await link(setup, answered, "acc-1", "created")
        right = await link(setup, answered, "acc-1", "signed_in_locally")
        after = await redeemed(setup)

    assert ("proof_required", "acc-1") == decision(answered)
    assert "link-not-answered" == wrong.problem
    assert 200 == right.status
    assert ("signed_in", "acc-1") == decision(after)


async def test_account_that_nobody_stated(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A link to an account that is not there names the account, and says nothing of a lock."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        answered = await link(setup, await redeemed(setup), "acc-9", "officer", by="nguyen.van.b")

    assert (422, ["/account_ref"]) == (answered.status, answered.fields)


async def test_n120_mail_is_no_key(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Two people with one mailbox are two people, and neither is found by it."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        first = await redeemed(setup, "same-mail-1")
        await link(setup, first, "acc-1", "created")
        second = await redeemed(setup, "same-mail-2")

    assert ("create", None) == decision(second)


async def test_n121_two_accounts_with_one_number(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Several accounts fit: an officer decides, and nothing else does."""
    async with sign_on(pool, key_ring, tmp_path, Mode.P2) as setup:
        await put_account(setup, "acc-1")
        await put_account(setup, "acc-2")
        answered = await redeemed(setup)
        by_portal = await link(setup, answered, "acc-1", "signed_in_locally")
        by_officer = await link(setup, answered, "acc-1", "officer", by="nguyen.van.b")

    assert ("officer_required", None) == decision(answered)
    assert "link-not-answered" == by_portal.problem
    assert 200 == by_officer.status


async def test_n122_locked_account(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A locked account signs nobody in: no assertion, evidence of the refusal, and the sign-in is over."""
    async with sign_on(pool, key_ring, tmp_path, Mode.P2) as setup:
        await put_account(setup, "acc-1")
        await redeemed(setup)
        await put_account(setup, "acc-1", state="locked")
        answered = await redeemed(setup)
        evidence = await setup.province.refused_evidence()
        live = await pool.fetchval("SELECT count(*) FROM sign_ins WHERE ended_at IS NULL")

    assert "account-locked" == answered.problem
    assert ("EID_ACCOUNT_LOCKED", "locked") == evidence[-1]
    assert 1 == live, "that of before"


async def test_n123_staff_account(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """An officer's account with the same number is never a citizen's."""
    async with sign_on(pool, key_ring, tmp_path, Mode.P2) as setup:
        await put_account(setup, "officer-1", kind="staff")
        answered = await redeemed(setup)
        tried = await link(setup, answered, "officer-1", "officer", by="nguyen.van.b")

    assert ("create", None) == decision(answered)
    assert "link-not-answered" == tried.problem


async def test_n124_twenty_first_sign_ins_at_once(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Twenty first sign-ins of one person at the same moment make one account and one link."""
    async with sign_on(pool, key_ring, tmp_path) as setup:

        async def one() -> Answered:
            async with new_browser() as browser:
                attempt = await setup.province.begin()
                page = await browser.open(attempt.start_url)
                arrived = await browser.submit(page, person="citizen-2", action="sign_in")
                return await setup.province.redeem(attempt, arrived)

        answers = await asyncio.gather(*(one() for _ in range(20)))
        linked = await asyncio.gather(
            *(link(setup, answered, f"acc-{number}", "created") for number, answered in enumerate(answers))
        )
        links = await pool.fetchval("SELECT count(*) FROM account_links")
        accounts = await pool.fetchval("SELECT count(*) FROM local_accounts")

    [winner] = [answered.json["account_ref"] for answered in linked if answered.status == 200]
    told = {answered.json["detail"] for answered in linked if answered.status == 409}
    assert {f"The person is linked to the account {winner} already."} == told
    assert (1, 1) == (links, accounts)


async def test_n124_twenty_automatic_links_at_once(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Twenty sign-ins that would each link the account link it once."""
    async with sign_on(pool, key_ring, tmp_path, Mode.P2) as setup:
        await put_account(setup, "acc-1")

        async def one() -> Answered:
            async with new_browser() as browser:
                attempt = await setup.province.begin()
                page = await browser.open(attempt.start_url)
                arrived = await browser.submit(page, person="citizen-2", action="sign_in")
                return await setup.province.redeem(attempt, arrived)

        answers = await asyncio.gather(*(one() for _ in range(20)))
        links = await pool.fetchval("SELECT count(*) FROM account_links")

    decisions = sorted(decision(answered)[0] for answered in answers)
    assert ["linked"] + ["signed_in"] * 19 == decisions
    assert 1 == links


async def test_n125_enterprise_without_code(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """An enterprise that has neither code nor tax code is nobody."""
    hidden = {"omitted_claims": ["MaSoThue", "MaSoDoanhNghiep"]}
    async with sign_on(pool, key_ring, tmp_path, profile=hidden) as setup:
        await setup.sign_in("enterprise")

        assert [("EID_CLAIMS_INVALID", "number_missing")] == await setup.province.refused_evidence()


async def test_n81_n127_another_number_or_technical_id(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The same subject with another number is put aside until an officer has looked."""
    extra: dict[str, Any] = {"placeholder": ""}
    async with sign_on(pool, key_ring, tmp_path, profile={"extra_claims": extra}) as setup:
        first = await redeemed(setup)
        await link(setup, first, "acc-1", "created")
        setup.sandbox.core.profile.extra_claims["SoDinhDanh"] = "999199000999"
        changed = await redeemed(setup)
        again = await redeemed(setup)
        [one] = (await setup.province.api.get("/v1/identity/accounts/acc-1/links")).json["links"]
        path = f"/v1/identity/links/{one['link_id']}:release"
        released = await setup.province.api.call("POST", path, body={"by": "nguyen.van.b"})
        setup.sandbox.core.profile.extra_claims.pop("SoDinhDanh")
        after = await redeemed(setup)
        setup.sandbox.core.profile.extra_claims["TechID"] = "1b1c0de0-0000-4000-8000-00000000ffff"
        technical = await redeemed(setup)

    assert ["link-in-quarantine"] * 2 == [changed.problem, again.problem]
    assert "quarantined" == one["state"]
    assert 200 == released.status
    assert ("signed_in", "acc-1") == decision(after)
    assert "link-in-quarantine" == technical.problem


async def test_n128_link_of_another_client(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """What one portal has linked means nothing to another one."""
    from tests.support.identity import RETURN

    clients = {name: {"returns": [RETURN], "links_accounts": True} for name in ("one-stop", "another-portal")}
    async with sign_on(pool, key_ring, tmp_path, identity={"clients": clients}) as setup:
        first = await redeemed(setup)
        await link(setup, first, "acc-1", "created")
        mine = setup.province.api.token
        setup.province.api.token = await setup.province.api.register("another-portal")
        foreign = await redeemed(setup)
        hidden = await setup.province.api.get("/v1/identity/accounts/acc-1/links")
        setup.province.api.token = mine

    assert ("create", None) == decision(foreign)
    assert 404 == hidden.status


async def test_undoing_a_link(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A link is undone with a reason and stays as a record; the person is asked for proof the next time."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        first = await redeemed(setup)
        made = await link(setup, first, "acc-1", "created")
        path = f"/v1/identity/links/{made.json['link_id']}:end"
        order = {"reason": "nhầm người", "by": "nguyen.van.b"}
        ended = await setup.province.api.call("POST", path, body=order)
        repeated = await setup.province.api.call("POST", path, body=order)
        after = await redeemed(setup)
        links = (await setup.province.api.get("/v1/identity/accounts/acc-1/links")).json["links"]

    assert (True, False) == (ended.json["is_changed"], repeated.json["is_changed"])
    assert ("proof_required", "acc-1") == decision(after)
    assert [("ended", "nhầm người", "nguyen.van.b")] == [
        (one["state"], one["end_reason"], one["ended_by"]) for one in links
    ]
