"""A citizen's request: found by number, given whole, erased as far as it may be, all of it on record."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.clocks import SystemClock
from gateway.engine.acceptor import Change, accept_batch
from gateway.engine.subjects import Requester, Subjects, read_numbers, subject_digests
from gateway.errors import IntegrityFailed, InvalidInput
from gateway.model.dossier import Dossier
from gateway.model.party import Identifier, IdentifierType, Party
from gateway.store.acceptance import PostgresAcceptance
from gateway.store.audit import PostgresAudit
from gateway.store.subjects import PostgresSubjects
from gateway.store.vault import wrapped_columns
from gateway.sync.acceptance import Outcome
from gateway.sync.subjects import RULES, Treatment
from gateway.vault.keyring import FileKeyRing, load_key_ring
from tests.integration.process.test_commands import ROOT, store_of
from tests.support.api import running_api
from tests.support.audit import running_auditor
from tests.support.changes import replacement, step
from tests.support.consents import set_up

NUMBER = "999199000001"
OTHER = "999085000077"
WHO = Requester(officer="cli:test", because="request 12/2026")
NOT_PEOPLE = {
    *("key_ring_digest", "audit_checkpoints", "audit_head", "clients", "subscriptions", "system_states"),
    "dossier_parties_state",
}
"""Tables with secrets or digests of the gateway's own, or of its clients."""


def delegated(code: str, status: str) -> Change:
    """A dossier in which the person is a delegate, and somebody else the applicant."""
    change = replacement(code, status=status)
    assert isinstance(change.body, Dossier)
    other = Party(name="Trần Văn Khác", identifiers=(Identifier(type=IdentifierType.PERSONAL_ID, number=OTHER),))
    return replace(change, body=replace(change.body, applicant=other, delegate=change.body.applicant))


async def accept(pool: Any, ring: FileKeyRing, *changes: Change, systems: tuple[str, ...] = ()) -> list[Outcome]:
    store = PostgresAcceptance(pool)
    receipts = await accept_batch(store, changes, systems=systems, key_ring=ring, clock=SystemClock())
    return [receipt.outcome for receipt in receipts]


class Desk:
    """A desk with an auditor of the test's."""

    def __init__(self, pool: Any, ring: FileKeyRing) -> None:
        self.pool, self.ring, self.store = pool, ring, PostgresSubjects(pool)

    async def call(self, verb: str, *arguments: Any) -> Any:
        async with running_auditor(PostgresAudit(self.pool), self.ring, SystemClock()) as audit:
            subjects = Subjects(self.store, key_ring=self.ring, audit=audit, clock=SystemClock())
            return await getattr(subjects, verb)(*arguments)


async def test_access_and_erasure_of_one_person(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Everything the gateway holds about the person comes out once, and what may go is gone for good."""
    await accept(
        pool,
        key_ring,
        replacement("H99.01-open"),
        replacement("H99.01-over", status="received"),
        step("H99.01-over", minutes=5, status="refused", content="Không đủ giấy tờ"),
        delegated("H99.01-theirs", "refused"),
    )
    await accept(pool, key_ring, replacement("H99.01-owed", status="refused"), systems=("portal",))
    desk = Desk(pool, key_ring)
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        assert "linked" == (await setup.look(asked)).json["standing"]
        await setup.decide()
        await setup.work()
        assert "approved" == (await setup.look(asked)).json["standing"]
        await setup.collect(asked)

        exported = await desk.call("export", [NUMBER], WHO)
        held = exported["held"]
        assert ["H99.01-open", "H99.01-over", "H99.01-theirs", "H99.01-owed"] == [
            one["code"] for one in held["dossiers"]
        ]
        assert [["applicant"], ["delegate"]] == [one["roles"] for one in held["dossiers"][1:3]]
        over, theirs = held["dossiers"][1:3]
        assert ["Nguyễn Thị Mẫu"] == [one["content"]["applicant"]["name"] for one in over["revisions"][:1]]
        assert "Không đủ giấy tờ" == over["revisions"][1]["content"]["content"]
        assert {"withheld": "another person"} == theirs["revisions"][0]["content"]["applicant"]
        assert OTHER not in json.dumps(exported)
        assert ["Nguyễn Thị Thử"] == [one["claims"]["full_name"] for one in held["sign_ins"]]
        assert [1, 1] == [len(held[kind]) for kind in ("sign_in_evidence", "share_consents")]

        _, plan = await desk.call("plan_erasure", [NUMBER], WHO)
        done = await desk.call("erase", [NUMBER], WHO)
        assert (plan.erased, plan.kept) == (done.erased, done.kept)
        assert ["H99.01-over", "H99.01-theirs"] == done.erased
        assert {"H99.01-open": "under_processing", "H99.01-owed": "delivery_open"} == done.kept
        assert (1, 1) == (done.rows["sign_ins"], done.rows["share_consents"])
        assert 0 == await pool.fetchval("SELECT count(*) FROM sign_ins WHERE sealed IS NOT NULL")
        again = await desk.call("erase", [NUMBER], WHO)
        assert ([], {"sign_ins": 0, "share_consents": 0, "technical_ids": 0}) == (again.erased, again.rows)

    gone = await pool.fetch(
        "SELECT wrapped_key, sealed FROM dossiers JOIN dossier_revisions USING (dossier_id) WHERE erased_at IS NOT NULL"
    )
    assert {(b"", b"")} == {tuple(row) for row in gone}
    assert 2 == await pool.fetchval("SELECT count(*) FROM dossier_parties"), "only of what stays"
    assert ["dossier.erased"] * 2 == [
        row["type"] for row in await pool.fetch("SELECT type FROM events WHERE type ~ 'erased'")
    ]
    lines = await pool.fetch(
        "SELECT action, outcome, purpose FROM audit_lines WHERE subject_digest = $1 AND action ~ '^subject' "
        "ORDER BY position",
        subject_digests(key_ring, [NUMBER]).party[0],
    )
    assert [
        *(("subject.export", "exported"), ("subject.find", "found"), ("subject.erase", "asked")),
        *(("subject.erase", "kept_in_part"), ("subject.erase", "asked"), ("subject.erase", "kept_in_part")),
    ] == [(line["action"], line["outcome"]) for line in lines]
    assert {WHO.because} == {line["purpose"] for line in lines}


async def test_what_was_erased_does_not_come_back(pool: Any, key_ring: FileKeyRing) -> None:
    """Stated again, stepped, read: the answer says that it was erased; its code and status are still known."""
    await accept(pool, key_ring, replacement("H99.01-1", status="refused"))
    await Desk(pool, key_ring).call("erase", [NUMBER], WHO)

    assert [Outcome.ERASED, Outcome.ERASED] == await accept(
        pool, key_ring, replacement("H99.01-1", note="again"), step("H99.01-1", minutes=9)
    )
    async with running_api(pool, key_ring) as api:
        read = await api.get("/v1/dossiers/H99.01-1")
        listed = await api.get("/v1/dossiers")
        told = await api.get("/v1/dossiers/H99.01-1/timeline")
    assert (410, "dossier-erased") == (read.status, read.problem)
    assert ["refused"] == [one["status"] for one in listed.json["dossiers"]]
    assert 200 == told.status
    with pytest.raises(IntegrityFailed):
        key_ring.open_record_key(await pool.fetchval("SELECT wrapped_key FROM dossiers"))


async def test_a_number_that_was_corrected_still_leads_to_its_dossier(pool: Any, key_ring: FileKeyRing) -> None:
    """The earlier revision is kept, so whom it named must find it; dashes make no difference."""
    await accept(pool, key_ring, delegated("H99.01-1", "received"))
    await accept(pool, key_ring, replacement("H99.01-1", note="corrected"))
    desk = Desk(pool, key_ring)

    for number, roles in ((OTHER, [[1]]), (NUMBER, [[1, 3]]), ("9991-9900-0001", [[1, 3]]), ("999000000000", [])):
        found = await desk.call("find", [number], WHO)
        assert roles == [list(one.roles) for one in found.dossiers], number


async def test_dossiers_from_before_the_index_are_counted_and_then_found(pool: Any, key_ring: FileKeyRing) -> None:
    """Who looks is told what may be missing; the index is filled once, and broken off it goes on."""
    await accept(pool, key_ring, *(replacement(f"H99.01-{number}", status="refused") for number in range(450)))
    await pool.execute("DELETE FROM dossier_parties; UPDATE dossier_parties_state SET wanted_to = 450, indexed_to = 0")
    desk = Desk(pool, key_ring)
    before = await desk.call("find", [NUMBER], WHO)
    assert (0, 450) == (len(before.dossiers), before.unindexed_count)

    class Broken(Exception): ...

    def tell(count: int) -> None:
        raise Broken

    with pytest.raises(Broken):
        await desk.call("index", tell)
    assert 250 == (await desk.call("find", [NUMBER], WHO)).unindexed_count
    count, broken = await desk.call("index", lambda _: None)
    after = await desk.call("find", [NUMBER], WHO)
    assert (250, [], 450, 0) == (count, broken, len(after.dossiers), after.unindexed_count)


async def test_a_dossier_that_moves_while_it_is_erased_stays(pool: Any, key_ring: FileKeyRing) -> None:
    """The store looks once more, under the lock: what was taken up again, or owes something, is not erased."""
    await accept(pool, key_ring, replacement("H99.01-1", status="refused"))
    dossier_id = await pool.fetchval("SELECT dossier_id FROM dossiers")
    await accept(pool, key_ring, replacement("H99.01-1", status="processing"))

    assert not await PostgresSubjects(pool).erase_dossier(dossier_id, [], SystemClock().now())


async def test_every_table_about_people_has_a_rule(pool: Any) -> None:
    """A table that is sealed, or that knows people by digest, says what erasure does with it and why."""
    digests = await pool.fetch(
        "SELECT DISTINCT c.table_name FROM information_schema.columns c JOIN information_schema.tables t "
        "USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' "
        "AND (c.data_type = 'bytea' OR c.udt_name = '_bytea')"
    )
    tables = {row["table_name"] for row in digests} | {column.table for column in await wrapped_columns(pool)}

    assert set(RULES) == tables - NOT_PEOPLE
    assert all(rule.reason for rule in RULES.values())
    kept = {"audit_lines", "sign_in_evidence", "local_accounts", "account_links", "receipt_contents", "receipt_orders"}
    assert kept == {table for table, rule in RULES.items() if rule.treatment is Treatment.KEPT}


@pytest.mark.parametrize(
    "text", ["", "\n \n", "Nguyễn Thị Mẫu", "1234", "\n".join(f"99910000{n:04}" for n in range(21))]
)
def test_what_is_no_number_is_refused_and_never_repeated(text: str) -> None:
    """Messages name the line, not what stands in it."""
    with pytest.raises(InvalidInput) as caught:
        read_numbers(text)
    assert not text.strip() or text.strip() not in str(caught.value.faults)


async def test_the_commands(dsn: str, pool: Any, tmp_path: Path) -> None:
    """Numbers come from standard input, the copy is a file for its owner only, and nothing is done without --yes."""
    settings = tmp_path / "gateway.toml"
    settings.write_text(store_of(tmp_path, dsn))
    await accept(pool, load_key_ring(tmp_path / "ring.toml"), replacement("H99.01-1", status="refused"))
    out = tmp_path / "copy.json"

    status, output, errors = await run_with(NUMBER, settings, "find", "--json")
    assert (0, 1) == (status, json.loads(output)["held"]["dossiers"]), errors
    status, output, errors = await run_with(NUMBER, settings, "export", "--out", str(out))
    assert (0, 0o600) == (status, out.stat().st_mode & 0o777), errors
    assert NUMBER in out.read_text()
    assert 2 == (await run_with(NUMBER, settings, "export", "--out", str(out)))[0], "a file is never overwritten"
    status, output, errors = await run_with(NUMBER, settings, "erase")
    assert (0, True) == (status, "would be erased: H99.01-1" in output), errors
    status, output, errors = await run_with(NUMBER, settings, "erase", "--yes", "--json")
    assert (0, ["H99.01-1"]) == (status, json.loads(output)["erased_dossiers"]), errors
    status, output, errors = await run_with("not a number!", settings, "find")
    assert (2, False) == (status, "not a number" in output + errors), errors


async def run_with(text: str, settings: Path, *arguments: str) -> tuple[int, str, str]:
    """Run a command about a person whose number comes by standard input."""
    import asyncio
    import os
    import sys

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "subjects", *arguments, "--because", "request 12/2026"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "GATEWAY_CONFIG": str(settings)},
    )
    output, errors = await process.communicate(text.encode())
    return process.returncode or 0, output.decode(), errors.decode()
