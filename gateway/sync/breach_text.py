"""The draft of a breach notification: Markdown in Vietnamese for the authority, or plain JSON values. Pure.

It has what the record knows. What only a person can say is marked to be filled in, and so is what the project could not
read in the law itself: the layout of form 03 is not reproduced, since its text was not at hand.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.model.vocabulary import VIETNAM
from gateway.sync.breaches import BreachReport

FILL = "**[ĐIỀN]**"
"""Marks what only a person can say."""
CHECK = "**[KIỂM TRA]**"
"""Marks what must be held against the law in force."""


def facts(report: BreachReport) -> dict[str, Any]:
    """Give a draft as plain JSON values; `to_fill` names what only a person can say."""
    breach, wish, due = report.breach, report.wish, report.deadlines
    return {
        "from": wish.since.isoformat(),
        "to": wish.until.isoformat(),
        "selection": _selection(report),
        "detected_at": due.detected_at.isoformat(),
        "deadline_after_detection": due.after_detection.isoformat(),
        "deadline_after_first_look": None if due.after_first_look is None else due.after_first_look.isoformat(),
        "safe_deadline": due.safe.isoformat(),
        "people_count": len(breach.people),
        "people_shown_count": len(breach.shown_people),
        "looks_count": len(breach.looks),
        "looks_unanswered_count": len(breach.unanswered),
        "looks_at_unnumbered_count": len(breach.nameless),
        "lines_count": breach.lines_count,
        "first_at": None if breach.first_at is None else breach.first_at.isoformat(),
        "last_at": None if breach.last_at is None else breach.last_at.isoformat(),
        "fields": dict(sorted(breach.fields.items())),
        "sensitive_fields": list(breach.sensitive),
        "actions": dict(sorted(breach.actions.items())),
        "people_by_client": _counts(breach.clients),
        "people_by_agency": _counts(breach.agencies),
        "dossiers_count": len(breach.dossiers),
        "record_fault": report.end_fault,
        "to_fill": [
            *("controller", "contact", "what_happened", "causes", "consequences", "measures_taken"),
            *("measures_planned", "whether_people_were_told", "form_and_term_in_force"),
        ],
    }


def markdown(report: BreachReport) -> str:
    """Write a draft for a person to finish."""
    breach, due = report.breach, report.deadlines
    looks = f"{len(breach.looks)}, trong đó {len(breach.unanswered)} lượt không rõ kết quả"
    if breach.nameless:
        looks += f"; {len(breach.nameless)} lượt về người không xác định được số định danh, chưa tính vào số người"
    whole = "ghi tiếp được" if not report.end_fault else f"KHÔNG ghi tiếp được ({report.end_fault})"
    parts = [
        "# DỰ THẢO thông báo vi phạm quy định bảo vệ dữ liệu cá nhân",
        "Lập tự động từ nhật ký truy cập; chưa phải văn bản chính thức. "
        f"{FILL}: người có thẩm quyền điền. {CHECK}: đối chiếu với văn bản đang có hiệu lực.",
        f"Căn cứ: Luật 91/2025/QH15 Điều 23, Nghị định 356/2025/NĐ-CP; thời hạn 72 giờ và mẫu số 03 theo Nghị định "
        f"13/2023/NĐ-CP Điều 23, áp dụng từ 01/01/2026: {CHECK}",
        "## 1. Nơi nhận và bên thông báo",
        _list(
            "Nơi nhận: Bộ Công an, Cục An ninh mạng và phòng, chống tội phạm sử dụng công nghệ cao (A05)",
            f"Bên kiểm soát dữ liệu: {FILL}",
            f"Người liên hệ, điện thoại, thư điện tử: {FILL}",
        ),
        "## 2. Thời gian",
        _list(
            f"Phát hiện: {_local(due.detected_at)}",
            f"Hạn thông báo (72 giờ từ khi phát hiện): {_local(due.after_detection)}",
            f"72 giờ từ lượt truy cập đầu tiên: {_local(due.after_first_look)}",
            f"Nên gửi trước: **{_local(due.safe)}**",
            f"Lượt truy cập đầu tiên: {_local(breach.first_at)}; cuối cùng: {_local(breach.last_at)}",
            f"Khoảng thời gian xét: từ {_local(report.wish.since)} đến trước {_local(report.wish.until)}",
            f"Phạm vi xét: {_words(_selection(report))}",
        ),
        "## 3. Diễn biến",
        _list(f"Sự việc: {FILL}", f"Nguyên nhân: {FILL}"),
        "## 4. Dữ liệu và người bị ảnh hưởng",
        _list(
            f"Số người bị truy cập dữ liệu: {len(breach.people)}; có dữ liệu được cung cấp: {len(breach.shown_people)}",
            f"Số lượt truy cập: {looks}",
            f"Số hồ sơ liên quan: {len(breach.dossiers)}",
            f"Trường dữ liệu đã cung cấp (số lần): {_words(breach.fields)}",
            f"Trong đó nhạy cảm: {', '.join(breach.sensitive) or 'không có'} {CHECK}",
            f"Hình thức truy cập (số lượt): {_words(breach.actions)}",
            f"Theo hệ thống (số người): {_words(_counts(breach.clients))}",
            f"Theo cơ quan (số người): {_words(_counts(breach.agencies))}",
        ),
        "## 5. Hậu quả và biện pháp",
        _list(
            f"Hậu quả, thiệt hại đã và có thể xảy ra: {FILL}",
            f"Biện pháp đã thực hiện: {FILL}",
            f"Biện pháp tiếp theo: {FILL}",
            f"Đã thông báo cho người bị ảnh hưởng: {FILL}",
        ),
        "## 6. Kèm theo",
        _list(
            "Danh sách mã liên kết các lượt truy cập (CSV, `--looks`)",
            f"Tình trạng nhật ký khi lập: {whole}; kết quả `gateway audit verify`: {FILL}",
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _selection(report: BreachReport) -> dict[str, str]:
    wish = report.wish
    chosen = {"client": wish.client_id, "agency": wish.agency_code, "dossier": wish.dossier_code}
    # An officer may have been named by their own number, which is repeated nowhere.
    chosen["officer"] = "chosen" if wish.officer else ""
    return {name: value for name, value in chosen.items() if value}


def _counts(people: Mapping[str, set[bytes]]) -> dict[str, int]:
    return {name or "-": len(them) for name, them in sorted(people.items())}


def _words(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in sorted(values.items())) or "không có"


def _list(*lines: str) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _local(instant: datetime | None) -> str:
    return "không có" if instant is None else instant.astimezone(VIETNAM).strftime("%H:%M ngày %d/%m/%Y")
