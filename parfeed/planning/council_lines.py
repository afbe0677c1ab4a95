"""PURE. Councils as lines of a file: who they are, where they stand, who signs."""

from typing import Final, cast, get_args

from parfeed.planning import cells
from parfeed.planning.errors import UnfitCell
from parfeed.planning.said import Said
from parfeed.planning.table import Column, Table, TableLine
from schemas.agenda import MAX_SIGNERS, CouncilFormed, Level
from schemas.errors import shortened

COLUMNS: Final = (
    Column("council_id", "its name; never a person's", is_needed=True),
    Column("level", ", ".join(get_args(Level)), is_needed=True),
    Column("parent_id", "the council one level up; empty for the highest"),
    Column("signers", "who may sign: ada|grace|joan"),
    Column("signatures", "how many of them a decision takes"),
    Column("threshold", "units that pass without a signature; empty for all"),
    Column("revision", "a greater one replaces the council; otherwise the time"),
)
"""Of a file of councils."""


def level(text: str) -> Level:
    """Read a level of the tree."""
    if text not in get_args(Level):
        raise UnfitCell(
            f"must be one of {', '.join(get_args(Level))}, was {shortened(text)}"
        )
    return cast("Level", text)


def read_councils(raw: bytes, said: Said) -> list[tuple[int, CouncilFormed]]:
    """
    Read a file of councils, CSV or JSON lines with `COLUMNS`, as events.

    Returns:
        (line number, event), in the file's order.

    Raises:
        UnfitTable: with every line that is unfit.
    """
    table = Table(raw, COLUMNS)
    councils: list[tuple[int, CouncilFormed]] = []
    seen: dict[str, int] = {}
    for line in table:
        council = _council(line, said)
        if council is None:
            continue
        before = seen.setdefault(council.council_id, line.number)
        if before != line.number:
            line.fault(f"the same council as line {before}")
        councils.append((line.number, council))
    table.check()
    return councils


def _council(line: TableLine, said: Said) -> CouncilFormed | None:
    council_id = line.read("council_id", cells.identifier)
    its_level = line.read("level", level)
    parent_id = line.read("parent_id", cells.identifier)
    signers = line.read("signers", cells.names) or ()
    signatures = line.read("signatures", cells.whole(0, MAX_SIGNERS)) or 0
    threshold = line.amount("threshold", cells.quantity)
    revision = line.read("revision", cells.revision)
    if len(signers) > MAX_SIGNERS:
        line.fault(
            f"at most {MAX_SIGNERS} people sign, was {len(signers)}; elect some of them"
        )
    if signatures > len(signers):
        line.fault(
            f"{signatures} signatures of {len(signers)} signers cannot be had; a line "
            "would wait for ever"
        )
    if threshold is not None and not signatures:
        line.fault(
            f"above {threshold} units a line waits for signatures, but a decision "
            "takes none; fill in signers and signatures"
        )
    if parent_id is not None and parent_id == council_id:
        line.fault(f"{shortened(parent_id)} cannot be its own parent")
    if not line.is_fit or council_id is None or its_level is None:
        return None
    return CouncilFormed(
        event_id=said.new_id(),
        occurred_at=said.at,
        council_id=council_id,
        level=its_level,
        parent_id=parent_id,
        signers=signers,
        signatures=signatures,
        threshold=threshold,
        revision=said.revision if revision is None else revision,
    )
