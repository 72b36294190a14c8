"""Follows every public event: `python examples/subscriber.py localhost:9092`."""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer


async def main(bootstrap: str) -> None:
    """Drops what it had already, and holds back what came too early until the gap is filled."""
    wanted: dict[str, int] = {}  # Per trial. Keep it beside what you do with the events.
    early: dict[str, dict[int, dict[str, object]]] = {}
    topic = AIOKafkaConsumer(
        "enrollment.events", bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    )
    async with topic:
        async for message in topic:
            event = json.loads(message.value)
            trial, number = event["source"], int(event["sequence"])
            if number >= wanted.setdefault(trial, 0):
                early.setdefault(trial, {})[number] = event
            while (ready := early.get(trial, {}).pop(wanted[trial], None)) is not None:
                wanted[trial] += 1
                print(ready["id"], ready["type"], json.dumps(ready["data"]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
