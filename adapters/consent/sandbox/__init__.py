"""The share-consent hub, simulated from the electronic identity notes alone; knows nothing of the adapter beside it."""

from adapters.consent.sandbox.people import PEOPLE, Person
from adapters.consent.sandbox.profile import HubProfile, ProfileError, Spelling
from adapters.consent.sandbox.sandbox import HUB_KINDS, ConsentSandbox

__all__ = [
    "HUB_KINDS",
    "PEOPLE",
    "ConsentSandbox",
    "HubProfile",
    "Person",
    "ProfileError",
    "Spelling",
]
