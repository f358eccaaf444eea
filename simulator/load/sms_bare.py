"""The yardstick of sending: a loop that posts messages to Africa's Talking's endpoint and does nothing else.

No queue, no text to write, nothing kept. It prints what it came to:

    python -m simulator.load.sms_bare --url http://127.0.0.1:8384/africastalking/version1 --seconds 3
    {"sent": 2400, "seconds": 3.0, "cpuSeconds": 2.1}
"""

import argparse
import asyncio
import json
import time

import aiohttp
import uvloop

CONNECTIONS = 8
USERNAME, KEY, SENDER = "sandbox", "nyota-demo-sms-key", "NYOTA"
TEXT = "Notice {number:06d}: the office in Githurai is closed on Friday and opens again on Monday at 8."


async def posted(url: str, seconds: float) -> dict[str, float]:
    """One message per request, as fast as the answers come."""
    sent, ends = 0, time.perf_counter() + seconds
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS), headers={"apiKey": KEY, "Accept": "application/json"}
    ) as session:

        async def go_on() -> None:
            nonlocal sent
            while time.perf_counter() < ends:
                form = {
                    "username": USERNAME, "to": f"+2547{20_000_000 + sent % 1000:08d}",
                    "message": TEXT.format(number=sent), "bulkSMSMode": "1", "from": SENDER,
                }  # fmt: skip
                async with session.post(f"{url}/messaging", data=form) as response:
                    response.raise_for_status()
                    await response.read()
                sent += 1

        started, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*(go_on() for _ in range(CONNECTIONS)))
        took, cpu = time.perf_counter() - started, time.process_time() - used
    return {"sent": sent, "seconds": took, "cpuSeconds": cpu}


def main() -> None:
    parser = argparse.ArgumentParser(prog="sms_bare", description="Posts messages and does nothing else.")
    parser.add_argument("--url", required=True, help="as the gateway's sms_base_url")
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    print(json.dumps(uvloop.run(posted(arguments.url, arguments.seconds))))


if __name__ == "__main__":
    main()
