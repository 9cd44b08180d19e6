"""The hosted payment page, as a small application that every simulated provider mounts.

A provider opens a `Checkout` and leads the payer's browser to the page. The payer chooses a bank and presses
one of four buttons; the provider's `on_choice` is told and gives the address to which the browser goes next. A
reference is decided once: who presses again, in another tab or after going back, is told how it stands. Works without
scripts.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from urllib.parse import parse_qs

from aiohttp import web

from adapters.payment.sandbox import checkout_pages as pages
from adapters.sandboxing import SandboxClock

MARK_HEADER = "X-Simulated"
_MAX_FORM_BYTES = 4096


class Choice(StrEnum):
    """What the payer may do."""

    PAY = "pay"
    FAIL = "fail"
    """The bank refuses."""
    CANCEL = "cancel"
    LEAVE = "leave"
    """Goes back without deciding anything; the page stays open."""


class Standing(StrEnum):
    """How a page stands."""

    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_ENDS = {Choice.PAY: Standing.PAID, Choice.FAIL: Standing.FAILED, Choice.CANCEL: Standing.CANCELLED}


@dataclass(frozen=True, slots=True)
class Checkout:
    """What the page shows. `banks` maps codes to names, at least one. `return_url` is for the link of an ended page."""

    reference: str
    amount_vnd: int
    description: str
    expires_at: datetime
    banks: Mapping[str, str]
    return_url: str
    key: str = ""
    """What the page is known by where references of several partners may be equal; "" means the reference."""

    @property
    def known_by(self) -> str:
        """What names the page to the provider."""
        return self.key or self.reference


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a choice. `is_new` False: it changed nothing, because the page was over already."""

    standing: Standing
    address: str
    is_new: bool


OnChoice = Callable[[str, Choice, str], Awaitable[str]]
"""`on_choice(reference or key, choice, bank)`: told once per decided page, and at each leaving; gives the address to
which the browser is sent, "" for none. For PAY the money is to be taken by it."""


class Draw(Protocol):
    """Gives randomness; a seeded `random.Random` serves."""

    def getrandbits(self, k: int, /) -> int: ...


class _Open:
    __slots__ = ("checkout", "standing", "where")

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.standing = Standing.OPEN
        self.where = ""
        """Where the browser went when it was decided."""


class CheckoutError(ValueError):
    """There is no such page, or the choice is none; the message is safe to show."""


class CheckoutPages:
    """The pages of one provider, by reference. Money of a reference is asked for at most once."""

    def __init__(self, clock: SandboxClock, draws: Draw, on_choice: OnChoice, provider_name: str) -> None:
        self._clock = clock
        self._draws = draws
        self._on_choice = on_choice
        self._provider_name = provider_name
        self._by_token: dict[str, _Open] = {}
        self._tokens: dict[str, str] = {}

    def open(self, checkout: Checkout) -> str:
        """Open a page and give its token, the last part of its address. Raises CheckoutError for a reference of before,
        or without banks."""
        if checkout.known_by in self._tokens or not checkout.banks:
            raise CheckoutError("reference: has a page already" if checkout.banks else "banks: must name at least one")
        token = f"{self._draws.getrandbits(128):032x}"
        self._tokens[checkout.known_by] = token
        self._by_token[token] = _Open(checkout)
        return token

    def standing(self, reference: str) -> Standing:
        """Tell how a page stands now. Raises CheckoutError when there is none."""
        return self._standing(self._by_reference(reference))

    async def decide(self, reference: str, choice: Choice, bank: str = "", *, is_late_taken: bool = False) -> Decided:
        """Decide as the payer would; `bank` "" takes the first. Raises CheckoutError for no such page or bank.

        Nothing happens on a page that is over, unless `is_late_taken` allows a payment after its end.
        """
        page = self._by_reference(reference)
        bank = bank or next(iter(page.checkout.banks))
        if bank not in page.checkout.banks:
            raise CheckoutError(f"bank: must be one of {', '.join(page.checkout.banks)}")
        standing = self._standing(page)
        is_allowed = standing is Standing.OPEN or (standing is Standing.EXPIRED and is_late_taken)
        if not is_allowed:
            return Decided(standing, page.where or page.checkout.return_url, is_new=False)
        # Marked before anything is awaited: a second tab must find it decided.
        page.standing = _ENDS.get(choice, page.standing)
        where = await self._on_choice(reference, choice, bank)
        if page.standing is not Standing.OPEN:
            page.where = where
        return Decided(self._standing(page), where, is_new=True)

    def forget(self) -> None:
        """Close all pages as if they had never been."""
        self._by_token.clear()
        self._tokens.clear()

    def make_app(self) -> web.Application:
        """Make the application: `/<token>` shows a page and takes its form."""
        app = web.Application(client_max_size=_MAX_FORM_BYTES)
        app.router.add_get("/{token}", self._show)
        app.router.add_post("/{token}", self._take)
        return app

    async def _show(self, request: web.Request) -> web.Response:
        page = self._by_token.get(request.match_info["token"])
        if page is None:
            return _answer(pages.notice(self._provider_name, "Không tìm thấy giao dịch."), 404)
        return self._current(page)

    async def _take(self, request: web.Request) -> web.Response:
        page = self._by_token.get(request.match_info["token"])
        if page is None:
            return _answer(pages.notice(self._provider_name, "Không tìm thấy giao dịch."), 404)
        form = parse_qs((await request.read()).decode("utf-8", "replace"))
        choice = form.get("choice", [""])[0]
        if choice not in Choice.__members__.values():
            return self._current(page, 400)
        try:
            decided = await self.decide(page.checkout.known_by, Choice(choice), form.get("bank", [""])[0])
        except CheckoutError:
            return self._current(page, 400)
        if not decided.is_new or not decided.address:
            return self._current(page)
        return web.Response(
            status=303, headers={"Location": decided.address, "Cache-Control": "no-store", **self._mark()}
        )

    def _current(self, page: _Open, status: int = 200) -> web.Response:
        checkout, standing = page.checkout, self._standing(page)
        if standing is Standing.OPEN:
            return _answer(pages.payment(self._provider_name, checkout), status)
        return _answer(pages.ended(self._provider_name, checkout, standing, page.where or checkout.return_url), status)

    def _mark(self) -> dict[str, str]:
        return {MARK_HEADER: "payment"}

    def _by_reference(self, reference: str) -> _Open:
        token = self._tokens.get(reference)
        if token is None:
            raise CheckoutError("reference: has no page")
        return self._by_token[token]

    def _standing(self, page: _Open) -> Standing:
        if page.standing is Standing.OPEN and self._clock.now() >= page.checkout.expires_at:
            return Standing.EXPIRED
        return page.standing


def _answer(text: str, status: int = 200) -> web.Response:
    headers = {
        MARK_HEADER: "payment",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8", headers=headers)
