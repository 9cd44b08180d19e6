"""Tokens and what they open (notes §2.2, §6)."""

import hmac
import json
import zlib
from hashlib import sha256
from typing import Any

from adapters.identity.sandbox.attacks import Attack, Stage
from adapters.identity.sandbox.claims import distorted, userinfo
from adapters.identity.sandbox.core import Call, Core, Refused, document, html, see
from adapters.identity.sandbox.id_tokens import TokenOrder, id_token
from adapters.identity.sandbox.pages import message_page
from adapters.identity.sandbox.profile import Client, Mode
from adapters.identity.sandbox.sealing import Envelope
from adapters.identity.sandbox.signing import SigningKey, b64url
from adapters.identity.sandbox.state import AccessToken, Grant
from adapters.sandboxing import Answer

_FORM = "application/x-www-form-urlencoded"
_OVERSIZED_BYTES = 400 * 1024
_BOMB_BYTES = 64 * 1024 * 1024


class Issuing:
    """Redeems codes and answers with tokens, claims and whether a token lives."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.profile = core.profile
        self.state = core.state

    def token(self, call: Call) -> Answer:
        """Give tokens for a code."""
        if call.content_type.partition(";")[0].strip().lower() != _FORM:
            return Answer(b"Unsupported Media Type", 415, "text/plain")
        if not self.profile.admits_caller:
            return Answer(b"", 401, "text/plain")
        client = self._core.client(call)
        if call.get("grant_type") != "authorization_code":
            raise Refused(400, "unsupported_grant_type")
        grant = self._redeemable(call, client)
        attack = self._core.strikes(grant, Stage.TOKEN)
        grant.tries_count += 1
        if attack is Attack.TOKEN_SERVER_ERROR and grant.tries_count == 1:
            # A second try would work, and must not be made: the code may have been used (§16-9).
            return Answer(b"upstream connect error", 500, "text/plain")
        grant.is_used = True
        self.state.counts["codes_redeemed"] += 1
        return self._with_attack(attack, self._tokens(client, grant), client)

    def _redeemable(self, call: Call, client: Client) -> Grant:
        grant = self.state.grants.get(call.get("code"))
        if grant is None or grant.request.client_id != client.client_id:
            self.state.counts["codes_unknown"] += 1
            raise Refused(400, "invalid_grant")
        if grant.tries_count:
            self.state.counts["codes_tried_again"] += 1
        if grant.is_used:
            # What was given out for a code that comes twice is worth nothing any more (§11.1).
            self.state.tokens.pop(grant.access_token, None)
            raise Refused(400, "invalid_grant")
        is_late = self.state.now() > grant.issued_at + self.profile.effective_code_seconds
        if is_late or call.get("redirect_uri") != grant.request.redirect_uri:
            raise Refused(400, "invalid_grant")
        if grant.request.challenge and self.profile.verifies_pkce:
            made = b64url(sha256(call.get("code_verifier").encode()).digest())
            if not hmac.compare_digest(made, grant.request.challenge):
                self.state.counts["wrong_verifier"] += 1
                raise Refused(400, "invalid_grant")
        if grant.encrypt_key and call.get("encrypt_key") != grant.encrypt_key:
            raise Refused(400, "invalid_request")
        return grant

    def _tokens(self, client: Client, grant: Grant) -> dict[str, Any]:
        life = self.profile.effective_token_seconds
        access_token = self.state.random_text()
        grant.access_token = access_token
        mark = self.state.random_text()
        self.state.tokens[access_token] = AccessToken(grant, self.state.now() + life, mark)
        made: dict[str, Any] = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": life,
            "scope": grant.request.scope,
        }
        if self.profile.mode is Mode.P3:
            return made
        made["refresh_token"] = self.state.random_text()
        self.state.refresh_tokens[made["refresh_token"]] = access_token
        made["id_token"] = self._id_token(client, grant, access_token)
        return made

    def _id_token(self, client: Client, grant: Grant, access_token: str) -> str:
        order = TokenOrder(
            issuer=self._core.issuer,
            client_id=client.client_id,
            subject=grant.person.subject,
            nonce=grant.request.nonce if self.profile.echoes_nonce else "",
            acr=grant.acr,
            amr=self.profile.amr,
            session_id=grant.session.session_id,
            authenticated_at=int(grant.session.authenticated_at),
            now=int(self.state.now()),
            life=self.profile.id_token_seconds,
            access_token=access_token,
            token_id=self.state.random_text(),
            elsewhere_url=self.profile.elsewhere_url,
        )
        return id_token(self.state.ring, order, self._core.strikes(grant, Stage.ID_TOKEN))

    def _with_attack(self, attack: Attack | None, made: dict[str, Any], client: Client) -> Answer:
        match attack:
            case Attack.TOKEN_HTML:
                return html(message_page("Đăng nhập", "Phiên đã hết hạn."))
            case Attack.TOKEN_REDIRECT:
                return see(self.profile.elsewhere_url + "/oauth2/token")
            case Attack.TOKEN_BOMB:
                packer = zlib.compressobj(wbits=31)
                packed = packer.compress(b" " * _BOMB_BYTES) + packer.flush()
                return Answer(packed, 200, "application/json", {"Content-Encoding": "gzip"})
            case Attack.TOKEN_OVERSIZED:
                made["padding"] = "x" * _OVERSIZED_BYTES
            case Attack.MAC_TOKEN:
                made["token_type"] = "mac"  # noqa: S105
            case Attack.NO_ACCESS_TOKEN:
                del made["access_token"]
            case Attack.NO_ID_TOKEN:
                del made["id_token"]
            case Attack.EXPIRES_AS_TEXT:
                made["expires_in"] = str(made["expires_in"])
            case Attack.EXPIRES_AS_WORD:
                made["expires_in"] = "abc"
            case Attack.EXPIRES_NEGATIVE:
                made["expires_in"] = -1
            case Attack.TOKEN_MEMBERS_TWICE if self.profile.mode is not Mode.P3:
                twice = b'{"access_token":"another",' + json.dumps(made).encode()[1:]
                return Answer(twice, 200, "application/json", {"Cache-Control": "no-store"})
            case Attack.MEMBERS_IN_ERROR:
                return document({"error": "invalid_request", "data": "nothing", "key": "nothing"})
        if self.profile.mode is Mode.P3 and self.profile.seals_token and attack is not Attack.PLAIN_TOKEN:
            return self._sealed(made, client, attack)
        return document(made)

    def _sealed(self, made: dict[str, Any], client: Client, attack: Attack | None) -> Answer:
        content = json.dumps(made, ensure_ascii=False).encode()
        match attack:
            case Attack.SEALED_TEXT:
                content = b"not JSON at all"
            case Attack.TOKEN_MEMBERS_TWICE:
                content = b'{"access_token":"another",' + content[1:]
            case Attack.SEALED_ARRAY:
                content = b"[" + content + b"]"
            case Attack.SEALED_ERROR:
                content = b'{"error":"invalid_grant"}'
            case Attack.BAD_PADDING:
                return document(
                    Envelope(content + b" " * (-len(content) % 16), client.public_key, pads=False).as_dict()
                )
        key = SigningKey.make().pem().decode() if attack is Attack.SEALED_TO_ANOTHER else client.public_key
        envelope = Envelope(content, key)
        if attack is Attack.DAMAGED_KEY:
            damaged = bytearray(envelope.key)
            damaged[100] ^= 1
            envelope.key = bytes(damaged)
        if attack is Attack.ODD_LENGTH:
            envelope.data = envelope.data[:-1]
        if attack is Attack.REORDERED_BLOCKS:
            envelope.data = envelope.data[16:32] + envelope.data[:16] + envelope.data[32:]
        return document(envelope.as_dict())

    # What tokens open.

    def userinfo(self, call: Call) -> Answer:
        """Tell who the bearer's account is."""
        token = self._bearer(call)
        if token is None:
            return document({"error": "invalid_token"}, 401, **{"WWW-Authenticate": 'Bearer error="invalid_token"'})
        grant = token.grant
        attack = self._core.strikes(grant, Stage.USERINFO)
        if attack is Attack.USERINFO_REFUSED:
            return document({"error": "invalid_token"}, 401)
        claims = userinfo(self.profile, grant.person, self._core.base_url, token.mark)
        if attack is not None:
            claims = distorted(attack, claims, self.profile)
        if attack in (Attack.USERINFO_UNSIGNED_JWT, Attack.USERINFO_STRANGERS_JWT):
            own = self.state.ring.signing
            about = {"iss": self._core.issuer, "aud": grant.request.client_id, **claims}
            content = json.dumps(about, ensure_ascii=False).encode()
            is_unsigned = attack is Attack.USERINFO_UNSIGNED_JWT
            signed = own.sign(content, "none") if is_unsigned else SigningKey.make().sign(content, kid=own.kid)
            return Answer(signed.encode(), 200, "application/jwt")
        self.state.counts["userinfo_given"] += 1
        self.state.signed_on[grant.person.key] += 1
        if self.profile.mode is Mode.P3 and self.profile.seals_userinfo and attack is not Attack.PLAIN_USERINFO:
            client = self.profile.client(grant.request.client_id)
            assert client is not None, "the grant names a registered client"
            return self._sealed(claims, client, attack)
        return document(claims)

    def introspect(self, call: Call) -> Answer:
        """Tell whether a token lives; clients authenticate as themselves (RFC 7662)."""
        self._core.client(call)
        token = self.state.tokens.get(call.get("token"))
        if token is None or self.state.now() > token.expires_at:
            return document({"active": False})
        client_id, subject = token.grant.request.client_id, token.grant.person.subject
        return document({"active": True, "client_id": client_id, "exp": int(token.expires_at), "sub": subject})

    def revoke(self, call: Call) -> Answer:
        """End a token (RFC 7009); what is not known is ended already."""
        self._core.client(call)
        given = call.get("token")
        self.state.tokens.pop(self.state.refresh_tokens.pop(given, given), None)
        return document({})

    def _bearer(self, call: Call) -> AccessToken | None:
        scheme, _, value = call.authorization.partition(" ")
        token = self.state.tokens.get(value.strip()) if scheme.lower() == "bearer" else None
        return token if token is not None and self.state.now() <= token.expires_at else None
