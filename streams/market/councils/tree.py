"""
PURE. The tree of councils of one side: who is above whom.

A council names its parent, which may be formed later: until then it is the highest
there is on its way. Links exist between formed councils only. Since a parent is of a
higher level than its child, there are no circles.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from schemas.agenda import CouncilFormed, Level
from schemas.errors import Refused

Side = Literal["consumers", "producers"]

LEVELS: Final[dict[Side, tuple[Level, ...]]] = {
    "consumers": ("neighbourhood", "city", "state", "federation"),
    "producers": ("team", "firm", "vertical", "industry"),
}
"""From below (P-4)."""

SIDE_OF: Final[dict[Level, Side]] = {
    level: side for side, levels in LEVELS.items() for level in levels
}

RANK: Final[dict[Level, int]] = {
    level: rank for levels in LEVELS.values() for rank, level in enumerate(levels)
}


class Move(NamedTuple):
    """A council whose parent became another; None is no formed parent."""

    council_id: str
    old_parent_id: str | None
    new_parent_id: str | None


class Tree:
    """
    The councils of one side.

    Attributes:
        parents: of the formed councils that have a formed parent. Read only.
        children: the same links downwards. Read only.
        roots: formed councils without a formed parent. Read only.
    """

    def __init__(self, side: Side) -> None:
        self.side = side
        self.parents: dict[str, str] = {}
        self.children: dict[str, set[str]] = {}
        self.roots: set[str] = set()
        self._councils: dict[str, CouncilFormed] = {}
        # Children by the parent that they name, formed or not.
        self._named: dict[str, set[str]] = {}

    @property
    def councils(self) -> Mapping[str, CouncilFormed]:
        """The formed councils by name."""
        return self._councils

    def knows(self, council_id: str) -> bool:
        """Tell whether the name is a formed council's here, or named as a parent."""
        return council_id in self._councils or bool(self._named.get(council_id))

    def path(self, council_id: str) -> list[str]:
        """Return the council and those above it, from below."""
        path = [council_id]
        while (parent_id := self.parents.get(path[-1])) is not None:
            path.append(parent_id)
        return path

    def form(self, event: CouncilFormed) -> list[Move]:
        """
        Form a council or replace its earlier revision.

        Returns:
            The councils whose parent became another by it: itself, and those that
            had named it before it was formed.

        Raises:
            Refused: if it is older than what stands, or does not fit the tree.
        """
        self._check(event)
        council_id = event.council_id
        before = self._councils.get(council_id)
        if before is not None and before.parent_id is not None:
            self._named[before.parent_id].discard(council_id)
        if event.parent_id is not None:
            self._named.setdefault(event.parent_id, set()).add(council_id)
        self._councils[council_id] = event
        moved = [council_id]
        if before is None:
            self.roots.add(council_id)
            moved += sorted(self._named.get(council_id, ()))
        return [move for child_id in moved if (move := self._link(child_id))]

    # Private

    def _check(self, event: CouncilFormed) -> None:
        standing = self._councils.get(event.council_id)
        if standing is not None and event.revision <= standing.revision:
            raise Refused(
                "stale_revision",
                f"{event.council_id} stands in revision {standing.revision}, "
                f"was {event.revision}; send a greater one",
            )
        if event.parent_id is not None:
            parent = self._councils.get(event.parent_id)
            if event.parent_id == event.council_id:
                parent = event
            if parent is not None and RANK[parent.level] <= RANK[event.level]:
                raise Refused(
                    "invalid_field",
                    f"parent_id: must name a council of a higher level than "
                    f"{event.level}, was the {parent.level} {event.parent_id}",
                )
        for child_id in sorted(self._named.get(event.council_id, ())):
            child = self._councils[child_id]
            if RANK[child.level] >= RANK[event.level]:
                raise Refused(
                    "invalid_field",
                    f"level: must be above the {child.level} {child_id}, which names "
                    f"it as its parent, was {event.level}",
                )

    def _link(self, council_id: str) -> Move | None:
        old = self.parents.get(council_id)
        new = self._councils[council_id].parent_id
        if new not in self._councils:
            new = None
        if new == old:
            return None
        if old is not None:
            self.children[old].discard(council_id)
            del self.parents[council_id]
        if new is None:
            self.roots.add(council_id)
        else:
            self.roots.discard(council_id)
            self.parents[council_id] = new
            self.children.setdefault(new, set()).add(council_id)
        return Move(council_id, old, new)


def check_decidable(event: CouncilFormed) -> None:
    """
    Check that a council can decide on what it does not let pass.

    Raises:
        Refused: if its decisions take no signature: then nothing would ever be decided.
    """
    if not event.signatures and (event.signers or event.threshold is not None):
        raise Refused(
            "invalid_field",
            "signatures: must be 1 or more where signers or a threshold are given, "
            "was 0",
        )
