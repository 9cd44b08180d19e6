"""Daily files of PayGov and KeyPay, in the assumed form and by the generator of the Payment Platform's (§10.3)."""

from collections.abc import Callable, Collection
from types import MappingProxyType

from adapters.payment.sandbox.calls import Call, Desk
from adapters.payment.sandbox.platform_files import Edits, is_there, read_name, rows_of, write_digest, write_file
from adapters.payment.sandbox.world import World
from adapters.sandboxing import Answer

FILE_FAULTS = MappingProxyType({"F27_daily_file": ("missing", "duplicated", "bad_checksum", "wrong_total")})
FILES_HOUR = 8
_ABSENT = Answer(b"", 404, "text/plain; charset=utf-8")


class DailyFiles:
    """Answers for `/files/{name}`: the CSV file of a partner's day, and its digest beside it."""

    def __init__(self, world: World, provider: str, desk: Desk, partners: Callable[[], Collection[str]]) -> None:
        self._world = world
        self._provider = provider
        self._desk = desk
        self._partners = partners

    def fetch(self, call: Call) -> Answer:
        """Give a file; 404 when its day is not over, or when it was never made for such a partner."""
        name = read_name(call.path["name"])
        if name is None or name.partner not in self._partners():
            call.note = "no such file"
            return _ABSENT
        fault = self._desk.take("F27_daily_file", call, "files")
        kind = "" if fault is None else fault.variant
        if kind == "missing" or not is_there(name.day, self._world.clock.now(), FILES_HOUR):
            call.note = "the file is not there"
            return _ABSENT
        entries = self._world.ledger.entries(provider=self._provider)
        content = write_file(rows_of(entries, name.partner, name.day, Edits(), 0), kind)
        if name.is_digest:
            return Answer(write_digest(content, name.data_name, kind), 200, "text/plain; charset=utf-8")
        return Answer(content, 200, "text/csv; charset=utf-8")
