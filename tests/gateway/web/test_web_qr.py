"""A square to pay by, drawn by the pretend M-PESA."""

import base64

from tests.house import House

PATH = "/api/mpesa/qr"
PNG_BEGINS = b"\x89PNG"


class TestQr:
    async def test_pays_the_next_payment_of_a_loan_or_into_a_wallet(self, house: House) -> None:
        """Its account is one that the paybill understands; as a picture where that is asked for."""
        status, loan = await house.ops("POST", PATH, json={"loan": "ln7k2qd"})
        _, wallet = await house.ops("POST", PATH, json={"phone": "0711 000 001", "amount": "500", "pixels": 200})
        headers = {"Authorization": f"Bearer {house.config.server.ops_token.get_secret_value()}", "Accept": "image/png"}
        async with house.http.post(f"{house.url}{PATH}", json={"loan": "LN7K2QD"}, headers=headers) as response:
            content_type, picture = response.content_type, await response.read()

        assert (status, loan["account"], loan["shortcode"], loan["amount"]) == (200, "LN7K2QD", "600999", "2160.00")
        assert (wallet["account"], wallet["amount"], wallet["pixels"]) == ("0711000001", "500.00", 200)
        assert base64.b64decode(loan["image"]).startswith(PNG_BEGINS)
        assert (content_type, picture[:4]) == ("image/png", PNG_BEGINS)

    async def test_is_refused_for_nobody_and_while_the_rail_is_paused(self, house: House) -> None:
        """It would fill suspense, or invite people to pay what we take no money for."""
        asked: tuple[dict[str, str], ...] = (
            {"loan": "LN99999"}, {"phone": "0711000077", "amount": "5"}, {"phone": "0711000001"}, {},
            {"loan": "LN7K2QD", "phone": "0711000001", "amount": "5"}, {"loan": "LN7K2QD", "amount": "0.50"},
        )  # fmt: skip
        statuses = [(await house.ops("POST", PATH, json=body))[0] for body in asked]
        said = {"direction": "collect", "by": "jane", "why": "maintenance until 14:00"}
        await house.ops("POST", "/api/rails/daraja/pause", json=said)

        status, body = await house.ops("POST", PATH, json={"loan": "LN7K2QD"})

        assert statuses == [404, 404, 422, 422, 422, 422]
        assert (status, body["type"]) == (409, "urn:nyota:problem:rail-paused")
        assert "maintenance until 14:00" in body["detail"]
