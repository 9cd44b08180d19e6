"""`gateway keys`: the key ring that seals every record, its rotation, and how it stands."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands import JsonOption, YesOption, with_database
from gateway.printing import show_table, telling

app = typer.Typer(no_args_is_help=True, help="The key ring that seals every record.")


@app.command("init")
def init_keys(file: Path) -> None:
    """Make a key ring with one random key, unless the file is there. Keep a copy apart from the database's backups."""
    from gateway.vault.keyring import create_key_ring

    create_key_ring(file)
    typer.echo(file)


@app.command("init-signing")
def init_signing_key(file: Path) -> None:
    """Make a key (P-256) by which identity assertions are signed, unless the file is there."""
    from gateway.vault.assertions import create_signing_key

    create_signing_key(file)
    typer.echo(file)


@app.command("status")
def status(as_json: JsonOption = False) -> None:
    """Show how many rows of each table need which key, and which processes hold the ring. Reads each table once."""
    from gateway import keeping

    facts = with_database(keeping.ring_status)
    if as_json:
        typer.echo(json.dumps(keeping.status_facts(facts)))
        raise typer.Exit(1 if facts.unknown else 0)
    key_ids = sorted({*facts.keys, *facts.unknown})
    rows = ((table, *(counts.get(key_id, 0) for key_id in key_ids)) for table, counts in facts.usage.items())
    show_table(("table", *(f"{key_id} (active)" if key_id == facts.active else key_id for key_id in key_ids)), rows)
    lines = (
        (one.host, one.process_id, one.role, one.active, "no" if one in facts.lagging else "yes")
        for one in facts.readers
    )
    show_table(("host", "process", "role", "active key", "has this file"), lines, title="processes")
    if facts.next is not None:
        typer.echo(f"{facts.next} is in the file and not yet in use: `gateway keys rotate` goes on")
    if facts.retirable:
        typer.echo(f"no row needs: {', '.join(facts.retirable)} (see `gateway keys retire`)")
    for key_id in facts.unknown:
        typer.echo(f"MISSING: rows need {key_id}, which the ring does not have", err=True)
    raise typer.Exit(1 if facts.unknown else 0)


@app.command("rotate")
def rotate(
    wait_seconds: Annotated[
        float, typer.Option("--wait", min=0, max=86_400, help="Seconds that processes have to take the new key.")
    ] = 60.0,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a new key, let every process take it, use it, and wrap all records by it, while everything goes on.

    Broken off anywhere, it goes on from there when it is called again. Shows first, acts with --yes.
    """
    from gateway import keeping

    if not yes:
        plan = with_database(keeping.plan_rotation)
        stale_count = sum(plan.stale.values())
        if plan.fresh:
            typer.echo(f"{plan.fresh} would be made and used instead of {plan.active}; all rows would be wrapped by it")
        elif plan.is_waiting:
            typer.echo(f"a rotation that was begun would go on: a new key waits beside {plan.active}")
        else:
            typer.echo(f"a rotation that was begun would go on: {stale_count} rows still need another key")
        typer.echo(f"{len(plan.readers)} processes hold the ring; repeat with --yes")
        return
    with telling(is_quiet=as_json) as tell:
        done = with_database(lambda dsn: keeping.rotate(dsn, tell, wait_seconds=wait_seconds))
    if as_json:
        facts = {"before": done.before, "active": done.active, "rewrapped": done.rewrapped.rows}
        typer.echo(json.dumps(facts))
        return
    typer.echo(f"{done.active} is active; {done.rewrapped.rows_count} rows were wrapped by it")
    if done.before == done.active:
        typer.echo("this finished a rotation that was begun before; call it again to make a new key")
    typer.echo("the old key may be retired when no backup needs it: `gateway keys retire`")


@app.command("retire")
def retire(
    key_id: str,
    settle_seconds: Annotated[
        float, typer.Option("--settle", min=1, max=3600, help="Seconds between the two counts of its rows.")
    ] = 30.0,
    yes: YesOption = False,
) -> None:
    """Take a key that no row needs out of the ring. Keep a copy for as long as backups from its days are kept."""
    from gateway import keeping

    if not yes:
        facts = with_database(keeping.ring_status)
        verdict = (
            "may be taken out" if key_id in facts.retirable else "may not be taken out: rows, or new ones, need it"
        )
        typer.echo(f"{key_id} {verdict}" + ("; repeat with --yes" if key_id in facts.retirable else ""))
        raise typer.Exit(0 if key_id in facts.retirable else 1)
    with telling(is_quiet=False) as tell:
        with_database(lambda dsn: keeping.retire(dsn, key_id, tell, settle_seconds=settle_seconds))
    typer.echo(f"{key_id} is out of the ring")
