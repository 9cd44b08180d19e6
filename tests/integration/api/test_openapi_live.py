"""The document and the running API agree, as schemathesis sees it."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from gateway.api.app import ENDPOINTS
from gateway.api.services import Limits
from gateway.model.procedure import Procedure
from gateway.vault.keyring import FileKeyRing
from tests.support.api import running_api
from tests.support.procedures import store_procedure
from tests.support.samples import make_dossier

ROOT = Path(__file__).parents[3]
# Long polls and half-sent imports would only make the run longer, not better.
QUICK = Limits(max_wait_seconds=0.02, import_idle_seconds=1.0, body_seconds=1.0)


async def test_schemathesis_has_no_finding(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Every check of schemathesis passes in all its phases, against seeded data, with a fixed seed."""
    async with running_api(pool, key_ring, limits=QUICK) as api:
        await api.put("H99.01-260105-00017", make_dossier())
        await store_procedure(pool, Procedure(code="1.999001", name="Thủ tục", is_public=True), 1)
        arguments = [
            f"--config-file={ROOT / 'tests/support/schemathesis.toml'}",
            "run",
            f"{api.url}/openapi.json",
            f"--header=Authorization: Bearer {api.token}",
            "--checks=all",
            "--phases=examples,coverage,fuzzing,stateful",
            "--max-examples=5",
            "--seed=1",
            "--generation-database=none",
            "--warnings=off",
            "--no-color",
        ]
        program = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "ignore", "-c", program, *arguments),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.support.schemathesis_hooks"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(900):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

        documented = sum(not endpoint.is_internal for endpoint in ENDPOINTS)
        assert 0 == process.returncode, output.decode()
        assert f"{documented} selected / {documented} total".encode() in output
        assert [] == api.observer.failures
