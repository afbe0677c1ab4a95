"""
PURE. The channels: one view of all rows, who subscribed, and what they are owed.

The strict rule: an `update`'s `from` is exactly the cursor that the client has for the
subscription: from its snapshot, its last update, or the last heartbeat that listed it.
A subscription moves only by a frame that it was given, and a heartbeat lists only those
that have every change up to its cursor.

Rows of a channel that nobody of a subscription wants move the view's cursor and not the
subscription's: its next update leads from where it was to where the view is, and the
heartbeat, which lists it since it lacks nothing, takes it along.

Frames are built once for all subscriptions of a group with the same id and cursor.
Who is full is passed over; it keeps its cursor, and once it has drained it gets what
has changed since, however long that was.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from feed_server import frames
from feed_server.errors import MessageRefused
from feed_server.selection import Selection
from feed_server.subscriptions import Group, GroupKey, Groups, Subscriber, Subscription
from feed_server.view import View
from schemas.cursor import Cursor
from schemas.errors import InvalidValue
from schemas.feed import Heartbeat, Resync, Subscribe, Watermark

KEPT_SNAPSHOTS_BYTES: Final = 32 * 1024 * 1024
"""Of snapshots that are kept for the next who asks for the same, until a row changes
or a heartbeat passes. One of all rows of a large market is some 12 MB."""


class Channels:
    """
    Attributes:
        view: the rows.
        lag_ms: of the newest row; None while there is none, or while Kafka is silent.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.lag_ms: float | None = None
        self._groups = Groups()
        self._dirty: list[Group] = []
        self._drained: dict[Subscription, None] = {}
        # The frames of the view as it is: many come back at once after a restart.
        self._snapshots: dict[tuple[str, Selection], bytes] = {}
        self._snapshots_bytes = 0
        self._heartbeats: dict[tuple[tuple[str, int], ...], bytes] = {}

    # Rows.

    def apply(
        self, partition: int, offset: int, key: bytes | None, value: bytes | None
    ) -> None:
        """
        Take in a record, and remember its row for those who want it.

        Raises:
            IntegrityError: if it is none that a worker or the board writes.
        """
        applied = self.view.apply(partition, offset, key, value)
        self._forget_frames()
        if applied is None:
            return
        version, previous = applied
        for group in self._groups.wanting(
            version.channel, version.indexed_by, version.period
        ):
            group.add(version, previous)
            self._mark(group)

    @property
    def has_work(self) -> bool:
        """Tell whether a flush may have something to send."""
        return bool(self._dirty or self._drained)

    @property
    def due_at(self) -> float | None:
        """Return when the next group that waits for its turn is due."""
        turns = [group.due_at for group in self._dirty if group.due_at is not None]
        return min(turns, default=None)

    # Subscribing.

    def join(self, subscriber: Subscriber, message: Subscribe) -> Subscription:
        """
        Subscribe, and offer what the subscriber lacks.

        Raises:
            MessageRefused: if the message asks for what there is not. Nothing has
                changed then.
        """
        selection = Selection.of(message)
        if message.max_rate is not None and message.mode == "stream":
            raise MessageRefused(
                "invalid_field",
                "goes with mode conflated only - at `$.max_rate`",
                message.id,
            )
        resume = self._resume(message)
        group = self._group((selection, message.mode == "stream", message.max_rate))
        now = self.view.cursor
        subscription = Subscription(message.id, subscriber, group, str(now))
        group.members[subscription] = None
        if resume is not None and now.covers(resume):
            rows = frames.raw_rows(self.view.changed_since(resume, selection))
            subscriber.offer(
                frames.update(message.id, str(resume), str(now), rows, merged=0)
            )
            return subscription
        if resume is not None:
            reason = _why_void(resume, now)
            subscriber.offer(frames.frame(Resync(id=message.id, reason=reason)))
        subscriber.offer(self._snapshot(message.id, selection, now))
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """End a subscription."""
        group = subscription.group
        del group.members[subscription]
        self._drained.pop(subscription, None)
        if not group.members:
            self._groups.remove(group)

    def drained(self, subscriptions: Iterable[Subscription]) -> None:
        """Note that these can take rows again: the next flush gives what they lack."""
        for subscription in subscriptions:
            if not subscription.is_caught_up:
                self._drained[subscription] = None

    # Sending.

    def flush(self, now: float) -> list[Subscriber]:
        """
        Offer what has changed to all who want it and can take it.

        Returns:
            The subscribers that were offered something.
        """
        touched: list[Subscriber] = []
        dirty, self._dirty = self._dirty, []
        for group in dirty:
            if not group.is_due(now):
                self._dirty.append(group)
                continue
            group.is_dirty = False
            self._deliver(group, group.members, touched)
            group.pending.clear()
        drained, self._drained = self._drained, {}
        for subscription in drained:
            group = subscription.group
            # A group that waits for its turn takes the subscription along then.
            if not group.is_dirty:
                self._deliver(group, (subscription,), touched)
        return touched

    def heartbeat(
        self, subscriber: Subscriber, subscriptions: Iterable[Subscription]
    ) -> None:
        """
        Offer a heartbeat, and move the subscriptions that it lists.

        Flush before, so that none is left out for want of a tick.
        """
        current = [each for each in subscriptions if each.is_caught_up]
        key = tuple((each.id, each.group.checksum) for each in current)
        cursor = str(self.view.cursor)
        beat = self._heartbeats.get(key)
        if beat is None:
            beat = self._heartbeats[key] = frames.frame(
                Heartbeat(
                    cursor=cursor,
                    checksum=dict(key),
                    watermark=Watermark(
                        occurred_at=self.view.occurred_at, lag_ms=self.lag_ms
                    ),
                )
            )
        subscriber.offer(beat)
        for each in current:
            each.cursor = cursor

    def begin_heartbeats(self) -> None:
        """Drop the frames kept for others: the watermark may be another now."""
        self._forget_frames()

    # Private.

    def _resume(self, message: Subscribe) -> Cursor | None:
        if message.resume is None:
            return None
        try:
            return Cursor.parse(message.resume)
        except InvalidValue as exc:
            raise MessageRefused("invalid_cursor", str(exc), message.id) from exc

    def _group(self, key: GroupKey) -> Group:
        group = self._groups.get(key)
        if group is None:
            group = Group(key, self.view.rows(key[0]))
            self._groups.add(group)
        return group

    def _mark(self, group: Group) -> None:
        if not group.is_dirty:
            group.is_dirty = True
            self._dirty.append(group)

    def _snapshot(self, id: str, selection: Selection, now: Cursor) -> bytes:  # noqa: A002 - the wire's word
        key = (id, selection)
        frame = self._snapshots.get(key)
        if frame is None:
            frame = frames.snapshot(id, now, self.view.rows(selection))
            if self._snapshots_bytes + len(frame) <= KEPT_SNAPSHOTS_BYTES:
                self._snapshots[key] = frame
                self._snapshots_bytes += len(frame)
        return frame

    def _forget_frames(self) -> None:
        if self._snapshots:
            self._snapshots = {}
            self._snapshots_bytes = 0
        if self._heartbeats:
            self._heartbeats = {}

    def _deliver(
        self,
        group: Group,
        members: Iterable[Subscription],
        touched: list[Subscriber],
    ) -> None:
        end = str(self.view.cursor)
        versions = group.pending.versions
        built: dict[tuple[str, str], bytes] = {}
        rows_of: dict[int, tuple[msgspec.Raw, ...]] = {}
        for each in members:
            subscriber = each.subscriber
            if each.seen == versions or subscriber.is_full:
                continue
            key = (each.id, each.cursor)
            frame = built.get(key)
            if frame is None:
                # Who has seen the same versions lacks the same rows.
                rows = rows_of.get(each.seen)
                if rows is None:
                    rows = rows_of[each.seen] = self._lacking(each)
                merged = versions - each.seen - len(rows)
                frame = built[key] = frames.update(*key, end, rows, merged)
            subscriber.offer(frame)
            each.cursor = end
            each.seen = versions
            touched.append(subscriber)

    def _lacking(self, subscription: Subscription) -> tuple[msgspec.Raw, ...]:
        group = subscription.group
        rows = group.pending.since(subscription.seen)
        if rows is None:
            rows = self.view.changed_since(
                Cursor.parse(subscription.cursor), group.selection
            )
        return frames.raw_rows(rows)


def _why_void(resume: Cursor, now: Cursor) -> str:
    if resume.epoch != now.epoch:
        return f"the log is another one: its epoch is {now.epoch}"
    if len(resume.offsets) != len(now.offsets):
        return (
            f"the log has {len(now.offsets)} partitions, the cursor's had "
            f"{len(resume.offsets)}"
        )
    return "this server has not read so far"
