"""Words that greetings, farewells and sentences begin with, though some are a letter or two from a command."""

_COURTESIES = """
    all best bonjour cheers ciao colleagues cordialement dear good greetings hallo hello hey hi hola kind kindest met
    mit morning mvh regards saludos salut sincerely team thank thanks warm yours
"""
_OTHERS = """
    alex alone behind cause channel closed closing confirmed daniel date decided depending else every finding how
    inside invited leading moved none not opening our please pls project reading recent remains removed resolved see
    sending state stated states subject text those whose
"""
_ANY_CASE = frozenset(_COURTESIES.split())
# REMOVED is a slip, "Removed" may begin a sentence
_NOT_IN_CAPITALS = frozenset(_OTHERS.split())


def begins_a_sentence(word: str) -> bool:
    """Nobody who wrote this meant a command."""
    lowered = word.lower()
    return lowered in _ANY_CASE or (lowered in _NOT_IN_CAPITALS and not word.isupper())
