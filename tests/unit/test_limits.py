"""Token buckets: bursts up to the capacity, then the rate."""

from feed_server.limits import TokenBucket


def test_a_full_bucket_gives_its_capacity_at_once_and_no_more():
    bucket = TokenBucket(10, 5, now=0.0)
    assert bucket.take(10, 0.0)
    assert not bucket.take(1, 0.0)


def test_tokens_come_back_evenly_and_never_above_the_capacity():
    bucket = TokenBucket(10, 5, now=0.0)
    assert bucket.take(10, 0.0)
    assert not bucket.take(6, 1.0)
    assert bucket.take(5, 1.0)
    assert not bucket.take(11, 1_000.0)
    assert bucket.take(10, 1_000.0)


def test_what_is_not_given_costs_nothing():
    bucket = TokenBucket(10, 5, now=0.0)
    assert not bucket.take(11, 0.0)
    assert bucket.take(10, 0.0)


def test_a_clock_that_steps_back_takes_nothing_away():
    bucket = TokenBucket(10, 5, now=100.0)
    assert bucket.take(4, 100.0)
    assert bucket.take(6, 90.0)
    assert not bucket.take(1, 90.0)
