"""That something needed is not there just now, which is no mail's fault: whoever hits upon it tries again later."""


class Unavailable(Exception):
    """What an adapter raises when the program or service behind it could not do its work."""
