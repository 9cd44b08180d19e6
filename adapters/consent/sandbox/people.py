"""Invented people (§18.7). Their numbers begin with 999, which is the number of no province."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an account. `data` is what a release gives, the number set apart."""

    pid: str
    data: Mapping[str, Any]
    is_locked: bool = False
    """A locked account cannot be asked."""


def _person(pid: str, name: str, birth_date: str, *, is_locked: bool = False, **more: Any) -> Person:
    # The last two members are more than any agreement covers: whoever passes them on has not minimised.
    data = {"fullName": name, "birthDate": birth_date, "gender": "2", "ethnic": "Kinh", "religion": "Không", **more}
    return Person(pid=pid, data=data, is_locked=is_locked)


PEOPLE: Mapping[str, Person] = {
    person.pid: person
    for person in (
        _person("999199000001", "Nguyễn Thị Mẫu", "01/02/1999"),
        _person("999199000002", "Trần Văn Thử", "15/08/1985", gender="1"),
        _person("999150000003", "Lê Thị Năm Sinh", "1950"),
        _person("999199000004", "Phạm " + "Hoàng " * 24 + "Dài", "29/02/2000"),
        _person("999199000005", "Đỗ Bị Khóa", "03/03/1990", is_locked=True),
    )
}
