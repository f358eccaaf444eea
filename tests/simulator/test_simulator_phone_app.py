"""The terminal phone, used as a person would: with keys, with the mouse, and with a network that fails."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Label, OptionList, Static

from simulator.dialogue import load
from simulator.phone.app import PhoneApp
from simulator.phone.picker import PhonePicker
from simulator.phone.prompt import StkPrompt, shillings
from simulator.phone.sim import EMPTY_HINT, HUNG_UP, IDLED_OUT, NO_CALL_HINT, NOT_A_CODE_HINT, SIGNAL_LOST, Face
from simulator.phone.writer import SmsWriter
from tests.simulator.pretend_network import AMINA, AMOUNT, BARAKA, MENU, PretendNetwork, pretend_network

NOBODY = "http://127.0.0.1:9"
LOOKS_MAX = 500


class Phone:
    """A phone app under test, with the network it talks to."""

    def __init__(self, app: PhoneApp, pilot: Pilot[None], network: PretendNetwork) -> None:
        self.app = app
        self.pilot = pilot
        self.network = network

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the app run until this is so."""
        for _ in range(LOOKS_MAX):
            if condition():
                await self.pilot.pause()
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"never came; the phone shows {self.app.sim.text!r}, hint {self.app.sim.hint!r}")

    async def dial(self) -> None:
        await self.pilot.press("f1")
        await self.until(lambda: self.app.sim.face is Face.ASKING)

    def shown(self, selector: str) -> str:
        return str(self.app.screen_stack[0].query_one(selector, Static).render())


@asynccontextmanager
async def phone(
    *, standins: str | None = None, gateway: str | None = None, clock: Callable[[], float] = lambda: 0.0,
    recordings: Path = Path("dialogues"), size: tuple[int, int] = (80, 24),
) -> AsyncIterator[Phone]:  # fmt: skip
    async with pretend_network() as network:
        app = PhoneApp(
            gateway or network.url,
            standins or network.url,
            AMINA,
            clock=clock,
            poll_seconds=0.05,
            recordings=recordings,
        )
        async with app.run_test(size=size, notifications=True) as pilot:
            yield Phone(app, pilot, network)


class TestKeys:
    async def test_a_code_typed_on_the_keyboard_is_dialled(self) -> None:
        """Enter is the call key."""
        async with phone() as held:
            await held.pilot.press("asterisk", "3", "8", "3", "number_sign", "enter")
            await held.until(lambda: held.app.sim.face is Face.ASKING)

            assert held.network.hops[0]["text"] == ""
            assert held.shown("#words") == MENU[4:]

    async def test_the_keys_of_the_device_can_be_clicked(self) -> None:
        """Mouse and keyboard do the same."""
        async with phone() as held:
            for key in ("star", "3", "8", "3", "hash"):
                await held.pilot.click(f"#key-{key}")
            await held.pilot.click("#call")
            await held.until(lambda: held.app.sim.face is Face.ASKING)
            await held.pilot.click("#key-2")
            await held.pilot.click("#call")
            await held.until(lambda: held.app.sim.text == AMOUNT[4:])

            assert [hop["text"] for hop in held.network.hops] == ["", "2"]

    async def test_names_can_be_typed_as_answers(self) -> None:
        """Letters and blanks go out as they are."""
        async with phone() as held:
            await held.dial()
            await held.pilot.press(*"Amina", "space", *"Wanjiru", "enter")
            await held.until(lambda: len(held.network.hops) == 2)

            assert held.network.hops[1]["text"] == "Amina Wanjiru"

    async def test_escape_and_the_end_key_hang_up(self) -> None:
        """One to end the call, the next to clear the screen."""
        async with phone() as held:
            await held.dial()
            await held.pilot.press("escape")
            text = held.app.sim.text
            await held.pilot.click("#end")

            assert text == HUNG_UP
            assert held.app.sim.face is Face.IDLE

    async def test_keys_without_a_call_get_a_kind_word(self) -> None:
        """Nothing is sent; the phone says what to do."""
        async with phone() as held:
            await held.pilot.press("5", "enter")
            await held.until(lambda: held.app.sim.hint == NOT_A_CODE_HINT)
            await held.pilot.press("escape")

            assert held.app.sim.hint == NO_CALL_HINT
            assert held.shown("#hint") == NO_CALL_HINT
            assert held.network.hops == []

    async def test_an_empty_answer_is_asked_for_again(self) -> None:
        """Enter alone does not cost a turn."""
        async with phone() as held:
            await held.dial()
            await held.pilot.press("enter")
            await held.until(lambda: held.app.sim.hint == EMPTY_HINT)

            assert len(held.network.hops) == 1

    async def test_digits_find_the_phone_from_anywhere(self) -> None:
        """Looking at messages does not take the keys away."""
        async with phone() as held:
            held.network.deliver_sms(AMINA, "hello")
            await held.until(lambda: bool(held.app.sim.messages))
            held.app.query_one("#messages").focus()
            await held.pilot.pause()

            await held.pilot.press("7")

            assert held.app.query_one("#entry", Input).value == "7"

    async def test_the_last_hop_can_be_delivered_again(self) -> None:
        """The carrier's retry is one key."""
        async with phone() as held:
            await held.dial()
            await held.pilot.press("f9")
            await held.until(lambda: len(held.network.hops) == 2)

            assert held.network.hops[0] == held.network.hops[1]
            await held.until(lambda: any("same screen" in note.message for note in held.app._notifications))


class TestTime:
    async def test_the_countdown_ends_the_session(self) -> None:
        """The phone shows the time that is left, then that it is over."""
        now = [0.0]
        async with phone(clock=lambda: now[0]) as held:
            await held.dial()
            held.app.tick()
            at_first = held.shown("#clock")
            now[0] = 60.0
            held.app.tick()

            assert at_first == "1:00"
            assert held.app.sim.text == IDLED_OUT


class TestSignal:
    async def test_a_lost_signal_ends_the_call_and_is_shown(self) -> None:
        """F5 loses it and finds it again."""
        async with phone() as held:
            await held.dial()
            await held.pilot.press("f5")
            lost = (held.app.sim.text, held.shown("#signal"))
            await held.pilot.press("f5")
            await held.dial()

            assert lost == (SIGNAL_LOST, "✕ No signal")
            assert held.app.sim.face is Face.ASKING


class TestTwoPhones:
    async def test_the_phone_put_down_lies_beside_on_a_wide_terminal(self) -> None:
        """F7 takes it up again where it was; a click does the same."""
        async with phone(size=(140, 40)) as held:
            await held.dial()
            held.app._picked(BARAKA)
            await held.pilot.pause()
            beside = held.app.query_one("#beside")
            lies = (beside.display, held.app.sim.msisdn)
            await held.pilot.press("f7")
            back = (held.app.sim.msisdn, held.app.sim.face)
            await held.pilot.click("#beside")
            await held.until(lambda: held.app.sim.msisdn == BARAKA)

            assert lies == (True, BARAKA)
            assert back == (AMINA, Face.ASKING)

    async def test_a_narrow_terminal_shows_the_phone_in_hand_alone(self) -> None:
        """The other one is a key away all the same."""
        async with phone() as held:
            held.app._picked(BARAKA)
            await held.pilot.press("f7")

            assert not held.app.query_one("#beside").display
            assert held.app.sim.msisdn == AMINA


class TestRecording:
    async def test_what_is_done_between_two_presses_is_kept_as_a_dialogue(self, tmp_path: Path) -> None:
        """With both phones, and without the PIN."""
        async with phone(recordings=tmp_path / "kept") as held:
            await held.pilot.press("f6")
            await held.dial()
            for typed in ("2", "2000", "4826"):
                await held.pilot.press(*typed, "enter")
                await held.until(lambda: held.app.sim.face is not Face.WAITING)
            await held.until(lambda: len(held.app.sim.messages) == 1)
            held.app._picked(BARAKA)
            await held.dial()
            await held.pilot.press("f6")

        (path,) = (tmp_path / "kept").iterdir()
        dialogue = load(path)
        assert dialogue.phones == {AMINA, BARAKA}
        assert [step.action for step in dialogue.steps] == [
            "dial", "press", "press", "press", "end", "sms", "phone", "dial",
        ]  # fmt: skip
        assert "4826" not in path.read_text()

    async def test_nothing_recorded_is_no_file(self, tmp_path: Path) -> None:
        """It is said, that is all."""
        async with phone(recordings=tmp_path / "kept") as held:
            await held.pilot.press("f6", "f6")

        assert not (tmp_path / "kept").exists()


class TestMessages:
    async def test_a_new_sms_is_marked_until_it_is_read(self) -> None:
        """The newest is on top; old ones carry no mark."""
        async with phone() as held:
            held.network.deliver_sms(AMINA, "an old one")
            await held.until(lambda: len(held.app.sim.messages) == 1)
            held.network.deliver_sms(AMINA, "a fresh one")
            await held.until(lambda: bool(held.app.sim.unread))
            listed = held.app.query_one("#messages", OptionList)
            cards = [str(option.prompt) for option in listed.options]

            await held.pilot.click("#messages", offset=(3, 1))
            await held.until(lambda: not held.app.sim.unread)

            assert ["a fresh one" in cards[0], "NEW" in cards[0]] == [True, True]
            assert ["an old one" in cards[1], "NEW" in cards[1]] == [True, False]
            assert held.app.query_one("#entry", Input).has_focus

    async def test_all_can_be_marked_read_at_once(self) -> None:
        """One key for the impatient."""
        async with phone() as held:
            held.network.deliver_sms(AMINA, "an old one")
            await held.until(lambda: len(held.app.sim.messages) == 1)
            held.network.deliver_sms(AMINA, "a fresh one")
            await held.until(lambda: bool(held.app.sim.unread))

            await held.pilot.press("f3")

            assert held.app.sim.unread == set()

    async def test_an_sms_can_be_written(self) -> None:
        """What is typed goes to Nyota from the phone in hand."""
        async with phone() as held:
            await held.pilot.press("f4")
            await held.until(lambda: isinstance(held.app.screen, SmsWriter))
            await held.pilot.press("B", "A", "L", "enter")
            await held.until(lambda: bool(held.network.written))

            assert held.network.written == [(AMINA, "BAL")]


class TestPrompt:
    @staticmethod
    async def raised(held: Phone) -> StkPrompt:
        held.network.raise_prompt(AMINA, "2160.00", "LN7K2")
        await held.until(lambda: isinstance(held.app.screen, StkPrompt))
        assert isinstance(held.app.screen, StkPrompt)
        return held.app.screen

    async def test_four_digits_pay(self) -> None:
        """The sheet shows whom, how much and for what; the PIN is masked."""
        async with phone() as held:
            sheet = await self.raised(held)
            words = " ".join(str(part.render()) for part in sheet.query(Static))
            is_masked = sheet.query_one("#mpesa-pin", Input).password

            await held.pilot.press("1", "2", "3", "4", "enter")
            await held.until(lambda: bool(held.network.answers))

            assert "Ksh 2,160" in words
            assert "NYOTA DEMO" in words
            assert "LN7K2" in words
            assert is_masked
            assert held.network.answers == [("stk1", "pay")]
            await held.until(lambda: len(held.app.screen_stack) == 1)

    async def test_fewer_digits_do_not(self) -> None:
        """The sheet stays and asks for the rest."""
        async with phone() as held:
            sheet = await self.raised(held)

            await held.pilot.press("1", "2", "enter")
            await held.pilot.pause()

            assert held.app.screen is sheet
            assert "4 digits" in str(sheet.query_one("#sheet-note", Label).render())
            assert held.network.answers == []

    @pytest.mark.parametrize(
        ("key", "answer"),
        [("escape", "cancel"), ("f6", "wrong-pin"), ("f7", "insufficient"), ("f8", "ignore")],
    )
    async def test_other_answers_have_keys(self, key: str, answer: str) -> None:
        """Each way in which a payment can fail can be shown, and the same prompt does not come back."""
        async with phone() as held:
            await self.raised(held)

            await held.pilot.press(key)
            await held.until(lambda: bool(held.network.answers))
            looks = len(held.network.settings)
            await held.until(lambda: len(held.network.settings) > looks + 1)

            assert held.network.answers == [("stk1", answer)]
            assert len(held.app.screen_stack) == 1

    @pytest.mark.parametrize("button", ["cancel", "wrong-pin", "insufficient", "ignore"])
    async def test_other_answers_have_buttons(self, button: str) -> None:
        """The mouse does what the keys do."""
        async with phone() as held:
            await self.raised(held)

            await held.pilot.click(f"#{button}")
            await held.until(lambda: bool(held.network.answers))

            assert held.network.answers == [("stk1", button)]

    async def test_a_prompt_that_runs_out_goes_away(self) -> None:
        """Nobody pays what is not asked any more."""
        async with phone() as held:
            await self.raised(held)

            held.network.prompts[0]["state"] = "expired"
            await held.until(lambda: len(held.app.screen_stack) == 1)

            assert held.network.answers == []

    async def test_prompts_wait_while_the_phone_is_there(self) -> None:
        """They pay by themselves again when it has gone."""
        async with phone() as held:
            await held.until(lambda: bool(held.network.settings))
            attached = held.network.auto_answer

        assert (attached, held.network.auto_answer) == (False, True)

    def test_amounts_show_cents_only_where_there_are_some(self) -> None:
        """As the screens of Nyota do."""
        assert (shillings(216_000), shillings(216_050)) == ("Ksh 2,160", "Ksh 2,160.50")


class TestPhones:
    async def test_another_phone_can_be_picked_up(self) -> None:
        """The first one's call goes on in the drawer."""
        async with phone() as held:
            await held.dial()
            await held.pilot.press("f2")
            await held.until(lambda: isinstance(held.app.screen, PhonePicker))
            await held.pilot.press("down", "enter")
            await held.until(lambda: held.app.sim.msisdn == BARAKA)
            await held.dial()

            assert held.app.sims[AMINA].in_call
            assert [hop["phoneNumber"] for hop in held.network.hops] == [AMINA, BARAKA]
            assert "Baraka Otieno" in held.shown("#owner")

    async def test_any_number_can_be_typed(self) -> None:
        """In any usual form; what is none is asked for again."""
        async with phone() as held:
            await held.pilot.press("f2")
            await held.until(lambda: isinstance(held.app.screen, PhonePicker))
            picker = held.app.screen
            picker.query_one("#other", Input).focus()
            await held.pilot.press("1", "2", "enter")
            await held.pilot.pause()
            note = str(picker.query_one("#drawer-note", Label).render())
            picker.query_one("#other", Input).value = "0711 000 004"
            await held.pilot.press("enter")
            await held.until(lambda: held.app.sim.msisdn == "+254711000004")

            assert "Not a Kenyan number" in note

    async def test_a_prompt_for_a_phone_in_the_drawer_waits_there(self) -> None:
        """It is raised when that phone is picked up again."""
        async with phone() as held:
            await held.pilot.press("f2", "down", "enter")
            await held.until(lambda: held.app.sim.msisdn == BARAKA)
            held.network.raise_prompt(AMINA, "100.00", "DP2H6")
            await held.until(lambda: bool(held.app.sims[AMINA].prompts))
            waited = len(held.app.screen_stack) == 1

            await held.pilot.press("f2", "enter")
            await held.until(lambda: isinstance(held.app.screen, StkPrompt))

            assert waited


class TestAway:
    async def test_a_gateway_that_is_away_is_no_service(self) -> None:
        """Shown before anything is dialled, and after; the phone itself goes on."""
        async with phone(gateway=NOBODY) as held:
            await held.until(lambda: not held.app.in_service)
            idle = held.shown("#words")
            await held.pilot.press("f1")
            await held.until(lambda: held.app.sim.face is Face.FAILED)

            assert "No service" in idle
            assert "No service" in held.shown("#signal")
            assert "Nyota away" in held.shown("#service")
            assert held.shown("#words").startswith("No service")

    async def test_standins_that_are_away_leave_the_calls_alone(self) -> None:
        """Only messages and prompts are missing, and the phone says so."""
        async with phone(standins=NOBODY) as held:
            await held.until(lambda: not held.app.standins_here)
            await held.dial()

            assert "stand-ins away" in held.shown("#service")
            assert held.app.sim.text == MENU[4:]

    async def test_standins_that_come_back_are_attached_again(self) -> None:
        """Prompts wait for the phone again, as before."""
        async with phone() as held:
            held.network.is_away = True
            await held.until(lambda: not held.app.standins_here)
            held.network.settings.clear()

            held.network.is_away = False
            await held.until(lambda: held.app.standins_here)

            assert held.network.auto_answer is False
