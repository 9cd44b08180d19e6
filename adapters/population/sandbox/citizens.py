"""A person as the tree of a reply, in each of the three payload forms (§5, §6) and for each operation (§8)."""

from collections.abc import Callable, Sequence

from adapters.population.sandbox.operations import HOUSEHOLD, KINSHIP, VITAL_STATUS
from adapters.population.sandbox.person import Address, Name, NameForm, Person, Relative, joined
from adapters.population.sandbox.profile import ReplyForm

Node = tuple[str, "str | Nodes"]
"""An element's name with its text or its children."""
Nodes = list[Node]

_FIELDS_OF = {
    HOUSEHOLD: ("SoDinhDanh", "SoCMND", "HoVaTen", "GioiTinh", "NgayThangNamSinh", "ChuHo"),
    "CungCapThongTinNhomMau": ("SoDinhDanh", "SoCMND", "HoVaTen", "NhomMau"),
    "XacMinhThongTinNguoiGiamHo": ("SoDinhDanh", "SoCMND", "HoVaTen", "NguoiDaiDien"),
    "XacMinhThongTinChuHo": ("SoDinhDanh", "SoCMND", "HoVaTen", "ChuHo"),
    "XacMinhThongTinNoiOHienTai": ("SoDinhDanh", "SoCMND", "HoVaTen", "NoiOHienTai"),
    "XacMinhTinhTrangHonNhan": ("SoDinhDanh", "SoCMND", "HoVaTen", "TinhTrangHonNhan", "VoChong"),
    VITAL_STATUS: ("SoDinhDanh", "SoCMND", "HoVaTen", "TinhTrang"),
}
"""What an operation shows of a citizen; every other one shows all but the vital status."""
_KIN_FIELDS = ("SoDinhDanh", "SoCMND", "HoVaTen", "NgayThangNamSinh", "Cha", "Me")


def citizen(person: Person, operation: str, form: ReplyForm) -> Nodes:
    """Give the children of `CongDan`, in the order of §5."""
    if form is ReplyForm.KINSHIP or operation == KINSHIP:
        return _chosen(_kinship(person), _KIN_FIELDS)
    nodes = _flat(person) if form is ReplyForm.FLAT else _qcvn(person)
    fields = _FIELDS_OF.get(operation)
    if operation == VITAL_STATUS:
        nodes.append(("TinhTrang", person.vital.value))
    return nodes if fields is None else _chosen(nodes, fields)


def _chosen(nodes: Nodes, fields: Sequence[str]) -> Nodes:
    return [node for node in nodes if node[0] in fields]


def _flat(person: Person) -> Nodes:
    nodes: Nodes = [("SoDinhDanh", person.number)]
    _texts(nodes, (("SoCMND", person.card),))
    nodes.append(("HoVaTen", _citizen_name(person)))
    _texts(nodes, (("GioiTinh", person.sex), ("DanToc", person.ethnicity), ("TonGiao", person.religion)))
    _texts(nodes, (("TinhTrangHonNhan", person.marital), ("NhomMau", person.blood)))
    nodes.append(("NgayThangNamSinh", _birth(person.born, person.born)))
    _rest(nodes, person, _flat_address, _flat_relative, joined)
    return nodes


def _qcvn(person: Person) -> Nodes:
    nodes: Nodes = [("SoDinhDanh", person.number)]
    _texts(nodes, (("SoCMND", person.card),))
    nodes.append(("HoVaTen", _name_parts(person.name)))
    _texts(nodes, (("GioiTinh", person.sex),))
    if person.ethnicity is not None:
        nodes.append(("DanToc", [("MaDanToc", person.ethnicity)]))
    if person.religion is not None:
        nodes.append(("TonGiao", [("MaTonGiao", person.religion)]))
    _texts(nodes, (("TinhTrangHonNhan", person.marital), ("NhomMau", person.blood)))
    born = person.born
    nodes.append(("NgayThangNamSinh", _birth(born, f"{born[:4]}-{born[4:6]}-{born[6:]}")))
    _rest(nodes, person, _qcvn_address, _qcvn_relative, _name_parts)
    return nodes


def _kinship(person: Person) -> Nodes:
    nodes: Nodes = [("SoDinhDanh", person.number), ("SoCMND", person.card or "")]
    nodes.append(("HoVaTen", _name_parts(person.name)))
    # This form has no element for a year alone.
    nodes.append(("NgayThangNamSinh", [("NgayThangNam", person.born)] if len(person.born) == 8 else []))
    for name, relative in (("Cha", person.father), ("Me", person.mother)):
        if relative is not None:
            kin: Nodes = []
            _texts(kin, (("SoDinhDanh", relative.number), ("QuocTich", relative.nationality)))
            nodes.append((name, [*kin, ("HoVaTen", _name_parts(relative.name))]))
    return nodes


def _rest(
    nodes: Nodes,
    person: Person,
    address: Callable[[Address], Nodes],
    relative: Callable[[Relative], Nodes],
    name: Callable[[Name], str | Nodes],
) -> None:
    """Add what comes after the birth date; the forms differ in how an address, a relative and a name are drawn."""
    if person.birth_place is not None:
        nodes.append(("NoiDangKyKhaiSinh", address(person.birth_place)))
    _texts(nodes, (("QuocTich", person.nationality),))
    for label, place in (
        ("QueQuan", person.native_place),
        ("ThuongTru", person.permanent),
        ("NoiOHienTai", person.current),
    ):
        if place is not None:
            nodes.append((label, address(place)))
    for label, kin in (
        ("Cha", person.father),
        ("Me", person.mother),
        ("VoChong", person.spouse),
        ("NguoiDaiDien", person.guardian),
    ):
        if kin is not None:
            nodes.append((label, relative(kin)))
    if person.head is not None:
        head: Nodes = []
        numbers = (("SoDinhDanh", person.head.number), ("SoCMND", person.head.card))
        _texts(head, (("QuanHe", person.head_relation), *numbers))
        nodes.append(("ChuHo", [*head, ("HoVaTen", name(person.head.name))]))
    _texts(nodes, (("SoSoHoKhau", person.book),))


def _texts(nodes: Nodes, values: Sequence[tuple[str, str | None]]) -> None:
    for name, value in values:
        if value is not None:
            nodes.append((name, value))


def _citizen_name(person: Person) -> Nodes:
    if person.name_form is NameForm.WHOLE:
        return [("Ho", ""), ("ChuDem", ""), ("Ten", person.full_name)]
    family, middle, given = person.name
    if person.name_form is NameForm.SWAPPED:
        return [("Ho", family), ("ChuDem", given), ("Ten", middle)]
    if person.name_form is NameForm.UNEVEN:
        return [("Ho", joined((family, middle, ""))), ("ChuDem", ""), ("Ten", given)]
    return _name_parts((family, middle, given))


def _name_parts(name: Name) -> Nodes:
    return [("Ho", name[0]), ("ChuDem", name[1]), ("Ten", name[2])]


def _birth(born: str, full: str) -> Nodes:
    return [("Nam", born[:4]), ("NgayThangNam", full)] if len(born) == 8 else [("Nam", born)]


def _flat_address(place: Address) -> Nodes:
    nodes: Nodes = []
    _texts(nodes, (("MaTinhThanh", place.province), ("MaQuanHuyen", place.district), ("MaPhuongXa", place.commune)))
    _texts(nodes, (("ChiTiet", place.detail), ("QuocGia", place.country)))
    return nodes


def _qcvn_address(place: Address) -> Nodes:
    nodes: Nodes = []
    unit = place.commune or place.district or place.province
    _texts(nodes, (("MaDonViHanhChinh", unit), ("ChiTiet", place.detail), ("QuocGia", place.country)))
    return nodes


def _flat_relative(relative: Relative) -> Nodes:
    nodes: Nodes = [("HoVaTen", joined(relative.name))]
    _texts(nodes, (("QuocTich", relative.nationality), ("SoDinhDanh", relative.number), ("SoCMND", relative.card)))
    return nodes


def _qcvn_relative(relative: Relative) -> Nodes:
    nodes: Nodes = [("HoVaTen", _name_parts(relative.name))]
    identity = ("SoDinhDanh", relative.number) if relative.number else ("SoCMND", relative.card)
    _texts(nodes, (("QuocTich", relative.nationality), identity))
    return nodes
