"""The shipped tables behind the port that the core asks."""

from datetime import date

from gateway.ports.codes import AgencyResolution, UnitLevel, UnitResolution
from mappings.codes.agencies import Agencies, load_agencies, propose_other_form, read_agency_id
from mappings.codes.units import Units, load_units


class ShippedCodes:
    """Implements CodeDirectory with tables in memory."""

    def __init__(self, units: Units, agencies: Agencies) -> None:
        self._units = units
        self._agencies = agencies

    def resolve_unit(
        self, code: str, on: date, *, to: date | None = None, level: UnitLevel | None = None
    ) -> UnitResolution:
        return self._units.resolve(code, on, to=to, level=level)

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


def load_code_directory() -> ShippedCodes:
    """Read and check the shipped tables. Raises ConfigurationError when they are damaged."""
    return ShippedCodes(load_units(), load_agencies())
