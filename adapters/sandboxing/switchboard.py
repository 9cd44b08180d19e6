"""The switchboard: which faults are armed, which call they strike, how often they struck."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from adapters.sandboxing.clocks import SandboxClock
from adapters.sandboxing.faults import SANDBOX_VARIANTS, FaultKind, FaultSpec, FaultSpecError


class Draws(Protocol):
    """Gives the randomness for probabilities; a seeded `random.Random` serves."""

    def random(self) -> float:
        """Give a float in [0, 1)."""
        ...


class _Armed:
    """A spec with what is left of it."""

    __slots__ = ("fault_id", "left_calls", "left_skip", "spec", "struck_count", "until")

    def __init__(self, fault_id: int, spec: FaultSpec, until: float | None) -> None:
        self.fault_id = fault_id
        self.spec = spec
        self.left_calls = spec.calls
        self.left_skip = spec.skip
        self.struck_count = 0
        self.until = until

    def matches(self, operation: str | None, item_codes: Collection[str]) -> bool:
        spec = self.spec
        if spec.operation is not None and spec.operation != operation:
            return False
        if spec.item_prefix is not None and not any(code.startswith(spec.item_prefix) for code in item_codes):
            return False
        return spec.item_code is None or spec.item_code in item_codes


class FaultSwitchboard:
    """Arms faults and hands each to the calls that it is meant for.

    Faults are tried in the order in which they were added; one that is used up disappears. `injected` counts every
    fault that struck, by kind, and is never lowered except by `reset_counts`.
    """

    def __init__(
        self,
        *,
        supported: Iterable[FaultKind],
        draws: Draws,
        clock: SandboxClock,
        variants: Mapping[FaultKind, Collection[str]] | None = None,
    ) -> None:
        self._supported = set(supported)
        self._variants = dict(variants or {})
        """The sandbox's own variants of the kinds in `SANDBOX_VARIANTS`."""
        self._draws = draws
        self._clock = clock
        self._armed: list[_Armed] = []
        self._last_id = 0
        self._listeners: list[Callable[[], None]] = []
        self.injected: Counter[FaultKind] = Counter()

    @property
    def supported(self) -> frozenset[FaultKind]:
        """The kinds that can be armed here."""
        return frozenset(self._supported)

    @property
    def is_idle(self) -> bool:
        """True when nothing is armed; the fast way out for a call in a benchmark."""
        return not self._armed

    def support(self, kinds: Iterable[FaultKind]) -> None:
        """Allow more kinds, for instance when a runner brings spare certificates."""
        self._supported.update(kinds)

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change of what is armed by add, replace, remove or clear."""
        self._listeners.append(listener)

    def add(self, spec: FaultSpec) -> int:
        """Arm a fault and give its id. Raises FaultSpecError when this sandbox cannot do it."""
        fault_id = self._arm(spec)
        self._tell()
        return fault_id

    def replace(self, specs: Sequence[FaultSpec]) -> list[int]:
        """Put `specs` in the place of everything armed. Raises FaultSpecError; then nothing has changed."""
        for spec in specs:
            self._check(spec)
        self._armed.clear()
        ids = [self._arm(spec) for spec in specs]
        self._tell()
        return ids

    def remove(self, fault_id: int) -> bool:
        """Disarm one fault; False when it is not (or no longer) armed."""
        kept = [armed for armed in self._armed if armed.fault_id != fault_id]
        is_found = len(kept) < len(self._armed)
        self._armed = kept
        self._tell()
        return is_found

    def clear(self) -> None:
        """Disarm everything."""
        self._armed.clear()
        self._tell()

    def reset_counts(self) -> None:
        """Start counting anew."""
        self.injected.clear()

    def armed(self) -> list[dict[str, Any]]:
        """List what is armed, oldest first, with what is left of it."""
        self._forget_ended()
        return [
            {
                "id": armed.fault_id,
                "left_calls": armed.left_calls,
                "left_skip": armed.left_skip,
                "struck_count": armed.struck_count,
                **armed.spec.as_dict(),
            }
            for armed in self._armed
        ]

    def take(
        self, kinds: Collection[FaultKind], operation: str | None = None, item_codes: Collection[str] = ()
    ) -> FaultSpec | None:
        """Give the first armed fault of `kinds` that strikes this call, counted and used up by one; else None."""
        if not self._armed:
            return None
        self._forget_ended()
        for armed in self._armed:
            if armed.spec.kind not in kinds or not armed.matches(operation, item_codes):
                continue
            if armed.spec.probability < 1.0 and self._draws.random() >= armed.spec.probability:
                continue
            if armed.left_skip > 0:
                armed.left_skip -= 1
                continue
            self._use(armed)
            return armed.spec
        return None

    def _use(self, armed: _Armed) -> None:
        armed.struck_count += 1
        self.injected[armed.spec.kind] += 1
        if armed.left_calls is not None:
            armed.left_calls -= 1
            if armed.left_calls == 0:
                self._armed.remove(armed)

    def _check(self, spec: FaultSpec) -> None:
        if spec.kind not in self._supported:
            raise FaultSpecError(f"kind: {spec.kind} is not possible here")
        if spec.kind in SANDBOX_VARIANTS and spec.variant not in self._variants.get(spec.kind, ()):
            raise FaultSpecError(f"variant: {spec.kind} has no variant of this name here")

    def _arm(self, spec: FaultSpec) -> int:
        self._check(spec)
        self._last_id += 1
        until = None if spec.lasts_seconds is None else self._clock.monotonic() + spec.lasts_seconds
        self._armed.append(_Armed(self._last_id, spec, until))
        return self._last_id

    def _forget_ended(self) -> None:
        if any(armed.until is not None for armed in self._armed):
            now = self._clock.monotonic()
            self._armed = [armed for armed in self._armed if armed.until is None or now < armed.until]

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
