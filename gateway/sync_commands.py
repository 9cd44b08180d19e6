"""Commands about what is read from the portal. They ask the workers through the store, and watch."""

import asyncio
import json
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.config import load_settings
from gateway.errors import ConfigurationError, Fault
from gateway.model.vocabulary import ProcedureCode
from gateway.sync.procedure_runs import ProcedureRun, RunState


def procedures(
    code: Annotated[list[str] | None, typer.Argument(help="Procedures; none for the whole catalogue.")] = None,
    accept_short: Annotated[
        bool, typer.Option("--accept-short", help="Believe the list however much of what is known it lacks.")
    ] = False,
    wait_seconds: Annotated[
        float, typer.Option("--wait", min=0, max=86_400, help="Seconds to watch; 0 only asks, a worker does it next.")
    ] = 3600.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read procedures from the portal now, and show how far the reading has come. A worker must be running."""
    from gateway.bootstrap import open_database
    from gateway.synchronising import read_procedures, summary

    settings = load_settings()
    if settings.portal is None:
        raise ConfigurationError([Fault("portal", "must be configured before anything can be read from it", "nothing")])
    codes = [_checked(one) for one in code or []]
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=as_json or not console.is_terminal,
    )
    task = progress.add_task("waiting for a worker", total=None)
    said: set[RunState] = set()

    def show(run: ProcedureRun) -> None:
        description = "waiting for a worker" if run.state is RunState.WAITING else "procedures"
        total = run.to_read_count if run.state is not RunState.WAITING else None
        progress.update(task, description=description, total=total, completed=run.counts.read_count)
        if progress.disable and not as_json and run.state not in said:
            said.add(run.state)  # Not a terminal: one plain line per state.
            console.print(f"run {run.run_id} {run.state.value}", highlight=False)

    database = open_database(settings)
    try:
        with progress:
            run = asyncio.run(
                read_procedures(
                    database.dsn, codes, accepts_short_list=accept_short, wait_seconds=wait_seconds, show=show
                )
            )
    finally:
        database.release()
    _print(run, json.dumps(summary(run), ensure_ascii=False) if as_json else None)
    is_well = run.state is RunState.DONE and not run.is_held and not run.counts.failed_count
    raise typer.Exit(0 if is_well or (not wait_seconds and run.state is not RunState.FAILED) else 1)


def _checked(code: str) -> str:
    try:
        return TypeAdapter[str](ProcedureCode).validate_python(code)
    except ValidationError:
        raise typer.BadParameter("must be a procedure code, as 1.999001") from None


def _print(run: ProcedureRun, as_json: str | None) -> None:
    if as_json is not None:
        typer.echo(as_json)
        return
    counts = run.counts
    shown = {
        "listed": run.listed_count,
        "read": counts.read_count,
        "created": counts.created_count,
        "changed": counts.changed_count,
        "restored": counts.restored_count,
        "unchanged": counts.unchanged_count,
        "skipped": run.skipped_count,
        "retired": counts.retired_count,
        "absent": counts.absent_count,
        "failed": counts.failed_count,
    }
    typer.echo(f"run {run.run_id} {run.state.value}: " + " ".join(f"{name}={count}" for name, count in shown.items()))
    if run.failure:
        typer.echo(f"failed: {run.failure}", err=True)
    if run.is_held:
        typer.echo("the list is too short to be believed: nothing was retired; repeat with --accept-short", err=True)
    for finding in run.findings:
        place = f" row {finding.row}" if finding.row else ""
        typer.echo(f"{finding.rule.value}{place} {finding.code} {finding.detail}".rstrip(), err=True)
