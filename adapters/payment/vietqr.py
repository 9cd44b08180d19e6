"""Transfers by QR code (payment notes §E).

A code confirms nothing and nobody can be asked: the money is found in an account statement, by the reference in the
transfer's text. So this provider only opens orders, and reads references for whoever reads statements. Pure.
"""

from datetime import timedelta

from adapters.payment.unoffered import Unoffered
from adapters.payment.vietqr_settings import Purpose, VietQrSettings
from gateway.errors import Fault, InvalidInput
from gateway.model.payment import PaymentOrder, ProviderKind
from gateway.ports.payments import Acknowledgement, Capability, Opened, RawNotification, Verdict
from mappings.payment import references, vietqr
from mappings.payment.plain_text import plain
from mappings.payment.vietqr import QrRefused, ReferencePlace, Transfer

_MAX_PURPOSE = 25


class VietQrAdapter(Unoffered):
    """Implements PaymentProvider."""

    kind = ProviderKind.VIETQR

    def __init__(self, settings: VietQrSettings) -> None:
        self.settings = settings

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def partner_code(self) -> str:
        """Nobody is our partner in a transfer; always ""."""
        return ""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.OPEN})

    async def aclose(self) -> None:
        """There is nothing to close."""

    def make_reference(self, random_bytes: bytes, dossier_code: str) -> str:
        return references.checked_reference(
            random_bytes, self.settings.reference_prefix, self.settings.reference_length
        )

    async def open(self, order: PaymentOrder) -> Opened:
        settings = self.settings
        if not self._is_ours(order.reference):
            raise _invalid("reference", "must be one that this provider made")
        place = settings.reference_place
        dossier = "".join(character for character in plain(order.dossier_code, 50) if character.isalnum())
        purpose = order.reference if settings.purpose is Purpose.REFERENCE else f"{dossier[: _MAX_PURPOSE - 4]} PHI"
        transfer = Transfer(
            bank_bin=order.beneficiary.bank_bin,
            account_number=order.beneficiary.account_number,
            amount_vnd=order.amount_vnd if settings.is_dynamic else None,
            is_dynamic=settings.is_dynamic,
            service=settings.service,
            bill_number=order.reference if place is ReferencePlace.BILL_NUMBER else "",
            reference_label=order.reference if place is ReferencePlace.LABEL else "",
            purpose=purpose,
        )
        try:
            content = vietqr.write(transfer)
        except QrRefused as error:
            raise _invalid(error.code, "cannot stand in a VietQR code") from None
        life = settings.valid_seconds
        return Opened(
            qr_content=content, expires_at=None if life is None else order.opened_at + timedelta(seconds=life)
        )

    def acknowledge(self, raw: RawNotification, verdict: Verdict) -> Acknowledgement:
        # Nothing is ever sent to us here; whoever tries hears that there is no such address.
        return Acknowledgement(status=404, content_type="text/plain; charset=utf-8", body=b"")

    def references_in(self, text: str) -> tuple[str, ...]:
        """Give our references that stand in the text of a statement's line, in order and each once."""
        return references.references_in(text, self.settings.reference_prefix, self.settings.reference_length)

    def _is_ours(self, reference: str) -> bool:
        return references.is_checked(reference, self.settings.reference_prefix, self.settings.reference_length)


def _invalid(field: str, rule: str) -> InvalidInput:
    return InvalidInput("the order cannot be paid by transfer", [Fault(field, rule)])
