"""What changed in a procedure, as sentences for people: Vietnamese and English, from the same typed change."""

from collections.abc import Mapping
from enum import StrEnum

from gateway.sync.procedure_changes import ChangeKind, ProcedureChange


class Language(StrEnum):
    """The languages of sentences."""

    VIETNAMESE = "vi"
    ENGLISH = "en"


_THINGS: Mapping[str, tuple[str, str]] = {
    "sector": ("lĩnh vực", "sector"),
    "level": ("cấp thực hiện", "executing level"),
    "channel": ("cách thức thực hiện", "channel"),
    "time_limit": ("thời hạn giải quyết", "time limit"),
    "fee": ("phí, lệ phí", "fee"),
    "applicant_kind": ("đối tượng thực hiện", "kind of applicant"),
    "case": ("trường hợp", "case"),
    "document": ("thành phần hồ sơ", "required document"),
    "form": ("mẫu đơn, tờ khai", "form"),
    "result": ("kết quả thực hiện", "result"),
    "legal_basis": ("căn cứ pháp lý", "legal basis"),
    "agency": ("cơ quan", "agency"),
    "related": ("thủ tục liên quan", "related procedure"),
    "name": ("tên thủ tục", "name of the procedure"),
    "publication": ("trạng thái công khai", "publication state"),
    "service_level": ("mức độ dịch vụ công trực tuyến", "level of the online service"),
    "decision": ("quyết định công bố", "publication decision"),
    "publisher": ("cơ quan công bố", "publishing agency"),
    "type": ("loại thủ tục", "type of procedure"),
    "portal_id": ("mã nội bộ trên Cổng", "portal's internal id"),
    "steps": ("trình tự thực hiện", "order of steps"),
}
_WORDS: Mapping[str, tuple[str, str]] = {
    "in_person": ("trực tiếp", "in person"),
    "online": ("trực tuyến", "online"),
    "postal": ("bưu chính công ích", "by post"),
    "charge": ("phí", "charge"),
    "levy": ("lệ phí", "levy"),
    "information": ("cung cấp thông tin", "information only"),
    "partial": ("một phần", "partial"),
    "full": ("toàn trình", "full"),
    "ministry": ("cấp bộ", "ministry"),
    "province": ("cấp tỉnh", "province"),
    "district": ("cấp huyện", "district"),
    "commune": ("cấp xã", "commune"),
    "true": ("có", "yes"),
    "false": ("không", "no"),
    "requirements": ("yêu cầu, điều kiện", "requirements"),
    "description": ("mô tả", "description"),
    "keywords": ("từ khóa", "keywords"),
    "reception_address": ("địa chỉ tiếp nhận", "reception address"),
    "applicant_description": ("mô tả đối tượng thực hiện", "description of applicants"),
    "executing_agency_description": ("mô tả cơ quan thực hiện", "description of the executing agency"),
    "competent_agency_description": ("mô tả cơ quan có thẩm quyền", "description of the competent agency"),
    "executing_agencies": ("thực hiện", "executing"),
    "competent_agencies": ("có thẩm quyền", "competent"),
    "delegated_agencies": ("được ủy quyền", "delegated"),
    "coordinating_agencies": ("phối hợp", "coordinating"),
    "originals_count": ("số bản chính", "number of originals"),
    "copies_count": ("số bản sao", "number of copies"),
    "amount_vnd": ("mức thu (đồng)", "amount (đồng)"),
    "amount": ("số", "number"),
    "unit": ("đơn vị", "unit"),
    "text": ("mức thu ghi trên Cổng", "amount as written"),
    "amount_kind": ("loại mức thu", "kind of amount"),
    "kind": ("loại", "kind"),
    "code": ("mã", "code"),
    "name": ("tên", "name"),
    "title": ("tên văn bản", "title"),
    "number": ("số văn bản", "number"),
    "url": ("địa chỉ tải", "address"),
    "file_name": ("tên tệp", "file name"),
    "issued_on": ("ngày ban hành", "date of issue"),
    "effective_on": ("ngày hiệu lực", "effective date"),
    "issuing_agency": ("cơ quan ban hành", "issuing agency"),
    "replacing_result_code": ("mã kết quả thay thế", "replacing result"),
    "working_day": ("ngày làm việc", "working days"),
    "day": ("ngày", "days"),
    "hour": ("giờ", "hours"),
    "month": ("tháng", "months"),
}
_ELEMENTS = frozenset({"added", "removed"})
_PLACED_BY_CHANNEL = frozenset({"time_limit", "fee"})


def sentence(change: ProcedureChange, language: Language) -> str:
    """Tell one change in one sentence."""
    index = 0 if language is Language.VIETNAMESE else 1
    steps = [step.replace("~1", "/").replace("~0", "~") for step in change.path.split("/")[1:]]
    if change.kind is ChangeKind.TEXT_CHANGED:
        what = _word(steps[-1], index)
        return (f"Nội dung “{what}” thay đổi.", f"The text “{what}” changed.")[index]
    thing, _, move = change.kind.value.rpartition("_")
    qualifier = ""
    if thing == "document_copies":
        thing = "document"
    what = _THINGS[thing][index] + _quoted(change, index)
    if thing in _PLACED_BY_CHANNEL:
        qualifier = (" khi nộp ", " when handed in ")[index] + _word(steps[1], index)
    elif thing == "agency":
        qualifier = (" (vai trò: ", " (role: ")[index] + _word(steps[0], index) + ")"
    if move in _ELEMENTS:
        value = _value(change.after or change.before, index)
        shown = f": {value}" if value else ""
        verb = {"added": ("Thêm", "Added"), "removed": ("Bỏ", "Removed")}[move][index]
        return f"{verb} {what}{qualifier}{shown}."
    field = f", {_word(steps[-1], index)}" if len(steps) > 2 and steps[-1] in _WORDS and thing != "steps" else ""
    subject = what[:1].upper() + what[1:] if index == 0 else f"The {what}"
    if not change.before and not change.after:
        return subject + qualifier + field + (" thay đổi.", " changed.")[index]
    nothing = ("(trống)", "(empty)")[index]
    before, after = (_value(value, index) or nothing for value in (change.before, change.after))
    return (
        subject + qualifier + field + (f" đổi từ {before} thành {after}.", f" changed from {before} to {after}.")[index]
    )


def _quoted(change: ProcedureChange, index: int) -> str:
    return f" “{_word(change.subject, index)}”" if change.subject else ""


def _word(word: str, index: int) -> str:
    return _WORDS[word][index] if word in _WORDS else word


def _value(value: str, index: int) -> str:
    if value in _WORDS:
        return _WORDS[value][index]
    amount, _, unit = value.partition(" ")
    return f"{amount} {_WORDS[unit][index]}" if amount.isdigit() and unit in _WORDS else value
