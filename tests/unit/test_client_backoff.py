from parfeed.client.backoff import Backoff


def test_the_longest_wait_doubles_up_to_the_cap() -> None:
    backoff = Backoff(first_s=0.5, cap_s=3.0)
    waits = [backoff.delay_s(failures, lambda: 1.0) for failures in range(6)]
    assert waits == [0.0, 0.5, 1.0, 2.0, 3.0, 3.0]


def test_the_jitter_spreads_waits_from_0_to_the_longest() -> None:
    backoff = Backoff(first_s=1.0, cap_s=8.0)
    assert backoff.delay_s(3, lambda: 0.0) == 0.0
    assert backoff.delay_s(3, lambda: 0.25) == 1.0


def test_a_week_of_failures_still_waits_the_cap() -> None:
    assert Backoff(first_s=0.2, cap_s=10.0).delay_s(10**6, lambda: 1.0) == 10.0
