"""Ways to tamper with an honest province's publications, by outsiders and by who holds the key."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from joserfc.jwk import ECKey

from tests.support.monitoring_documents import Number, canonical, files_of, head, number
from tests.support.monitoring_province import Province
from tests.support.monitoring_story import honest_province

V1, QUARTER, V2, WEEK, V3, V4 = (made.line["id"] for made in honest_province().published)
AT_QUARTER, AT_V4 = 1, 5
Spoil = Callable[[Province], None]


def rewrite(
    province: Province, at: int, change: Callable[[list[Number]], None], told: dict[str, Any] | None = None
) -> None:
    """Change numbers, or the head, of a publication in all its forms, and sign history anew: what only somebody who
    holds the key can do."""
    made = province.published[at]
    document = json.loads(made.files["data.json"])
    numbers: list[Number] = document["observations"]
    change(numbers)
    made.manifest["snapshot"] = {**made.manifest["snapshot"], **(told or {})}
    made.files = files_of(made.manifest["snapshot"], numbers)
    restate_files(province, at, len(numbers))


def restate_files(province: Province, at: int, rows_count: int) -> None:
    """Let a manifest state what its files are, and sign history anew."""
    made = province.published[at]
    made.manifest["files"] = [
        {"name": name, "size_bytes": len(body), "sha256": sha256(body).hexdigest(), "rows_count": rows_count}
        for name, body in sorted(made.files.items())
    ]
    province.reseal()


def changed(place: int, **members: Any) -> Callable[[list[Number]], None]:
    """Change members of one number."""
    return lambda numbers: numbers[place].update(members)


def added(*more: Number) -> Callable[[list[Number]], None]:
    """Add numbers."""
    return lambda numbers: numbers.extend(more)


def nothing(_: list[Number]) -> None:
    """Change no number."""


def at_quarter(change: Callable[[list[Number]], None] = nothing, **told: Any) -> Spoil:
    """Rewrite the publication of the quarter."""
    return lambda province: rewrite(province, AT_QUARTER, change, told)


def in_file(name: str, old: bytes, new: bytes, *, is_restated: bool = False) -> Spoil:
    """Change a file of the newest publication, with or without its manifest."""

    def spoil(province: Province) -> None:
        made = province.published[AT_V4]
        assert old in made.files[name]
        made.files[name] = made.files[name].replace(old, new)
        if is_restated:
            restate_files(province, AT_V4, made.manifest["files"][0]["rows_count"])

    return spoil


def signature_of(header: dict[str, Any], mark: bytes = b"") -> str:
    """Make a detached signature out of anything."""
    parts = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (canonical(header), mark))
    return "..".join(parts)


def signed(text: str) -> Spoil:
    """Put another signature under the newest manifest."""
    return lambda province: setattr(province.published[AT_V4], "signature", text)


def swap_signature(province: Province) -> None:
    province.published[AT_V4].signature = province.published[0].signature


def sign_by_a_stranger(province: Province) -> None:
    province.seal(province.published[AT_V4], key=ECKey.generate_key("P-256", {"kid": "k2"}))


def sign_by_a_namesake(province: Province) -> None:
    province.seal(province.published[AT_V4], key=ECKey.generate_key("P-256", {"kid": "k1"}))


def change_after_signing(province: Province) -> None:
    made = province.published[AT_V4]
    made.manifest["reasons"] = ["dedup"]
    made.line["manifest_sha256"] = sha256(canonical(made.manifest)).hexdigest()


def remove_one(province: Province) -> None:
    del province.published[3]


def fork(province: Province) -> None:
    """Publish two at one position, both after the same."""
    told = head(1, "preliminary", name="2026W35", period_type="week", start="2026-08-24", end="2026-08-31")
    other = province.publish(told, [number("U2", 1, 2)])
    other.manifest |= {"position": 6, "previous_sha256": province.digest(5)}
    province.seal(other)


def relink(province: Province) -> None:
    """Let the newest manifest follow another one than the one before."""
    made = province.published[AT_V4]
    made.manifest["previous_sha256"] = province.digest(4)
    province.seal(made)


def change_log(place: int, **members: Any) -> Spoil:
    return lambda province: province.restatements[place].update(members)


def forget_change(province: Province) -> None:
    province.restatements.pop()


def explain_twice(province: Province) -> None:
    province.restatements.append(province.restatements[0])


def restate_without_reason(province: Province) -> None:
    province.published[AT_V4].manifest["reasons"] = []
    province.reseal()


def count_rows_wrong(province: Province) -> None:
    for file in province.published[AT_V4].manifest["files"]:
        file["rows_count"] += 1
    province.reseal()


def drop_row(name: str) -> Spoil:
    def spoil(province: Province) -> None:
        made = province.published[AT_V4]
        lines = made.files[name].splitlines(keepends=True)
        made.files[name] = b"".join(lines[:-1])
        restate_files(province, AT_V4, made.manifest["files"][0]["rows_count"])

    return spoil


def status_after_final(province: Province) -> None:
    rewrite(province, AT_V4, nothing, {"status": "revised"})


def skip_version(province: Province) -> None:
    rewrite(province, AT_V4, nothing, {"version": 5})
    for told in province.restatements:
        told["to_version"] = 5 if told["to_version"] == 4 else told["to_version"]


def lie_about_position(province: Province) -> None:
    """Sign another position than is listed."""
    made = province.published[AT_V4]
    made.manifest["position"] = 7
    province.seal(made)
    made.line["position"] = 6


def lie_in_the_list(province: Province) -> None:
    province.published[AT_V4].line["calendar_version"] = "VN-2026.5"


def in_head(name: str) -> Spoil:
    """Give a file of the newest publication another head than was signed."""
    return in_file(name, b"VN-2026.4", b"VN-2026.5", is_restated=True)


def leave_out_lines(province: Province) -> None:
    del province.published[AT_V4].files["data.jsonl"]
    restate_files(province, AT_V4, 15)


def swap_columns(province: Province) -> None:
    """Write columns of CSV in another order, cells and all."""
    made = province.published[AT_V4]
    rows = [line.split(",") for line in made.files["data.csv"].decode().splitlines()]
    made.files["data.csv"] = "".join(",".join([*row[:8], row[9], row[8], *row[10:]]) + "\r\n" for row in rows).encode()
    restate_files(province, AT_V4, 15)


def supersede_twice(province: Province) -> None:
    """Let two publications supersede one."""
    rewrite(province, AT_V4, nothing, {"version": 3, "status": "final", "supersedes": V2})
    for told in province.restatements:
        if told["to_snapshot"] == V4:
            told |= {"from_snapshot": V2, "from_version": 2, "to_version": 3}


def go_back_in_time(province: Province) -> None:
    rewrite(province, AT_V4, nothing, {"as_of": "2026-10-02T23:00:00+07:00"})


def explain_more(**members: Any) -> Spoil:
    """Add an entry to the log, like the newest but for some members."""
    return lambda province: province.restatements.append({**province.restatements[-1], **members})
