"""Payment providers, simulated from the payment notes alone; knows nothing of the adapters beside it."""

from adapters.payment.sandbox.checkout import Checkout, CheckoutPages, Choice, Decided, Standing
from adapters.payment.sandbox.ledger import Direction, Entry, EntryKind, Exchange, Ledger
from adapters.payment.sandbox.platform_profile import Partner, PlatformProfile
from adapters.payment.sandbox.platform_provider import Platform
from adapters.payment.sandbox.sandbox import FACTORIES, PaymentSandbox
from adapters.payment.sandbox.world import Provider, World

__all__ = [
    "FACTORIES",
    "Checkout",
    "CheckoutPages",
    "Choice",
    "Decided",
    "Direction",
    "Entry",
    "EntryKind",
    "Exchange",
    "Ledger",
    "Partner",
    "PaymentSandbox",
    "Platform",
    "PlatformProfile",
    "Provider",
    "Standing",
    "World",
]
