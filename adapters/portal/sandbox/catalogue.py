"""The invented procedure catalogue, agencies and sectors, with the oddities that real records have.

Every record has the full nested shape of the portal wire notes §3.2. The same count, seed and generation of
administrative units give the same catalogue. Oddities are spread by position, so that 200 records contain each of
them whatever the seed; the list is in the sandbox's README.
"""

import random
from dataclasses import dataclass, field
from typing import Any

from adapters.portal.sandbox import catalogue_words as words
from adapters.portal.sandbox.catalogue_lists import make_lists
from adapters.portal.sandbox.profile import AdministrativeLevels

Record = dict[str, Any]

PROVINCE_CODE = "H99"
PROVINCE_NAME = "UBND tỉnh Thử Nghiệm"
_AMOUNTS: tuple[str | int, ...] = ("1.000", "Không", "", "10.000", "150000", "1.200.000", "0", 50_000)
_TIME_UNITS = ("Ngày làm việc", "Ngày làm việc", "Ngày", "Giờ", "Ngày làm việc", "tháng", "Khác…")
_CODES_PER_FAMILY = 999


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the portal publishes: full procedure records, agencies, sectors and short lists as the wire has them."""

    procedures: list[Record]
    agencies: list[Record]
    sectors: list[Record]
    lists: dict[str, list[Record]] = field(default_factory=dict)
    """The other catalogues of §4, by service."""


def make_catalogue(
    count: int = 240, seed: int = 1, levels: AdministrativeLevels = AdministrativeLevels.POST_2025
) -> Catalogue:
    """Make `count` procedures (0 to 8,000), and the agencies and sectors that they name. Raises ValueError."""
    if not 0 <= count <= 8_000:
        raise ValueError("count must be from 0 to 8000")
    agencies = _agencies(levels)
    maker = _ProcedureMaker(random.Random(seed), agencies, levels)  # noqa: S311 - data, not keys
    procedures = [maker.make(index) for index in range(count)]
    return Catalogue(procedures, agencies, _sectors(), make_lists(procedures, levels))


def sector_code(index: int) -> str:
    """Give the code of the sector at `index` in the word list."""
    return f"{words.SECTORS[index].ministry_code}-LV{index + 1:02d}"


def _sectors() -> list[Record]:
    return [
        {"MALINHVUC": sector_code(index), "TENLINHVUC": sector.name, "MANGANH": sector.ministry_code}
        for index, sector in enumerate(words.SECTORS)
    ]


def _agency(code: str, name: str, level: str) -> Record:
    return {"MADONVI": code, "TENDONVI": name, "CAPDONVI": level}


def _agencies(levels: AdministrativeLevels) -> list[Record]:
    found = [_agency(code, name, "0") for code, name in words.MINISTRIES]
    found.append(_agency(PROVINCE_CODE, PROVINCE_NAME, "1"))
    departments = list(dict.fromkeys(sector.department for sector in words.SECTORS))
    found += [
        _agency(f"{PROVINCE_CODE}.{number:02d}", f"{name} tỉnh Thử Nghiệm", "1")
        for number, name in enumerate(departments, start=1)
    ]
    if levels is AdministrativeLevels.POST_2025:
        found += [_agency(f"{PROVINCE_CODE}.{51 + n}", f"UBND xã Mẫu {n + 1}", "3") for n in range(24)]
        return found
    for district in range(6):
        code = f"{PROVINCE_CODE}.{31 + district}"
        found.append(_agency(code, f"UBND huyện Mẫu {district + 1}", "2"))
        found += [
            _agency(f"{code}.{commune + 1:02d}", f"UBND xã Mẫu {district * 8 + commune + 1}", "3")
            for commune in range(8)
        ]
    return found


class _ProcedureMaker:
    """Makes one record after the other; keeps the names unique."""

    def __init__(self, rng: random.Random, agencies: list[Record], levels: AdministrativeLevels) -> None:
        self._rng = rng
        self._provincial = {agency["TENDONVI"]: agency for agency in agencies if agency["CAPDONVI"] == "1"}
        self._communes = [agency for agency in agencies if agency["CAPDONVI"] == "3"]
        self._districts = [agency for agency in agencies if agency["CAPDONVI"] == "2"]
        self._has_districts = levels is AdministrativeLevels.PRE_2025
        self._names: set[str] = set()
        self._codes: list[str] = []

    def make(self, index: int) -> Record:
        """Make the record at `index`."""
        sector_index = index % len(words.SECTORS)
        sector = words.SECTORS[sector_index]
        code = _procedure_code(index)
        level = self._level(index)
        record: Record = {
            "ID": str(900_001 + index),
            "MATTHC": code,
            "TENTTHC": self._name(index, sector),
            "MACOQUANCONGBO": PROVINCE_CODE if PROVINCE_CODE in code else sector.ministry_code,
            "LOAITTHC": str(1 + index % 3),
            "TRANGTHAI": "0" if index % 29 == 11 else "1",
            "MOTADOITUONGTHUCHIEN": "",
            "DIACHITIEPNHAN": "Trung tâm phục vụ hành chính công tỉnh Thử Nghiệm",
            "YEUCAU": "Không" if index % 3 else "Đáp ứng điều kiện quy định tại văn bản quy phạm pháp luật.",
            "TUKHOA": sector.name.lower(),
            "MOTA": None if index % 19 == 8 else "",
            "MOTACOQUANTHUCHIEN": sector.department,
            "MOTACOQUANTHAMQUYEN": "",
            "IDQUYETDINHCONGBO": str(70_001 + index // 12),
            "TRINHTUTHUCHIEN": [_execution_steps(index)],
            "CAPTHUCHIEN": [{"CAPTHUCHIEN": level, "TENCAP": words.LEVEL_NAMES[level]}],
            "LINHVUCTHUCHIEN": []
            if index % 40 == 7
            else [{"MALINHVUC": sector_code(sector_index), "TENLINHVUC": sector.name}],
            "CACHTHUCTHUCHIEN": self._channels(index),
            "DOITUONGTHUCHIEN": self._applicants(),
            "THANHPHANHOSO": self._cases(index, sector.ministry_code),
            "KETQUATHUCHIEN": _results(index, sector),
            "CANCUPHAPLY": _legal_bases(index, sector.ministry_code),
            "TTHCLIENQUAN": self._rng.sample(self._codes, k=min(len(self._codes), index % 3)),
            "TTHCLIENTHONG": self._rng.sample(self._codes, k=1) if self._codes and index % 15 == 14 else [],
            "COQUANTHUCHIEN": self._executing(level, sector.department),
            "COQUANCOTHAMQUYEN": [],
            "COQUANDUOCUYQUYEN": [],
            "COQUANPHOIHOP": [],
        }
        self._codes.append(code)
        return record

    def _name(self, index: int, sector: words.SectorWords) -> str:
        turn = index // len(words.SECTORS)
        action = sector.actions[turn % len(sector.actions)]
        turn //= len(sector.actions)
        subject = sector.subjects[turn % len(sector.subjects)]
        turn //= len(sector.subjects)
        name = f"{action} {subject}{words.AUDIENCES[turn % len(words.AUDIENCES)]}"
        variant = 2
        plain = name
        while name in self._names:
            name = f"{plain} (trường hợp {variant})"
            variant += 1
        self._names.add(name)
        # A blank at the end, as typed by a hand somewhere.
        return f"{name} " if index % 31 == 13 else name

    def _level(self, index: int) -> str:
        if index % 5 == 3:
            return "3"
        if index % 5 == 4 and self._has_districts:
            return "2"
        return "1"

    def _executing(self, level: str, department: str) -> list[Record]:
        if level == "1":
            chosen = [self._provincial[f"{department} tỉnh Thử Nghiệm"]]
        else:
            chosen = self._rng.sample(self._communes if level == "3" else self._districts, k=3)
        return [{"MADONVI": agency["MADONVI"], "TENDONVI": agency["TENDONVI"]} for agency in chosen]

    def _applicants(self) -> list[Record]:
        chosen = self._rng.sample(words.APPLICANTS, k=self._rng.randint(1, 3))
        return [{"MADOITUONG": code, "TENDOITUONG": name} for code, name in sorted(chosen)]

    def _channels(self, index: int) -> list[Record]:
        channels = ("1", "2", "3") if index % 4 else ("1", "3")
        return [{"KENH": channel, "THOIGIAN": self._times(index, channel)} for channel in channels]

    def _times(self, index: int, channel: str) -> list[Record]:
        unit = _TIME_UNITS[index % len(_TIME_UNITS)]
        span = self._rng.choice((1, 2, 3) if unit == "tháng" else (1, 3, 5, 7, 10, 15, 20, 30))
        days: str | int = "" if unit == "Khác…" else str(span)
        if index % 13 == 6 and days:
            days = int(days)
        time: Record = {
            "THOIGIANGIAIQUYET": days,
            "DONVITINH": unit,
            "MOTA": "Giải quyết trong ngày làm việc nếu hồ sơ nộp trước 15 giờ" if unit == "Khác…" else "",
        }
        if index % 11 != 4:
            time["PHILEPHI"] = [] if channel == "2" and index % 2 else _fees(index)
        times = [time]
        if index % 6 == 5:
            slower = {"THOIGIANGIAIQUYET": "45", "DONVITINH": "Ngày", "MOTA": "Hồ sơ phức tạp", "PHILEPHI": []}
            times.append(slower)
        return times

    def _cases(self, index: int, ministry_code: str) -> list[Record]:
        if index % 5 == 1:
            return [
                {"TRUONGHOP": case, "GIAYTO": self._papers(index, ministry_code, number)}
                for number, case in enumerate(words.CASES[: 2 + index % 2])
            ]
        return [{"TRUONGHOP": "", "GIAYTO": self._papers(index, ministry_code, 0)}]

    def _papers(self, index: int, ministry_code: str, case_number: int) -> list[Record]:
        address_key = "Url" if index % 17 == 3 else "URL"
        papers = []
        for number, name in enumerate(self._rng.sample(words.PAPERS, k=self._rng.randint(2, 5))):
            serial = 900_000 + index * 10 + number
            papers.append(
                {
                    "MAGIAYTO": f"000.00.00.{ministry_code}-KQ{serial}",
                    "TENGIAYTO": name,
                    "SOBANCHINH": "1" if number % 2 == 0 else "",
                    "SOBANSAO": "0" if number % 2 == 0 else "1",
                    "TENMAUDON": f"mau-{number + 1:02d}.docx" if "mẫu" in name else "",
                    address_key: f"https://portal.example/file/{serial}-{case_number}" if "mẫu" in name else "",
                    "MA_KQ_THAYTHE": f"KQ.{ministry_code}.{serial}" if number == 1 else "",
                }
            )
        if index % 9 == 2:
            repeated = dict(papers[0])
            repeated[address_key] = f"https://portal.example/file/{900_000 + index * 10}-b"
            papers.append(repeated)
        return papers


def _procedure_code(index: int) -> str:
    """Give a code of the shape d.dddddd, every 25th in the province's old form and every 25th in its new form."""
    family, number = divmod(index, _CODES_PER_FAMILY)
    digit = 1 + family % 3
    code = f"{digit}.{999 - family // 3}{number + 1:03d}"
    if index % 25 == 9:
        return f"{code}.000.00.00.{PROVINCE_CODE}"
    return f"{code}.{PROVINCE_CODE}" if index % 25 == 19 else code


def _execution_steps(index: int) -> Record:
    steps = [{"TENTRINHTU": text} for text in words.STEPS[: 3 + index % 2]]
    return {"TRUONGHOP": "" if index % 7 else words.CASES[0], "TRINHTU": steps}


def _fees(index: int) -> list[Record]:
    kind = 1 + index % 2
    fee: Record = {
        # The stray apostrophe is on the wire of the real portal; a few records are clean.
        "MAPHILEPHI": str(kind) if index % 10 == 0 else f"{kind}'",
        "SOTIEN": _AMOUNTS[index % len(_AMOUNTS)],
        "DONVI": "Đồng",
        "MOTA": "Theo biểu phí hiện hành" if index % 8 == 2 else "",
        "TENTEP": "bieu-phi.pdf" if index % 8 == 2 else "",
        "URL": f"https://portal.example/fee/{index}" if index % 8 == 2 else "",
    }
    if index % 12 == 0:
        return [fee, {**fee, "MAPHILEPHI": "2'", "SOTIEN": "20.000"}]
    return [fee]


def _results(index: int, sector: words.SectorWords) -> list[Record]:
    code = f"KQ.{sector.ministry_code}.{900_001 + index}"
    result: Record = {"MAKETQUA": code, "TENKETQUA": sector.result, "TENTEP": "", "URL": ""}
    if index % 14 == 5:
        return [result, {**result, "MAKETQUA": f"{code}B", "TENKETQUA": "Văn bản từ chối nêu rõ lý do"}]
    return [result]


def _legal_bases(index: int, ministry_code: str) -> list[Record]:
    return [
        {
            "SOVANBAN": f"{1 + (index + number) % 99:02d}/20{22 + number}/NĐ-{ministry_code}",
            "TENVANBAN": f"Nghị định mẫu số {1 + (index + number) % 99}",
            "NGAYBANHANH": "" if index % 4 == 0 else f"15/03/20{22 + number}",
            "NGAYHIEULUC": "" if index % 4 == 0 else f"01/05/20{22 + number}",
            "COQUANBANHANH": "Chính phủ",
            "DIACHITRUYCAP": "",
        }
        for number in range(1 + index % 3)
    ]
