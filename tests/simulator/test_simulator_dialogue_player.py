"""A played dialogue passes when everything came as written, and stops at the first difference when not."""

from collections.abc import Sequence

import pytest

from simulator.dialogue import DialogueError, Difference, Scene, parse, play
from simulator.line import Lines
from simulator.outside import Outside
from tests.simulator.pretend_network import AMINA, BARAKA, RECEIPT, PretendNetwork, visited_network

BORROW = """
  - dial: "*383#"
    see: |
      Nyota: Amina
      1 Balance
      2 Borrow
  - press: 2
    see: ["how much", "0 Back"]
    not: ["Balance"]
  - press: 2000
  - repeat: true
  - press: 4826
    capture: {ref: "LN\\\\w+"}
  - repeat: true
  - end: true
    see: ["{{ref}} received"]
"""


def dialogue(steps: str) -> str:
    return f'name: test\nphone: "{AMINA}"\nsteps:\n{steps}'


async def played(
    steps: str, *, network: PretendNetwork | None = None, outside: bool = True, patience_seconds: float = 0.0
) -> Sequence[Scene]:
    """Play these steps on the pretend network (a new one if none is given) and answer what was seen."""
    scenes: list[Scene] = []
    async with visited_network() as (fresh, http):
        url = (network or fresh).url
        await play(
            parse(dialogue(steps), file="test.yaml"),
            Lines(http, url),
            Outside(http, url) if outside else None,
            on_screen=scenes.append,
            patience_seconds=patience_seconds,
        )
    return scenes


class Engine:
    """A pure engine in a few lines: it greets, and closes on any answer."""

    def __init__(self) -> None:
        self.dropped: list[str] = []

    async def dial(self, phone: str, dialled: str, /) -> tuple[str, bool]:
        return f"Hello {phone} at {dialled}", True

    async def send(self, phone: str, answer: str, /) -> tuple[str, bool]:
        return f"Bye {phone}, {answer}", False

    async def repeat(self, phone: str, /) -> tuple[str, bool]:
        return f"Bye {phone}, 1", False

    def hang_up(self, phone: str, /) -> None:
        self.dropped.append(phone)


class TestScreens:
    async def test_a_dialogue_that_fits_passes_and_shows_every_scene(self) -> None:
        """Parts, whole screens, repeats, captures and the end are all checked on the way."""
        scenes = await played(BORROW)

        assert [scene.typed for scene in scenes] == ["*383#", "2", "2000", "", "4826", ""]
        assert [scene.open for scene in scenes] == [True, True, True, True, False, False]

    @pytest.mark.parametrize(
        ("steps", "expected"),
        [
            ('  - dial: "*383#"\n    see: ["3 Repay"]', 'expected to see "3 Repay"'),
            ('  - dial: "*383#"\n    not: ["2 Borrow"]', 'expected not to see "2 Borrow"'),
            (
                '  - dial: "*383#"\n    see: "Nyota: Amina"',
                "exactly another screen\n    Nyota: Amina\n  . 1 Bal",
            ),
            ('  - dial: "*383#"\n    capture: {ref: "LN"}', "something like LN to keep as ref"),
            ('  - dial: "*383#"\n  - end: true', "the last screen closed the session"),
            ('  - dial: "*383*1#"\n  - press: 1', "an open session to type in"),
            ('  - dial: "*383#"\n  - drop: true\n  - press: 1', "an open session to type in"),
            ("  - press: 1", "an open session to type in"),
            ("  - repeat: true", "a hop to repeat"),
            ("  - end: true", "the last screen closed the session"),
        ],
    )
    async def test_the_first_difference_stops_the_play(self, steps: str, expected: str) -> None:
        """The error says what was expected."""
        with pytest.raises(Difference, match=expected):
            await played(steps)

    async def test_a_difference_shows_place_and_screen(self) -> None:
        """File, line, step and the real screen are in the text and apart."""
        with pytest.raises(Difference) as caught:
            await played('  - dial: "*383#"\n  - press: 1\n    see: ["Savings"]')

        difference = caught.value
        assert (difference.file, difference.step, difference.screen) == ("test.yaml", 2, "Wallet Ksh 5,000")
        assert str(difference) == (
            'test.yaml:5: step 2 (press 1): expected to see "Savings"\nthe screen:\n  | Wallet Ksh 5,000'
        )

    async def test_a_repeat_must_be_the_same_byte_for_byte(self) -> None:
        """A service that counts its hops is found out."""
        async with visited_network() as (network, _):
            network.fault = "counting"

            with pytest.raises(Difference, match=r"(?s)byte for byte\n  - CON hop 1\n  \+ CON hop 2"):
                await played('  - dial: "*383#"\n  - repeat: true', network=network)

    async def test_no_service_is_a_difference(self) -> None:
        """What the carrier would refuse names its step too."""
        async with visited_network() as (network, _):
            network.fault = "prefix"

            with pytest.raises(Difference, match=r"step 1.*expected an answer, but the answer starts neither"):
                await played('  - dial: "*383#"', network=network)

    async def test_phones_talk_in_turns(self) -> None:
        """A session waits while another phone is used."""
        scenes = await played(
            f'  - dial: "*383#"\n  - phone: "{BARAKA}"\n  - dial: "*383*1#"\n  - end: true\n'
            f'  - phone: "{AMINA}"\n  - press: 2\n    see: ["how much"]'
        )

        assert [scene.phone for scene in scenes] == [AMINA, BARAKA, AMINA]

    async def test_one_step_can_be_on_another_phone(self) -> None:
        """The phone in the hand stays in the hand, and each session stands where it stood."""
        scenes = await played(
            f'  - dial: "*383#"\n  - dial: "*383#"\n    on: "{BARAKA}"\n  - press: 2\n    see: ["how much"]\n'
            f'  - press: 1\n    on: "{BARAKA}"\n    see: ["Wallet Ksh 5,000"]\n  - end: true\n    on: "{BARAKA}"\n'
            "  - press: 500\n"
        )

        assert [scene.phone for scene in scenes] == [AMINA, BARAKA, AMINA, BARAKA, AMINA]

    async def test_a_difference_shows_the_screen_of_the_phone_it_is_on(self) -> None:
        """Not that of the one in the hand."""
        with pytest.raises(Difference) as caught:
            await played(f'  - dial: "*383#"\n  - dial: "*383*1#"\n    on: "{BARAKA}"\n    see: ["Savings"]\n')

        assert caught.value.screen == "Wallet Ksh 5,000"


class TestOutsideWorld:
    async def test_an_sms_is_waited_for(self) -> None:
        """Its text is checked with what was captured before."""
        scenes = await played(BORROW + '  - sms: ["{{ref}} Confirmed", "1,980"]\n')

        assert scenes[-1].text == RECEIPT

    async def test_only_messages_after_the_start_count(self) -> None:
        """Yesterday's receipt proves nothing."""
        async with visited_network() as (network, _):
            network.deliver_sms(AMINA, RECEIPT)

            with pytest.raises(Difference, match=r'expected an SMS to .* with "LN7K2", got none'):
                await played('  - sms: "LN7K2"', network=network)

    async def test_an_sms_counts_once(self) -> None:
        """Two receipts need two messages; what did come is shown."""
        with pytest.raises(Difference, match='with "Confirmed", got "Another"'):
            async with visited_network() as (network, http):
                await play(
                    parse(dialogue('  - dial: "*383#"\n  - sms: "Confirmed"\n  - sms: "Confirmed"')),
                    Lines(http, network.url),
                    Outside(http, network.url),
                    on_screen=lambda scene: self._deliver(network, scene),
                    patience_seconds=0.0,
                )

    @staticmethod
    def _deliver(network: PretendNetwork, scene: Scene) -> None:
        if scene.step.action == "dial":
            network.deliver_sms(AMINA, RECEIPT)
            network.deliver_sms(AMINA, "Another")

    async def test_a_code_from_an_sms_can_be_written_back(self) -> None:
        """Money by SMS is confirmed with the code that came."""
        async with visited_network() as (network, _):
            await played(
                '  - write: "SEND 200 0711000002"\n'
                '  - sms: ["code"]\n    capture: {code: "code (\\\\d{6})"}\n'
                '  - write: "{{code}}"\n',
                network=network,
            )

            assert network.written == [(AMINA, "SEND 200 0711000002"), (AMINA, "482913")]

    async def test_a_prompt_is_answered_by_hand(self) -> None:
        """Prompts do not pay by themselves while they are answered here, and do so again afterwards."""
        async with visited_network() as (network, _):
            network.raise_prompt(AMINA, "500.00", "LN5G8")
            network.raise_prompt(AMINA, "2160.00", "LN7K2")

            scenes = await played('  - stk: cancel\n    amount: "500"', network=network)

            assert network.answers == [("stk1", "cancel")]
            assert scenes[0].text == "Pay 500.00 to account LN5G8?"
            assert network.settings == [{"autoAnswer": False}, {"autoAnswer": True}]

    async def test_an_ignored_prompt_is_not_answered_again(self) -> None:
        """It stays open, but the dialogue is done with it."""
        async with visited_network() as (network, _):
            network.raise_prompt(AMINA, "500.00", "LN5G8")

            with pytest.raises(Difference, match=r"step 2.*open M-PESA prompt on \+254711000001 for 500\.00"):
                await played('  - stk: ignore\n  - stk: pay\n    amount: "500"', network=network)

            assert network.auto_answer is True

    async def test_each_phone_has_a_thread_of_its_own(self) -> None:
        """What one phone got is nothing that another one got."""
        steps = f'  - dial: "*383#"\n  - sms: "Confirmed"\n    on: "{BARAKA}"\n'
        async with visited_network() as (network, http):
            await play(
                parse(dialogue(steps)),
                Lines(http, network.url),
                Outside(http, network.url),
                on_screen=lambda scene: network.deliver_sms(BARAKA, RECEIPT) if scene.typed else None,
                patience_seconds=0.0,
            )
            with pytest.raises(Difference, match=f"an SMS to .{BARAKA[1:]}"):
                await played(steps, network=network)

    async def test_faults_are_put_and_taken_away(self) -> None:
        """In the middle by a step, and at the end what is left of them."""
        async with visited_network() as (network, _):
            await played(
                "  - outside: {api: sms, fault: drop, rate: 0.5, seed: 3}\n  - core: down\n  - core: up\n"
                "  - outside: well\n  - outside: {api: b2c, fault: slow}\n",
                network=network,
            )

            assert [(knobs["api"], knobs["fault"], knobs["rate"], knobs["seed"]) for knobs in network.faults] == [
                *(("sms", "drop", 0.5, 3), ("fineract", "down", 1.0, 1), ("b2c", "slow", 1.0, 1)),
            ]
            assert ("fineract", "down") in network.cured
            assert network.cured[-1] == ("b2c", "slow")

    async def test_faults_end_with_a_dialogue_that_fails(self) -> None:
        """The next one starts in a healthy world."""
        async with visited_network() as (network, _):
            with pytest.raises(Difference):
                await played("  - core: down\n  - press: 1\n", network=network)

            assert network.cured == [("fineract", "down")]

    @pytest.mark.parametrize(
        "step", ['sms: "a"', 'write: "BAL"', "stk: pay", "core: down", "outside: {api: sms, fault: drop}"]
    )
    async def test_standins_that_are_away_are_a_difference(self, step: str) -> None:
        """The dialogue cannot go on, and says why."""
        async with visited_network() as (network, _):
            network.is_away = True

            with pytest.raises(Difference, match=r"step 1.*503"):
                await played(f"  - {step}", network=network)

    async def test_a_dialogue_of_screens_does_not_need_standins(self) -> None:
        """They may be away when nothing is asked of them."""
        async with visited_network() as (network, _):
            network.is_away = True

            assert await played('  - dial: "*383*1#"\n  - end: true', network=network)


class TestPureEngine:
    async def test_the_same_player_plays_on_anything_that_answers(self) -> None:
        """No HTTP is involved, and what needs the outside is skipped with all that hangs on it."""
        engine = Engine()
        text = dialogue(
            '  - dial: "*383#"\n    see: ["Hello +254711000001"]\n'
            '  - sms: "x"\n    capture: {code: "\\\\d+"}\n'
            "  - stk: pay\n"
            '  - write: "BAL"\n'
            '  - press: 1\n    see: ["{{code}}", "Bye"]\n  - repeat: true\n  - drop: true\n'
        )

        captured = await play(parse(text), engine)

        assert captured == {}
        assert engine.dropped == [AMINA]

    async def test_a_dialogue_that_needs_the_outside_is_refused_without_one(self) -> None:
        """Its screens would not be true."""
        text = dialogue("  - core: down\n")

        assert await play(parse(text), Engine()) == {}
        with pytest.raises(DialogueError, match="needs a world outside"):
            await play(parse(f"needs: outside\n{text}"), Engine())

    async def test_typing_what_was_never_captured_is_a_difference(self) -> None:
        """Skipped steps cannot feed a key press."""
        text = dialogue('  - dial: "*383#"\n  - sms: "x"\n    capture: {code: "\\\\d+"}\n  - press: "{{code}}"\n')

        with pytest.raises(Difference, match=r"step 3.*captures it was skipped"):
            await play(parse(text), Engine())
