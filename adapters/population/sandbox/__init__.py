"""The national population database, simulated from the wire specification alone; knows nothing of the adapter."""

from adapters.population.sandbox.admission import Edge
from adapters.population.sandbox.hostile import HOSTILE_REPLIES
from adapters.population.sandbox.person import Person
from adapters.population.sandbox.profile import (
    GatewayErrors,
    NameMatching,
    PopulationProfile,
    PrefixStyle,
    ProfileError,
    ReplyForm,
    TimeUnit,
    TreeForm,
    WrapperFaults,
)
from adapters.population.sandbox.sandbox import POPULATION_KINDS, PopulationSandbox
from adapters.population.sandbox.seeds import SEEDS

__all__ = [
    "HOSTILE_REPLIES",
    "POPULATION_KINDS",
    "SEEDS",
    "Edge",
    "GatewayErrors",
    "NameMatching",
    "Person",
    "PopulationProfile",
    "PopulationSandbox",
    "PrefixStyle",
    "ProfileError",
    "ReplyForm",
    "TimeUnit",
    "TreeForm",
    "WrapperFaults",
]
