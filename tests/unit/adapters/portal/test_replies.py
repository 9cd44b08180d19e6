"""Every dialect of a reply is read to the same few meanings, and none is believed against itself."""

import json
from typing import Any

import pytest

from adapters.portal.failures import ALL, PUSHES, READS, RULES, CodeClass, Meaning, Operation, Wording, meaning_of
from adapters.portal.replies import (
    MalformedReply,
    Reply,
    codes_in,
    is_only_codes,
    read_reply,
    sentences,
    speaks_of_dossier,
    wordings_of,
)
from adapters.portal.settings import Dialect

DIALECT = Dialect()
CREATE, UPDATE, STEPS, LOOK_UP, LIST, LOGIN = (
    Operation.CREATE,
    Operation.UPDATE,
    Operation.STEPS,
    Operation.LOOK_UP,
    Operation.LIST_PROCEDURES,
    Operation.LOGIN,
)


def reply(**document: Any) -> Reply:
    return read_reply(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (0, "0"),
        ("0", "0"),
        ("00", "0"),
        (" 0 ", "0"),
        (0.0, "0"),
        ("-0", "0"),
        (3, "3"),
        ("-3", "-3"),
        ("-03", "-3"),
        ("+3", "3"),
        (999999, "999999"),
        (-999999, "-999999"),
        ("E01", "E01"),
        ("ERR_1.a-2b", "ERR_1.a-2b"),
        (None, None),
        ("", None),
    ],
)
def test_error_codes_are_normalised(raw: object, expected: str | None) -> None:
    """Number, text, "00", null and empty come to one form (portal wire notes §1.6)."""
    assert expected == reply(error_code=raw).code


@pytest.mark.parametrize(
    "raw",
    [
        True,
        [],
        {},
        0.5,
        "x" * 11,
        1_000_000,
        -1_000_000,
        1e300,
        "0000000",
        999199000001,
        "999199000001",
        "999199000",
        "C9991990",
        "999-199-01",
        "Ông Mẫu",
        "Le Van A",
        "lỗi",
        "3;4",
        "³",
        "٣",
    ],
)
def test_what_cannot_be_a_code_breaks_the_contract(raw: object) -> None:
    """Another kind, a sentence or somebody's number is neither success nor failure, and is not repeated."""
    with pytest.raises(MalformedReply) as caught:
        reply(error_code=raw)
    assert str(raw) not in str(caught.value)


def test_json_inside_message_is_unwrapped() -> None:
    """A facade's answer holds the portal's whole answer as text inside `message` (portal wire notes §1.8)."""
    inner = {"error_code": "0", "message": "Thành công", "result": [1]}
    for wrapped in (
        {"message": json.dumps(inner)},
        {"error_code": 0, "message": json.dumps(inner)},
        {"message": inner},
    ):
        read = read_reply(json.dumps(wrapped).encode())
        assert ("0", "Thành công", [1]) == (read.code, read.message, read.result)


def test_an_outer_failure_is_not_hidden_by_what_it_wraps() -> None:
    """When the facade itself reports a failure, a wrapped success does not count."""
    read = reply(error_code=-1, message=json.dumps({"error_code": 0}))
    assert "-1" == read.code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"<html><body>maintenance</body></html>",
        b"  <?xml version='1.0'?><a/>",
        b"[]",
        b"7",
        b'"text"',
        b'{"error_code": 0',
        b'{"message": "\xff\xfe"}',
        b'{"a": NaN}',
        b'{"message": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_reply_breaks_the_contract(body: bytes) -> None:
    """Pages, fragments, other JSON, broken text and bottomless nesting are refused, never half-read."""
    with pytest.raises(MalformedReply):
        read_reply(body)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    """A mark at the beginning is passed over."""
    assert "0" == read_reply(b'\xef\xbb\xbf {"error_code": 0}').code


def test_bare_text_is_read_only_where_it_is_expected() -> None:
    """A facade may answer a push with mere words; a page never counts."""
    body = "Cập nhật thành công".encode()
    assert Meaning.SUCCESS is read_reply(body, takes_plain_text=True).meaning(STEPS, DIALECT)
    assert Meaning.SUCCESS is read_reply(json.dumps("Thành công").encode(), takes_plain_text=True).meaning(
        STEPS, DIALECT
    )
    for page in (b"<p>Th\xc3\xa0nh c\xc3\xb4ng</p>", b"\xff\xfe\x00"):
        with pytest.raises(MalformedReply):
            read_reply(page, takes_plain_text=True)


@pytest.mark.parametrize(
    ("document", "operation", "expected"),
    [
        ({"error_code": 0, "message": "Đồng bộ hồ sơ thành công"}, CREATE, Meaning.SUCCESS),
        ({"error_code": "00"}, UPDATE, Meaning.SUCCESS),
        ({"error_code": 0, "message": None}, STEPS, Meaning.SUCCESS),
        ({"error_code": 0, "message": 5}, STEPS, Meaning.SUCCESS),
        ({"message": "Cập nhật THÀNH CÔNG"}, STEPS, Meaning.SUCCESS),
        ({"message": "Cập nhật tha\u0300nh co\u0302ng"}, STEPS, Meaning.SUCCESS),
        ({"error_code": 0, "message": "Hồ sơ đã tồn tại, cập nhật thành công"}, CREATE, Meaning.SUCCESS),
        ({"error_code": 3, "message": "Hồ sơ H99-1 đã tồn tại"}, CREATE, Meaning.ALREADY_EXISTS),
        ({"error_code": "-3", "message": "Hồ sơ H99-1 đã tồn tại"}, CREATE, Meaning.ALREADY_EXISTS),
        ({"message": "Hồ sơ đã tồn tại"}, CREATE, Meaning.ALREADY_EXISTS),
        ({"error_code": 3, "message": "Hồ sơ H99-1 đã tồn tại"}, UPDATE, Meaning.REJECTED),
        ({"error_code": 3, "message": "Khác"}, CREATE, Meaning.REJECTED),
        ({"error_code": 3, "message": "Tiến trình đã tồn tại"}, STEPS, Meaning.ALREADY_EXISTS),
        ({"error_code": 3, "message": "Không thành công: tiến trình đã tồn tại"}, STEPS, Meaning.ALREADY_EXISTS),
        ({"message": "Tiến trình đã tồn tại"}, STEPS, Meaning.ALREADY_EXISTS),
        ({"error_code": 3, "message": "Đã tồn tại; hồ sơ không tồn tại"}, STEPS, Meaning.DOES_NOT_EXIST),
        ({"error_code": 0, "message": "Tiến trình đã tồn tại"}, STEPS, Meaning.CONTRADICTION),
        ({"error_code": -1, "message": "Hồ sơ H99-1 không tồn tại"}, UPDATE, Meaning.DOES_NOT_EXIST),
        ({"error_code": -1, "message": "Hồ sơ H99-1 không tồn tại"}, STEPS, Meaning.DOES_NOT_EXIST),
        ({"error_code": -1, "message": "Mã thủ tục không tồn tại"}, CREATE, Meaning.REJECTED),
        ({"error_code": -1, "message": "Thiếu trường NgayTiepNhan"}, CREATE, Meaning.REJECTED),
        ({"error_code": -1}, CREATE, Meaning.REJECTED),
        (
            {"error_code": -1, "message": "Phiên làm việc không hợp lệ hoặc đã hết hạn"},
            CREATE,
            Meaning.SESSION_REFUSED,
        ),
        ({"error_code": 401, "message": "Session expired"}, LOOK_UP, Meaning.SESSION_REFUSED),
        ({"message": "session not found"}, LIST, Meaning.SESSION_REFUSED),
        ({"error_code": -1, "message": "Phiên bản dữ liệu không đúng"}, CREATE, Meaning.REJECTED),
        ({"error_code": -1, "message": "Hệ thống đang bảo trì"}, CREATE, Meaning.TRANSIENT),
        ({"error_code": -1, "message": "Hệ thống đang bảo trì"}, LOGIN, Meaning.TRANSIENT),
        ({"error_code": -1, "message": "Sai tên đăng nhập hoặc mật khẩu"}, LOGIN, Meaning.CREDENTIALS_REFUSED),
        ({"error_code": 0, "message": "Tạo phiên thành công", "session": "s"}, LOGIN, Meaning.SUCCESS),
        ({"error_code": 0, "message": "Cập nhật không thành công"}, UPDATE, Meaning.CONTRADICTION),
        ({"error_code": 0, "message": "Thất bại"}, LOGIN, Meaning.CONTRADICTION),
        ({"error_code": 0, "message": "Hồ sơ H99-1 đã tồn tại"}, CREATE, Meaning.CONTRADICTION),
        ({"error_code": 0, "message": "Hồ sơ H99-1 không tồn tại"}, STEPS, Meaning.CONTRADICTION),
        ({"error_code": 0, "message": "Phiên làm việc đã hết hạn", "result": []}, LOOK_UP, Meaning.CONTRADICTION),
        ({"error_code": 1, "message": "Thành công"}, CREATE, Meaning.CONTRADICTION),
        ({"error_code": 0, "message": "Hồ sơ không tồn tại", "result": []}, LOOK_UP, Meaning.SUCCESS),
        ({"message": "Đồng bộ không thành công"}, CREATE, Meaning.REJECTED),
        ({"message": "OK"}, CREATE, Meaning.UNREADABLE),
        ({}, CREATE, Meaning.UNREADABLE),
        ({}, LOGIN, Meaning.UNREADABLE),
        ({"error_code": -1, "message": "Dịch vụ chưa được hỗ trợ"}, Operation.READ_FEES, Meaning.NO_SUCH_SERVICE),
        ({"error_code": -1, "message": "Định dạng tệp chưa được hỗ trợ"}, CREATE, Meaning.REJECTED),
    ],
)
def test_what_a_reply_means(document: dict[str, Any], operation: Operation, expected: Meaning) -> None:
    """Code and words together decide, by the table of failures.py."""
    assert expected is reply(**document).meaning(operation, DIALECT)


def test_the_meaning_of_a_single_code_can_be_set() -> None:
    """Once the portal's list of codes is known a setting wins over the words."""
    dialect = Dialect(code_meanings={"3": Meaning.TRANSIENT}, success_codes=frozenset({"0", "200"}))
    assert Meaning.TRANSIENT is reply(error_code="03", message="đã tồn tại").meaning(CREATE, dialect)
    assert Meaning.SUCCESS is reply(error_code=200).meaning(CREATE, dialect)


def test_the_table_answers_every_question() -> None:
    """For every call, class of code and set of words there is one meaning, and each row is reachable."""
    reached = set()
    words = [frozenset(), *(frozenset({wording}) for wording in Wording)]
    for operation in Operation:
        for code in CodeClass:
            for wordings in words:
                meaning = meaning_of(operation, code, wordings)
                fitting = [
                    rule
                    for rule in RULES
                    if operation in rule.operations
                    and rule.code is code
                    and (rule.wording is None or rule.wording in wordings)
                    and not rule.unless & wordings
                ]
                reached.add(fitting[0])
                assert meaning is fitting[0].meaning
    assert set(RULES) == reached
    assert frozenset(Operation) == ALL == PUSHES | READS | {Operation.LOGIN}


def test_a_zero_is_never_a_failure_and_another_code_never_a_success() -> None:
    """Whatever the words say, a success code gives success or doubt, another code never gives success."""
    for operation in Operation:
        for wording in Wording:
            for other in Wording:
                words = frozenset({wording, other})
                zero = meaning_of(operation, CodeClass.ZERO, words)
                assert zero in (Meaning.SUCCESS, Meaning.CONTRADICTION)
                assert Meaning.SUCCESS is not meaning_of(operation, CodeClass.OTHER, words)


def test_negated_success_is_failure() -> None:
    """ "không thành công" holds the word of success and means the opposite."""
    assert frozenset({Wording.FAILURE}) == wordings_of("Cập nhật không  thành công", DIALECT.wordings)
    assert frozenset({Wording.FAILURE, Wording.SUCCESS}) == wordings_of("1 thành công, 1 thất bại", DIALECT.wordings)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Hồ sơ H99.01-260105-0001 không tồn tại", {"H99.01-260105-0001"}),
        ("Hồ sơ H99.01-260105-00017.", {"H99.01-260105-00017"}),
        ("H99.01-260105-0001,H99.01-260105-00017", {"H99.01-260105-0001", "H99.01-260105-00017"}),
        ("(H99.01-260105-0001)", {"H99.01-260105-0001"}),
        ("X-H99.01-260105-0001", set()),
        ("H99.01-260105-00018", set()),
    ],
)
def test_codes_are_found_as_whole_words(message: str, expected: set[str]) -> None:
    """A code is not found inside a longer one, and punctuation around it does not hide it."""
    assert expected == codes_in(message, frozenset({"H99.01-260105-0001", "H99.01-260105-00017"}))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Hồ sơ không tồn tại", True),
        ("H99-1 không tồn tại", True),
        ("Mã thủ tục 1.999001 của hồ sơ H99-1 không tồn tại", False),
        ("MaTTHC không tồn tại", False),
        ("Bản ghi không tồn tại", False),
    ],
)
def test_absence_is_understood_of_the_dossier_only(message: str, expected: bool) -> None:
    """A procedure that does not exist says nothing about the dossier."""
    assert expected is speaks_of_dossier(message, frozenset({"H99-1"}), DIALECT.wordings)


def test_messages_are_split_into_statements() -> None:
    """Statements end at a semicolon, a line or a full stop before a space; codes with full stops stay whole."""
    assert ["Hồ sơ H99.01-1 đã tồn tại", "Khác", "H99.02-2"] == sentences("Hồ sơ H99.01-1 đã tồn tại; Khác\nH99.02-2")
    assert is_only_codes("H99-1, H99-2.", frozenset({"H99-1", "H99-2"}))
    assert not is_only_codes("và H99-1", frozenset({"H99-1"}))
    assert not is_only_codes("", frozenset())


def test_a_reply_does_not_show_what_it_holds() -> None:
    """Words and records of a reply may name a person and stay out of its printed form."""
    shown = repr(reply(error_code=-1, message="Nguyễn Thị Mẫu", result=[{"ChuHoSo": "Mẫu"}], session="secret"))
    assert "Mẫu" not in shown
    assert "secret" not in shown
