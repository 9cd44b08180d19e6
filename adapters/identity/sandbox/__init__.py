"""The simulated national sign-on, written from the electronic identity notes alone; nothing of the adapter is used."""

from adapters.identity.sandbox.attacks import Attack, Row, Stage
from adapters.identity.sandbox.people import PEOPLE, Person
from adapters.identity.sandbox.profile import Client, IdentityProfile, Mode, ProfileError, parse_profile
from adapters.identity.sandbox.rows import ROWS, cases
from adapters.identity.sandbox.sandbox import IdentitySandbox, serve
from adapters.identity.sandbox.signing import KeyRing, SigningKey

__all__ = [
    "PEOPLE",
    "ROWS",
    "Attack",
    "Client",
    "IdentityProfile",
    "IdentitySandbox",
    "KeyRing",
    "Mode",
    "Person",
    "ProfileError",
    "Row",
    "SigningKey",
    "Stage",
    "cases",
    "parse_profile",
    "serve",
]
