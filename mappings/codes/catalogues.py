"""Shared catalogues as a fallback for those that the national platform offers at run time.

A code means nothing without its system: sex is coded in three ways, and ethnic groups in two. Source and certainty of
each file: data/README.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from mappings.codes.csv_files import Faults, ReadFile, read_table, shipped_file


class SharedCatalogue(StrEnum):
    """The catalogues that are shipped."""

    ETHNIC_GROUPS = "ethnic-groups"
    RELIGIONS = "religions"
    GENDERS = "genders"
    IDENTITY_DOCUMENT_TYPES = "identity-document-types"
    SECTOR_STATUSES = "sector-statuses"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """One code of one system. `aliases` are other spellings, for proposals. Names are Vietnamese where known."""

    system: str
    code: str
    name: str
    name_en: str = ""
    aliases: tuple[str, ...] = ()
    is_verified: bool = True
    """False: seen once, authority unknown. To be shown, never to be sent."""


_S = SharedCatalogue
# File, columns, system where the file has no column for it, and whether the list is verified.
_FILES: Mapping[SharedCatalogue, tuple[str, tuple[str, ...], str, bool]] = MappingProxyType(
    {
        _S.ETHNIC_GROUPS: ("ethnic-groups.csv", ("code", "name", "common_aliases"), "ethnic-groups-1979", True),
        _S.RELIGIONS: ("religions-unverified.csv", ("code", "name"), "religions-seen-once", False),
        _S.GENDERS: ("gender-codes-by-system.csv", ("system", "code", "meaning"), "", True),
        _S.IDENTITY_DOCUMENT_TYPES: (
            "identity-document-types-by-system.csv",
            ("system", "code", "name_vi", "name_en"),
            "",
            True,
        ),
        _S.SECTOR_STATUSES: ("sector-service-status-codes.csv", ("system", "code", "name_vi", "name_en"), "", True),
    }
)


def read_catalogue(catalogue: SharedCatalogue, read: ReadFile = shipped_file) -> tuple[CatalogueEntry, ...]:
    """Read and check one catalogue. Raises ConfigurationError naming file, row and rule."""
    file, columns, system, is_verified = _FILES[catalogue]
    faults = Faults()
    required = [name for name in columns if name != "common_aliases"]
    key = 1 if system else 2
    table = read_table(file, read(file), columns, faults, required=required, key=key)
    faults.raise_if_any()
    entries = []
    for row in table.rows:
        cells = dict(zip(columns, row, strict=True))
        entries.append(
            CatalogueEntry(
                system=cells.get("system", system),
                code=cells["code"],
                name=cells.get("name") or cells.get("name_vi") or cells["meaning"],
                name_en=cells.get("name_en", cells.get("meaning", "")),
                aliases=tuple(filter(None, cells.get("common_aliases", "").split(";"))),
                is_verified=is_verified,
            )
        )
    return tuple(entries)


@cache
def load_catalogue(catalogue: SharedCatalogue) -> tuple[CatalogueEntry, ...]:
    """Give a shipped catalogue, read once per process and only when somebody asks."""
    return read_catalogue(catalogue)
