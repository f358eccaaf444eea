"""Menus edited while people are dialling: new sessions read the new words, old ones go on, broken files change none."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.config import Config, Menus
from gateway.dialogue import menus_of
from gateway.errors import Misconfigured
from gateway.live import VERSIONS_MAX, LiveMenus
from menus.catalogue import FOLDER
from tests.house import House, Houses
from tests.meddling import AMINA
from tests.servers import wait_until

GREETING = 'text: "$name: {first_name}"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The menus that come with the program, to be edited."""
    copy = tmp_path / "menus"
    copy.mkdir()
    for path in FOLDER.glob("*.yaml"):
        shutil.copy(path, copy)
    return copy


@pytest.fixture
async def edited(folder: Path, tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        houses = Houses(stack, tmp_path, fresh_sqlite, fresh_redis)
        yield await houses.build(works=False, menus={"folder": folder, "reload_seconds": 0.02})


def live(folder: Path) -> LiveMenus:
    return menus_of(Config(menus=Menus(folder=folder)))


def write(path: Path, before: str, after: str) -> None:
    """Edit as an editor does: a new file in the place of the old one."""
    content = path.read_text(encoding="utf-8")
    assert before in content
    draft = path.with_suffix(".draft")
    draft.write_text(content.replace(before, after, 1), encoding="utf-8")
    draft.replace(path)


class TestRefreshing:
    """What is taken over, and what is not."""

    def test_an_edited_word_is_in_force_after_a_look(self, folder: Path) -> None:
        """With a version of its own."""
        menus = live(folder)
        before = menus.version
        write(folder / "en.yaml", "Your two names, as on your ID?", "Both your names, as on your ID?")

        assert menus.refresh()
        assert menus.version != before
        assert menus.catalogue.words("en", "register.name").text.source.startswith("Both your names")

    def test_nothing_edited_is_nothing_read(self, folder: Path) -> None:
        """A look costs a listing."""
        menus = live(folder)
        engine = menus.engine

        assert not menus.refresh()
        assert menus.engine is engine

    @pytest.mark.parametrize(
        ("file", "before", "after", "said"),
        [
            ("en.yaml", "screens:", "screens: [", "en.yaml"),
            ("sw.yaml", GREETING, 'text: "$nobody: {first_name}"', "nobody"),
            ("sw.yaml", GREETING, 'text: "$name: {surname}"', "surname"),
            ("en.yaml", GREETING, f'text: "{"W" * 170}"', "menu.main"),
            ("main.yaml", "default_language: en", "default_language: fr", "main.yaml"),
        ],
    )
    def test_a_broken_file_keeps_the_last_good_words(
        self, folder: Path, file: str, before: str, after: str, said: str
    ) -> None:
        """It is logged with what is wrong, and said until it is mended."""
        menus = live(folder)
        engine = menus.engine
        write(folder / file, before, after)

        with capture_logs() as logs:
            assert not menus.refresh()

        assert menus.engine is engine
        assert said in menus.problem
        assert [entry["event"] for entry in logs] == ["menus_refused"]

    def test_what_looks_like_a_day_and_is_none_is_a_broken_file_too(self, folder: Path) -> None:
        """Words without quotes, as somebody in a hurry writes them."""
        menus = live(folder)
        write(folder / "en.yaml", GREETING, "text: 2026-02-30")

        assert not menus.refresh()

        assert "en.yaml" in menus.problem

    def test_a_file_that_goes_away_in_the_middle_is_looked_at_again(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An editor puts another one in its place; nobody has to save twice."""
        menus = live(folder)
        before, read_text = menus.version, Path.read_text
        write(folder / "en.yaml", "Your two names, as on your ID?", "Both your names, as on your ID?")
        monkeypatch.setattr(Path, "read_text", lambda path, **_: str((path.parent / "gone.yaml").stat()))
        assert not menus.refresh()
        problem = menus.problem
        monkeypatch.setattr(Path, "read_text", read_text)

        assert menus.refresh()

        assert "FileNotFoundError" in problem
        assert (menus.version != before, menus.problem) == (True, "")

    def test_a_mended_file_is_no_problem_any_more(self, folder: Path) -> None:
        """Even when it is what it was before."""
        menus = live(folder)
        write(folder / "en.yaml", "screens:", "screens: [")
        menus.refresh()
        write(folder / "en.yaml", "screens: [", "screens:")

        menus.refresh()

        assert menus.problem == ""

    def test_a_broken_file_at_the_start_stops_the_start(self, folder: Path) -> None:
        """There are no last good words yet."""
        write(folder / "en.yaml", "screens:", "screens: [")

        with pytest.raises(Misconfigured, match=r"en\.yaml"):
            live(folder)

    def test_old_words_are_kept_for_a_number_of_versions(self, folder: Path) -> None:
        """Then a session that still has them goes on with those in force."""
        menus = live(folder)
        versions = [menus.version]
        for number in range(VERSIONS_MAX + 1):
            write(folder / "en.yaml", "Your two names" if not number else f"Names {number - 1}", f"Names {number}")
            menus.refresh()
            versions.append(menus.version)

        assert len(set(versions)) == VERSIONS_MAX + 2
        assert len(menus._kept) == VERSIONS_MAX


class TestNames:
    """The same words for who answers in another name."""

    def test_only_the_name_is_another(self, folder: Path) -> None:
        """Without a name they are these; each is read once."""
        menus = live(folder)

        theirs = menus.called("Damza")

        assert theirs.catalogue.message("en", "texting.stranger", {}).startswith("This line has no Damza account")
        assert menus.catalogue.message("en", "texting.stranger", {}).startswith("This line has no Nyota account")
        assert menus.called("Damza") is theirs
        assert menus.called("") is menus

    def test_an_edited_word_is_in_force_under_every_name(self, folder: Path) -> None:
        """After the same look."""
        menus = live(folder)
        theirs = menus.called("Damza")
        write(folder / "en.yaml", "This line has no $name account", "There is no $name account on this line")

        assert menus.refresh()

        assert theirs.catalogue.message("en", "texting.stranger", {}).startswith("There is no Damza account")

    def test_a_name_that_the_words_have_no_room_for_is_refused(self, folder: Path) -> None:
        """With the sentence that it breaks."""
        with pytest.raises(Misconfigured, match=r"^Very Long Name Indeed does not fit the words: .*yaml"):
            live(folder).called("Very Long Name Indeed")


class TestSessionsInFlight:
    """Over HTTP, with phones in the middle of something."""

    async def test_a_session_goes_on_with_the_words_it_began_with(self, edited: House) -> None:
        """A line moved in the menu does not change what its digit meant on the screen."""
        menus = edited.gateway.tools.menus
        before = menus.version
        assert "3 Repay" in await edited.hop("", session="old")
        main = Path(edited.config.menus.folder or "") / "main.yaml"
        write(main, "  3: repay\n  4: loans\n", "  3: loans\n  4: repay\n")
        await wait_until(lambda: menus.version != before)

        assert "Repay which loan?" in await edited.hop("3", session="old")

    async def test_a_new_session_reads_the_new_menu(self, edited: House) -> None:
        """From its first screen on, and the digit does what it says."""
        menus = edited.gateway.tools.menus
        before = menus.version
        main = Path(edited.config.menus.folder or "") / "main.yaml"
        write(main, "  3: repay\n  4: loans\n", "  3: loans\n  4: repay\n")
        await wait_until(lambda: menus.version != before)

        assert "3 My loans\n4 Repay" in await edited.hop("", session="new")
        assert "Repay which loan?" in await edited.hop("4", session="new")

    async def test_health_says_what_was_refused(self, edited: House) -> None:
        """Degraded, with the file and the reason; the phones notice nothing."""
        folder = Path(edited.config.menus.folder or "")
        write(folder / "sw.yaml", "screens:", "screens: [")
        await wait_until(lambda: bool(edited.gateway.tools.menus.problem))

        async with edited.http.get(f"{edited.url}/healthz") as response:
            report = await response.json()

        assert response.status == 200
        assert report["checks"]["menus"]["status"] == "degraded"
        assert "sw.yaml" in report["checks"]["menus"]["reason"]
        assert (await edited.hop("", session="s", phone=AMINA)).startswith("CON Nyota: Amina")
