"""A caller gets the picture that it likes best, and hears when it takes none."""

import pytest

from gateway.api.payment_pictures import PNG, SVG, liked_best


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ([], PNG),
        (["*/*"], PNG),
        (["image/*"], PNG),
        (["image/svg+xml"], SVG),
        (["IMAGE/SVG+XML"], SVG),
        (["image/png;q=0.5, image/svg+xml"], SVG),
        (["image/png;q=0.5", "image/svg+xml"], SVG),
        (["image/svg+xml, */*;q=0.1"], SVG),
        (["image/png;q=0, */*"], SVG),
        (["text/html, image/avif, image/svg+xml;q=0.9, image/png;q=0.9"], PNG),
        (["image/svg+xml; q=1.000"], SVG),
        (["application/json"], None),
        (["image/png;q=0, image/svg+xml;q=0.0"], None),
        (["image/png;q=nan, image/svg+xml;q=-1"], None),
        (["image/png;q=1e3, image/svg+xml;q=0.2"], SVG),
        (["image/png;q=., image/svg+xml;q=0.2"], SVG),
        ([" , ,"], PNG),
    ],
)
def test_the_best_liked_is_given(accept: list[str], expected: str | None) -> None:
    """By weight, the more specific range first; equals in the order that is offered. RFC 9110 §12.5.1."""
    assert expected == liked_best(accept, (PNG, SVG))


def test_nothing_offered_is_nothing_liked() -> None:
    assert liked_best([], ()) is None
