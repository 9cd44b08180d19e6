"""Registered callers: who may speak to the gateway, for which agencies, and to do what.

A token is `lt_` and 43 URL-safe characters (256 random bits). Only its SHA-256 is stored: nothing that the database
holds lets anybody in, and a hash that slow guessing needs would protect nothing more.
"""

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

import asyncpg

from gateway.errors import Fault, InvalidInput
from gateway.store.pool import Pool, connection
from gateway.store.queries import queries

_TOKEN = re.compile(r"lt_[A-Za-z0-9_-]{43}", re.ASCII)
_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{1,49}", re.ASCII)
_AGENCY_PREFIX = re.compile(r"\*|[0-9A-Z]+(\.[0-9A-Z]+)*", re.ASCII)
_TOKEN_BYTES = 32
_DIGEST_BYTES = 32


class Scope(StrEnum):
    """What a client may do."""

    DOSSIERS_READ = "dossiers:read"
    DOSSIERS_WRITE = "dossiers:write"
    PROCEDURES_READ = "procedures:read"
    CATALOGUES_READ = "catalogues:read"
    CATALOGUES_SYNC = "catalogues:sync"
    """Have procedures and catalogues read from the portal now."""
    EVENTS_READ = "events:read"
    QUESTIONS_READ = "questions:read"
    STATEMENTS_READ = "statements:read"
    STATEMENTS_WRITE = "statements:write"
    TECHNICAL_IDS_READ = "technical-ids:read"
    RESULTS_READ = "results:read"
    SUBSCRIPTIONS_WRITE = "subscriptions:write"
    MAPPINGS_READ = "mappings:read"
    IDENTITY_SIGN_IN = "identity:sign-in"
    CONSENTS_REQUEST = "consents:request"
    """Have citizens sign in with a national identity, and get assertions about them."""
    AUDIT_READ = "audit:read"
    """See who looked at whose data. Lines of no agency are shown to clients of all agencies only."""
    CITIZENS_ACCESSES = "citizens:accesses"
    """Show signed-in citizens who looked at their data."""
    CITIZENS_VERIFY = "citizens:verify"
    CITIZENS_LOOKUP = "citizens:lookup"
    """Read what a purpose allows of a record, prefill included."""
    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    """State what is owed, and lead payers to pay it."""
    ACCOUNT_STATEMENTS_WRITE = "account-statements:write"
    """Say what an account received: what such a client sends counts as paid, whosever agency's it is."""
    MONITORING_READ = "monitoring:read"
    """Pull numbers and publications. No personal data."""
    MONITORING_DRILLDOWN = "monitoring:drilldown"
    """See which dossiers make a number."""
    MONITORING_WRITE = "monitoring:write"
    """Put registers in place, tell petitions and ratings."""
    MONITORING_RESTATE = "monitoring:restate"
    """Have final figures published anew."""
    OPERATIONS_READ = "operations:read"
    OPERATIONS_WRITE = "operations:write"
    ADMIN = "admin"
    """Everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered caller. `agency_prefixes` open whole subtrees ("H99" opens "H99.01"), "*" opens everything.

    `certificate_sha256` binds the token to a client certificate (digest of its DER form); None means any connection.
    """

    client_id: str
    name: str
    scopes: frozenset[Scope]
    agency_prefixes: tuple[str, ...]
    certificate_sha256: bytes | None = None
    created_at: datetime
    revoked_at: datetime | None = None

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes


def new_token(random_bytes: Callable[[int], bytes]) -> str:
    """Make a token. It is shown once; keep `token_digest` of it only."""
    return "lt_" + base64.urlsafe_b64encode(random_bytes(_TOKEN_BYTES)).decode().rstrip("=")


def token_digest(token: str) -> bytes | None:
    """Give what is stored of a token (32 bytes), None when it does not even look like one."""
    return sha256(token.encode()).digest() if _TOKEN.fullmatch(token) else None


def _faults(client: Client, token_sha256: bytes) -> list[Fault]:
    faults = []
    if not _CLIENT_ID.fullmatch(client.client_id):
        faults.append(Fault("client_id", "must be 2 to 50 of a-z, 0-9, _ and -, beginning with a letter or digit"))
    if not client.name.strip():
        faults.append(Fault("name", "must not be empty"))
    if not client.scopes:
        faults.append(Fault("scopes", "must name at least one scope"))
    if not client.agency_prefixes:
        faults.append(Fault("agency_prefixes", 'must name at least one agency, or "*"'))
    faults += [
        Fault(f"agency_prefixes/{place}", 'must be an agency code or "*"')
        for place, prefix in enumerate(client.agency_prefixes)
        if not _AGENCY_PREFIX.fullmatch(prefix)
    ]
    if client.certificate_sha256 is not None and len(client.certificate_sha256) != _DIGEST_BYTES:
        faults.append(Fault("certificate_sha256", "must be 32 bytes"))
    if len(token_sha256) != _DIGEST_BYTES:
        faults.append(Fault("token_sha256", "must be 32 bytes"))
    return faults


async def add_client(pool: Pool, client: Client, token_sha256: bytes) -> None:
    """Register a client. Raises InvalidInput with every fault, also when the id or the token is taken."""
    faults = _faults(client, token_sha256)
    if faults:
        raise InvalidInput("the client cannot be registered", faults)
    async with connection(pool) as borrowed:
        try:
            await queries("clients").add_client(
                borrowed,
                client_id=client.client_id,
                name=client.name,
                token_sha256=token_sha256,
                scopes=sorted(scope.value for scope in client.scopes),
                agency_prefixes=list(client.agency_prefixes),
                certificate_sha256=client.certificate_sha256,
                created_at=client.created_at,
            )
        except asyncpg.UniqueViolationError:
            fault = Fault("client_id", "must be new, and so must its token")
            raise InvalidInput("the client exists already", [fault], code="client_exists") from None


async def list_clients(pool: Pool) -> Sequence[Client]:
    """Give all clients by id, revoked ones too."""
    async with connection(pool) as borrowed:
        return [_client(row) async for row in queries("clients").list_clients(borrowed)]


async def revoke_client(pool: Pool, client_id: str, now: datetime) -> bool:
    """Revoke for good; False when there is no such client in force. Processes forget it within seconds."""
    async with connection(pool) as borrowed:
        return await queries("clients").revoke_client(borrowed, client_id=client_id, now=now) is not None


async def find_client(pool: Pool, token_sha256: bytes) -> Client | None:
    """Find the client in force that owns a token."""
    async with connection(pool) as borrowed:
        row = await queries("clients").find_client(borrowed, token_sha256=token_sha256)
    return None if row is None else _client(row)


def _client(row: asyncpg.Record) -> Client:
    return Client(
        client_id=row["client_id"],
        name=row["name"],
        scopes=frozenset(Scope(scope) for scope in row["scopes"]),
        agency_prefixes=tuple(row["agency_prefixes"]),
        certificate_sha256=row["certificate_sha256"],
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
    )
