"""What happened on the phones, as a file that plays again; a PIN is never in it."""

from simulator.dialogue import parse, play
from simulator.line import Lines
from simulator.outside import Outside
from simulator.phone.recorder import Recorder
from simulator.phone.sim import Happened
from tests.simulator.pretend_network import AMINA, BARAKA, visited_network

ASKED = "Borrow Ksh 2,000\nEnter Nyota PIN to accept"
ACCEPTED = "Request LN7K2QD received.\nBy 5 Aug 10:42."


def recorded(*events: Happened) -> Recorder:
    recorder = Recorder("a report")
    for event in events:
        recorder.note(event)
    return recorder


def hop(action: str, typed: str, text: str, *, phone: str = AMINA, is_open: bool = True) -> Happened:
    return Happened(phone, action, typed, text, is_open)


class TestRecording:
    """Steps as they happened."""

    def test_a_pin_is_never_written(self) -> None:
        """What is typed where a PIN is asked is a name; a second PIN has another name."""
        recorder = recorded(
            hop("dial", "*383#", ASKED),
            hop("press", "4826", ASKED),
            hop("press", "7391", ASKED),
            hop("press", "4826", ACCEPTED, is_open=False),
        )
        text = recorder.yaml()

        assert not any(pin in text for pin in ("4826", "7391"))
        assert parse(text).secrets == ("pin", "pin2")
        assert [step.value for step in parse(text).steps if step.action == "press"] == [
            "{{pin}}",
            "{{pin2}}",
            "{{pin}}",
        ]

    def test_what_differs_on_another_day_is_not_demanded(self) -> None:
        """A new reference is captured, and known by name from then on; dates and times are left out."""
        recorder = recorded(
            hop("dial", "*383#", ACCEPTED, is_open=False),
            Happened(AMINA, "sms", text="LN7K2QD Confirmed. Ksh 1,980 sent, 5 Aug 10:42"),
            Happened(AMINA, "sms", text="Loan LN7K2QD: well done"),
        )
        steps = parse(recorder.yaml()).steps

        assert steps[0].see == ()
        assert steps[0].capture["ref1"].search("Request LN9XYZW received")
        assert steps[2].see == ("{{ref1}} Confirmed. Ksh 1,980 sent,",)
        assert steps[3].see == ("Loan {{ref1}}: well done",)

    def test_other_phones_take_part_by_their_number(self) -> None:
        """Also for a prompt, an SMS that was written, and a call that was dropped."""
        recorder = recorded(hop("dial", "*383#", "Menu"), Happened(AMINA, "drop"))
        recorder.answered(BARAKA, "pay", "2160.00")
        recorder.note(Happened(AMINA, "write", "BAL"))
        dialogue = parse(recorder.yaml())

        assert [(step.action, step.value) for step in dialogue.steps] == [
            ("dial", "*383#"), ("drop", ""), ("phone", BARAKA), ("stk", "pay"), ("phone", AMINA), ("write", "BAL"),
        ]  # fmt: skip
        assert dialogue.phone == AMINA

    def test_what_comes_before_the_first_call_is_not_part_of_it(self) -> None:
        """An SMS of an earlier conversation, for instance."""
        recorder = recorded(Happened(AMINA, "sms", text="old"))
        recorder.answered(AMINA, "pay", "1.00")

        assert recorder.is_empty

    async def test_what_was_recorded_plays_again(self) -> None:
        """On the same network, with the PIN that the file does not have."""
        recorder = recorded(
            hop("dial", "*383*2#", "Quick loan: how much?\n0 Back"),
            hop("press", "2000", "Borrow Ksh 2000\nEnter Nyota PIN to accept"),
            hop("repeat", "", "Borrow Ksh 2000\nEnter Nyota PIN to accept"),
            hop("press", "4826", "Request LN7K2 received.\nSMS to follow.", is_open=False),
            Happened(AMINA, "sms", text="LN7K2 Confirmed. Ksh 1,980 sent to your M-PESA"),
        )
        async with visited_network() as (network, http):
            lines, outside = Lines(http, network.url), Outside(http, network.url)
            await play(parse(recorder.yaml()), lines, outside, secrets={"pin": "4826"})

            assert [form["text"] for form in network.hops] == ["2", "2*2000", "2*2000", "2*2000*4826"]
