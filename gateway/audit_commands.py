"""`gateway audit`: verify the record of looks at personal data, export it, go on after damage."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands import INSTANT_HELP, read_instant, with_database

app = typer.Typer(no_args_is_help=True, help="The record of looks at personal data.")

_SLOW_SECONDS = 2.0


@app.command("verify")
def verify(
    since: Annotated[
        Path | None, typer.Option(help="Begin at the newest checkpoint of this file (JSON lines, a log too).")
    ] = None,
    anchors: Annotated[
        Path | None, typer.Option(help="Hold the whole chain against all checkpoints of this file as well.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Verify an export; needs no database.")] = None,
    keys: Annotated[Path | None, typer.Option(help="Public keys (JWK set) that signed checkpoints.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Findings that are shown at most.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Verify every line, every checkpoint and the end of the chain; status 1 when anything is wrong."""
    from gateway import auditing

    unvouched: list[str] = []
    if file is not None:
        report, unvouched = auditing.verify_file(file, keys)
    else:
        tell = _Progress()
        report = with_database(lambda dsn: auditing.verify(dsn, since=since, anchors=anchors, keys=keys, progress=tell))
    facts = auditing.report_facts(report, limit)
    if as_json:
        typer.echo(json.dumps({**facts, "keys_of_the_file": unvouched}, ensure_ascii=False))
        raise typer.Exit(0 if report.is_whole else 1)
    for finding in report.findings[:limit]:
        typer.echo(str(finding))
    if len(report.findings) > limit:
        typer.echo(f"… and {len(report.findings) - limit} more")
    verdict = "whole" if report.is_whole else f"NOT WHOLE: {len(report.findings)} findings"
    typer.echo(
        f"{verdict}; {report.lines_count} lines ({report.first}-{report.last}), "
        f"{report.checkpoints_count} checkpoints, {report.signatures_count} signatures verified"
    )
    for key_id in report.unknown_keys:
        typer.echo(f"not looked at: signatures by {key_id}, a key that is not at hand (see --keys)", err=True)
    for key_id in unvouched:
        typer.echo(f"only the file vouches for its key {key_id}: compare it with the published one", err=True)
    raise typer.Exit(0 if report.is_whole else 1)


@app.command("export")
def export(
    begins: Annotated[str, typer.Option("--from", help=INSTANT_HELP)],
    ends: Annotated[str, typer.Option("--to", help="The first instant that is left out.")],
    out: Annotated[Path, typer.Option(help="A new file, made readable for its owner only.")],
    because: Annotated[str, typer.Option(help="Why, for the record: a code or a short sentence.")] = "inspection",
) -> None:
    """Write the lines of an interval with what proves them. The export leaves a line of its own."""
    from gateway import auditing

    since, until = read_instant(begins), read_instant(ends)
    if since >= until:
        raise typer.BadParameter("must be after --from", param_hint="--to")
    count = with_database(lambda dsn: auditing.export(dsn, since, until, out, because))
    typer.echo(f"{count} lines in {out}")


@app.command("reseal")
def reseal(
    because: Annotated[str, typer.Option(help="Why one may go on, for the record: a short sentence.")],
    anchors: Annotated[
        Path | None, typer.Option(help="Checkpoints that were kept elsewhere (JSON lines, a log too).")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Findings that are shown at most.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Go on behind an end of the chain that is wrong or missing, so that data is shown again.

    Verifies first, and writes what it found into the first line of a new stretch. Old lines stay as they are, and every
    later verification names the break. Refuses where nothing is wrong with the end.
    """
    from gateway import auditing

    done = with_database(lambda dsn: auditing.reseal(dsn, because, anchors))
    facts = auditing.resealed_facts(done, limit)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    for finding in done.found.findings[:limit]:
        typer.echo(str(finding))
    typer.echo(f"went on at line {done.checkpoint.head.position} after {done.fault}; keep this checkpoint elsewhere:")
    typer.echo(json.dumps({"event": "audit.checkpoint", **facts["checkpoint"]}))


class ReportForm(StrEnum):
    """How a draft is written."""

    MARKDOWN = "markdown"
    JSON = "json"


@app.command("report")
def report(
    begins: Annotated[str, typer.Option("--from", help=INSTANT_HELP)],
    ends: Annotated[str, typer.Option("--to", help="The first instant that is left out.")],
    client: Annotated[str, typer.Option(help="Looks of this client only.")] = "",
    officer: Annotated[str, typer.Option(help="Looks of this officer only, by the code or number they stated.")] = "",
    agency: Annotated[str, typer.Option(help="Looks for this agency and those below it only.")] = "",
    dossier: Annotated[str, typer.Option(help="Looks for this dossier only.")] = "",
    detected: Annotated[str, typer.Option("--detected-at", help="When it was detected; now, unless stated.")] = "",
    looks: Annotated[Path | None, typer.Option(help="A new CSV file of the looks, by correlation id.")] = None,
    form: Annotated[ReportForm, typer.Option("--format", help="What is printed.")] = ReportForm.MARKDOWN,
    because: Annotated[str, typer.Option(help="Why, for the record.")] = "breach notification",
) -> None:
    """Draft a notification of a breach of personal data: how many people, which fields, through whom, until when.

    What only a person can say is marked. The draft leaves a line of its own.
    """
    from gateway.breach_reporting import report as make_report
    from gateway.clocks import SystemClock
    from gateway.sync.breach_text import facts, markdown
    from gateway.sync.breaches import ReportWish

    since, until = read_instant(begins), read_instant(ends)
    if since >= until:
        raise typer.BadParameter("must be after --from", param_hint="--to")
    wish = ReportWish(
        since=since,
        until=until,
        detected_at=read_instant(detected) if detected else SystemClock().now(),
        because=because,
        client_id=client,
        officer=officer,
        agency_code=agency,
        dossier_code=dossier,
    )
    made = with_database(lambda dsn: make_report(dsn, wish, looks))
    if form is ReportForm.JSON:
        typer.echo(json.dumps(facts(made), ensure_ascii=False))
    else:
        typer.echo(markdown(made), nl=False)


class _Progress:
    """Says how far it is, once it takes longer than a moment, and then every few seconds."""

    def __init__(self) -> None:
        from gateway.clocks import SystemClock

        self._clock = SystemClock()
        self._said = self._clock.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = self._clock.monotonic()
        if now - self._said >= _SLOW_SECONDS:
            self._said = now
            typer.echo(f"{done} of {total} lines", err=True)
