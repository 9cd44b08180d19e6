"""Two suppliers of electronic receipts as one provider: VNPT-like SOAP, Viettel-like REST (payment notes §D)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from aiohttp import web

from adapters.payment.sandbox.calls import ANSWER_FAULTS, MAX_BODY_BYTES, Desk
from adapters.payment.sandbox.checkout import CheckoutError, Choice, Decided
from adapters.payment.sandbox.receipts_books import Books
from adapters.payment.sandbox.receipts_profile import ReceiptsProfile
from adapters.payment.sandbox.receipts_viettel import Viettel
from adapters.payment.sandbox.receipts_vnpt import VNPT_SWITCHES, Vnpt
from adapters.payment.sandbox.world import World
from adapters.sandboxing import ControlAction, ControlCall, ControlError, Touch

NAME = "receipts"
RECEIPTS_SWITCHES: Mapping[str, tuple[str, ...]] = MappingProxyType({**ANSWER_FAULTS, **VNPT_SWITCHES})
"""What can be armed; `D3_error` is the VNPT-like supplier's alone."""


class ReceiptSuppliers:
    """Both suppliers as a `Provider`; nobody pays here, so the parts of it about payments find nothing."""

    name = NAME

    def __init__(self, world: World, settings: Mapping[str, Any]) -> None:
        self.profile = ReceiptsProfile.parse(settings)
        self._desk = Desk(world, NAME, hidden=self._secrets)
        self.vnpt_books, self.viettel_books = Books(world.clock), Books(world.clock)
        self._vnpt = Vnpt(lambda: self.profile, self.vnpt_books, self._desk)
        self._viettel = Viettel(world, lambda: self.profile, self.viettel_books, self._desk)
        world.switches.support(RECEIPTS_SWITCHES)

    def make_app(self) -> web.Application:
        """Make the application: /vnpt/<service>.asmx, and the paths of Viettel under /viettel."""
        app, route, viettel = web.Application(client_max_size=MAX_BODY_BYTES), self._desk.route, self._viettel
        app.router.add_post("/vnpt/{service}", route("vnpt", self._vnpt.serve, touch=Touch.EFFECT, is_open=False))
        app.router.add_post("/viettel/auth/login", route("login", viettel.log_in, is_open=False))
        base = "/viettel/InvoiceAPI"
        posts = {
            f"{base}/InvoiceWS/createInvoice/{{tax_code}}": ("createInvoice", viettel.create, Touch.EFFECT),
            f"{base}/InvoiceWS/cancelTransactionInvoice": ("cancelTransactionInvoice", viettel.cancel, Touch.EFFECT),
            f"{base}/InvoiceWS/searchInvoiceByTransactionUuid": ("search", viettel.find, Touch.LOOK_UP),
            f"{base}/InvoiceUtilsWS/getInvoiceRepresentationFile": ("file", viettel.paper, Touch.LOOK_UP),
        }
        for path, (operation, work, touch) in posts.items():
            app.router.add_post(path, route(operation, viettel.guarded(work), touch=touch))
        return app

    def actions(self) -> Mapping[tuple[str, str], ControlAction]:
        """Give its control actions: settings."""
        return {
            ("GET", "profile"): lambda _: self.profile.shown(),
            ("POST", "profile"): self._change_profile,
        }

    async def decide(self, reference: str, choice: Choice, bank: str) -> Decided:
        """Raise CheckoutError: nobody pays here."""
        raise CheckoutError("reference: has no page")

    async def notify_again(self, reference: str) -> bool:
        """Raise KeyError: nothing is told to anybody."""
        raise KeyError(reference)

    def state(self) -> dict[str, Any]:
        """Tell which receipts there are, without payers."""
        return {
            "vnpt": [each.as_dict() for each in self.vnpt_books],
            "viettel": [each.as_dict() for each in self.viettel_books],
        }

    def forget(self) -> None:
        """Open new books; settings stay."""
        self.vnpt_books.forget()
        self.viettel_books.forget()
        self._viettel.forget()

    async def stop(self) -> None:
        """Have nothing to end."""

    def _secrets(self) -> list[str]:
        return [*self.profile.secrets(), *self._viettel.tokens()]

    def _change_profile(self, call: ControlCall) -> Any:
        try:
            self.profile = self.profile.changed(call.object())
        except ValueError as error:
            raise ControlError(str(error)) from None
        return self.profile.shown()


def build(world: World, settings: Mapping[str, Any]) -> ReceiptSuppliers:
    """Make the provider. Raises ValueError when a setting cannot be used."""
    return ReceiptSuppliers(world, settings)
