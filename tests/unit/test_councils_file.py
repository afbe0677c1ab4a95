"""A file of councils: what it says, and what is wrong with a file that is none."""

import gzip
import json
import lzma
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parfeed.economy.councils import NoEconomy, decode_councils, economy_of
from parfeed.economy.reading import read_councils
from streams.market.answers import demand_of, imbalance_percent, supply_of


def smallest() -> dict[str, Any]:
    # One product of each kind; the worker makes the private one out of the others.
    return {
        "init_price": 2.0,
        "nature_supply": [3.0],
        "labour_supply": [4.0],
        "councils": {
            "ccs": [
                {
                    "income": 10,
                    "utility-exponents": [0.3],
                    "public-good-exponents": [0.1],
                }
            ],
            "wcs": [
                {
                    "industry": 0,
                    "product": 1,
                    "production-inputs": [[1], [1], [1]],
                    "a": 2.0,
                    "s": 1,
                    "c": 0.1,
                    "du": 3.0,
                    "input-exponents": [0.2],
                    "nature-exponents": [0.3],
                    "labor-exponents": [0.1],
                }
            ],
        },
    }


def written(document: Any) -> bytes:
    return json.dumps(document).encode()


@pytest.fixture(scope="module")
def packaged():
    return read_councils()


def test_the_sums_of_every_published_round_are_the_published_ones(packaged):
    economy = economy_of(packaged)
    prices = economy.start_prices
    assert len(packaged.expected) == 19
    for expected in packaged.expected:
        answers = economy.answer(prices)
        supply, demand = supply_of(answers), demand_of(answers)
        np.testing.assert_allclose(supply, expected.supply, rtol=1e-9)
        np.testing.assert_allclose(demand, expected.demand, rtol=1e-9)
        percent = np.abs(imbalance_percent(supply, demand))
        np.testing.assert_allclose(percent, expected.imbalance_pct, atol=1e-8)
        prices = np.array(expected.price)


def test_the_packaged_economy_has_6000_councils_and_50_products(packaged):
    economy = economy_of(packaged)
    assert (len(packaged.councils.ccs), len(packaged.councils.wcs)) == (3_000, 3_000)
    assert economy.names[0] == "private-01"
    assert economy.names[10:12] == ["intermediate-01", "intermediate-02"]
    assert economy.names[49] == "public-10"
    assert (economy.start_prices == 700).all()
    assert economy.tradable.all()


def test_answers_of_6000_councils_take_milliseconds(packaged):
    economy = economy_of(packaged)
    seconds = []
    for _ in range(5):
        begin_s = time.perf_counter()
        economy.answer(economy.start_prices)
        seconds.append(time.perf_counter() - begin_s)
    # The least, since what else runs on the machine only adds; 4 ms on a quiet one.
    assert min(seconds) < 0.1


def test_a_small_file_becomes_the_economy_it_describes():
    economy = economy_of(decode_councils(written(smallest())))
    assert economy.names == [
        *("private-01", "intermediate-01", "nature-01", "labour-01", "public-01")
    ]
    answers = economy.answer(np.full(5, 2.0))
    # 3/4 and 1/4 of the income, at a price of 2.
    np.testing.assert_allclose(answers.plans.quantity, [3.75, 1.25])
    np.testing.assert_array_equal(answers.bids.product, [0, 2, 3])
    np.testing.assert_array_equal(answers.bids.is_fixed, [False, True, True])
    np.testing.assert_allclose(answers.bids.quantity[1:], [3, 4])
    # Inputs cost their exponent's share of the revenue, and prices are all the same.
    made = answers.bids.quantity[0]
    np.testing.assert_allclose(
        answers.inputs.quantity, np.array([0.2, 0.3, 0.1]) * made
    )
    # Nobody makes the intermediate or the public product.
    np.testing.assert_array_equal(economy.tradable, [True, False, True, True, False])


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_a_file_is_read_plain_or_packed_whatever_its_name(tmp_path, pack):
    path = tmp_path / "economy.txt"
    path.write_bytes(pack(written(smallest())))
    assert read_councils(path) == decode_councils(written(smallest()))


def worker(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["councils"]["wcs"][0]
    return found


def consumer(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["councils"]["ccs"][0]
    return found


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda d: d.pop("nature_supply"), "`nature_supply`"),
        (lambda d: d.update(init_price=0), "$.init_price"),
        (lambda d: d.update(init_price="700"), "$.init_price"),
        (lambda d: d["councils"].update(ccs=[]), "$.councils.ccs"),
        (lambda d: d["councils"].update(wcs=[]), "$.councils.wcs"),
        (lambda d: consumer(d).update(income=-1), "$.councils.ccs[0].income"),
        (
            lambda d: d["councils"]["ccs"].append(
                {**consumer(d), "utility-exponents": [1, 2]}
            ),
            "must have 1 entries, one for each, had 2 - at "
            "`$.councils.ccs[1].utility-exponents`",
        ),
        (
            lambda d: consumer(d).update(
                {"utility-exponents": [], "public-good-exponents": []}
            ),
            "$.councils.ccs[0].utility-exponents",
        ),
        (lambda d: worker(d).update(industry=3), "$.councils.wcs[0].industry"),
        (
            lambda d: worker(d).update(product=2),
            "there are 1 private products, was number 2 - at "
            "`$.councils.wcs[0].product`",
        ),
        (
            lambda d: worker(d)["production-inputs"].__setitem__(1, [7]),
            "there are 1 nature products, was number 7 - at "
            "`$.councils.wcs[0].production-inputs[1]`",
        ),
        (
            lambda d: worker(d).update({"labor-exponents": []}),
            "must have 1 entries, one for each, had 0 - at "
            "`$.councils.wcs[0].labor-exponents`",
        ),
        (
            lambda d: worker(d).update({"input-exponents": [0.6]}),
            "less than 1, or the council would make without end; they were 1.03333",
        ),
        (
            lambda d: d.update(
                expected=[
                    {"supply": [1], "demand": [], "imbalance_pct": [], "price": []}
                ]
            ),
            "must have 5 entries, one for each, had 1 - at `$.expected[0]",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_field(change, wrong):
    document = smallest()
    change(document)
    with pytest.raises(NoEconomy) as refused:
        decode_councils(written(document))
    assert wrong in str(refused.value)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b"InvoiceNo,StockCode\n"]
)
def test_what_is_no_such_file_is_refused(raw):
    with pytest.raises(NoEconomy, match="no file of councils"):
        decode_councils(raw)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_damaged_or_cut_file_is_named_with_what_is_wrong(tmp_path, pack):
    packed = bytearray(pack(written(smallest())))
    cut = tmp_path / "cut"
    cut.write_bytes(packed[:-20])
    with pytest.raises(NoEconomy, match=f"{cut}: it is cut off"):
        read_councils(cut)
    packed[len(packed) // 2 : len(packed) // 2 + 8] = b"\xff" * 8
    damaged = tmp_path / "damaged"
    damaged.write_bytes(packed)
    with pytest.raises(NoEconomy, match=f"{damaged}: it is (damaged|cut off|no file)"):
        read_councils(damaged)


def test_a_missing_file_is_named_with_the_cure(tmp_path):
    missing = Path(tmp_path / "nothing.json")
    with pytest.raises(NoEconomy, match="cannot be read: No such file") as refused:
        read_councils(missing)
    assert str(missing) in str(refused.value)
    assert "none for the packaged one" in str(refused.value)
