"""
PURE. What can be done to the lines of an answer: more or less of them, some left out.

A bid's inputs go with it, and so do the points of its schedule.
"""

import numpy as np

from parfeed.economy.sums import summed
from streams.market.answers import (
    Answers,
    Bids,
    Flags,
    Floats,
    Inputs,
    Plans,
    Schedules,
)


def scaled(answers: Answers, bids: Floats, inputs: Floats, plans: Floats) -> Answers:
    """
    Return the answers with each line's quantity times a factor.

    Args:
        answers: as they were.
        bids: a factor per bid.
        inputs: a factor per input.
        plans: a factor per plan line.
    """
    return answers._replace(
        bids=answers.bids._replace(
            quantity=answers.bids.quantity * bids,
            schedules=_scaled(answers.bids.schedules, bids),
        ),
        inputs=answers.inputs._replace(quantity=answers.inputs.quantity * inputs),
        plans=answers.plans._replace(
            quantity=answers.plans.quantity * plans,
            schedules=_scaled(answers.plans.schedules, plans),
        ),
    )


def kept(answers: Answers, bids: Flags, inputs: Flags, plans: Flags) -> Answers:
    """
    Return the answers with some lines only; the inputs of a bid that goes go too.

    Args:
        answers: as they were.
        bids: whether a bid stays.
        inputs: whether an input stays.
        plans: whether a plan line stays.
    """
    inputs = inputs & bids[answers.inputs.bid]
    number = np.cumsum(bids) - 1
    of = answers.bids
    return answers._replace(
        bids=Bids(
            company=of.company[bids],
            product=of.product[bids],
            quantity=of.quantity[bids],
            is_fixed=of.is_fixed[bids],
            schedules=_kept(of.schedules, bids),
        ),
        inputs=Inputs(
            bid=number[answers.inputs.bid[inputs]],
            product=answers.inputs.product[inputs],
            quantity=answers.inputs.quantity[inputs],
        ),
        plans=Plans(
            consumer=answers.plans.consumer[plans],
            product=answers.plans.product[plans],
            quantity=answers.plans.quantity[plans],
            schedules=_kept(answers.plans.schedules, plans),
        ),
    )


def hidden(answers: Answers, bids: Flags, plans: Flags) -> Answers:
    """
    Return the answers with some lines as sums only.

    Args:
        answers: as they were.
        bids: whether a bid is hidden, and its inputs.
        plans: whether a plan line is hidden.
    """
    size = len(answers.hidden_supply)
    inputs = bids[answers.inputs.bid]
    supply = summed(answers.bids.product[bids], answers.bids.quantity[bids], size)
    needed = summed(
        answers.inputs.product[inputs], answers.inputs.quantity[inputs], size
    )
    wanted = summed(answers.plans.product[plans], answers.plans.quantity[plans], size)
    return kept(answers, ~bids, ~inputs, ~plans)._replace(
        hidden_supply=answers.hidden_supply + supply,
        hidden_demand=answers.hidden_demand + needed + wanted,
    )


def mixed(answers: Answers, others: Answers, bids: Flags, plans: Flags) -> Answers:
    """
    Return the answers with some lines as they are in others of the same layout.

    Args:
        answers: what holds for the other lines, and for sums.
        others: what holds for the lines flagged.
        bids: whether a bid is taken from the others, and its inputs.
        plans: whether a plan line is taken from the others.
    """
    inputs = bids[answers.inputs.bid]
    return answers._replace(
        bids=answers.bids._replace(
            quantity=np.where(bids, others.bids.quantity, answers.bids.quantity),
            schedules=_mixed(answers.bids.schedules, others.bids.schedules, bids),
        ),
        inputs=answers.inputs._replace(
            quantity=np.where(inputs, others.inputs.quantity, answers.inputs.quantity)
        ),
        plans=answers.plans._replace(
            quantity=np.where(plans, others.plans.quantity, answers.plans.quantity),
            schedules=_mixed(answers.plans.schedules, others.plans.schedules, plans),
        ),
    )


def _scaled(schedules: Schedules, factors: Floats) -> Schedules:
    return schedules._replace(quantity=schedules.quantity * factors[schedules.line])


def _kept(schedules: Schedules, lines: Flags) -> Schedules:
    points = lines[schedules.line]
    return Schedules(
        line=(np.cumsum(lines) - 1)[schedules.line[points]],
        price=schedules.price[points],
        quantity=schedules.quantity[points],
    )


def _mixed(schedules: Schedules, others: Schedules, lines: Flags) -> Schedules:
    points = lines[schedules.line]
    return Schedules(
        line=schedules.line,
        price=np.where(points, others.price, schedules.price),
        quantity=np.where(points, others.quantity, schedules.quantity),
    )
