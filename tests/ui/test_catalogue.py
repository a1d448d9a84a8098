from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fakes import RATES
from hub_server import Fault, HubServer
from models.downloading import SHARDS, gguf, shards
from sottovoce.domain.hardware import Machine
from sottovoce.domain.model import Role
from sottovoce.domain.policy import Policy
from sottovoce.models.catalogue import Catalogue, catalogue
from sottovoce.models.fit import Verdict
from sottovoce.models.records import read_record, record_place
from sottovoce.models.repository import Gate, RemoteFile, Repository
from sottovoce.system.paths import Profile
from sottovoce.ui.link_dialog import LinkDialog
from sottovoce.ui.models.catalogue_card import FamilyCard
from sottovoce.ui.models.catalogue_offers import Here, families, offers_of
from sottovoce.ui.models.catalogue_tab import CatalogueTab
from sottovoce.ui.models.downloads_view_model import Step
from sottovoce.ui.models.licence_dialog import LicenceDialog
from sottovoce.ui.network.switch_dialog import SwitchDialog
from sottovoce.ui.network.token_dialog import TokenDialog
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from ui.hub_window import HubWindow, hub_window, none_shown, shown

LLAMA = "bartowski/Llama-3.2-1B-Instruct-GGUF"
FOUND = "anna/wonder-GGUF"
SECRET = "anna/wonder-secret-GGUF"
SMALL = gguf(200_000, seed=3)


@pytest.fixture
def hub() -> Iterator[HubServer]:
    small = {"wonder-Q4_K_M.gguf": SMALL}
    repositories = {
        LLAMA: {"Llama-3.2-1B-Instruct-Q8_0.gguf": SMALL},
        FOUND: {**small, **shards(100_000)},
        SECRET: small,
    }
    with HubServer(repositories, gated=[SECRET], token="hf_goodtoken") as server:
        yield server


@pytest.fixture
def window(qtbot: QtBot, profile: Profile, tasks: Tasks, hub: HubServer) -> Iterator[HubWindow]:
    yield hub_window(qtbot, profile, tasks, endpoint=hub.url, is_on=False)
    tasks.close()


@pytest.fixture
def tab(qtbot: QtBot, window: HubWindow, look: Look) -> CatalogueTab:
    tab = CatalogueTab(window.catalogue, window.network, window.token, look)
    qtbot.addWidget(tab)
    tab.resize(800, 600)
    tab.show()
    qtbot.waitUntil(lambda: len(tab.cards()) == len(catalogue().entries))
    return tab


def card(tab: CatalogueTab, id_: str) -> FamilyCard:
    return next(card for card in tab.cards() if card.family.entry.id == id_)


def unpinned(card: FamilyCard) -> str:
    """A quantisation whose files only the hub knows; empty if there is none."""
    offers = (o for o in card.family.offers if o.variant and not o.variant.files)
    return next((offer.label for offer in offers), "")


def search_hub(qtbot: QtBot, tab: CatalogueTab, text: str) -> None:
    tab.search.setText(text)
    qtbot.waitUntil(lambda: tab.ask_hub.isVisible() and text in tab.ask_hub.text())
    tab.ask_hub.click()


def done(qtbot: QtBot, window: HubWindow) -> None:
    qtbot.waitUntil(lambda: [row.step for row in window.downloads.rows] == [Step.DONE])


def test_each_model_says_what_it_is_good_for_and_how_it_would_do_here(
    qtbot: QtBot, tab: CatalogueTab
) -> None:
    small = card(tab, "llama-3.2-1b-instruct")
    qtbot.waitUntil(lambda: any(offer.is_usual for offer in small.family.offers))
    words = " ".join(part.text() for part in small.findChildren(QLabel) if part.isVisible())
    entry = small.family.entry
    for said in (
        entry.name,
        entry.note,
        entry.licence.name,
        "Meta",
        "Recommended",
        "Runs on your processor",
    ):
        assert said in words
    assert entry.name in small.table.line("Q4_K_M").act.accessibleName()


def test_all_sizes_are_there_when_they_are_asked_for(qtbot: QtBot, tab: CatalogueTab) -> None:
    table = card(tab, "llama-3.1-8b-instruct").table
    qtbot.waitUntil(lambda: len(table.folded) == 1)
    buttons = [b for b in table.findChildren(QPushButton) if b.isVisible()]
    assert len(buttons) == 1
    table.fold.click()
    offers = card(tab, "llama-3.1-8b-instruct").family.offers
    buttons = [b for b in table.findChildren(QPushButton) if b.isVisible()]
    assert len(buttons) == len(offers)
    assert [offer.size for offer in offers] == sorted(offer.size for offer in offers)
    table.fold.click()
    assert len([b for b in table.findChildren(QPushButton) if b.isVisible()]) == 1


def test_the_list_is_narrowed_by_words_kind_language_and_fit(
    qtbot: QtBot, tab: CatalogueTab
) -> None:
    everything = len(tab.cards())
    tab.search.setText("guard")
    qtbot.waitUntil(lambda: {c.family.entry.role for c in tab.cards()} == {Role.GUARD})
    tab.search.setText("")
    qtbot.waitUntil(lambda: len(tab.cards()) == everything)
    tab.role.setCurrentText("For documents")
    assert {c.family.entry.role for c in tab.cards()} == {Role.EMBEDDING, Role.RERANKER}
    tab.role.setCurrentIndex(0)
    tab.language.setCurrentText("Thai")
    assert all(
        "th" in c.family.entry.languages or not c.family.entry.languages for c in tab.cards()
    )
    tab.language.setCurrentIndex(0)
    tab.only_fitting.setChecked(True)
    assert all(c.family.runs for c in tab.cards())
    assert 0 < len(tab.cards()) < everything


def test_where_nothing_is_like_that_it_says_what_to_do(qtbot: QtBot, tab: CatalogueTab) -> None:
    tab.search.setText("no such model")
    qtbot.waitUntil(lambda: not tab.cards())
    words = " ".join(part.text() for part in tab.findChildren(QLabel) if part.isVisible())
    assert "Search the hub for it" in words


def test_a_model_with_terms_is_downloaded_only_after_they_were_accepted(
    qtbot: QtBot, tab: CatalogueTab, window: HubWindow, hub: HubServer
) -> None:
    wanted = card(tab, "llama-3.2-1b-instruct")
    qtbot.waitUntil(lambda: any(offer.is_usual for offer in wanted.family.offers))
    wanted.table.fold.click()
    wanted.table.line("Q8_0").act.click()
    licence = shown(tab, LicenceDialog)
    words = " ".join(part.text() for part in licence.findChildren(QLabel))
    assert "Built with Llama" in words
    assert not licence.go_on.isEnabled()
    next(b for b in licence.findChildren(QPushButton) if b.text() == "At its source…").click()
    link = shown(licence, LinkDialog)
    link.reject()
    licence.agree.click()
    licence.go_on.click()

    switch = shown(tab, SwitchDialog)
    assert any("127.0.0.1" in part.text() for part in switch.findChildren(QLabel))
    assert hub.asked == []
    assert not window.downloads.rows
    switch.turn_on.click()
    done(qtbot, window)
    (row,) = window.downloads.rows
    assert row.path is not None
    record = read_record(record_place(row.path))
    assert record is not None
    assert record.acceptance is not None
    assert record.acceptance.licence == "Llama 3.2 Community License"
    use = wanted.table.line("Q8_0").act
    qtbot.waitUntil(lambda: use.text() == "Use")
    with qtbot.waitSignal(tab.use_asked) as asked:
        use.click()
    assert asked.args == [row.path]
    # It was switched on for the download alone.
    qtbot.waitUntil(lambda: not window.network.is_on)


def test_staying_offline_sends_nothing(
    qtbot: QtBot, tab: CatalogueTab, window: HubWindow, hub: HubServer
) -> None:
    search_hub(qtbot, tab, "wonder")
    switch = shown(tab, SwitchDialog)
    assert not switch.until_rest.isVisible()
    qtbot.keyClick(switch, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: none_shown(tab))
    assert hub.asked == []
    assert not window.network.is_on
    assert window.catalogue.searched_for == ""


def test_what_is_found_on_the_hub_is_looked_into_and_downloaded(
    qtbot: QtBot, tab: CatalogueTab, window: HubWindow, hub: HubServer
) -> None:
    search_hub(qtbot, tab, "wonder")
    shown(tab, SwitchDialog).turn_on.click()
    qtbot.waitUntil(lambda: len(tab.listings()) == 2)
    assert window.network.is_on
    found = next(each for each in tab.listings() if each.listing.found.repository == FOUND)
    words = " ".join(part.text() for part in found.findChildren(QLabel))
    assert "1,234 downloads a month · 56 likes" in words
    found.look_into.click()
    qtbot.waitUntil(lambda: len(found.listing.offers) == 2)
    sharded = next(offer for offer in found.listing.offers if offer.count == 3)
    found.table.line(sharded.label).act.click()
    done(qtbot, window)
    (row,) = window.downloads.rows
    assert len(row.choice.files) == len(SHARDS)
    act = found.table.line(sharded.label).act
    qtbot.waitUntil(lambda: act.text() == "Use")
    tab.search.clear()
    window.catalogue.stop_search()
    assert tab.listings() == []


def test_a_gated_repository_asks_for_a_token_before_it_is_refused(
    qtbot: QtBot, tab: CatalogueTab, window: HubWindow, hub: HubServer
) -> None:
    with qtbot.waitSignal(window.network.changed):
        window.network.turn_on()
    search_hub(qtbot, tab, "secret")
    qtbot.waitUntil(lambda: len(tab.listings()) == 1)
    (found,) = tab.listings()
    assert any(part.text() == "Asks who you are" for part in found.findChildren(QLabel))
    found.look_into.click()
    qtbot.waitUntil(lambda: len(found.listing.offers) == 1)
    found.table.line(found.listing.offers[0].label).act.click()
    dialog = shown(tab, TokenDialog)
    dialog.field.setText("two words")
    dialog.keep.click()
    qtbot.waitUntil(lambda: any("no access token" in p.text() for p in dialog.findChildren(QLabel)))
    dialog.field.setText("hf_goodtoken")
    dialog.keep.click()
    done(qtbot, window)


def test_a_hub_that_fails_is_told_in_a_sentence(
    qtbot: QtBot, tab: CatalogueTab, window: HubWindow, hub: HubServer
) -> None:
    with qtbot.waitSignal(window.network.changed):
        window.network.turn_on()
    hub.fault(Fault("/api/models", times=99, status=503))
    search_hub(qtbot, tab, "wonder")
    qtbot.waitUntil(tab.banner.isVisible)
    assert "troubles of its own" in tab.banner.sentence
    assert not window.catalogue.is_searching
    qtbot.waitUntil(lambda: window.network.use == "")


def test_speeds_are_there_once_the_computer_was_measured(
    qtbot: QtBot, tab: CatalogueTab, profile: Profile
) -> None:
    wanted = card(tab, "llama-3.2-1b-instruct")
    qtbot.waitUntil(tab.measure.isVisible)
    assert not any("tokens/s" in offer.says for offer in wanted.family.offers)
    tab.measure.click()
    qtbot.waitUntil(lambda: "tokens/s" in wanted.family.offers[0].says)
    assert not tab.measure.isVisible()
    assert profile.speed.exists()


def test_escape_empties_the_search_before_it_leaves_the_page(
    qtbot: QtBot, tab: CatalogueTab
) -> None:
    tab.search.setFocus()
    tab.search.setText("guard")
    qtbot.keyClick(tab.search, Qt.Key.Key_Escape)
    assert tab.search.text() == ""


def test_speeds_are_told_where_they_were_measured() -> None:
    laptop = Machine("a laptop", (), cores=4, memory=16 << 30, available=12 << 30)
    told = {family.entry.id: family for family in families(catalogue(), Here(laptop, RATES))}
    (usual,) = [o for o in told["llama-3.1-8b-instruct"].offers if o.is_usual]
    assert usual.label == "Q4_K_M"
    assert "tokens/s" in usual.says
    largest = told["llama-3.1-405b-instruct"]
    assert not largest.runs
    assert not any(offer.is_usual for offer in largest.offers)
    assert "Too large: needs" in largest.offers[0].says


def test_what_would_be_slow_is_not_recommended() -> None:
    server = Machine("slow and large", (), cores=4, memory=64 << 30, available=60 << 30)
    told = {family.entry.id: family for family in families(catalogue(), Here(server, RATES))}
    (usual,) = [o for o in told["llama-3.1-70b-instruct"].offers if o.is_usual]
    assert usual.verdict is Verdict.SLOWLY
    assert not usual.is_recommended


def test_a_model_that_the_hub_has_no_more_leaves_the_network_as_it_was(
    qtbot: QtBot, tab: CatalogueTab, window: HubWindow
) -> None:
    wanted = next(
        each for each in tab.cards() if not each.family.entry.licence.must_accept and unpinned(each)
    )
    wanted.table.fold.click()
    wanted.table.line(unpinned(wanted)).act.click()
    shown(tab, SwitchDialog).turn_on.click()
    qtbot.waitUntil(tab.banner.isVisible)
    assert wanted.family.offers[0].repository in tab.banner.sentence
    qtbot.waitUntil(lambda: not window.network.is_on)


def test_files_of_a_repository_are_called_by_what_tells_them_apart() -> None:
    def sizes(*names: str) -> list[str]:
        files = tuple(RemoteFile(name, 10 + place, "a" * 64) for place, name in enumerate(names))
        repository = Repository("a/b", "c" * 40, files, gate=Gate.OPEN, licence="")
        return [offer.label for offer in offers_of(repository, Here())]

    assert sizes("big-8B-Q4_K_M.gguf", "big-8B-Q4_K_S.gguf") == ["Q4_K_M", "Q4_K_S"]
    assert sizes("big.Q2_K.gguf", "big.Q8_0.gguf") == ["Q2_K", "Q8_0"]
    assert sizes("alone-f16.gguf") == ["alone-f16"]
    assert sizes("Q4/a-00001-of-00002.gguf", "Q4/a-00002-of-00002.gguf", "Q8/b.gguf") == ["b", "a"]


def test_models_that_administrators_do_not_allow_are_not_offered(qtbot: QtBot, look: Look) -> None:
    entry = next(e for e in catalogue().entries if all(each.files for each in e.variants))
    *forbidden, allowed = entry.variants
    policy = Policy(models=frozenset(file.sha256 or "" for file in allowed.files))
    laptop = Machine("a laptop", (), cores=4, memory=16 << 30, available=12 << 30)
    [family] = families(Catalogue((entry,), ()), Here(laptop, RATES, policy=policy))
    assert [each.label for each in family.offers if each.is_usual] == [allowed.quantisation]
    card = FamilyCard(family, look)
    qtbot.addWidget(card)
    card.table.fold.click()
    for variant in forbidden:
        line = card.table.line(variant.quantisation)
        assert line.says.text() == "Not allowed by your administrator"
        assert not line.act.isEnabled()
    assert card.table.line(allowed.quantisation).act.isEnabled()
