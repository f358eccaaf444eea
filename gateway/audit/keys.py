"""The key of seals and marks. It lives in the environment or in a file, never in the database.

    mark("journal", content) -> "3f2a91c0:9d1e..."      which key, and HMAC-SHA256 of what it stands for

With rotation there are several: the newest marks, all of them verify.
"""

import hashlib
import hmac
from collections.abc import Iterable

from gateway.config import Audit

ID_CHARACTERS = 8


class Keys:
    """What is in it is in no repr."""

    def __init__(self, newest: str, old: Iterable[str] = ()) -> None:
        secrets = {_id_of(secret): secret.encode() for secret in (*old, newest)}
        self._secrets = secrets
        self._newest = _id_of(newest)

    def mark(self, purpose: str, content: str) -> str:
        """What only we could have written under `content`. Marks of one purpose say nothing about another."""
        return f"{self._newest}:{_mac(self._secrets[self._newest], purpose, content)}"

    def agrees(self, purpose: str, content: str, mark: object) -> bool:
        """Whether a mark is ours, by any key we have had. Whatever else stands there is not."""
        identity, _, mac = mark.partition(":") if isinstance(mark, str) else ("", "", "")
        secret = self._secrets.get(identity)
        return secret is not None and hmac.compare_digest(mac.encode(), _mac(secret, purpose, content).encode())


def keys_of(settings: Audit) -> Keys | None:
    """Those of the configuration; None without a key: then nothing is marked or sealed."""
    newest = settings.key.get_secret_value()
    return Keys(newest, (old.get_secret_value() for old in settings.keys_old)) if newest else None


def _id_of(secret: str) -> str:
    return hashlib.sha256(f"nyota audit key\0{secret}".encode()).hexdigest()[:ID_CHARACTERS]


def _mac(secret: bytes, purpose: str, content: str) -> str:
    return hmac.new(secret, f"{purpose}\0{content}".encode(), hashlib.sha256).hexdigest()
