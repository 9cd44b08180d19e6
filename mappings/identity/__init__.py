"""Claims of the national identity providers, read strictly and made canonical. Pure."""

from mappings.identity.claims import (
    DEFAULT_KEPT,
    P1_NAMES,
    P3_NAMES,
    ClaimNames,
    ClaimRules,
    ReadClaims,
    read_claims,
)

__all__ = [
    "DEFAULT_KEPT",
    "P1_NAMES",
    "P3_NAMES",
    "ClaimNames",
    "ClaimRules",
    "ReadClaims",
    "read_claims",
]
