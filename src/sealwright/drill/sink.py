"""A server on the loopback that writes down whatever reaches it: where stolen data would go.

    python -m sealwright.drill.sink FOLDER

Listens on a free port, writes the port to FOLDER/port, and appends every connection's bytes as a
line of hex to FOLDER/received. Ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

RECEIVED: Final = "received"
PORT: Final = "port"
MAX_BYTES: Final = 4096
"""Of each connection; what is longer is cut off."""
_SECONDS: Final = 5.0


async def serve(folder: Path) -> None:
    """Until standard input ends."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        try:
            async with asyncio.timeout(_SECONDS):
                while len(data) < MAX_BYTES and (more := await reader.read(MAX_BYTES)):
                    data += more
        except (OSError, TimeoutError):
            pass  # what came until then is written down
        with (folder / RECEIVED).open("a", encoding="ascii") as file:
            file.write(data[:MAX_BYTES].hex() + "\n")
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    new = folder / f"{PORT}.new"
    new.write_text(str(server.sockets[0].getsockname()[1]), encoding="ascii")
    new.rename(folder / PORT)
    async with server:
        await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
