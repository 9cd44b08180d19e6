"""Every attack that the simulated sign-on knows, against the gateway: refused with the right code and for the right
reason, or taken where it is none.

The name of each test holds the row of the negative tests that it plays (electronic identity notes §17).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.identity.sandbox import ROWS, Attack, Mode, cases
from gateway.demo.browser import Arrived, Page
from gateway.vault.keyring import FileKeyRing
from tests.support.elsewhere import listening_elsewhere
from tests.support.sign_on import sign_on

A = Attack
_INVALID, _CLAIMS, _PROVIDER = "EID_TOKEN_INVALID", "EID_CLAIMS_INVALID", "EID_PROVIDER_ERROR"
_ENVELOPE = ("EID_ENVELOPE_INVALID", "envelope")
"""Every failure to open something is the same, within the evidence too (N112)."""
EXPECTED: Mapping[Attack, tuple[str, str]] = {
    A.UNKNOWN_STATE: ("EID_STATE_INVALID", "no_such_state"),
    A.CODE_AND_ERROR: ("EID_STATE_INVALID", "code_and_error"),
    A.DUPLICATED_CODE: ("EID_STATE_INVALID", "doubled_parameter"),
    A.DUPLICATED_STATE: ("EID_STATE_INVALID", "doubled_parameter"),
    A.SCRIPT_IN_ERROR: ("EID_PROVIDER_UNAVAILABLE", "server_error"),
    A.FOREIGN_ISSUER: ("EID_ISSUER_MISMATCH", "issuer_parameter"),
    A.MISSING_ISSUER: ("EID_ISSUER_MISMATCH", "no_issuer_parameter"),
    A.INVENTED_CODE: (_PROVIDER, "invalid_grant"),
    A.OVERLONG_CODE: (_PROVIDER, "invalid_grant"),
    A.CODE_SEALED_TO_ANOTHER: _ENVELOPE,
    A.PLAIN_CODE: _ENVELOPE,
    # Token answer.
    A.TOKEN_SERVER_ERROR: ("EID_PROVIDER_UNAVAILABLE", "http_5xx"),
    A.TOKEN_HTML: (_PROVIDER, "not_json_type"),
    A.TOKEN_REDIRECT: (_PROVIDER, "http_3xx"),
    A.TOKEN_BOMB: (_PROVIDER, "answer_too_large"),
    A.TOKEN_OVERSIZED: (_PROVIDER, "answer_too_large"),
    A.MAC_TOKEN: (_INVALID, "token_type"),
    A.NO_ACCESS_TOKEN: (_INVALID, "no_access_token"),
    A.TOKEN_MEMBERS_TWICE: (_PROVIDER, "not_a_json_object"),
    A.EXPIRES_AS_WORD: (_INVALID, "expires_in"),
    A.EXPIRES_NEGATIVE: (_INVALID, "expires_in"),
    A.NO_ID_TOKEN: (_INVALID, "no_id_token"),
    A.DAMAGED_KEY: _ENVELOPE,
    A.ODD_LENGTH: _ENVELOPE,
    A.BAD_PADDING: _ENVELOPE,
    A.SEALED_TEXT: _ENVELOPE,
    A.SEALED_ARRAY: _ENVELOPE,
    A.PLAIN_TOKEN: _ENVELOPE,
    A.MEMBERS_IN_ERROR: _ENVELOPE,
    A.SEALED_ERROR: (_PROVIDER, "error_in_answer"),
    # ID token.
    A.ALG_NONE: (_INVALID, "algorithm"),
    A.HS256_WITH_PUBLIC_KEY: (_INVALID, "algorithm"),
    A.RS512: (_INVALID, "algorithm"),
    A.FLIPPED_SIGNATURE: (_INVALID, "signature"),
    A.SWAPPED_PAYLOAD: (_INVALID, "signature"),
    A.STRANGERS_KEY: (_INVALID, "signature"),
    A.EMBEDDED_JWK: (_INVALID, "key_not_known"),
    A.FOREIGN_JKU: (_INVALID, "key_not_known"),
    A.EMBEDDED_X5C: (_INVALID, "key_not_known"),
    A.UNKNOWN_KEY_ID: (_INVALID, "key_not_known"),
    A.WEAK_KEY: (_INVALID, "key_not_known"),
    A.ENCRYPTION_KEY: (_INVALID, "key_not_known"),
    A.NO_KEY_ID_AMONG_TWO: (_INVALID, "key_not_named"),
    A.UNKNOWN_CRIT: (_INVALID, "critical_header"),
    A.ACCESS_TOKEN_TYPE: (_INVALID, "token_type"),
    A.LOGOUT_TOKEN: (_INVALID, "logout_token"),
    A.ISSUER_WITH_SLASH: ("EID_ISSUER_MISMATCH", "issuer"),
    A.ISSUER_IN_OTHER_CASE: ("EID_ISSUER_MISMATCH", "issuer"),
    A.ISSUER_OF_ANOTHER: ("EID_ISSUER_MISMATCH", "issuer"),
    A.WRONG_AUDIENCE: (_INVALID, "audience"),
    A.OTHER_CLIENT: (_INVALID, "audience"),
    A.STRANGER_IN_AUDIENCE: (_INVALID, "stranger_in_audience"),
    A.FOREIGN_AUTHORISED_PARTY: (_INVALID, "authorised_party"),
    A.EXPIRED: (_INVALID, "expired"),
    A.ISSUED_IN_FUTURE: (_INVALID, "issued_in_future"),
    A.ISSUED_LONG_AGO: (_INVALID, "issued_long_ago"),
    A.NOT_YET_VALID: (_INVALID, "not_yet_valid"),
    A.NONCE_MISSING: ("EID_NONCE_MISMATCH", "nonce"),
    A.NONCE_WRONG: ("EID_NONCE_MISMATCH", "nonce"),
    A.EXPIRY_AS_TEXT: (_INVALID, "exp_form"),
    A.EXPIRY_NOT_A_NUMBER: (_INVALID, "not_a_json_object"),
    A.EXPIRY_HUGE: (_INVALID, "exp_form"),
    A.SUBJECT_MISSING: (_INVALID, "subject_form"),
    A.SUBJECT_EMPTY: (_INVALID, "subject_form"),
    A.SUBJECT_NUMBER: (_INVALID, "subject_form"),
    A.SUBJECT_LONG: (_INVALID, "subject_form"),
    A.SUBJECT_NOT_ASCII: (_INVALID, "subject_form"),
    A.WRONG_TOKEN_DIGEST: (_INVALID, "access_token_hash"),
    A.ACR_MISSING: ("EID_LEVEL_TOO_LOW", "acr"),
    A.ACR_UNKNOWN: ("EID_LEVEL_TOO_LOW", "acr"),
    A.ACR_TOO_LOW: ("EID_LEVEL_TOO_LOW", "acr"),
    A.AUTHENTICATION_UNDATED: ("EID_LEVEL_TOO_LOW", "authentication_too_old"),
    A.AUTHENTICATION_OLD: ("EID_LEVEL_TOO_LOW", "authentication_too_old"),
    A.TOKEN_17K: (_INVALID, "token_too_large"),
    A.TOKEN_200K: (_INVALID, "token_too_large"),
    A.TOKEN_5M: (_PROVIDER, "answer_too_large"),
    A.FIVE_PARTS: (_INVALID, "not_three_segments"),
    A.DUPLICATE_MEMBERS: (_INVALID, "not_a_json_object"),
    A.INVALID_UTF8: (_INVALID, "not_a_json_object"),
    A.DEEP_NESTING: (_INVALID, "not_a_json_object"),
    # Userinfo.
    A.FOREIGN_SUBJECT: ("EID_SUBJECT_MISMATCH", "userinfo_subject"),
    A.USERINFO_REFUSED: (_PROVIDER, "userinfo_refused"),
    A.USERINFO_UNSIGNED_JWT: (_PROVIDER, "not_json_type"),
    A.USERINFO_STRANGERS_JWT: (_PROVIDER, "not_json_type"),
    A.KIND_UNKNOWN: ("EID_ACCOUNT_KIND", "account_kind_unknown"),
    A.KIND_MISSING: ("EID_ACCOUNT_KIND", "account_kind_missing"),
    A.NUMBER_TOO_SHORT: (_CLAIMS, "personal_id_wrong_form"),
    A.NUMBER_WITH_SPACES: (_CLAIMS, "personal_id_wrong_form"),
    A.NUMBER_AS_NUMBER: (_CLAIMS, "personal_id_not_text"),
    A.NUMBER_IN_ARABIC_DIGITS: (_CLAIMS, "personal_id_wrong_form"),
    A.NAME_WITH_CONTROLS: (_CLAIMS, "full_name_control_characters"),
    A.NAME_ENDLESS: (_CLAIMS, "full_name_too_long"),
    A.BIRTHDAY_IMPOSSIBLE: (_CLAIMS, "birth_date_wrong_form"),
    A.UPSTREAM_MISSING: ("EID_ACCOUNT_NOT_LEGAL", "upstream_not_told"),
    A.UPSTREAM_OLD: ("EID_ACCOUNT_NOT_LEGAL", "not_issued_by_vneid"),
    A.SEALED_TO_ANOTHER: _ENVELOPE,
    A.REORDERED_BLOCKS: _ENVELOPE,
    A.PLAIN_USERINFO: _ENVELOPE,
}
"""The outward code and the reason in the evidence."""
EXPECTED_OF_SEALED: Mapping[Attack, tuple[str, str]] = {
    A.TOKEN_MEMBERS_TWICE: _ENVELOPE,
    # Without an ID token the number is the subject, which has to be text before any claim is read.
    A.NUMBER_AS_NUMBER: (_CLAIMS, "personal_id_missing"),
}
"""Where the sealed wire differs."""
_SHOWN_A_PAGE = {A.UNKNOWN_STATE, A.CODE_AND_ERROR, A.DUPLICATED_CODE, A.DUPLICATED_STATE}
"""A callback that contradicts itself ends on a page of ours; all else goes back to the portal with the code."""
_TELLS_ACR: dict[str, Any] = {"levels": {"accepted_acr": ["LoA2"]}, "acr_values": ["LoA2"]}
_OURS: Mapping[Attack, dict[str, Any]] = {
    A.MISSING_ISSUER: {"requires_issuer_parameter": True},
    A.ACR_MISSING: _TELLS_ACR,
    A.ACR_UNKNOWN: _TELLS_ACR,
    A.ACR_TOO_LOW: _TELLS_ACR,
}
"""What the gateway must have been told for an attack to be one."""
_PROFILES: Mapping[Attack, dict[str, Any]] = {A.MISSING_ISSUER: {"sends_issuer": True}}
_FRESH = {"requirement": {"max_age_seconds": 60}, "is_anew": True}
_WISHES: Mapping[Attack, dict[str, Any]] = {A.AUTHENTICATION_UNDATED: _FRESH, A.AUTHENTICATION_OLD: _FRESH}
_LEAVE_NO_EVIDENCE = {A.UNKNOWN_STATE, A.DUPLICATED_STATE}
"""Nobody's flight is named: anybody can write such an address, so it is counted and fills no table."""


@pytest.mark.parametrize(("mode", "attack"), [pytest.param(mode, attack, id=name) for name, mode, attack in cases()])
async def test_attack(pool: Any, key_ring: FileKeyRing, tmp_path: Path, mode: Mode, attack: Attack) -> None:
    """A sign-on that was struck gives a sign-in exactly where it may: else no code, no account, and one line of
    evidence with the right reason; and nobody else was asked anything."""
    wishes = _WISHES.get(attack, {})
    async with listening_elsewhere() as elsewhere:
        profile = {"elsewhere_url": elsewhere.url, **_PROFILES.get(attack, {})}
        async with sign_on(pool, key_ring, tmp_path, mode, profile=profile, **_OURS.get(attack, {})) as setup:
            if attack is Attack.NO_KEY_ID_AMONG_TWO:
                await setup.control("POST", "keys", {"action": "add"})
            await setup.control("POST", "attacks", {"kind": attack.value})
            attempt, arrived = await setup.sign_in(**wishes)
            struck = (await setup.control("GET", "attacks"))["struck"]
            counts = (await setup.control("GET", "counters"))["sign_on"]
            redeemed = None
            if isinstance(arrived, Arrived) and "code" in arrived.query:
                redeemed = await setup.province.redeem(attempt, arrived)
            evidence = await setup.province.refused_evidence()
            counted, alerts = setup.province.counted(), setup.province.alerts()
            sign_ins = await pool.fetchval("SELECT count(*) FROM sign_ins")
            links = await pool.fetchval("SELECT count(*) FROM account_links")
            again_attempt, again = await setup.sign_in(**wishes)
            after = await setup.province.redeem(again_attempt, again)

    assert {attack.value: 1} == struck
    assert 0 == counts.get("codes_tried_again", 0), "a code is sent once"
    assert 0 == elsewhere.connections_count, "where a provider points is no place to go"
    assert 0 == links
    if ROWS[attack].must_be_refused:
        expected = (EXPECTED_OF_SEALED if mode is Mode.P3 else {}).get(attack) or EXPECTED[attack]
        assert {expected: 1} == counted
        assert evidence == ([] if attack in _LEAVE_NO_EVIDENCE else [expected])
        assert ({"identity_envelope": 1} if expected == _ENVELOPE else {}) == alerts
        assert redeemed is None
        assert 0 == sign_ins
        if attack in _SHOWN_A_PAGE:
            assert isinstance(arrived, Page)
            assert 400 == arrived.status
            assert expected[0] in arrived.html
            assert "script" not in arrived.html
        else:
            assert isinstance(arrived, Arrived)
            assert {"error": expected[0], "state": attempt.state} == arrived.query
    else:
        assert redeemed is not None
        assert 200 == redeemed.status
        assert [("signed_in", "")] == evidence
        assert {} == alerts
    assert 200 == after.status, "and nothing is left behind"


def test_every_attack_has_its_reason() -> None:
    """What must be refused has a code and a reason here, and nothing else has."""
    refused = {attack for attack, row in ROWS.items() if row.must_be_refused}

    assert refused == EXPECTED.keys()
    assert set(Attack) == ROWS.keys()
