"""Sign-ins from the portal's wish to the assertion, through each wire of the simulated sign-on."""

from pathlib import Path
from typing import Any

import jwt
import pytest

from adapters.identity.sandbox import Mode
from gateway.demo.browser import Arrived, Page
from gateway.vault.keyring import FileKeyRing
from tests.support.identity import RETURN, new_browser
from tests.support.sign_on import SignOn, sign_on


async def assertion_of(setup: SignOn, person: str, **wishes: Any) -> dict[str, Any]:
    """Sign in, and verify the assertion with a library that did not make it."""
    attempt, arrived = await setup.sign_in(person, **wishes)
    answered = await setup.province.redeem(attempt, arrived)
    assert answered.status == 200, answered.body
    keys = (await setup.province.api.get("/v1/identity/keys")).json
    token = answered.json["assertion"]
    claims: dict[str, Any] = jwt.decode(
        token,
        jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]],
        algorithms=["ES256"],
        audience="one-stop",
        issuer=setup.province.desk.public_base_url,
    )
    return claims


@pytest.mark.parametrize("mode", Mode)
async def test_each_wire_gives_the_same_normalised_claims(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, mode: Mode
) -> None:
    """Whichever wire a province is on, its portal reads one vocabulary."""
    async with sign_on(pool, key_ring, tmp_path, mode) as setup:
        claims = await assertion_of(setup, "citizen-2")

    assert ("citizen", "999199000001", "1999-01-31", "day") == (
        claims["account_kind"],
        claims["personal_id"],
        claims["birth_date"],
        claims["birth_date_precision"],
    )
    assert "nguyễn thị thử" == claims["full_name"].casefold()
    assert {Mode.P1: "1", Mode.P2: "2", Mode.P3: "2"}[mode] == claims["identity_level"]
    assert {Mode.P1: "nonce+pkce", Mode.P2: "nonce+pkce", Mode.P3: "pkce"}[mode] == claims["binding"]
    assert "email" not in claims, "the agreement does not cover it"


@pytest.mark.parametrize(
    ("mode", "person", "wanted"),
    [
        (Mode.P1, "enterprise", {"account_kind": "enterprise", "org_code": "9990000001", "identity_level": "org"}),
        (Mode.P1, "organisation", {"account_kind": "organisation", "org_code": "9990000002"}),
        (Mode.P1, "foreigner", {"foreign_id": "NN9990000004", "passport_number": "X9990004"}),
        (Mode.P1, "old-card", {"old_card_number": "999000008"}),
        (Mode.P1, "year-only", {"birth_date": "1952", "birth_date_precision": "year"}),
        (Mode.P1, "minor", {"birth_date": "2015-04-20"}),
        (Mode.P2, "citizen-1", {"identity_level": "1", "authentication_level": 0}),
        (Mode.P2, "long-name", {"personal_id": "999190000010"}),
        (Mode.P3, "citizen-1", {"identity_level": "1"}),
        (Mode.P3, "year-only", {"birth_date": "1952"}),
    ],
)
async def test_kinds_of_people(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, mode: Mode, person: str, wanted: dict[str, Any]
) -> None:
    """Organisations, foreigners, minors, old cards, years without days: each is told as it is."""
    async with sign_on(pool, key_ring, tmp_path, mode) as setup:
        claims = await assertion_of(setup, person)

    assert wanted == {name: claims.get(name) for name in wanted}


@pytest.mark.parametrize("mode", Mode)
async def test_n18_cancelling(pool: Any, key_ring: FileKeyRing, tmp_path: Path, mode: Mode) -> None:
    """Whoever cancels is back at the portal with a word for it."""
    async with sign_on(pool, key_ring, tmp_path, mode) as setup:
        attempt, arrived = await setup.sign_in("")

    assert isinstance(arrived, Arrived)
    assert {"error": "EID_CANCELLED", "state": attempt.state} == arrived.query


async def test_locked_account_never_leaves_the_provider(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The provider keeps a locked account; its page leads back as a cancellation."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        _, page = await setup.sign_in("locked")
        assert isinstance(page, Page)
        arrived = await setup.browser.submit(page, action="cancel")

    assert isinstance(arrived, Arrived)
    assert "EID_CANCELLED" == arrived.query["error"]


async def test_n19_silence_restarts_once(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A silent wish that the provider cannot grant asks the citizen, once; a second one needs no question."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        first = await assertion_of(setup, "citizen-2", is_silent=True)
        second = await setup.province.begin(is_silent=True)
        arrived = await setup.browser.open(second.start_url)
        counts = (await setup.control("GET", "counters"))["by_operation"]

    assert "citizen" == first["account_kind"]
    assert isinstance(arrived, Arrived)
    assert "code" in arrived.query
    assert (3, 1) == (counts["authorize"], counts["sign_in"])


async def test_n68_step_up_asks_anew(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A procedure that wants a fresh authentication gets one, though the provider knows the citizen already."""
    fresh = {"requirement": {"max_age_seconds": 60}, "is_anew": True}
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await assertion_of(setup, "citizen-2")
        claims = await assertion_of(setup, "citizen-2", **fresh)
        counts = (await setup.control("GET", "counters"))["by_operation"]
        challenge = await setup.province.api.call(
            "POST", f"/v1/identity/sign-ins/{claims['sign_in_id']}:require", body={"requirement": {"assurance": "high"}}
        )

    assert 2 == counts["sign_in"]
    assert 401 == challenge.status
    assert 'error="insufficient_user_authentication"' in challenge.headers["WWW-Authenticate"]


async def test_n67_n68_provider_that_does_not_step_up(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A provider that ignores `max_age` and `prompt` is found out by `auth_time`: refused, and not tried in circles."""
    async with sign_on(pool, key_ring, tmp_path, profile={"honours_prompt": False, "honours_max_age": False}) as setup:
        await assertion_of(setup, "citizen-2")
        for session in setup.sandbox.state.sessions.values():
            session.authenticated_at -= 400
        _, arrived = await setup.sign_in(requirement={"max_age_seconds": 60}, is_anew=True)
        evidence = await setup.province.refused_evidence()

    assert isinstance(arrived, Arrived)
    assert "EID_LEVEL_TOO_LOW" == arrived.query["error"]
    assert ("EID_LEVEL_TOO_LOW", "authentication_too_old") == evidence[-1]
    assert 2 == len(evidence)


async def test_n68_who_is_asked_anew_must_have_been(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """`is_anew` alone is held against the time that the provider tells: its old session is not enough."""
    async with sign_on(pool, key_ring, tmp_path, profile={"honours_prompt": False, "honours_max_age": False}) as setup:
        await assertion_of(setup, "citizen-2")
        for session in setup.sandbox.state.sessions.values():
            session.authenticated_at -= 120
        _, arrived = await setup.sign_in(is_anew=True)
        evidence = await setup.province.refused_evidence()

    assert isinstance(arrived, Arrived)
    assert "EID_LEVEL_TOO_LOW" == arrived.query["error"]
    assert ("EID_LEVEL_TOO_LOW", "not_anew") == evidence[-1]


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [({"requirement": {"max_age_seconds": 86_400}}, "lacks_max_age"), ({"is_anew": True}, "not_anew")],
)
async def test_n68_provider_that_tells_no_time(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, wishes: dict[str, Any], reason: str
) -> None:
    """Where nobody tells when a citizen was authenticated, that is not known: never recent, and not invented."""
    async with sign_on(pool, key_ring, tmp_path, Mode.P3) as setup:
        claims = await assertion_of(setup, "citizen-2")
        _, arrived = await setup.sign_in(**wishes)
        required = await setup.province.api.call(
            "POST",
            f"/v1/identity/sign-ins/{claims['sign_in_id']}:require",
            body={"requirement": {"max_age_seconds": 86_400}},
        )
        evidence = await setup.province.refused_evidence()

    assert "auth_time" not in claims
    assert 401 == required.status
    assert isinstance(arrived, Arrived)
    assert ("EID_LEVEL_TOO_LOW", reason) == evidence[-1]


async def test_kinds_that_no_procedure_takes(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A wish that nobody could meet is refused before a browser is sent anywhere."""
    row = {"procedure_code": "1.999001", "account_kinds": ["citizen"]}
    async with sign_on(pool, key_ring, tmp_path, identity={"requirements": [row]}) as setup:
        body = {
            "provider": "national",
            "return_to": RETURN,
            "code_challenge": "A" * 43,
            "procedure_code": "1.999001",
            "requirement": {"account_kinds": ["enterprise"]},
        }
        answered = await setup.province.api.call("POST", "/v1/identity/logins", body=body)

    assert (422, ["/requirement/account_kinds"]) == (answered.status, answered.fields)


async def test_n88_levels_are_never_guessed(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A level that no table knows counts as none, is told to operators, and does not stop a sign-in that needs none."""
    told: dict[Any, tuple[str, str]] = {}
    async with sign_on(pool, key_ring, tmp_path, Mode.P2) as setup:
        for level in (0, 1, 2, 3, "2", None):
            setup.sandbox.core.profile.extra_claims.clear()
            setup.sandbox.core.profile.extra_claims["IAL"] = level
            async with new_browser() as browser:
                setup.browser = browser
                claims = await assertion_of(setup, "citizen-2")
            told[level] = (claims["identity_level"], claims["assurance"])

    assert {
        0: ("0", "low"),
        1: ("1", "low"),
        2: ("2", "substantial"),
        3: ("0", "low"),
        "2": ("2", "substantial"),
        None: ("1", "low"),
    } == told


async def test_n15_n16_deep_link_is_a_hint(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """What the national portal's link said comes back with the assertion, and signs nobody in."""
    link = {"procedure_code": "2.000815", "agency_code": "H55.242"}
    async with sign_on(pool, key_ring, tmp_path) as setup:
        attempt = await setup.province.begin(deep_link=link)
        before = await pool.fetchval("SELECT count(*) FROM sign_ins")
        claims = await assertion_of(setup, "citizen-1", deep_link=link)
        named = await setup.province.api.call(
            "POST", "/v1/identity/logins", body={"deep_link": {"MDT": "MWIxYzBkZTAtMDAwMA=="}}
        )

    assert 0 == before
    assert link == claims["deep_link"]
    assert "999085000002" == claims["personal_id"]
    assert attempt.login["login_id"] != claims["sign_in_id"]
    assert 422 == named.status, "no account is looked for by what a link says"


async def test_n17_two_tabs_finish_in_reverse_order(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Two sign-ins of one browser do not disturb each other."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        tabs = [await setup.province.begin() for _ in range(2)]
        pages = [await setup.browser.open(tab.start_url) for tab in tabs]
        arrivals = [
            await setup.browser.submit(page, person=person, action="sign_in")
            for page, person in zip(reversed(pages), ("citizen-1", "citizen-2"), strict=True)
        ]
        answers = [
            await setup.province.redeem(tab, arrived) for tab, arrived in zip(reversed(tabs), arrivals, strict=True)
        ]

    assert [200, 200] == [answer.status for answer in answers]
    assert 2 == len({answer.json["sign_in"]["sign_in_id"] for answer in answers})


async def test_n89_missing_upstream_may_be_taken_by_decision(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Where a province decides so, a sign-in that names no upstream is taken: level 1, and never stronger."""
    async with sign_on(
        pool, key_ring, tmp_path, profile={"login_idp": ""}, levels={"takes_missing_upstream": True}
    ) as setup:
        claims = await assertion_of(setup, "citizen-2")

    assert ("1", 0) == (claims["identity_level"], claims["authentication_level"])


@pytest.mark.parametrize("escapes", [False, True])
async def test_n110_plus_signs_of_the_sealed_callback(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, *, escapes: bool
) -> None:
    """The sealed code comes with plus signs that nobody escaped, or that somebody did."""
    async with sign_on(pool, key_ring, tmp_path, Mode.P3, profile={"escapes_plus": escapes}) as setup:
        for _ in range(4):
            async with new_browser() as browser:
                setup.browser = browser
                await assertion_of(setup, "citizen-2")
        journal = (await setup.control("GET", "journal"))["journal"]
    addresses = [entry["headers"].get("Location", "") for entry in journal]

    assert escapes != any("code=" in address and "+" in address for address in addresses)
