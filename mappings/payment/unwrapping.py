"""Objects that an intermediary handed on as JSON text inside JSON (F16). Pure."""

from mappings.payment.documents import parse

_MAX_LAYERS = 2


def unwrapped(value: object) -> object:
    """Give a value without the text around it, at most two layers. Raises DocumentRefused for text that is no JSON."""
    for _ in range(_MAX_LAYERS):
        if not isinstance(value, str):
            return value
        value = parse(value)
    return value
