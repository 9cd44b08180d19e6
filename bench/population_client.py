"""A client of the population database in a process of its own: ours, or zeep's own asynchronous one.

Both run in a process that is set up as `gateway serve` sets its own up: its event loop, its care for garbage. Reads one
JSON line (what to ask), says {"ready": true}, waits for a line, asks, and says how many were answered.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import uvloop

from adapters.population.adapter import PopulationAdapter
from adapters.population.settings import PopulationSettings
from gateway.clocks import SystemChance, SystemClock
from gateway.garbage import settle_garbage
from gateway.model.citizen import Asker, Subject
from gateway.model.identity import PartialDate, Precision
from gateway.ports.population import CitizenQuestion

Ask = Callable[[int], Awaitable[bool]]


@asynccontextmanager
async def ours(order: dict[str, Any]) -> Any:
    """The gateway's adapter: everything on, but for the pace that a province is granted."""
    settings = PopulationSettings.model_validate(
        {
            "base_url": order["url"],
            "edge": {"profile": "plain"},
            "default_path": "/dancu/037",
            "max_parallel": order["concurrency"],
            "transport": {"calls_per_second": None},
            "is_test": True,
        }
    )
    subject = Subject(
        personal_number=order["number"],
        full_name=order["full_name"],
        birth_date=PartialDate(order["birth_date"], Precision.DAY),
    )
    asker = Asker(officer_code="canbo.a", procedure_code="1.999001")
    adapter = PopulationAdapter(settings, ssl_supplier=lambda: None, clock=SystemClock(), chance=SystemChance())

    async def ask(_: int) -> bool:
        reply = await adapter.ask(CitizenQuestion.LOOK_UP, subject, asker)
        return len(reply.records) == 1 and reply.records[0].personal_number == order["number"]

    async with adapter:
        yield ask


@asynccontextmanager
async def zeeps(order: dict[str, Any]) -> Any:
    """zeep's own client over httpx, as its documentation shows it."""
    import httpx
    from zeep import AsyncClient
    from zeep.transports import AsyncTransport

    limits = httpx.Limits(max_connections=order["concurrency"], max_keepalive_connections=order["concurrency"])
    async with httpx.AsyncClient(limits=limits) as http:
        transport = AsyncTransport(client=http)  # type: ignore[no-untyped-call]
        client = AsyncClient(order["wsdl"], transport=transport)  # type: ignore[no-untyped-call]
        service = client.service
        # zeep gives asynchronous services for the contract's own address only.
        service._binding_options["address"] = order["url"] + "/dancu/037"

        async def ask(number: int) -> bool:
            reply = await service.TraCuuThongTinCongDan(
                MaYeuCau=f"Z-{order['run']}-{number}",
                MaDVC="1.999001",
                MaTichHop="037",
                MaCanBo="canbo.a",
                SoDinhDanh=order["number"],
                HoVaTen=order["compact_name"],
                NgayThangNamSinh={"NgayThangNam": order["birth_date"].replace("-", "")},
            )
            return bool(reply.CongDan[0].SoDinhDanh == order["number"])

        yield ask


async def main(kind: str) -> None:
    order = json.loads(sys.stdin.readline())
    contender = ours if kind == "ours" else zeeps
    async with contender(order) as ask:
        assert await ask(-1), "the first answer is wrong"
        settle_garbage()
        print(json.dumps({"ready": True}))
        for line in sys.stdin:
            count = json.loads(line)["count"]
            numbers = iter(range(count))
            done = await asyncio.gather(*(_work(ask, numbers) for _ in range(order["concurrency"])))
            print(json.dumps({"done": sum(done)}))


async def _work(ask: Ask, numbers: Iterator[int]) -> int:
    done = 0
    for number in numbers:
        done += await ask(number)
    return done


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
