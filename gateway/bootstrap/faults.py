"""Sections are opened one after the other, and what is wrong with any of them is told at once."""

from collections.abc import Callable
from typing import TypeVar

from gateway.errors import ConfigurationError, Fault

OpenedT = TypeVar("OpenedT")
OtherT = TypeVar("OtherT")


class FaultList:
    """Collects what openings find wrong."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def opened(self, open_one: Callable[[], OpenedT], otherwise: OtherT) -> OpenedT | OtherT:
        """Give what is opened, or, where that is refused, `otherwise` for the time until everything was looked at."""
        try:
            return open_one()
        except ConfigurationError as error:
            self._faults += error.faults
            return otherwise

    def check(self) -> None:
        """Raise ConfigurationError listing every fault, each once."""
        if self._faults:
            raise ConfigurationError(list(dict.fromkeys(self._faults)))
