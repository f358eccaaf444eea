"""A piece of text that can be told the same thing twice a second without being drawn again."""

from textual.widgets import Static


class Sign(Static):
    """Shows what it was told last."""

    _said = ""

    def say(self, text: str) -> None:
        """Show this text; nothing is drawn when it is shown already."""
        if text != self._said:
            self._said = text
            self.update(text)
