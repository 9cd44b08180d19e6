"""The run as a table for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.results import Aim, Contender, Measurement, Spread


def show(measurements: Sequence[Measurement], machine: Mapping[str, Any], console: Console) -> None:
    """Print contenders, prices, aims, and above all whether the run means anything."""
    console.print(", ".join(f"{name} {value}" for name, value in machine.items()), highlight=False)
    for measurement in measurements:
        console.print(_contenders(measurement))
        for name, microseconds in measurement.prices.items():
            console.print(f"  price of {name}: {microseconds:,.1f} µs of CPU time", highlight=False)
        for remark in measurement.remarks:
            console.print(f"  {remark}", style="dim", highlight=False)
    aims = [aim for measurement in measurements for aim in measurement.aims]
    if aims:
        console.print(_aims(aims))
    reasons = [reason for measurement in measurements for reason in measurement.void_reasons()]
    for reason in reasons:
        console.print(f"[red]void:[/red] {reason}", highlight=False)
    if reasons:
        console.print("[red]This run is void: what went in is not what came out. Use none of its figures.[/red]")


def _contenders(measurement: Measurement) -> Table:
    table = Table(title=measurement.name, title_justify="left")
    for heading in ("contender", "per second", "min-max", "p50 ms", "p99 ms", "CPU µs per operation", "in = out"):
        table.add_column(heading, justify="left" if heading in ("contender", "CPU µs per operation") else "right")
    for contender in measurement.contenders:
        rate = contender.rate
        cpu = ", ".join(f"{name} {value:,.0f}" for name, value in contender.cpu_microseconds().items())
        table.add_row(
            contender.name,
            f"{rate.median:,.0f}",
            f"{rate.least:,.0f}-{rate.most:,.0f}",
            _milliseconds(contender, "p50"),
            _milliseconds(contender, "p99"),
            cpu,
            "[red]no[/red]" if contender.void_reasons() else "1.000",
        )
    return table


def _milliseconds(contender: Contender, name: str) -> str:
    latency = contender.latency_milliseconds(name)
    return "" if latency is None else f"{latency.median:,.1f}"


def _aims(aims: Sequence[Aim]) -> Table:
    table = Table("what", "median", "min-max", "aim", "", title="against the aims", title_justify="left")
    for aim in aims:
        relation = "<" if aim.is_upper_bound else "≥"
        table.add_row(
            aim.name,
            f"{_number(aim.value.median)} {aim.unit}",
            _range(aim.value),
            f"{relation} {_number(aim.bound)} {aim.unit}",
            "[green]met[/green]" if aim.is_met else "[red]missed[/red]",
        )
    return table


def _range(value: Spread) -> str:
    return f"{_number(value.least)}-{_number(value.most)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"
