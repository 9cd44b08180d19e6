"""The shipped tables behind the port that the core asks."""

import tomllib
from datetime import date
from pathlib import Path

from gateway.errors import ConfigurationError, Fault
from gateway.ports.codes import AgencyResolution, UnitLevel, UnitResolution
from mappings.codes.agencies import Agencies, load_agencies, propose_other_form, read_agency_id
from mappings.codes.split_rules import SplitRules, read_split_rules
from mappings.codes.units import Units, load_units


class ShippedCodes:
    """Implements CodeDirectory with tables in memory."""

    def __init__(self, units: Units, agencies: Agencies, rules: SplitRules) -> None:
        self._units = units
        self._agencies = agencies
        self._rules = rules

    def resolve_unit(
        self, code: str, on: date, *, to: date | None = None, level: UnitLevel | None = None, place: str = ""
    ) -> UnitResolution:
        return self._units.resolve(code, on, to=to, level=level, place=place, rules=self._rules)

    def resolve_agency(self, code: str, on: date) -> AgencyResolution:
        agency = read_agency_id(code).require()
        entry = self._agencies.find(agency.level1)
        return AgencyResolution(
            code=code,
            on=on,
            form=agency.form,
            level1_code=agency.level1 or None,
            unit_groups=agency.groups,
            level1_name=None if entry is None else entry.name_on(on),
            standing=self._agencies.standing(agency, on),
            valid_from=None if entry is None else entry.valid_from,
            valid_to=None if entry is None else entry.valid_to,
            evidence=None if entry is None else entry.evidence,
            successor=self._agencies.successor(code, on),
            proposed_other_form=propose_other_form(agency),
        )


def load_code_directory(split_rules: Path | None = None) -> ShippedCodes:
    """Read and check the shipped tables, and the province's own rules for splits.

    Raises ConfigurationError when tables are damaged or rules cannot be used.
    """
    units = load_units()
    if split_rules is None:
        return ShippedCodes(units, load_agencies(), SplitRules())
    try:
        document = tomllib.loads(split_rules.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError([Fault("codes.split_rules_file", "must be a readable TOML file")]) from error
    return ShippedCodes(units, load_agencies(), read_split_rules(document, units.tables))
