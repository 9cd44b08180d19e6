"""Links are good for one file until one moment, and only when the gateway made them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.dossier import Attachment, ResultDocument, Supplement
from gateway.sync.file_links import (
    FileLinks,
    FilePlace,
    FileReference,
    LinkPolicy,
    LinkState,
    file_at,
    judge_link,
    link_end,
    read_reference,
    sign,
)
from tests.support.changes import MORNING, dossier

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def digest(content: bytes) -> bytes:
    return blake2b(content, key=b"test", digest_size=32).digest()


def paper(name: str, *, is_deleted: bool = False) -> Attachment:
    return Attachment(name=f"{name}.pdf", url=f"https://files.example/{name}", is_deleted=is_deleted)


FULL = replace(
    dossier(),
    attachments=(paper("a0"), paper("a1", is_deleted=True)),
    results=(ResultDocument(name="r0.pdf", url="https://files.example/r0"),),
    supplements=(
        Supplement(
            supplement_number=1,
            requested_by="Cán bộ Một",
            content="Bổ sung",
            requested_at=MORNING,
            previous_due_at=MORNING,
            attachments=(paper("s0"), paper("s1")),
        ),
    ),
)
LINKS = FileLinks(LinkPolicy("https://gateway.example", 3), digest)

references = st.builds(
    FileReference,
    dossier_id=st.integers(1, 10**17),
    revision=st.integers(1, 10**8),
    place=st.sampled_from([FilePlace.ATTACHMENT, FilePlace.RESULT]),
    index=st.integers(0, 9999),
) | st.builds(
    FileReference,
    dossier_id=st.integers(1, 10**17),
    revision=st.integers(1, 10**8),
    place=st.just(FilePlace.SUPPLEMENT),
    index=st.integers(0, 9999),
    within=st.integers(0, 9999),
)


@given(references)
def test_a_reference_is_read_as_it_was_written(reference: FileReference) -> None:
    """Writing and reading lose nothing."""
    assert reference == read_reference(str(reference))


@pytest.mark.parametrize(
    "text", ["", "1-1-x0", "0-1-a0", "1-0-a0", "1-1-a", "1-1-s0", "1-1-a0\n", "1-1-a0.1", "١-1-a0"]
)
def test_nothing_else_is_a_reference(text: str) -> None:
    """Text that the gateway did not write names no file."""
    assert read_reference(text) is None


@given(references, st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_signature_fits_one_file_and_one_end(reference: FileReference, end: int, other_end: int) -> None:
    """Moving the end or the file makes a link forged, also when its end has passed."""
    signature = sign(str(reference), end, digest)
    moved = str(replace(reference, index=reference.index + 1))
    at_end = datetime.fromtimestamp(end, UTC)
    assert judge_link(str(reference), end, signature, digest=digest, now=at_end) is LinkState.EXPIRED
    assert judge_link(moved, end, signature, digest=digest, now=at_end) is LinkState.FORGED
    if other_end != end:
        assert judge_link(str(reference), other_end, signature, digest=digest, now=at_end) is LinkState.FORGED
    before = datetime.fromtimestamp(end, UTC) - timedelta(seconds=1)
    assert judge_link(str(reference), end, signature, digest=digest, now=before) is LinkState.VALID


def test_every_file_gets_a_link_that_leads_to_it() -> None:
    """All three lists are rewritten, and each link leads back to the file in whose place it stands."""
    written = LINKS.rewritten(FULL, dossier_id=7, revision=3, now=NOW)
    pairs: list[tuple[Attachment | ResultDocument, Attachment | ResultDocument]] = [
        *zip(FULL.attachments, written.attachments, strict=True),
        *zip(FULL.results, written.results, strict=True),
        *zip(FULL.supplements[0].attachments, written.supplements[0].attachments, strict=True),
    ]
    assert len(pairs) == 5
    for original, linked in pairs:
        parts = urlsplit(linked.url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert f"{parts.scheme}://{parts.netloc}" == "https://gateway.example"
        reference = parts.path.removeprefix("/files/")
        state = judge_link(reference, int(query["expires"]), query["signature"], digest=digest, now=NOW)
        assert state is LinkState.VALID
        parsed = read_reference(reference)
        assert parsed is not None
        found = file_at(FULL, parsed)
        is_deleted = isinstance(original, Attachment) and original.is_deleted
        assert found == (None if is_deleted else original)


def test_a_repeat_on_the_same_day_is_the_same_record() -> None:
    """Retries within a Vietnamese day carry the same links; the next day's differ in end and signature only."""
    morning = LINKS.rewritten(FULL, dossier_id=7, revision=3, now=NOW)
    evening = LINKS.rewritten(FULL, dossier_id=7, revision=3, now=NOW + timedelta(hours=7))
    tomorrow = LINKS.rewritten(FULL, dossier_id=7, revision=3, now=NOW + timedelta(hours=9))
    assert morning == evening
    assert morning != tomorrow
    assert morning.results[0].url.partition("?")[0] == tomorrow.results[0].url.partition("?")[0]


def test_a_link_lives_whole_days() -> None:
    """The end is midnight in Vietnam, at least `life_days` full days ahead."""
    end = datetime.fromtimestamp(link_end(NOW, 3), UTC)
    assert datetime(2026, 3, 5, 17, 0, tzinfo=UTC) == end
