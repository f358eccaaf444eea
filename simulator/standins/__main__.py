"""`python -m simulator.standins --port 8384 --data var [--gateway-url http://127.0.0.1:8383]`"""

import argparse
from pathlib import Path

from simulator.standins.app import run


def main() -> None:
    parser = argparse.ArgumentParser(prog="standins", description="The pretend outside world, on the loopback.")
    parser.add_argument("--port", type=int, default=8384, help="port on 127.0.0.1 (0: any free one)")
    parser.add_argument("--data", type=Path, default=Path("var"), help="directory of the book")
    parser.add_argument("--gateway-url", help="where delivery reports and written SMS go")
    parser.add_argument("--smsc-port", type=int, help="also a message centre, over SMPP, on this port")
    parser.add_argument("--mail-port", type=int, help="also a mail server, on this port")
    wanted = parser.parse_args()
    ports = {"smsc_port": wanted.smsc_port, "mail_port": wanted.mail_port}
    run(port=wanted.port, data=wanted.data, gateway_url=wanted.gateway_url, **ports)


if __name__ == "__main__":
    main()
