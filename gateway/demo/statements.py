"""The day's statements beside dossiers: answers to the portal's questions, ratings and statistics of every agency."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.demo.world import AGENCIES

_WAIT_SECONDS = 60.0
_PERIOD = "2026-01"


@dataclass(slots=True)
class Stated:
    """What was accepted: answers by question, ratings and statistics by agency; what was answered otherwise."""

    answers: dict[str, str] = field(default_factory=dict)
    raters: dict[str, int] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)


async def state_everything(session: aiohttp.ClientSession, url: str, token: str) -> Stated:
    """State everything once, some of it twice or corrected at once, as clerks do."""
    stated = Stated()
    headers = {"Authorization": f"Bearer {token}"}

    async def put(path: str, body: Mapping[str, Any], expected: int = 202) -> None:
        async with session.put(f"{url}/v1/{path}", json=body, headers=headers) as response:
            if response.status != expected:
                stated.unexpected.append(f"{path.partition('/')[0]}: {response.status}")

    for number, (code, name) in enumerate(AGENCIES, start=1):
        votes = {"very_satisfied_count": 7 * number, "satisfied_count": 3, "not_satisfied_count": number}
        rating = {"question": "Thái độ phục vụ", "officer_votes": votes, "service_votes": votes}
        await put(f"ratings/{_PERIOD}/{code}", {"agency_name": name, "ratings": [rating]})
        stated.raters[code] = 8 * number + 3
        counts = {
            "agency_name": name,
            "received_count": 100 * number,
            "carried_over_count": 10,
            "processed_on_time_count": 100 * number,
            "processed_late_count": 4,
            "pending_in_time_count": 5,
            "pending_late_count": 1,
        }
        wrong = {**counts, "received_count": 100 * number + 1, "pending_late_count": 2}
        await put(f"statistics/{_PERIOD}/{code}", wrong)
        await put(f"statistics/{_PERIOD}/{code}", counts)
        await put(f"statistics/{_PERIOD}/{code}", counts, expected=200)
        stated.received[code] = 100 * number
    for question in await _open_questions(session, url, headers):
        answer = {
            "agency_code": AGENCIES[0][0],
            "answered_by": "Cán bộ Một",
            "answered_on": "2026-01-06",
            "content": f"Trả lời câu hỏi {question}.",
        }
        await put(f"questions/citizens/{question}/answer", answer)
        stated.answers[question] = answer["content"]
    return stated


async def _open_questions(session: aiohttp.ClientSession, url: str, headers: Mapping[str, str]) -> list[str]:
    end = time.monotonic() + _WAIT_SECONDS
    path = f"{url}/v1/questions?source=citizens&is_answered=false&limit=500"
    while True:
        async with session.get(path, headers=headers) as response:
            response.raise_for_status()
            found = (await response.json())["questions"]
        if found or time.monotonic() > end:
            return [question["question_id"] for question in found]
        await asyncio.sleep(0.5)


def compare_statements(stated: Stated, taken: Mapping[str, Mapping[str, Any]]) -> tuple[int, int]:
    """Give how many statements were accepted, and how many of them the portal holds with the right content."""
    answers, ratings = taken.get("answers", {}), taken.get("ratings", {}).values()
    statistics = taken.get("statistics", {}).values()
    right = sum(answers.get(key, {}).get("NOIDUNGTRALOI") == text for key, text in stated.answers.items())
    right += sum(stated.raters.get(one["Madonvi"]) == one["TongSoNguoiDanhGia"] for one in ratings)
    right += sum(str(stated.received.get(one["Madonvi"])) == one["SoNhanTrongKy"] for one in statistics)
    return len(stated.answers) + len(stated.raters) + len(stated.received), right
