"""Puts requests into `trial.requests`; for the API and for the owner's clock. No Faust in here."""

from enrollment.commands import Request
from streams.kafka import Outgoing, Producer
from streams.partition import partition_of
from streams.settings import Settings

REQUESTS = "trial.requests"


def request_message(request: Request, partitions: int) -> Outgoing:
    """The message of a request, in the partition of its trial."""
    return Outgoing(
        topic=REQUESTS,
        partition=partition_of(request.trial_id, partitions),
        key=request.trial_id.encode(),
        value=request.model_dump_json().encode(),
    )


class RequestWriter:
    """`send` returns only after Kafka has acknowledged the request on every in-sync replica."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = Producer(settings)

    async def start(self) -> None:
        await self._producer.start()

    async def stop(self) -> None:
        await self._producer.stop()

    async def send(self, request: Request) -> None:
        """Raises `streams.kafka.SendFailedError` when it is not known whether the request arrived.

        After it the writer is no longer to be trusted: stop it, start a new one, and let the caller
        send again with the same key, which is harmless.
        """
        await self._producer.send_all((request_message(request, self._settings.partitions),))
