"""What may go wrong outside this program.

SimulatorError
├── NoService   the USSD hop got no usable answer: unreachable, too slow, not 200, no CON or END
└── Away        the stand-ins gave no usable answer
"""


class SimulatorError(Exception):
    """Something outside this program did not answer as it should; the text says what and where."""


class NoService(SimulatorError):
    """A USSD hop got no usable answer. The customer sees an error and the session is over."""


class Away(SimulatorError):
    """The stand-ins' control API got no usable answer."""
