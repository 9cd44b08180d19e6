"""A question in words of the wire, whatever shape it is written in. Pure."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question, in words of the wire; "" for what is not sent."""

    request_id: str
    procedure_code: str
    service_code: str
    officer_code: str
    agency_code: str = ""
    login: str = ""
    phone: str = ""
    personal_number: str = field(default="", repr=False)
    old_card_number: str = field(default="", repr=False)
    name: str = field(repr=False)
    birth_day: str = field(default="", repr=False)
    birth_year: str = field(default="", repr=False)

    def fields(self) -> dict[str, str]:
        """Give what is sent, by the wire's names."""
        values = {
            "MaYeuCau": self.request_id,
            "MaDVC": self.procedure_code,
            "MaTichHop": self.service_code,
            "MaCanBo": self.officer_code,
            "MaDonVi": self.agency_code,
            "TaiKhoan": self.login,
            "SoDienThoai": self.phone,
            "SoDinhDanh": self.personal_number,
            "SoCMND": self.old_card_number,
            "HoVaTen": self.name,
            "NgayThangNam": self.birth_day,
            "Nam": self.birth_year,
        }
        return {name: value for name, value in values.items() if value or name in ("MaDVC", "MaCanBo")}
