"""How messages leave: how urgent each is, who carries it, how fast, and what is done when nobody can say."""
