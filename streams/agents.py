"""The agents: loops that hand batches on. No arithmetic here."""

from typing import Any

from streams.ownership import Ownership


def fold_sources(ownership: Ownership) -> Any:
    """Return the agent that folds every source topic's batches."""

    async def fold(stream: Any) -> None:
        async for event in stream.events():
            await ownership.fold(event.value, event.message.generation_id)

    return fold
