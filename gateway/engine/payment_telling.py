"""How a paid fee reaches its dossier: stated by the one accept path, so that it travels on like any other change."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from gateway.engine.acceptor import Acceptor, Change, revision_context
from gateway.errors import TransientFailure
from gateway.model.dossier import Dossier, OnlinePayment
from gateway.model.payment import ProviderKind
from gateway.ports.basics import KeyRing
from gateway.sync.acceptance import Expectation
from gateway.sync.payment_records import Effect
from gateway.sync.payment_storing import StoredPayment

_dossiers = msgspec.json.Decoder(Dossier)
_GATEWAY = "gateway"
_NATIONAL = frozenset({ProviderKind.PLATFORM})

FindDossier = Callable[[str], Awaitable[Any]]
"""Gives the sealed dossier of a code, None when there is none. Raises StoreUnavailable."""


class DossierTeller:
    """States that the fees of a dossier were paid online, and where (`online_payment`), or that they were not."""

    def __init__(
        self,
        acceptor: Acceptor,
        find: FindDossier,
        kind_of: Callable[[str], ProviderKind | None],
        payments_of: Callable[[str], Awaitable[Sequence[StoredPayment]]],
        *,
        key_ring: KeyRing,
    ) -> None:
        self._acceptor = acceptor
        self._find = find
        self._kind_of = kind_of
        self._payments_of = payments_of
        self._key_ring = key_ring

    async def __call__(self, payment: StoredPayment, effect: Effect) -> str:
        """State it once; a dossier that says so already is left as it is.

        Raises StoreUnavailable, TransientFailure when the dossier was changed meanwhile: then it is done again.
        """
        paid = None if effect.attempt_id is None else payment.attempt(effect.attempt_id)
        kind = None if paid is None else self._kind_of(paid.view.provider)
        stated = OnlinePayment.NATIONAL_PLATFORM if kind in _NATIONAL else OnlinePayment.PROVINCIAL_GATEWAY
        return await self._state(payment, stated, {stated, OnlinePayment.NATIONAL_PLATFORM}, "dossier.paid")

    async def take_back(self, payment: StoredPayment, effect: Effect) -> str:
        """State that nothing was paid online, since a person decided that a payment was none; unless the request, or
        another of the dossier, is paid. Raises as above."""
        others = await self._payments_of(payment.view.dossier_code)
        if any(one.view.is_paid for one in others):
            return "paid_otherwise"
        return await self._state(payment, OnlinePayment.NONE, {OnlinePayment.NONE}, "dossier.unpaid")

    async def _state(
        self, payment: StoredPayment, stated: OnlinePayment, known: set[OnlinePayment], event_type: str
    ) -> str:
        found = await self._find(payment.view.dossier_code)
        if found is None:
            return "no_such_dossier"
        if not found.wrapped_key:
            return "dossier_erased"
        key = self._key_ring.open_record_key(found.wrapped_key)
        context = revision_context(found.dossier_id, found.document_revision)
        dossier = replace(_dossiers.decode(key.unseal(found.sealed, context=context)), status=found.status)
        if dossier.online_payment in known:
            return "known_already"
        receipt = await self._acceptor.submit(
            Change(
                client_id=_GATEWAY,
                agency_prefixes=("*",),
                code=payment.view.dossier_code,
                body=replace(dossier, online_payment=stated),
                request_digest=b"",
                expected=Expectation(revision=found.revision),
                event_type=event_type,
            )
        )
        if not receipt.is_accepted:
            text = "the dossier was changed meanwhile"
            raise TransientFailure(text, system="gateway", operation="tell_dossier", code=receipt.outcome.value)
        return receipt.outcome.value
