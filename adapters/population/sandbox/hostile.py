"""Every hostile reply by its name; the names are the variants of the fault `hostile_reply`."""

from collections.abc import Mapping
from types import MappingProxyType

from adapters.population.sandbox.hostile_contents import HOSTILE_CONTENTS
from adapters.population.sandbox.hostile_documents import HOSTILE_DOCUMENTS
from adapters.population.sandbox.hostile_errors import HOSTILE_ERRORS
from adapters.population.sandbox.scene import Lie, Scene

HOSTILE_REPLIES: Mapping[str, Lie] = MappingProxyType({**HOSTILE_DOCUMENTS, **HOSTILE_CONTENTS, **HOSTILE_ERRORS})

__all__ = ["HOSTILE_REPLIES", "Scene"]
