"""The definitions of the indicators, read from their catalogue: what each is called, divides by and serves."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.errors import ConfigurationError, Fault
from gateway.indicators.formulas import Unit

_Text = Annotated[str, Field(min_length=1, max_length=400)]
ModelT = TypeVar("ModelT", bound=BaseModel)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Law(_Entry):
    document: _Text
    valid_from: date
    valid_to: date | None = None


class _Serves(_Entry):
    law: _Text
    clause: str = ""


class _Indicator(_Entry):
    code: Annotated[str, Field(pattern=r"^[A-Z][0-9][A-Za-z_]{0,10}$")]
    name_vi: _Text
    name_en: _Text
    formula_vi: _Text
    formula_en: _Text
    denominator: str = ""
    denominators: dict[str, _Text] = {}
    unit: Unit
    membership: _Text
    serves: tuple[_Serves, ...] = ()
    targets: tuple[str, ...] = ()
    lower_is_better: bool = False
    not_computable_vi: str = ""
    not_computable_en: str = ""

    @model_validator(mode="after")
    def _must_divide_by_something(self) -> "_Indicator":
        if bool(self.denominator) == bool(self.denominators):
            raise ValueError("needs one denominator, or one for each reading")
        if bool(self.not_computable_vi) != bool(self.not_computable_en):
            raise ValueError("says in both languages why it is not computable, or in none")
        return self


class _Catalogue(_Entry):
    version: _Text
    laws: dict[str, _Law]
    indicator: tuple[_Indicator, ...]


@dataclass(frozen=True, slots=True)
class Law:
    """A document that an indicator serves, with the clause, in force from `valid_from` to `valid_to` (None: open)."""

    document: str
    clause: str
    valid_from: date
    valid_to: date | None

    def is_in_force(self, day: date) -> bool:
        """Tell whether it was in force on a day, its last one included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What an indicator is. `denominators` names what it divides by, by reading ("" where there is but one).

    `not_computable` says in Vietnamese and English why no number is given; both are "" otherwise.
    """

    code: str
    name_vi: str
    name_en: str
    formula_vi: str
    formula_en: str
    denominators: Mapping[str, str]
    unit: Unit
    membership: str
    laws: tuple[Law, ...]
    targets: tuple[str, ...]
    lower_is_better: bool
    not_computable: tuple[str, str]

    @property
    def is_computable(self) -> bool:
        """Tell whether facts about dossiers can give it."""
        return not any(self.not_computable)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All definitions of one version, by code, in the order of the file."""

    version: str
    definitions: Mapping[str, Definition]

    def serving(self, document: str, day: date) -> list[Definition]:
        """Give the indicators that serve a document on a day."""
        return [
            one
            for one in self.definitions.values()
            if any(law.document == document and law.is_in_force(day) for law in one.laws)
        ]


def read_catalogue(text: str) -> Catalogue:
    """Read a catalogue from TOML. Raises ConfigurationError with every fault: shape, codes twice, laws unknown."""
    found = read_model(text, "catalogue", _Catalogue)
    faults = [
        Fault(f"catalogue, {one.code}", "names a law that is not listed", serves.law)
        for one in found.indicator
        for serves in one.serves
        if serves.law not in found.laws
    ]
    codes = [one.code for one in found.indicator]
    faults += [Fault(f"catalogue, {code}", "stands twice") for code in sorted({c for c in codes if codes.count(c) > 1})]
    if faults:
        raise ConfigurationError(faults)
    return Catalogue(found.version, {one.code: _definition(one, found.laws) for one in found.indicator})


def read_model(text: str, name: str, model: type[ModelT]) -> ModelT:
    """Read TOML into a model; every fault is named by file and place. Raises ConfigurationError."""
    try:
        return model.model_validate(tomllib.loads(text))
    except RecursionError:
        raise ConfigurationError([Fault(name, "must not be nested so deeply")]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([Fault(name, f"is not TOML: {error}")]) from None
    except ValidationError as error:
        raise ConfigurationError(
            [
                Fault(f"{name}, {'.'.join(str(part) for part in found['loc'])}", found["msg"])
                for found in error.errors(include_url=False, include_input=False)
            ]
        ) from None


def _definition(entry: _Indicator, laws: Mapping[str, _Law]) -> Definition:
    return Definition(
        code=entry.code,
        name_vi=entry.name_vi,
        name_en=entry.name_en,
        formula_vi=entry.formula_vi,
        formula_en=entry.formula_en,
        denominators=entry.denominators or {"": entry.denominator},
        unit=entry.unit,
        membership=entry.membership,
        laws=tuple(
            Law(laws[one.law].document, one.clause, laws[one.law].valid_from, laws[one.law].valid_to)
            for one in entry.serves
        ),
        targets=entry.targets,
        lower_is_better=entry.lower_is_better,
        not_computable=(entry.not_computable_vi, entry.not_computable_en),
    )
