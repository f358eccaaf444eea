from pathlib import Path

import pytest

from menus.catalogue import CatalogueError, load
from tests.menus.menu_files import MenuFiles


@pytest.fixture
def files(tmp_path: Path) -> MenuFiles:
    return MenuFiles(tmp_path)


class TestLoading:
    def test_the_menus_as_they_come_are_usable(self) -> None:
        """English and Swahili, with the organisation's own names put in."""
        catalogue = load()

        assert dict(catalogue.names) == {"en": "English", "sw": "Kiswahili"}
        assert catalogue.words("en", "view.pin").text.source == "Enter Nyota PIN"

    def test_constants_are_the_organisations_own(self, files: MenuFiles) -> None:
        """No text of ours names Nyota by itself."""
        constants = {
            "name": "Pwani", "code": "*500#", "help_line": "0800", "paybill": "1", "terms_link": "t", "data_link": "d",
        }  # fmt: skip

        catalogue = load(files.folder, constants)

        texts = [path.read_text(encoding="utf-8") for path in files.folder.glob("??.yaml")]
        assert not any("Nyota" in text for text in texts)
        assert catalogue.words("sw", "view.pin").text.source == "Weka PIN ya Pwani"

    def test_the_version_changes_with_a_word(self, files: MenuFiles) -> None:
        """A session knows which words it was shown."""
        before = files.load().version

        files.change("sw.yaml", "Salio, borrow", "Salio lako, borrow")

        assert files.load().version != before
        assert load().version == before

    def test_a_line_for_the_staff_names_its_role(self, files: MenuFiles) -> None:
        """Every other line is for everybody; what is neither flow nor role is refused."""
        roles = {item.flow: item.role for item in load().menu}
        assert roles["officer"] == "officer"
        assert {role for flow, role in roles.items() if flow != "officer"} == {""}

        files.change("main.yaml", "role: officer}", "rolle: officer}")
        with pytest.raises(CatalogueError, match=r"main\.yaml"):
            files.load()

    def test_an_e_mail_has_a_subject_and_a_body(self) -> None:
        """In the language asked for."""
        values = {"first_name": "Baraka", "code": "482913", "by": "10:52"}
        subject, body = load().mail("sw", "code", values)

        assert subject == "Code yako ya Nyota: 482913"
        assert body.startswith("Habari Baraka,\n\ncode yako ni 482913.")

    def test_a_missing_translation_is_said_in_the_default_language(self, files: MenuFiles) -> None:
        """A screen in the wrong language is better than none."""
        files.change("sw.yaml", '    cancelled: "Umeghairi. Hakuna kilichotumwa wala kulipwa."\n', "")

        assert files.load().words("sw", "repay.cancelled").text.source.startswith("Cancelled.")

    def test_an_unknown_language_is_the_default_one(self) -> None:
        """Also before anybody chose."""
        catalogue = load()

        assert catalogue.language("").code == catalogue.language("luo").code == "en"


class TestRefusing:
    @pytest.mark.parametrize(
        ("file", "old", "new", "said"),
        [
            ("en.yaml", "language: en", "language: [", "en.yaml"),
            ("en.yaml", "language: en", "", "language"),
            ("sw.yaml", "language: sw", "language: en", "sw.yaml"),
            ("sw.yaml", "navigation:", "directions:", "navigation"),
            ("en.yaml", "  view:\n    pin:", "  view:\n    pin: x\n    pin:", "repeated key"),
            ("en.yaml", 'Enter $name PIN"\n  balance', 'Enter $brand PIN"\n  balance', "brand"),
            ("en.yaml", 'text: "{loan}"\n', 'text: "{loan"\n', "en.yaml"),
            ("en.yaml", "text: Help\n", "text: Help\n      colour: red\n", "help.menu"),
            ("main.yaml", "default_language: en", "default_language: luo", "default language"),
            ("sw.yaml", "Jan, Feb", "Jan", "twelve months"),
            ("main.yaml", "codes:", "kodes:", "codes"),
        ],
    )
    def test_a_broken_file_never_becomes_a_catalogue(
        self, files: MenuFiles, file: str, old: str, new: str, said: str
    ) -> None:
        """The reason names the file and what is wrong in it."""
        files.change(file, old, new)

        with pytest.raises(CatalogueError, match="yaml") as refused:
            files.load()

        assert said in str(refused.value)

    def test_a_folder_without_a_menu_is_refused(self, tmp_path: Path) -> None:
        """Digits are not guessed."""
        with pytest.raises(CatalogueError, match=r"main\.yaml: missing"):
            load(tmp_path)


class TestSentences:
    def test_a_missing_value_is_named(self) -> None:
        """An SMS that lacks a value is not sent half empty."""
        with pytest.raises(KeyError, match="first_name"):
            load().message("en", "register.welcome", {})
