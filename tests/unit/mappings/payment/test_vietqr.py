"""VietQR codes against the worked example and the public vectors (payment notes §E)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.payment import vietqr
from mappings.payment.vietqr import QrRefused, Service, Transfer

EXAMPLE = (
    "00020101021238570010A00000072701270006970436011300110012345670208QRIBFTTA530370454061500005802VN"
    "62420118PPSIM00000000000010816H01250115001 PHI630400FB"
)
EXAMPLE_TRANSFER = Transfer(
    bank_bin="970436",
    account_number="0011001234567",
    amount_vnd=150_000,
    bill_number="PPSIM0000000000001",
    purpose="H01250115001 PHI",
)

PUBLIC = {
    "00020101021138600010A00000072701300006970403011697040311012345670208QRIBFTTC53037045802VN6304": "4F52",
    "00020101021238570010A00000072701270006970403011300110123456780208QRIBFTTA530370454061800005802VN"
    "62340107NPS68690819thanh toan don hang6304": "2E2E",
    "00020101021238600010A00000072701300006970403011697040311012345670208QRIBFTTC530370454061800005802VN"
    "62340107NPS68690819thanh toan don hang6304": "A203",
    "00020101021138540010A00000072701240006970423011000999999990208QRIBFTTA53037045802VN6304": "CBB4",
    "00020101021238570010A00000072701270006970415011300110019324180208QRIBFTTA530370454061200005802VN"
    "62170813ung ho lu lut6304": "C15C",
}


def test_vector_check_value_of_the_checksum() -> None:
    """§E.2: the check value of this CRC is 29B1."""
    assert "29B1" == vietqr.checksum_of("123456789")


@pytest.mark.parametrize(("text", "checksum"), PUBLIC.items(), ids=PUBLIC.values())
def test_vectors_in_public(text: str, checksum: str) -> None:
    """§E.3: the public codes are read, and written again character by character."""
    assert checksum == vietqr.checksum_of(text)
    assert text + checksum == vietqr.write(vietqr.read(text + checksum))


def test_vector_worked_example() -> None:
    """§E.3: the worked example is written as printed; its checksum keeps both leading zeros."""
    assert EXAMPLE == vietqr.write(EXAMPLE_TRANSFER)
    assert 150 == len(EXAMPLE)
    assert EXAMPLE_TRANSFER == vietqr.read(EXAMPLE)


def test_vector_worked_example_with_one_dong_more() -> None:
    """§E.3: another amount, another checksum."""
    assert "9F1E" == vietqr.write(replace(EXAMPLE_TRANSFER, amount_vnd=150_001))[-4:]


def test_a_static_code_of_a_card() -> None:
    """What the first public vector says."""
    text = next(iter(PUBLIC))
    expected = Transfer(bank_bin="970403", account_number="9704031101234567", is_dynamic=False, service=Service.TO_CARD)
    assert expected == vietqr.read(text + PUBLIC[text])


def sealed(text: str) -> str:
    """Give a text with the checksum that fits it."""
    return text + vietqr.checksum_of(text)


HEAD = "000201010212"
ACCOUNT = "38570010A00000072701270006970436011300110012345670208QRIBFTTA"
TAIL = "53037045802VN6304"

BROKEN = {
    "not_ascii": EXAMPLE.replace("PHI", "PHÍ"),
    "checksum_wrong": EXAMPLE[:-1] + "A",
    "checksum_missing": EXAMPLE[:-8],
    "order": sealed("010212000201" + ACCOUNT + TAIL),
    "initiation": sealed("000201010213" + ACCOUNT + TAIL),
    "currency_or_country": sealed(HEAD + ACCOUNT + "53038405802VN6304"),
    "duplicate": sealed(HEAD + ACCOUNT + "5405100005405200005303704" + "5802VN6304"),
    "length": sealed(HEAD + ACCOUNT + "5400" + TAIL),
    "layout": sealed(HEAD + ACCOUNT + "5x0210" + TAIL),
    "account": sealed(HEAD + ACCOUNT.replace("A000000727", "A000000728") + TAIL),
    "service": sealed(HEAD + ACCOUNT.replace("QRIBFTTA", "QRIBFTTX") + TAIL),
    "bank_bin": sealed(HEAD + ACCOUNT.replace("970436", "97043X") + TAIL),
    "account_number": sealed(HEAD + ACCOUNT.replace("0011001234567", "00110012345-7") + TAIL),
    "amount": sealed(HEAD + ACCOUNT + "5406010000" + TAIL),
    "reference": sealed(HEAD + ACCOUNT + "53037045802VN62070103A-B6304"),
    "purpose": sealed(HEAD + ACCOUNT + "53037045802VN62070803 PH6304"),
}


@pytest.mark.parametrize(("code", "text"), BROKEN.items(), ids=BROKEN)
def test_whatever_deviates_is_refused(code: str, text: str) -> None:
    """Each rule has its word, which tells nothing of the content."""
    with pytest.raises(QrRefused) as caught:
        vietqr.read(text)
    assert code == caught.value.code


def test_a_second_account_is_refused() -> None:
    """One of another scheme beside the one of NAPAS."""
    with pytest.raises(QrRefused) as caught:
        vietqr.read(sealed(HEAD + "26080004TEST" + ACCOUNT + TAIL))
    assert "account" == caught.value.code


@pytest.mark.parametrize("amount", ["0", "1000.00", "00", "1.5", "12345678901234"])
def test_an_amount_is_whole_and_not_zero(amount: str) -> None:
    """Decimals are legal in EMVCo, but money here has none (§E.1)."""
    with pytest.raises(QrRefused):
        vietqr.read(sealed(f"{HEAD}{ACCOUNT}54{len(amount):02d}{amount}{TAIL}"))


@pytest.mark.parametrize(
    "broken",
    [
        replace(EXAMPLE_TRANSFER, purpose="x" * 26),
        replace(EXAMPLE_TRANSFER, purpose="Phí"),
        replace(EXAMPLE_TRANSFER, purpose="two\nlines"),
        replace(EXAMPLE_TRANSFER, bill_number="x" * 26),
        replace(EXAMPLE_TRANSFER, amount_vnd=0),
        replace(EXAMPLE_TRANSFER, amount_vnd=10**13),
        replace(EXAMPLE_TRANSFER, account_number="1" * 20),
        replace(EXAMPLE_TRANSFER, bank_bin="97043"),
    ],
)
def test_nothing_is_written_that_could_not_be_read(broken: Transfer) -> None:
    """Too long, not ASCII or no amount: refused, never cut."""
    with pytest.raises(QrRefused):
        vietqr.write(broken)


ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
REFERENCES = st.text(ALNUM, max_size=25)
TRANSFERS = st.builds(
    Transfer,
    bank_bin=st.text("0123456789", min_size=6, max_size=6),
    account_number=st.text(ALNUM, min_size=1, max_size=19),
    amount_vnd=st.none() | st.integers(1, 10**13 - 1),
    is_dynamic=st.booleans(),
    service=st.sampled_from(Service),
    bill_number=REFERENCES,
    reference_label=REFERENCES,
    purpose=st.text([chr(code) for code in range(32, 127)], max_size=25)
    .map(str.strip)
    .filter(lambda text: text != "***"),
)


@given(TRANSFERS)
def test_what_is_written_is_read_again(transfer: Transfer) -> None:
    """Round trip."""
    assert transfer == vietqr.read(vietqr.write(transfer))


@given(st.integers(0, len(EXAMPLE) - 1), st.sampled_from([chr(code) for code in range(32, 127)]))
def test_no_single_character_can_be_changed(place: int, other: str) -> None:
    """The checksum finds every error of one character."""
    if EXAMPLE[place] != other:
        with pytest.raises(QrRefused):
            vietqr.read(EXAMPLE[:place] + other + EXAMPLE[place + 1 :])


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_stumble(text: str) -> None:
    """Also with a checksum that fits, a text is a code or refused."""
    try:
        vietqr.read(sealed(text + "6304"))
    except QrRefused:
        return
