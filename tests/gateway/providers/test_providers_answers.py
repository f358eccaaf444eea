"""What Africa's Talking answers, however it is written, fits where it is kept."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.errors import NyotaError
from gateway.providers.africastalking_answers import fate_of_one, fates
from gateway.providers.contract import SentSms


def answer(**recipient: Any) -> Mapping[str, Any]:
    told = {"statusCode": 101, "number": "+254711000001", "cost": "KES 0.8000", "messageId": "ATXid_1", **recipient}
    return {"SMSMessageData": {"Message": "Sent", "Recipients": [told]}}


class TestMany:
    @pytest.mark.parametrize("number", ["+254711000001", "254711000001", "0711000001", "+254 711 000001"])
    def test_a_number_is_known_however_it_is_written(self, number: str) -> None:
        """Else all of a request would be in doubt, and receipts would come twice."""
        assert fates(answer(number=number), ["+254711000001"]) == {"+254711000001": SentSms("ATXid_1", "KES 0.8000")}


class TestKeeping:
    def test_what_is_too_long_or_no_text_is_cut(self) -> None:
        """What cannot be kept is sent again by the lease, though somebody has it on their phone."""
        sent = fate_of_one(answer(messageId="ATX\0id_" + 100 * "1", cost="KES 0.80000000000000000000"))

        assert sent.provider_id == "ATXid_" + 74 * "1"
        assert sent.cost == "KES 0.80000000000000"

    @pytest.mark.parametrize("code", [403, 500])
    def test_so_is_why_it_was_refused(self, code: int) -> None:
        """It is kept with the message too."""
        with pytest.raises(NyotaError) as refused:
            fate_of_one(answer(statusCode=code, status="no\0 " + 100 * "x"))

        assert "\0" not in str(refused.value)
        assert len(str(refused.value)) < 80
