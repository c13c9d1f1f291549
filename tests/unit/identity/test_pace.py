"""Token buckets: an honest burst passes, a steady flood does not, and one caller does not slow another."""

from his.identity.pace import BURST_SECONDS, Buckets


def test_a_burst_passes_and_what_comes_after_waits() -> None:
    buckets = Buckets(10)
    assert [buckets.take("a", 0.0) for _ in range(10 * BURST_SECONDS)] == [0.0] * 100
    assert buckets.take("a", 0.0) == 0.1
    assert buckets.take("a", 0.05) > 0
    assert buckets.take("a", 0.2) == 0.0


def test_a_steady_rate_passes_for_ever() -> None:
    buckets = Buckets(10)
    assert all(buckets.take("a", second / 10) == 0.0 for second in range(5000))


def test_one_caller_does_not_slow_another() -> None:
    buckets = Buckets(1)
    while not buckets.take("loud", 0.0):
        pass
    assert buckets.take("quiet", 0.0) == 0.0


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    buckets = Buckets(1)
    for _ in range(BURST_SECONDS):
        assert buckets.take("a", 100.0) == 0.0
    assert buckets.take("a", 50.0) > 0


def test_the_number_of_buckets_is_bounded() -> None:
    buckets = Buckets(1, most=100)
    for number in range(10_000):
        buckets.take(number, 0.0)
    assert len(buckets._left) <= 100
