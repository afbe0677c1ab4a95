"""A table that is looked through: its order is total, and the choice is a row."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from parfeed.cli.layout import Column
from parfeed.console.sheets import HAND_S, MIN_ORDER_S, Filter, Sheet, SheetColumn

Rows = dict[str, Decimal | None]


def sheet(sorted_by: str = "Figure") -> Sheet[str, tuple[str, Decimal | None]]:
    def column(title, order, falls):
        return SheetColumn(
            column=Column(title=title, width=8, importance=0, cell=lambda row, _: ""),
            order=order,
            falls=falls,
        )

    return Sheet(
        "things",
        [
            column("Name", lambda row: row[0], falls=False),
            column("Figure", lambda row: row[1], falls=True),
        ],
        filters=[
            Filter("all", lambda row: True),
            Filter("known", lambda row: row[1] is not None),
        ],
        text=lambda row: row[0].casefold(),
        sorted_by=sorted_by,
    )


def named(rows: Rows) -> dict[str, tuple[str, Decimal | None]]:
    return {name: (name, figure) for name, figure in rows.items()}


names = st.text("abcXYZ", min_size=1, max_size=3)
figures = st.none() | st.decimals(-5, 5, places=0)
tables = st.dictionaries(names, figures, max_size=12)


@given(tables, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_is_by_figure_then_name_with_the_unknown_last(rows, rising, chance):
    one, other = sheet(), sheet()
    if rising:
        one.reverse()
        other.reverse()
    one.arrange(named(rows))
    shuffled = list(rows.items())
    chance.shuffle(shuffled)
    other.arrange(named(dict(shuffled)))
    assert one.keys == other.keys
    sign = 1 if rising else -1
    known = sorted(
        (name for name in rows if rows[name] is not None),
        key=lambda name: (sign * rows[name], name),
    )
    unknown = sorted(name for name in rows if rows[name] is None)
    if rising:
        assert one.keys == known + unknown
    else:
        # A sort that is turned round keeps equals in the order of their names.
        assert [rows[name] for name in one.keys[: len(known)]] == [
            rows[name] for name in known
        ]
        assert one.keys[len(known) :] == unknown


def test_equal_figures_stand_in_the_order_of_their_names_either_way():
    one = sheet()
    rows = {"b": Decimal(1), "a": Decimal(1), "c": Decimal(2)}
    one.arrange(named(rows))
    assert one.keys == ["c", "a", "b"]
    one.reverse()
    one.arrange(named(rows))
    assert one.keys == ["a", "b", "c"]


@given(tables, st.text("abcxyz", max_size=2))
def test_a_search_shows_all_that_holds_it_and_nothing_else(rows, wanted):
    one = sheet()
    one.search_for(f" {wanted.upper()} ")
    one.arrange(named(rows))
    assert sorted(one.keys) == sorted(
        name for name in rows if wanted in name.casefold()
    )
    assert one.total == len(rows)


def test_filters_go_round_and_one_of_a_name_goes_on_and_off():
    one = sheet()
    rows = named({"a": None, "b": Decimal(1)})
    one.filter_next()
    one.arrange(rows)
    assert (one.filter.name, one.keys) == ("known", ["b"])
    one.filter_next()
    assert one.filter.name == "all"
    one.filter_by("known")
    assert one.filter.name == "known"
    one.filter_by("known")
    assert one.filter.name == "all"


def test_columns_are_sorted_by_in_the_order_in_which_they_are_seen():
    one = sheet("Name")
    one.sort_next(1, ["Name", "Figure"])
    assert (one.sorted_by.column.title, one.falls) == ("Figure", True)
    one.sort_next(1, ["Name", "Figure"])
    assert (one.sorted_by.column.title, one.falls) == ("Name", False)
    one.sort_next(-1, ["Name", "Figure"])
    assert one.sorted_by.column.title == "Figure"
    # The column is not seen any more: the first that is comes next.
    one.sort_next(1, ["Name"])
    assert one.sorted_by.column.title == "Name"
    one.sort_next(1, [])
    assert one.sorted_by.column.title == "Name"


def test_the_chosen_row_stays_chosen_wherever_it_goes():
    one = sheet()
    one.arrange(named({"a": Decimal(3), "b": Decimal(2), "c": Decimal(1)}))
    one.move(1, now=0)
    assert one.chosen == "b"
    one.arrange(named({"a": Decimal(1), "b": Decimal(0), "c": Decimal(9)}))
    assert (one.chosen, one.place) == ("b", 2)


def test_when_the_chosen_row_goes_the_one_in_its_place_is_chosen():
    one = sheet("Name")
    one.arrange(named(dict.fromkeys("abcd")))
    one.move(2, now=0)
    one.arrange(named(dict.fromkeys(["a", "b", "d"])))
    assert one.chosen == "d"
    one.arrange(named({"a": None}))
    assert one.chosen == "a"
    one.arrange({})
    assert (one.chosen, one.place, one.window(5)) == (None, -1, [])
    one.move(1, now=0)
    one.move_to(0, now=0)
    assert one.chosen is None


def test_the_order_is_not_made_anew_under_a_moving_hand():
    one = sheet()
    assert one.arrange_if_due(named({"a": Decimal(2), "b": Decimal(1)}), now=0)
    turned = named({"a": Decimal(1), "b": Decimal(2)})
    assert not one.arrange_if_due(turned, now=MIN_ORDER_S / 2)
    one.move(1, now=MIN_ORDER_S)
    assert not one.arrange_if_due(turned, now=MIN_ORDER_S + 0.1)
    assert one.keys == ["a", "b"]
    assert one.arrange_if_due(turned, now=MIN_ORDER_S + HAND_S)
    assert one.keys == ["b", "a"]


def test_new_rows_are_shown_under_a_moving_hand_too():
    one = sheet()
    one.arrange_if_due(named({"a": Decimal(2)}), now=0)
    one.move(1, now=MIN_ORDER_S)
    assert one.arrange_if_due(named({"a": None, "b": None}), now=MIN_ORDER_S)
    assert one.keys == ["a", "b"]


def test_a_key_that_changes_what_is_shown_makes_the_order_due():
    one = sheet()
    rows = named({"a": Decimal(2), "b": None})
    for change in (one.reverse, one.filter_next, lambda: one.search_for("a")):
        one.arrange_if_due(rows, now=0)
        change()
        assert one.arrange_if_due(rows, now=0.01)


def test_the_last_row_is_a_place_from_behind():
    one = sheet("Name")
    one.arrange(named(dict.fromkeys("abcd")))
    one.move_to(-1, now=0)
    assert one.chosen == "d"
    one.move_to(0, now=0)
    assert one.chosen == "a"


class Looking(RuleBasedStateMachine):
    """Whatever is pressed and whatever comes, the screen shows the chosen row."""

    def __init__(self) -> None:
        super().__init__()
        self.sheet = sheet()
        self.rows: Rows = {}
        self.height = 3
        self.now = 0.0

    @rule(rows=tables)
    def rows_come(self, rows):
        self.rows = rows
        self.sheet.arrange(named(rows))

    @rule(by=st.integers(-20, 20))
    def move(self, by):
        self.now += 1
        self.sheet.move(by, self.now)

    @rule(place=st.integers(-3, 20))
    def move_to(self, place):
        self.sheet.move_to(place, self.now)

    @rule(height=st.integers(0, 8))
    def resize(self, height):
        self.height = height

    @rule()
    def press_filter(self):
        self.sheet.filter_next()
        self.sheet.arrange(named(self.rows))

    @rule()
    def press_reverse(self):
        self.sheet.reverse()
        self.sheet.arrange(named(self.rows))

    @invariant()
    def the_window_holds_the_chosen_row_and_is_full(self):
        shown = self.sheet.window(self.height)
        assert len(shown) == min(self.height, len(self.sheet.keys))
        if self.height and self.sheet.keys:
            assert self.sheet.chosen in shown
            assert self.sheet.keys[self.sheet.place] == self.sheet.chosen


TestLooking = Looking.TestCase
