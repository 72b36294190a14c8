"""A Redis that closed the connection is away, whatever the event loop calls that."""

import asyncio

import uvloop
from redis.exceptions import ConnectionError as LostError

from streams.redis_client import redis_client
from streams.settings import Settings


async def _written_to_a_closed_transport() -> BaseException | None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            writer.write(b"+PONG\r\n")

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = Settings(kafka_bootstrap="none:1", redis_url=f"redis://127.0.0.1:{port}/0")
    client = redis_client(settings)
    assert await client.ping()
    connection = client.connection_pool._available_connections[0]
    connection._writer.transport.abort()
    try:
        await connection.send_packed_command(b"*1\r\n$4\r\nPING\r\n", check_health=False)
    except Exception as error:
        return error
    finally:
        await client.aclose()
        server.close()
    return None


def test_a_write_to_a_connection_that_uvloop_has_closed_says_that_redis_is_away() -> None:
    error = uvloop.run(_written_to_a_closed_transport())
    assert isinstance(error, LostError)
