"""Which known word did somebody mean? Edit distances, for error messages that help."""

from collections.abc import Iterable


def distance(one: str, other: str) -> int:
    """How many letters to insert, delete, replace or swap with a neighbour to turn one into the other."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[i - 2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def nearest(word: str, known: Iterable[str], within: int = 2) -> str:
    """The known word at most `within` letters away, or "" when none is; ties go to the first.

    Words longer than 40 letters are never near anything: the cost grows with the square of the length.
    """
    if len(word) > 40:
        return ""
    lowered = word.lower()
    alike = [candidate for candidate in known if abs(len(candidate) - len(word)) <= within]
    ranked = [(distance(lowered, candidate.lower()), candidate) for candidate in alike]
    close = [pair for pair in ranked if pair[0] <= within and pair[0] < len(pair[1])]
    return min(close, key=lambda pair: pair[0])[1] if close else ""
