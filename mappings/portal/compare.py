"""Comparing what the portal has with what was prepared, field by field, in the words of the wire.

Only what the found record states is compared: its fields are not documented, so an absent key proves nothing. Lists
are compared without regard to order, because a store may give them back in its own.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any
from unicodedata import normalize

import msgspec
from msgspec import UNSET

from mappings.portal import wire
from mappings.portal.scalars import text_of


def differing_fields(found: wire.FoundDossier, prepared: wire.DossierRecord) -> tuple[str, ...]:
    """Name the canonical fields whose stated value over there is another one, each once, in the record's order.

    A record that states nothing but its code vouches for nothing: then the status is named, which every record has
    and which the province owns, so that nothing is taken as delivered on its word.
    """
    return tuple(dict.fromkeys(name for name, _, _ in differences(found, prepared)))


def differences(found: wire.FoundDossier, prepared: wire.DossierRecord) -> list[tuple[str, Any, Any]]:
    """Give (canonical field, our value, their value) of the wire for every stated value that is another one."""
    differing: list[tuple[str, Any, Any]] = []
    if all(getattr(found, name) is UNSET for name in wire.FoundDossier.__struct_fields__ if name != "dossier_code"):
        return [(wire.DOSSIER_CANONICAL["status"], prepared.status, None)]
    for attribute in wire.FoundDossier.__struct_fields__:
        theirs = getattr(found, attribute)
        if theirs is UNSET:
            continue
        ours = getattr(prepared, attribute)
        if not _same(theirs, ours, is_list=attribute in _LISTS):
            differing.append((wire.DOSSIER_CANONICAL[attribute], ours, theirs))
    return differing


def shown(value: Any) -> str:
    """Write a value of the wire as text, for a person who compares."""
    return msgspec.json.encode(value).decode() if isinstance(value, list) else text_of(value)


_LINK_END = re.compile(r"\?expires=[0-9]{1,12}&signature=[A-Za-z0-9_-]{32}$", re.ASCII)
_LISTS = frozenset({"identifiers", "databases", "documents", "fees", "other_attachments", "supplements", "results"})


def _same(theirs: Any, ours: Any, *, is_list: bool) -> bool:
    if not is_list:
        return _plain(theirs) == _plain(ours)
    their_items: list[msgspec.Struct] = theirs or []
    our_items: list[msgspec.Struct] = ours or []
    if len(their_items) != len(our_items):
        return False
    if not their_items:
        return True
    stated = _stated_by_all(their_items)
    return Counter(_shape(item, stated) for item in their_items) == Counter(_shape(item, stated) for item in our_items)


def _stated_by_all(items: Iterable[msgspec.Struct]) -> tuple[str, ...]:
    names: set[str] | None = None
    for item in items:
        stated = {name for name in item.__struct_fields__ if getattr(item, name) is not UNSET}
        names = stated if names is None else names & stated
    return tuple(sorted(names or ()))


def _shape(item: msgspec.Struct, names: tuple[str, ...]) -> Hashable:
    """Give the compared part of a list item; a list inside it counts by its length alone."""
    return tuple(
        len(value) if isinstance(value, list) else _plain(value) for value in (getattr(item, name) for name in names)
    )


def _plain(value: Any) -> str:
    # Letters may come back decomposed, and a store may cut the space at the ends; neither is another value. A signed
    # link that was made on another day names the same file.
    return _LINK_END.sub("", normalize("NFC", text_of(value)).strip())
