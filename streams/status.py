"""`/live`, `/ready` and `/started` of a worker, on a port of its own."""

import asyncio

import orjson

from streams.health import Health


class StatusServer:
    """Answers 200 or 503 with what is waited for. Live as long as its event loop answers at all."""

    def __init__(self, health: Health, host: str, port: int) -> None:
        self._health = health
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._answer, self._host, self._port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    @property
    def port(self) -> int:
        """The port that it listens on, also when the system chose it."""
        assert self._server is not None, "start it first"
        return int(self._server.sockets[0].getsockname()[1])

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(5):
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].split(b"?")[0]
                status, body = self._status_of(path)
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (OSError, ValueError, IndexError, TimeoutError, asyncio.IncompleteReadError):
            pass
        except asyncio.LimitOverrunError:
            pass
        finally:
            writer.close()

    def _status_of(self, path: bytes) -> tuple[str, bytes]:
        said = {"/live": True, "/ready": self._health.ready, "/started": self._health.started}
        fine = said.get(path.decode("latin-1"))
        body = orjson.dumps(self._health.report())
        if fine is None:
            return "404 Not Found", b"{}"
        return ("200 OK" if fine else "503 Service Unavailable"), body
