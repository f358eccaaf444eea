from pathlib import Path

import pytest

from menus.catalogue import load
from menus.check import Finding, Places, check
from tests.menus.menu_files import MenuFiles


@pytest.fixture
def files(tmp_path: Path) -> MenuFiles:
    return MenuFiles(tmp_path)


class TestWordsAsTheyCome:
    def test_nothing_is_wrong_with_them(self) -> None:
        """English and Swahili agree, and every SMS fits one part with the longest values."""
        assert check(load()) == []


class TestPlantedMistakes:
    @pytest.mark.parametrize(
        ("file", "old", "new", "line", "said"),
        [
            ("sw.yaml", '    cancelled: "Umeghairi. Hakuna kilichotumwa wala kulipwa."\n', "", "repay:",
             "repay.cancelled is not translated"),
            ("sw.yaml", "  view:\n", '  view:\n    pun: "?"\n', "pun:", "view.pun is not in the default language"),
            ("sw.yaml", "clear: {text: \"Pochi {wallet}\\nAkiba {savings}\\n", "clear: {text: \"Pochi {wallet}\\n",
             "clear:", "{savings} only in one language"),
            ("sw.yaml", "Malipo yajayo {next}", "Malipo yajayo", "options: {next", "{next} only in one language"),
            ("sw.yaml", "options: {pay: Lipa, cancel: Ghairi}", "options: {cancel: Ghairi, pay: Lipa}",
             "options: {cancel: Ghairi", "options are cancel, pay, not pay, cancel"),
            ("en.yaml", "Nearest agents:", "Nearest agents – today:", "agent: {text", "not every phone can show '–'"),
            ("en.yaml", "Cancelled. Nothing was", "Cancelled. {nothing} was", "cancelled: \"Cancelled. {n",
             "nobody knows a slot {nothing}"),
            ("en.yaml", "Cancelled. Nothing was", "Cancelled. {} was", "cancelled: \"Cancelled. {}",
             "nobody knows a slot {}"),
            ("en.yaml", "{penalty:bare})", "{penalty:plain})", "text: \"{loan} {product}, {days} late", "'plain'"),
            ("en.yaml", "complaint: Complaint,", "complaint: Report fraud,", "options: {paid:",
             "help.menu: two options say 'Report fraud'"),
            ("en.yaml", "You owe nothing. Help: $code then 9\"\n    refused", "You owe nothing at all, we promise you "
             "that, and nobody will ask. Help: $code then 9\"\n    refused", "unpaid:", "SMS borrow.unpaid can take"),
            ("en.yaml", "  pin:\n    changed", "  pin:\n    sent: x\n    changed", "sent: x",
             "nobody sends an SMS pin.sent"),
            ("en.yaml", "If this was not you, call $help_line now.\"\n    locked", "Ref {reference}.\"\n    locked",
             "changed: \"Your $name PIN is changed. Ref", "SMS pin.changed never gets a {reference}"),
            ("main.yaml", "  9: help", "  98: help", "98:", "'98' cannot be a choice of the menu"),
            ("main.yaml", "  9: help", "  x: help", "x:", "'x' cannot be a choice of the menu"),
            ("main.yaml", "  5: approve", "  5: help", "5:", "help is in the menu twice"),
        ],
    )  # fmt: skip
    def test_each_kind_is_found_with_its_file_and_line(
        self, files: MenuFiles, file: str, old: str, new: str, line: str, said: str
    ) -> None:
        """What is wrong, and where to put it right."""
        files.change(file, old, new)

        found = [str(finding) for finding in check(files.load())]

        place = f"{files.folder / file}:{files.line_of(file, line)}: "
        assert any(text.startswith(place) and said in text for text in found), "\n".join(found)

    def test_an_sms_without_words_is_found_in_every_language(self, files: MenuFiles) -> None:
        """Nobody finds out when it should be sent."""
        for file, words in (("en.yaml", "loan {loan} is paid already"), ("sw.yaml", "mkopo {loan} ulikuwa umelipwa")):
            text = (files.folder / file).read_text(encoding="utf-8")
            whole = next(row for row in text.splitlines(keepends=True) if words in row)
            files.change(file, whole, "")

        found = [finding.message for finding in check(files.load())]

        assert found == ["SMS repay.nothing has no words"] * 2

    def test_an_e_mail_without_words_or_with_a_slot_that_nobody_fills_is_found(self, files: MenuFiles) -> None:
        """As with an SMS."""
        files.change("en.yaml", '    subject: "Your $name code: {code}"\n', "")
        files.change("sw.yaml", "taarifa yako kutoka {since} hadi {until} imeambatishwa.", "taarifa yako ya {receipt}.")

        found = [finding.message for finding in check(files.load())]

        assert {"e-mail code.subject has no words", "e-mail statement.body never gets a {receipt}"} <= set(found)

    def test_a_paper_without_words_or_with_a_slot_that_nobody_fills_is_found(self, files: MenuFiles) -> None:
        """As with an e-mail."""
        files.change("en.yaml", "    closing: Closing balance\n", "")
        files.change("sw.yaml", "Kutoka mkopo {about}", "Kutoka mkopo {loan}")
        files.change("sw.yaml", "  link:\n    title: Taarifa yako\n", "  link:\n    tittle: Taarifa yako\n")

        found = {finding.message for finding in check(files.load())}

        assert found >= {
            "paper fact.closing has no words",
            "paper line.loan_in never gets a {loan}",
            "paper link.title has no words",
            "no paper says link.tittle",
        }


class TestPlaces:
    def test_an_entry_that_is_not_there_has_the_line_of_the_nearest_above_it(self) -> None:
        """A text that is missing points to where it belongs."""
        places = Places(load())

        assert places.find("en", "screens", "borrow", "nothing") == places.find("en", "screens", "borrow")

    def test_a_finding_reads_as_file_line_and_message(self) -> None:
        """As editors and people expect it."""
        assert str(Finding("menus/en.yaml", 7, "no step says it")) == "menus/en.yaml:7: no step says it"
