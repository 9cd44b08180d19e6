"""One reply to a batch becomes one verdict per item, and nobody is blamed without a name."""

import pytest

from adapters.portal.failures import Operation
from adapters.portal.replies import Reply
from adapters.portal.settings import BatchRefusal, Dialect
from adapters.portal.verdicts import judge_push, not_judged
from gateway.errors import ContractBroken, CredentialsRefused, RemoteError, TransientFailure
from gateway.ports.portal import Prepared, Verdict

A, B, C = "H99.01-260105-00001", "H99.01-260105-00002", "H99.01-260105-000021"
DONE, EXISTS, ABSENT, REJECTED, OPEN = (
    Verdict.DONE,
    Verdict.ALREADY_EXISTS,
    Verdict.DOES_NOT_EXIST,
    Verdict.REJECTED,
    Verdict.NOT_JUDGED,
)


def items(*codes: str) -> list[Prepared]:
    return [Prepared(delivery_id=index, dossier_code=code, record=None) for index, code in enumerate(codes)]


def judged(code: str | None, message: str, operation: Operation, *codes: str, kept: bool = False) -> list[Verdict]:
    refusal = BatchRefusal.GOOD_ONES_KEPT if kept else BatchRefusal.ALL_OR_NOTHING
    verdicts = judge_push(Reply(code, message), operation, items(*codes), Dialect(batch_refusal=refusal))
    assert list(range(len(codes))) == [verdict.delivery_id for verdict in verdicts]
    return [verdict.verdict for verdict in verdicts]


@pytest.mark.parametrize(
    ("code", "message", "operation", "codes", "expected"),
    [
        ("0", "Đồng bộ hồ sơ thành công", Operation.CREATE, (A, B), [DONE, DONE]),
        ("3", f"Hồ sơ {A} đã tồn tại", Operation.CREATE, (A,), [EXISTS]),
        ("3", f"Hồ sơ {A} của đơn vị H99.01 đã tồn tại", Operation.CREATE, (A,), [EXISTS]),
        ("-1", f"Hồ sơ {A} không tồn tại", Operation.UPDATE, (A,), [ABSENT]),
        ("-1", "Hồ sơ không tồn tại", Operation.STEPS, (A, A)[:1], [ABSENT]),
        ("-1", "Thủ tục 1.999001 không tồn tại", Operation.UPDATE, (A,), [REJECTED]),
        ("-1", "Lỗi", Operation.CREATE, (A,), [REJECTED]),
        (None, "Đồng bộ không thành công", Operation.CREATE, (A,), [REJECTED]),
        ("3", f"Hồ sơ {B} đã tồn tại", Operation.CREATE, (A, B, C), [OPEN, EXISTS, OPEN]),
        ("3", f"Các hồ sơ sau đã tồn tại: {A}; {B}.", Operation.CREATE, (A, B, C), [EXISTS, EXISTS, OPEN]),
        ("-1", f"{A}: thiếu trường ChuHoSo", Operation.CREATE, (A, B), [REJECTED, OPEN]),
        (
            "-1",
            f"Hồ sơ {A} đã tồn tại; Hồ sơ {B}: thiếu ChuHoSo",
            Operation.CREATE,
            (A, B, C),
            [EXISTS, REJECTED, OPEN],
        ),
        ("-1", f"Hồ sơ {A} đã tồn tại; hồ sơ {A} thiếu ChuHoSo", Operation.CREATE, (A, B), [REJECTED, OPEN]),
        ("-1", f"Hồ sơ {A} không tồn tại", Operation.UPDATE, (A, B), [ABSENT, OPEN]),
        ("-1", f"Hồ sơ {A} không tồn tại", Operation.STEPS, (A, A, B), [ABSENT, ABSENT, OPEN]),
        ("-1", f"Hồ sơ {A}: sai TrangThai", Operation.STEPS, (A, A, B), [OPEN, OPEN, OPEN]),
        ("-1", f"Hồ sơ {B}: sai TrangThai", Operation.STEPS, (A, A, B), [OPEN, OPEN, REJECTED]),
        ("3", "Tiến trình đã tồn tại", Operation.STEPS, (A,), [EXISTS]),
        ("3", f"Tiến trình của hồ sơ {B} đã tồn tại", Operation.STEPS, (A, B), [OPEN, EXISTS]),
        # Which of two steps is there already is not said: neither is taken for arrived.
        ("3", f"Tiến trình của hồ sơ {A} đã tồn tại", Operation.STEPS, (A, A, B), [OPEN, OPEN, OPEN]),
        ("-1", "Vượt quá số lượng cho phép", Operation.CREATE, (A, B), [OPEN, OPEN]),
        ("3", "Có hồ sơ đã tồn tại", Operation.CREATE, (A, B), [OPEN, OPEN]),
    ],
)
def test_verdicts_by_what_the_reply_says(
    code: str | None, message: str, operation: Operation, codes: tuple[str, ...], expected: list[Verdict]
) -> None:
    """A refusal blames the items that it names, each for what its own sentence says; the rest is to be sent again."""
    assert expected == judged(code, message, operation, *codes)


def test_reasons_are_codes_and_never_words() -> None:
    """A reason holds the foreign code, never the foreign text."""
    (verdict,) = judge_push(Reply("-1", "Ông Mẫu sai"), Operation.CREATE, items(A), Dialect())
    assert "remote_code -1" == verdict.reason
    reasons = [v.reason for v in judge_push(Reply("-1", f"{A} sai"), Operation.CREATE, items(A, B), Dialect())]
    assert ["remote_code -1", "batch_refused"] == reasons
    assert ["batch_refused_unnamed"] * 2 == [verdict.reason for verdict in not_judged(items(A, B))]


@pytest.mark.parametrize(("code", "message"), [("-1", f"{A} sai"), ("0", f"Đồng bộ không thành công: {A}")])
def test_a_portal_that_keeps_the_good_ones(code: str, message: str) -> None:
    """Where good records of a refused batch are stored, the unnamed ones are done."""
    assert [REJECTED, DONE] == judged(code, message, Operation.CREATE, A, B, kept=True)
    assert [OPEN, OPEN] == judged("-1", "sai", Operation.CREATE, A, B, kept=True)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("0", "không thành công", ContractBroken),
        ("1", "thành công", ContractBroken),
        (None, "OK", ContractBroken),
        ("-1", "Hệ thống đang bảo trì", TransientFailure),
        ("-1", "Phiên làm việc đã hết hạn", CredentialsRefused),
    ],
)
def test_a_reply_about_the_call_raises(code: str | None, message: str, expected: type[RemoteError]) -> None:
    """Doubt, maintenance and sessions concern the whole call; doubt about a push means that it may have worked."""
    with pytest.raises(expected) as caught:
        judge_push(Reply(code, message), Operation.UPDATE, items(A, B), Dialect())
    assert (expected, True) == (type(caught.value), getattr(caught.value, "effect_possible", True))
    assert ("portal", "update") == (caught.value.system, caught.value.operation)
