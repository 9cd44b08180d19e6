"""From what a provider said to what a sign-in is worth, and whether that is enough. Tables; no IO.

Never derived: the identity level from `acr`, from the presence of a number, or from what was *asked* for; and a level
is never raised without a new sign-in (electronic identity notes §4.3). Whatever no row covers ends at the lowest level.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.model.identity import (
    AccountKind,
    Assurance,
    Binding,
    EidCode,
    IdentityLevel,
    LevelEvidence,
    Requirement,
    SignInLevels,
    SignInRefused,
)

_STRENGTH = {Binding.STATE_ONLY: 0, Binding.PKCE: 1, Binding.NONCE: 1, Binding.NONCE_PKCE: 2}
_RANK = {IdentityLevel.UNKNOWN: 0, IdentityLevel.LEVEL_1: 1, IdentityLevel.LEVEL_2: 2, IdentityLevel.ORGANISATION: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssuranceRow:
    """One row: a sign-in that is at least this has this assurance. An organisation's account ranks as level 2: it is
    opened from its representative's level-02 account only (Art. 7)."""

    assurance: Assurance
    identity: IdentityLevel
    authentication: int
    binding: Binding


ASSURANCE_TABLE: tuple[AssuranceRow, ...] = (
    AssuranceRow(
        assurance=Assurance.HIGH, identity=IdentityLevel.LEVEL_2, authentication=3, binding=Binding.NONCE_PKCE
    ),
    AssuranceRow(
        assurance=Assurance.SUBSTANTIAL, identity=IdentityLevel.LEVEL_2, authentication=0, binding=Binding.STATE_ONLY
    ),
    AssuranceRow(assurance=Assurance.LOW, identity=IdentityLevel.UNKNOWN, authentication=0, binding=Binding.STATE_ONLY),
)
"""From the top, the first row that is met. A recommendation: the law names no level of a provincial gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRules:
    """How one provider's words are read. All of it is configuration: no value set is documented (§4.2, U5, U6).

    `level_claim` names the claim that may tell the account's level, "" for none. `acr_levels` and `amr_levels` give the
    authentication level of a word; unknown words count as 0. `upstream_vneid` are the values of the upstream provider
    that mean VNeID; None when the provider is VNeID itself. `max_authentication` caps the level for weak bindings.
    """

    level_claim: str = ""
    level_values: Mapping[str, IdentityLevel] = field(
        default_factory=lambda: {"1": IdentityLevel.LEVEL_1, "2": IdentityLevel.LEVEL_2}
    )
    acr_levels: Mapping[str, int] = field(default_factory=dict)
    amr_levels: Mapping[str, int] = field(default_factory=dict)
    upstream_vneid: frozenset[str] | None = None
    takes_missing_upstream: bool = False
    """Whether a sign-in that names no upstream provider is taken, as VNeID of level 1; else it is refused."""
    takes_old_accounts: bool = False
    """Whether accounts that VNeID did not issue are still taken after the legal days."""
    individuals_until: datetime | None = None
    organisations_until: datetime | None = None
    """Instants after which accounts that VNeID did not issue are no legal identity (§1.3)."""
    max_authentication: Mapping[Binding, int] = field(default_factory=dict)


def assess(rules: LevelRules, seen: LevelEvidence) -> tuple[SignInLevels, bool]:
    """Give the levels of a sign-in, and whether a person should look because the level's word is not known.

    Raises SignInRefused: an account that is no legal identity any more, or whose upstream provider is not told.
    """
    is_missing = _check_upstream(rules, seen)
    authentication = _authentication(rules, seen)
    identity, source, is_unknown = _identity(rules, seen)
    if is_missing:
        authentication = 0
    cap = rules.max_authentication.get(seen.binding)
    if cap is not None:
        authentication = min(authentication, cap)
    levels = SignInLevels(
        identity=identity,
        authentication=authentication,
        level_source=source,
        assurance=assurance_of(identity, authentication, seen.binding),
        binding=seen.binding,
    )
    return levels, is_unknown


def _check_upstream(rules: LevelRules, seen: LevelEvidence) -> bool:
    """Give whether the upstream provider is not told. Raises SignInRefused."""
    if rules.upstream_vneid is None:
        return False
    if not seen.upstream_idp:
        if not rules.takes_missing_upstream:
            raise SignInRefused(EidCode.ACCOUNT_NOT_LEGAL, "upstream_not_told")
        return True
    if seen.upstream_idp in rules.upstream_vneid or rules.takes_old_accounts:
        return False
    is_individual = seen.account_kind is AccountKind.CITIZEN
    until = rules.individuals_until if is_individual else rules.organisations_until
    if until is not None and seen.at > until:
        raise SignInRefused(EidCode.ACCOUNT_NOT_LEGAL, "not_issued_by_vneid")
    return False


def _identity(rules: LevelRules, seen: LevelEvidence) -> tuple[IdentityLevel, str, bool]:
    if rules.upstream_vneid is not None and not seen.upstream_idp:
        # Taken only because the province said so, and for no more than this: the row stands before those of the
        # organisations and of the level claim (electronic identity notes §4.3, first match wins).
        return IdentityLevel.LEVEL_1, "rule", False
    if seen.account_kind is not AccountKind.CITIZEN:
        return IdentityLevel.ORGANISATION, "rule", False
    if rules.level_claim and seen.level_value is not None:
        known = rules.level_values.get(seen.level_value)
        return known or IdentityLevel.UNKNOWN, rules.level_claim, known is None
    return (IdentityLevel.LEVEL_1 if is_from_vneid(rules, seen) else IdentityLevel.UNKNOWN), "rule", False


def is_from_vneid(rules: LevelRules, seen: LevelEvidence) -> bool:
    """Tell whether the provider said that VNeID authenticated the account; what is not told is not so."""
    return rules.upstream_vneid is None or seen.upstream_idp in rules.upstream_vneid


def _authentication(rules: LevelRules, seen: LevelEvidence) -> int:
    words = [rules.amr_levels.get(word, 0) for word in seen.amr]
    return max([rules.acr_levels.get(seen.acr, 0), *words])


def assurance_of(identity: IdentityLevel, authentication: int, binding: Binding) -> Assurance:
    """Give the gateway's own level."""
    for row in ASSURANCE_TABLE:
        if (
            _RANK[identity] >= _RANK[row.identity]
            and authentication >= row.authentication
            and _STRENGTH[binding] >= _STRENGTH[row.binding]
        ):
            return row.assurance
    return Assurance.NONE


def lacks(
    wanted: Requirement,
    levels: SignInLevels,
    account_kind: AccountKind,
    authenticated_at: datetime | None,
    now: datetime,
) -> tuple[str, ...]:
    """Give what a sign-in lacks, in words of a closed list; empty when it is enough.

    `authenticated_at` None: the provider does not tell when the citizen was authenticated, which is never recent enough
    (§4.4: what is unknown fails). "account_kind" cannot be mended by a new sign-in of the same account; the others may.
    """
    missing = []
    if account_kind not in wanted.account_kinds:
        missing.append("account_kind")
    if _RANK[levels.identity] < _RANK[wanted.identity_level]:
        missing.append("identity_level")
    if levels.authentication < wanted.authentication_level:
        missing.append("authentication_level")
    if levels.assurance < wanted.assurance:
        missing.append("assurance")
    if wanted.max_age_seconds is not None and (
        authenticated_at is None or (now - authenticated_at).total_seconds() > wanted.max_age_seconds
    ):
        missing.append("max_age")
    return tuple(missing)
