"""The application's return in every spelling that is seen (§7.3)."""

from urllib.parse import quote

from adapters.consent.sandbox.profile import Spelling

_QUERIES = (Spelling.TRANSITION_CODE, Spelling.TRANSITION_CODE_SNAKE, Spelling.TRANSACTION_CODE)


def return_link(base: str, spelling: Spelling, txn_id: str, claim: str) -> str:
    """Give the address to which the application returns, `{txnId}|{claim}` in the spelling asked for."""
    base = base.rstrip("/")
    once = quote(f"{txn_id}|{claim}", safe="")
    joint = "&" if "?" in base else "?"
    if spelling in _QUERIES:
        return f"{base}{joint}{spelling.value}={once}"
    match spelling:
        case Spelling.PATH:
            return f"{base}/{once}"
        case Spelling.PATH_TWICE:
            return f"{base}/{quote(once, safe='')}"
        case Spelling.PATH_WITHOUT_RESULT:
            return f"{base}/{txn_id}"
        case Spelling.QUERY_TWICE:
            return f"{base}{joint}transitionCode={quote(once, safe='')}"
        case _:
            return f"{base}{joint}transitionCode={txn_id}"
