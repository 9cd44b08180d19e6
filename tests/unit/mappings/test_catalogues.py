"""Shared catalogues: whole, each code with its system, unverified ones marked; and nothing is loaded early."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from mappings.codes.catalogues import SharedCatalogue, load_catalogue, read_catalogue
from mappings.codes.csv_files import shipped_file


@pytest.mark.parametrize(
    ("catalogue", "count", "systems"),
    [
        (SharedCatalogue.ETHNIC_GROUPS, 56, {"ethnic-groups-1979"}),
        (SharedCatalogue.RELIGIONS, 15, {"religions-seen-once"}),
        (SharedCatalogue.GENDERS, 8, {"qcvn-109", "criminal-record", "health-insurance"}),
        (SharedCatalogue.IDENTITY_DOCUMENT_TYPES, 4, {"criminal-record"}),
        (SharedCatalogue.SECTOR_STATUSES, 8, {"civil-status", "criminal-record"}),
    ],
)
def test_catalogues_are_whole(catalogue: SharedCatalogue, count: int, systems: set[str]) -> None:
    """Every entry has a system, a code and a name, and only religions are unverified."""
    entries = load_catalogue(catalogue)

    assert count == len(entries)
    assert systems == {entry.system for entry in entries}
    assert all(entry.code and entry.name for entry in entries)
    assert {catalogue is not SharedCatalogue.RELIGIONS} == {entry.is_verified for entry in entries}


def test_a_code_means_nothing_without_its_system() -> None:
    """Code 0 is nobody's sex in one system and female in another."""
    zero = {entry.system: entry.name for entry in load_catalogue(SharedCatalogue.GENDERS) if entry.code == "0"}

    assert {"qcvn-109": "no information", "criminal-record": "female"} == zero


def test_a_damaged_catalogue_is_refused() -> None:
    """A code that stands twice would have two meanings."""
    with pytest.raises(ConfigurationError, match="row 3: stands twice"):
        read_catalogue(SharedCatalogue.RELIGIONS, lambda name: shipped_file(name).replace(b"\n01,", b"\n00,", 1))


def test_nothing_is_read_before_it_is_asked_for() -> None:
    """Importing the modules opens no table."""
    program = (
        "import mappings.codes.directory, mappings.codes.grammars, mappings.codes.text\n"
        "from mappings.codes.agencies import load_agencies\n"
        "from mappings.codes.catalogues import load_catalogue\n"
        "from mappings.codes.unit_tables import load_unit_tables\n"
        "print([load.cache_info().misses for load in (load_agencies, load_catalogue, load_unit_tables)])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    assert (0, "[0, 0, 0]\n", "") == (done.returncode, done.stdout, done.stderr)
