"""What may be printed on a terminal."""


def printable(text: str) -> str:
    """What people typed and files say is shown, never obeyed: no escape reaches the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
