"""Live sessions in Redis: load, compare-and-set, replay, the pointer to the newest session of a phone.

One turn costs two round trips, each one script: load (this session, or what a redial could go on with) and save
(only if nobody else moved the session meanwhile). Keys are keyed hashes with the phone's hash as the Cluster slot;
values hold neither PIN, phone number nor typed text. Losing Redis loses conversations, never money.
"""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import blake2b, sha1, sha256
from typing import Any, cast

import msgspec
from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from flows.turn import Session
from gateway.coalescer import Coalescer
from gateway.errors import Unavailable
from gateway.inbound import Inbound

HEADER_CHARACTERS = 20
PROBE_KEY = "nyota:probe"
ANY = "*"

LOAD = """
local session, newest = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if session or not newest then return {session, newest, false} end
return {session, newest, redis.call('GET', newest)}
"""

# Repeating a save whose answer was lost is harmless: its own value counts as success.
SAVE = """
local held = redis.call('GET', KEYS[1])
if ARGV[1] ~= '*' and string.sub(held or '', 1, 20) ~= ARGV[1] then
  if held == ARGV[2] then return 1 end
  return {held}
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
local newest = redis.call('GET', KEYS[2])
if ARGV[4] == '1' or not newest or newest == KEYS[1] then
  redis.call('SET', KEYS[2], KEYS[1], 'EX', ARGV[3])
end
return 1
"""


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """A session as kept, with the reply last given and what it answered.

    `consumed` and `prefix` are length and keyed digest of the text understood so far; `phone` is masked.
    """

    session: Session
    reply: str
    consumed: int
    prefix: str
    phone: str
    provider: str
    opened_at: int
    seen_at: int

    def packed(self) -> bytes:
        return header(self.session).encode() + _encoder.encode(self)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Stored)


def header(session: Session) -> str:
    """What compare-and-set compares: which session this is and how far it has come. 20 characters."""
    return f"{session.id}{session.turn:04x}"


def unpacked(value: bytes) -> Stored:
    """Raises msgspec.DecodeError for anything `packed` did not make."""
    return _decoder.decode(value[HEADER_CHARACTERS:])


@dataclass(frozen=True, slots=True)
class Keys:
    """Where a session lives: its own key and the pointer to the phone's newest one, in one Cluster slot."""

    session: str
    newest: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is known about a session: itself, whether a newer one of this phone exists, and the one before."""

    stored: Stored | None
    is_superseded: bool = False
    previous: Stored | None = None


class Sessions:
    """Raises Unavailable whenever Redis cannot answer in time."""

    def __init__(self, url: str, secret: bytes, *, ttl_seconds: int, pool: int, timeout_seconds: float) -> None:
        connect = {"socket_connect_timeout": timeout_seconds, "retry": Retry(NoBackoff(), 0)}
        self._pool = BlockingConnectionPool.from_url(
            url, max_connections=pool, timeout=timeout_seconds, socket_timeout=timeout_seconds, **connect
        )
        self._redis = Redis(connection_pool=self._pool)
        self._turns = ConnectionPool.from_url(url, socket_timeout=None, **connect)
        self._coalescer = Coalescer(self._turns, in_flight_max=pool, timeout_seconds=timeout_seconds)
        self._secret = sha256(secret).digest()
        self._ttl = str(ttl_seconds)
        self._sha = {script: _sha1(script) for script in (LOAD, SAVE)}

    def keys(self, inbound: Inbound) -> Keys:
        """Carriers recycle ids, and an id forged under another phone is another session."""
        slot = self.phone_slot(inbound.msisdn)
        ref = self.digest(f"{inbound.provider}\0{inbound.session_ref}\0{inbound.code}")
        return Keys(f"{slot}:{ref}", f"{slot}:newest")

    def phone_slot(self, msisdn: str) -> str:
        return f"nyota:{{{self.digest(msisdn)}}}"

    def digest(self, text: str) -> str:
        """A keyed digest, 16 characters: equal for equal texts, and says nothing about them."""
        mac = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12, key=self._secret)
        return urlsafe_b64encode(mac.digest()).decode()

    async def load(self, keys: Keys) -> Loaded:
        session, newest, previous = cast("list[bytes | None]", await self._run(LOAD, keys))
        if session:
            return Loaded(unpacked(session), is_superseded=newest is not None and newest.decode() != keys.session)
        return Loaded(None, previous=_readable(previous))

    async def save(self, keys: Keys, stored: Stored, expected: Session | None, *, opens: bool) -> Stored | None:
        """Move the session on from `expected` (None: there is none yet). The winner, if somebody else was first."""
        compared = header(expected) if expected else ""
        answer = await self._run(SAVE, keys, compared, stored.packed(), self._ttl, "1" if opens else "0")
        if answer == 1:
            return None
        held = cast("list[bytes | None]", answer)[0] if answer else None
        return unpacked(held) if held else stored

    async def force(self, keys: Keys, stored: Stored) -> None:
        """Move the session whatever is there: its turn is on disk already, and the disk decides."""
        await self._run(SAVE, keys, ANY, stored.packed(), self._ttl, "0")

    async def newest(self, msisdn: str) -> tuple[str, Stored] | None:
        """The newest session of a phone that is still kept, with its key."""
        try:
            key = cast("bytes | None", await self._redis.get(f"{self.phone_slot(msisdn)}:newest"))
            value = cast("bytes | None", await self._redis.get(key)) if key else None
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(f"redis: {type(error).__name__}") from error
        stored = _readable(value)
        return (key.decode(), stored) if key and stored else None

    async def live(self, cursor: int = 0, count: int = 100) -> tuple[int, list[tuple[Stored, int]]]:
        """A page of live sessions with their seconds to live, and the cursor of the next page (0: the end)."""
        try:
            following, names = await self._redis.scan(cursor, match="nyota:{*}:*", count=count)
            keys = [name for name in cast("list[bytes]", names) if not name.endswith(b":newest")]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.get(key)
                    pipeline.ttl(key)
                answers = await pipeline.execute()
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(f"redis: {type(error).__name__}") from error
        pairs = zip(answers[::2], answers[1::2], strict=True)
        readable = ((_readable(value), ttl) for value, ttl in pairs)
        return int(following), [(stored, ttl) for stored, ttl in readable if stored]

    async def clear(self, msisdn: str | None = None) -> int:
        """Forget all live sessions, or those of one phone. How many there were."""
        pattern = f"{self.phone_slot(msisdn)}:*" if msisdn else "nyota:{*}:*"
        try:
            keys = [key async for key in self._matching(pattern)]
            if keys:
                await self._redis.unlink(*keys)
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(f"redis: {type(error).__name__}") from error
        return sum(not key.endswith(b":newest") for key in keys)

    async def probe(self) -> None:
        """Raises RedisError or Unavailable unless Redis takes writes; a full or read-only one still answers a ping."""
        await self._coalescer.call("SET", PROBE_KEY, "1", "EX", self._ttl)

    async def close(self) -> None:
        await self._coalescer.close()
        await self._redis.aclose()
        await self._pool.aclose()

    async def _matching(self, pattern: str) -> AsyncIterator[bytes]:
        async for key in self._redis.scan_iter(match=pattern.replace("[", "\\["), count=1000):
            yield key

    async def _run(self, script: str, keys: Keys, *arguments: str | bytes) -> Any:
        given = (2, keys.session, keys.newest, *arguments)
        try:
            try:
                return await self._coalescer.call("EVALSHA", self._sha[script], *given)
            except NoScriptError:
                return await self._coalescer.call("EVAL", script, *given)
        except RedisError as error:
            raise Unavailable(f"redis: {type(error).__name__}") from error


def _readable(value: bytes | None) -> Stored | None:
    """None also for what a version before or after this one has kept: a redial then begins afresh."""
    try:
        return unpacked(value) if value else None
    except msgspec.DecodeError:
        return None


def _sha1(script: str) -> str:
    return sha1(script.encode(), usedforsecurity=False).hexdigest()
