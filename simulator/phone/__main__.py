"""Reads the command line of the phone, for those who have only this package."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from simulator.line import NETWORKS
from simulator.phone.launch import main

DEFAULT_URL = "http://127.0.0.1:8383"
EXAMPLES = """\
examples:
  python -m simulator.phone                                     Amina's phone on this machine
  python -m simulator.phone --msisdn 0711000003                 the phone of somebody not registered yet
  python -m simulator.phone --script tests/dialogues/borrow.yaml   plays a dialogue, exit 1 at a difference

In the phone: F1 dials *383#, Enter sends, Escape hangs up, F2 picks up another phone, F5 loses and finds the signal,
F6 records a dialogue, F7 goes back to the other phone, Ctrl-Q quits.
"""


def command_line(arguments: Sequence[str]) -> int:
    """Parse the arguments and run the phone."""
    parser = argparse.ArgumentParser(
        prog="simulator.phone",
        description="A feature phone in the terminal: USSD, SMS and M-PESA prompts against a running Nyota.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", default=DEFAULT_URL, help="the gateway, or its full USSD callback address")
    parser.add_argument("--standins", metavar="URL", help="the stand-ins; by default the gateway's port + 1")
    parser.add_argument("--msisdn", metavar="PHONE", help="whose phone, in any usual form; by default Amina's")
    parser.add_argument("--script", metavar="FILE", type=Path, help="play this dialogue without a screen")
    parser.add_argument("--secret", metavar="NAME=VALUE", action="append", default=[], help="what the file leaves out")
    parser.add_argument(
        "--over", choices=NETWORKS, default="http", help="smpp: through the message centre of the stand-ins"
    )
    chosen = parser.parse_args(arguments)
    return main(chosen.url, chosen.standins, chosen.msisdn, chosen.script, chosen.secret, chosen.over)


if __name__ == "__main__":
    sys.exit(command_line(sys.argv[1:]))
