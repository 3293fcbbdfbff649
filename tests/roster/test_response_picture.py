"""The picture of exercises: times on a scale, gaps where too few answered, and nobody's name."""

from datetime import date, timedelta

from tldops_bot.domain.alert_reach import Response
from tldops_bot.roster.drawing import Box, Drawing, Line, Words
from tldops_bot.roster.response_picture import HEIGHT, MOST, WIDTH, Exercise, response_picture

MINUTES = timedelta(minutes=1)


def exercise(number: int, median: int | None, ninety: int | None, answered: int = 9) -> Exercise:
    lengths = [None if one is None else one * MINUTES for one in (median, ninety)]
    return Exercise(f"A-2026-{number:04d}", date(2026, 1, 1 + number), Response(10, answered, *lengths))


def drawn(*exercises: Exercise) -> Drawing:
    return response_picture("TLD-OPS", "2026-03-01", exercises)


def words(drawing: Drawing) -> list[str]:
    return [mark.text for mark in drawing.marks if isinstance(mark, Words)]


def test_each_exercise_has_its_times_and_how_many_never_answered() -> None:
    text = words(drawn(exercise(1, 7, 200), exercise(2, 5, 90, answered=10)))
    for one in ("7 min", "3 h 20 min", "5 min", "90 min", "1 of 10", "0 of 10", "A-2026-0001", "2026-01-03"):
        assert one in text
    assert {"half", "nine of ten", "never answered"} <= set(text)


def test_what_too_few_answered_leaves_a_gap() -> None:
    whole = drawn(exercise(1, 7, 20), exercise(2, 7, 20), exercise(3, 7, 20))
    gap = drawn(exercise(1, 7, 20), exercise(2, 7, None), exercise(3, 7, 20))

    def dashed(drawing: Drawing) -> int:
        return sum(isinstance(mark, Line) and mark.is_dashed for mark in drawing.marks)

    assert (dashed(whole), dashed(gap)) == (2, 0)
    assert "nine of ten" not in words(drawn(exercise(1, 7, None)))


def test_slower_stands_higher_and_nothing_leaves_the_sheet() -> None:
    exercises = [exercise(n % 20 + 1, 4**n, 10**n) for n in range(9)]
    points = [mark for mark in drawn(*exercises).marks if isinstance(mark, Box) and mark.width == mark.height]
    heights = [mark.y for mark in points[:9]]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) > 5
    for mark in points:
        assert 0 < mark.x < WIDTH
        assert 0 < mark.y < HEIGHT


def test_only_the_newest_are_drawn() -> None:
    text = words(drawn(*[exercise(n, 7, 20) for n in range(1, MOST + 4)]))
    assert sum(one.startswith("A-2026-") for one in text) == MOST
    assert "A-2026-0001" not in text


def test_without_any_exercise_it_says_so() -> None:
    assert "No exercise has been held." in words(drawn())


def test_an_exercise_whose_tlds_are_gone_is_drawn_too() -> None:
    assert "0 of 0" in words(drawn(Exercise("A-2026-0001", date(2026, 1, 2), Response(0, 0, None, None))))
