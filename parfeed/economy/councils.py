"""
PURE. A file of councils: consumers' councils, workers' councils, fixed supplies.

The layout is that of a published simulation of participatory planning
(docs/performance.md names it; parfeed/data has one of its economies). Products lie in
the order private, intermediate, nature, labour, public, and within a kind by number:

- `nature_supply`, `labour_supply`: quantities that are simply there.
- `councils.ccs`: consumers. They spend their `income` in proportion to their
  exponents, for private and public products alike.
- `councils.wcs`: workers. `industry` 0 makes a private product, 1 an intermediate, 2 a
  public one, namely number `product`. `production-inputs` lists the numbers of the
  intermediate, nature and labour products that it needs, and the exponents lie in the
  same order. With effort E it makes q = a prod(x^b) E^c, and effort costs it s E^du.
- `expected`: what a published run found, round by round; may be missing.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta

from parfeed.economy.consumers import NO_FLOATS, NO_INTEGERS, Budgets
from parfeed.economy.economy import Economy, Parts
from parfeed.economy.producers import Endowments, Offers, Processes
from schemas.errors import ParfeedError
from streams.market.answers import Floats, Integers

Positive = Annotated[float, Meta(gt=0, le=1e15)]
Number = Annotated[int, Meta(ge=1, le=100_000)]

KINDS: Final = ("private", "intermediate", "nature", "labour", "public")
"""Kinds of products in the order of the file's figures."""

_MADE_BY_INDUSTRY: Final = ("private", "intermediate", "public")
_NEEDED: Final = ("intermediate", "nature", "labour")


class NoEconomy(ParfeedError):
    """A file that is no economy, or none that can be planned: mend or name another."""


class ConsumerCouncil(msgspec.Struct, frozen=True, rename="kebab", gc=False):
    """A consumers' council: its income, and one exponent per product of its kinds."""

    income: Positive
    utility_exponents: list[Positive]
    public_good_exponents: list[Positive]


class WorkerCouncil(msgspec.Struct, frozen=True, rename="kebab", gc=False):
    """A workers' council: what it makes, with what, and what effort costs it."""

    industry: Annotated[int, Meta(ge=0, le=2)]
    product: Number
    production_inputs: tuple[list[Number], list[Number], list[Number]]
    a: Positive
    s: Positive
    c: Positive
    du: Positive
    input_exponents: list[Positive]
    nature_exponents: list[Positive]
    labor_exponents: list[Positive]


class Councils(msgspec.Struct, frozen=True):
    """All councils."""

    ccs: list[ConsumerCouncil]
    wcs: list[WorkerCouncil]


class Expected(msgspec.Struct, frozen=True):
    """One round of the published run; `price` is that of the round after it."""

    supply: list[float]
    demand: list[float]
    imbalance_pct: list[float]
    price: list[float]


class CouncilsFile(msgspec.Struct, frozen=True):
    """The file; what else it holds is passed over."""

    init_price: Positive
    nature_supply: list[Positive]
    labour_supply: list[Positive]
    councils: Councils
    expected: list[Expected] = []


class Sizes(NamedTuple):
    """How many products there are of each kind."""

    private: int
    intermediate: int
    nature: int
    labour: int
    public: int

    def first(self, kind: str) -> int:
        """Return the place of a kind's first product."""
        return sum(self[: KINDS.index(kind)])

    def names(self) -> list[str]:
        """Return the products' names, `private-01` for example."""
        width = max(2, len(str(max(self))))
        return [
            f"{kind}-{number:0{width}}"
            for kind, size in zip(KINDS, self, strict=True)
            for number in range(1, size + 1)
        ]


_decode = msgspec.json.Decoder(CouncilsFile).decode


def decode_councils(raw: bytes) -> CouncilsFile:
    """
    Decode a file's JSON and check what the economy needs of it.

    Raises:
        NoEconomy: with the field at fault.
    """
    try:
        found = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise NoEconomy(f"it is no file of councils: {exc}") from exc
    if not found.councils.ccs or not found.councils.wcs:
        side = "wcs" if found.councils.ccs else "ccs"
        raise NoEconomy(f"there must be a council - at `$.councils.{side}`")
    sizes = sizes_of(found)
    _check_consumers(found.councils.ccs, sizes)
    for place, worker in enumerate(found.councils.wcs):
        _check_worker(worker, sizes, f"$.councils.wcs[{place}]")
    for place, expected in enumerate(found.expected):
        for field in Expected.__struct_fields__:
            _check_length(getattr(expected, field), sum(sizes), f"$.expected[{place}]")
    return found


def sizes_of(found: CouncilsFile) -> Sizes:
    """Return how many products of each kind a file has."""
    first, workers = found.councils.ccs[0], found.councils.wcs
    return Sizes(
        private=len(first.utility_exponents),
        # No field says it: the greatest number that anybody makes or needs.
        intermediate=max(
            (
                number
                for worker in workers
                for number in (
                    *worker.production_inputs[0],
                    worker.product * (worker.industry == 1),
                )
            ),
            default=0,
        ),
        nature=len(found.nature_supply),
        labour=len(found.labour_supply),
        public=len(first.public_good_exponents),
    )


def economy_of(found: CouncilsFile) -> Economy:
    """Return the economy that a file describes, from its own starting price."""
    sizes = sizes_of(found)
    products = sum(sizes)
    workers = len(found.councils.wcs)
    fixed = [*found.nature_supply, *found.labour_supply]
    begin = sizes.first("nature")
    return Economy(
        sizes.names(),
        Parts(
            processes=_processes(found.councils.wcs, sizes),
            offers=Offers(NO_INTEGERS, NO_INTEGERS, NO_FLOATS, NO_FLOATS, NO_FLOATS),
            endowments=Endowments(
                company=np.arange(workers, workers + len(fixed)),
                product=np.arange(begin, begin + len(fixed)),
                quantity=np.array(fixed, float),
            ),
            budgets=_budgets(found.councils.ccs, sizes),
        ),
        start_prices=np.full(products, found.init_price),
    )


def _budgets(consumers: Sequence[ConsumerCouncil], sizes: Sizes) -> Budgets:
    wanted = sizes.private + sizes.public
    size = len(consumers)
    places = np.concatenate(
        [np.arange(sizes.private), np.arange(sizes.public) + sizes.first("public")]
    )
    return Budgets(
        income=np.array([council.income for council in consumers], float),
        elasticity=np.ones(size),
        consumer=np.repeat(np.arange(size), wanted),
        product=np.tile(places, size),
        weight=np.array(
            [
                exponent
                for council in consumers
                for exponent in (
                    *council.utility_exponents,
                    *council.public_good_exponents,
                )
            ]
        ),
    )


def _processes(workers: Sequence[WorkerCouncil], sizes: Sizes) -> Processes:
    size = len(workers)
    firsts = [sizes.first(kind) for kind in _NEEDED]
    inputs = [
        (place, first + number - 1, exponent)
        for place, worker in enumerate(workers)
        for first, numbers, exponents in zip(
            firsts, worker.production_inputs, _exponents(worker), strict=True
        )
        for number, exponent in zip(numbers, exponents, strict=True)
    ]
    at, product, exponent = zip(*inputs, strict=True) if inputs else ((), (), ())
    return Processes(
        company=np.arange(size),
        scale=np.array(
            [math.log(w.a) + w.c / w.du * math.log(w.c / (w.s * w.du)) for w in workers]
        ),
        effort=np.array([worker.c / worker.du for worker in workers]),
        capacity=np.full(size, np.inf),
        output_process=np.arange(size),
        output_product=_integers(
            sizes.first(_MADE_BY_INDUSTRY[worker.industry]) + worker.product - 1
            for worker in workers
        ),
        output_amount=np.ones(size),
        input_process=_integers(at),
        input_product=_integers(product),
        input_exponent=np.array(exponent, float),
    )


def _integers(values: Iterable[int]) -> Integers:
    return np.array([*values], np.int64)


def _exponents(worker: WorkerCouncil) -> tuple[list[float], list[float], list[float]]:
    return worker.input_exponents, worker.nature_exponents, worker.labor_exponents


# What the types alone cannot check.


def _check_consumers(consumers: Sequence[ConsumerCouncil], sizes: Sizes) -> None:
    for place, council in enumerate(consumers):
        at = f"$.councils.ccs[{place}]"
        _check_length(
            council.utility_exponents, sizes.private, f"{at}.utility-exponents"
        )
        _check_length(
            council.public_good_exponents, sizes.public, f"{at}.public-good-exponents"
        )
    if not sizes.private + sizes.public:
        raise NoEconomy(
            "there must be a product that consumers want - at "
            "`$.councils.ccs[0].utility-exponents`"
        )


def _check_worker(worker: WorkerCouncil, sizes: Sizes, at: str) -> None:
    kind = _MADE_BY_INDUSTRY[worker.industry]
    _check_number(worker.product, kind, sizes, f"{at}.product")
    fields = ("input-exponents", "nature-exponents", "labor-exponents")
    for index, exponents in enumerate(_exponents(worker)):
        numbers = worker.production_inputs[index]
        _check_length(exponents, len(numbers), f"{at}.{fields[index]}")
        for number in numbers:
            where = f"{at}.production-inputs[{index}]"
            _check_number(number, _NEEDED[index], sizes, where)
    total = sum(map(sum, _exponents(worker))) + worker.c / worker.du
    if total >= 1:
        raise NoEconomy(
            "the exponents and c/du must add up to less than 1, or the council would "
            f"make without end; they were {total:.6g} - at `{at}`"
        )


def _check_number(number: int, kind: str, sizes: Sizes, at: str) -> None:
    of_kind = sizes[KINDS.index(kind)]
    if number > of_kind:
        raise NoEconomy(
            f"there are {of_kind} {kind} products, was number {number} - at `{at}`"
        )


def _check_length(values: Sequence[Any] | Floats, length: int, at: str) -> None:
    if len(values) != length:
        raise NoEconomy(
            f"must have {length} entries, one for each, had {len(values)} - at `{at}`"
        )
