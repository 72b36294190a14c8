"""One more demand: `holdfast export` and `holdfast verify`, run as an operator runs them."""

import asyncio
import os
import sys
from pathlib import Path

from tests.faults.stack import Stack

WITHIN_SECONDS = 90.0


async def verify_faults(stack: Stack, trial: str, folder: Path) -> list[tuple[str, str]]:
    """Name and sentence when the trial's export does not verify; the export then stays."""
    file = folder / f"{trial}.ndjson"
    code, said = await _holdfast(stack, "export", trial, "--output", str(file))
    if code != 0:
        return [("export.failed", f"exit code {code}: {said[-300:]}")]
    code, said = await _holdfast(stack, "verify", str(file))
    if code != 0:
        return [("verify.failed", f"exit code {code}: {said[-600:]}")]
    file.unlink()
    return []


async def _holdfast(stack: Stack, *words: str) -> tuple[int, str]:
    told = {key: value for key, value in os.environ.items() if not key.startswith("HOLDFAST_")}
    told |= {
        "HOLDFAST_KAFKA_BOOTSTRAP": stack.kafka.bootstrap,
        "HOLDFAST_REDIS_URL": stack.redis.url,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.cli.main",
        *words,
        env=told,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), WITHIN_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return -1, f"no end within {WITHIN_SECONDS:.0f} s"
    return process.returncode or 0, said.decode("utf-8", "replace")
