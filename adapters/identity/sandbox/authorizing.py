"""Authorization: who signs on, and with what the browser is sent back (notes §2.2, §6.2)."""

from dataclasses import replace
from urllib.parse import quote

from adapters.identity.sandbox.attacks import Attack, Stage
from adapters.identity.sandbox.core import COOKIE, Call, Core, Refused, document, html, see
from adapters.identity.sandbox.pages import locked_page, message_page, sign_in_page
from adapters.identity.sandbox.people import Person
from adapters.identity.sandbox.profile import Client, Mode
from adapters.identity.sandbox.sealing import Envelope
from adapters.identity.sandbox.signing import SigningKey
from adapters.identity.sandbox.state import AuthorizationRequest, Grant, Session
from adapters.sandboxing import Answer

SIGN_IN_PATH = "/simulated/sign-in"
_PUSHED_SECONDS = 60.0


class Authorizing:
    """Takes browsers in and sends them back."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.state = core.state

    def authorize(self, call: Call) -> Answer:
        """Take a browser that wants to sign on."""
        call = self._unpushed(call)
        client = self._core.profile.client(call.get("client_id"))
        redirect_uri = call.get("redirect_uri")
        if client is None or redirect_uri not in client.redirect_uris:
            # The browser stays here: an address that is not registered is never followed (§2.2).
            self.state.counts["refused_callback"] += 1
            return see(f"{self._core.base_url}{self._core.paths.error_page}?oauthErrorCode=invalid_callback")
        request = self._request(call, client, redirect_uri)
        if isinstance(request, str):
            self.state.counts[f"refused_{request}"] += 1
            return self._back_with_error(redirect_uri, call.get("state"), request)
        session = self._usable_session(call, request)
        if session is not None:
            return self._grant(request, session)
        if request.prompt == "none" and self._core.profile.honours_prompt:
            return self._back_with_error(redirect_uri, request.state, "login_required")
        if self.state.ordered:
            return self._sign_on(request, self.state.ordered.popleft())
        ticket = self.state.random_text()
        self.state.waiting[ticket] = request
        broker = "VNeID (Bộ Công an)" if self._core.profile.mode is Mode.P1 else ""
        return html(sign_in_page(SIGN_IN_PATH, ticket, self.state.people.values(), broker=broker))

    def push(self, call: Call) -> Answer:
        """Take a pushed authorization request (RFC 9126)."""
        client = self._core.client(call)
        if call.get("request_uri") or not call.get("redirect_uri"):
            raise Refused(400, "invalid_request")
        reference = f"urn:ietf:params:oauth:request_uri:{self.state.random_text()}"
        pushed = dict(call.parameters) | {"client_id": client.client_id}
        self.state.pushed[reference] = (pushed, self.state.now() + _PUSHED_SECONDS)
        return document({"request_uri": reference, "expires_in": int(_PUSHED_SECONDS)}, 201)

    def sign_in(self, call: Call) -> Answer:
        """Take the form of the sign-in page."""
        ticket = call.get("ticket")
        request = self.state.waiting.get(ticket)
        if request is None:
            return html(message_page("Đăng nhập", "Phiên đăng nhập không còn hiệu lực."), 400)
        if call.get("action") == "cancel":
            del self.state.waiting[ticket]
            return self._sign_on(request, "")
        person = self.state.people.get(call.get("person"))
        if person is None:
            return html(message_page("Đăng nhập", "Tài khoản không tồn tại."), 400)
        if person.is_locked:
            self.state.counts["locked"] += 1
            return html(locked_page(SIGN_IN_PATH, ticket), 403)
        del self.state.waiting[ticket]
        return self._sign_on(request, person.key)

    def _unpushed(self, call: Call) -> Call:
        reference = call.get("request_uri")
        if not reference:
            return call
        pushed, expires_at = self.state.pushed.pop(reference, ({}, 0.0))
        if pushed.get("client_id") != call.get("client_id") or self.state.now() > expires_at:
            return Call(())
        return replace(call, parameters=tuple(pushed.items()))

    def _request(self, call: Call, client: Client, redirect_uri: str) -> AuthorizationRequest | str:
        if call.get("response_type") != "code":
            return "unsupported_response_type"
        if "openid" not in call.get("scope").split():
            return "invalid_scope"
        challenge = call.get("code_challenge")
        if challenge and call.get("code_challenge_method") != "S256":
            return "invalid_request"
        if not challenge and self._core.profile.requires_pkce:
            return "invalid_request"
        max_age = call.get("max_age")
        if max_age and not (max_age.isascii() and max_age.isdigit()):
            return "invalid_request"
        return AuthorizationRequest(
            client_id=client.client_id,
            redirect_uri=redirect_uri,
            state=call.get("state") or None,
            nonce=call.get("nonce"),
            challenge=challenge,
            acr_values=tuple(call.get("acr_values").split()),
            max_age=int(max_age) if max_age else None,
            prompt=call.get("prompt"),
            scope=call.get("scope"),
        )

    def _usable_session(self, call: Call, request: AuthorizationRequest) -> Session | None:
        session = self.state.sessions.get(call.cookie)
        if session is None or self.state.now() > session.authenticated_at + self._core.profile.session_seconds:
            return None
        if request.prompt == "login" and self._core.profile.honours_prompt:
            return None
        is_old = request.max_age is not None and self.state.now() - session.authenticated_at > request.max_age
        return None if is_old and self._core.profile.honours_max_age else session

    def _sign_on(self, request: AuthorizationRequest, key: str) -> Answer:
        """Answer as the account says, "" for a person who cancels."""
        person = self.state.people.get(key)
        if person is None or person.is_locked:
            self.state.counts["cancelled"] += 1
            return self._back_with_error(request.redirect_uri, request.state, "access_denied")
        session = Session(person, self.state.now(), self.state.random_text())
        cookie = self.state.random_text()
        self.state.sessions[cookie] = session
        answer = self._grant(request, session)
        headers = {**(answer.headers or {}), "Set-Cookie": f"{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Lax"}
        return replace(answer, headers=headers)

    def _grant(self, request: AuthorizationRequest, session: Session) -> Answer:
        self.state.ring.extra = []
        session.clients.add(request.client_id)
        attack = self.state.attacks.take()
        code = self._new_code()
        grant = Grant(request, session.person, session, self._acr(request, session.person), self.state.now(), attack)
        self.state.grants[code] = grant
        self.state.counts["codes_issued"] += 1
        return see(f"{request.redirect_uri}?{self._callback(request, grant, code)}")

    def _new_code(self) -> str:
        # VNeID's codes are GUIDs (§6.2).
        return self.state.random_guid() if self._core.profile.mode is Mode.P3 else self.state.random_text()

    def _acr(self, request: AuthorizationRequest, person: Person) -> str:
        if self._core.profile.acr:
            return self._core.profile.acr
        reachable = self._core.profile.supported_acr[: max(person.level, 1)]
        asked = [value for value in request.acr_values if value in reachable]
        return asked[0] if asked else reachable[-1] if request.acr_values else ""

    def _callback(self, request: AuthorizationRequest, grant: Grant, code: str) -> str:
        attack = self._core.strikes(grant, Stage.CALLBACK)
        state = request.state or ""
        match attack:
            case Attack.UNKNOWN_STATE:
                state = self.state.random_text()
            case Attack.INVENTED_CODE:
                code = self._new_code()
            case Attack.OVERLONG_CODE:
                code = "c" * 3000
            case Attack.SCRIPT_IN_ERROR:
                script = quote("<script>alert(1)</script>", safe="")
                return f"error=server_error&error_description={script}&state={quote(state, safe='')}"
        pairs = [*self._code_pairs(request, grant, code, attack), f"state={quote(state, safe='')}"]
        if attack is Attack.CODE_AND_ERROR:
            pairs.append("error=access_denied")
        if attack is Attack.DUPLICATED_CODE:
            pairs.append(pairs[0])
        if attack is Attack.DUPLICATED_STATE:
            pairs.append(pairs[-1])
        if attack is Attack.FOREIGN_ISSUER:
            pairs.append(f"iss={quote('https://another.example', safe='')}")
        elif self._core.profile.sends_issuer and attack is not Attack.MISSING_ISSUER:
            pairs.append(f"iss={quote(self._core.issuer, safe='')}")
        return "&".join(pairs)

    def _code_pairs(self, request: AuthorizationRequest, grant: Grant, code: str, attack: Attack | None) -> list[str]:
        if self._core.profile.mode is not Mode.P3 or not self._core.profile.seals_code or attack is Attack.PLAIN_CODE:
            return [f"code={quote(code, safe='')}"]
        key = self._public_key(request.client_id)
        if attack is Attack.CODE_SEALED_TO_ANOTHER:
            key = SigningKey.make().pem().decode()
        envelope = Envelope(code.encode(), key)
        grant.encrypt_key = envelope.key_text

        def written(text: str) -> str:
            return quote(text, safe="") if self._core.profile.escapes_plus else text

        return [f"code={written(envelope.data_text)}", f"encrypt_key={written(envelope.key_text)}"]

    def _public_key(self, client_id: str) -> str:
        client = self._core.profile.client(client_id)
        assert client is not None, "the request was checked"
        return client.public_key

    def _back_with_error(self, redirect_uri: str, state: str | None, error: str) -> Answer:
        pairs = [f"error={error}", "error_description=" + quote(f"simulated: {error}")]
        if state:
            pairs.append(f"state={quote(state, safe='')}")
        if self._core.profile.sends_issuer:
            pairs.append(f"iss={quote(self._core.issuer, safe='')}")
        return see(f"{redirect_uri}?{'&'.join(pairs)}")
