"""A Redis Cluster of one test's own: three primaries that share the slots, and a replica of one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from services.local.guard import Guard
from services.local.places import LOOPBACK, free_port
from services.local.redis_server import RedisServer, find_redis
from tests.servers import RedisProcess

SLOTS = ((0, 5460), (5461, 10922), (10923, 16383))
NODE_TIMEOUT_MS = 1000


@dataclass
class RedisNodes:
    """The three primaries, in the order of their slots, and the replica of the first."""

    primaries: list[RedisProcess]
    replica: RedisProcess

    @property
    def url(self) -> str:
        """Names two nodes, neither of which a test kills."""
        return f"redis://{','.join(_place(node) for node in self.primaries[1:])}"

    @property
    def nodes(self) -> list[RedisProcess]:
        return [*self.primaries, self.replica]

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()


def start_nodes(folder: Path, guard: Guard) -> RedisNodes:
    """Returns when every slot is served and the replica has what its primary has."""
    nodes = [_node(folder / str(number), guard) for number in range(4)]
    cluster = RedisNodes(nodes[:3], nodes[3])
    first, replica = nodes[0], nodes[3]
    for node, (low, high) in zip(cluster.primaries, SLOTS, strict=True):
        ask(node, "CLUSTER ADDSLOTSRANGE", low, high)
    for epoch, node in enumerate(nodes, 1):
        ask(node, "CLUSTER SET-CONFIG-EPOCH", epoch)
    for node in nodes[1:]:
        ask(node, "CLUSTER MEET", LOOPBACK, first.server.port, _bus_port(first))
    name = ask(first, "CLUSTER MYID")
    _until(lambda: name in ask(replica, "CLUSTER NODES"))
    ask(replica, "CLUSTER REPLICATE", name)
    _until(lambda: all(_is_whole(node) for node in nodes))
    _until(lambda: "master_link_status:up" in ask(replica, "INFO", "replication"))
    return cluster


def ask(node: RedisProcess, *command: str | int) -> str:
    """What this node says, whatever it is, as text."""
    with Redis(host=LOOPBACK, port=node.server.port, protocol=2) as client:
        client.response_callbacks.clear()
        said = client.execute_command(*command)
    return said.decode() if isinstance(said, bytes) else str(said)


def _node(folder: Path, guard: Guard) -> RedisProcess:
    port = free_port()
    options = (
        *("--cluster-enabled", "yes", "--cluster-port", str(free_port(taken=[port]))),
        *("--cluster-node-timeout", str(NODE_TIMEOUT_MS)),
        *("--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"),
    )
    folder.mkdir()
    node = RedisProcess(RedisServer(folder, find_redis(), port, options=options), guard)
    node.start()
    return node


def _bus_port(node: RedisProcess) -> int:
    options = node.server.options
    return int(options[options.index("--cluster-port") + 1])


def _place(node: RedisProcess) -> str:
    return f"{LOOPBACK}:{node.server.port}"


def _is_whole(node: RedisProcess) -> bool:
    said = ask(node, "CLUSTER INFO")
    return "cluster_state:ok" in said and "cluster_known_nodes:4" in said


def _until(happened: Callable[[], bool], within_seconds: float = 120.0) -> None:
    deadline = time.monotonic() + within_seconds
    while not happened():
        assert time.monotonic() < deadline, "the cluster did not come together"
        time.sleep(0.05)
