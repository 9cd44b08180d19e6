"""The invented day: dossiers of several agencies, each with the story of what its officers do, as API requests.

Everybody in it is invented; numbers carry the prefix 999, which no province has.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

VIETNAM = timezone(timedelta(hours=7))
FIRST_MORNING = datetime(2026, 1, 5, 7, 30, tzinfo=VIETNAM)
AGENCIES = (
    ("H99.01", "Sở Thử nghiệm"),
    ("H99.02", "Sở Xây dựng mẫu"),
    ("H99.03", "Sở Tư pháp mẫu"),
    ("H99.51", "UBND xã Mẫu 1"),
    ("H99.52", "UBND xã Mẫu 2"),
    ("H99.53", "UBND phường Mẫu 3"),
)
_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ")
_MIDDLE = ("Thị", "Văn", "Minh", "Thu", "Đức", "Ngọc", "Hữu", "Thanh")
_GIVEN = ("Mẫu", "Thử", "Ví", "Dụ", "Giả", "Định", "Nháp", "Tạm")
OFFICERS = ("Cán bộ Một", "Cán bộ Hai", "Cán bộ Ba", "Cán bộ Bốn")


@dataclass(frozen=True, slots=True)
class Request:
    """One API request. `path` is below /v1; `is_step` tells a progress step from a replacement."""

    method: str
    path: str
    body: dict[str, Any]
    key: str
    is_step: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Requests that are sent at the same moment; a turn follows when the former one is answered."""

    requests: tuple[Request, ...]


@dataclass(slots=True)
class Story:
    """A dossier's day. `is_imported`: its first turn goes through the bulk import instead."""

    code: str
    kind: str
    turns: list[Turn] = field(default_factory=list)
    is_imported: bool = False


class _Writer:
    """Writes one story: keeps the document as the officers see it, and the clock of the story."""

    def __init__(self, rng: random.Random, number: int, procedure: dict[str, Any], kind: str) -> None:
        self._rng = rng
        agency_code, agency_name = AGENCIES[number % len(AGENCIES)]
        self.now = FIRST_MORNING + timedelta(minutes=number % 480, days=number // 480)
        self.code = f"{agency_code}-{self.now:%y%m%d}-{number:05d}"
        self.story = Story(self.code, kind)
        self._keys = 0
        channel = ("in_person", "online", "postal")[number % 3]
        agency = {"code": agency_code, "name": agency_name}
        self.document: dict[str, Any] = {
            "procedure_code": procedure["code"],
            "receiving_agency": agency,
            "handling_agency": agency,
            "status": "registered",
            "channel": channel,
            "result_delivery": "postal" if channel == "postal" else "direct",
            "applicant": self._person(number, channel),
            "summary": f"Đề nghị giải quyết {procedure['name']}"[:1000],
            "submitted_at": self._text(self.now),
            "attachments": self._papers(number, procedure),
            "fees": self._fees(number),
        }

    def _person(self, number: int, channel: str) -> dict[str, Any]:
        name = " ".join(self._rng.choice(words) for words in (_FAMILY, _MIDDLE, _GIVEN))
        person: dict[str, Any] = {
            "name": name,
            "identifiers": [{"type": "personal_id", "number": f"999{number % 10}99{number:06d}"}],
            "phone": f"0900{number:06d}"[:10],
            "email": f"mau{number}@example.vn",
        }
        if channel == "online":
            person |= {"technical_id": f"TECH-{number:06d}", "is_verified_by_national_identity": True}
        if number % 11 == 5:
            person |= {
                "kind": "business",
                "name": f"Công ty TNHH Mẫu {number}",
                "identifiers": [{"type": "tax_code", "number": f"99{number:08d}"}],
            }
        return person

    def _papers(self, number: int, procedure: dict[str, Any]) -> list[dict[str, Any]]:
        documents = [paper for case in procedure.get("document_cases", ()) for paper in case["documents"]][:3]
        return [
            {
                "attachment_id": f"{number}-{place}",
                "name": f"giay-to-{place}.pdf",
                "component_code": paper["code"] or None,
                "url": f"https://files.province.example/d/{number}/{place}",
                "is_digitised": (number + place) % 2 == 0,
            }
            for place, paper in enumerate(documents)
        ]

    def _fees(self, number: int) -> list[dict[str, Any]]:
        if number % 4 == 0:
            return []
        return [{"name": "Lệ phí", "kind": "levy", "amount_vnd": 10_000 * (1 + number % 5)}]

    @staticmethod
    def _text(at: datetime) -> str:
        return at.isoformat()

    def later(self, **span: float) -> datetime:
        """Move the story's clock on."""
        self.now += timedelta(**span)
        return self.now

    def put(self, status: str, **changes: Any) -> Request:
        """Change the document and give the request that states it as a whole."""
        self.document = {**self.document, **changes, "status": status}
        return Request("PUT", f"/dossiers/{self.code}", self.document, self._key())

    def step(self, status: str, content: str, at: datetime | None = None) -> Request:
        """Give the request that adds a progress step."""
        body = {
            "officer_name": self._rng.choice(OFFICERS),
            "content": content,
            "department": "Phòng chuyên môn",
            "status": status,
            "occurred_at": self._text(at or self.now),
        }
        return Request("POST", f"/dossiers/{self.code}/progress", body, self._key(), is_step=True)

    def turn(self, *requests: Request) -> None:
        self.story.turns.append(Turn(requests))

    def _key(self) -> str:
        self._keys += 1
        return f"{self.code}-{self._keys}"

    def receive(self) -> None:
        received = self.later(minutes=20)
        self.turn(
            self.put("received", received_at=self._text(received), due_at=self._text(received + timedelta(days=7)))
        )
        self.turn(self.step("received", "Tiếp nhận hồ sơ"))

    def process(self, content: str = "Thẩm định hồ sơ") -> None:
        self.later(hours=3)
        self.turn(self.step("processing", content))

    def complete(self) -> None:
        finished = self.later(days=2)
        result = {
            "name": "Giấy xác nhận",
            "url": f"https://files.province.example/r/{self.code}",
            "result_code": "KQ.G99.900001",
        }
        self.turn(self.put("completed", finished_at=self._text(finished), results=[result]))
        self.turn(self.step("completed", "Đã xử lý xong"))

    def hand_over(self) -> None:
        returned = self.later(hours=5)
        self.turn(self.put("returned", returned_at=self._text(returned)))
        self.turn(self.step("returned", "Đã trả kết quả"))


def _straight(w: _Writer) -> None:
    w.turn(w.put("registered"))
    w.receive()
    w.process()
    w.complete()
    w.hand_over()


def _supplement(w: _Writer) -> None:
    w.turn(w.put("registered"))
    w.receive()
    asked = w.later(hours=2)
    request = {
        "supplement_number": 1,
        "requested_by": "Cán bộ Một",
        "content": "Bổ sung bản sao",
        "requested_at": w._text(asked),
        "previous_due_at": w.document["due_at"],
    }
    w.turn(w.put("supplement_requested", supplements=[request]))
    w.turn(w.step("supplement_requested", "Yêu cầu bổ sung"))
    came = w.later(days=1)
    supplied = {**request, "received_by": "Cán bộ Hai", "received_at": w._text(came)}
    supplied["new_due_at"] = w._text(came + timedelta(days=7))
    w.turn(w.put("processing", supplements=[supplied], due_at=supplied["new_due_at"]))
    w.turn(w.step("processing", "Đã nhận bổ sung"))
    w.complete()


def _waiting_for_supplement(w: _Writer) -> None:
    w.turn(w.put("registered"))
    w.receive()
    w.later(hours=2)
    w.turn(w.step("supplement_requested", "Yêu cầu bổ sung giấy tờ"))


def _extension(w: _Writer) -> None:
    w.turn(w.put("registered"))
    w.receive()
    w.process()
    decided = w.later(days=6)
    new_due = w._text(decided + timedelta(days=5))
    extension = {
        "reason": "Cần xác minh thực địa",
        "decided_at": w._text(decided),
        "previous_due_at": w.document["due_at"],
        "new_due_at": new_due,
    }
    w.turn(w.put("processing", extensions=[extension], due_at=new_due))
    w.complete()


def _refused(w: _Writer) -> None:
    w.turn(w.put("registered"))
    refused = w.later(hours=1)
    w.turn(w.put("refused", refused_at=w._text(refused), note="Không thuộc thẩm quyền"))
    w.turn(w.step("refused", "Từ chối tiếp nhận"))


def _withdrawn(w: _Writer) -> None:
    w.turn(w.put("registered"))
    w.receive()
    w.later(hours=4)
    w.turn(w.step("withdrawn", "Công dân rút hồ sơ"))


def _stopped(w: _Writer) -> None:
    w.turn(w.put("registered"))
    w.receive()
    w.process()
    w.later(hours=4)
    w.turn(w.put("stopped", note="Dừng xử lý theo văn bản"))
    w.turn(w.step("stopped", "Dừng xử lý"))


def _payment(w: _Writer) -> None:
    w.turn(w.put("registered"))
    w.receive()
    w.later(hours=1)
    w.turn(w.step("payment_requested", "Yêu cầu nộp lệ phí"))
    w.later(hours=2)
    w.turn(w.put("processing", online_payment="national_platform"))
    w.complete()


def _waiting_for_payment(w: _Writer) -> None:
    w.turn(w.put("registered"))
    w.receive()
    w.later(hours=1)
    w.turn(w.step("payment_requested", "Yêu cầu nộp lệ phí"))


def _registered_only(w: _Writer) -> None:
    w.turn(w.put("registered"))


def _received_only(w: _Writer) -> None:
    w.turn(w.put("registered"))
    w.receive()


def _in_progress(w: _Writer) -> None:
    w.turn(w.put("registered"))
    w.receive()
    w.process()


def _late_step(w: _Writer) -> None:
    w.turn(w.put("registered"))
    w.receive()
    earlier = w.now + timedelta(hours=1)
    w.complete()
    w.turn(w.step("processing", "Thẩm định (nhập muộn)", at=earlier))


def _submitted_twice(w: _Writer) -> None:
    first = w.put("registered")
    w.turn(first, first, first)
    w.receive()
    step = w.step("processing", "Thẩm định hồ sơ", at=w.later(hours=2))
    w.turn(step, step)
    w.complete()


def _racing_update(w: _Writer) -> None:
    creation = w.put("registered")
    received = w.later(minutes=5)
    due = w._text(received + timedelta(days=7))
    update = w.put("received", received_at=w._text(received), due_at=due)
    another = w.put("received", note="Sửa thông tin ngay sau khi nộp")
    w.turn(creation, update, another)
    w.process()
    w.complete()


STORIES: Sequence[tuple[str, int, Callable[[_Writer], None]]] = (
    ("straight", 30, _straight),
    ("supplement", 10, _supplement),
    ("waiting_for_supplement", 4, _waiting_for_supplement),
    ("extension", 6, _extension),
    ("refused", 6, _refused),
    ("withdrawn", 6, _withdrawn),
    ("stopped", 4, _stopped),
    ("payment", 6, _payment),
    ("waiting_for_payment", 4, _waiting_for_payment),
    ("registered_only", 4, _registered_only),
    ("received_only", 4, _received_only),
    ("in_progress", 6, _in_progress),
    ("late_step", 5, _late_step),
    ("submitted_twice", 3, _submitted_twice),
    ("racing_update", 2, _racing_update),
)
"""Kind, share of 100, and how it is written."""


def make_day(count: int, procedures: Sequence[dict[str, Any]], seed: int) -> list[Story]:
    """Write `count` stories; the same seed and procedures give the same day. Every seventh comes by bulk import."""
    rng = random.Random(seed)  # noqa: S311 - a story, not a secret
    plan = [(kind, write) for kind, share, write in STORIES for _ in range(share)]
    stories = []
    for number in range(count):
        kind, write = plan[(number * 37) % len(plan)]
        writer = _Writer(rng, number, procedures[number % len(procedures)], kind)
        write(writer)
        writer.story.is_imported = number % 7 == 3 and len(writer.story.turns[0].requests) == 1
        stories.append(writer.story)
    return stories
