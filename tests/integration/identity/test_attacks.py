"""Every attack that the simulated sign-on knows, against the gateway: refused, or taken where it is none.

The name of each test holds the row of the negative tests that it plays (electronic identity notes §17).
"""

from pathlib import Path
from typing import Any

import pytest

from adapters.identity.sandbox import ROWS, Attack, Mode
from gateway.demo.browser import Arrived, Page
from gateway.vault.keyring import FileKeyRing
from tests.support.sign_on import sign_on

_NOT_ALONE = {Attack.NO_KEY_ID_AMONG_TWO}
"""No attack on a client that knows one key; tested in test_keys."""
_OURS: dict[str, Any] = {"missing_issuer": {"requires_issuer_parameter": True}}
_PROFILES = {"missing_issuer": {"sends_issuer": True}}
CASES = [
    pytest.param(mode, attack, id=f"{row.rows}-{attack.value}-{mode.value}")
    for attack, row in ROWS.items()
    for mode in Mode
    if mode in row.modes and attack not in _NOT_ALONE and (mode is not Mode.P2 or attack.value.startswith("level"))
] + [
    pytest.param(Mode.P2, attack, id=f"{ROWS[attack].rows}-{attack.value}-p2")
    for attack in (Attack.NONCE_WRONG, Attack.FOREIGN_SUBJECT, Attack.ALG_NONE, Attack.LOGOUT_ELSEWHERE)
]


@pytest.mark.parametrize(("mode", "attack"), CASES)
async def test_attack(pool: Any, key_ring: FileKeyRing, tmp_path: Path, mode: Mode, attack: Attack) -> None:
    """A sign-on that was struck gives a sign-in exactly where it may: else no code, and one line of evidence."""
    profile, changes = _PROFILES.get(attack.value), dict[str, Any](_OURS.get(attack.value, {}))
    async with sign_on(pool, key_ring, tmp_path, mode, profile=profile, **changes) as setup:
        await setup.control("POST", "attacks", {"kind": attack.value})
        attempt, arrived = await setup.sign_in()
        struck = (await setup.control("GET", "attacks"))["struck"]
        counts = (await setup.control("GET", "counters"))["sign_on"]
        redeemed = None
        if isinstance(arrived, Arrived) and "code" in arrived.query:
            redeemed = await setup.province.redeem(attempt, arrived)
        evidence = await setup.province.refused_evidence()
        sign_ins = await pool.fetchval("SELECT count(*) FROM sign_ins")
        again_attempt, again = await setup.sign_in()
        after = await setup.province.redeem(again_attempt, again)

    assert {attack.value: 1} == struck
    assert 0 == counts.get("codes_tried_again", 0), "a code is sent once"
    if ROWS[attack].must_be_refused:
        assert redeemed is None
        assert 0 == sign_ins
        outcomes = [outcome for outcome, _ in evidence]
        assert "signed_in" not in outcomes
        assert 1 == len(outcomes) or attack is Attack.UNKNOWN_STATE or attack is Attack.DUPLICATED_STATE
        if isinstance(arrived, Page):
            assert 400 == arrived.status
            assert "EID_" in arrived.html
            assert "script" not in arrived.html
        else:
            assert arrived.query["error"].startswith("EID_")
            assert {"error", "state"} == set(arrived.query)
    else:
        assert redeemed is not None
        assert 200 == redeemed.status
        assert [("signed_in", "")] == evidence
    assert 200 == after.status, "and nothing is left behind"
