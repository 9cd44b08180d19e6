"""A portal's lists as a test wants them."""

from collections.abc import Sequence

from gateway.model.procedure import Procedure, ProcedureRef
from gateway.ports.portal_services import CatalogueItem, CatalogueName, OnlineService, PublicationDecision


class ListPortal:
    """Implements ProcedureCatalogue, CatalogueReader and ServiceReader over plain lists. `failing` names what raises.

    Nothing is marked in the list unless `marks` has a word for it.
    """

    system = "portal"

    def __init__(self) -> None:
        self.records: dict[str, Procedure] = {}
        self.hidden: set[str] = set()
        self.marks: dict[str, str] = {}
        self.failing: dict[str, BaseException] = {}
        self.catalogues: dict[CatalogueName, list[CatalogueItem]] = {}
        self.services: list[OnlineService] = []
        self.decisions: dict[str, PublicationDecision] = {}
        self.asked: list[str] = []

    def add(self, count: int, *, name: str = "Thủ tục") -> None:
        for number in range(1, count + 1):
            code = f"1.999{number:03}"
            self.records[code] = Procedure(code=code, name=name, is_public=True)

    async def list_procedures(self) -> Sequence[ProcedureRef]:
        self._ask("list")
        return [
            ProcedureRef(code=code, name=record.name, mark=self.marks.get(code, ""))
            for code, record in self.records.items()
            if code not in self.hidden
        ]

    async def get_procedure(self, procedure_code: str) -> Procedure | None:
        self._ask(procedure_code)
        return self.records.get(procedure_code)

    async def read_catalogue(self, name: CatalogueName) -> Sequence[CatalogueItem]:
        self._ask(name)
        return list(self.catalogues.get(name, []))

    async def list_online_services(self) -> Sequence[OnlineService]:
        self._ask("online-services")
        return list(self.services)

    async def get_decision(self, decision_id: str) -> PublicationDecision | None:
        self._ask(f"decision {decision_id}")
        return self.decisions.get(decision_id)

    def taken(self) -> list[str]:
        """Give what was asked for since the last time."""
        asked, self.asked = self.asked, []
        return asked

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what in self.failing:
            raise self.failing[what]
