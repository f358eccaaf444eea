from collections.abc import Iterable
from pathlib import Path

import pytest

from flows.built import flows
from flows.check import check
from flows.engine import Engine
from flows.kit import HOME, Flow, Refusal, Step, View, ask, choose, decide, end, secret
from menus.catalogue import Catalogue
from tests.flows.phone import CATALOGUE, ENGINE, engine
from tests.menus.menu_files import MenuFiles

HERE = str(Path(__file__))


def refused(_: View, text: str) -> Refusal:
    return Refusal("id")


def never(_: View) -> bool:
    return False


def with_help(steps: Iterable[Step]) -> list[str]:
    """What is found when Help is made of `steps`."""
    others = [flow for flow in flows(CATALOGUE.menu) if flow.name != "help"]
    return [str(finding) for finding in check(Engine([*others, Flow("help", steps)], CATALOGUE))]


def spoilt(files: MenuFiles) -> list[str]:
    return [str(finding) for finding in check(engine(files.load()))]


class TestFlowsAsTheyCome:
    def test_nothing_is_wrong_with_them(self) -> None:
        """Every step has words that fit, every word has a step, everything can be reached and left."""
        assert check(ENGINE) == []


class TestPlantedSteps:
    @pytest.mark.parametrize(
        ("steps", "said"),
        [
            ([ask("menu", parse=refused, to="nowhere", saves="")], "help.menu leads to nowhere, which does not exist"),
            ([ask("menu", parse=refused, to="nowhere:", saves="")], "help.menu leads to nowhere:, which does not"),
            ([ask("menu", parse=refused, to="repay:later", saves="")], "leads to repay:later, which does not exist"),
            ([end("menu"), end("code")], "help.code cannot be reached"),
            (
                [choose("menu", to={"paid": "code"}, place="none"), secret("code", to="menu", place="none")],
                "help.menu has no way out",
            ),
            (
                [decide("menu", [(never, HOME), (None, "code")]), decide("code", [(None, "menu")])],
                "help.menu may turn in circles without a screen",
            ),
            ([decide("menu", [(never, HOME)])], "help.menu may have no way on: its last way has a guard"),
            ([decide("menu", [(None, HOME), (never, HOME)])], "help.menu has ways that are never taken"),
            ([choose("menu", to={"paid": HOME}, labels=("paid", "agent"))], "help.menu offers agent, which leads now"),
            ([ask("menu", parse=refused, to=HOME, refuses=("odd",))], "help.menu says wrong.odd, which has no words"),
            ([ask("menu", parse=refused, to=HOME, gives_up="odd")], "help.menu says wrong.odd, which has no words"),
            ([end("menu", variants=("menu", "odd"))], "help.menu says help.odd, which has no words in Kiswahili"),
        ],
    )
    def test_each_kind_of_mistake_is_found_where_the_step_is_written(self, steps: list[Step], said: str) -> None:
        """The finding names this very file, and the line of the step."""
        found = with_help(steps)

        lines = {step.source.line for step in steps}
        assert any(said in text and any(text.startswith(f"{HERE}:{line}: ") for line in lines) for text in found), (
            "\n".join(found)
        )

    def test_words_that_no_step_says_are_found(self) -> None:
        """A step that went leaves no words behind."""
        found = with_help([end("menu")])

        assert any("en.yaml" in text and text.endswith("no step says help.fraud") for text in found)
        assert any("sw.yaml" in text and text.endswith("no step says help.fraud") for text in found)

    def test_a_step_that_is_there_twice_is_refused_at_once(self) -> None:
        """The second would have replaced the first in silence."""
        with pytest.raises(ValueError, match=r"help\.menu is there twice"):
            Flow("help", [end("menu"), end("menu")])


class TestPlantedWords:
    @pytest.mark.parametrize(
        ("old", "new", "line", "said"),
        [
            ("options: {pay: Pay, cancel: Cancel}", "options: {pay: Pay}", "stk:", "repay.stk has no words for the op"),
            ("{pay: Pay, cancel: Cancel}", "{pay: Pay, cancel: Cancel, hm: Hm}", "options: {pay: Pay, c",
             "repay.stk has words for hm, which is not offered"),
            ("Enter your present $name PIN", "Enter your present $name PIN. " + "Nobody else may see it. " * 7,
             "old: \"Enter", "account.old does not fit on one screen"),
            ("No answer came through.", "No answer came through. " + "Nothing at all. " * 6, "forgot: \"Forgot PIN",
             "help.forgot below wrong.empty does not fit"),
            ("Cancelled. Nothing was sent and nothing was paid.", "Nothing was sent. " * 10, "cancelled: \"Nothing",
             "repay.cancelled can take 180 septets, 160 at most"),
            ("Go on there, or dial $code once more.", "Go on there. " * 12, "newer:", "wrong.newer can take"),
            ("That PIN is easy to guess.", "That PIN is easy to guess. " * 5, "pin: \"Choose a $name PIN",
             "register.pin below wrong.weak does not fit on one screen"),
            ("{loan} {owed}\"", "{loan} {owed} {loan} {owed} {loan} {owed} {loan} {owed} {loan} {owed} {loan} {owed}\"",
             "list:", "does not fit on a page"),
        ],
    )  # fmt: skip
    def test_each_kind_of_mistake_is_found_where_the_words_are(
        self, tmp_path: Path, old: str, new: str, line: str, said: str
    ) -> None:
        """Screens are measured with the longest values, with their options, and below the reason of a refusal."""
        files = MenuFiles(tmp_path).change("en.yaml", old, new)

        found = spoilt(files)

        place = f"{tmp_path / 'en.yaml'}:{files.line_of('en.yaml', line)}: "
        assert any(text.startswith(place) and said in text for text in found), "\n".join(found)

    def test_a_text_of_the_shell_without_words_is_found(self, tmp_path: Path) -> None:
        """Also what is said when everything else is down."""
        files = MenuFiles(tmp_path)
        for file in ("en.yaml", "sw.yaml"):
            files.change(file, "    busy_after:", "    busier:")

        found = spoilt(files)

        assert any("somebody says wrong.busy_after, which has no words in English" in text for text in found)


class TestRoom:
    def test_a_carrier_with_less_room_is_checked_for_less(self) -> None:
        """What fits 160 septets need not fit 140."""
        small = Engine(flows(CATALOGUE.menu), CATALOGUE, room=140)

        assert check(small)


class TestBuilt:
    def test_every_file_that_holds_a_flow_is_there(self) -> None:
        """Whether a digit opens it or another flow; `text` is a module of ours, but no conversation."""
        names = {flow.name for flow in flows(CATALOGUE.menu)}

        assert {"register", "view", "resume", "menu", "borrow", "help"} <= names
        assert "text" not in names

    def test_a_line_of_the_menu_without_a_flow_leaves_a_gap(self) -> None:
        """Its digit stays unused."""
        item = type(CATALOGUE.menu[0])("7", "text")
        main = next(flow for flow in flows([item]) if flow.name == "menu").steps["main"]

        assert main.branches == ()

    def test_the_catalogue_is_the_one_that_was_given(self) -> None:
        """No words are read behind the caller's back."""
        assert isinstance(ENGINE.catalogue, Catalogue)
