"""
What can go wrong around a deployment, one small tree.

::

    ParfeedError (schemas.errors)
    ├── JarsUnavailable     Kafka's jars are not here and cannot be fetched
    ├── PortTaken           another process listens where one of ours should
    ├── AlreadyRunning      the data directory is in use by another process
    ├── BrokerFailed        the embedded broker ended or did not become ready
    └── ProcessFailed       a worker or feed server keeps dying

Each text ends with what to do; the command line prints it as it is.
"""

from pathlib import Path

from schemas.errors import ParfeedError


class JarsUnavailable(ParfeedError):
    """The embedded broker's jars are missing and cannot be fetched."""


class PortTaken(ParfeedError):
    """A port that one of our processes needs belongs to somebody else."""

    def __init__(self, port: int, needed_by: str, cure: str) -> None:
        self.port = port
        self.needed_by = needed_by
        self.cure = cure
        super().__init__(port, needed_by, cure)

    def __str__(self) -> str:
        return f"port {self.port}, needed by {self.needed_by}, is taken; {self.cure}"


class AlreadyRunning(ParfeedError):
    """
    Another process has locked a directory.

    Attributes:
        owner: what that process wrote into the lock: `pid`, and `address` if it
            has one.
    """

    def __init__(self, path: Path, owner: dict[str, str]) -> None:
        self.path = path
        self.owner = owner
        super().__init__(path, owner)

    def __str__(self) -> str:
        pid = self.owner.get("pid", "unknown")
        address = self.owner.get("address")
        serving = f" and serves {address}" if address else ""
        return (
            f"{self.path.parent} is in use: process {pid} runs there{serving}; "
            f"stop it (kill {pid}) or choose another directory with --data-dir"
        )


class BrokerFailed(ParfeedError):
    """The embedded broker did not start, or did not stay."""


class ProcessFailed(ParfeedError):
    """A process of ours does not become ready, or dies again and again."""

    def __init__(self, name: str, happened: str, log: Path) -> None:
        self.name = name
        self.happened = happened
        self.log = log
        self.last_lines = last_lines(log)
        super().__init__(name, happened, log)

    def __str__(self) -> str:
        return f"{self.name} {self.happened}; the end of {self.log}:\n{self.last_lines}"


def last_lines(log: Path, count: int = 12) -> str:
    """Return the last lines of a log, or a word in their place."""
    # 16 KiB hold a dozen lines, tracebacks included; logs may be gigabytes.
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return "(there is no log)"
    return "\n".join(text.splitlines()[-count:]) or "(the log is empty)"
