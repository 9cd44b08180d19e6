"""Who may call: tokens, scopes, agencies, certificates; and what is told about calls."""

import asyncio
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.api.app import build_app
from gateway.api.server import make_runner
from gateway.api.services import Limits
from gateway.model.dossier import AgencyRef
from gateway.store.clients import Scope, list_clients, revoke_client
from gateway.vault.keyring import FileKeyRing
from tests.support.api import ApiUnderTest, running_api
from tests.support.clocks import StillClock
from tests.support.samples import APPLICANT_NAME, APPLICANT_NUMBER, make_dossier, make_step

CODE = "H99.01-260105-00017"
PATH = f"/v1/dossiers/{CODE}"
OTHER = AgencyRef(code="H98.01", name="Sở khác")


@pytest.mark.parametrize(
    ("authorization", "has_error"),
    [
        (None, False),
        ("", True),
        ("Basic dXNlcjpwYXNz", True),
        ("Bearer", True),
        ("Bearer x", True),
        ("Bearer lt_" + "x" * 43, True),
        ("Bearer lt_" + "x" * 44, True),
    ],
)
async def test_callers_that_are_not_known(api: ApiUnderTest, authorization: str | None, has_error: bool) -> None:
    """A caller without a good token is told how to present one (RFC 6750)."""
    headers = {} if authorization is None else {"Authorization": authorization}

    answered = await api.with_token("").call("GET", PATH, headers=headers)

    assert (401, "unauthenticated") == (answered.status, answered.problem)
    challenge = answered.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="lien-thong"')
    assert has_error == ('error="invalid_token"' in challenge)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("PUT", PATH, Scope.DOSSIERS_WRITE),
        ("POST", f"{PATH}/progress", Scope.DOSSIERS_WRITE),
        ("POST", "/v1/dossiers:import", Scope.DOSSIERS_WRITE),
        ("GET", PATH, Scope.DOSSIERS_READ),
        ("GET", "/v1/dossiers", Scope.DOSSIERS_READ),
        ("GET", f"{PATH}/timeline", Scope.DOSSIERS_READ),
        ("GET", f"{PATH}/deliveries", Scope.DOSSIERS_READ),
        ("GET", "/v1/procedures", Scope.PROCEDURES_READ),
        ("GET", "/v1/events", Scope.EVENTS_READ),
        ("GET", "/v1/subscriptions", Scope.SUBSCRIPTIONS_WRITE),
        ("POST", "/v1/subscriptions", Scope.SUBSCRIPTIONS_WRITE),
    ],
)
async def test_each_address_needs_its_scope(api: ApiUnderTest, method: str, path: str, scope: Scope) -> None:
    """A client with every scope but the one is refused before its body is looked at; with the one it is not."""
    lacking = await api.register("lacking", scopes=frozenset(Scope) - {scope, Scope.ADMIN})
    having = await api.register("having", scopes=frozenset({scope}))
    admin = await api.register("admin", scopes=frozenset({Scope.ADMIN}))

    refused = await api.with_token(lacking).call(method, path)

    assert (403, "insufficient-scope") == (refused.status, refused.problem)
    assert f'scope="{scope}"' in refused.headers["WWW-Authenticate"]
    for token in (having, admin):
        assert 403 != (await api.with_token(token).call(method, path)).status


async def test_agencies_bound_what_may_be_read_and_written(api: ApiUnderTest) -> None:
    """A client sees and changes dossiers of its own subtree only; one of the two agencies is enough."""
    stranger = api.with_token(await api.register("stranger", prefixes=("H98",)))
    everybody = api.with_token(await api.register("everybody", prefixes=("*",)))
    namesake = api.with_token(await api.register("namesake", prefixes=("H9",)))
    await api.put(CODE, make_dossier())
    shared = CODE + "1"
    await api.put(shared, make_dossier(receiving_agency=OTHER))

    for suffix in ("", "/timeline", "/deliveries"):
        assert "other-agency" == (await stranger.get(PATH + suffix)).problem
        assert "other-agency" == (await namesake.get(PATH + suffix)).problem
        assert 200 == (await everybody.get(PATH + suffix)).status
        assert 200 == (await stranger.get(f"/v1/dossiers/{shared}{suffix}")).status
    assert "other-agency" == (await stranger.put(CODE, make_dossier())).problem
    assert "other-agency" == (await stranger.progress(CODE, make_step(), Idempotency_Key="k")).problem
    # Taking a dossier over by declaring it one's own is refused as well.
    seized = make_dossier(receiving_agency=OTHER, handling_agency=OTHER)
    assert "other-agency" == (await stranger.put(CODE, seized)).problem
    listed = [line["code"] for line in (await stranger.get("/v1/dossiers")).json["dossiers"]]
    assert [shared] == listed
    assert 200 == (await api.get(PATH)).status


async def test_keys_of_two_clients_do_not_meet(api: ApiUnderTest) -> None:
    """The same idempotency key of another client is another key."""
    second = api.with_token(await api.register("second"))
    await api.put(CODE, make_dossier(), Idempotency_Key="k")

    answered = await second.put(CODE, make_dossier(note="khác"), Idempotency_Key="k")

    assert (200, "replaced") == (answered.status, answered.json["outcome"])


async def test_a_revoked_client_is_forgotten_in_time(pool: Any, key_ring: FileKeyRing) -> None:
    """A revoked token works until the memory of it is over, and not a moment longer."""
    clock = StillClock()
    async with running_api(pool, key_ring, clock=clock, limits=Limits(client_cache_seconds=5.0)) as api:
        assert 200 == (await api.get("/v1/dossiers")).status
        assert await revoke_client(pool, "one-stop", clock.now())
        assert not await revoke_client(pool, "one-stop", clock.now())

        remembered = await api.get("/v1/dossiers")
        clock.move(5.0)
        forgotten = await api.get("/v1/dossiers")

        assert (200, 401) == (remembered.status, forgotten.status)
        [client] = await list_clients(pool)
        assert clock.now() - timedelta(seconds=5) == client.revoked_at


async def test_tokens_are_not_stored(api: ApiUnderTest) -> None:
    """What the database holds lets nobody in."""
    text = await api.services.pool.fetchval("SELECT string_agg(c::text, ' ') FROM clients c")

    assert api.token not in text
    assert sha256(api.token.encode()).hexdigest() in text


async def test_many_first_calls_ask_the_database_once(pool: Any, key_ring: FileKeyRing) -> None:
    """Concurrent calls of a client that is not remembered share one look-up."""
    async with running_api(pool, key_ring) as api:
        before = await _scans_of_clients(pool)
        answers = await asyncio.gather(*(api.get("/v1/dossiers") for _ in range(20)))
        looks = await _scans_of_clients(pool) - before

    assert {200} == {answer.status for answer in answers}
    assert 1 == looks


async def _scans_of_clients(pool: Any) -> int:
    # Counters are handed in by each connection when it has been idle for a moment; asked for, it hands them in at once.
    async with asyncio.timeout(5):
        for connection in await asyncio.gather(*(pool.acquire() for _ in range(pool.get_idle_size()))):
            await connection.execute("SELECT pg_stat_force_next_flush()")
            await pool.release(connection)
    query = "SELECT COALESCE(seq_scan, 0) + COALESCE(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'clients'"
    count: int = await pool.fetchval(query)
    return count


async def test_the_trace_is_carried_on(api: ApiUnderTest) -> None:
    """A valid traceparent is joined under a new span; anything else begins a new trace."""
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    joined = await api.get("/healthz", traceparent=f"00-{trace_id}-00f067aa0ba902b7-01")
    begun = await api.get("/healthz", traceparent=f"00-{'0' * 32}-00f067aa0ba902b7-01")

    version, answered_trace, span_id, flags = joined.headers["traceparent"].split("-")
    assert ("00", trace_id, "01") == (version, answered_trace, flags)
    assert span_id not in ("00f067aa0ba902b7", "0" * 16)
    assert span_id == joined.headers["X-Request-Id"]
    assert trace_id not in begun.headers["traceparent"]
    assert "0" * 32 not in begun.headers["traceparent"]


async def test_calls_are_observed_without_personal_data(api: ApiUnderTest) -> None:
    """What is told of a call is the route's template and ids: no code, no query, no body."""
    await api.put(CODE, make_dossier())
    await api.get(f"/v1/dossiers/{CODE}?x={APPLICANT_NUMBER}")
    await api.call("GET", f"/people/{APPLICANT_NUMBER}")

    put, get, unrouted = api.observer.requests
    assert ("PUT", "/v1/dossiers/{code}", 201, "one-stop") == (put.method, put.route, put.status, put.client_id)
    assert ("/v1/dossiers/{code}", 400) == (get.route, get.status)
    assert ("unrouted", 404, "") == (unrouted.route, unrouted.status, unrouted.client_id)
    assert 0 < put.duration_seconds < 20
    told = repr(api.observer.requests)
    for secret in (CODE, APPLICANT_NAME, APPLICANT_NUMBER, api.token):
        assert secret not in told
    assert [("created", False)] == api.observer.outcomes


def make_certificate(name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    # A self-signed certificate is its own authority here, which is all that this test needs.
    return certificate, key


async def test_a_token_bound_to_a_certificate(api: ApiUnderTest, tmp_path: Any) -> None:
    """A bound token works over the connection of its certificate, and over no other."""
    made = {}
    for name in ("server", "mine", "theirs"):
        certificate, key = make_certificate(name)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        (tmp_path / f"{name}.pem").write_bytes(
            pem
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        made[name] = sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    token = await api.register("bound", certificate_sha256=made["mine"])

    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_tls.load_cert_chain(tmp_path / "server.pem")
    server_tls.verify_mode = ssl.CERT_OPTIONAL
    for name in ("mine", "theirs"):
        server_tls.load_verify_locations(tmp_path / f"{name}.pem")
    services = replace(api.services, observer=api.observer)
    runner = make_runner(build_app(services), services.limits, shutdown_seconds=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_tls).start()
    url = f"https://localhost:{runner.addresses[0][1]}/v1/dossiers"
    statuses = {}
    try:
        for name in ("mine", "theirs", ""):
            tls = ssl.create_default_context(cafile=str(tmp_path / "server.pem"))
            if name:
                tls.load_cert_chain(tmp_path / f"{name}.pem")
            headers = {"Authorization": f"Bearer {token}"}
            async with (
                aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls)) as session,
                session.get(url, headers=headers, timeout=aiohttp.ClientTimeout(total=10)) as response,
            ):
                statuses[name] = response.status
    finally:
        await runner.cleanup()

    assert {"mine": 200, "theirs": 401, "": 401} == statuses
    assert 401 == (await api.with_token(token).get("/v1/dossiers")).status
