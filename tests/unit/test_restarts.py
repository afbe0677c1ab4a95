from parfeed.restarts import DEATHS_WITHIN_S, FIRST_PAUSE_S, MAX_DEATHS, Restarts


def test_the_pause_doubles_with_every_death() -> None:
    restarts = Restarts()
    pauses = [restarts.died(float(second)) for second in range(MAX_DEATHS - 1)]
    assert pauses == [FIRST_PAUSE_S * factor for factor in (1, 2, 4, 8)]


def test_the_fifth_death_within_a_minute_is_the_last() -> None:
    restarts = Restarts()
    for second in range(MAX_DEATHS - 1):
        assert restarts.died(float(second)) is not None
    assert restarts.died(DEATHS_WITHIN_S) is None


def test_deaths_further_apart_do_not_know_each_other() -> None:
    restarts = Restarts()
    step = DEATHS_WITHIN_S + 1
    for death in range(20):
        assert restarts.died(death * step) == FIRST_PAUSE_S


def test_old_deaths_are_forgotten_one_by_one() -> None:
    restarts = Restarts()
    # Four deaths are always within a minute of each other, never five.
    pauses = [restarts.died(death * DEATHS_WITHIN_S / 3.5) for death in range(30)]
    assert None not in pauses
    assert pauses[-1] == FIRST_PAUSE_S * 8
