"""`gateway mappings`: lint files, show what they cover and what they would change, and put them in force."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from gateway.errors import ConfigurationError

app = typer.Typer(
    no_args_is_help=True, help="Mapping sets: the province's own codes and what they are called elsewhere."
)
T = TypeVar("T")

Folder = Annotated[Path, typer.Argument(help="Folder with the sets: NAME.toml, NAME.csv, NAME.names.csv.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OnOption = Annotated[
    datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Vietnamese date; today if left out.")
]
_SHOWN_CHANGES = 200
_SHOWN_CODES = 50


@app.command("lint")
def lint(
    folder: Folder,
    with_catalogue: Annotated[
        bool, typer.Option("--with-catalogue", help="Also look procedures up in the catalogue that was read.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check sets and list everything that is wrong by file, row and rule. Changes nothing; status 1 for faults."""
    from gateway.mapping_loading import known_targets, offline_targets, read_folder
    from mappings.sets.lint import read_collection

    def check() -> int:
        targets = _with_pool(known_targets) if with_catalogue else offline_targets()
        return len(read_collection(read_folder(folder), targets))

    count = _refusing(check, as_json=as_json)
    typer.echo(json.dumps({"sets_count": count, "faults": []}) if as_json else f"{count} sets, no fault")


@app.command("coverage")
def coverage(
    folder: Annotated[Path | None, typer.Argument(help="Folder with sets; the sets in force if left out.")] = None,
    on: OnOption = None,
    gate: Annotated[bool, typer.Option("--gate", help="Status 1 unless every active set is complete.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show which declared and which carried codes have a row, and which rows lead to something that has ended."""
    from gateway.clocks import SystemClock
    from gateway.mapping_loading import cover, read_folder

    clock = SystemClock()
    day = _day(on)

    def run() -> list[Any]:
        files = None if folder is None else read_folder(folder)
        return _with_pool(lambda pool: cover(pool, clock, files, day))

    covered = _refusing(run, as_json=as_json)
    if as_json:
        typer.echo(json.dumps([{**asdict(item), "is_complete": item.is_complete} for item in covered]))
    else:
        for item in covered:
            missing = sorted({*item.declared_missing, *item.traffic_missing})
            typer.echo(
                f"{item.set_id} {item.version} ({item.kind.value}): "
                f"declared {item.declared_count - len(item.declared_missing)}/{item.declared_count}, "
                f"in traffic {item.traffic_count - len(item.traffic_missing)}/{item.traffic_count}, "
                f"messages {item.messages_covered_count}/{item.messages_count}, unused rows {item.unused_count}"
            )
            for word, codes in (("missing", missing), ("stale", item.stale)):
                if codes:
                    more = f" and {len(codes) - _SHOWN_CODES} more" if len(codes) > _SHOWN_CODES else ""
                    typer.echo(f"  {word}: {' '.join(codes[:_SHOWN_CODES])}{more}")
    raise typer.Exit(1 if gate and not all(item.is_complete for item in covered) else 0)


@app.command("diff")
def diff(folder: Folder, on: OnOption = None, as_json: JsonOption = False) -> None:
    """Replay the codes that dossiers carried against sets, and show what they would change. Changes nothing."""
    _show(_try_out(folder, _day(on), as_json=as_json), as_json=as_json)


@app.command("load")
def load(
    folder: Folder,
    by: Annotated[
        str, typer.Option("--by", help="Which account or office loads, for the record; this account if left out.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put sets in force as a whole, in all processes within seconds. Lints first; with any fault nothing is loaded."""
    from gateway.clocks import SystemClock
    from gateway.mapping_loading import load as load_files
    from gateway.mapping_loading import read_folder

    if dry_run:
        _show(_try_out(folder, _day(None), as_json=as_json), as_json=as_json)
        return
    clock, day, loaded_by = SystemClock(), _day(None), by.strip() or getpass.getuser()

    def run() -> Any:
        files = read_folder(folder)
        return _with_pool(lambda pool: load_files(pool, clock, files, day, loaded_by=loaded_by))

    _show(_refusing(run, as_json=as_json), as_json=as_json)


def _try_out(folder: Path, day: date, *, as_json: bool) -> Any:
    from gateway.clocks import SystemClock
    from gateway.mapping_loading import read_folder, try_out

    def run() -> Any:
        files = read_folder(folder)
        return _with_pool(lambda pool: try_out(pool, SystemClock(), files, day))

    return _refusing(run, as_json=as_json)


def _show(loaded: Any, *, as_json: bool) -> None:
    if as_json:
        facts = asdict(loaded)
        facts["changes"] = [{**change, "since": change["since"].isoformat()} for change in facts["changes"]]
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    for name in loaded.sets:
        typer.echo(name)
    for change in loaded.changes[:_SHOWN_CHANGES]:
        typer.echo(
            f"  {change.kind.value} {change.code} since {change.since.isoformat()}: "
            f"{change.before} -> {change.after}, seen {change.seen_count} times"
        )
    more = len(loaded.changes) - _SHOWN_CHANGES
    if more > 0:
        typer.echo(f"and {more} more; see --json")
    if loaded.version is not None:
        typer.echo(f"version {loaded.version} is in force" + ("" if loaded.is_new else " already"))
    elif not loaded.is_new:
        typer.echo("nothing would change")


def _refusing(run: Callable[[], T], *, as_json: bool) -> T:
    """Run; list the faults of files that are refused, and end with status 1."""
    try:
        return run()
    except ConfigurationError as error:
        if as_json:
            faults = [{"place": fault.field, "rule": fault.rule, "found": fault.found} for fault in error.faults]
            typer.echo(json.dumps({"faults": faults}, ensure_ascii=False))
        else:
            for fault in error.faults:
                typer.echo(str(fault), err=True)
            typer.echo(f"{len(error.faults)} faults; nothing was loaded", err=True)
        raise typer.Exit(1) from None


def _day(given: datetime | None) -> date:
    from gateway.clocks import SystemClock
    from gateway.model.vocabulary import VIETNAM

    return given.date() if given is not None else SystemClock().now().astimezone(VIETNAM).date()


def _with_pool(run: Callable[[Any], Awaitable[T]]) -> T:
    """Run a coroutine function with a pool on the configured (or embedded) database, migrated."""
    from gateway.bootstrap import open_database
    from gateway.config import load_settings
    from gateway.store.pool import open_pool
    from gateway.store.schema import migrate

    async def with_pool(dsn: str) -> T:
        await migrate(dsn)
        pool = await open_pool(dsn, max_size=4)
        try:
            return await run(pool)
        finally:
            await pool.close()

    database = open_database(load_settings())
    try:
        return asyncio.run(with_pool(database.dsn))
    finally:
        database.release()
