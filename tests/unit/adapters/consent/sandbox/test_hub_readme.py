"""The README names every setting, fault, route, person and spelling, so that it cannot fall behind unnoticed."""

from pathlib import Path

from adapters.consent.sandbox import HUB_KINDS, PEOPLE, ConsentSandbox, HubProfile
from adapters.consent.sandbox import __file__ as package_file
from adapters.consent.sandbox.control import actions
from adapters.consent.sandbox.profile import FIXED_SETTINGS, AnswerForm, SignatureForm

README = Path(package_file).with_name("README.md").read_text(encoding="utf-8")


def test_everything_that_can_be_set_or_asked_is_described() -> None:
    """A new setting, fault kind, person or control route must be added to the document."""
    named = [f"`{name}`" for name in (*HubProfile.__struct_fields__, *HUB_KINDS, *PEOPLE)]
    named += [f"`{form}`" for form in (*AnswerForm, *SignatureForm)]
    named += [f"`{method} {path}" for method, path in actions(ConsentSandbox())]
    assert [] == [name for name in named if name not in README]


def test_fixed_settings_exist_and_are_marked() -> None:
    """They are settings, and the document says that they cannot change later."""
    assert set(HubProfile.__struct_fields__) >= FIXED_SETTINGS
    assert [] == [name for name in FIXED_SETTINGS if f"`{name}` •" not in README]
