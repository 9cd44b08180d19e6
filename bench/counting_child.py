"""`python -m bench.counting_child`: one process that makes facts of every n-th day and stores them."""

import json
import sys
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import uvloop

from bench.counting import Maker, Tally, connect, store_days
from bench.dossier_years import Years
from bench.province import Province
from mappings.calendars import national_calendar


async def run(spec: dict[str, Any]) -> Tally:
    """Do the share of one process of the days from `first_on` to before `after_on`."""
    province, tally = Province(), Tally()
    years = Years(province, national_calendar(), count=spec["count"], seed=spec["seed"])
    first, after = date.fromisoformat(spec["first_on"]), date.fromisoformat(spec["after_on"])
    days = [first + timedelta(days=number) for number in range((after - first).days)]
    connection = await connect(spec["dsn"])
    try:
        await store_days(connection, Maker(province), years, days[spec["part"] :: spec["parts_count"]], tally)
    finally:
        await connection.close()
    return tally


if __name__ == "__main__":
    done = uvloop.run(run(json.loads(sys.stdin.readline())))
    sys.stdout.write(json.dumps(asdict(done)) + "\n")
    sys.stdout.flush()
