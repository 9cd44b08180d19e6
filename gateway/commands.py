"""Commands about systems: the calendar, pauses, replays. Each shows first and acts with --yes."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from gateway.config import Settings, load_settings
from gateway.printing import show_table
from gateway.sync.calendar import VIETNAM, Standing, read_hours

calendar = typer.Typer(no_args_is_help=True, help="When systems are called: opening hours and announced outages.")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it; without, only show what would be done.")]
SystemOption = Annotated[str, typer.Option(help="Which system.")]
INSTANT_HELP = "ISO 8601; without an offset it is Vietnamese time, e.g. 2026-12-05T22:00."


def with_database(run: Callable[[str], Any]) -> Any:
    """Run a coroutine function with the address of the configured (or embedded) database."""
    from gateway.bootstrap import open_database

    settings: Settings = load_settings()
    database = open_database(settings)
    try:
        return asyncio.run(run(database.dsn))
    finally:
        database.release()


def read_instant(text: str) -> datetime:
    """Read an instant as an operator writes it. Raises BadParameter."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"must be an instant: {INSTANT_HELP}") from None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=VIETNAM)


def local(instant: datetime | None) -> str:
    """Write an instant for a person in Vietnam."""
    return "" if instant is None else instant.astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M")


def sentence(standing: Standing) -> str:
    """Say in words how a system stands."""
    if standing.is_open:
        return "open" + (f" until {local(standing.closes_at)}" if standing.closes_at is not None else "")
    until = f" until {local(standing.opens_at)}" if standing.opens_at is not None else ""
    return f"closed{until} ({standing.hold})"


def portal_standing() -> str:
    """Say in words whether the portal is called now."""
    from gateway.operating import standing

    hours = read_hours(load_settings().calendar.portal.hours)
    return sentence(with_database(lambda dsn: standing(dsn, "portal", hours)))


@calendar.command("list")
def list_calendar(system: SystemOption = "portal", as_json: JsonOption = False) -> None:
    """Show how a system stands now, its opening hours, and announced outages that are not over."""
    from gateway.operating import outages, standing

    lines_of_hours = load_settings().calendar.portal.hours
    stands: Standing = with_database(lambda dsn: standing(dsn, system, read_hours(lines_of_hours)))
    lines = with_database(lambda dsn: outages(dsn, system))
    if as_json:
        facts = {
            "system": system,
            "standing": {**asdict(stands), "is_open": stands.is_open},
            "hours": lines_of_hours,
            "outages": [asdict(line) for line in lines],
        }
        typer.echo(json.dumps(facts, ensure_ascii=False, default=_isoformat))
        return
    typer.echo(f"{system}: {sentence(stands)}")
    typer.echo("hours: " + ("; ".join(lines_of_hours) if lines_of_hours else "always"))
    rows = (
        (line.outage_id, local(line.starts_at), local(line.ends_at), line.note, line.announced_by) for line in lines
    )
    show_table(("outage", "from", "until", "note", "announced by"), rows)


@calendar.command("add")
def add_outage(
    starts: Annotated[str, typer.Argument(help=INSTANT_HELP)],
    ends: Annotated[str, typer.Argument(help="The first instant after it.")],
    note: Annotated[str, typer.Option(help="What was announced; never a person's data.")] = "",
    system: SystemOption = "portal",
    yes: YesOption = False,
) -> None:
    """Announce an outage: the system is not called from the first instant until just before the second."""
    from gateway.operating import announce

    starts_at, ends_at = read_instant(starts), read_instant(ends)
    if not yes:
        typer.echo(f"{system} would be closed from {local(starts_at)} until {local(ends_at)}; repeat with --yes")
        return
    line, is_new = with_database(lambda dsn: announce(dsn, system, starts_at, ends_at, note[:500]))
    typer.echo(f"outage {line.outage_id}" + ("" if is_new else " (announced before)"))


@calendar.command("remove")
def remove_outage(outage_id: int, system: SystemOption = "portal", yes: YesOption = False) -> None:
    """Take an announced outage back; one that has begun ends now."""
    from gateway.operating import outages, take_back

    found = next(
        (line for line in with_database(lambda dsn: outages(dsn, system)) if line.outage_id == outage_id), None
    )
    if found is None:
        typer.echo(f"no announced outage {outage_id} of {system}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{outage_id}: {local(found.starts_at)} until {local(found.ends_at)} {found.note}")
    if not yes:
        typer.echo("it would be taken back; repeat with --yes")
        return
    with_database(lambda dsn: take_back(dsn, system, outage_id))
    typer.echo("taken back")


def add_sync_commands(sync: typer.Typer) -> None:
    """Add the verbs about systems to `gateway sync`."""
    sync.command("pause")(pause)
    sync.command("resume")(resume)
    sync.command("replay")(replay)
    sync.command("drift")(drift)


def pause(
    system: str,
    because: Annotated[str, typer.Option(help="A code for the record, e.g. portal_migration.")],
    yes: YesOption = False,
) -> None:
    """Leave a system alone until somebody resumes it; changes are accepted and wait."""
    from gateway.operating import set_pause

    before, waiting_count = with_database(lambda dsn: set_pause(dsn, system, because, is_dry_run=not yes))
    if before.paused_at is not None:
        typer.echo(f"{system} is paused since {local(before.paused_at)} by {before.paused_by} ({before.reason})")
    else:
        typer.echo(f"{system} {'is' if yes else 'would be'} paused; {waiting_count} deliveries wait" + _repeat(yes))


def resume(system: str, yes: YesOption = False) -> None:
    """Call a paused system again, gently at first."""
    from gateway.operating import set_pause

    before, waiting_count = with_database(lambda dsn: set_pause(dsn, system, None, is_dry_run=not yes))
    if before.paused_at is None:
        typer.echo(f"{system} is not paused")
    else:
        typer.echo(
            f"{system} {'is' if yes else 'would be'} called again; {waiting_count} deliveries wait" + _repeat(yes)
        )


def replay(
    dossier: Annotated[list[str] | None, typer.Argument(help="Codes of dossiers.")] = None,
    because: Annotated[str, typer.Option(help="A code for the record, e.g. portal_restored.")] = "",
    since: Annotated[str | None, typer.Option(help=f"Instead: all delivered from here on. {INSTANT_HELP}")] = None,
    until: Annotated[str | None, typer.Option(help="The first instant after that.")] = None,
    system: SystemOption = "portal",
    yes: YesOption = False,
) -> None:
    """Send dossiers again as they are now: those named, or all of which something was delivered in an interval."""
    from gateway.operating import replay_dossiers
    from gateway.store.replay import ReplayWish

    is_interval = since is not None and until is not None
    if (since is None) != (until is None) or is_interval == bool(dossier):
        raise typer.BadParameter("name dossiers, or give --since and --until")
    if not because:
        raise typer.BadParameter("is needed", param_hint="--because")
    wish = ReplayWish(
        system=system,
        codes=tuple(dict.fromkeys(dossier)) if dossier else None,
        since=read_instant(since) if since is not None else None,
        until=read_instant(until) if until is not None else None,
    )
    found, count = with_database(lambda dsn: replay_dossiers(dsn, wish, because, is_dry_run=not yes))
    for one in found[:20]:
        why_not = " (on its way already)" if one.is_under_way else "" if one.has_content else " (never answered)"
        typer.echo(f"{one.code} revision {one.revision}{why_not}")
    if len(found) > 20:
        typer.echo(f"… and {len(found) - 20} more")
    missing = sorted(set(dossier or []) - {one.code for one in found})
    if missing:
        typer.echo(f"not known: {', '.join(missing)}", err=True)
    typer.echo(f"{count} {'are' if yes else 'would be'} sent again" + _repeat(yes))
    raise typer.Exit(1 if missing else 0)


def drift(
    system: SystemOption = "portal",
    everything: Annotated[bool, typer.Option("--all", help="Also what a person has seen already.")] = False,
    acknowledge: Annotated[list[int] | None, typer.Option(help="Note these as seen. May be repeated.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how replies of a system differ from what is known of them."""
    from gateway.operating import drift_lines, note_drift_seen

    missing = with_database(lambda dsn: note_drift_seen(dsn, system, acknowledge)) if acknowledge else []
    lines = with_database(lambda dsn: drift_lines(dsn, system, None if everything else False))
    if as_json:
        typer.echo(json.dumps([asdict(line) for line in lines], ensure_ascii=False, default=_isoformat))
    else:
        rows = (
            (
                *(line.drift_id, line.operation, line.kind, line.place, line.detail, line.example),
                *(line.sightings_count, local(line.first_seen_at), local(line.last_seen_at), line.acknowledged_by),
            )
            for line in lines
        )
        headings = ("id", "operation", "kind", "place", "what", "example", "replies", "first", "last", "seen by")
        show_table(headings, rows)
    if missing:
        typer.echo(f"no such difference: {', '.join(map(str, missing))}", err=True)
    raise typer.Exit(1 if missing else 0)


def _repeat(is_done: bool) -> str:
    return "" if is_done else "; repeat with --yes"


def _isoformat(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
