"""The rules that need no server: chance, receipts, amounts, phones, times, addresses, texts."""

from pathlib import Path

import pytest
from gsm0338 import Codec
from hypothesis import given
from hypothesis import strategies as st

from simulator.standins import money, phones, stamps, texts
from simulator.standins.faults import Fault, Faults
from simulator.standins.settings import Settings, is_loopback_url

CODEC = Codec()
ESCAPE = "\x1b"


def is_gsm(character: str) -> bool:
    try:
        CODEC.encode(character)
    except UnicodeError:
        return False
    return character != ESCAPE


GSM_ALPHABET = [character for character in map(chr, range(0x3000)) if is_gsm(character)]
AT = stamps.parse_compact("20260102030431")


def fates(fault: Fault, api: str, calls: int) -> list[bool]:
    faults = Faults()
    faults.put(fault)
    return [fault.kind in faults.draw(api) for _ in range(calls)]


class TestFaults:
    @given(st.integers(), st.floats(0, 1))
    def test_the_same_seed_gives_the_same_fates(self, seed: int, rate: float) -> None:
        """In every run."""
        fault = Fault("stk", "slow", rate, seed, 1.0)

        assert fates(fault, "stk", 20) == fates(fault, "stk", 20)

    def test_a_rate_is_about_kept(self) -> None:
        """Three tenths of a thousand calls."""
        fired = sum(fates(Fault("stk", "slow", 0.3, 7, 1.0), "stk", 1000))

        assert 250 < fired < 350

    @pytest.mark.parametrize(("rate", "expected"), [(0.0, False), (1.0, True)])
    def test_never_and_always_are_exact(self, rate: float, expected: bool) -> None:
        """No call is an exception."""
        assert set(fates(Fault("*", "slow", rate, 3, 1.0), "b2c", 200)) == {expected}

    def test_other_apis_are_not_concerned_and_do_not_disturb(self) -> None:
        """The fate of a call does not depend on what else was called in between."""
        faults = Faults()
        faults.put(Fault("*", "slow", 0.5, 11, 1.0))
        mixed = []
        for _ in range(50):
            mixed.append("slow" in faults.draw("stk"))
            faults.draw("b2c")

        assert mixed == fates(Fault("*", "slow", 0.5, 11, 1.0), "stk", 50)
        assert fates(Fault("stk", "slow", 1.0, 11, 1.0), "b2c", 10) == [False] * 10

    def test_setting_a_fault_again_starts_over(self) -> None:
        """The sequence begins anew with the same seed."""
        fault = Fault("stk", "slow", 0.5, 5, 1.0)
        faults = Faults()
        faults.put(fault)
        first = ["slow" in faults.draw("stk") for _ in range(20)]
        faults.put(fault)

        assert ["slow" in faults.draw("stk") for _ in range(20)] == first

    def test_two_faults_may_meet(self) -> None:
        """A slow answer and a lost callback, with their own seconds."""
        faults = Faults()
        faults.put(Fault("stk", "slow", 1.0, 1, 4.0))
        faults.put(Fault("*", "lost-callback", 1.0, 1, 0.0))
        drawn = faults.draw("stk")

        assert "slow" in drawn
        assert "lost-callback" in drawn
        assert (drawn.of("slow"), drawn.of("timeout")) == (4.0, 0.0)


class TestReceipts:
    @given(st.integers(0, 10**12), st.integers(1, 10**6))
    def test_no_two_numbers_share_a_receipt(self, number: int, apart: int) -> None:
        """As far apart as a book will ever count."""
        assert money.receipt_at(number, AT) != money.receipt_at(number + apart, AT)

    @given(st.integers(0, 10**15), st.integers(1_500_000_000, 2_500_000_000))
    def test_a_receipt_is_ten_capitals_or_digits(self, number: int, at: int) -> None:
        """On every day."""
        receipt = money.receipt_at(number, at)

        assert len(receipt) == 10
        assert set(receipt) <= set(money.RECEIPT_ALPHABET)

    def test_a_receipt_begins_with_its_day(self) -> None:
        """Year, month and day, the way Safaricom writes them."""
        assert money.receipt_at(1, AT).startswith("UA2")
        assert money.receipt_at(1, stamps.parse_compact("20241231235959")).startswith("SLV")


class TestAmounts:
    @given(st.integers(0, 10**14))
    def test_cents_survive_being_written(self, cents: int) -> None:
        """Written and read again, they are the same."""
        assert money.cents_of(money.shillings(cents)) == cents

    @pytest.mark.parametrize(
        "nonsense", ["", "x", "1.001", "-1", "NaN", "Infinity", "1e99", "1e999999999", None, True, [1], 0.001]
    )
    def test_nonsense_is_no_amount(self, nonsense: object) -> None:
        """Neither text nor anything else."""
        with pytest.raises(ValueError, match="not an amount"):
            money.cents_of(nonsense)


class TestPhones:
    @given(st.from_regex(r"[71][0-9]{8}", fullmatch=True))
    def test_every_usual_form_is_the_same_phone(self, digits: str) -> None:
        """As people type it and as services write it."""
        forms = [digits, f"0{digits}", f"254{digits}", f"+254{digits}", f" +254 {digits[:3]}-{digits[3:]} "]

        assert {phones.parse_phone(form) for form in forms} == {f"254{digits}"}
        assert phones.is_daraja_phone(f"254{digits}")

    @pytest.mark.parametrize("text", ["", "12", "0811000001", "+255711000001", "0711000001x", "٠٧١١٠٠٠٠٠١"])
    def test_other_numbers_are_refused(self, text: str) -> None:
        """Foreign, short and odd ones."""
        with pytest.raises(ValueError, match="not a Kenyan mobile number"):
            phones.parse_phone(text)


class TestTimes:
    @pytest.mark.parametrize("text", ["", "2026010203040", "20261302030405", "２０２６０１０２０３０４０５"])
    def test_an_odd_timestamp_is_refused(self, text: str) -> None:
        """Fourteen plain digits of a real moment, or nothing."""
        with pytest.raises(ValueError, match="is not a time"):
            stamps.parse_compact(text)

    def test_one_moment_is_written_in_five_ways(self) -> None:
        """All of them the clock of Nairobi, but the one that ends in Z."""
        assert stamps.compact(AT) == "20260102030431"
        assert stamps.dotted(AT) == "02.01.2026 03:04:31"
        assert stamps.iso(AT) == "2026-01-02T03:04:31.000+03:00"
        assert stamps.zulu(AT) == "2026-01-02T00:04:31Z"
        assert stamps.parse_spaced("2026-01-02 03:04:31") == AT


class TestAddresses:
    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:8383/a", "https://localhost/a", "http://[::1]:1/a", "http://127.9.9.9/"]
    )
    def test_this_machine_is_called(self, url: str) -> None:
        """By any of its own names."""
        assert is_loopback_url(url)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "nowhere",
            "ftp://127.0.0.1/",
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://10.0.0.1/",
            "http://127.0.0.1/a b",
            "http://127.0.0.1:99999/",
            "http://[::1/",
        ],
    )
    def test_nobody_else_is_called(self, url: str) -> None:
        """However the address is dressed up."""
        assert not is_loopback_url(url)


class TestSettings:
    def test_secrets_are_not_shown(self, tmp_path: Path) -> None:
        """Neither keys' secrets nor passkeys in a printed value."""
        shown = repr(Settings(data=tmp_path))

        assert "nyota-collection-secret" not in shown
        assert "nyota-demo-passkey" not in shown
        assert "nyota-demo-sms-key" not in shown

    def test_the_gateways_address_says_where_reports_go(self, tmp_path: Path) -> None:
        """Unless they are told to go elsewhere."""
        near = Settings(data=tmp_path, gateway_url="http://127.0.0.1:8383/")
        told = Settings(data=tmp_path, gateway_url="http://127.0.0.1:8383", delivery_url="http://127.0.0.1/x")

        assert near.report_url == "http://127.0.0.1:8383/api/sms/delivery/africastalking"
        assert near.incoming_url == "http://127.0.0.1:8383/api/sms/inbound/africastalking"
        assert told.report_url == "http://127.0.0.1/x"
        assert Settings(data=tmp_path).report_url is None


class TestParts:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("", 1),
            ("x" * 160, 1),
            ("x" * 161, 2),
            ("x" * 306, 2),
            ("x" * 307, 3),
            ("{" * 80, 1),
            ("{" * 81, 2),
            ("ş" * 70, 1),
            ("ş" * 71, 2),
            ("😀" * 35, 1),
            ("😀" * 36, 2),
        ],
    )
    def test_a_text_is_counted_as_it_is_charged(self, text: str, parts: int) -> None:
        """In septets where GSM-7 can say it, in UTF-16 units elsewhere."""
        assert texts.parts(text) == parts

    @given(st.text(st.sampled_from(GSM_ALPHABET), max_size=400))
    def test_the_alphabet_is_that_of_a_reference_codec(self, text: str) -> None:
        """A second opinion on what is a septet, what two, and what neither."""
        septets = len(CODEC.encode(text)[0])

        assert texts.parts(text) == (1 if septets <= 160 else -(-septets // 153))

    @given(st.characters(exclude_categories=["Cs"], exclude_characters=[*GSM_ALPHABET, ESCAPE], max_codepoint=0xFFFF))
    def test_every_other_character_is_no_gsm(self, other: str) -> None:
        """One of them makes the whole text a long one."""
        assert texts.parts("x" * 70 + other) == 2
