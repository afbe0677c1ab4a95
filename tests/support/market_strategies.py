"""
Hypothesis strategies: what senders say about a small market, in and out of order.

Few products, parties, ids and moments, so that events meet: the same row, the same
line, the same slice of time, the same id.
"""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from support.market import MONDAY_S, Said, Sent, SentRecord, moment, raw, said

from schemas.topics import SOURCES, TOPIC_OF_EVENT, Topic

# No deadline: the machine may be busy with other things.
LAWS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FEW = settings(LAWS, max_examples=30)

products = st.sampled_from(["bread", "bröd \U0001f35e", "salt"])
parties = st.sampled_from(["ada", "board", "bakery"])
periods = st.sampled_from(["2011-W43", "2011-W44", "2011-W45"])

_DAY = 86_400
# Within seconds of one another, around the week's beginning, or days apart.
seconds = st.one_of(
    st.integers(-75, 75),
    st.integers(-3_700, 3_700),
    st.integers(-8 * _DAY, 8 * _DAY),
    st.integers(-75_000_000, 75_000_000).map(lambda micros: micros / 10**6),
)


def decimals(least: int, greatest: int) -> st.SearchStrategy[str]:
    """Texts of decimals with up to six places, mostly small ones."""
    micros = st.one_of(
        st.integers(max(least, -20), min(greatest, 20)).map(lambda n: n * 10**6),
        st.integers(max(least, -999), 999),
        st.integers(least * 10**6, greatest * 10**6),
    )
    return st.builds(_decimal, micros, st.booleans())


def _decimal(micros: int, full: bool) -> str:
    whole, part = divmod(abs(micros), 10**6)
    text = f"{whole}.{part:06}"
    sign = "-" if micros < 0 else ""
    return sign + (text if full else text.rstrip("0").rstrip("."))


quantities = decimals(0, 10**12)
amounts = quantities.filter(lambda text: any(digit in text for digit in "123456789"))
prices = decimals(-(10**12), 10**12)


@st.composite
def parts(draw: st.DrawFn) -> Said:
    """A quantity and its planned part: none, all or some."""
    quantity = draw(amounts)
    planned = draw(st.sampled_from([None, "0", quantity, "some"]))
    if planned == "some":
        micros = round(float(quantity) * 10**6 / 3)
        planned = _decimal(micros, False)
    return {"quantity": quantity, "planned_quantity": planned}


def _or_none(of: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.none(), of)


@st.composite
def schedules(draw: st.DrawFn, falls: bool) -> list[list[str]]:
    """Points whose prices rise and whose quantities fall or rise."""
    count = draw(st.integers(0, 4))
    if not count:
        return []
    cents = draw(st.sets(st.integers(1, 500), min_size=count, max_size=count))
    units = draw(st.lists(st.integers(0, 3_000), min_size=count, max_size=count))
    quantities = sorted(units, reverse=falls)
    return [
        [_decimal(cent * 10_000, False), _decimal(unit * 10_000 + 1, False)]
        for cent, unit in zip(sorted(cents), quantities, strict=True)
    ]


low_prices = st.integers(1, 500).map(lambda cents: _decimal(cents * 10_000, False))
"""Prices that schedules and limits are about."""

councils = st.sampled_from(["street", "square"])


def _planning(
    shared: dict[str, st.SearchStrategy[object]],
) -> list[st.SearchStrategy[Said]]:
    # Lines with all that they may have, and what the board says of them.
    line = {"period": periods, "revision": st.integers(0, 3), **shared}
    bid = {
        **line,
        "company_id": parties,
        "quantity": quantities,
        "team_id": _or_none(councils),
        "least_price": _or_none(low_prices),
        "schedule": schedules(falls=False),
        "is_fixed": st.sampled_from([False, False, True]),
        "members": st.sampled_from([[], [], ["mill"], ["mill", "farm"]]),
    }
    plan = {
        **line,
        "consumer_id": parties,
        "quantity": quantities,
        "council_id": _or_none(councils),
        "greatest_price": _or_none(low_prices),
        "least_quantity": _or_none(st.integers(0, 30).map(str)),
        "schedule": schedules(falls=True),
        "for_product_id": _or_none(products),
    }
    confirmation = {
        **line,
        "company_id": parties,
        "member_id": st.sampled_from(["mill", "farm", "ada"]),
    }
    return [
        kind("bid", bid),
        kind("plan", plan),
        kind("confirmation", confirmation),
        kind(
            "announced_price",
            {
                **shared,
                "period": periods,
                "announced_price": low_prices,
                "round": st.integers(1, 3),
                "forecast_percent": _or_none(decimals(-200, 200)),
                "flags": st.sampled_from([[], ["no_bid"]]),
            },
        ),
        kind(
            "indicative_price",
            {**line, "indicative_price": low_prices, "round": st.integers(0, 3)},
        ),
        kind("planned_price", {**line, "planned_price": low_prices}),
        kind("decision", {**line, "council_id": councils, "counts": st.booleans()}),
    ]


def kind(
    name: str, fields: dict[str, st.SearchStrategy[object]]
) -> st.SearchStrategy[Said]:
    """Events of a kind; the part `parts`, if there is one, is a dict of fields."""
    return st.fixed_dictionaries(fields).map(
        lambda made: said(name, **made.pop("parts", {}), **made)
    )


def _events(event_ids: st.SearchStrategy[str]) -> st.SearchStrategy[Said]:
    shared = {
        "event_id": event_ids,
        "product_id": products,
        "occurred_at": seconds.map(moment),
    }
    line = {"period": periods, "revision": st.integers(0, 3)}

    trading = [
        kind("purchase", {**shared, "parts": parts(), "unit_price": prices}),
        kind("cancellation", {**shared, "parts": parts(), "unit_price": prices}),
        kind("production", {**shared, "quantity": amounts}),
        kind("price", {**shared, "company_id": parties, "unplanned_price": prices}),
    ]
    simple = [
        kind("bid", {**shared, **line, "company_id": parties, "quantity": quantities}),
        kind(
            "plan", {**shared, **line, "consumer_id": parties, "quantity": quantities}
        ),
        kind("planned_price", {**shared, **line, "planned_price": prices}),
    ]
    return st.one_of(*trading, *simple, *_planning(shared))


events = _events(st.uuids().map(str))
"""Events that are all different."""

planning_events = st.one_of(
    _planning(
        {
            "event_id": st.uuids().map(str),
            # One product, so that what is said of it meets.
            "product_id": st.just("bread"),
            "occurred_at": seconds.map(moment),
        }
    )
)
"""What is said while a product is planned, all different."""

times_of_periods = kind(
    "period",
    {
        "event_id": st.uuids().map(str),
        "occurred_at": seconds.map(moment),
        "period": periods,
        "revision": st.integers(0, 3),
        "closes_at": st.sampled_from(
            [None, *(moment(at) for at in (-1, 0, 69.9995, 70, 3_700, 8 * _DAY))]
        ),
    },
)
"""What the board says of a period's gate, around the times at which events arrive."""

repeating_events = _events(st.integers(0, 5).map("e-{}".format))
"""Events that often come under an id that was used before."""

# Most come on Tuesday or later; an event of Monday evening may be early for the first.
arrivals = st.sampled_from([0, 70, 3_700, 9 * _DAY])


def streams(
    of: st.SearchStrategy[Said], *, astray: bool = False, max_size: int = 30
) -> st.SearchStrategy[list[Sent]]:
    """
    Records of all source topics as they come in, offsets counting up in each.

    Args:
        of: the events.
        astray: whether some are sent to a topic that they do not belong on.
        max_size: how many there are at most.
    """
    topics = st.sampled_from([None, None, None, *SOURCES]) if astray else st.none()

    def topic_of(one: tuple[Said, Topic | None, int]) -> Topic:
        return one[1] or TOPIC_OF_EVENT[one[0]["type"]]

    def placed(
        sent: list[tuple[Said, Topic | None, int]], is_mixed: bool
    ) -> list[Sent]:
        # Unmixed, each topic's records follow on one another, in long batches.
        if not is_mixed:
            sent = sorted(sent, key=lambda one: topic_of(one).name)
        offsets = dict.fromkeys((topic.name for topic in SOURCES), 0)
        stream = []
        for one in sent:
            topic, (event, _, arrival_s) = topic_of(one), one
            offset = offsets[topic.name]
            offsets[topic.name] += 1
            timestamp = (MONDAY_S + arrival_s) * 1000
            stream.append(Sent(topic, SentRecord(offset, timestamp, raw(event))))
        return stream

    sent = st.lists(st.tuples(of, topics, arrivals), max_size=max_size)
    return st.builds(placed, sent, st.booleans())


cuts = st.sets(st.integers(1, 30), max_size=6)


def reordered(stream: list[Sent]) -> st.SearchStrategy[list[Sent]]:
    """The same records, topics mixed otherwise, the order within each topic kept."""

    def dealt(order: list[Sent]) -> list[Sent]:
        waiting = {
            topic.name: iter([one for one in stream if one.topic is topic])
            for topic in SOURCES
        }
        return [next(waiting[place.topic.name]) for place in order]

    return st.permutations(stream).map(dealt)
