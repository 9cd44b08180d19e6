"""The demonstration as a whole, small: every promise kept, and nobody's data in the clear where it must not be."""

import asyncio
from pathlib import Path

import pytest

from gateway.demo.command import Options, run_once, running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


async def test_a_day_leaves_no_personal_value_in_the_clear(tmp_path: Path) -> None:
    """Logs, metrics, refusals, an unload of every table, the database's own files: searched for everybody."""
    options = Options(folder=tmp_path / "demo", dossiers_count=120, procedures_count=60, is_quiet=True)
    async with asyncio.timeout(400), running_stack(options) as stack:
        summary = await run_once(stack, options)

    assert 0 == summary["personal_data.clear_text_findings"], summary["examples"]
    assert summary["personal_data.values_searched"] > 500
    assert summary["ok"], {name: value for name, value in summary.items() if name == "examples" or value == 0}
