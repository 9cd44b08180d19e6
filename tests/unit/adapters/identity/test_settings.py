"""Settings of providers: every fault is told, and none of their secrets (notes §16-1, §16-2)."""

from typing import Any

import pytest
from pydantic import ValidationError

from adapters.identity.settings import Profile
from tests.unit.adapters.identity.identity_settings import SEALED, make_settings


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"unknown_key": 1}, "unknown_key"),
        ({"issuer": None}, "issuer"),
        ({"agreement_id": ""}, "agreement_id"),
        ({"token_url": "http://sso.test/oauth2/token"}, "token_url must be https"),
        ({"redirect_uri": "https://*.example/x"}, "redirect_uri must hold no"),
        ({"authorize_url": "https://user:pw@sso.test/a"}, "authorize_url must hold no"),
        ({"jwks_url": "https://sso.test/jwks#x"}, "jwks_url must hold no"),
        ({"jwks_url": None}, "one of jwks_url and jwks_file"),
        ({"jwks_file": "keys.json"}, "one of jwks_url and jwks_file"),
        ({"client_secret": None}, "one of client_secret and client_secret_file"),
        ({"client_secret_file": "s.txt"}, "one of client_secret and client_secret_file"),
        ({"profile": "vneid_sealed"}, "envelope must be set"),
        ({"envelope": SEALED["envelope"]}, "envelope is for vneid_sealed only"),
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"algorithms": []}, "algorithms"),
        ({"leeway_seconds": 61}, "leeway_seconds"),
        ({"scope": "profile"}, "scope"),
        ({"name": "Không"}, "name"),
        ({"authorize_url": "https://sso.test/\u200bauth"}, "authorize_url"),
        ({"claims": {"names": {"nickname": "x"}}}, "unknown claims: nickname"),
        ({"claims": {"kept": ["religion"]}}, "unknown claims: religion"),
        ({"levels": {"acr_levels": {"LoA9": 9}}}, "acr_levels"),
        ({"is_test": True, "token_url": "http://10.0.0.1/token"}, "token_url must be https"),
    ],
)
def test_faults(changes: dict[str, Any], told: str) -> None:
    """What cannot work stops the start, and says which setting it is."""
    with pytest.raises(ValidationError) as caught:
        make_settings(**changes)

    assert told in str(caught.value)


def test_all_faults_at_once() -> None:
    """An operator mends everything in one go."""
    with pytest.raises(ValidationError) as caught:
        make_settings(token_url="http://a.test/t", userinfo_url="http://a.test/u", client_secret=None)

    shown = str(caught.value)
    wanted = ("token_url must be https", "userinfo_url must be https", "one of client_secret")
    assert [] == [fault for fault in wanted if fault not in shown]


def test_loopback_only_for_tests() -> None:
    """Plain HTTP is for the loopback address of a test."""
    assert make_settings(is_test=True, token_url="http://127.0.0.1:9/t")
    with pytest.raises(ValidationError):
        make_settings(token_url="http://127.0.0.1:9/t")


def test_secrets_are_not_shown() -> None:
    """Neither repr nor dump shows the client's secret."""
    made = make_settings(client_secret="very-secret-indeed")

    assert "very-secret" not in repr(made) + str(made) + made.model_dump_json()
    assert "very-secret-indeed" == made.read_secret()


def test_profiles_have_their_defaults() -> None:
    """Each profile reads the claim of its level, and the sealed one promises no ID token."""
    flat, sealed = make_settings(profile="vneid_flat"), make_settings(**SEALED)

    assert ("", "IAL", "accountLevel") == (make_settings().level_claim, flat.level_claim, sealed.level_claim)
    assert [True, True, False] == [one.has_id_token for one in (make_settings(), flat, sealed)]
    assert "citizenPid" == sealed.claim_rules.names.personal_id
    assert Profile.VNEID_SEALED is sealed.profile
