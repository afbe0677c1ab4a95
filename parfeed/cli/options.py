"""Options that several commands share, and how they become settings."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from schemas.settings import Settings

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="TOML file with settings. [dim]Otherwise PARFEED_CONFIG, or parfeed.toml "
        "in the data directory.[/dim]",
        show_default=False,
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Where the embedded Kafka keeps its data, and logs lie.",
        show_default="the user's data directory",
    ),
]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port",
        "-p",
        min=1,
        max=65_535,
        help="Port of the feed server.",
        show_default="8765",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        "-w",
        min=1,
        max=64,
        help="Stream workers to start.",
        show_default="1",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON, for programs to read.")
]


def settings_from(
    config: Path | None, data_dir: Path | None = None, **chosen: Any
) -> "Settings":
    """
    Read the settings that a command's options and the environment make.

    Raises:
        InvalidSettings: if they do not fit.
    """
    from parfeed.config import read_settings

    return read_settings(
        os.environ,
        config,
        data_dir=None if data_dir is None else str(data_dir),
        **chosen,
    )
