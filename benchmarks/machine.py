"""What a figure was measured on: without it a figure says nothing."""

import os
import platform
from pathlib import Path

import msgspec
import psutil  # type: ignore[import-untyped]  # it ships no types

from parfeed.kafka_jars import KAFKA


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The machine and the versions that decide a figure."""

    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    kafka: str

    def __str__(self) -> str:
        return (
            f"{self.cores} cores of {self.processor}, {self.memory_gb:.0f} GB, "
            f"{self.system}, Python {self.python}, Kafka {self.kafka}"
        )


def machine() -> Machine:
    """Return this machine."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_gb=round(psutil.virtual_memory().total / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        kafka=KAFKA.rpartition(":")[2],
    )


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
