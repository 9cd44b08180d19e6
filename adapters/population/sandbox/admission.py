"""Who may call, edge by edge (§2). Every check gives the refusal, or None for a caller who is let in."""

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

import msgspec
from multidict import CIMultiDictProxy

from adapters.population.sandbox.operations import KNOWN
from adapters.population.sandbox.profile import PopulationProfile, TimeUnit
from adapters.population.sandbox.questions import Layer, Question, Refusal
from adapters.population.sandbox.tokens import Tokens


class Edge(StrEnum):
    """The edge profiles of §2, each behind its own base path; the plain one asks for no credentials."""

    PLAIN = "plain"
    C06 = "c06"
    LGSP = "lgsp"
    REST = "rest"
    OAUTH2 = "oauth2"
    WRAP = "wrap"
    NGSP = "ngsp"

    @property
    def base(self) -> str:
        """The base path, without a slash at the end."""
        return "" if self is Edge.PLAIN else f"/{self.value}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a call comes from and what it carries. `path` is the operation's, below the edge's base."""

    edge: Edge
    headers: CIMultiDictProxy[str]
    address: str
    path: str


INVALID = Refusal("900901", "Invalid Credentials", Layer.GATEWAY, 401)
_MISSING = Refusal("900902", "Missing Credentials", Layer.GATEWAY, 401)
_UNKNOWN = Refusal("100", "Xác thực không thành công")


class Admission:
    """Checks callers against the settings in force."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def problem(
        self, caller: Caller, question: Question, profile: PopulationProfile, now_seconds: float
    ) -> Refusal | None:
        """Give why a caller is not let in: first its address, then its credentials."""
        if profile.allowed_addresses and not _is_allowed(caller.address, tuple(profile.allowed_addresses)):
            return Refusal("101", "Địa chỉ nguồn không được phép")
        match caller.edge:
            case Edge.C06:
                path = caller.path or (profile.path_of(question.operation) if question.operation in KNOWN else "")
                return _c06_problem(caller, path, profile, now_seconds)
            case Edge.LGSP:
                return self._lgsp_problem(caller, question, profile)
            case Edge.REST | Edge.OAUTH2:
                return self._bearer_problem(caller)
            case Edge.NGSP:
                given = caller.headers.get("Authorization", "")
                is_known = _same(given, f"Bearer {profile.ngsp_token}")
                return None if is_known else Refusal("100", "AUTHEN_ERROR", http_status=401)
            case _:
                return None

    def _bearer_problem(self, caller: Caller) -> Refusal | None:
        scheme, _, token = caller.headers.get("Authorization", "").partition(" ")
        if not token:
            return _MISSING
        is_good = scheme.lower() == "bearer" and self.tokens.is_good(caller.edge, token)
        return None if is_good else INVALID

    def _lgsp_problem(self, caller: Caller, question: Question, profile: PopulationProfile) -> Refusal | None:
        refused = self._bearer_problem(caller)
        if refused is not None:
            return refused
        if not is_access_header(caller.headers.get("lgspaccesstoken", ""), profile):
            return INVALID
        given = caller.headers.get(profile.auth_hash_header, "")
        owner = next((name for name, key in profile.officer_keys.items() if _same(given, _base64(key))), None)
        if owner is None:
            return _UNKNOWN
        if question.problem is None and owner != question.officer:
            return Refusal("005", "Tài khoản cán bộ không có quyền")
        return None


def _c06_problem(caller: Caller, path: str, profile: PopulationProfile, now_seconds: float) -> Refusal | None:
    headers = caller.headers
    if profile.xroad_client and headers.getall("X-Road-Client", []) != [profile.xroad_client]:
        if profile.is_xroad_style:
            return Refusal("Client.BadRequest", "Missing or unknown X-Road-Client", Layer.XROAD, 400)
        return _UNKNOWN
    if profile.api_key and not _same(headers.get("ApiKey", ""), profile.api_key):
        return _UNKNOWN
    timestamp = headers.get("Timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > 16:
        return _UNKNOWN if not timestamp else Refusal("102", "Timestamp không đúng định dạng")
    # The hash is judged before the time: a stranger learns nothing about the window.
    signed = f"{path}{profile.c06_username}{timestamp}{profile.c06_secret}"
    digest = sha256(signed.encode()).hexdigest()
    expected = [_basic(profile.c06_username, digest)]
    if profile.is_upper_hex_accepted:
        expected.append(_basic(profile.c06_username, digest.upper()))
    if not any(_same(headers.get("Authorization", ""), text) for text in expected):
        return _UNKNOWN
    units = {TimeUnit.MILLISECONDS: (1000.0,), TimeUnit.SECONDS: (1.0,), TimeUnit.EITHER: (1000.0, 1.0)}
    ages = [abs(now_seconds - int(timestamp) / unit) for unit in units[profile.c06_time_unit]]
    if min(ages) > profile.c06_window_seconds:
        return Refusal("102", "Timestamp ngoài khoảng thời gian cho phép")
    return None


def is_access_header(given: str, profile: PopulationProfile) -> bool:
    """Tell whether a header `lgspaccesstoken` holds the right members in the right order (§2.2)."""
    expected = {
        "AccessKey": profile.lgsp_access_key,
        "SecretKey": profile.lgsp_secret_key,
        "AppName": profile.lgsp_app_name,
        "PartnerCode": profile.lgsp_partner_code,
        "PartnerCodeCus": profile.lgsp_partner_code_cus,
    }
    try:
        document = msgspec.json.decode(base64.b64decode(given, validate=True))
    except (binascii.Error, ValueError):
        return False
    return isinstance(document, dict) and list(document.items()) == list(expected.items())


def is_rest_user(given: str, profile: PopulationProfile) -> bool:
    """Tell whether a header `Auth` is right (§2.3)."""
    return _same(given, _base64(f"{_base64(profile.rest_user)}:{_base64(profile.rest_password)}"))


def is_oauth2_client(form: Mapping[str, str], authorization: str, profile: PopulationProfile) -> bool:
    """Tell whether a token call names the client, in the form or by Basic (§2.4)."""
    client, secret = profile.oauth2_client_id, profile.oauth2_client_secret
    if authorization:
        return _same(authorization, _basic(client, secret))
    return _same(form.get("client_id", ""), client) and _same(form.get("client_secret", ""), secret)


def _basic(user: str, password: str) -> str:
    return "Basic " + _base64(f"{user}:{password}")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


@lru_cache(maxsize=256)
def _is_allowed(address: str, allowed: tuple[str, ...]) -> bool:
    try:
        return any(ipaddress.ip_address(address) in ipaddress.ip_network(each, strict=False) for each in allowed)
    except ValueError:
        return False
