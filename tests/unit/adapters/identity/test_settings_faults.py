"""Settings of a provider that cannot work, or are not safe, are refused at the start; secrets stay hidden."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.identity.diagnostics import describe
from adapters.identity.settings import Profile, ProviderSettings
from gateway.model.identity import AccountKind, Binding, IdentityLevel
from tests.unit.adapters.identity.identity_profiles import CLIENT_SECRET, flat, national, sealed, values

ADDRESSES = ["authorize_url", "token_url", "userinfo_url", "jwks_url", "discovery_url", "par_url", "redirect_uri"]
LOGOUT_ADDRESSES = ["end_session_url", "return_url"]
TEST_PREFIX = "http://127.0.0.1:8443/logout"


def faults(build: Any, **changes: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        build(**changes)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"colour": "red"}, "colour"),
        ({"levels": {"colour": "red"}}, "levels.colour"),
        ({"claims": {"colour": "red"}}, "claims.colour"),
        ({"logout": {"colour": "red"}}, "logout.colour"),
        ({"name": "DVCQG"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"profile": "vneid"}, "profile"),
        ({"issuer": ""}, "issuer"),
        ({"issuer": "a b"}, "issuer"),
        ({"scope": "profile"}, "scope"),
        ({"scope": "openid  profile"}, "scope"),
        ({"client_authentication": "none"}, "client_authentication"),
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"algorithms": ["none"]}, "algorithms"),
        ({"algorithms": ["RS256", "RS512"]}, "algorithms"),
        ({"algorithms": []}, "algorithms"),
        ({"leeway_seconds": 61}, "leeway_seconds"),
        ({"leeway_seconds": -1}, "leeway_seconds"),
        ({"total_seconds": 0}, "total_seconds"),
        ({"connect_seconds": 301}, "connect_seconds"),
        ({"agreement_id": ""}, "agreement_id"),
        ({"purpose": ""}, "purpose"),
        ({"client_secret_file": "secret"}, "one of client_secret and client_secret_file"),
        ({"client_secret": None}, "one of client_secret and client_secret_file"),
        ({"jwks_url": None}, "one of jwks_url and jwks_file must be set"),
        ({"envelope": {"private_key_files": ["a.pem"]}}, "envelope is for vneid_sealed only"),
        ({"levels": {"level_values": {"3": "3"}}}, "level_values"),
        ({"levels": {"acr_levels": {"LoA5": 5}}}, "acr_levels"),
        ({"levels": {"amr_levels": {"pwd": -1}}}, "amr_levels"),
        ({"levels": {"max_authentication": {"none": 1}}}, "max_authentication"),
        ({"claims": {"names": {"shoe_size": "CoGiay"}}}, "unknown claims: shoe_size"),
        ({"claims": {"kept": ["religion"]}}, "unknown claims: religion"),
        ({"claims": {"kinds": {"4": "robot"}}}, "kinds"),
        ({"logout": {"method": "get"}}, "logout.method"),
    ],
)
def test_unusable_settings_are_refused(changes: dict[str, Any], expected: str) -> None:
    """Unknown, missing, contradicting and impossible settings name themselves."""
    assert expected in faults(national, **changes)


@pytest.mark.parametrize("missing", ["name", "profile", "issuer", "token_url", "client_id", "redirect_uri", "purpose"])
def test_a_missing_setting_is_named(missing: str) -> None:
    """What has no safe default must be written down."""
    assert f"\n{missing}\n" in faults(national, **{missing: None})


@pytest.mark.parametrize(
    ("envelope", "expected"),
    [
        (None, "envelope must be set with vneid_sealed"),
        ({"private_key_files": []}, "private_key_files"),
        ({"private_key_files": ["1.pem", "2.pem", "3.pem"]}, "private_key_files"),
        ({}, "private_key_files"),
        ({"private_key_files": ["1.pem"], "algorithm": "rsa-oaep"}, "algorithm"),
        ({"private_key_files": ["1.pem"], "allow_plain": True}, "allow_plain"),
    ],
)
def test_the_sealed_profile_needs_its_keys(envelope: Any, expected: str) -> None:
    """Without a private key, with more than two, or with another way of sealing there is no sealed profile."""
    assert expected in faults(sealed, envelope=envelope)


def test_nothing_plain_is_taken_where_sealing_is_agreed() -> None:
    """The sealed profile refuses plain code, tokens and userinfo until told otherwise."""
    envelope = sealed().envelope
    assert envelope is not None
    assert (False, False, False) == (
        envelope.takes_plain_code,
        envelope.takes_plain_tokens,
        envelope.takes_plain_userinfo,
    )


def with_address(name: str, address: str, **more: Any) -> dict[str, Any]:
    if name in LOGOUT_ADDRESSES:
        return {"logout": {name: address}, **more}
    return {name: address, **more}


@pytest.mark.parametrize("name", ADDRESSES + LOGOUT_ADDRESSES)
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://sso.example/x", "must be https"),
        ("http://127.0.0.1:8080/x", "must be https"),
        ("https://*.example/x", "must hold no credentials, wildcard or fragment"),
        ("https://sso.example/*", "must hold no credentials, wildcard or fragment"),
        ("https://user:word@sso.example/x", "must hold no credentials, wildcard or fragment"),
        ("https://sso.example/x#part", "must hold no credentials, wildcard or fragment"),
        ("https:///x", "must name a host"),
        ("https://?x", "must name a host"),
        ("https://đăng-nhập.example/x", "should match pattern"),
        ("https://sso.example/a b", "should match pattern"),
        ("ftp://sso.example/x", "should match pattern"),
        ("sso.example/x", "should match pattern"),
    ],
)
def test_addresses_are_https_of_one_host(name: str, address: str, expected: str) -> None:
    """Every address is checked alike: scheme, host, no wildcard, no credentials, ASCII only."""
    told = faults(national, **with_address(name, address))
    assert expected in told
    assert name in told


@pytest.mark.parametrize("host", ["127.0.0.1:8443", "localhost:8443", "[::1]:8443"])
def test_plain_http_is_for_sandboxes_on_this_machine(host: str) -> None:
    """http passes with is_test and the loopback address together, and with neither alone."""
    address = f"http://{host}/token"
    assert address == national(token_url=address, is_test=True).token_url
    assert "token_url must be https" in faults(national, token_url=address)
    assert "token_url must be https" in faults(national, token_url="http://127.0.0.1.sso.example/token", is_test=True)
    assert "token_url must be https" in faults(national, token_url="http://10.0.0.1/token", is_test=True)


def test_all_faults_are_listed_at_once() -> None:
    """Whoever writes the settings corrects them in one go."""
    told = faults(
        national, token_url="http://sso.example/x", par_url="https://*.example", client_secret=None, jwks_url=None
    )
    expected = [
        "token_url must be https",
        "par_url must hold no credentials, wildcard or fragment",
        "one of jwks_url and jwks_file must be set",
        "one of client_secret and client_secret_file must be set",
    ]
    assert expected == [fault for fault in expected if fault in told]


@pytest.mark.parametrize(
    "prefix",
    [
        "https://vneid.example",
        "http://vneid.example/",
        "https://user@vneid.example/",
        "https://*.example/",
        "https:///",
    ],
)
def test_n93_a_place_of_logout_is_a_whole_host(prefix: str) -> None:
    """`logoutUri` is compared by its beginning: without the slash after the host, vneid.example.thief.example would
    pass as well."""
    assert "logout.vneid_prefixes" in faults(national, logout={"vneid_prefixes": [prefix]})


def test_a_place_of_logout_has_a_path() -> None:
    """A host with a path, or with the bare root, is a place; so is a sandbox."""
    good = ("https://vneid.example/", "https://vneid.example/logout")
    assert good == national(logout={"vneid_prefixes": good}).logout.vneid_prefixes
    assert (TEST_PREFIX,) == national(logout={"vneid_prefixes": [TEST_PREFIX]}, is_test=True).logout.vneid_prefixes


def test_secrets_are_shown_nowhere() -> None:
    """Neither printed settings, nor a dump of them, nor diagnostics, nor the message of a fault holds the secret."""
    settings = national()
    shown = repr(settings) + str(settings) + str(settings.model_dump()) + settings.model_dump_json()
    shown += str(describe(settings)) + faults(national, token_url="http://sso.example") + faults(national, name="X Y")
    shown += faults(national, client_secret=[CLIENT_SECRET]) + faults(national, client_secret_file="/run/secret")
    assert CLIENT_SECRET not in shown
    assert CLIENT_SECRET == settings.read_secret()


def test_a_secret_file_is_read_anew_each_time(tmp_path: Path) -> None:
    """A changed secret needs no restart; the line's end is no part of it, and a blank in it is."""
    secret = tmp_path / "secret"
    settings = national(client_secret=None, client_secret_file=secret)
    with pytest.raises(OSError, match="No such file"):
        settings.read_secret()
    secret.write_text("one \r\n", encoding="utf-8")
    first = settings.read_secret()
    secret.write_text("two", encoding="utf-8")
    assert ("one ", "two") == (first, settings.read_secret())


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"\n"])
def test_a_secret_file_that_holds_no_secret(tmp_path: Path, content: bytes) -> None:
    """What is no text, and nothing at all, is no secret; a ValueError that holds nothing of it."""
    secret = tmp_path / "secret"
    secret.write_bytes(content)
    with pytest.raises(ValueError):
        national(client_secret=None, client_secret_file=secret).read_secret()


@pytest.mark.parametrize(
    ("settings", "has_id_token", "level_claim", "number"),
    [
        (national(), True, "", "SoDinhDanh"),
        (flat(), True, "IAL", "SoDinhDanh"),
        (sealed(), False, "accountLevel", "citizenPid"),
        (flat(levels={"level_claim": ""}), True, "", "SoDinhDanh"),
        (national(levels={"level_claim": "loAs"}), True, "loAs", "SoDinhDanh"),
        (sealed(claims={"names": {"personal_id": "cccd"}}), False, "accountLevel", "cccd"),
    ],
)
def test_a_profile_brings_its_names(
    settings: ProviderSettings, has_id_token: bool, level_claim: str, number: str
) -> None:
    """What a profile is known for is set by default, and every word of it can be set otherwise."""
    rules = settings.claim_rules
    assert (has_id_token, level_claim, level_claim, number) == (
        settings.has_id_token,
        settings.level_claim,
        rules.level_claim,
        rules.names.personal_id,
    )


def test_the_rules_for_tokens_are_those_of_the_settings() -> None:
    """Issuer, client, algorithms and leeway of the verification come from here and from nowhere else."""
    rules = national(algorithms=["ES256"], leeway_seconds=5, levels={"accepted_acr": ["LoA2"]}).token_rules
    assert ("https://sso.example/oauth2/token", "lien-thong", {"ES256"}, 5, {"LoA2"}, set()) == (
        rules.issuer,
        rules.client_id,
        rules.algorithms,
        rules.leeway_seconds,
        rules.accepted_acr,
        rules.trusted_audiences,
    )


def test_defaults_fail_safe() -> None:
    """What nobody set counts for the least: RS256 only, no unlisted level, no account of unknown origin."""
    settings = ProviderSettings.model_validate(values())
    assert (Profile.DVCQG, frozenset({"RS256"}), False, True, False) == (
        settings.profile,
        settings.algorithms,
        settings.is_test,
        settings.sends_pkce,
        settings.enforces_pkce,
    )
    levels = settings.levels
    assert (False, False, {}, {}) == (
        levels.takes_missing_upstream,
        levels.takes_old_accounts,
        levels.acr_levels,
        levels.amr_levels,
    )
    assert {"1": IdentityLevel.LEVEL_1, "2": IdentityLevel.LEVEL_2} == levels.level_values
    assert {"email", "phone"}.isdisjoint(settings.claims.kept)


def test_settings_come_from_plain_values() -> None:
    """Everything can be written in a settings file as text, numbers and tables."""
    settings = national(
        levels={"max_authentication": {"state_only": 1}, "individuals_until": "2024-06-30T23:59:59+07:00"},
        claims={"kinds": {"CN": "citizen"}, "kept": ["full_name", "email"]},
    )
    assert ({Binding.STATE_ONLY: 1}, {"CN": AccountKind.CITIZEN}, frozenset({"full_name", "email"})) == (
        settings.levels.max_authentication,
        settings.claims.kinds,
        settings.claim_rules.kept,
    )
