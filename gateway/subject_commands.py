"""`gateway subjects`: what the gateway holds about one citizen; access and erasure as the law lets a citizen ask.

Numbers are read from standard input, from a file or at a prompt, never from an argument: arguments are seen by
everybody on the machine and stay in the shell's history.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.commands import JsonOption, YesOption, with_database
from gateway.printing import Telling, show_table, telling

app = typer.Typer(no_args_is_help=True, help="A citizen's request: what is held, a copy of it, its erasure.")

NumberFile = Annotated[
    str,
    typer.Option("--number-file", help='File of the person\'s numbers, one a line; "-" for standard input.'),
]
Because = Annotated[str, typer.Option(help="Which request this answers, for the record; never a person's data.")]


def _numbers(number_file: str) -> tuple[str, ...]:
    from gateway.engine.subjects import read_numbers

    if number_file == "-" and sys.stdin.isatty():
        return read_numbers(typer.prompt("number", hide_input=True, err=True))
    if number_file == "-":
        return read_numbers(sys.stdin.read())
    try:
        return read_numbers(Path(number_file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter("must be a readable file", param_hint="--number-file") from error


@app.command("find")
def find(because: Because, number_file: NumberFile = "-", as_json: JsonOption = False) -> None:
    """Show what is held about a person: counts and codes, nothing is opened. Leaves a line in the audit."""
    from gateway import requesting

    numbers = _numbers(number_file)
    facts = with_database(lambda dsn: requesting.find(dsn, numbers, because))
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    show_table(("what", "rows"), facts["held"].items())
    _show_dossiers(facts)
    _show_limits(facts)


@app.command("export")
def export(
    because: Because,
    out: Annotated[Path, typer.Option(help='A new file, made readable for its owner only; "-" for standard output.')],
    number_file: NumberFile = "-",
) -> None:
    """Write all that is held about a person as one JSON document, other citizens withheld. Leaves a line."""
    from gateway import requesting

    numbers = _numbers(number_file)
    to_file = None if str(out) == "-" else out
    text = with_database(lambda dsn: requesting.export(dsn, numbers, because, to_file))
    typer.echo(text if to_file is None else f"written to {out}")


@app.command("erase")
def erase(because: Because, number_file: NumberFile = "-", yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Destroy the keys of what is held about a person, as far as it may be. Shows first, acts with --yes."""
    from gateway import requesting

    numbers = _numbers(number_file)
    if yes:
        with telling(is_quiet=as_json) as tell:
            facts = with_database(lambda dsn: requesting.erase(dsn, numbers, because, _as_dossiers(tell)))
    else:
        facts = with_database(lambda dsn: requesting.plan_erasure(dsn, numbers, because))
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    verb = "erased" if yes else "would be erased"
    typer.echo(f"{len(facts['erased_dossiers'])} dossiers {verb}: {', '.join(facts['erased_dossiers']) or 'none'}")
    for table, count in facts["erased_rows"].items():
        typer.echo(f"{count} rows of {table} {verb}")
    show_table(("dossier", "stays because"), facts["kept_dossiers"].items())
    if not yes:
        _show_limits(facts)
        typer.echo("repeat with --yes")
    else:
        typer.echo("copies in backups and in freed space stay readable by the ring's keys until these are rotated out")


@app.command("policy")
def policy() -> None:
    """Show how erasure treats every table, and why."""
    from gateway import requesting

    show_table(("table", "erasure", "reason"), requesting.policy())


@app.command("index")
def index(
    everything: Annotated[
        bool, typer.Option("--all", help="All dossiers, not only those from before the index.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Open dossiers from before there was an index, so that their parties are found. Broken off, it goes on."""
    from gateway import requesting

    if not yes:
        typer.echo("dossiers without an index would be opened one after the other; repeat with --yes")
        return
    with telling(is_quiet=False) as tell:
        count, broken = with_database(
            lambda dsn: requesting.index(dsn, lambda done: tell("dossiers", done, 0), is_anew=everything)
        )
    typer.echo(f"{count} dossiers looked through")
    if broken:
        typer.echo(f"{len(broken)} did not open, by their internal ids: {', '.join(map(str, broken[:20]))}", err=True)
        raise typer.Exit(1)


def _as_dossiers(tell: Telling) -> Any:
    return lambda done, total: tell("dossiers", done, total)


def _show_dossiers(facts: dict[str, Any]) -> None:
    lines = (
        (one["code"], " ".join(one["roles"]), one["status"], "erased" if one["is_erased"] else "")
        for one in facts["dossiers"]
    )
    show_table(("dossier", "as", "status", ""), lines)


def _show_limits(facts: dict[str, Any]) -> None:
    if facts["unindexed_dossiers"]:
        typer.echo(
            f"{facts['unindexed_dossiers']} dossiers are not in the index: run `gateway subjects index`", err=True
        )
    typer.echo("not found by number:", err=True)
    for sentence in facts["not_searched"]:
        typer.echo(f"  {sentence}", err=True)
