"""The receipt supplier with SOAP (payment notes §D.3): issue, view, cancel, adjust.

What it says of a receipt that is there is a view, whose form nobody published: number, amount and state are looked for
by patterns, and a view that does not fit them breaks the contract, so that the receipt waits until somebody sets them.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from adapters.payment.supplier_peer import SupplierPeer
from adapters.payment.supplier_settings import VnptSettings
from adapters.transport import HttpAnswer
from gateway.errors import RemoteError
from gateway.model.receipt import Receipt, ReceiptSeries
from gateway.ports.receipts import Offer, ReceiptDocument, SuppliedReceipt, SupplierOrder
from mappings.payment import receipt_vnpt as wire

ResultT = TypeVar("ResultT")
_PROBE_KEY = "gateway-check"


class VnptSupplier(SupplierPeer[VnptSettings]):
    """Implements ReceiptSupplier."""

    @property
    def offers(self) -> frozenset[Offer]:
        offered = {Offer.FIND, Offer.DOCUMENT}
        if self.settings.rules.adjust_operation is not None:
            offered.add(Offer.ADJUST)
        return frozenset(offered)

    def make_key(self, key: str) -> str:
        return wire.make_key(key)

    async def issue(self, order: SupplierOrder) -> SuppliedReceipt:
        members = {
            **self._admin(wire.PUBLISH),
            "xmlInvData": wire.publish_xml(self.settings.rules, order),
            **self._service(wire.PUBLISH, "username", "password"),
            "pattern": order.series.form_symbol,
            "serial": order.series.receipt_symbol,
            "convert": "0",
        }
        path = self.settings.publish_path
        return await self._write(wire.PUBLISH, path, members, lambda text: wire.read_issued(order, text))

    async def adjust(self, order: SupplierOrder, adjusted: Receipt) -> SuppliedReceipt:
        operation = self.settings.rules.adjust_operation
        if operation is None:
            self._not_offered(Offer.ADJUST)
        members = {
            **self._admin(operation),
            "xmlInvData": wire.adjust_xml(self.settings.rules, order),
            **self._service(operation, "username", "pass"),
            "fkey": wire.key_of(adjusted),
            "AttachFile": "",
            "convert": "0",
            "pattern": order.series.form_symbol,
            "serial": order.series.receipt_symbol,
        }
        path = self.settings.business_path
        return await self._write(operation, path, members, lambda text: wire.read_issued(order, text))

    async def find(self, key: str, series: ReceiptSeries) -> SuppliedReceipt | None:
        page = await self._view(key)
        if page is None:
            return None
        try:
            return wire.read_view(self.settings.rules, page)
        except ValueError:
            raise self.broken(self.settings.rules.view_operation, "the view cannot be read", is_write=False) from None

    async def cancel(self, receipt: Receipt, reason: str) -> None:
        """Take back that it was paid, then cancel it; the reason finds no place in either call."""
        key = wire.key_of(receipt)
        unconfirm = {"lstFkey": key, **self._service(wire.UNCONFIRM, "userName", "userPass")}
        await self._write(wire.UNCONFIRM, self.settings.business_path, unconfirm, _is_well)
        members = {
            **self._admin(wire.CANCEL),
            "fkey": key,
            **self._service(wire.CANCEL, "userName", "userPass"),
        }
        await self._write(wire.CANCEL, self.settings.business_path, members, _is_well)

    async def document(self, receipt: Receipt) -> ReceiptDocument | None:
        page = await self._view(wire.key_of(receipt))
        return None if page is None else ReceiptDocument(content=page.encode(), media_type="text/html")

    async def check_account(self) -> None:
        """Ask for a receipt that nobody wrote. Raises RemoteError when the account or the address is not accepted."""
        await self._view(_PROBE_KEY)

    async def _view(self, key: str) -> str | None:
        rules = self.settings.rules
        operation = rules.view_operation
        members = {"fkey": key, **self._service(operation, "userName", "userPass")}

        def read(answer: HttpAnswer) -> str | None:
            try:
                return wire.read_result(rules, operation, answer.body)
            except wire.VnptError as error:
                if error.number in rules.absent_errors:
                    return None
                raise self._error(operation, error.number) from None

        return await self._call(operation, self.settings.portal_path, members, read, is_write=False)

    async def _write(
        self, operation: str, path: str, members: Mapping[str, str], read_text: Callable[[str], ResultT]
    ) -> ResultT:
        rules = self.settings.rules

        def read(answer: HttpAnswer) -> ResultT:
            try:
                return read_text(wire.read_result(rules, operation, answer.body))
            except wire.VnptError as error:
                if operation in (wire.CANCEL, wire.UNCONFIRM) and error.number in rules.cancelled_errors:
                    return read_text("OK:")
                raise self._error(operation, error.number) from None

        return await self._call(operation, path, members, read, is_write=True)

    async def _call(
        self,
        operation: str,
        path: str,
        members: Mapping[str, str],
        read: Callable[[HttpAnswer], ResultT],
        *,
        is_write: bool,
    ) -> ResultT:
        rules = self.settings.rules
        headers = [
            ("Content-Type", "text/xml; charset=utf-8"),
            ("SOAPAction", f'"{rules.namespace}{operation}"'),
        ]
        url = self.settings.base_url.rstrip("/") + path
        body = wire.envelope(rules, operation, members)
        return await self.send(operation, url, body, read, headers=headers, is_write=is_write)

    def _error(self, operation: str, number: str) -> RemoteError:
        rules, code = self.settings.rules, f"err_{number}"
        if number in rules.credentials_errors:
            return self.not_accepted(operation, code)
        if operation in (wire.PUBLISH, rules.adjust_operation):
            if number in rules.duplicate_errors:
                return self.duplicate(operation)
            if operation == wire.PUBLISH and number in rules.retried_errors:
                return self.not_now(operation, code)
        return self.refused(operation, code)

    def _admin(self, operation: str) -> dict[str, str]:
        password = self.secret(self.settings.admin_password, "admin_password", operation)
        return {"Account": self.settings.admin_account, "ACpass": password}

    def _service(self, operation: str, user: str, password: str) -> dict[str, str]:
        secret = self.secret(self.settings.service_password, "service_password", operation)
        return {user: self.settings.service_account, password: secret}


def _is_well(text: str) -> None:
    if not text.startswith("OK"):
        raise wire.Unreadable("is neither OK nor ERR")
