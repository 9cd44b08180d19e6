"""The end of sessions, and what is published (notes §2.2, §12)."""

import base64
import json
from typing import Any
from urllib.parse import quote

from adapters.identity.sandbox.claims import MARK
from adapters.identity.sandbox.core import COOKIE, Call, Core, document, html, see
from adapters.identity.sandbox.pages import message_page
from adapters.identity.sandbox.profile import Client
from adapters.identity.sandbox.state import Session
from adapters.sandboxing import Answer


class Leaving:
    """Ends sessions."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.profile = core.profile
        self.state = core.state

    def log_out(self, call: Call) -> tuple[Answer, Session | None]:
        """End the session of this browser, which its cookie names; give whoever was signed on."""
        session = self.state.sessions.pop(call.cookie, None)
        self.state.counts["logouts" if session is not None else "logouts_without_session"] += 1
        client = self.profile.client(call.get("client_id")) or self._hinted(call.get("id_token_hint"))
        target = call.get("post_logout_redirect_uri")
        if client is None or target not in client.post_logout_redirect_uris:
            return html(message_page("Đăng xuất", "Đã đăng xuất.")), session
        state = call.get("state")
        address = target + (f"?state={quote(state, safe='')}" if state else "")
        return see(address, f"{COOKIE}=; Path=/; Max-Age=0"), session

    def _hinted(self, token: str) -> Client | None:
        parts = token.split(".")
        if len(parts) != 3:
            return None
        try:
            claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
            return self.profile.client(str(claims["aud"][0]))
        except (ValueError, KeyError, IndexError, TypeError):
            return None

    def vneid_logout(self, call: Call) -> Answer:
        """End the session at the VNeID behind p1."""
        is_known = call.get("token_id").startswith(MARK)
        self.state.counts["vneid_logouts" if is_known else "vneid_logouts_refused"] += 1
        return html(
            message_page("VNeID", "Đã đăng xuất VNeID." if is_known else "Không hợp lệ."), 200 if is_known else 400
        )


def discovery(core: Core) -> Answer:
    """Publish where everything is."""
    paths, base = core.paths, core.base_url
    made: dict[str, Any] = {
        "issuer": core.issuer,
        "authorization_endpoint": base + paths.authorize,
        "token_endpoint": base + paths.token,
        "userinfo_endpoint": base + paths.userinfo,
        "jwks_uri": base + paths.keys,
        "end_session_endpoint": base + paths.logout,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "acr_values_supported": list(core.profile.supported_acr),
        "authorization_response_iss_parameter_supported": core.profile.sends_issuer,
    }
    if core.profile.offers_par and paths.par:
        made["pushed_authorization_request_endpoint"] = base + paths.par
    return document(made)
