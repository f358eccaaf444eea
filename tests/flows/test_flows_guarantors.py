"""Naming guarantors, as steps inside another flow."""

from dataclasses import replace

from flows.engine import Engine
from flows.guarantors import steps
from flows.kit import Flow, decide, end
from flows.turn import Facts, Need, Session, Turn
from menus.catalogue import Language, Template, Words
from tests.flows.phone import CATALOGUE
from tests.flows.town import AMINA, BARAKA, NOW, Town

THIRD, STRANGER = "+254711000009", "+254722000007"


def words(language: Language) -> Language:
    spoken = {
        "probe.guarantor": "Guarantor {count} of {of_count}?",
        "probe.toomany": "Enough",
        "probe.done": ".",
    }
    screens = {key: Words(Template.parse(text), {}) for key, text in spoken.items()}
    unasked = Words(Template.parse("Not this one"), {"other": Template.parse("Another")})
    return replace(language, screens={**language.screens, **screens, "probe.unasked": unasked})


SPOKEN = replace(CATALOGUE, languages={code: words(each) for code, each in CATALOGUE.languages.items()})
ENGINE = Engine([Flow("probe", [decide("start", [(None, "guarantors")]), *steps(to="done"), end("done")])], SPOKEN)


def asked(session: Session, answer: str, *, left: int = 10) -> Turn:
    """One answer, with what the town knows of people; `left` numbers may still be tried."""
    town = Town(ENGINE)
    values: dict[Need, object] = {
        Need("customer"): town.fact(Need("customer"), AMINA),
        Need("lookups_left"): left,
    }
    for phone in (AMINA, BARAKA, THIRD, STRANGER):
        values[Need("guarantor", (phone,))] = town.fact(Need("lender", (phone,)), AMINA)
    turn = ENGINE.advance(session, (answer,), Facts(NOW, values))
    assert isinstance(turn, Turn)
    return turn


def begun(needed: int) -> Session:
    return Session("s", flow="probe", step="guarantor", customer="person:x", data={"guarantors_needed": needed})


class TestNaming:
    def test_one_after_the_other_until_there_are_enough(self) -> None:
        """And then it goes on where the flow wants."""
        turn = asked(begun(2), "0711000002")
        assert turn.screen.text.startswith("Guarantor 2 of 2?")

        turn = asked(turn.session, "0711000009")

        assert turn.screen.is_final

    def test_nobody_is_named_twice(self) -> None:
        """Two shares of one person are no two guarantors."""
        turn = asked(asked(begun(2), "0711000002").session, "+254 711 000 002")

        assert turn.screen.text.startswith("Not this one")
        assert asked(turn.session, "1").screen.text.startswith("Guarantor 2 of 2?")

    def test_every_number_tried_counts_also_a_strangers(self) -> None:
        """Who is a member is not to be found out by trying."""
        for number in ("0711000002", "0722000007"):
            [operation] = asked(begun(1), number).operations

            assert (operation.kind, operation.intent) == ("number.lookup", {})

    def test_after_enough_of_them_nobody_is_looked_up(self) -> None:
        """It ends before another number is asked for."""
        turn = asked(begun(2), "0711000002", left=0)
        assert turn.screen.text.startswith("Not this one")

        turn = asked(turn.session, "1", left=0)

        assert (turn.screen.text, turn.screen.is_final) == ("Enough", True)

    def test_neither_oneself_nor_a_stranger(self) -> None:
        """A stranger is not told from one who will not be asked."""
        assert asked(begun(1), "0711000001").screen.text.startswith("That is your own number.")
        assert asked(begun(1), "12").screen.text.startswith("Not a Kenyan mobile number.")

    def test_whoever_comes_back_names_the_last_one_anew(self) -> None:
        """There are never more than are needed."""
        session = begun(1)
        session.data["guarantors"] = [["person:+254711000009", "Jane M"]]

        turn = asked(session, "0711000002")

        assert turn.screen.is_final
