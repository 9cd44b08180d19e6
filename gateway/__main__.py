"""The command line. Commands print for people, or JSON where a program listens; settings come from GATEWAY_CONFIG."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from gateway import __version__
from gateway.audit_commands import app as audit
from gateway.commands import add_sync_commands, calendar, portal_standing
from gateway.commands import with_database as _with_database
from gateway.config import load_settings
from gateway.errors import ConfigurationError, GatewayError
from gateway.indicator_commands import app as indicators
from gateway.key_commands import app as keys
from gateway.mapping_commands import app as mappings
from gateway.printing import show_table
from gateway.subject_commands import app as subjects
from gateway.sync_commands import procedures

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks show local values, and those may be personal
    help="Liên thông: the provincial integration gateway.",
)
clients = typer.Typer(no_args_is_help=True, help="Registered callers of the API.")
certs = typer.Typer(no_args_is_help=True, help="Certificates: development authority, list, check.")
sync = typer.Typer(no_args_is_help=True, help="The queue: where it stands, and what waits for a person.")
app.add_typer(keys, name="keys")
app.add_typer(indicators, name="indicators")
app.add_typer(clients, name="clients")
app.add_typer(sync, name="sync")
app.add_typer(calendar, name="calendar")
add_sync_commands(sync)
app.add_typer(certs, name="certs")
app.add_typer(mappings, name="mappings")
app.add_typer(audit, name="audit")
app.add_typer(subjects, name="subjects")
sync.command("procedures")(procedures)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ROLES = ("api", "worker", "all")


def main() -> None:
    """Run the command line; a fault of configuration or of the store ends it with status 2 and a list."""
    try:
        app()
    except ConfigurationError as error:
        console = Console(stderr=True)
        console.print("[red]The configuration cannot be used:[/red]")
        for fault in error.faults:
            console.print(f"  {fault}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except GatewayError as error:
        Console(stderr=True).print(f"{error.code}: {error.message}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def serve(
    role: Annotated[str, typer.Option(help="api, worker or all.")] = "all",
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the port.")] = 1,
) -> None:
    """Serve the API, work on deliveries, or both, until told to stop (SIGTERM)."""
    if role not in ROLES:
        raise typer.BadParameter(f"must be one of {', '.join(ROLES)}", param_hint="--role")
    from gateway.serving import serve as run_server

    raise typer.Exit(run_server(load_settings(), role, processes))


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from gateway.store.schema import NEWEST
    from gateway.store.schema import migrate as run_migrations

    before = _with_database(run_migrations)
    typer.echo(f"schema {NEWEST}" + ("" if before == NEWEST else f" (was {before or 'empty'})"))


@app.command()
def check(as_json: JsonOption = False) -> None:
    """Test settings, database, keys, certificates, and each system's reachability and credentials. Changes nothing."""
    from gateway.checking import run_checks

    findings = _with_database(lambda dsn: run_checks(load_settings(), dsn))
    if as_json:
        typer.echo(json.dumps([{"subject": f.subject, "is_ok": f.is_ok, "detail": f.detail} for f in findings]))
    else:
        rows = (("ok" if finding.is_ok else "NO", finding.subject, finding.detail) for finding in findings)
        show_table(("", "what", "finding"), rows)
    raise typer.Exit(0 if all(finding.is_ok for finding in findings) else 1)


@app.command()
def sandbox(
    arguments: Annotated[list[str] | None, typer.Argument(help="Passed on; see --help after --.")] = None,
) -> None:
    """Run the national portal's sandbox in the foreground."""
    from adapters.portal.sandbox.__main__ import main as run_sandbox

    raise typer.Exit(run_sandbox(arguments or []))


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the day instead of staying up.")] = False,
    as_json: JsonOption = False,
    folder: Annotated[Path, typer.Option(help="Where the demonstration keeps its files; emptied first.")] = Path(
        "var/demo"
    ),
    dossiers: Annotated[int, typer.Option(min=1, max=100_000)] = 2000,
    procedures: Annotated[int, typer.Option(min=1, max=8000)] = 240,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes any free port.")] = 0,
) -> None:
    """Live a provincial system's day against the sandbox, with faults on, and verify that nothing was lost."""
    from gateway.demo.command import Options, run

    options = Options(
        folder=folder.resolve(), dossiers_count=dossiers, procedures_count=procedures, port=port, is_quiet=as_json
    )
    raise typer.Exit(run(options, is_once=once, is_json=as_json))


@clients.command("add")
def add_client(
    client_id: str,
    name: Annotated[str, typer.Option(help="Who it is.")],
    scope: Annotated[list[str], typer.Option(help="May be repeated.")],
    agency: Annotated[list[str], typer.Option(help='Subtree it may touch ("H99"); "*" for all. May be repeated.')],
    certificate_sha256: Annotated[str, typer.Option(help="Bind the token to this client certificate (hex).")] = "",
    as_json: JsonOption = False,
) -> None:
    """Register a caller and print its token: it is shown this once."""
    from gateway.registering import register

    token = _with_database(lambda dsn: register(dsn, client_id, name, scope, agency, certificate_sha256))
    typer.echo(json.dumps({"client_id": client_id, "token": token}) if as_json else token)


@clients.command("list")
def list_clients(as_json: JsonOption = False) -> None:
    """List registered callers."""
    from gateway.registering import listed

    rows = _with_database(listed)
    if as_json:
        typer.echo(json.dumps(rows))
        return
    lines = (
        (
            *(row["client_id"], row["name"], " ".join(row["scopes"]), " ".join(row["agency_prefixes"])),
            *(row["created_at"], row["revoked_at"] or ""),
        )
        for row in rows
    )
    show_table(("client", "name", "scopes", "agencies", "since", "revoked"), lines)


@clients.command("revoke")
def revoke_client(client_id: str) -> None:
    """Revoke a caller's token; it stops working within a few seconds."""
    from gateway.registering import revoke

    if not _with_database(lambda dsn: revoke(dsn, client_id)):
        typer.echo(f"no active client {client_id}", err=True)
        raise typer.Exit(1)


@certs.command("init")
def init_certificates(
    folder: Path,
    name: Annotated[list[str] | None, typer.Option(help="Server names and addresses.")] = None,
) -> None:
    """Make a development authority with server and client certificates (never for production)."""
    from certs.commands import init
    from gateway.clocks import SystemClock

    for path in init(folder, name or ["localhost", "127.0.0.1"], SystemClock().now()):
        typer.echo(path)


@certs.command("list")
def list_certificates(folder: Path) -> None:
    """List certificates below a folder with the days that they have left."""
    from certs.commands import list_certificates as listing
    from gateway.clocks import SystemClock

    rows = []
    for item in listing(folder, SystemClock().now()):
        facts = item.facts
        subject, days = (facts.subject_common_name, str(facts.days_left)) if facts is not None else ("", "")
        rows.append((item.path, subject, days, item.problem))
    show_table(("file", "subject", "days left", "problem"), rows)


@certs.command("check")
def check_certificates(folder: Path) -> None:
    """Hold certificates and keys below a folder against the policy."""
    from certs.commands import check_certificates as checking
    from certs.policy import default_policy
    from gateway.clocks import SystemClock

    findings = checking(folder, default_policy(), SystemClock().now())
    for finding in findings:
        typer.echo(f"{finding.severity.value}: {finding.path}: {finding.message}")
    raise typer.Exit(1 if any(finding.severity.value == "critical" for finding in findings) else 0)


@sync.command("status")
def sync_status(as_json: JsonOption = False) -> None:
    """Show the nothing-lost equation of every system, and what is parked and why."""
    from gateway.operating import status

    facts = _with_database(status)
    stands = portal_standing()
    facts["standings"] = {"portal": stands}
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    counts = ("accepted", "delivered", "waiting", "in_flight", "unknown", "parked", "skipped", "difference")
    rows = ((system, *(balance[count] for count in counts)) for system, balance in facts["systems"].items())
    show_table(("system", *counts), rows)
    typer.echo(f"portal: {stands}")
    _show_parked(facts["parked"])


@sync.command("retry")
def sync_retry(
    delivery_id: Annotated[
        list[int] | None, typer.Argument(help="Parked deliveries; none for all of --reason.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help='All whose reason begins so, e.g. "unmapped".')] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only show what would be done.")] = False,
) -> None:
    """Send parked deliveries again, as if never tried. Shows first, acts with --yes."""
    _decide(delivery_id, reason, yes=yes, skip_reason=None)


@sync.command("skip")
def sync_skip(
    delivery_id: Annotated[list[int], typer.Argument(help="Parked deliveries.")],
    because: Annotated[str, typer.Option(help="A code for the record, never a person's data.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only show what would be done.")] = False,
) -> None:
    """End parked deliveries without sending them. Shows first, acts with --yes."""
    _decide(delivery_id, None, yes=yes, skip_reason=because)


@sync.command("reconcile")
def sync_reconcile(
    full: Annotated[bool, typer.Option("--full", help="Everything, not only what changed since the last run.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Find differences and repair none.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only show what would be done.")] = False,
) -> None:
    """Compare both sides, repair what the province owns, leave the rest to a person. Shows first, acts with --yes."""
    from gateway import reconciling
    from gateway.model.reconciliation import RunMode

    mode = RunMode.FULL if full else RunMode.INCREMENTAL
    rate = load_settings().reconciliation.calls_per_second
    planned = _with_database(lambda dsn: reconciling.plan(dsn, mode, rate))
    typer.echo(
        f"{planned.dossiers_count} dossiers, about {planned.seconds / 60:.1f} minutes at {rate:g} calls a second"
    )
    if planned.is_under_way:
        typer.echo("a run is under way already; see `gateway sync findings`", err=True)
        raise typer.Exit(1)
    if not yes:
        typer.echo("nothing was begun; repeat with --yes")
        return
    run_id = _with_database(lambda dsn: reconciling.begin(dsn, mode, is_dry=dry_run))
    typer.echo(f"run {run_id} begun; workers take it up within seconds")


@sync.command("findings")
def sync_findings(as_json: JsonOption = False) -> None:
    """Show the newest comparisons, and the differences that wait for a person."""
    from gateway import reconciling

    facts = _with_database(reconciling.findings)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    runs = [
        (
            *(run["run_id"], run["system"], run["mode"], run["state"], run["phase"], run["started_at"]),
            " ".join(f"{name}={count}" for name, count in sorted(run["counts"].items())),
        )
        for run in facts["runs"]
    ]
    show_table(("run", "system", "mode", "state", "phase", "started", "counts"), runs, title="runs")
    parked = [
        (line["finding_id"], line["dossier_code"], line["kind"], ", ".join(line["fields"]), line["found_at"])
        for line in facts["parked"]
    ]
    show_table(("finding", "dossier", "kind", "fields", "since"), parked, title="parked differences")


def _decide(delivery_ids: list[int] | None, reason: str | None, *, yes: bool, skip_reason: str | None) -> None:
    from gateway.operating import decide, select

    if not delivery_ids and not reason:
        raise typer.BadParameter("name deliveries, or a reason")
    parked = _with_database(lambda dsn: select(dsn, delivery_ids or [], reason))
    _show_parked([{**asdict(item), "changed_at": item.changed_at.isoformat()} for item in parked])
    missing = sorted(set(delivery_ids or []) - {item.delivery_id for item in parked})
    if missing:
        typer.echo(f"not parked: {', '.join(map(str, missing))}", err=True)
    if not yes:
        typer.echo(f"{len(parked)} would be {'sent again' if skip_reason is None else 'skipped'}; repeat with --yes")
        raise typer.Exit(1 if missing else 0)
    failed = _with_database(lambda dsn: decide(dsn, parked, skip_reason))
    for failed_id, message in failed:
        typer.echo(f"{failed_id}: {message}", err=True)
    typer.echo(f"{len(parked) - len(failed)} done")
    raise typer.Exit(1 if failed or missing else 0)


def _show_parked(rows: list[dict[str, Any]]) -> None:
    lines = (
        (
            *(row["delivery_id"], row["system"], row["dossier_code"], row["revision"], row["kind"]),
            *(row["changed_at"], row["reason"]),
        )
        for row in rows
    )
    show_table(("delivery", "system", "dossier", "revision", "kind", "since", "reason"), lines, title="parked")


if __name__ == "__main__":
    main()
