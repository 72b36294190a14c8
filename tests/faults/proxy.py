"""A TCP proxy whose connections can be cut, delayed or left half-open while it runs."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Literal

from services.local.places import LOOPBACK

Trouble = Literal["cut_before", "cut_after", "delay", "half_open"]
"""`cut_before`: the next request is lost with its connection; `cut_after`: it arrives, its reply
is lost; `delay`: every piece waits; `half_open`: connections stay open and carry nothing."""
PIECE = 65536


@dataclass(eq=False, slots=True)
class _Line:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    request_passed: bool = False
    dead: bool = False
    """Half-open: for this connection nothing will ever come through again."""

    def cut(self) -> None:
        for writer in (self.client, self.server):
            # Without a farewell, as a cable that is pulled: what is buffered is lost.
            writer.transport.abort()


@dataclass(slots=True)
class Proxy:
    """Listens on `port` and passes everything to `target`, until told otherwise."""

    port: int
    target: int
    trouble: Trouble | None = None
    delay_seconds: float = 0.0
    cuts_left: int = 0
    cuts: int = 0
    lines: set[_Line] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut_all()

    def begin(self, trouble: Trouble, *, cuts: int = 1, delay_seconds: float = 0.0) -> None:
        """From now on; `cuts` is how many connections are cut before all is well again."""
        self.trouble, self.cuts_left, self.delay_seconds = trouble, cuts, delay_seconds
        for line in self.lines:
            line.request_passed = False
            line.dead = line.dead or trouble == "half_open"

    def heal(self, *, cut_dead: bool = True) -> None:
        """New connections work; the half-open ones are cut, or left as they are for ever."""
        self.trouble = None
        if cut_dead:
            for line in [line for line in self.lines if line.dead]:
                line.cut()

    def cut_all(self) -> None:
        for line in tuple(self.lines):
            line.cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection(LOOPBACK, self.target)
        except OSError:
            writer.transport.abort()
            return
        line = _Line(writer, to_server, dead=self.trouble == "half_open")
        self.lines.add(line)
        try:
            await asyncio.gather(
                self._carry(line, reader, to_server, asks=True),
                self._carry(line, from_server, writer, asks=False),
            )
        finally:
            line.cut()
            self.lines.discard(line)

    async def _carry(
        self, line: _Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asks: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                if self.trouble == "delay":
                    await asyncio.sleep(self.delay_seconds)
                if line.dead:
                    continue
                if self._is_cut(line, asks):
                    break
                writer.write(piece)
                await writer.drain()
        # Either side's end is the end of both: neither Kafka nor Redis half-closes.
        line.cut()

    def _is_cut(self, line: _Line, asks: bool) -> bool:
        """Whether this piece is the one at which the connection is cut."""
        if self.cuts_left <= 0:
            return False
        if self.trouble == "cut_after" and asks:
            line.request_passed = True
            return False
        if asks != (self.trouble == "cut_before"):
            return False
        if self.trouble == "cut_after" and not line.request_passed:
            return False
        if self.trouble not in ("cut_before", "cut_after"):
            return False
        self.cuts_left -= 1
        self.cuts += 1
        return True
