"""Translation: canonical to the wire and back, checked both ways, on one core; and what sealing a dossier costs."""

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bench.plan import Bench
from bench.results import Aim, Contender, Measurement, Round
from bench.traffic import MOMENT, code_of
from gateway.engine.acceptor import revision_context
from gateway.vault.keyring import create_key_ring
from mappings.portal.wire import DossierRecord

_CHUNK = 100
OUTBOUND = "canonical to wire"
INBOUND = "wire to canonical"
SEALING = "sealing a dossier"


async def measure_translate(bench: Bench) -> Measurement:
    """Measure both directions and sealing, bytes to objects and objects to bytes included."""
    plan = bench.plan
    outward, inward, seal = _outward(bench), _inward(bench), _seal(bench)

    async def time_outward(_: int) -> Round:
        return timed(outward, len(bench.day.dossiers), plan.translate_seconds)

    async def time_inward(_: int) -> Round:
        return timed(inward, len(bench.day.dossiers), plan.translate_seconds)

    async def time_sealing(_: int) -> Round:
        return timed(seal, len(bench.day.dossiers), plan.translate_seconds)

    contenders = {OUTBOUND: time_outward, INBOUND: time_inward, SEALING: time_sealing}
    rounds = await bench.interleave(max(3, plan.rounds), contenders)
    measured = {name: Contender(name=name, unit="dossier", rounds=done) for name, done in rounds.items()}
    return Measurement(
        name="translate",
        contenders=list(measured.values()),
        aims=[
            Aim(name=f"{name} per core", value=measured[name].rate, bound=20_000, unit="/s")
            for name in (OUTBOUND, INBOUND)
        ],
        prices={"sealing (new data key, digest, encoding, encryption)": measured[SEALING].cpu_microseconds()["bench"]},
        remarks=["rates are per second of CPU time of one core"],
    )


def timed(work: Callable[[int], bool], variety: int, seconds: float) -> Round:
    """Do the work over and over for about so many seconds of CPU time, after a tenth of that to warm up.

    `work` takes the number of a dossier and tells whether the result was whole; what was not whole is not counted as
    come out.
    """
    _repeat(work, variety, seconds / 10)
    gc.collect()
    started = time.process_time()
    done_count, good_count = _repeat(work, variety, seconds)
    elapsed = time.process_time() - started
    return Round(
        operations_count=done_count,
        seconds=elapsed,
        sent_count=done_count,
        stored_count=good_count,
        cpu_seconds={"bench": elapsed},
    )


def _repeat(work: Callable[[int], bool], variety: int, seconds: float) -> tuple[int, int]:
    end = time.process_time() + seconds
    done_count = good_count = 0
    while time.process_time() < end:
        for number in range(done_count, done_count + _CHUNK):
            good_count += work(number % variety)
        done_count += _CHUNK
    return done_count, good_count


def _outward(bench: Bench) -> Callable[[int], bool]:
    day = bench.day
    dossiers, procedures, translator = day.dossiers, day.procedures, day.translator
    codes: Sequence[str] = [code_of(number) for number in range(len(dossiers))]
    encode = msgspec.json.Encoder().encode

    def work(number: int) -> bool:
        dossier = dossiers[number]
        record = translator.dossier(codes[number], dossier, procedures[dossier.procedure_code], at=MOMENT)
        return isinstance(record, DossierRecord) and len(encode(translator.wire_records([record])[0])) > 0

    return work


def _inward(bench: Bench) -> Callable[[int], bool]:
    day = bench.day
    codes = [code_of(number) for number in range(len(day.dossiers))]
    written = [msgspec.json.encode(day.record(number, code)) for number, code in enumerate(codes)]
    translator, decode = day.translator, msgspec.json.decode

    def work(number: int) -> bool:
        found = translator.found_dossier(decode(written[number]))
        return translator.dossier_facts(found, at=MOMENT).dossier_code == codes[number]

    return work


def _seal(bench: Bench) -> Callable[[int], bool]:
    ring = create_key_ring(Path(bench.folder) / "sealing" / "ring.toml")
    dossiers = bench.day.dossiers

    def work(number: int) -> bool:
        content = msgspec.json.encode(dossiers[number])
        digest = ring.digest(content)
        key = ring.new_record_key()
        return len(key.seal(content, context=revision_context(number, 1))) > len(content) > len(digest)

    return work
