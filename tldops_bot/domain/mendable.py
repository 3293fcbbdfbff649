"""Something around the program is not as it must be, and only the operator can mend it."""


class Mendable(Exception):
    """Its text is the one clear line that the operator gets."""
