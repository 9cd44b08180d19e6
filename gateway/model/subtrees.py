"""Agencies as a tree: who lies below whom, told by their codes."""

from collections.abc import Sequence


def is_within(agency_code: str, prefixes: Sequence[str]) -> bool:
    """Tell whether an agency lies in a caller's subtree: the code itself or anything below it. "*" is every agency."""
    for prefix in prefixes:
        if agency_code.startswith(prefix) and agency_code[len(prefix) : len(prefix) + 1] in ("", "."):
            return True
        if prefix == "*":
            return True
    return False
