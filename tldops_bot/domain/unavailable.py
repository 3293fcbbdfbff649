"""Something needed is not there just now, and no mail is to blame: whoever needs it tries again later."""


class Unavailable(Exception):
    """Raised by an adapter when the program or service behind it could not do its work."""
