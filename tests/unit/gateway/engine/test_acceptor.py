"""The acceptor: company never harms, every caller gets its own answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from gateway.engine.acceptor import Acceptor, Change, Receipt
from gateway.errors import GatewayError, StoreUnavailable
from gateway.model.dossier import AgencyRef, Channel, Dossier, ProgressStep
from gateway.model.party import Party
from gateway.model.status import DossierStatus
from gateway.model.subtrees import is_within
from gateway.ports.store import AcceptedBatch, ConcurrentCreation, Loaded
from gateway.sync.acceptance import Outcome
from gateway.vault.keyring import FileKeyRing

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class FakeStore:
    """Keeps what was written; refuses batches that hold a poisoned code, and fails as often as it is told to."""

    def __init__(self, *, poisoned: str = "", failures: Sequence[Exception] = ()) -> None:
        self.batches: list[AcceptedBatch] = []
        self._poisoned = poisoned
        self._failures = list(failures)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["FakeStore"]:
        await asyncio.sleep(0)
        yield self

    async def load(self, codes: Sequence[str], keys: Sequence[tuple[str, str]], fresh_ids_count: int) -> Loaded:
        return Loaded({}, {}, list(range(1, fresh_ids_count + 1)))

    async def documents(self, dossier_ids: Sequence[int]) -> dict[int, tuple[int, bytes]]:
        raise AssertionError("no dossier here was filed on a portal")

    async def write(self, batch: AcceptedBatch, now: datetime) -> None:
        if self._failures:
            raise self._failures.pop(0)
        if any(row[1] == self._poisoned for row in batch.created):
            raise ValueError("the database does not like a value")
        self.batches.append(batch)


def change(code: str, *, agency: str = "H99.01", key: str | None = None, digest: bytes = b"r") -> Change:
    place = AgencyRef(code=agency, name="Sở Thử nghiệm")
    dossier = Dossier(
        procedure_code="1.999001",
        receiving_agency=place,
        handling_agency=place,
        status=DossierStatus.RECEIVED,
        channel=Channel.ONLINE,
        applicant=Party(name="Nguyễn Thị Mẫu"),
        summary="Đề nghị",
        submitted_at=NOW,
    )
    return Change(
        client_id="c",
        agency_prefixes=("H99",),
        code=code,
        body=dossier,
        request_digest=digest,
        idempotency_key=key,
    )


def step(code: str) -> Change:
    body = ProgressStep(officer_name="Cán bộ Một", status=DossierStatus.PROCESSING, occurred_at=NOW)
    return Change(client_id="c", agency_prefixes=("H99",), code=code, body=body, request_digest=b"s")


@asynccontextmanager
async def accepting(store: FakeStore, **options: int) -> AsyncIterator[Acceptor]:
    ring = FileKeyRing({"k1": b"1" * 32}, "k1")
    acceptor = Acceptor(store, systems=["portal"], key_ring=ring, clock=FixedClock(), **options)
    acceptor.start()
    try:
        yield acceptor
    finally:
        await acceptor.close()


async def test_concurrent_changes_share_a_commit() -> None:
    """Fifty changes at once need far fewer transactions than fifty, and each gets its own receipt."""
    store = FakeStore()
    async with accepting(store, writers_count=1) as acceptor:
        receipts = await asyncio.gather(*(acceptor.submit(change(f"H99.01-{n:03}")) for n in range(50)))

    assert [f"H99.01-{n:03}" for n in range(50)] == [receipt.code for receipt in receipts]
    assert {Outcome.CREATED} == {receipt.outcome for receipt in receipts}
    assert len(store.batches) <= 3
    assert 50 == sum(len(batch.created) for batch in store.batches)


async def test_a_row_that_cannot_be_stored_harms_nobody_else() -> None:
    """The batch is halved until the culprit stands alone; its caller alone hears of it, without the value."""
    store = FakeStore(poisoned="H99.01-013")
    async with accepting(store, writers_count=1) as acceptor:
        codes = [f"H99.01-{n:03}" for n in range(20)]
        results = await asyncio.gather(*(acceptor.submit(change(code)) for code in codes), return_exceptions=True)

    failed = [code for code, result in zip(codes, results, strict=True) if isinstance(result, BaseException)]
    assert ["H99.01-013"] == failed
    assert "does not like" not in str(results[13])
    assert 19 == sum(len(batch.created) for batch in store.batches)


async def test_later_changes_of_a_batch_see_the_earlier_ones() -> None:
    """A creation, a repeat of it and a step for it, taken together, are judged in their order."""
    store = FakeStore()
    async with accepting(store) as acceptor:
        results = await acceptor.submit_many(
            [change("H99.01-1"), change("H99.01-1"), step("H99.01-1"), step("H99.01-2")]
        )

    outcomes = [result.outcome for result in results if isinstance(result, Receipt)]
    assert [Outcome.CREATED, Outcome.UNCHANGED, Outcome.PROGRESSED, Outcome.NOT_FOUND] == outcomes
    (batch,) = store.batches
    assert [(1, 1), (1, 2)] == [(row[0], row[1]) for row in batch.revisions]
    assert [("portal", 1)] == batch.lanes
    (created,) = batch.created
    assert ("processing", 2) == (created[7], created[15])


async def test_a_key_replays_and_conflicts_within_one_batch() -> None:
    """The same key with the same request gives the same receipt; with another request it is refused."""
    store = FakeStore()
    async with accepting(store) as acceptor:
        results = await acceptor.submit_many(
            [change("H99.01-1", key="k"), change("H99.01-1", key="k"), change("H99.01-1", key="k", digest=b"other")]
        )

    first, second, third = (result for result in results if isinstance(result, Receipt))
    assert (Outcome.CREATED, Outcome.CREATED, Outcome.KEY_REUSED) == (first.outcome, second.outcome, third.outcome)
    assert (False, True) == (first.is_replayed, second.is_replayed)
    assert 1 == len(store.batches[0].records)


async def test_a_lost_race_is_judged_anew() -> None:
    """When another process created the dossier meanwhile, the batch is judged again on what is there now."""
    store = FakeStore(failures=[ConcurrentCreation(), ConcurrentCreation()])
    async with accepting(store) as acceptor:
        receipt = await acceptor.submit(change("H99.01-1"))

    assert Outcome.CREATED == receipt.outcome


async def test_an_unreachable_database_accepts_nothing() -> None:
    """All callers of the batch hear that nothing is known to be stored; the next change is tried again."""
    store = FakeStore(failures=[StoreUnavailable("gone")])
    async with accepting(store, writers_count=1) as acceptor:
        with pytest.raises(StoreUnavailable):
            await acceptor.submit(change("H99.01-1"))
        assert Outcome.CREATED == (await acceptor.submit(change("H99.01-1"))).outcome


async def test_a_caller_that_goes_away_does_not_stop_its_change() -> None:
    """Once taken, a change is stored whether or not anybody waits for the receipt."""
    store = FakeStore()
    async with accepting(store) as acceptor:
        waiting = asyncio.create_task(acceptor.submit(change("H99.01-1")))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    assert 1 == sum(len(batch.created) for batch in store.batches)


async def test_a_closed_acceptor_refuses() -> None:
    """After the stop began nothing new is taken."""
    store = FakeStore()
    async with accepting(store) as acceptor:
        await acceptor.close()
        with pytest.raises(StoreUnavailable):
            await acceptor.submit(change("H99.01-1"))
        assert [] == store.batches


async def test_foreign_agencies_are_refused() -> None:
    """A caller may neither create in, nor move a dossier to, a subtree that is not its own."""
    store = FakeStore()
    async with accepting(store) as acceptor:
        results = await acceptor.submit_many([change("H98.01-1", agency="H98.01"), change("H99.01-1")])

    outcomes = [result.outcome for result in results if not isinstance(result, GatewayError)]
    assert [Outcome.OTHER_AGENCY, Outcome.CREATED] == outcomes


@pytest.mark.parametrize(
    ("agency", "prefixes", "expected"),
    [
        ("H99", ("H99",), True),
        ("H99.01", ("H99",), True),
        ("H991", ("H99",), False),
        ("H99", ("H99.01",), False),
        ("H98.01", ("*",), True),
        ("H98.01", (), False),
    ],
)
def test_a_subtree_is_a_code_and_what_lies_below(agency: str, prefixes: tuple[str, ...], expected: bool) -> None:
    """Groups of a code are separated by full stops; a longer number is another agency."""
    assert expected == is_within(agency, prefixes)
