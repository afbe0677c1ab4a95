"""
PURE. All that a console shows, apart from the terminal: what comes in, what is pressed.

Rows are taken as they come; what is to be seen is worked out when a frame is drawn.
`now` is seconds of any monotonic clock.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from parfeed.client.row_kinds import Key
from parfeed.console.alerts import Alerts
from parfeed.console.cards import Cards
from parfeed.console.details import details
from parfeed.console.drawing import (
    Drawn,
    Line,
    columns_of,
    pieces_of,
    table_lines,
)
from parfeed.console.economics import Taxes
from parfeed.console.glances import WINDOWS, Trend
from parfeed.console.headlines import alert_line, planning_line, shown_facts
from parfeed.console.keys import View
from parfeed.console.products import Products
from parfeed.console.status import Link, facts_line, link_line
from parfeed.console.tables import Table, tables_of
from schemas.board_rows import CouncilRow, RoundRow
from schemas.rows import Row
from schemas.trading_rows import AlertRow, CardRow, OfferRow

LOOKED_AT: Final = 250
"""Rows that are held against the thresholds at every frame, though nothing of them has
changed: pace falls while nothing is sold. 4,000 have their turn in 4 seconds."""


class Desk:
    """
    What one console shows.

    Args:
        view: who looks.
        alerts: the thresholds to begin with.
        company_id: whose console it is; None if nobody said.
        consumer_id: the same of a consumer.
        taxes: that losses are worked out with.
        with_words: name each colour, for terminals without.
        has_bell: whether new alerts ring.

    Attributes:
        products: of the period that is shown.
        rounds, councils: the newest rows, by their names.
        consumer_id: as it was given.
        cards: of the consumer.
        told: the alerts of the feed itself, by their names.
        tables: that the view has.
        table: the one that is seen.
        shows_details: whether all of the chosen row is shown.
        has_bell: whether new alerts ring.
        is_pinned: whether the user named the period.
        message: the newest word to the user; empty for none.
    """

    def __init__(
        self,
        view: View,
        alerts: Alerts,
        *,
        company_id: str | None = None,
        consumer_id: str | None = None,
        taxes: Taxes | None = None,
        with_words: bool = False,
        has_bell: bool = False,
    ) -> None:
        self.view = view
        self.alerts = alerts
        self.products = Products(company_id, alerts, taxes)
        self.rounds: dict[Key, RoundRow] = {}
        self.councils: dict[Key, CouncilRow] = {}
        self.consumer_id = consumer_id
        self.cards = Cards()
        self.told: dict[Key, AlertRow] = {}
        self.tables = tables_of(
            view,
            self.products,
            self.rounds,
            self.councils,
            self.cards.purchases,
            self.told,
            self.trend,
        )
        self.shows_details = False
        self.has_bell = has_bell
        self.is_pinned = False
        self.message = ""
        self._at = 0
        self._window = 0
        self._with_words = with_words

    @property
    def table(self) -> Table:
        """The table that is seen."""
        return self.tables[self._at]

    @property
    def company_id(self) -> str | None:
        """Whose console it is."""
        return self.products.company_id

    # What comes in.

    def begin_market(self, period: str) -> None:
        """Forget the products: a snapshot follows, of this period."""
        self.products.begin(period)

    def begin_councils(self) -> None:
        """Forget the councils' lines: a snapshot follows."""
        self.councils.clear()

    def begin_rounds(self) -> None:
        """Forget the rounds: a snapshot follows."""
        self.rounds.clear()

    def take_rows(self, keys: Sequence[Key], rows: Iterable[Row]) -> None:
        """Take rows of any channel but `market`."""
        for key, row in zip(keys, rows, strict=True):
            if isinstance(row, RoundRow):
                self.rounds[key] = row
            elif isinstance(row, CouncilRow):
                self.councils[key] = row
            elif isinstance(row, OfferRow):
                self.products.offers.take([row])
            elif isinstance(row, AlertRow):
                self.told[key] = row
            elif isinstance(row, CardRow):
                self.cards.take([row])

    def begin_offers(self) -> None:
        """Forget the offers: a snapshot follows."""
        self.products.offers.begin()

    def begin_told(self) -> None:
        """Forget the feed's alerts: a snapshot follows."""
        self.told.clear()

    def begin_cards(self) -> None:
        """Forget the consumer's cards: a snapshot follows."""
        self.cards.begin()

    def tell_time(self, market_at: datetime | None) -> None:
        """Take the market's time, by which pace is reckoned."""
        self.products.at = market_at
        self.products.look_on(LOOKED_AT)

    # What is pressed.

    def next_table(self, by: int) -> None:
        """Show the next table, or with -1 the one before."""
        self._at = (self._at + by) % len(self.tables)

    def next_window(self) -> str:
        """Draw sparklines over the next window, and return its name."""
        self._window = (self._window + 1) % len(WINDOWS)
        return WINDOWS[self._window].name

    def sort_next(self, by: int, width: int) -> None:
        """Sort by the next column that is seen at this width."""
        titles = [column.title for column in columns_of(self._drawn(), width)]
        self.table.sheet.sort_next(by, titles)

    @property
    def chosen(self) -> object:
        """The chosen row's name if it is shown, else None."""
        sheet = self.table.sheet
        return sheet.chosen if sheet.place >= 0 else None

    # What is drawn.

    def arrange(self, now: float, *, anew: bool = False) -> bool:
        """
        Put the rows in order if it is time to.

        Args:
            now: seconds of any clock.
            anew: whether a key asked for it.

        Returns:
            Whether they were.
        """
        rows = self.table.all()
        if anew:
            self.table.sheet.arrange(rows)
            return True
        return self.table.sheet.arrange_if_due(rows, now)

    def header(self, link: Link, width: int) -> list[Line]:
        """Return the three lines above the table."""
        news = alert_line(self.alerts, self.rounds.values(), width)
        planning = planning_line(self.rounds.values(), self.products.period)
        return [
            pieces_of(link_line(link, width)),
            pieces_of(facts_line(shown_facts(self, planning), width)),
            pieces_of(news),
        ]

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the table."""
        return table_lines(self._drawn(), width, height)

    def details(self, width: int, now: datetime) -> list[str]:
        """Return all that is known of the chosen row."""
        chosen = self.chosen
        row = None if chosen is None else self.table.get(chosen)
        raw = self.products.raw(chosen) if isinstance(chosen, str) else None
        return details(row, raw, self.products.taxes, now, width)

    def trend(self, product_id: str) -> Trend:
        """Return a product's sparklines over the window that is shown."""
        return self.products.trend(product_id, WINDOWS[self._window])

    @property
    def window_name(self) -> str:
        """The window that sparklines show."""
        return WINDOWS[self._window].name

    def _drawn(self) -> Drawn:
        table = self.table
        return Drawn(
            sheet=table.sheet,
            get=table.get,
            sign=table.sign,
            trend=table.trend,
            with_words=self._with_words,
        )
