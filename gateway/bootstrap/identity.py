"""Sign-in with a national identity: providers, keys and desk of one process."""

import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from ssl import SSLContext

from pydantic import ValidationError

from adapters.identity import IdentityAdapter, Profile, ProviderSettings
from adapters.identity import build as build_provider
from certs.contexts import ClientTls
from certs.policy import default_policy
from certs.reloading import ReloadingClientContext
from gateway.api.identity_desk import ClientAddresses, IdentityDesk
from gateway.bootstrap.ground import Ground
from gateway.clocks import SystemClock
from gateway.config import IdentitySettings, Settings, faults_of
from gateway.engine.flights import ConfiguredProvider
from gateway.engine.linking import Linking
from gateway.engine.proofs import Proofs, TechnicalIdReader
from gateway.engine.provider_circuits import ProviderCircuits
from gateway.engine.scheduler import Job
from gateway.engine.sessions import Sessions
from gateway.engine.sign_ins import SignInDesk
from gateway.errors import ConfigurationError, Fault
from gateway.model.identity import AccountKind, Assurance, IdentityLevel, Requirement
from gateway.store.accounts import PostgresAccounts
from gateway.store.proofs import PostgresProofs
from gateway.store.sign_ins import PostgresSignIns
from gateway.sync.assurance import LevelRules
from gateway.sync.sign_ins import Lives
from gateway.vault.assertions import Es256Signer, create_signing_key, load_signer


def provider_settings(settings: Settings) -> tuple[ProviderSettings, ...]:
    """Read the providers' own sections. Raises ConfigurationError listing every fault."""
    identity = settings.identity
    if identity is None:
        return ()
    providers: list[ProviderSettings] = []
    faults: list[Fault] = []
    for place, section in enumerate(identity.providers):
        try:
            providers.append(ProviderSettings.model_validate(section))
        except ValidationError as error:
            faults.extend(faults_of(error, f"identity.providers.{place}"))
    faults.extend(_faults_together(identity, providers))
    if faults:
        raise ConfigurationError(faults)
    return tuple(providers)


def _faults_together(identity: IdentitySettings, providers: Sequence[ProviderSettings]) -> list[Fault]:
    """Check what no provider can check alone: names and callback addresses must tell providers apart (§5.4)."""
    faults = []
    names = [one.name for one in providers]
    if len(set(names)) != len(names):
        faults.append(Fault("identity.providers", "must have names that differ"))
    for one in providers:
        own = f"{identity.public_base_url}/callbacks/identity/{one.name}"
        if one.redirect_uri != own:
            faults.append(Fault(f"identity.providers.{one.name}.redirect_uri", f"must be {own}"))
        returns = one.logout.return_url
        if returns is not None and returns != f"{own}/logged-out":
            faults.append(Fault(f"identity.providers.{one.name}.logout.return_url", f"must be {own}/logged-out"))
    return faults


def provider_tls(providers: Sequence[ProviderSettings], clock: SystemClock) -> dict[str, ReloadingClientContext]:
    """Load the authorities of providers that have their own. Raises ConfigurationError listing every fault."""
    return {
        one.name: ReloadingClientContext(
            ClientTls(one.ca_file, None, None, None, setting=f"identity.providers.{one.name}"), default_policy(), clock
        )
        for one in providers
        if one.ca_file is not None
    }


def open_signer(settings: Settings) -> Es256Signer:
    """Read the signing keys, or make one beside an embedded database. Raises ConfigurationError."""
    assert settings.identity is not None, "only called with providers"
    paths = settings.identity.signing_key_files
    if not paths:
        if settings.store.dsn is not None:
            # A key made beside each process would differ from the others'.
            rule = "must be set when store.dsn is; make one with `gateway keys init-signing FILE`"
            raise ConfigurationError([Fault("identity.signing_key_files", rule, "nothing")])
        paths = (settings.store.data_folder / "keys" / "assertions.pem",)
        create_signing_key(paths[0])
    return load_signer(paths)


def make_providers(
    ground: Ground, providers: Sequence[ProviderSettings], tls: dict[str, ReloadingClientContext]
) -> list[IdentityAdapter]:
    """Make the adapters. Raises ConfigurationError when their key files cannot be used."""
    telemetry = ground.telemetry
    made = [
        build_provider(
            one,
            ssl_supplier=_supplier(tls.get(one.name)),
            clock=ground.clock,
            chance=ground.chance,
            subject_digest=ground.key_ring.digest,
            observe=lambda call: telemetry.note_exchange(call.system, call.operation, call.outcome.value),
        )
        for one in providers
    ]
    ground.closers.extend(adapter.aclose for adapter in made)
    return made


def _supplier(tls: ReloadingClientContext | None) -> Callable[[], SSLContext | None]:
    return tls.current if tls is not None else (lambda: None)


def make_identity_desk(
    ground: Ground, adapters: Sequence[IdentityAdapter], signer: Es256Signer | None
) -> tuple[IdentityDesk, list[Job]] | None:
    """Give the desk and what it does again and again; None when no provider is configured."""
    identity = ground.settings.identity
    if identity is None or signer is None:
        return None
    desk = SignInDesk(
        {
            adapter.name: ConfiguredProvider(
                adapter=adapter,
                level_rules=level_rules(adapter.settings),
                leeway=timedelta(seconds=adapter.settings.leeway_seconds),
                agreement_id=adapter.settings.agreement_id,
            )
            for adapter in adapters
        },
        PostgresSignIns(ground.pool),
        key_ring=ground.key_ring,
        clock=ground.clock,
        circuits=ProviderCircuits(
            (adapter.name for adapter in adapters), clock=ground.clock, chance=ground.chance, observer=ground.telemetry
        ),
        random_bytes=os.urandom,
        observer=ground.telemetry,
        lives=Lives(
            login=timedelta(seconds=identity.login_seconds),
            code=timedelta(seconds=identity.code_seconds),
            assertion=timedelta(seconds=identity.assertion_seconds),
            idle=timedelta(minutes=identity.idle_minutes),
            absolute=timedelta(hours=identity.absolute_hours),
        ),
        looks_up_technical_ids=ground.looks_up_technical_ids,
    )
    linking = Linking(desk, PostgresAccounts(ground.pool))
    sessions = Sessions(desk, signer, linking, issuer=identity.public_base_url)

    async def measure() -> None:
        for adapter in adapters:
            ground.telemetry.note_provider(
                adapter.name,
                key_age=adapter.keys.age_seconds,
                refreshes=adapter.keys.refreshes_count,
                unknown=adapter.keys.unknown_count,
                offset=adapter.clock_offset_seconds,
            )

    made = IdentityDesk(
        sign_ins=desk,
        sessions=sessions,
        linking=linking,
        public_base_url=identity.public_base_url,
        clients={
            client_id: ClientAddresses(
                returns=frozenset(one.returns),
                logout_returns=frozenset(one.logout_returns),
                links_accounts=one.links_accounts,
            )
            for client_id, one in identity.clients.items()
        },
        requirements=_requirements(identity),
    )
    return made, [Job("sign_ins", 30.0, sessions.sweep), Job("identity_providers", 5.0, measure)]


def make_proofs(ground: Ground) -> Proofs:
    """Give what derives from sign-ins what dossiers say."""
    identity = ground.settings.identity
    return Proofs(
        PostgresProofs(ground.pool),
        key_ring=ground.key_ring,
        longest=timedelta(hours=24.0 if identity is None else identity.absolute_hours),
        is_needed=identity is not None and identity.verified_needs_sign_in,
    )


def make_technical_id_reader(
    ground: Ground, find: Callable[[str], Awaitable[str | None]], is_open: Callable[[], Awaitable[bool]]
) -> Job:
    """Give what asks the portal for technical ids that sign-ins did not tell."""
    reader = TechnicalIdReader(
        PostgresProofs(ground.pool), find, key_ring=ground.key_ring, clock=ground.clock, is_open=is_open
    )
    return Job("technical_ids", 5.0, reader.work)


def level_rules(settings: ProviderSettings) -> LevelRules:
    """Give the rules by which a provider's words about levels are read."""
    levels = settings.levels
    return LevelRules(
        level_claim=settings.level_claim,
        level_values=levels.level_values,
        acr_levels=levels.acr_levels,
        amr_levels=levels.amr_levels,
        upstream_vneid=levels.upstream_vneid if settings.profile is Profile.DVCQG else None,
        takes_missing_upstream=levels.takes_missing_upstream,
        takes_old_accounts=levels.takes_old_accounts,
        individuals_until=levels.individuals_until,
        organisations_until=levels.organisations_until,
        max_authentication=levels.max_authentication,
    )


def _requirements(identity: IdentitySettings) -> dict[str, Requirement]:
    return {
        one.procedure_code: Requirement(
            identity_level=IdentityLevel(one.identity_level),
            authentication_level=one.authentication_level,
            assurance=Assurance[one.assurance.upper()],
            max_age_seconds=one.max_age_seconds,
            account_kinds=tuple(AccountKind(kind) for kind in one.account_kinds),
            acr_values=one.acr_values,
        )
        for one in identity.requirements
    }
