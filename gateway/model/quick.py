"""Values that are made anew at every call, dozens at a time, many calls a second."""

from msgspec import Struct


class Quick(Struct, frozen=True, kw_only=True, gc=False):
    """A frozen value that is made in a tenth of the time that a frozen dataclass takes.

    Each class says `frozen` and `kw_only` itself, for type checkers and since the latter is not handed down.
    Its repr shows nothing of it: most hold personal data. For values that hold nothing which could lead back to
    themselves: the garbage collector does not look at them.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"
