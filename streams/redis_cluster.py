"""A client of Redis Cluster that behaves as the plain one does: no retries, only `RedisError`.

The library follows MOVED and ASK by itself: such a command was refused, not applied. Nothing else
is sent again. Everything of one trial is in one slot, so each `publish.lua` runs whole on one node.
"""

from typing import Any

from redis.asyncio.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.asyncio.connection import parse_url
from redis.exceptions import (
    AskError,
    ClusterError,
    ConnectionError,
    RedisClusterException,
    RedisError,
    SlotNotCoveredError,
    TimeoutError,
    TryAgainError,
)

OF_A_CLUSTER = "Redis is a cluster: set HOLDFAST_REDIS_CLUSTER=true"


class WrongModeError(RedisError, ValueError):
    """A cluster without the setting, or the setting without a cluster; says what mends it."""


PASSING = (AskError, ClusterError, SlotNotCoveredError, TryAgainError)
"""A slot that moves, or has no primary for now: it will be served later. MOVED is an `AskError`."""
STALE = (ConnectionError, TimeoutError)
"""After these the slots may be elsewhere: the library learns them anew after a single command only,
when it does not retry, and never after a pipeline."""


class ClusterClient(RedisCluster):
    """Made by `cluster_client`."""

    async def initialize(self, *arguments: Any, **more: Any) -> "ClusterClient":
        """Learns the nodes and their slots. A cluster of which no node answers is merely away."""
        try:
            await super().initialize(*arguments, **more)
        except RedisClusterException as error:
            # The reason why the last node that was asked did not answer, as a refused login.
            cause = error.__cause__
            if isinstance(cause, RedisError):
                raise type(cause)(*cause.args) from error
            if "Cluster mode is not enabled" in str(cause):
                raise WrongModeError("Redis is no cluster: unset HOLDFAST_REDIS_CLUSTER") from error
            raise ConnectionError(f"{error} {cause or ''}".strip()) from error
        return self

    async def execute_command(self, *arguments: Any, **more: Any) -> Any:
        try:
            return await super().execute_command(*arguments, **more)
        except PASSING as error:
            raise _away(error) from error

    def pipeline(
        self, transaction: Any | None = None, shard_hint: Any | None = None
    ) -> "ClusterPipeline":
        return _Pipeline(self, transaction)  # type: ignore[abstract]  # Of types only: so is theirs.

    async def _determine_slot(self, command: str, *arguments: Any) -> int:
        """The library would ask a node where the keys are, and send it all arguments for that."""
        if command == "FCALL":
            return int(self.keyslot(arguments[2]))
        if command == "XREAD":
            return int(self.keyslot(arguments[arguments.index(b"STREAMS") + 1]))
        return int(await super()._determine_slot(command, *arguments))


class _Pipeline(ClusterPipeline):
    """One round trip to each node that has a slot of it; the nodes do not wait for each other."""

    async def execute(
        self, raise_on_error: bool = True, allow_redirections: bool = True
    ) -> list[Any]:
        client = self.cluster_client
        try:
            replies = await super().execute(raise_on_error, allow_redirections)
        except STALE:
            await client.aclose()
            raise
        except PASSING as error:
            await client.aclose()
            raise _away(error) from error
        if any(isinstance(reply, (*STALE, *PASSING)) for reply in replies):
            await client.aclose()
        return [_away(reply) if isinstance(reply, PASSING) else reply for reply in replies]


def cluster_client(url: str, arguments: dict[str, Any]) -> ClusterClient:
    """Connects when it is used. `url` may name several nodes: `redis://a:6379,b:6379`.

    The nodes named are asked for the slots each time, so one of them must be alive then.
    """
    nodes = [parse_url(node) for node in _nodes(url)]
    named: dict[str, Any] = {**nodes[0]}
    if "connection_class" in named:
        named["ssl"] = True
    for own in ("connection_class", "host", "port", "db"):
        named.pop(own, None)
    return ClusterClient(
        startup_nodes=[
            ClusterNode(node.get("host", "localhost"), node.get("port", 6379)) for node in nodes
        ],
        dynamic_startup_nodes=False,
        **{**arguments, **named},
    )


def _nodes(url: str) -> list[str]:
    """The same address once for each node that it names."""
    scheme, _, rest = url.partition("://")
    user, at, place = rest.rpartition("@")
    hosts, slash, database = place.partition("/")
    return [f"{scheme}://{user}{at}{host}{slash}{database}" for host in hosts.split(",")]


def _away(error: Exception) -> Exception:
    """What the plain client raises when Redis cannot serve now."""
    return ConnectionError(f"{type(error).__name__}: {error}")
