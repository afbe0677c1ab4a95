"""
Who listens on a port: is it free, and what does the server there say of its health?

With nothing but sockets: a client library would take longer to import than the feed
server takes to start.
"""

import asyncio
import socket


async def http_status(
    host: str, port: int, path: str = "/health", timeout_s: float = 2.0
) -> int | None:
    """Return the status that a GET brings; None if nobody answers in HTTP."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: {url_host(host)}:{port}\r\n"
                    "Connection: close\r\n\r\n".encode()
                )
                words = (await reader.readline()).split()
                return int(words[1]) if words[0].startswith(b"HTTP/") else None
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, EOFError, TimeoutError, ValueError, IndexError):
        return None


def reachable_host(host: str) -> str:
    """Return where a server that listens on `host` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104


def url_host(host: str) -> str:
    """Return the host as a URL has it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probing:
        # As servers do: a port whose last connections are still closing is free.
        probing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probing.bind((host, port))
        except OSError:
            return False
    return True
