"""`parfeed up`: run a deployment until Ctrl-C."""

import asyncio
from typing import TYPE_CHECKING

import typer

from parfeed.cli.options import (
    ConfigOption,
    DataDirOption,
    PortOption,
    WorkersOption,
    settings_from,
)

if TYPE_CHECKING:
    from schemas.settings import Settings

_EXAMPLES = """
Examples:

  parfeed up                                  all on this machine, nothing to install

  parfeed up --workers 2 --port 9000

  PARFEED_BROKER=kafka-1:9092,kafka-2:9092 parfeed up      with a Kafka of your own
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(up)


def up(
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    port: PortOption = None,
    workers: WorkersOption = None,
) -> None:
    """
    Start the broker, the workers and the feed server; Ctrl-C stops them.

    Starts a Kafka by itself unless PARFEED_BROKER names one, and restarts what dies.
    """
    from parfeed import signals

    settings = settings_from(config, data_dir, port=port, workers=workers)
    signals.run(_up(settings))


async def _up(settings: "Settings") -> None:
    from rich.console import Console

    from parfeed.cli.progress import shown_progress
    from parfeed.supervisor import Supervisor

    console = Console(stderr=True, highlight=False)
    supervisor = Supervisor(settings, on_notice=lambda text: console.print(text))
    try:
        with shown_progress(console) as show:
            supervisor.on_progress = show
            await supervisor.start()
        console.print(f"The feed is at [bold]{supervisor.url}[/bold]")
        console.print(f"Kafka is at {supervisor.bootstrap}")
        console.print(f"Logs are in {supervisor.log_dir}. Ctrl-C stops all of it.")
        await supervisor.failed()
    except asyncio.CancelledError:
        console.print("Stopping...")
        raise
    finally:
        await supervisor.stop()
