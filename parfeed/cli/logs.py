"""
Where the logs of a command go: into a file, not between the lines of what it shows.

What a user must know is said by notices and errors; a library's warning about an
attempt that it repeats anyway is for who looks into it later.
"""

import logging
from pathlib import Path


def log_to(path: Path, level: str) -> None:
    """
    Write this process's logs to a file.

    Args:
        path: is made, with its directory, and appended to.
        level: the least that is written, `INFO` for example.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=path,
        level=level,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
