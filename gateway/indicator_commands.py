"""`gateway indicators …`: count from scratch and compare, add up anew, publish at once."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from gateway.commands import with_database
from gateway.config import load_settings

app = typer.Typer(no_args_is_help=True, help="Numbers for the monitoring systems.")
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def check(as_json: JsonOption = False) -> None:
    """Count every dossier from scratch and compare with what is stored. Ends with 1 when they differ."""
    from gateway.counting import check

    counted = with_database(lambda dsn: check(dsn, load_settings()))
    found = counted.comparison
    if found is None:
        told = json.dumps({"is_equal": None}) if as_json else "another process is counting; try again"
        typer.echo(told, err=not as_json)
        raise typer.Exit(1)
    if as_json:
        facts = {**asdict(found), "is_equal": found.is_equal, "changed_before": counted.changed_count}
        typer.echo(json.dumps(facts))
    else:
        typer.echo(f"{found.dossiers_count} dossiers, {found.cells_count} cells")
        typer.echo(f"differing: {found.differing_facts_count} facts, {found.differing_cells_count} cells")
        for code in found.codes:
            typer.echo(f"  {code}")
    raise typer.Exit(0 if found.is_equal else 1)


@app.command("add-up")
def add_up() -> None:
    """Add every cell up anew from the facts of dossiers. What is asked meanwhile is answered by the old ones."""
    from gateway.counting import add_up

    is_done = with_database(lambda dsn: add_up(dsn, load_settings()))
    typer.echo("added up" if is_done else "another process is counting; try again", err=not is_done)
    raise typer.Exit(0 if is_done else 1)


@app.command()
def publish(as_json: JsonOption = False) -> None:
    """Publish every period whose figures changed now, without waiting for the night."""
    from gateway.counting import publish

    found = with_database(lambda dsn: publish(dsn, load_settings()))
    if found is None:
        typer.echo(
            json.dumps({"published": None}) if as_json else "another process is counting; try again", err=not as_json
        )
        raise typer.Exit(1)
    done, owed_count = found
    if as_json:
        typer.echo(json.dumps({"published": done, "owed_count": owed_count}))
        return
    typer.echo("\n".join(done) if done else "nothing is to be published")
    if owed_count:
        typer.echo(f"final figures of {owed_count} periods changed and wait: GET /monitoring/v1/restatements/owed")


@app.command()
def sites(as_json: JsonOption = False) -> None:
    """Look whether the registered portals carry the national system's script. Ends with 1 when one does not."""
    from gateway.counting import look_at_sites

    found = with_database(look_at_sites)
    if as_json:
        typer.echo(json.dumps({site.url: [fault.value for fault in faults] for site, faults in found}))
    for site, faults in () if as_json else found:
        typer.echo(f"{site.url} (site {site.site_id}): {', '.join(faults) or 'measured'}")
    raise typer.Exit(1 if any(faults for _, faults in found) else 0)
