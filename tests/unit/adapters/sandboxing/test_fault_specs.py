"""Faults are described in a closed vocabulary, and a description that cannot be meant is refused."""

from typing import Any

import pytest

from adapters.sandboxing import FaultKind, FaultSpec, FaultSpecError, parse_fault_spec
from adapters.sandboxing.faults import GROUP_OF, VARIANTS


def test_every_kind_has_a_group() -> None:
    """A kind without a moment would never strike, so none may lack one."""
    assert set(FaultKind) == set(GROUP_OF)


def test_a_spec_survives_json() -> None:
    """What `as_dict` gives can be read back."""
    spec = FaultSpec(kind=FaultKind.RATE_LIMITED, calls=3, operation="login", variant="http_date")
    assert spec == parse_fault_spec(spec.as_dict())


def test_an_empty_variant_means_the_first() -> None:
    """The usual form of a fault needs no variant."""
    for kind, variants in VARIANTS.items():
        assert variants[0] == FaultSpec(kind=kind).effective_variant


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ([], "fault"),
        ({}, "kind"),
        ({"kind": "explode"}, "kind"),
        ({"kind": "maintenance", "colour": "red"}, "colour"),
        ({"kind": "maintenance", "calls": 0}, "calls"),
        ({"kind": "maintenance", "calls": True}, "calls"),
        ({"kind": "maintenance", "calls": "3"}, "calls"),
        ({"kind": "maintenance", "skip": -1}, "skip"),
        ({"kind": "maintenance", "probability": 0}, "probability"),
        ({"kind": "maintenance", "probability": 1.1}, "probability"),
        ({"kind": "maintenance", "lasts_seconds": 0}, "lasts_seconds"),
        ({"kind": "stall_after_work", "delay_seconds": -1}, "delay_seconds"),
        ({"kind": "server_error", "http_status": 404}, "http_status"),
        ({"kind": "oversized_body", "size_bytes": -1}, "size_bytes"),
        ({"kind": "rate_limited", "retry_after_seconds": -1}, "retry_after_seconds"),
        ({"kind": "rate_limited", "variant": "garbage"}, "variant"),
        ({"kind": "maintenance", "variant": "seconds"}, "variant"),
        ({"kind": "maintenance", "after_work": 1}, "after_work"),
    ],
)
def test_a_spec_that_cannot_be_meant_is_refused_by_name(data: Any, named: str) -> None:
    """The refusal names the field, so that the sender can mend it."""
    with pytest.raises(FaultSpecError, match=named):
        parse_fault_spec(data)
