"""The report of a day's comparison: rows of CSV, and a summary with headings in Vietnamese and English. Pure.

Texts that come from other systems are made harmless for spreadsheets, which run a cell that begins like a formula.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping

from gateway.model.settlement import Action, DayMatch, Finding, FindingClass, Sums
from gateway.sync.settlement import by_account, by_agency, sums_by, total

COLUMNS = (
    *("day", "provider", "class", "action", "kind", "gateway_vnd", "file_vnd", "difference_vnd", "account_vnd"),
    *("account_standing", "service_fee_vnd", "line", "reference", "transaction", "request_id", "dossier_code"),
    *("agency_code", "account_number", "explained_by"),
)
CLASS_WORDS: Mapping[FindingClass, tuple[str, str]] = {
    FindingClass.OK: ("Khớp", "Equal"),
    FindingClass.LOST_NOTIFICATION: ("R1 Mất thông báo", "R1 Lost notification"),
    FindingClass.PHANTOM: ("R2 Không có trong tệp", "R2 Absent from the file"),
    FindingClass.AMOUNT: ("R3 Lệch số tiền", "R3 Amount differs"),
    FindingClass.DUPLICATE: ("R4 Nộp trùng", "R4 Paid twice"),
    FindingClass.UNKNOWN_REFERENCE: ("R5 Không rõ mã tham chiếu", "R5 Unknown reference"),
    FindingClass.CONTRADICTORY: ("R6 Kết quả trái nhau", "R6 Contradictory"),
    FindingClass.DAY_BOUNDARY: ("R7 Lệch ngày", "R7 Day boundary"),
    FindingClass.NOT_SETTLED: ("R8 Chưa về tài khoản", "R8 Not settled"),
    FindingClass.NO_MONEY: ("Không phát sinh tiền", "No money moved"),
    FindingClass.TWO_DEBITS: ("Hai lần trừ tiền cho một mã", "Two debits of one reference"),
    FindingClass.ACCOUNT: ("Sai tài khoản thụ hưởng", "Another account"),
    FindingClass.DAY: ("Lệch quá một ngày", "More than a day apart"),
    FindingClass.REPEATED: ("Đã có trong tệp hôm trước", "Repeated from the day before"),
    FindingClass.IN_DISPUTE: ("Đang tra soát", "In dispute"),
}
ACTION_WORDS: Mapping[Action, tuple[str, str]] = {
    Action.CLOSE: ("Không phải xử lý", "Nothing to do"),
    Action.APPLY_SUCCESS: ("Ghi nhận đã nộp", "Take as paid"),
    Action.WAIT: ("Chờ", "Wait"),
    Action.DISPUTE: ("Tra soát", "Dispute"),
    Action.REFUND_DUPLICATE: ("Hoàn khoản nộp trùng", "Refund the second payment"),
    Action.MATCH_BY_DOSSIER: ("Đề nghị gán theo mã hồ sơ", "Match by dossier, once approved"),
    Action.SUSPENSE: ("Treo chờ xác minh", "Hold in suspense"),
    Action.ESCALATE: ("Chuyển bên cung cấp dịch vụ", "Ask the provider"),
    Action.DECIDE: ("Kết luận tra soát", "Decide the dispute"),
}
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def safe_cell(value: str | int | None) -> str:
    """Write a cell that no spreadsheet runs. Numbers stay numbers; a text that could be a formula is quoted by "'"."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    return f"'{value}" if value.lstrip(" \u00a0\ufeff").startswith(_DANGEROUS) else value


def report_rows(match: DayMatch) -> Iterator[tuple[str | int | None, ...]]:
    """Give one row per finding, in the order of COLUMNS; what needs nobody's hand is among them."""
    for one in match.findings:
        yield (
            *(match.day.isoformat(), match.provider, one.finding_class.value, one.action.value, one.kind.value),
            *(one.gateway_vnd, one.file_vnd, one.difference_vnd, one.account_vnd),
            *(one.account.value, one.service_fee_vnd, one.line, one.reference, one.transaction, one.request_id),
            *(one.dossier_code, one.agency_code, one.account_number, match.decisions.get(one.key, "")),
        )


def write_report(matches: Iterable[DayMatch]) -> str:
    """Write the report of some days as CSV with a header; lines end as RFC 4180 has it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for match in matches:
        writer.writerows([safe_cell(cell) for cell in row] for row in report_rows(match))
    return text.getvalue()


def summary(match: DayMatch) -> str:
    """Write what a day came to, as plain text for a person. Names nobody."""
    sums = total([match])
    state = ("CÓ THỂ ĐÓNG", "can be closed") if match.can_close else ("CHƯA ĐÓNG ĐƯỢC", "cannot be closed")
    lines = [
        f"Đối soát ngày {match.day:%d/%m/%Y} / Settlement of {match.day.isoformat()}",
        f"Bên cung cấp / Provider: {match.provider} ({match.partner_code})",
        f"SHA-256 của tệp / of the file: {match.file_sha256}",
        f"Trạng thái / State: {state[0]} / {state[1]}",
        "",
        *_amounts(sums, is_account_checked=match.is_account_checked),
    ]
    if not match.is_next_file_read:
        lines.append("Chưa có tệp ngày hôm sau / The file of the next day was not read yet")
    lines += ["", "Theo loại / By class"]
    for name, one in sums_by([match], lambda _match, finding: finding.finding_class).items():
        vietnamese, english = CLASS_WORDS[FindingClass(name)]
        lines.append(f"- {vietnamese} / {english}: {one.count}; {_difference(one)}")
    todo: dict[Action, int] = {}
    for finding in match.unexplained:
        todo[finding.action] = todo.get(finding.action, 0) + 1
    lines += ["", "Việc cần làm / To be done"]
    lines += [f"- {' / '.join(ACTION_WORDS[action])}: {count}" for action, count in sorted(todo.items())]
    lines += [] if todo else ["- không / nothing"]
    lines += _grouped("Theo cơ quan / By agency", match, by_agency)
    lines += _grouped("Theo tài khoản thụ hưởng / By beneficiary account", match, by_account)
    return "\n".join(lines) + "\n"


def _amounts(sums: Sums, *, is_account_checked: bool) -> list[str]:
    lines = [
        f"Cổng tích hợp ghi nhận / Gateway: {grouped(sums.gateway_vnd)} đồng",
        f"Tệp của bên cung cấp / Provider's file: {grouped(sums.file_vnd)} đồng",
        f"Chênh lệch / Difference: {grouped(sums.difference_vnd)} đồng",
        f"Phí dịch vụ, ngoài số tiền / Service fees, apart: {grouped(sums.service_fee_vnd)} đồng",
    ]
    if is_account_checked:
        lines.append(f"Đã về tài khoản / Arrived in the account: {grouped(sums.account_vnd)} đồng")
    else:
        lines.append("Chưa đối chiếu sao kê tài khoản / No account statement was compared")
    return lines


def _grouped(heading: str, match: DayMatch, name: Callable[[DayMatch, Finding], str]) -> list[str]:
    lines = ["", heading]
    for under, one in sums_by([match], name).items():
        amounts = f"{grouped(one.gateway_vnd)} | {grouped(one.file_vnd)} | {_difference(one)}"
        lines.append(f"- {under or 'không rõ / unknown'}: {amounts}")
    return lines


def _difference(sums: Sums) -> str:
    return f"chênh lệch / difference {grouped(sums.difference_vnd)}"


def grouped(amount_vnd: int) -> str:
    """Write an amount with dots between thousands, as Vietnamese documents do."""
    return f"{amount_vnd:,}".replace(",", ".")
