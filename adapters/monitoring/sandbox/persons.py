"""Whether anything of a person stands in what is handed out. Pure.

Every invented personal number of this project has twelve digits and begins with 999; no aggregate has a use for one.
What is found is never repeated. Source: monitoring notes §4.5.
"""

import re
from collections.abc import Iterable

_INVENTED_NUMBER = r"999\d{9}"
_EDGE = r"[0-9A-Za-z_\-]"
"""Beside one of these a run of digits is part of a digest, a signature or a code."""


class PersonalData:
    """Looks for samples, and for invented personal numbers, in bodies."""

    def __init__(self, samples: Iterable[str] = ()) -> None:
        words = "|".join([_INVENTED_NUMBER, *(re.escape(sample) for sample in sorted(set(samples)) if sample)])
        self._pattern = re.compile(f"(?<!{_EDGE})(?:{words})(?!{_EDGE})")

    def is_in(self, body: bytes) -> bool:
        """Tell whether a body holds any of them."""
        return self._pattern.search(body.decode("utf-8", "replace")) is not None
