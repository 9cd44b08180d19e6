"""Links to the application and back (electronic identity notes §7.3). Pure.

The way back leads through the citizen's device: anybody can write such an address. All that is taken from it is the id
of the transaction that somebody wants to be looked at; the result in it is dropped here, so that nobody can use it.
"""

import re
from urllib.parse import quote, unquote, urlsplit

from adapters.consent.settings import ConsentSettings
from gateway.errors import Fault, InvalidInput
from gateway.ports.consent import AppReturn

MAX_TARGET_CHARACTERS = 2048
_TXN_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
_MAX_DECODINGS = 2
"""Links percent-encoded twice are seen; more than that is nobody's link."""


def universal_link(settings: ConsentSettings, txn_id: str) -> str:
    """Give the address that opens the application. Raises InvalidInput for an id that is none."""
    if not _TXN_ID.fullmatch(txn_id):
        raise _refused("txn_id", "must be an id of the hub")
    return settings.links.universal_base.rstrip("/") + settings.links.share_path + quote(txn_id, safe="")


def read_return(settings: ConsentSettings, target: str) -> AppReturn:
    """Read the address, or its path and query, that the application returned to.

    Takes `…/{txnId}|{result}` and `?transitionCode={txnId}|{result}` in its three spellings, encoded once or twice,
    with or without the result. Raises InvalidInput.
    """
    if len(target) > MAX_TARGET_CHARACTERS:
        raise _refused("", f"at most {MAX_TARGET_CHARACTERS} characters")
    try:
        parts = urlsplit(target)
    except ValueError:
        raise _refused("", "must be an address") from None
    found = _from_query(settings, parts.query) or {parts.path.rstrip("/").rpartition("/")[2]}
    ids = {_txn_id(text) for text in found}
    if len(ids) != 1:
        raise _refused("", "must name one transaction")
    return AppReturn(txn_id=ids.pop())


def _from_query(settings: ConsentSettings, query: str) -> set[str]:
    """Give the raw values of the known names; decoding is left to the one place that knows how often."""
    pairs = [part.partition("=") for part in query.split("&")]
    return {value for name, _, value in pairs if unquote(name) in settings.links.return_names}


def _txn_id(raw: str) -> str:
    text = raw
    for _ in range(_MAX_DECODINGS):
        if "%" in text:
            text = unquote(text, errors="replace")
    txn_id = text.partition("|")[0]
    if not _TXN_ID.fullmatch(txn_id):
        raise _refused("", "must name a transaction of the hub")
    return txn_id


def _refused(place: str, rule: str) -> InvalidInput:
    return InvalidInput("the link cannot be used", [Fault(place, rule)])
