// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/style_sheet.h"

#include "ui/theme/theme.h"

namespace gorgon {
namespace {

// @name stands for a colour, @w for the width of a hairline. Boxes that need arrows or marks are
// drawn by HouseStyle: a border here would take theirs away.
constexpr const char* kSheet = R"(
QToolTip { background: @panel; color: @text; border: @wpx solid @hairline; padding: 6px 8px; }
QMainWindow::separator { background: @hairline; width: 1px; height: 1px; }
QSplitter::handle { background: @hairline; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: @accent; }
QStatusBar { background: @background; color: @muted; border-top: @wpx solid @hairline; }
QStatusBar::item { border: none; }

QLabel[role="title"] { font-size: 15px; font-weight: 600; }
QLabel[role="caption"] { color: @muted; font-size: 11px; }
QLabel[role="muted"] { color: @muted; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="warning"] { color: @warning; }
QLabel[role="badge"] { color: @accent; background: @tint; border: @wpx solid @accent;
    border-radius: 10px; padding: 3px 10px; font-size: 11px; }
QLabel[role="caution"] { color: @text; background: @inset; border: @wpx solid @muted;
    border-radius: 10px; padding: 3px 10px; font-size: 11px; }
QFrame[role="card"], QWidget[role="card"] { background: @panel; border: @wpx solid @hairline;
    border-radius: 12px; }
QFrame[role="rule"] { background: @hairline; border: none; max-height: @wpx; min-height: @wpx; }
QWidget[role="panel"] { background: @panel; }

QPushButton { background: @panel; color: @text; border: @wpx solid @hairline; border-radius: 8px;
    padding: 6px 12px; min-height: 16px; }
QPushButton:hover { background: @hover; }
QPushButton:pressed { background: @inset; }
QPushButton:focus { border: @fpx solid @accent; padding: 5px 11px; }
QPushButton:disabled { color: @muted; background: @background; }
QPushButton[role="primary"] { background: @accent; color: @onaccent; border-color: @accent;
    font-weight: 600; }
QPushButton[role="primary"]:hover { background: @accenthover; }
QPushButton[role="primary"]:focus { border: 2px solid @text; padding: 5px 11px; }
QPushButton[role="primary"]:disabled { background: @inset; color: @muted; border-color: @hairline; }
QPushButton[role="flat"], QToolButton { background: transparent; border: @wpx solid transparent;
    border-radius: 8px; padding: 5px 8px; color: @text; }
QPushButton[role="flat"]:hover, QToolButton:hover { background: @hover; }
QPushButton[role="flat"]:focus, QToolButton:focus { border: @fpx solid @accent; padding: 4px 7px; }
QToolButton[role="small"] { color: @muted; font-size: 11px; padding: 1px 8px; border-radius: 6px;
    border-color: @hairline; }
QToolButton[role="small"]:focus { padding: 0px 7px; }
QToolButton:checked { background: @tint; color: @accent; border-color: @accent; }
QToolButton:disabled { color: @muted; }
QToolButton[role="segment"] { background: @panel; border: @wpx solid @hairline; border-radius: 0;
    padding: 6px 12px; }
QToolButton[role="segment"][place="first"] { border-top-left-radius: 8px;
    border-bottom-left-radius: 8px; }
QToolButton[role="segment"][place="last"] { border-top-right-radius: 8px;
    border-bottom-right-radius: 8px; }
QToolButton[role="segment"]:hover { background: @hover; }
QToolButton[role="segment"]:checked { background: @tint; color: @accent; border: @wpx solid @accent;
    font-weight: 600; }
QToolButton[role="segment"]:focus { border: 2px solid @accent; padding: 5px 11px; }

QPlainTextEdit, QTextEdit { background: @panel; color: @text; border: @wpx solid @hairline;
    border-radius: 8px; padding: 4px; selection-background-color: @accent;
    selection-color: @onaccent; }
QPlainTextEdit:focus, QTextEdit:focus { border: @fpx solid @accent; padding: 3px; }

QTabWidget::pane { border: none; border-top: @wpx solid @hairline; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: @muted; border: none;
    border-bottom: 2px solid transparent; padding: 8px 7px; margin-right: 3px; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:selected { color: @text; border-bottom: 2px solid @accent; }
QTabBar::tab:focus { color: @accent; }

QAbstractItemView { background: @panel; color: @text; border: none; outline: none;
    selection-background-color: @tint; selection-color: @text; alternate-background-color: @background; }
QAbstractItemView::item { padding: 4px 6px; border: none; }
QAbstractItemView::item:hover { background: @hover; }
QAbstractItemView::item:selected { background: @tint; color: @text; }
QAbstractItemView::item:selected:focus { border-left: 2px solid @accent; }
QHeaderView { background: @panel; border: none; }
QHeaderView::section { background: @panel; color: @muted; border: none;
    border-bottom: @wpx solid @hairline; padding: 4px 6px; font-size: 11px; }
QComboBox QAbstractItemView { background: @panel; border: @wpx solid @hairline; padding: 4px; }

QMenuBar { background: @background; color: @text; }
QMenuBar::item { padding: 5px 9px; background: transparent; border-radius: 6px; }
QMenuBar::item:selected { background: @hover; }
QMenu { background: @panel; color: @text; border: @wpx solid @hairline; padding: 6px; }
QMenu::item { padding: 6px 24px 6px 24px; border-radius: 6px; }
QMenu::item:selected { background: @tint; color: @text; }
QMenu::item:disabled { color: @muted; }
QMenu::separator { height: 1px; background: @hairline; margin: 6px 8px; }

QProgressBar { background: @inset; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }

QScrollArea { background: transparent; border: none; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: @scroll; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: @muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
)";

} // namespace

QString styleSheetOf(const Theme& t)
{
    const std::pair<const char*, QString> values[] = {
        {"@background", t.background.name()},
        {"@panel", t.panel.name()},
        {"@inset", t.inset.name()},
        {"@hairline", t.hairline.name()},
        {"@text", t.text.name()},
        {"@muted", t.muted.name()},
        {"@accenthover", blend(t.text, t.accent, 0.12).name()},
        {"@accent", t.accent.name()},
        {"@tint", t.accent_tint.name()},
        {"@onaccent", t.on_accent.name()},
        {"@warning", t.warning.name()},
        {"@hover", blend(t.text, t.panel, 0.06).name()},
        {"@scroll", blend(t.muted, t.panel, t.high_contrast ? 1 : 0.4).name()},
        {"@fpx", QStringLiteral("2px")},
        {"@w", QString::number(t.hairline_width)},
    };
    QString sheet = QString::fromLatin1(kSheet);
    for (const auto& [name, value] : values)
        sheet.replace(QLatin1String(name), value);
    return sheet;
}

} // namespace gorgon
