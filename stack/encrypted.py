"""TLS before a server that has none: `encrypted.py PORT CERTIFICATE SOCKET COMMAND...`. Run as a script, by us alone.

The packaged Valkey is built without TLS. It listens on a socket file that its owner alone opens; what comes to the port is
decrypted here and handed on. Both are of one process group, so that what halts or ends one does it to the other.
"""

import asyncio
import contextlib
import os
import signal
import ssl
import sys
from pathlib import Path

HOST = "127.0.0.1"
CHUNK = 65_536
SHUTDOWN_S = 1.0  # a client that leaves need not answer that we do


async def serve(port: int, certificate: str, socket: Path, command: list[str]) -> int:
    """Run the command, and TLS before it as long as it runs; its exit code. `certificate`: a file with its key, in PEM."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate)
    os.chdir(socket.parent)  # a socket's name is 107 bytes at most, wherever its directory is

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_unix_connection(socket.name)
        except OSError:
            writer.transport.abort()  # it is not there yet
            return
        await asyncio.gather(hand_on(reader, back), hand_on(there, writer))

    process = await asyncio.create_subprocess_exec(*command)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: None)  # the group's: we end with the server
    listening = await asyncio.start_server(join, HOST, port, ssl=context, ssl_shutdown_timeout=SHUTDOWN_S)
    code = await process.wait()
    listening.close()
    return code if code >= 0 else 128 - code


async def hand_on(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    """All that comes, until either is gone."""
    try:
        with contextlib.suppress(OSError):
            while chunk := await source.read(CHUNK):
                to.write(chunk)
                await to.drain()
    finally:
        to.close()


if __name__ == "__main__":
    _, port, certificate, socket, *command = sys.argv
    sys.exit(asyncio.run(serve(int(port), certificate, Path(socket), command)))
