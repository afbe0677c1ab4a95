"""`parfeed topics`: make a deployment's topics, and nothing else."""

import asyncio

import typer

from parfeed.cli.options import ConfigOption, settings_from

_EXAMPLES = """
Examples:

  PARFEED_BROKER=kafka-1:9092 PARFEED_REPLICATION=3 parfeed topics
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(topics)


def topics(config: ConfigOption = None) -> None:
    """
    Make the topics in the Kafka that PARFEED_BROKER names; safe to run again.

    For deployments whose workers and feed servers are started by something else, as in
    docker-compose.yml. `parfeed up` does it by itself.
    """
    from parfeed.deployment import read_epoch, set_up
    from schemas.errors import InvalidSettings

    settings = settings_from(config)
    if not settings.broker:
        raise InvalidSettings(
            "PARFEED_BROKER names no Kafka; name one, or let `parfeed up` start its "
            "own and make the topics"
        )

    async def make() -> str:
        await set_up(settings.broker, settings)
        return await read_epoch(settings.broker, settings)

    epoch = asyncio.run(make())
    typer.echo(
        f"{settings.topic_prefix} is set up at {settings.broker}: "
        f"{settings.partitions} partitions, {settings.replication} copies, "
        f"epoch {epoch}"
    )
