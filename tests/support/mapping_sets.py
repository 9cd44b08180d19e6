"""Mapping sets for tests, as files; invented codes of the province H99."""

from collections.abc import Iterable

ROWS_HEADER = "source_code,target_code,relation,valid_from,valid_to,justification,reviewed_by,reviewed_on,note\n"


def header(
    kind: str = "procedure",
    *,
    set_id: str = "test.procedure.out",
    version: str = "1.0.0",
    status: str = "active",
    direction: str = "outbound",
    valid_from: str = "2020-01-01",
    valid_to: str = "",
    unmapped: str = 'mode = "hold"',
    source: str = "h99-codes",
    target: str = "national-codes",
    sample: str = 'code = "zzz"\non = 2020-01-01\ntreatment = "held"',
) -> str:
    """Give the header of a set; the sample holds for any set that holds what it does not know."""
    ending = f"valid_to = {valid_to}\n" if valid_to else ""
    return (
        f'set_id = "{set_id}"\nversion = "{version}"\nstatus = "{status}"\nkind = "{kind}"\n'
        f'direction = "{direction}"\nvalid_from = {valid_from}\n{ending}owner = "Tỉnh Thử nghiệm"\n'
        'reviewers = ["Cán bộ Một"]\nlegal_basis = "quyết định mẫu"\nlicence = "public domain"\n'
        f'sources = ["invented"]\n[source]\nsystem = "{source}"\nversion = "2024"\n'
        f'[target]\nsystem = "{target}"\nversion = "2025"\n[unmapped]\n{unmapped}\n[[samples]]\n{sample}\n'
    )


def rows(*lines: str) -> str:
    """Give a table; a line that names fewer cells than there are columns is completed with empty ones."""
    return ROWS_HEADER + "".join(line + "," * (8 - line.count(",")) + "\n" for line in lines)


def mapped(*pairs: tuple[str, str], since: str = "2020-01-01") -> str:
    """Give a table of plain pairs, in order."""
    return rows(*(f"{source},{target},equivalent,{since},,manual" for source, target in sorted(pairs)))


def files(stem: str = "procedures", *, toml: str | None = None, table: str | None = None) -> dict[str, bytes]:
    """Give the two files of one set."""
    made_toml = header() if toml is None else toml
    made_table = mapped(("a", "1.999001")) if table is None else table
    return {f"{stem}.toml": made_toml.encode(), f"{stem}.csv": made_table.encode()}


def procedure_files(pairs: Iterable[tuple[str, str]], *, version: str = "1.0.0") -> dict[str, bytes]:
    """Give a procedure set that holds what it does not know."""
    return files(toml=header(version=version), table=mapped(*pairs))
