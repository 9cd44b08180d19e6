"""What the settings of simulated providers have in common: how they are read, changed and paced."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Protocol, Self, TypeVar

import msgspec

from adapters.payment.sandbox.messages import RETRY_SECONDS, RETRY_STOP_SECONDS, Pace

Span = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,50}$")]
Secret = Annotated[str, msgspec.Meta(min_length=1)]
Names = Annotated[dict[str, str], msgspec.Meta(min_length=1)]
"""What the payer chooses from, by code."""


class ProfileError(ValueError):
    """A setting does not exist or cannot have that value; the message names it."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one provider."""

    fixed: ClassVar[frozenset[str]] = frozenset()
    """Settings that are read when the sandbox starts, and never again."""

    @classmethod
    def parse(cls, values: object) -> Self:
        """Read settings from plain values; what is not named keeps its default. Raises ProfileError."""
        try:
            profile = msgspec.convert(values, cls)
        except msgspec.ValidationError as error:
            raise ProfileError(str(error)) from None
        for name, codes in profile.codes().items():
            if len(set(codes)) < len(codes):
                raise ProfileError(f"{name}: two have the same code")
        return profile

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Give the settings with these put in the place of theirs. Raises ProfileError, also where a change would leave
        payments that are under way without their partner."""
        fixed = sorted(self.fixed & set(changes))
        if fixed:
            raise ProfileError(f"{', '.join(fixed)}: fixed when the sandbox starts")
        profile = self.parse({**msgspec.to_builtins(self), **changes})
        for name, codes in self.codes().items():
            if not set(codes) <= set(profile.codes()[name]):
                raise ProfileError(f"{name}: none can be taken away")
        return profile

    def codes(self) -> Mapping[str, list[str]]:
        """Give, by a name to be shown, the codes that must differ from each other and stay."""
        return {}


class NotifyingProfile(Profile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a provider that tells results."""

    page_seconds: Span = 900.0
    retry_seconds: Annotated[tuple[Span, ...], msgspec.Meta(min_length=1)] = RETRY_SECONDS
    """Waits between repeats until one is taken; the last one repeats (U15)."""
    retry_stop_seconds: Span = RETRY_STOP_SECONDS
    notify_timeout_seconds: Span = 10.0
    time_scale: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    """Compresses the waits between repeats and their end."""

    def pace(self) -> Pace:
        """Give the pace of repeats."""
        return Pace(
            retry_seconds=[seconds * self.time_scale for seconds in self.retry_seconds],
            retry_stop_seconds=self.retry_stop_seconds * self.time_scale,
            timeout_seconds=self.notify_timeout_seconds,
        )


class Coded(Protocol):
    """What has a code."""

    @property
    def code(self) -> str: ...


NamedT = TypeVar("NamedT", bound=Coded)


def with_code(those: Iterable[NamedT], code: object) -> NamedT | None:
    """Give the one that has a code; None when there is none."""
    return next((each for each in those if each.code == code), None)
