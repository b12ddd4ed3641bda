// SPDX-License-Identifier: GPL-3.0-or-later
// Colours, sizes and faces of the whole window, and how they reach Qt.
// Widgets read theme() while they paint and repaint on QEvent::StyleChange; none keeps a colour.
#pragma once

#include <array>

#include <QColor>
#include <QFont>
#include <QVector>

class QApplication;
class QWidget;

namespace gorgon {

enum class ThemeMode
{
    system,
    light,
    dark,
};

enum class ContrastMode
{
    system,
    normal,
    high,
};

struct Theme
{
    bool dark = false;
    bool high_contrast = false;

    QColor background; // the window
    QColor panel; // cards and the right pane
    QColor inset; // tracks, the root node
    QColor hairline; // borders, edges of the tree
    QColor text;
    QColor muted; // captions
    QColor accent; // accepted; the one primary action
    QColor accent_tint;
    QColor on_accent; // text on accent
    QColor warning; // rejected, threshold, break-even
    std::array<QColor, 4> heads; // see headHue

    qreal hairline_width = 1; // 2 with high contrast

    // Spacing on a grid of 4 pixels.
    static constexpr int kInner = 8; // inside controls
    static constexpr int kGap = 12; // between related things
    static constexpr int kEdge = 20; // at the edges of panes
    static constexpr int kNodeRadius = 7;
    static constexpr int kControlRadius = 8;
    static constexpr int kCardRadius = 12;

    // Pixels of type.
    static constexpr int kCaption = 11;
    static constexpr int kInterface = 13;
    static constexpr int kConversation = 15;
    static constexpr int kTitle = 15;

    /// Hue of head `head` (from 0). From the fifth on a mix of two; tell those apart by headDash.
    QColor headHue(int head) const;
};

/// What applyTheme chose last; the light theme before that.
const Theme& theme();

Theme makeTheme(bool dark, bool high_contrast);

/// Sets style, palette, font and style sheet of the application. May be called again at any time;
/// with ThemeMode::system it follows the desktop from then on.
void applyTheme(QApplication& app, ThemeMode mode, ContrastMode contrast = ContrastMode::system);

/// Pen dashes of head `head` (from 0) in units of the pen's width; empty: solid. Distinct for 8
/// heads.
QVector<qreal> headDash(int head);

/// The interface's face. Weight 400 or 600.
QFont uiFont(int px = Theme::kInterface, int weight = QFont::Normal);

/// A fixed-pitch face that has every character of kMarkGlyphs.
QFont monoFont(qreal px = Theme::kInterface);

/// Blanks made visible and verdicts: ␣ ⏎ ⇥ ✓ ✕ ○.
constexpr std::array<char32_t, 6> kMarkGlyphs{
    U'\u2423', U'\u23CE', U'\u21E5', U'\u2713', U'\u2715', U'\u25CB'};

/// Ratio of luminances of WCAG 2, 1 to 21.
double contrastRatio(const QColor& a, const QColor& b);

/// `over` with opacity 0 to 1 on `under`.
QColor blend(const QColor& over, const QColor& under, qreal opacity);

// Roles that the style sheet knows; set once after construction.
/// Labels: "title", "strong", "muted", "caption", "badge", "caution", "warning"; buttons:
/// "primary", "flat", "small", "segment"; frames: "card", "panel", "rule". Empty takes it away.
void setRole(QWidget* widget, const char* role);

} // namespace gorgon
