"""A dialogue is checked before it is played, and every complaint says where."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import dialogue as package
from simulator.dialogue import DialogueError, load, parse
from simulator.dialogue.script import Fault

HEAD = 'name: borrow\nphone: "0711000001"\nsteps:\n'


class TestReading:
    def test_the_example_of_the_documentation_is_a_dialogue(self) -> None:
        """What the package shows as the format must be readable."""
        example = (package.__doc__ or "").split("\n\n")[2].replace("\\\\", "\\\\")

        dialogue = parse("\n".join(line[4:] for line in example.splitlines()))

        assert [step.action for step in dialogue.steps] == [
            *("dial", "press", "repeat", "press", "end", "drop", "sms", "write", "stk"),
            *("press", "phone", "outside", "core", "core", "outside"),
        ]
        assert dialogue.name == "borrow quick"
        assert dialogue.phones == {"+254711000001", "+254711000002"}
        assert dialogue.steps[3].capture["ref"].pattern == "LN\\w+"

    def test_checks_are_read_with_their_step(self) -> None:
        """A list asks for parts, a plain text for the whole screen."""
        dialogue = parse(HEAD + '  - dial: "*383#"\n    see: [a, b]\n    not: c\n  - press: 1\n    see: Whole screen\n')

        first, second = dialogue.steps
        assert (first.see, first.hide, first.whole) == (("a", "b"), ("c",), None)
        assert (second.see, second.whole) == ((), "Whole screen")

    @pytest.mark.parametrize("typed", ["00", "0711000002", "1_000", "true", "0x10", "1e3", "2026-08-05"])
    def test_what_is_typed_is_never_reinterpreted(self, typed: str) -> None:
        """YAML would read some of these as numbers, dates or truth values."""
        [_, step] = parse(HEAD + f'  - dial: "*383#"\n  - press: {typed}\n').steps

        assert step.value == typed

    def test_an_amount_is_kept_in_cents(self) -> None:
        """Written as people write money."""
        [step] = parse(HEAD + '  - stk: pay\n    amount: "2,160.50"\n').steps

        assert step.amount_cents == 216_050

    def test_another_phone_can_take_the_first_part(self) -> None:
        """Steps that come back to the first phone follow it."""
        dialogue = parse(
            HEAD
            + '  - dial: "*383#"\n  - phone: "0711000002"\n  - dial: "*383#"\n  - phone: "0711000001"\n'
            + "  - drop: true\n"
        )

        moved = dialogue.on("0711000009")

        assert moved.phone == "+254711000009"
        assert [step.value for step in moved.steps if step.action == "phone"] == [
            "+254711000002",
            "+254711000009",
        ]

    def test_phones_have_names(self) -> None:
        """A step may be on a phone of its own, by its name or by its number, and a name may be the first phone."""
        dialogue = parse(
            'name: x\nphone: borrower\nphones: {borrower: "0711000001", lender: "0711000002"}\nsteps:\n'
            '  - dial: "*383#"\n    on: lender\n  - drop: true\n    on: "0711 000 009"\n  - phone: lender\n'
        )

        assert [step.on for step in dialogue.steps] == ["+254711000002", "+254711000009", ""]
        assert dialogue.steps[2].value == "+254711000002"
        assert dialogue.phones == {"+254711000001", "+254711000002", "+254711000009"}

    def test_a_step_on_the_first_phone_follows_another_one_in_its_place(self) -> None:
        """By whichever word it says so."""
        dialogue = parse(HEAD + '  - dial: "*383#"\n    on: "0711000001"\n  - drop: true\n    on: "0711000002"\n')

        moved = dialogue.on("0711000009")

        assert [step.on for step in moved.steps] == ["+254711000009", "+254711000002"]

    def test_a_fault_is_read_with_its_rate_and_seed(self) -> None:
        """Both may be left out."""
        dialogue = parse(
            HEAD + "  - outside: {api: sms, fault: drop}\n  - outside: {api: b2c, fault: slow, rate: 0.5, seed: 7}\n"
        )

        first, second = (step.fault for step in dialogue.steps)
        assert first == Fault("sms", "drop", 1.0, 1)
        assert second == Fault("b2c", "slow", 0.5, 7)

    def test_a_file_is_read_by_its_path(self, tmp_path: Path) -> None:
        """The path is what complaints will name."""
        path = tmp_path / "balance.yaml"
        path.write_text(HEAD + '  - dial: "*383#"\n')

        assert load(path).file == str(path)

    def test_a_file_that_is_no_text_is_refused(self, tmp_path: Path) -> None:
        """Another kind of file is a complaint like any other."""
        path = tmp_path / "picture.yaml"
        path.write_bytes(b"\xff\xfe\x00")

        with pytest.raises(DialogueError, match=r"picture\.yaml.*UTF-8"):
            load(path)


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("", "a dialogue must be words with values"),
            ("- a", "a dialogue must be words with values"),
            ('phone: "0711000001"\nsteps: [{drop: true}]', "'name' is missing"),
            ("name: x\nsteps: [{drop: true}]", "'phone' is missing"),
            ("name: x\nphone: Amina\nsteps: [{drop: true}]", "f.yaml:2: 'Amina' is not a Kenyan"),
            ("name: x\nphone: 0711000001\nsteps: []", "f.yaml:3: 'steps' must be a list"),
            ("name: x\nphone: 0711000001\nstep: 1\nsteps: [{drop: true}]", "f.yaml:3: unknown word 'step'"),
            (
                "name: x\nname: y\nphone: 0711000001\nsteps: [{drop: true}]",
                "f.yaml:2: 'name' stands here twi",
            ),
            ("name: [x]\nphone: 0711000001\nsteps: [{drop: true}]", "'name' must be one text"),
            (HEAD + "  - dial: *383#", "f.yaml:4: .*put quotes around"),
            (HEAD + '  - dial: "383"', 'f.yaml:4: step 1: a code looks like "'),
            (HEAD + '  - dial: ""', "step 1: 'dial' is empty"),
            (
                HEAD + "  - drop: true\n  - pres: 1",
                "f.yaml:5: step 2: a step does exactly one of .* has pres",
            ),
            (HEAD + '  - dial: "*383#"\n    press: 1', "step 1: .*this one does dial, press"),
            (HEAD + "  - drop: maybe", "step 1: 'drop' can only be true"),
            (HEAD + "  - drop: true\n    see: a", "f.yaml:5: step 1: 'see' does not go with 'drop'"),
            (HEAD + "  - stk: steal", "step 1: a prompt is answered with one of .* not 'steal'"),
            (HEAD + "  - stk: pay\n    amount: much", "f.yaml:5: step 1: 'much' is not an amount"),
            (HEAD + "  - phone: 12", "step 1: '12' is not a Kenyan"),
            (HEAD + "  - phone: [a]", "step 1: 'phone' must be one text"),
            (HEAD + "  - sms: [a, {b: c}]", "step 1: 'each text' must be one text"),
            (HEAD + "  - sms: {a: b}", "step 1: a text or a list of texts"),
            (HEAD + "  - sms: a\n    capture: {x: '('}", "step 1: 'x' is no regular expression"),
            (HEAD + "  - sms: a\n    capture: {a b: c}", "step 1: 'a b' is no name"),
            (HEAD + "  - sms: a\n    capture: c", "step 1: 'capture' must be words with values"),
            (HEAD + "  - phone: lender", "step 1: 'lender' is not a Kenyan"),
            (HEAD + "  - sms: a\n    on: lender", "f.yaml:5: step 1: 'lender' is not a Kenyan"),
            (HEAD + '  - phone: "0711000002"\n    on: "0711000002"', "'on' does not go with 'phone'"),
            (HEAD + "  - core: sideways", "f.yaml:4: step 1: the core can only be down, up"),
            (HEAD + "  - outside: bad", "step 1: 'outside' is a fault such as"),
            (HEAD + "  - outside: {api: sms}", "step 1: a fault needs fault"),
            (HEAD + "  - outside: {api: sms, fault: drop, at: 1}", "step 1: unknown word 'at'"),
            (HEAD + "  - outside: {api: sms, fault: drop, rate: 2}", "step 1: 'rate' is a number from 0 to 1"),
            (HEAD + "  - outside: {api: sms, fault: drop, seed: x}", "'seed' a whole number"),
            ("phones: {Lender: 0711000002}\n" + HEAD + "  - drop: true", "f.yaml:1: 'Lender' cannot name a phone"),
            ("phones: {lender: 12}\n" + HEAD + "  - drop: true", "f.yaml:1: '12' is not a Kenyan"),
            ("needs: rain\n" + HEAD + "  - drop: true", "f.yaml:1: 'needs' can only be outside"),
            (HEAD + "  - sms: '{{ref}}'", r"f.yaml:4: step 1: nothing before captures \{\{ref\}\}"),
            (HEAD + "  - sms: '{{r}}'\n    capture: {r: b}", r"step 1: nothing before captures \{\{r\}\}"),
        ],
    )
    def test_a_complaint_names_file_line_step_and_reason(self, text: str, complaint: str) -> None:
        """Each mistake has words of its own."""
        with pytest.raises(DialogueError, match=f"(?s){complaint}") as caught:
            parse(text, file="f.yaml")

        assert str(caught.value).startswith("f.yaml")

    @given(st.text(max_size=200))
    def test_no_text_breaks_the_reader(self, text: str) -> None:
        """Whatever the file holds, it is a dialogue or a complaint."""
        try:
            parse(text)
        except DialogueError as complaint:
            assert str(complaint).startswith("dialogue")

    @given(
        st.recursive(
            st.text("adil:*#{}\"'- ", max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["dial", "see"]), inner),
            max_leaves=6,
        )
    )
    def test_no_step_breaks_the_reader(self, step: object) -> None:
        """Nor does anything in the place of a step."""
        try:
            parse(f"name: x\nphone: 0711000001\nsteps: [{step!r}]")
        except DialogueError as complaint:
            assert str(complaint).startswith("dialogue")
