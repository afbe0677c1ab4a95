"""Files of products, bids, councils: all of it is taken, or every fault is named."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parfeed.planning import bids as bid_files
from parfeed.planning import council_lines as council_files
from parfeed.planning import products as product_files
from parfeed.planning.bids import Bid, bid_events, read_bids, template
from parfeed.planning.council_lines import read_councils
from parfeed.planning.errors import FAULTS_SHOWN, UnfitTable
from parfeed.planning.products import listing_events, read_products
from parfeed.planning.said import Said
from parfeed.planning.table import MAX_TABLE_BYTES
from schemas.codec import decode_event, encode
from schemas.planning import BidPlaced, PlanSubmitted
from schemas.values import Period

WEEK = Period("2011-W44")
AT = datetime(2011, 10, 28, 9, 30, 0, 250_000, tzinfo=UTC)


def said() -> Said:
    numbers = count(1)
    return Said(at=AT, new_id=lambda: f"e-{next(numbers)}")


def bids(text: str) -> list[Bid]:
    return read_bids(text.encode(), company_id="bakery", period=WEEK)


def faults(text: str | bytes) -> list[str]:
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(UnfitTable) as unfit:
        read_bids(raw, company_id="bakery", period=WEEK)
    return list(unfit.value.faults)


# What is taken.


def test_two_columns_are_enough_when_the_command_names_the_rest() -> None:
    (bread, rolls) = bids("product_id,quantity\nbread,100\nrolls,12.5\n")
    assert (bread.product_id, bread.quantity, bread.company_id, bread.period) == (
        "bread",
        Decimal(100),
        "bakery",
        WEEK,
    )
    assert (rolls.quantity, rolls.line) == (Decimal("12.5"), 3)


def test_a_line_may_say_everything() -> None:
    (bid,) = bids(
        "company_id,inputs,schedule,members,product_id,quantity,period,least_price,"
        "team_id,delegate_id,revision,is_fixed\n"
        'mill,grain=20|salt=1,"10:100,12:150",dairy|farm,flour,100,2011-W45,9.5,'
        "east,vertical-food,7,no\n"
    )
    assert bid == Bid(
        product_id="flour",
        quantity=bid.quantity,
        company_id="mill",
        period=Period("2011-W45"),
        least_price=bid.least_price,
        schedule=bid.schedule,
        team_id="east",
        delegate_id="vertical-food",
        members=("dairy", "farm"),
        inputs=bid.inputs,
        revision=7,
        line=2,
    )
    assert (bid.quantity, bid.least_price) == (Decimal(100), Decimal("9.5"))
    assert [tuple(map(str, point)) for point in
            ((p.price, p.quantity) for p in bid.schedule)] == [
        ("10", "100"), ("12", "150"),
    ]  # fmt: skip
    assert dict(bid.inputs) == {"grain": Decimal(20), "salt": Decimal(1)}


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffproduct_id,quantity\r\nbread,1.5\r\n",
        "\n\nproduct_id;quantity\nbread;1,5\n",
        "quantity\tproduct_id\n1,5\tbread\n",
        'product_id, quantity\n"bread", "1.5"\n\n,,\n',
        '{"product_id": "bread", "quantity": 1.5}\n',
        '\n{"quantity": "1.5", "product_id": "bread", "least_price": null}',
    ],
)
def test_what_spreadsheets_and_programs_write_is_read(text: str) -> None:
    (bid,) = bids(text)
    assert (bid.product_id, bid.quantity) == ("bread", Decimal("1.5"))


def test_json_may_hold_lists_and_truths() -> None:
    (bid,) = bids(
        '{"product_id":"land","quantity":"5","is_fixed":true,"members":["a","b"]}'
    )
    assert bid.is_fixed
    assert bid.members == ("a", "b")


def test_the_template_is_a_file_of_bids_without_bids() -> None:
    assert bids(template() + "\n") == []


# What is refused, and how it is named.


def test_every_fault_of_every_line_is_named_at_once() -> None:
    assert faults(
        "product_id,quantity,least_price,schedule\n"
        "bread,ten,1e5,\n"
        ",5,,\n"
        "rolls,,,\n"
        "cake,3,2,5\n"
        "bread,5,,\n"
        "bread,7,,\n"
        "pie,1,,,,x\n"
    ) == [
        "line 2: quantity must be a number of units of 0 or more, such as 12.5, with a "
        "point for the decimals (6 at most), nothing between thousands, and within "
        "1,000,000,000,000, was 'ten'",
        "line 2: least_price must be a price such as 12.50, with a point for the "
        "decimals (6 at most), nothing between thousands, and within "
        "1,000,000,000,000, was '1e5'",
        "line 3: product_id is missing",
        "line 4: quantity is missing",
        "line 5: schedule must be points PRICE:QUANTITY such as 10:100,12:150, was '5'",
        "line 7: the same product, period and company as line 6; a company has one bid "
        "for a product",
        "line 8: 6 cells for 4 columns; a cell that holds the separator stands in "
        "quotation marks",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("product,quantity\nx,1\n", "unknown column 'product'; is it product_id?"),
        ("product_id,quantity,colour\n", "line 1: unknown column 'colour'"),
        ("product_id,quantity,quantity\n", "line 1: the column quantity stands there"),
        ("\n\nproduct_id\n", "line 3: no column quantity"),
        ("bread,100\n", "line 1: unknown column 'bread'"),
        ("", "it is empty; its first line is product_id,quantity,"),
        (" \n\n", "it is empty"),
        (b"product_id,quantity\nbr\xe9ad,1\n", "line 2: byte 22 is no UTF-8"),
        ("product_id,quantity\nb,1\n".encode("utf-16"), "it is UTF-16"),
        ('product_id,quantity\n"bread,1\nrolls,2\n', "quotation mark"),
        ("product_id;quantity\nbread;1,500\n", "quantity could be 1.500 or 1500"),
        ('product_id,quantity\nbread,"1,5"\n', "number of units"),
        ("product_id,quantity,is_fixed,least_price\nland,5,yes,3\n", "line 2: a fixed"),
        ("product_id,quantity,members\nb,5,mill|bakery\n", "line 2: members are other"),
        ("product_id,quantity,inputs\nb,5,b=1\n", "line 2: 'b' cannot be an input"),
        ('{"product_id": "b"', "line 1: not one JSON object"),
        ('{"product_id":"b","quantity":1}\n[1]', "line 2: must be a JSON object"),
        ('{"product_id":"b","qty":1}', "line 1: unknown field 'qty'"),
        ('{"product_id":"b","quantity":{}}', "line 1: quantity must be a text"),
        ('{"product_id":"b","quantity":1,"members":["a|b"]}', "members must be a text"),
    ],
)  # fmt: skip
def test_what_is_amiss_is_said_with_its_line(text: str | bytes, complaint: str) -> None:
    found = faults(text)
    assert any(complaint in fault for fault in found), found


def test_a_line_number_is_the_editors_though_a_cell_has_two_lines() -> None:
    assert [
        fault.partition(":")[0]
        for fault in faults('product_id,quantity\n"two\nlines",1\nbread,x\n')
    ] == ["line 2", "line 4"]


def test_company_and_period_must_come_from_somewhere() -> None:
    with pytest.raises(UnfitTable) as unfit:
        read_bids(b"product_id,quantity\nbread,1\n")
    assert "line 1: no column company_id" in unfit.value.faults
    assert "line 1: no column period" in unfit.value.faults


def test_many_faults_are_shown_up_to_a_bound() -> None:
    text = "product_id,quantity\n" + "bread,x\n" * 50
    with pytest.raises(UnfitTable) as unfit:
        bids(text)
    shown = str(unfit.value).splitlines()
    assert len(shown) == FAULTS_SHOWN + 2
    assert shown[0].startswith("nothing was sent")
    assert shown[-1] == "... and 30 more"


def test_a_file_too_large_for_a_person_is_sent_elsewhere() -> None:
    with pytest.raises(UnfitTable, match="parfeed send"):
        read_products(b"x" * (MAX_TABLE_BYTES + 1))


@given(st.binary(max_size=300))
def test_no_bytes_do_worse_than_being_refused(raw: bytes) -> None:
    found = ("",)
    try:
        read_bids(raw, company_id="bakery", period=WEEK)
    except UnfitTable as exc:
        found = exc.faults
    assert found


@given(st.text(alphabet='{}[]":,;|\n\r\t\u2028 abp1.-=', max_size=200))
def test_no_text_below_a_good_header_does_worse_than_being_refused(text: str) -> None:
    raw = f"{template()}\n{text}".encode()
    found: tuple[str, ...] = ()
    try:
        read_bids(raw, company_id="bakery", period=WEEK)
    except UnfitTable as exc:
        found = exc.faults
    assert all("line " in fault for fault in found)


# Events.


def test_a_bid_is_said_with_its_inputs_and_the_round_that_runs() -> None:
    read = bids("product_id,quantity,inputs\nbread,100,flour=20\nrolls,5,\n")
    rounds = {("bread", "2011-W44"): 3, ("flour", "2011-W44"): 2}
    bread, flour, rolls = bid_events(read, said(), rounds)
    assert isinstance(bread, BidPlaced)
    assert isinstance(flour, PlanSubmitted)
    assert isinstance(rolls, BidPlaced)
    assert (bread.event_id, bread.round, bread.revision) == ("e-1", 3, 1319794200250000)
    assert (flour.consumer_id, flour.for_product_id, flour.round) == (
        "bakery",
        "bread",
        2,
    )
    assert flour.revision == bread.revision
    assert rolls.round == 0
    for event in (bread, flour, rolls):
        assert decode_event(encode(event)) == event


def test_what_is_said_later_has_a_greater_revision() -> None:
    earlier = Said(at=AT, new_id=str)
    later = Said(at=AT.replace(microsecond=250_001), new_id=str)
    assert later.revision == earlier.revision + 1
    assert later.revision < 2**53


def test_products_are_listed_with_prices_above_0() -> None:
    listed = read_products(b"product_id,price\nbread,3.20\nrolls,0.5\n")
    events = listing_events(listed, WEEK, said())
    assert [(each.product_id, str(each.start_price)) for each in events] == [
        ("bread", "3.20"),
        ("rolls", "0.5"),
    ]
    for event in events:
        assert decode_event(encode(event)) == event
    with pytest.raises(UnfitTable) as unfit:
        read_products(b"price,product_id\n0,bread\n1,rolls\n2,rolls\n")
    assert [fault.partition(",")[0] for fault in unfit.value.faults] == [
        "line 2: price must be a number above 0",
        "line 4: the same product as line 3; it has one start price",
    ]


def test_councils_are_read_with_their_place_and_signers() -> None:
    text = (
        "council_id,level,parent_id,signers,signatures,threshold\n"
        "hill,neighbourhood,town,ada|grace|joan,2,100\n"
        "town,city,,,,\n"
    )
    (first, hill), (second, town) = read_councils(text.encode(), said())
    assert (first, second) == (2, 3)
    assert hill.signers == ("ada", "grace", "joan")
    assert (hill.level, hill.parent_id, hill.signatures) == ("neighbourhood", "town", 2)
    assert hill.threshold == Decimal(100)
    assert (town.parent_id, town.signers, town.threshold) == (None, (), None)
    assert decode_event(encode(hill)) == hill


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("hill,village,,,,", "level must be one of neighbourhood, city"),
        ("hill,city,hill,,,", "cannot be its own parent"),
        ("hill,city,,ada,2,5", "2 signatures of 1 signers cannot be had"),
        ("hill,city,,,,5", "takes none; fill in signers and signatures"),
        ("hill,city,,ada|ada,1,5", "each one once"),
        (",city,,,,", "council_id is missing"),
        ("hill,city,,,101,", "whole number from 0 to 100"),
        (f"hill,city,,{'|'.join(f's{n}' for n in range(101))},1,5", "elect some"),
    ],
)
def test_a_council_that_could_not_work_is_refused(line: str, complaint: str) -> None:
    head = "council_id,level,parent_id,signers,signatures,threshold\n"
    with pytest.raises(UnfitTable) as unfit:
        read_councils(f"{head}{line}\n".encode(), said())
    assert complaint in str(unfit.value)


def test_the_columns_of_the_help_are_those_that_are_read() -> None:
    given = {"product_id": "p", "quantity": "1", "company_id": "c", "period": WEEK,
             "is_fixed": "no", "least_price": "1", "schedule": "1:1", "team_id": "t",
             "delegate_id": "d", "members": "m", "inputs": "i=1", "revision": "1",
             }  # fmt: skip
    assert {column.name for column in bid_files.COLUMNS} == set(given)
    text = f"{','.join(given)}\n{','.join(map(str, given.values()))}\n"
    assert len(bids(text)) == 1


def test_the_guide_names_every_column_of_the_files() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "planning.md").read_text("utf-8")
    for columns in (bid_files.COLUMNS, council_files.COLUMNS):
        for column in columns:
            assert f"\n| `{column.name}` |" in guide, column.name
    for column in product_files.COLUMNS:
        assert f"`{column.name}`" in guide
