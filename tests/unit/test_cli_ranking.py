from parfeed.cli.ranking import HALF_LIFE_S, Ranking, arranged

A, B, C, D = ((name, "w") for name in "abcd")


def test_the_rows_that_change_most_have_the_places() -> None:
    ranking = Ranking()
    ranking.note([A, B, C, D], 0.0, weight=0.0)
    ranking.note([C, C, B], 0.0)
    assert ranking.shown(2) == [C, B]
    assert len(ranking) == 4


def test_rows_without_a_change_fill_what_is_left_in_order() -> None:
    ranking = Ranking()
    ranking.note([D, B, A], 0.0, weight=0.0)
    assert ranking.shown(9) == [A, B, D]


def test_a_row_keeps_its_place_while_it_is_shown() -> None:
    ranking = Ranking()
    ranking.note([A, B, C], 0.0)
    assert ranking.shown(3) == [A, B, C]
    ranking.note([C, C, C, B], 0.0)
    assert ranking.shown(3) == [A, B, C]


def test_who_enters_takes_the_place_of_who_leaves() -> None:
    ranking = Ranking()
    ranking.note([A, B, C], 0.0)
    ranking.shown(3)
    ranking.note([D, D, A, C], 0.0)
    assert ranking.shown(3) == [A, D, C]


def test_a_row_that_is_only_a_little_stronger_does_not_push_another_out() -> None:
    ranking = Ranking()
    ranking.note([A] * 10, 0.0)
    ranking.shown(1)
    ranking.note([B] * 12, 0.0)
    assert ranking.shown(1) == [A]
    ranking.note([B], 0.0)
    assert ranking.shown(1) == [B]


def test_a_change_fades_by_half_in_a_half_life() -> None:
    ranking = Ranking()
    ranking.note([A] * 4, 0.0)
    ranking.note([B], 2 * HALF_LIFE_S)
    ranking.note([B], 2 * HALF_LIFE_S)
    assert ranking.shown(1) == [B]


def test_days_of_changes_stay_inside_a_float() -> None:
    ranking = Ranking()
    for hour in range(100):
        ranking.note([A, A], hour * 3_600.0)
        ranking.note([B], hour * 3_600.0)
        assert ranking.shown(1) == [A]


def test_a_screen_that_shrinks_keeps_the_strongest() -> None:
    ranking = Ranking()
    ranking.note([A, B, C, C, D, D], 0.0)
    assert len(ranking.shown(4)) == 4
    assert ranking.shown(2) == [C, D]


def test_after_a_snapshot_rows_that_are_gone_leave_the_screen() -> None:
    ranking = Ranking()
    ranking.note([A, B], 0.0)
    ranking.shown(2)
    ranking.clear()
    ranking.note([B], 0.0)
    assert ranking.shown(2) == [B]


def test_the_periods_of_one_product_are_shown_in_the_order_of_time() -> None:
    hours = [("power", f"2023-10-29T{hour}") for hour in ("02", "00", "01")]
    assert arranged(hours) == sorted(hours)
    assert arranged([B, A]) == [B, A]
