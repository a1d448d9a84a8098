"""The look as one Qt style sheet: everything the palette cannot say."""

from dataclasses import asdict
from string import Template

from sottovoce.ui.theme.tokens import BODY_PIXELS, SMALL_PIXELS, Tokens

# Names after # are object names; [kind="…"] is a property set where the widget is made.
_SHEET = Template("""
* { color: $text; font-size: 14px; selection-background-color: $selection; selection-color: $text; }
QMainWindow, QDialog, #page, #main { background: $background; }
QToolTip {
  background: $surface; color: $text; border: 1px solid $line; padding: 5px 8px;
  font-size: ${small}px; }
QLabel { background: transparent; }
QLabel[kind="muted"] { color: $muted; font-size: ${small}px; }
QLabel[kind="name"] { font-size: 15px; font-weight: 700; }
QLabel[kind="title"] { font-size: 24px; font-weight: 650; }
QLabel[kind="body"] { font-size: ${body}px; color: $muted; }
QLabel[kind="heading"] { font-size: ${body}px; font-weight: 650; }
QLabel[kind="danger"] { color: $danger; font-size: ${small}px; }
QLabel[kind="warning"] { color: $warning; font-size: ${small}px; }

QLabel[kind="badge"], QLabel[kind="badge_warning"], QLabel[kind="badge_good"] {
  color: $muted; background: $hover; border-radius: 8px; padding: 2px 9px;
  font-size: ${small}px; font-weight: 500; }
QLabel[kind="badge_warning"] { color: $warning; background: $warning_soft; }
QLabel[kind="badge_good"] { color: $good; background: $good_soft; }
QLabel[kind="good"] { color: $good; font-weight: 600; }
QLabel[kind="fine"] { color: $good; font-size: ${small}px; }
QLabel[kind="caution"] { color: $warning; font-size: ${small}px; }
QLabel[kind="warning"] { color: $warning; font-weight: 600; }

QPushButton {
  background: $surface; border: 1px solid $line; border-radius: 9px; padding: 8px 14px;
  font-weight: 500; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $chosen; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $muted; background: $hover; }
QPushButton[kind="accent"] {
  background: $accent; border-color: $accent; color: $on_accent; font-weight: 600; }
QPushButton[kind="accent"]:hover { background: $accent; border-color: $text; }
QPushButton[kind="accent"]:focus { border-color: $text; }
QPushButton[kind="accent"]:disabled { background: $hover; border-color: $line; color: $muted; }
QPushButton[kind="quiet"] { background: transparent; border: 1px solid transparent; }
QPushButton[kind="quiet"]:hover { background: $hover; }
QPushButton[kind="quiet"]:focus { border-color: $accent; }
QPushButton[kind="side"] {
  background: transparent; border: 1px solid transparent; text-align: left; padding: 9px 10px;
  font-weight: 400; }
QPushButton[kind="side"]:hover { background: $hover; }
QPushButton[kind="side"]:focus { border-color: $accent; }
QPushButton[kind="card"] {
  text-align: left; padding: 12px 16px; border-radius: 12px; font-weight: 400; }
#new_chat { text-align: left; padding: 9px 12px; }
QToolButton {
  background: transparent; border: 1px solid transparent; border-radius: 8px; padding: 6px; }
QToolButton:hover, QToolButton[popupMode="2"]:open { background: $hover; }
QToolButton:pressed { background: $chosen; }
QToolButton:focus { border-color: $accent; }
QToolButton::menu-indicator { image: none; }
#model {
  background: $surface; border: 1px solid $line; border-radius: 10px; padding: 7px 12px;
  font-weight: 500; }
#model:hover { background: $hover; }
#model:focus { border-color: $accent; }
#send { background: $accent; border-radius: 17px; padding: 0; }
#send:hover { border: 1px solid $text; }
#send:focus { border: 2px solid $text; }
#send:disabled { background: $line; }

QLineEdit, QPlainTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {
  background: $surface; border: 1px solid $line; border-radius: 9px; padding: 7px 10px; }
QLineEdit:focus, QPlainTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {
  border-color: $accent; }
QLineEdit:disabled, QPlainTextEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled,
QComboBox:disabled { color: $muted; background: $hover; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {
  width: 0; border: none; }
QAbstractSpinBox QLineEdit { background: transparent; border: none; padding: 0; }
QComboBox::drop-down { border: none; width: 28px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $line; outline: 0; }
QCheckBox { spacing: 8px; }

#sidebar { background: $sidebar; border-right: 1px solid $line; }
#chats { background: transparent; border: none; outline: 0; }
#chats QLineEdit { border-radius: 8px; padding: 5px 8px; }
#card { background: $surface; border: 1px solid $line; border-radius: 14px; }
#beside { background: $background; border-right: 1px solid $line; }
#models, #collections, #notices { background: transparent; border: none; outline: 0; }
#notices::item { padding: 5px 8px; border-radius: 7px; color: $text; }
#notices::item:hover { background: $hover; }
#notices::item:selected { background: $chosen; }
#page_head { border: none; border-bottom: 1px solid $line; }
#documents { background: transparent; border: none; outline: 0; }
#selection { background: $hover; border-radius: 11px; }
QPushButton[kind="chip"] {
  background: $hover; border: 1px solid transparent; border-radius: 8px; padding: 4px 10px;
  color: $muted; font-size: ${small}px; }
QPushButton[kind="chip"]:hover { border-color: $line; color: $text; }
QPushButton[kind="chip"]:focus { border-color: $accent; }
QPushButton[kind="toggle"]:checked { background: $chosen; border-color: $muted; }
QPushButton::menu-indicator { image: none; width: 0; }
#template {
  background: $code; border: none; border-radius: 10px; padding: 8px 10px;
  font-size: ${small}px; }
QSlider { min-height: 22px; }
QSlider::groove:horizontal { height: 4px; background: $line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal {
  background: $surface; border: 2px solid $accent; width: 12px; height: 12px; margin: -6px 0;
  border-radius: 8px; }
QSlider::handle:horizontal:focus { background: $accent; }
QSlider::sub-page:horizontal:disabled { background: $muted; }
QSlider::handle:horizontal:disabled { border-color: $muted; }
QSplitter::handle { background: transparent; }

#composer { background: $surface; border: 1px solid $line; border-radius: 20px; }
#composer QPlainTextEdit {
  background: transparent; border: none; padding: 0; font-size: ${body}px; }
#viewer {
  background: $sidebar; border-left: 1px solid $line; border-top: 1px solid $line; }
#text_view { background: $background; border: none; border-radius: 0; padding: 0; }
#page_view { background: transparent; border: none; }
#page_number { padding: 3px 4px; border-radius: 7px; font-size: ${small}px; }
QLabel[kind="drop"] {
  background: $background; border: 2px dashed $accent; border-radius: 16px; color: $accent;
  font-size: ${body}px; font-weight: 600; }
#editing { background: $hover; border-radius: 9px; }
#asked { background: $hover; border: 1px solid $line; border-radius: 9px; }
#asked QPushButton {
  background: transparent; border: 1px solid transparent; padding: 4px 5px 4px 7px;
  color: $muted; font-size: ${small}px; }
#asked QPushButton:hover { color: $text; }
#asked QPushButton:focus { border-color: $accent; }
#asked QToolButton { border-radius: 6px; padding: 2px; }
#asked QToolButton:hover { background: $line; }

#status { background: $sidebar; border-top: 1px solid $line; }
#status QLabel { color: $muted; font-size: ${small}px; }
#status QLabel[kind="strong"] { color: $text; font-weight: 600; }
#status QPushButton {
  border: 1px solid transparent; border-radius: 10px; padding: 2px 11px; font-weight: 600;
  font-size: ${small}px; }
#status QPushButton[kind="good"] { color: $good; background: $good_soft; }
#status QPushButton[kind="busy"] { color: $accent; background: $hover; }
#status QPushButton[kind="warning"] { color: $warning; background: $warning_soft; }
#status QPushButton:hover, #status QPushButton:focus { border-color: $muted; }
#status QLabel[kind="warning"] {
  color: $warning; background: $warning_soft; border-radius: 10px; padding: 2px 11px;
  font-weight: 600; }
QProgressBar {
  background: $line; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QProgressBar[level="full"]::chunk { background: $warning; }
QProgressBar[level="rest"]::chunk { background: $muted; }

#network_panel { background: $surface; border: 1px solid $line; }
QTableView { background: $surface; border: 1px solid $line; border-radius: 10px; outline: 0; }
QTableView::item { padding: 4px 8px; border: none; border-bottom: 1px solid $line; }
QTableView::item:selected { background: $chosen; color: $text; }
QHeaderView { background: transparent; }
QHeaderView::section {
  background: transparent; color: $muted; border: none; border-bottom: 1px solid $line;
  padding: 7px 8px; font-size: ${small}px; font-weight: 600; }
QTableCornerButton::section { background: transparent; border: none; }

#banner { background: $hover; border-radius: 12px; }
#banner[kind="warning"] { background: $warning_soft; }
#banner[kind="danger"] { background: $surface; border: 1px solid $danger; }
#classification { background: $warning_soft; color: $warning; font-weight: 600; padding: 5px 16px;
  border-bottom: 1px solid $line; }
#temporary { background: $hover; border: 1px dashed $muted; border-radius: 12px; }
#toast { background: $text; border-radius: 10px; }
#toast QLabel { color: $background; }
#toast QPushButton {
  color: $background; background: transparent; border: 1px solid $muted; padding: 5px 12px; }
#toast QPushButton:hover { border-color: $background; }
#find { background: $surface; border: 1px solid $line; border-radius: 11px; }
#find QLineEdit { border: none; background: transparent; }
#shortcut {
  background: $hover; border: 1px solid $line; border-radius: 6px; padding: 2px 7px;
  color: $muted; font-size: 12px; }

#commands { background: $surface; border: 1px solid $line; border-radius: 14px; }
#commands QLineEdit {
  border: none; border-bottom: 1px solid $line; border-radius: 0; padding: 12px 14px;
  font-size: ${body}px; background: transparent; }
#commands QListView { background: transparent; border: none; outline: 0; }

QMenu { background: $surface; border: 1px solid $line; border-radius: 10px; padding: 6px; }
QMenu::item { padding: 8px 26px 8px 10px; border-radius: 7px; background: transparent; }
QMenu::item:selected { background: $hover; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $line; margin: 6px 8px; }
QMenu::icon { padding-left: 8px; }
QTabWidget::tab-bar { left: 14px; }
QTabBar::tab {
  padding: 8px 14px; border: none; border-bottom: 2px solid transparent; color: $muted;
  background: transparent; font-weight: 500; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:focus { color: $accent; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }
QScrollArea { background: transparent; border: none; }
#scrolled { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QMenu { menu-scrollable: 1; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 2px; }
QScrollBar::handle:vertical { background: $line; border-radius: 3px; min-height: 36px; }
QScrollBar::handle:vertical:disabled { background: transparent; }
QScrollBar::handle:vertical:hover { background: $muted; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 2px; }
QScrollBar::handle:horizontal { background: $line; border-radius: 3px; min-width: 36px; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
  background: transparent; border: none; width: 0; height: 0; }
""")


def style(tokens: Tokens) -> str:
    """The style sheet of the whole application in these colours."""
    return _SHEET.substitute(asdict(tokens), body=BODY_PIXELS, small=SMALL_PIXELS)
