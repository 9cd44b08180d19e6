"""Contexts: every fault at once, verification always, and the right answer for every kind of wrong certificate."""

import dataclasses
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.contexts import (
    ClientCertificates,
    ClientTls,
    LoadedTls,
    ServerTls,
    client_context,
    load_client,
    server_context,
    settled,
)
from certs.dev_ca import CertificateFault, DevelopmentCa, Issued, issue_faulty_client, issue_faulty_server
from certs.policy import Policy, TlsVersion
from gateway.errors import ConfigurationError

HOST = "portal.test"
PASSPHRASE = b"correct horse"

# X509_V_ERR_*: openssl/x509_vfy.h of OpenSSL 3.
NOT_YET_VALID, EXPIRED, NO_LOCAL_ISSUER, HOSTNAME_MISMATCH = 9, 10, 20, 62


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Files for both sides; `today` is the machine's time, which OpenSSL verifies with."""

    directory: Path
    authority: DevelopmentCa
    today: datetime

    def path(self, name: str) -> Path:
        return self.directory / name

    def write(self, name: str, issued: Issued, passphrase: bytes | None = None) -> None:
        issued.write(self.path(f"{name}.pem"), self.path(f"{name}.key"), passphrase=passphrase)

    def server_tls(self, clients: ClientCertificates = ClientCertificates.REQUIRED) -> ServerTls:
        ca = None if clients is ClientCertificates.NONE else self.path("ca.pem")
        server = self.path("server.pem"), self.path("server.key")
        return ServerTls(*server, client_certificates=clients, client_ca_file=ca)

    def client_tls(self) -> ClientTls:
        return ClientTls(self.path("ca.pem"), self.path("client.pem"), self.path("client.key"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    today = datetime.now(UTC)
    authority = DevelopmentCa.create([], today)
    made = Place(tmp_path, authority, today)
    made.path("ca.pem").write_bytes(authority.certificate_pem)
    made.write("server", authority.issue_server([HOST], today))
    made.write("client", authority.issue_client("gateway", today))
    return made


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, host: str = HOST) -> tuple[str, str]:
    """Run a whole handshake in memory and give version and ALPN; raises the error of the side that refuses."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        waiting = []
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                waiting.append(side)
        if not waiting:
            return str(sides[0].version()), str(sides[0].selected_alpn_protocol())
    raise AssertionError("the handshake does not come to an end")


def faults_of(make: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        make()
    return {fault.field: fault.rule for fault in caught.value.faults}


def test_mutual_handshake_takes_the_newest_version(place: Place, policy: Policy) -> None:
    """Two good sides meet on TLS 1.3 and agree on HTTP/1.1."""
    server = server_context(place.server_tls(), policy, place.today)
    client = client_context(place.client_tls(), policy, place.today)
    assert ("TLSv1.3", "http/1.1") == shake_hands(server, client)


def test_partner_with_tls_1_2_is_accepted_unless_the_policy_forbids(place: Place, policy: Policy) -> None:
    """TLS 1.2 is the floor of the shipped policy; a stricter policy refuses it."""
    server = server_context(place.server_tls(), policy, place.today)
    old = client_context(place.client_tls(), policy, place.today)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert "TLSv1.2" == shake_hands(server, old)[0]
    strict_policy = dataclasses.replace(policy, min_tls_version=TlsVersion.TLS_1_3)
    strict = server_context(place.server_tls(), strict_policy, place.today)
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        shake_hands(strict, old)


def test_server_lets_nobody_renegotiate(place: Place, policy: Policy) -> None:
    """A TLS 1.2 client cannot make the server repeat its costly half of the handshake at will."""
    context = server_context(place.server_tls(), policy, place.today)
    assert context.options & ssl.OP_NO_RENEGOTIATION


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_1_1_is_refused(place: Place, policy: Policy) -> None:
    """A partner that speaks nothing newer than TLS 1.1 is refused."""
    server = server_context(place.server_tls(ClientCertificates.NONE), policy, place.today)
    ancient = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ancient.set_ciphers("ALL:@SECLEVEL=0")
    ancient.minimum_version = ancient.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        shake_hands(server, ancient)


@pytest.mark.parametrize(
    ("fault", "verify_code"),
    [
        (CertificateFault.EXPIRED, EXPIRED),
        (CertificateFault.NOT_YET_VALID, NOT_YET_VALID),
        (CertificateFault.WRONG_NAME, HOSTNAME_MISMATCH),
        (CertificateFault.UNTRUSTED, NO_LOCAL_ISSUER),
    ],
)
def test_client_refuses_a_faulty_server(
    place: Place, policy: Policy, fault: CertificateFault, verify_code: int
) -> None:
    """Each kind of wrong server certificate is refused for its own reason."""
    place.write("server", issue_faulty_server(place.authority, fault, [HOST], place.today))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(place.path("server.pem"), place.path("server.key"))
    client = client_context(place.client_tls(), policy, place.today)
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        shake_hands(server, client)
    assert verify_code == caught.value.verify_code


@pytest.mark.parametrize(
    ("fault", "verify_code"),
    [
        (CertificateFault.EXPIRED, EXPIRED),
        (CertificateFault.NOT_YET_VALID, NOT_YET_VALID),
        (CertificateFault.UNTRUSTED, NO_LOCAL_ISSUER),
    ],
)
@pytest.mark.parametrize("clients", [ClientCertificates.OPTIONAL, ClientCertificates.REQUIRED])
def test_server_refuses_a_faulty_client(
    place: Place, policy: Policy, fault: CertificateFault, verify_code: int, clients: ClientCertificates
) -> None:
    """A client certificate that is presented must verify, also where none is required."""
    place.write("client", issue_faulty_client(place.authority, fault, "gateway", place.today))
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(place.path("ca.pem"))
    client.load_cert_chain(place.path("client.pem"), place.path("client.key"))
    server = server_context(place.server_tls(clients), policy, place.today)
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        shake_hands(server, client)
    assert verify_code == caught.value.verify_code


@pytest.mark.parametrize(
    ("clients", "is_accepted"),
    [(ClientCertificates.NONE, True), (ClientCertificates.OPTIONAL, True), (ClientCertificates.REQUIRED, False)],
)
def test_client_without_certificate(
    place: Place, policy: Policy, clients: ClientCertificates, is_accepted: bool
) -> None:
    """Coming without a certificate is refused exactly where one is required."""
    server = server_context(place.server_tls(clients), policy, place.today)
    bare = client_context(ClientTls(ca_file=place.path("ca.pem")), policy, place.today)
    if is_accepted:
        assert "TLSv1.3" == shake_hands(server, bare)[0]
    else:
        with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
            shake_hands(server, bare)


def test_certificate_of_the_other_side_is_no_substitute(place: Place, policy: Policy) -> None:
    """A server's certificate is refused for a client and the other way round, before any handshake."""
    swapped = ServerTls(place.path("client.pem"), place.path("client.key"))
    expected = {
        "server_tls.certificate_file": "must name its hosts as subject alternative names",
    }
    assert expected == faults_of(lambda: server_context(swapped, policy, place.today))
    swapped_client = ClientTls(place.path("ca.pem"), place.path("server.pem"), place.path("server.key"))
    expected = {"client_tls.certificate_file": "must be allowed for the client side"}
    assert expected == faults_of(lambda: client_context(swapped_client, policy, place.today))


def test_root_does_not_vouch_for_a_real_host(place: Place, policy: Policy) -> None:
    """A certificate for a real host that the development root signs nevertheless is refused by the constraints."""
    permissive = DevelopmentCa.create(["portal.gov.vn"], place.today, key=place.authority.key)
    place.write("server", permissive.issue_server(["portal.gov.vn"], place.today))
    server = server_context(place.server_tls(), policy, place.today)
    client = client_context(place.client_tls(), policy, place.today)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shake_hands(server, client, "portal.gov.vn")
    place.path("ca.pem").write_bytes(permissive.certificate_pem)
    given = client_context(place.client_tls(), policy, place.today)
    assert "TLSv1.3" == shake_hands(server, given, "portal.gov.vn")[0]


def test_development_certificates_hold_under_strict_verification(place: Place, policy: Policy) -> None:
    """The certificates satisfy RFC 5280 as strictly as OpenSSL can check it, on both sides."""
    server = server_context(place.server_tls(), policy, place.today)
    client = client_context(place.client_tls(), policy, place.today)
    for context in (server, client):
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    assert "TLSv1.3" == shake_hands(server, client)[0]


def test_client_verifies_with_every_configuration(place: Place, policy: Policy) -> None:
    """With or without own trust and certificate, the server's chain and name are checked."""
    for tls in (ClientTls(), ClientTls(ca_file=place.path("ca.pem")), place.client_tls()):
        context = client_context(tls, policy, place.today)
        assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)
        assert not context.hostname_checks_common_name


def test_without_bundle_the_machine_decides(place: Place, policy: Policy) -> None:
    """Without a bundle of its own a client does not believe a development authority."""
    server = server_context(place.server_tls(ClientCertificates.NONE), policy, place.today)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(server, client_context(ClientTls(), policy, place.today))


def test_encrypted_key_opens_with_its_passphrase_file(place: Place, policy: Policy) -> None:
    """A key under a passphrase loads, and the line break at the end of the secret file does not matter."""
    place.write("server", place.authority.issue_server([HOST], place.today), PASSPHRASE)
    place.path("server.passphrase").write_bytes(PASSPHRASE + b"\r\n")
    place.path("server.passphrase").chmod(0o600)
    tls = dataclasses.replace(place.server_tls(), passphrase_file=place.path("server.passphrase"))
    client = client_context(place.client_tls(), policy, place.today)
    assert "TLSv1.3" == shake_hands(server_context(tls, policy, place.today), client)[0]


def test_every_fault_is_listed_at_once(place: Place, policy: Policy) -> None:
    """Bad certificate, exposed foreign key, missing bundle: one error names all, under the given setting."""
    old = issue_faulty_server(place.authority, CertificateFault.EXPIRED, [HOST], place.today)
    place.path("server.pem").write_bytes(old.certificate.public_bytes(Encoding.PEM))
    place.path("server.key").chmod(0o644)
    tls = dataclasses.replace(place.server_tls(), client_ca_file=place.path("nowhere.pem"), setting="api.tls")
    with pytest.raises(ConfigurationError) as caught:
        server_context(tls, policy, place.today)
    expected = [
        ("api.tls.certificate_file", "must not have expired"),
        ("api.tls.client_ca_file", "must be a readable file"),
        ("api.tls.key_file", "must be the key of the certificate"),
        ("api.tls.key_file", "must not be open to other accounts (mode 0600, or 0640 for a group that may read)"),
    ]
    assert expected == sorted((fault.field, fault.rule) for fault in caught.value.faults)


def _missing_key(place: Place) -> None:
    place.path("server.key").unlink()


def _key_of_another(place: Place) -> None:
    issued = place.authority.issue_server([HOST], place.today)
    issued.write(place.path("other.pem"), place.path("server.key"))


def _key_under_passphrase(place: Place) -> None:
    place.write("server", place.authority.issue_server([HOST], place.today), PASSPHRASE)


def _key_is_garbage(place: Place) -> None:
    place.path("server.key").write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")


def _certificate_is_garbage(place: Place) -> None:
    place.path("server.pem").write_bytes(b"hello")


def _certificate_is_a_directory(place: Place) -> None:
    place.path("server.pem").unlink()
    place.path("server.pem").mkdir()


def _certificate_from_the_future(place: Place) -> None:
    place.write("server", issue_faulty_server(place.authority, CertificateFault.NOT_YET_VALID, [HOST], place.today))


def _chain_out_of_order(place: Place) -> None:
    stranger = place.authority.issue_client("stranger", place.today).certificate.public_bytes(Encoding.PEM)
    place.path("server.pem").write_bytes(place.path("server.pem").read_bytes() + stranger)


def _bundle_is_expired(place: Place) -> None:
    ancient = DevelopmentCa.create([], place.today - timedelta(days=3000))
    place.path("ca.pem").write_bytes(ancient.certificate_pem)


@pytest.mark.parametrize(
    ("spoil", "field", "rule"),
    [
        (_missing_key, "key_file", "must be a readable file"),
        (_key_of_another, "key_file", "must be the key of the certificate"),
        (_key_under_passphrase, "key_file", "is encrypted and needs passphrase_file"),
        (_key_is_garbage, "key_file", "must be a private key in PEM"),
        (_certificate_is_garbage, "certificate_file", "must hold certificates in PEM"),
        (_certificate_is_a_directory, "certificate_file", "must be a readable file"),
        (_certificate_from_the_future, "certificate_file", "must be valid already"),
        (_chain_out_of_order, "certificate_file", "must list the chain from the leaf upwards"),
        (_bundle_is_expired, "client_ca_file", "must hold a certificate that is valid now"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_one_fault_is_named_alone(
    place: Place, policy: Policy, spoil: Callable[[Place], None], field: str, rule: str
) -> None:
    """Each fault is told with its field and rule, and nothing else is blamed."""
    spoil(place)
    assert {f"server_tls.{field}": rule} == faults_of(lambda: server_context(place.server_tls(), policy, place.today))


def test_weak_key_is_refused(place: Place, policy: Policy) -> None:
    """A key that the policy does not allow is not loaded."""
    only_p384 = dataclasses.replace(policy, allowed_curves=frozenset({"secp384r1"}))
    found = faults_of(lambda: server_context(place.server_tls(), only_p384, place.today))
    assert {"server_tls.certificate_file": "must meet the policy (key_type_not_allowed)"} == found


@pytest.mark.parametrize(
    ("content", "mode", "field", "rule"),
    [
        (b"wrong\n", 0o600, "key_file", "must open with the passphrase"),
        (b"\n", 0o600, "passphrase_file", "must hold a passphrase"),
        (b"", 0o600, "passphrase_file", "must be a readable file"),
        (
            PASSPHRASE,
            0o644,
            "passphrase_file",
            "must not be open to other accounts (mode 0600, or 0640 for a group that may read)",
        ),
    ],
)
def test_bad_passphrase_files(place: Place, policy: Policy, content: bytes, mode: int, field: str, rule: str) -> None:
    """A wrong, empty or exposed passphrase is told as such, and the passphrase appears in no message."""
    place.write("server", place.authority.issue_server([HOST], place.today), PASSPHRASE)
    place.path("secret").write_bytes(content)
    place.path("secret").chmod(mode)
    tls = dataclasses.replace(place.server_tls(), passphrase_file=place.path("secret"))
    with pytest.raises(ConfigurationError) as caught:
        server_context(tls, policy, place.today)
    assert [(f"server_tls.{field}", rule)] == [(fault.field, fault.rule) for fault in caught.value.faults]
    assert "horse" not in str(caught.value)
    assert "wrong" not in str(caught.value)


def test_passphrase_for_a_plain_key_is_refused(place: Place, policy: Policy) -> None:
    """A passphrase that opens nothing means that the key is not protected as the operator believes."""
    place.path("secret").write_bytes(PASSPHRASE)
    place.path("secret").chmod(0o600)
    tls = dataclasses.replace(place.server_tls(), passphrase_file=place.path("secret"))
    expected = {"server_tls.passphrase_file": "must be left out for a key that is not encrypted"}
    assert expected == faults_of(lambda: server_context(tls, policy, place.today))


def test_settings_that_contradict_each_other(place: Place, policy: Policy) -> None:
    """Half a client pair, a bundle that nobody uses and a missing bundle are refused, not guessed."""
    half = ClientTls(place.path("ca.pem"), place.path("client.pem"))
    assert {"client_tls.key_file"} == set(faults_of(lambda: client_context(half, policy, place.today)))
    other_half = ClientTls(place.path("ca.pem"), key_file=place.path("client.key"))
    assert {"client_tls.certificate_file"} == set(faults_of(lambda: client_context(other_half, policy, place.today)))
    unused = dataclasses.replace(place.server_tls(), client_certificates=ClientCertificates.NONE)
    assert {"server_tls.client_ca_file"} == set(faults_of(lambda: server_context(unused, policy, place.today)))
    blind = dataclasses.replace(place.server_tls(), client_ca_file=None)
    assert {"server_tls.client_ca_file"} == set(faults_of(lambda: server_context(blind, policy, place.today)))


def test_bundle_in_exchange_is_accepted(place: Place, policy: Policy) -> None:
    """An expired authority beside a valid one, and comments in Vietnamese, do not stop a bundle."""
    ancient = DevelopmentCa.create([], place.today - timedelta(days=3000))
    comment = "# chứng thư gốc cũ\n".encode()
    place.path("ca.pem").write_bytes(comment + ancient.certificate_pem + place.authority.certificate_pem)
    server = server_context(place.server_tls(), policy, place.today)
    client = client_context(place.client_tls(), policy, place.today)
    assert "TLSv1.3" == shake_hands(server, client)[0]


@pytest.mark.parametrize("rotations", [0, 1, 2])
def test_rotation_in_the_middle_of_a_read_is_read_again(place: Place, policy: Policy, rotations: int) -> None:
    """What is loaded is what was checked: a pair that changes under the reader is read once more."""
    tls = place.client_tls()
    reads = 0

    def read() -> LoadedTls:
        nonlocal reads
        reads += 1
        loaded = load_client(tls, policy, place.today)
        if reads <= rotations:
            place.write("client", place.authority.issue_client("gateway", place.today))
        return loaded

    loaded = settled(read, tls.paths(), tls.setting)
    assert rotations + 1 == reads
    assert loaded.certificate is not None
    assert place.path("client.pem").read_bytes() == loaded.certificate.public_bytes(Encoding.PEM)


def test_half_a_rotation_that_is_completed_meanwhile_is_no_fault(place: Place, policy: Policy) -> None:
    """A mismatch that is gone when it is told is not told; one that stays is."""
    tls = place.client_tls()
    issued = place.authority.issue_client("gateway", place.today)
    issued.write(place.path("late.pem"), place.path("client.key"))
    with pytest.raises(ConfigurationError, match="key of another certificate"):
        settled(lambda: load_client(tls, policy, place.today), tls.paths(), tls.setting)

    def read() -> LoadedTls:
        try:
            return load_client(tls, policy, place.today)
        finally:
            place.path("client.pem").write_bytes(place.path("late.pem").read_bytes())

    assert issued.certificate == settled(read, tls.paths(), tls.setting).certificate


def test_files_that_never_settle_are_refused(place: Place, policy: Policy) -> None:
    """Files that change in every read end in a fault after a bounded number of tries."""
    tls = place.client_tls()
    reads: list[LoadedTls] = []

    def read() -> LoadedTls:
        reads.append(load_client(tls, policy, place.today))
        place.write("client", place.authority.issue_client("gateway", place.today))
        return reads[-1]

    assert {"client_tls": "must not change while being read"} == faults_of(
        lambda: settled(read, tls.paths(), tls.setting)
    )
    assert 3 == len(reads)
