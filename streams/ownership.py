"""
Which partitions this worker owns, and everything that is done to them in turn.

A batch, a commit and a change of ownership never overlap: one lock. After an error
nothing is written any more: `on_fatal` ends the process, and the next owner reads
back what was committed. Start and recovery are the same path.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from schemas.settings import Settings
from streams.partition import Partition
from streams.transport import Batch

log = logging.getLogger(__name__)

QUIET_S: Final = 0.25
"""When no batch has come for so long, nobody waits behind a commit."""


class Ownership:
    """
    The partitions of one worker.

    Args:
        settings: of the deployment, with a broker.
        on_fatal: ends the process; is given what happened.
    """

    def __init__(
        self, settings: Settings, on_fatal: Callable[[BaseException], None]
    ) -> None:
        self._settings = settings
        self._on_fatal = on_fatal
        self._lock = asyncio.Lock()
        self._owned: dict[int, Partition] = {}
        # The group's generation in which what we own was assigned. While there is
        # none, between a revocation and the next assignment, batches wait.
        self._generation: int | None = None
        self._is_assigned = asyncio.Event()
        self._taking: asyncio.Task[None] | None = None
        self._folded_at = 0.0
        self._committed_at = 0.0

    async def fold(self, batch: Batch, generation: int) -> None:
        """
        Fold a batch.

        Args:
            batch: of a partition that was ours when it was fetched.
            generation: of the group, when it was fetched. A batch of an earlier one
                is left: its partition's owner, maybe this worker, fetches it again.
        """
        await self._is_assigned.wait()
        async with self._lock:
            if generation != self._generation:
                return
            try:
                self._folded_at = asyncio.get_running_loop().time()
                await self._owned[batch.partition].fold(batch)
            except Exception as exc:
                self._on_fatal(exc)
                raise

    async def commit_if_due(self) -> None:
        """
        Commit what is new, if the last commit is long ago or nothing comes.

        A commit holds events up for some 20 ms, so while they come it is seldom; once
        none come it costs nobody anything.
        """
        now = asyncio.get_running_loop().time()
        is_quiet = now - self._folded_at >= QUIET_S
        # A tenth early, so that an interval of one look is not two.
        interval_s = self._settings.commit_interval_s * 0.9
        if not is_quiet and now - self._committed_at < interval_s:
            return
        async with self._lock:
            self._committed_at = now
            await self._commit()

    def assign(self, partitions: Iterable[int], generation: int) -> None:
        """
        Own these partitions in this generation of the group; give up all others.

        Returns at once: reading large tables back takes seconds, in which the group
        would wait. Batches wait until it is done; `revoke` does too.
        """
        self._taking = asyncio.create_task(self._take(set(partitions), generation))

    async def revoke(self) -> None:
        """
        Commit, and fold nothing until `assign`.

        What was read of a partition stays here meanwhile: if it is assigned again,
        nobody else had it, or else the next write fails.
        """
        if self._taking is not None:
            await self._taking
        async with self._lock:
            self._generation = None
            self._is_assigned.clear()
            await self._commit()

    async def close(self) -> None:
        """Commit and give everything up."""
        await self.revoke()
        async with self._lock:
            await self._give_up(set(self._owned))

    # Private

    async def _take(self, partitions: set[int], generation: int) -> None:
        async with self._lock:
            try:
                await self._give_up(set(self._owned) - partitions)
                async with asyncio.TaskGroup() as opening:
                    for number in sorted(partitions - set(self._owned)):
                        opening.create_task(self._open(number))
            except Exception as exc:
                self._on_fatal(exc)
                raise
            self._generation = generation
            self._is_assigned.set()
            log.info("generation %d, partitions: %s", generation, sorted(partitions))

    async def _open(self, number: int) -> None:
        self._owned[number] = await Partition.open(self._settings, number)

    async def _commit(self) -> None:
        try:
            async with asyncio.TaskGroup() as commits:
                for partition in self._owned.values():
                    commits.create_task(partition.commit())
        except BaseExceptionGroup as exc:
            self._on_fatal(exc)
            raise

    async def _give_up(self, partitions: set[int]) -> None:
        for number in partitions:
            await self._owned.pop(number).close()
