"""Whether two names can be the same person's: M-PESA writes capitals, middle names and other orders. Pure."""

import unicodedata

WORDS_MIN = 2


def is_same_person(ours: str, theirs: str) -> bool:
    """Two words in common, or all that the shorter name has. A masked word counts as far as it can be read."""
    mine, others = _words(ours), _words(theirs)
    if not mine or not others:
        return True
    common = sum(any(_fits(word, other) for other in others) for word in mine)
    return common >= min(WORDS_MIN, len(mine), len(others))


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.casefold().replace("'", "").replace("-", " ").split()


def _fits(word: str, other: str) -> bool:
    shown = other.split("*", 1)[0]
    return word == other or (shown != other and bool(shown) and word.startswith(shown))
