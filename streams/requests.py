"""Puts requests into `trial.requests`; for the API and for the owner's clock. No Faust in here."""

import asyncio
import contextlib

import orjson
from aiokafka.errors import KafkaError

from enrollment.commands import AmendForm, Request, SubmitForm
from streams.kafka import Outgoing, Producer, SendFailedError
from streams.partition import partition_of
from streams.settings import Settings

REQUESTS = "trial.requests"


def request_message(request: Request, partitions: int) -> Outgoing:
    """The message of a request, in the partition of its trial."""
    return Outgoing(
        topic=REQUESTS,
        partition=partition_of(request.trial_id, partitions),
        key=request.trial_id.encode(),
        value=_as_json(request),
    )


def _as_json(request: Request) -> bytes:
    """As pydantic writes it; a form is plain JSON already and is not walked through for it."""
    command = request.command
    if isinstance(command, SubmitForm | AmendForm):
        head = request.model_dump_json(exclude={"command": {"form"}}).encode()
        with contextlib.suppress(orjson.JSONEncodeError):  # a whole number beyond 64 bits
            return head.removesuffix(b"}}") + b',"form":' + orjson.dumps(command.form) + b"}}"
    return request.model_dump_json().encode()


class WrongCountError(Exception):
    """Requests would land in other partitions than their trials'; the message has the mend."""


class RequestWriter:
    """`send` returns only after Kafka has acknowledged the request on every in-sync replica."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = Producer(settings)
        self._failed: Producer | None = None
        self._renewing = asyncio.Lock()

    async def start(self) -> None:
        """Raises `KafkaError` while Kafka is away, `WrongCountError` on a wrong setting."""
        await self._producer.start()
        found = await self._producer.partitions_of(REQUESTS)
        if found != self._settings.partitions:
            await self._producer.stop()
            raise WrongCountError(
                f"{REQUESTS} has {found} partitions, the settings say {self._settings.partitions}: "
                f"set HOLDFAST_PARTITIONS={found}"
            )

    async def stop(self) -> None:
        await self._producer.stop()

    async def send(self, request: Request) -> None:
        """Raises `streams.kafka.SendFailedError` when it is not known whether the request arrived.

        Whoever sends the same request again does no harm. The next one goes by a new producer;
        ending the old one may take as long as Kafka is away, and who sent this is told at once.
        """
        if self._failed is self._producer:
            await self._renew(self._producer)
        producer = self._producer
        try:
            await producer.send_all((request_message(request, self._settings.partitions),))
        except SendFailedError:
            self._failed = producer
            raise

    async def _renew(self, failed: Producer) -> None:
        """After a failure a producer's numbering is not to be trusted; the first to send renews."""
        async with self._renewing:
            if self._producer is not failed:
                return
            with contextlib.suppress(KafkaError):
                await failed.stop()
            fresh = Producer(self._settings)
            try:
                await fresh.start()
            except KafkaError as error:
                raise SendFailedError(f"Kafka is away: {type(error).__name__}") from error
            self._producer = fresh
