"""From what a provider says to what a sign-in is worth: every row of the notes §4.3, and what never raises a level."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.identity import (
    AccountKind,
    Assurance,
    Binding,
    EidCode,
    IdentityLevel,
    LevelEvidence,
    Requirement,
    SignInRefused,
)
from gateway.sync.assurance import LevelRules, assess, assurance_of, is_from_vneid, lacks

AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
P1 = LevelRules(
    acr_levels={"LoA2": 3, "LoA1": 1},
    amr_levels={"otp": 2},
    upstream_vneid=frozenset({"BCA"}),
    individuals_until=datetime(2024, 6, 30, 16, 59, 59, tzinfo=UTC),
    organisations_until=datetime(2025, 6, 30, 16, 59, 59, tzinfo=UTC),
)
P2 = LevelRules(level_claim="IAL")
SEEN = LevelEvidence(
    account_kind=AccountKind.CITIZEN,
    upstream_idp="BCA",
    level_value=None,
    acr="",
    amr=(),
    binding=Binding.NONCE_PKCE,
    at=AT,
)


@pytest.mark.parametrize(
    ("rules", "changes", "identity", "authentication"),
    [
        (P1, {}, IdentityLevel.LEVEL_1, 0),
        (P1, {"acr": "LoA2"}, IdentityLevel.LEVEL_1, 3),
        (P1, {"acr": "1"}, IdentityLevel.LEVEL_1, 0),
        (P1, {"amr": ("pwd", "otp")}, IdentityLevel.LEVEL_1, 2),
        (P1, {"account_kind": AccountKind.ENTERPRISE, "acr": "LoA1"}, IdentityLevel.ORGANISATION, 1),
        (P2, {"level_value": "2", "upstream_idp": ""}, IdentityLevel.LEVEL_2, 0),
        (P2, {"level_value": "1", "upstream_idp": ""}, IdentityLevel.LEVEL_1, 0),
        (P2, {"upstream_idp": ""}, IdentityLevel.LEVEL_1, 0),
        (replace(P1, takes_missing_upstream=True), {"upstream_idp": "", "acr": "LoA2"}, IdentityLevel.LEVEL_1, 0),
        (replace(P1, takes_old_accounts=True), {"upstream_idp": "LOCAL"}, IdentityLevel.UNKNOWN, 0),
        (replace(P1, max_authentication={Binding.NONCE_PKCE: 1}), {"acr": "LoA2"}, IdentityLevel.LEVEL_1, 1),
    ],
)
def test_rows(rules: LevelRules, changes: dict[str, Any], identity: IdentityLevel, authentication: int) -> None:
    """The first row that fits decides."""
    levels, is_unknown = assess(rules, replace(SEEN, **changes))

    assert (identity, authentication) == (levels.identity, levels.authentication)
    assert not is_unknown


@pytest.mark.parametrize("value", ["3", "0", "", "two"])
def test_unknown_level_counts_as_none_and_is_told(value: str) -> None:
    """A level that no table knows is the lowest, and a person should look."""
    levels, is_unknown = assess(P2, replace(SEEN, level_value=value, upstream_idp=""))

    assert (IdentityLevel.UNKNOWN, True) == (levels.identity, is_unknown)


@pytest.mark.parametrize(
    ("kind", "at", "is_legal"),
    [
        (AccountKind.CITIZEN, datetime(2024, 6, 30, 16, 59, 59, tzinfo=UTC), True),
        (AccountKind.CITIZEN, datetime(2024, 6, 30, 17, 0, tzinfo=UTC), False),
        (AccountKind.ENTERPRISE, datetime(2024, 7, 1, tzinfo=UTC), True),
        (AccountKind.ENTERPRISE, datetime(2025, 6, 30, 17, 0, tzinfo=UTC), False),
        (AccountKind.ORGANISATION, datetime(2025, 7, 1, tzinfo=UTC), False),
    ],
)
def test_accounts_that_vneid_did_not_issue(kind: AccountKind, at: datetime, *, is_legal: bool) -> None:
    """They were legal until a day in Vietnam's time, another one for organisations."""
    seen = replace(SEEN, upstream_idp="LOCAL", account_kind=kind, at=at)
    if is_legal:
        assert assess(P1, seen)
    else:
        with pytest.raises(SignInRefused) as caught:
            assess(P1, seen)
        assert EidCode.ACCOUNT_NOT_LEGAL is caught.value.eid


def test_n89_upstream_that_is_not_told() -> None:
    """Who does not say whose account it is signs nobody in, unless a province decided otherwise; VNeID it never is."""
    with pytest.raises(SignInRefused):
        assess(P1, replace(SEEN, upstream_idp=""))
    assert not is_from_vneid(P1, replace(SEEN, upstream_idp=""))
    assert is_from_vneid(P1, SEEN)
    assert is_from_vneid(P2, replace(SEEN, upstream_idp=""))


@given(st.text(max_size=10), st.lists(st.text(max_size=10), max_size=4).map(tuple))
def test_words_never_raise_the_identity(acr: str, amr: tuple[str, ...]) -> None:
    """Whatever is said of the authentication, the account's level stays what it is."""
    levels, _ = assess(P1, replace(SEEN, acr=acr, amr=amr))

    assert IdentityLevel.LEVEL_1 is levels.identity


@pytest.mark.parametrize(
    ("identity", "authentication", "binding", "assurance"),
    [
        (IdentityLevel.LEVEL_2, 3, Binding.NONCE_PKCE, Assurance.HIGH),
        (IdentityLevel.ORGANISATION, 4, Binding.NONCE_PKCE, Assurance.HIGH),
        (IdentityLevel.LEVEL_2, 3, Binding.NONCE, Assurance.SUBSTANTIAL),
        (IdentityLevel.LEVEL_2, 2, Binding.NONCE_PKCE, Assurance.SUBSTANTIAL),
        (IdentityLevel.LEVEL_2, 0, Binding.STATE_ONLY, Assurance.SUBSTANTIAL),
        (IdentityLevel.LEVEL_1, 4, Binding.NONCE_PKCE, Assurance.LOW),
        (IdentityLevel.UNKNOWN, 0, Binding.STATE_ONLY, Assurance.LOW),
    ],
)
def test_assurance(identity: IdentityLevel, authentication: int, binding: Binding, assurance: Assurance) -> None:
    """The weakest of account, authentication and binding decides."""
    assert assurance is assurance_of(identity, authentication, binding)


def test_what_is_lacking() -> None:
    """Everything that is not enough is named, in words of a closed list."""
    levels, _ = assess(P1, SEEN)
    wanted = Requirement(
        identity_level=IdentityLevel.LEVEL_2,
        authentication_level=3,
        assurance=Assurance.HIGH,
        max_age_seconds=60,
        account_kinds=(AccountKind.ENTERPRISE,),
    )

    assert ("account_kind", "identity_level", "authentication_level", "assurance", "max_age") == lacks(
        wanted, levels, AccountKind.CITIZEN, AT - timedelta(seconds=61), AT
    )
    assert () == lacks(Requirement(max_age_seconds=60), levels, AccountKind.CITIZEN, AT - timedelta(seconds=60), AT)
    assert ("max_age",) == lacks(Requirement(max_age_seconds=86_400), levels, AccountKind.CITIZEN, None, AT)
    assert () == lacks(Requirement(), levels, AccountKind.CITIZEN, None, AT)
