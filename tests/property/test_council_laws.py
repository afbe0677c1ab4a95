"""
The laws of councils: order, restarts, a second account, and what nobody can find out.

What is drawn is small, so that things meet: councils are moved while lines come,
signers change, people have lines in several places.
"""

from decimal import Decimal
from fractions import Fraction
from random import Random
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from support.councils import (
    NOW,
    WEEK,
    Account,
    decided,
    formed,
    priced,
    signed,
    tell,
    wanted,
)
from support.market_strategies import LAWS

from schemas.agenda import CouncilFormed
from schemas.codec import encode
from schemas.errors import Refused
from schemas.rows import Line
from streams.market.councils.councils import Councils

COUNCILS = settings(LAWS, max_examples=100)

TREES = {
    "plan": {
        "neighbourhood": ("n1", "n2", "n3", "n4"),
        "city": ("c1", "c2"),
        "state": ("s1",),
        "federation": ("f1",),
    },
    "bid": {"team": ("t1", "t2"), "firm": ("m1",), "industry": ("i1",)},
}
LEVEL_OF = {
    name: level
    for tree in TREES.values()
    for level, names in tree.items()
    for name in names
}
SIGNERS = ("kim", "lee", "max")
PARTIES = tuple(f"p{number}" for number in range(6))
amounts = st.sampled_from(["0", "0.25", "1", "2", "3", "7"])


@st.composite
def formations(draw):
    kind = draw(st.sampled_from(["plan", "plan", "plan", "bid"]))
    names = [name for level in TREES[kind].values() for name in level]
    name = draw(st.sampled_from(names))
    signers = draw(st.lists(st.sampled_from(SIGNERS), unique=True, min_size=1))
    return formed(
        name,
        # Now and then of another level than the rest of the drawn tree expects.
        draw(st.sampled_from([LEVEL_OF[name]] * 5 + list(TREES[kind]))),
        parent_id=draw(st.none() | st.sampled_from(names)),
        signers=tuple(signers),
        signatures=draw(st.integers(1, len(signers))),
        threshold=draw(st.none() | st.sampled_from(["0", "1", "4", "9"])),
        revision=draw(st.integers(0, 4)),
    )


@st.composite
def whole_trees(draw):
    """Every council once, under one of a level above, in any order."""
    events = []
    for tree in TREES.values():
        above: list[str] = []
        for level in reversed(tree):
            for name in tree[level]:
                parent_id = draw(st.sampled_from(above)) if above else None
                events.append(
                    formed(
                        name,
                        level,
                        parent_id=parent_id,
                        threshold=draw(st.none() | st.sampled_from(["1", "4", "9"])),
                    )
                )
            above += tree[level]
    return draw(st.permutations(events))


signatures = st.builds(
    signed,
    st.sampled_from(list(LEVEL_OF)),
    st.sampled_from([*SIGNERS, "ann"]),
    st.sampled_from(["approve", "approve", "veto"]),
    quantity=st.none() | st.sampled_from(["2", "5", "12"]),
)
agendas = st.builds(
    lambda tree, more: [*tree, *more],
    st.just([]) | whole_trees(),
    st.lists(formations() | signatures, max_size=25),
)


@st.composite
def line_lists(draw):
    """Lines, each with a greater revision than those before it."""
    count = draw(st.integers(0, 30))
    lines = []
    for revision in range(count):
        kind = draw(st.sampled_from(["plan", "plan", "plan", "bid"]))
        lines.append(
            wanted(
                draw(st.sampled_from(PARTIES)),
                draw(st.none() | st.sampled_from(list(LEVEL_OF))),
                draw(amounts),
                kind=kind,
                revision=revision,
                for_product_id=draw(st.sampled_from([None, None, "x", "y"]))
                if kind == "plan"
                else None,
            )
        )
    return lines


def name_of(line: Line) -> tuple[str, str, str | None]:
    return line.kind, line.party_id, line.for_product_id


def newest(lines: list[Line], kind: str) -> list[Line]:
    by_name = {name_of(line): line for line in lines}
    return [line for line in by_name.values() if line.kind == kind]


def mixed(agenda, lines, chance: Random):
    """
    All in another order: the agenda's among each other keep theirs, as one party's
    lines do, since each lies in one partition.
    """
    places = ["agenda"] * len(agenda) + ["line"] * len(lines)
    chance.shuffle(places)
    own = {}
    for line in lines:
        own.setdefault(name_of(line), []).append(line)
    left = {name: iter(its) for name, its in own.items()}
    shuffled = [name_of(line) for line in lines]
    chance.shuffle(shuffled)
    coming, said = iter(shuffled), iter(agenda)
    return [
        next(said) if place == "agenda" else next(left[next(coming)])
        for place in places
    ]


# A seed rather than many draws: an order has no simpler form worth looking for.
chances = st.integers(0, 2**32 - 1).map(Random)


class Board:
    """Councils, and everything that was ever written of them."""

    def __init__(self) -> None:
        self.councils = Councils()
        self.accepted = []
        self.decided = {}
        self.rows = {}
        self.revisions = {}

    def tell(self, events) -> "Board":
        for event in events:
            if not tell(self.councils, [event]) and not isinstance(event, Line):
                self.accepted.append(event)
        return self

    def write(self) -> "Board":
        for decision in self.councils.decisions(NOW):
            assert decision.revision == self.revisions.get(decision.council_id, 0) + 1
            assert decision.counts != self.decided.get(decision.council_id, True)
            self.revisions[decision.council_id] = decision.revision
            self.decided[decision.council_id] = decision.counts
        for row in self.councils.rows(NOW):
            before = self.rows.get(row.council_id)
            assert row.sequence == (before.sequence if before else 0) + 1
            self.rows[row.council_id] = row
        return self

    def counting(self, lines: list[Line]) -> dict[str, bool]:
        """Whether lines count, of the councils that have any."""
        return {
            line.council_id: self.decided.get(line.council_id, True)
            for kind in TREES
            for line in newest(lines, kind)
            if LEVEL_OF.get(line.council_id) in TREES[kind]
        }

    def shown(self):
        """What rows say, numbers of versions apart; what says nothing left out."""
        return {
            name: msgspec.structs.replace(row, sequence=0)
            for name, row in self.rows.items()
            if row.people != 0 or row.status != "passes" or row.signatures
        }


@COUNCILS
@given(agendas, line_lists(), chances)
def test_sums_and_decisions_are_those_of_a_second_account(agenda, lines, chance):
    said = mixed(agenda, lines, chance)
    board = Board()
    board.councils.protect(WEEK, 1)
    for event in said:
        board.tell([event])
        if chance.random() < 0.25:
            board.write()
    board.write()
    for kind, tree in TREES.items():
        sides = [
            event
            for event in board.accepted
            if LEVEL_OF[event.council_id] in tree  # a name belongs to one side
        ]
        account = Account(sides, newest(lines, kind))
        for council_id in account.councils:
            row = board.rows.get(council_id)
            quantity, people = account.quantity(council_id), account.people(council_id)
            if row is None:
                assert (quantity, people) == (0, 0)
                assert account.status(council_id) == "passes"
            else:
                assert (row.quantity, row.people) == (quantity, people)
                assert row.status == account.status(council_id)
        for line in account.lines:
            if line.council_id in account.councils:
                counts = board.decided.get(line.council_id, True)
                assert counts == account.counts(line.council_id)


@COUNCILS
@given(agendas, line_lists(), chances)
def test_another_order_of_lines_ends_in_the_same_decisions_and_rows(
    agenda, lines, chance
):
    first = Board().tell([*agenda, *lines]).write()
    second = Board()
    for event in mixed(agenda, lines, chance):
        second.tell([event])
        if chance.random() < 0.5:
            second.write()
    second.write()
    assert first.accepted == second.accepted
    assert first.counting(lines) == second.counting(lines)
    assert first.shown() == second.shown()


@COUNCILS
@given(agendas, line_lists(), chances)
def test_a_restart_from_what_was_written_says_nothing_new(agenda, lines, chance):
    before = Board()
    for event in mixed(agenda, lines, chance):
        before.tell([event])
        if chance.random() < 0.5:
            before.write()
    before.write()
    after = Councils()
    for row in before.rows.values():
        after.restore(row)
    written = [
        decided(council_id, before.decided[council_id], revision)
        for council_id, revision in before.revisions.items()
    ]
    kept = [line for kind in TREES for line in newest(lines, kind)]
    told = mixed(agenda, [*written, *kept], chance)
    tell(after, told)
    assert after.decisions(NOW) == []
    assert after.rows(NOW) == []


# What nobody can find out


def is_found_out(equations: list[dict[str, int]], names: set[str]) -> set[str]:
    """
    Solve sums by elimination.

    Args:
        equations: each a sum of unknowns, with their signs, whose value is known.
        names: of the unknowns to look for.

    Returns:
        The names whose value follows.
    """
    solved: dict[str, dict[str, Fraction]] = {}
    for equation in equations:
        row = {name: Fraction(sign) for name, sign in equation.items()}
        for pivot, known in solved.items():
            factor = row.get(pivot, Fraction(0))
            for name, value in known.items():
                row[name] = row.get(name, Fraction(0)) - factor * value
        row = {name: value for name, value in row.items() if value}
        if not row:
            continue
        pivot = next(iter(row))
        row = {name: value / row[pivot] for name, value in row.items()}
        for other, known in solved.items():
            factor = known.get(pivot, Fraction(0))
            reduced = {
                name: known.get(name, Fraction(0)) - factor * row.get(name, Fraction(0))
                for name in {*known, *row}
            }
            solved[other] = {name: value for name, value in reduced.items() if value}
        solved[pivot] = row
    return {name for name in names if len(solved.get(name, ())) == 1}


def test_the_solver_finds_what_subtraction_finds():
    assert is_found_out([{"a": 1, "b": 1}, {"b": 1}], {"a", "b"}) == {"a", "b"}
    assert is_found_out([{"a": 1, "b": 1}, {"b": 1, "c": 1}], {"a", "b"}) == set()
    mixed = [{"a": 1, "b": 1}, {"b": 1, "c": 1}, {"a": 1, "c": 1}]
    assert is_found_out(mixed, {"a"}) == {"a"}


def check_nothing_can_be_found_out(account: Account, rows, least: int) -> None:
    withheld = {name for name, row in rows.items() if row.quantity is None}
    for council_id in account.councils:
        if 0 < account.people(council_id) < least:
            assert council_id in withheld
    equations = []
    for council_id in account.councils:
        # Its sum less its parts is 0; what is shown is a known number.
        parts = account.children(council_id)
        own = account.own_people(council_id)
        if parts and account.people(council_id):
            equation = {part: 1 for part in parts if part in withheld}
            if own:
                equation[f"own {council_id}"] = 1
            if council_id in withheld:
                equation[council_id] = -1
            equations.append(equation)
    assert is_found_out(equations, withheld) == set()


def hidden_people(account: Account, withheld: set[str], council_id: str) -> int:
    """People of all that is hidden below, and nothing else, at the lowest level."""
    return account.own_people(council_id) + sum(
        hidden_people(account, withheld, part)
        for part in account.children(council_id)
        if part in withheld
    )


@st.composite
def crowds(draw):
    """A tree, and batches of people who come to its councils, leave and move."""
    names = [name for level in TREES["plan"].values() for name in level]
    batches = []
    revision = 0
    for _ in range(draw(st.integers(1, 4))):
        batch = []
        for name in draw(st.lists(st.sampled_from(names), max_size=5, unique=True)):
            quantity = draw(st.sampled_from(["1", "2.5", "0"]))
            first = draw(st.integers(0, 3))
            for number in range(first, first + draw(st.integers(1, 9))):
                revision += 1
                line = wanted(f"{name} {number}", name, quantity, revision=revision)
                batch.append(line)
        if draw(st.booleans()):
            batch.append(draw(formations()))
        if draw(st.integers(0, 2)) == 0:
            council_id = draw(st.sampled_from(names))
            batch += [signed(council_id, signer, "veto") for signer in SIGNERS[:2]]
        batches.append(batch)
    return draw(whole_trees()), batches


@COUNCILS
@given(crowds(), st.integers(1, 6))
def test_no_withheld_sum_follows_from_the_rows_that_are_shown(crowd, least):
    tree, batches = crowd
    board = Board().tell(tree)
    board.councils.protect(WEEK, least)
    lines = []
    for batch in batches:
        board.tell(batch).write()
        lines += [event for event in batch if isinstance(event, Line)]
        said = [event for event in board.accepted if event.council_id in ON_PLANS]
        account = Account(said, newest(lines, "plan"))
        check_nothing_can_be_found_out(account, board.rows, least)
        # Together, too, what is hidden under a shown sum is of enough people.
        withheld = {name for name, row in board.rows.items() if row.quantity is None}
        for council_id in set(account.councils) - withheld:
            hidden = hidden_people(account, withheld, council_id)
            assert hidden == 0 or hidden >= least


ON_PLANS = {name for level in TREES["plan"].values() for name in level}


@COUNCILS
@given(agendas, line_lists(), chances)
def test_no_withheld_sum_follows_where_people_have_lines_in_several_places(
    agenda, lines, chance
):
    board = Board()
    for event in mixed(agenda, lines, chance):
        board.tell([event])
        if chance.random() < 0.5:
            board.write()
    board.write()
    said = [event for event in board.accepted if event.council_id in ON_PLANS]
    account = Account(said, newest(lines, "plan"))
    check_nothing_can_be_found_out(account, board.rows, 5)


# Names

ids = st.uuids().map(str) | st.text("ąßç漢🜁", min_size=9, max_size=20)


@COUNCILS
@given(
    st.lists(ids, min_size=1, max_size=8, unique=True),
    agendas,
    line_lists(),
    chances,
    st.integers(1, 5),
)
def test_no_consumer_is_named_in_anything_that_comes_out(
    names, agenda, lines, chance, least
):
    councils = Councils(people_least=least)
    out = []
    events = mixed(agenda, lines, chance)
    for number, event in enumerate(events):
        name = names[number % len(names)]
        if isinstance(event, Line):
            if event.kind == "bid":
                continue
            event = msgspec.structs.replace(event, party_id=name)
        elif not isinstance(event, CouncilFormed):
            # Words of theirs, or somebody who signs though no signer.
            event = msgspec.structs.replace(event, reason=f"for {name}")
            if chance.random() < 0.5:
                event = msgspec.structs.replace(event, signer_id=name)
        try:
            tell_openly(councils, event)
        except Refused as refused:
            out += [str(refused), repr(refused), refused.detail]
        councils.put(priced(Decimal(number), number + 1))
        out += [encode(row).decode() for row in councils.rows(NOW)]
        out += [encode(decision).decode() for decision in councils.decisions(NOW)]
        out += [repr(waiting) for waiting in councils.waits()]
    out.append(repr(councils))
    for text in out:
        assert not [name for name in names if name in text]


def tell_openly(councils: Councils, event) -> None:
    if isinstance(event, Line):
        councils.put(event)
    elif isinstance(event, CouncilFormed):
        councils.form(event)
    else:
        councils.sign(event)


def test_an_id_that_came_out_would_be_seen():
    name = str(UUID(int=7))
    councils = Councils()
    councils.form(formed(name, threshold=1))
    councils.put(wanted("a", name, 2))
    (decision,) = councils.decisions(NOW)
    assert name in encode(decision).decode()
