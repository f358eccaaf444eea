"""The campaign as in production: a gateway and two workers on PostgreSQL and Redis, each killed by itself.

    python -m tests.faults.campaign 60

Brings both servers itself. Exit code 0 when every promise was kept.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from secrets import randbelow

from gateway.embedded.valkey import EmbeddedValkey
from simulator.campaign import Servers, run
from tests.servers import Postgres

CUSTOMERS = 12


def main(seconds: float, seed: int) -> int:
    directory = Path(tempfile.mkdtemp(prefix="nyota-servers-"))
    directory.chmod(0o755)
    (directory / "postgres").mkdir()
    valkey, postgres = EmbeddedValkey(directory / "valkey"), Postgres(directory / "postgres")
    valkey.start()
    try:
        postgres.start()
        with postgres.lent() as database:
            return run(seconds, seed, CUSTOMERS, None, Servers(database, valkey.url))
    finally:
        postgres.stop()
        valkey.stop()
        shutil.rmtree(directory)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else randbelow(1_000_000)))
