"""How the HTTP gateways seen in Kenya want to be spoken to. UNVERIFIED: written from public pages and projects.

None of these has been tried against the real service; before the first real message, send one to a phone of your own.
`kenyan` is the platform that Celcom Africa, Advanta, TextSMS and others run; `airtouch` is what public code that names
Damza speaks: no interface of Damza's own was found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Meaning = Literal["number", "credit", "sender", "credentials", "later"]
Form = Literal["254", "+254", "07", "7"]


@dataclass(frozen=True, slots=True)
class Shape:
    """One dialect. `fields` and `headers` may hold {to} {text} {sender} {user} {key} {key_md5}.

    `meanings` explains codes that provably mean that nothing was sent; all others are doubt.
    """

    fields: Mapping[str, str]
    accepted: frozenset[str]
    code_paths: tuple[str, ...]
    id_paths: tuple[str, ...]
    meanings: Mapping[str, Meaning]
    method: Literal["GET", "POST"] = "POST"
    body: Literal["json", "form", "query"] = "json"
    headers: Mapping[str, str] = field(default_factory=dict)
    number: Form = "254"


KENYAN = Shape(
    fields={
        "apikey": "{key}", "partnerID": "{user}", "message": "{text}", "shortcode": "{sender}", "mobile": "{to}",
    },
    accepted=frozenset({"200"}),
    code_paths=("responses.0.response-code", "responses.0.respose-code", "response-code"),
    id_paths=("responses.0.messageid",),
    meanings={
        "1001": "sender", "1002": "number", "1003": "number", "1004": "credit", "1006": "credentials", "4090": "later",
        "4091": "credentials", "4092": "credentials",
    },
)  # fmt: skip

AIRTOUCH = Shape(
    fields={"issn": "{sender}", "msisdn": "{to}", "text": "{text}", "username": "{user}", "password": "{key_md5}"},
    accepted=frozenset({"1000"}),
    code_paths=("status_code",),
    id_paths=("message_id",),
    meanings={"1001": "sender", "1004": "credit", "1006": "credentials", "1011": "credentials"},
    method="GET",
    body="query",
)

MOBILESASA = Shape(
    fields={"senderID": "{sender}", "phone": "{to}", "message": "{text}"},
    headers={"Authorization": "Bearer {key}"},
    accepted=frozenset({"0200"}),
    code_paths=("responseCode",),
    id_paths=("messageId",),
    meanings={},
)

# A dialect of your own goes here.

PRESETS: Mapping[str, Shape] = MappingProxyType(
    {"kenyan": KENYAN, "celcom": KENYAN, "advanta": KENYAN, "airtouch": AIRTOUCH, "damza": AIRTOUCH,
     "mobilesasa": MOBILESASA}
)  # fmt: skip
