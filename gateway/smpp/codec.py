"""What is inside a message, as octets and back. The only module that knows the library."""

from importlib import import_module
from typing import Any

from gateway.errors import Misconfigured, NotACallback, Rejected
from gateway.smpp.wire import MESSAGE_PAYLOAD, Deliver, Submit

ALPHANUMERIC, INTERNATIONAL, UNKNOWN = 5, 1, 0
"""Types of number, 5.2.5."""


class Codec:
    """Of one link, whose name its errors say. Raises Misconfigured where the library is not there."""

    def __init__(self, name: str) -> None:
        self._name = name
        try:
            self._library: Any = import_module("smpp34")
        except ImportError as error:
            raise Misconfigured(f"smpp.links.{name}: needs the extra: pip install 'nyota[smpp]'") from error

    def submit(self, message: Submit, number: int) -> bytes:
        """A whole `submit_sm`. Raises Rejected for what cannot be written as one."""
        library = self._library
        try:
            written = library.SubmitSm(
                message.sender,
                message.to,
                message.payload,
                source_addr_ton=_type_of(message.sender),
                source_addr_npi=int(message.sender.isdigit()),
                dest_addr_ton=INTERNATIONAL,
                dest_addr_npi=1,
                service_type=message.service_type,
                esm_class=message.esm_class,
                data_coding=message.coding,
                registered_delivery=int(message.wants_receipt),
                tlvs=[library.Tlv(tag, value) for tag, value in message.tlvs.items()],
                sequence_number=number,
            )
            return bytes(written.encode())
        except (library.SmppError, ValueError, OverflowError) as error:
            raise Rejected(f"{self._name}: cannot be written as a message", "message") from error

    def deliver(self, octets: bytes) -> Deliver:
        """Raises NotACallback for what is no `deliver_sm`."""
        try:
            read = self._library.decode(octets)
        except self._library.SmppError as error:
            raise NotACallback(str(error)) from error
        tlvs = {tlv.tag: bytes(tlv.value) for tlv in read.tlvs}
        payload = bytes(read.short_message) or tlvs.get(MESSAGE_PAYLOAD, b"")
        return Deliver(read.source_addr, read.destination_addr, payload, read.data_coding, read.esm_class, tlvs)


def _type_of(sender: str) -> int:
    """A name is alphanumeric; a short code has the network's own type."""
    if not sender.isdigit():
        return ALPHANUMERIC
    return INTERNATIONAL if len(sender) > 8 else UNKNOWN
