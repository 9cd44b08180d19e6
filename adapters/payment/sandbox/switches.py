"""Faults of payment by switch: which are armed, whom they strike, how often (payment notes §12.2).

A switch bears the id of its fault in its name, such as `F07_wrong_amount`. It can be narrowed to one provider, one
reference, one dossier or amounts with an ending, to the next N times, and to a share of the cases.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from adapters.sandboxing.switchboard import Draws

Variants = tuple[str, ...]


class SwitchError(ValueError):
    """A switch that does not exist or cannot be set so; the message names what is wrong."""


class Switch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One armed fault. What is None narrows nothing; `calls` None means until it is removed."""

    name: str
    provider: str | None = None
    reference: str | None = None
    order: str | None = None
    amount_suffix: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,12}$")] | None = None
    calls: Annotated[int, msgspec.Meta(ge=1)] | None = None
    rate: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    variant: str = ""
    """Which form of the fault; "" means the first."""
    operation: str | None = None
    """For faults of several operations: which one."""
    delay_seconds: Annotated[float, msgspec.Meta(ge=0, le=1e8)] = 1.0
    copies: Annotated[int, msgspec.Meta(ge=1, le=100)] = 2

    def is_meant(self, provider: str, operation: str, reference: str, order: str, amount_vnd: int | None) -> bool:
        """Tell whether the switch is about this case."""
        if self.amount_suffix is not None and not str(amount_vnd or "").endswith(self.amount_suffix):
            return False
        pairs = (
            (self.provider, provider),
            (self.operation, operation),
            (self.reference, reference),
            (self.order, order),
        )
        return all(wanted is None or wanted == actual for wanted, actual in pairs)


class Switches:
    """The armed faults of all providers. Each provider declares what it can do by `support`."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self._known: dict[str, Variants] = {}
        self._armed: dict[int, tuple[Switch, int | None]] = {}
        self._last = 0
        self.struck: Counter[str] = Counter()

    @property
    def known(self) -> Mapping[str, Variants]:
        """The names that can be armed, with their variants."""
        return self._known

    def support(self, names: Mapping[str, Variants]) -> None:
        """Allow switches; a name that several providers have allows the variants of all of them."""
        for name, variants in names.items():
            self._known[name] = tuple(dict.fromkeys((*self._known.get(name, ()), *variants)))

    def add(self, name: str, **values: Any) -> int:
        """Arm a switch by its name or its id alone ("F07"); give its number. Raises SwitchError."""
        found = [known for known in self._known if name in (known, known.partition("_")[0])]
        if len(found) != 1:
            raise SwitchError(f"name: must be one of {', '.join(sorted(self._known))}")
        try:
            switch = msgspec.convert({**values, "name": found[0]}, Switch)
        except msgspec.ValidationError as error:
            raise SwitchError(str(error)) from None
        variants = self._known[switch.name]
        if switch.variant and switch.variant not in variants:
            raise SwitchError(f"variant: {switch.name} allows {', '.join(variants) or 'none'}")
        self._last += 1
        self._armed[self._last] = (switch, switch.calls)
        return self._last

    def remove(self, number: int) -> bool:
        """Disarm one; False when it is not armed (any more)."""
        return self._armed.pop(number, None) is not None

    def clear(self) -> None:
        """Disarm everything and count anew."""
        self._armed.clear()
        self.struck.clear()

    def armed(self) -> list[dict[str, Any]]:
        """List what is armed, with what is left of it."""
        return [
            {"id": number, "left_calls": left, **msgspec.to_builtins(switch)}
            for number, (switch, left) in self._armed.items()
        ]

    def take(
        self,
        names: str | Sequence[str],
        *,
        provider: str,
        operation: str = "",
        reference: str = "",
        order: str = "",
        amount_vnd: int | None = None,
    ) -> Switch | None:
        """Give the first armed switch of these names that strikes this case, used up by one; else None.

        The switch that is given has its variant filled in.
        """
        wanted = (names,) if isinstance(names, str) else names
        for number, (switch, left) in list(self._armed.items()):
            if switch.name not in wanted or not switch.is_meant(provider, operation, reference, order, amount_vnd):
                continue
            if switch.rate < 1.0 and self._draws.random() >= switch.rate:
                continue
            if left is not None:
                if left == 1:
                    del self._armed[number]
                else:
                    self._armed[number] = (switch, left - 1)
            self.struck[switch.name] += 1
            variants = self._known[switch.name]
            return msgspec.structs.replace(switch, variant=switch.variant or (variants[0] if variants else ""))
        return None
