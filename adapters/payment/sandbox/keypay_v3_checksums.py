"""check_sum of KeyPay v3 (payment notes §C.4): HMAC-SHA256 in lower hex over values parted by pipes."""

import hmac
from collections.abc import Mapping

ORDER = ("addition_fee", "client_id", "command", "trans_amount", "transaction_id", "version")
"""Of create and of callbacks. Neither status nor transaction_code nor payment_fee is among them."""
DETAIL_ORDER = ("client_id", "command", "transaction_id")
REFUND_ORDER = ("amount", "client_id", "command", "reason", "transaction_id")
REFUND_DETAIL_ORDER = ("client_id", "command", "transaction_refund_code")


def check_sum(key: str, fields: Mapping[str, object], order: tuple[str, ...]) -> str:
    """Give the checksum; a missing value is an empty one."""
    text = "|".join(str(fields.get(name, "")) for name in order)
    return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()
