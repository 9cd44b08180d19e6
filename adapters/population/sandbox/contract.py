"""The published definition: the contract's files as they lie in the folder, with this server's address put in (§16)."""

from functools import cache
from pathlib import Path
from xml.sax.saxutils import quoteattr

from adapters.population.sandbox.profile import ReplyForm

_FOLDER = Path(__file__).resolve().parents[1] / "contract"
_ADDRESS = '"http://127.0.0.1:9/dancuquocgia"'
_CITIZENS = {
    ReplyForm.FLAT: "congdan.xsd",
    ReplyForm.QCVN109: "congdan-qcvn109.xsd",
    ReplyForm.KINSHIP: "congdan-kinship.xsd",
}
SCHEMAS = frozenset({"yeucau.xsd", *_CITIZENS.values()})


def wsdl(address: str) -> bytes:
    """Give the WSDL whose service and schemas are at `address`."""
    text = _text("dancuquocgia.wsdl").replace(_ADDRESS, quoteattr(address))
    for name in ("yeucau.xsd", "congdan.xsd"):
        text = text.replace(f'schemaLocation="{name}"', f"schemaLocation={quoteattr(f'{address}?xsd={name}')}")
    return text.encode()


def schema(name: str, form: ReplyForm) -> bytes | None:
    """Give a schema by its file's name; `congdan.xsd` is that of the reply form in force. None: there is none."""
    if name not in SCHEMAS:
        return None
    return _text(_CITIZENS[form] if name == "congdan.xsd" else name).encode()


@cache
def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
