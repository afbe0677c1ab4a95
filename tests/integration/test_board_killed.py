"""A board killed, paused, joined by another: each round is announced once, whole."""

import os
import signal

import pytest
from support.planning import (
    PERIOD,
    PRODUCTS,
    Answerers,
    People,
    announced_in,
    clearing_lines,
    listings,
    planned_in,
    read_board,
    read_council_rows,
    read_rounds,
    said,
)
from support.polling import eventually
from support.processes import Processes

from parfeed.process import ChildProcess
from schemas.events import Event
from schemas.planning import CouncilDecided
from schemas.settings import Settings
from streams.board.audit import audit

pytestmark = pytest.mark.kafka


async def _until_round(settings: Settings, number: int, within_s: float = 30) -> None:
    async def runs() -> bool:
        return number in announced_in(await read_board(settings))

    await eventually(runs, within_s=within_s, every_s=0.05)


async def _kill(process: ChildProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()


async def _check_whole(settings: Settings) -> None:
    events = await read_board(settings)
    announced = announced_in(events)
    for number, by_product in announced.items():
        assert set(by_product) == set(PRODUCTS), f"round {number} is not whole"
        assert {len(of) for of in by_product.values()} == {1}
    planned = planned_in(events)
    assert {len(of) for of in planned.values()} == {1}
    rounds = await read_rounds(settings)
    assert sorted(rounds) == sorted(announced)
    assert rounds[max(rounds)].phase == "closed"
    checked = await audit(settings, PERIOD)
    assert [one.round for one in checked] == sorted(announced)
    assert [one for one in checked if one.differences] == []


async def test_a_board_killed_in_every_round_goes_on_where_it_was(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    board = await processes.board(settings)
    answerers = Answerers()
    async with People(settings) as people:
        await people.say(*listings(), said("opening", quiet_s=0.5))
        await _until_round(settings, 1)
        await people.say(*answerers.answer(await read_board(settings), 1))
        await _kill(board)  # with the answers to its first round under way
        board = await processes.board(settings)
        await _until_round(settings, 2)
        await _kill(board)  # while it waits for the answers to its second
        await people.say(*answerers.answer(await read_board(settings), 2))
        board = await processes.board(settings)
        for number in range(3, 20):
            if planned_in(await read_board(settings)):
                break

            async def goes_on(number: int = number) -> bool:
                events = await read_board(settings)
                return number in announced_in(events) or bool(planned_in(events))

            await eventually(goes_on, within_s=30, every_s=0.1)
            events = await read_board(settings)
            if number in announced_in(events):
                await people.say(*answerers.answer(events, number))
        await people.until_planned()
    assert board.exit_code is None
    await _check_whole(settings)


async def test_what_a_person_asked_for_survives_the_board(
    settings: Settings, processes: Processes
) -> None:
    worker = await processes.worker(settings)
    board = await processes.board(settings)
    async with People(settings) as people:
        await people.say(*listings(), said("opening", quiet_s=0.3, is_automatic=False))
        await people.say(*clearing_lines())

        async def waits() -> bool:
            rows = await read_rounds(settings)
            return bool(rows) and "person" in rows[1].reason

        await eventually(waits, within_s=20, every_s=0.2)
        # A worker that is away keeps the round from being summed up: so the board
        # dies between the wish and what follows from it.
        os.kill(worker.pid, signal.SIGSTOP)
        await people.say(
            said("bid", product_id="bread", company_id="late", quantity="1"),
            said("set_price", product_id="bread", round=1, price="9"),
            said("announcement", round=1, rebid=True),
        )

        async def taken() -> bool:
            return await people.agenda_is_taken()

        await eventually(taken, within_s=20, every_s=0.1)
        await _kill(board)
        os.kill(worker.pid, signal.SIGCONT)
        await processes.board(settings)
        await _until_round(settings, 2)
        await people.say(said("gate"))
        await people.until_planned()
    [bread] = announced_in(await read_board(settings))[2]["bread"]
    assert (bread.announced_price, bread.method) == (9, "person")
    await _check_whole(settings)


async def test_a_second_board_stands_by_and_takes_over(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    first = await processes.board(settings)
    second = await processes.board(settings)
    async with People(settings) as people:
        await people.say(*listings(), said("opening", quiet_s=0.3, is_automatic=False))
        await people.say(*clearing_lines())
        await _until_round(settings, 1)
        os.kill(first.pid, signal.SIGSTOP)
        await people.say(said("announcement", round=1, rebid=True))
        await _until_round(settings, 2)
        os.kill(first.pid, signal.SIGCONT)
        await people.say(said("announcement", round=2, rebid=True))
        await _until_round(settings, 3)
        await people.say(said("gate"))
        await people.until_planned()
    # Whoever was paused may have stopped itself; nobody has said anything twice.
    assert second.exit_code in (None, 70)
    await _check_whole(settings)


async def test_a_board_that_starts_anew_decides_nothing_twice_for_councils(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    board = await processes.board(settings)
    async with People(settings) as people:
        await people.say(
            said(
                "council",
                council_id="north",
                level="neighbourhood",
                signers=["eve", "fay"],
                signatures=2,
                threshold="10",
            ),
            *listings(),
            said("opening", quiet_s=60),
        )
        await people.say(
            *(
                said(
                    "plan",
                    product_id=product,
                    consumer_id=f"c{n}",
                    quantity="1",
                    council_id="north",
                )
                for n in range(20)
                for product in PRODUCTS
            )
        )

        async def all_wait() -> bool:
            return len(_decisions(await read_board(settings))) == len(PRODUCTS)

        await eventually(all_wait, within_s=15, every_s=0.1)
        await people.say(_approval("eve"))
        await _kill(board)
        await processes.board(settings)
        await people.say(_approval("fay"))

        async def approved() -> bool:
            return len(_decisions(await read_board(settings))) == len(PRODUCTS) + 1

        await eventually(approved, within_s=30, every_s=0.1)
        await people.say(said("gate"))
        await people.until_planned()
    last = _decisions(await read_board(settings))
    assert len(last) == len(PRODUCTS) + 1
    counts = {(one.product_id, one.revision): one.counts for one in last}
    assert [counts["bread", 1], counts["bread", 2]] == [False, True]
    [row] = [
        row for row in await read_council_rows(settings) if row.product_id == "bread"
    ]
    assert (row.status, row.signatures) == ("approved", 2)


def _approval(signer: str) -> Event:
    return said(
        "signature",
        council_id="north",
        product_id="bread",
        vote="approve",
        signer_id=signer,
    )


def _decisions(events: list[Event]) -> list[CouncilDecided]:
    return [event for event in events if isinstance(event, CouncilDecided)]
