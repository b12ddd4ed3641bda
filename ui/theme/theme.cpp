// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme.h"

#include <QApplication>
#include <QEvent>
#include <QPalette>
#include <QPointer>
#include <QStyle>
#include <QWidget>

#include "ui/theme/house_style.h"
#include "ui/theme/style_sheet.h"
#include "ui/theme/system_appearance.h"

namespace gorgon {
namespace {

Theme& currentTheme()
{
    static Theme current = makeTheme(false, false);
    return current;
}

QPalette paletteOf(const Theme& t)
{
    QPalette palette;
    palette.setColor(QPalette::Window, t.background);
    palette.setColor(QPalette::WindowText, t.text);
    palette.setColor(QPalette::Base, t.panel);
    palette.setColor(QPalette::AlternateBase, t.background);
    palette.setColor(QPalette::ToolTipBase, t.panel);
    palette.setColor(QPalette::ToolTipText, t.text);
    palette.setColor(QPalette::PlaceholderText, t.muted);
    palette.setColor(QPalette::Text, t.text);
    palette.setColor(QPalette::Button, t.panel);
    palette.setColor(QPalette::ButtonText, t.text);
    palette.setColor(QPalette::BrightText, t.warning);
    palette.setColor(QPalette::Highlight, t.accent);
    palette.setColor(QPalette::HighlightedText, t.on_accent);
    palette.setColor(QPalette::Link, t.accent);
    palette.setColor(QPalette::LinkVisited, t.accent);
    palette.setColor(QPalette::Light, t.panel);
    palette.setColor(QPalette::Midlight, t.inset);
    palette.setColor(QPalette::Mid, t.hairline);
    palette.setColor(QPalette::Dark, t.hairline);
    palette.setColor(QPalette::Shadow, t.hairline);
    for (auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, t.muted);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, t.hairline);
    return palette;
}

} // namespace

Theme makeTheme(bool dark, bool high_contrast)
{
    Theme t;
    t.dark = dark;
    t.high_contrast = high_contrast;
    if (dark) {
        t.background = 0x131518;
        t.panel = 0x1A1D21;
        t.inset = 0x22262B;
        t.hairline = 0x30363D;
        t.text = 0xE7EAED;
        t.muted = 0x9AA4B0;
        t.accent = 0x3FD0BE;
        t.accent_tint = 0x173B38;
        t.on_accent = 0x0B1F1D;
        t.warning = 0xFF8A73;
        t.heads = {QColor(0x5AB6EE), QColor(0xF2935C), QColor(0x3ECF9A), QColor(0xE49AC6)};
    } else {
        t.background = 0xF7F7F4;
        t.panel = 0xFFFFFF;
        t.inset = 0xF1F1ED;
        t.hairline = 0xDEDDD6;
        t.text = 0x1D2126;
        t.muted = 0x5F6873;
        t.accent = 0x0B6E66;
        t.accent_tint = 0xE3F3F0;
        t.on_accent = 0xFFFFFF;
        t.warning = 0xA8321E;
        t.heads = {QColor(0x0069A6), QColor(0xB84A00), QColor(0x00795A), QColor(0xA3477F)};
    }
    if (high_contrast) {
        t.background = dark ? 0x000000 : 0xFFFFFF;
        t.panel = t.background;
        t.inset = t.background;
        t.accent_tint = t.background;
        t.text = dark ? 0xFFFFFF : 0x000000;
        t.hairline = t.text;
        t.muted = t.text;
        t.hairline_width = 2;
    }
    return t;
}

QColor Theme::headHue(int head) const
{
    const int n = int(heads.size());
    if (head < n)
        return heads[size_t(qMax(head, 0))];
    return blend(heads[size_t(head % n)], heads[size_t((head + 1 + head / n) % n)], 0.5);
}

const Theme& theme()
{
    return currentTheme();
}

void applyTheme(QApplication& app, ThemeMode mode, ContrastMode contrast)
{
    static QPointer<SystemAppearance> system;
    static ThemeMode chosen_mode;
    static ContrastMode chosen_contrast;
    chosen_mode = mode;
    chosen_contrast = contrast;
    const bool first = !system;
    if (first) {
        system = new SystemAppearance(&app);
        QObject::connect(system, &SystemAppearance::changed, &app,
            [&app] { applyTheme(app, chosen_mode, chosen_contrast); });
        app.setStyle(new HouseStyle);
        app.setFont(uiFont());
    }
    const bool dark = mode == ThemeMode::system ? system->isDark() : mode == ThemeMode::dark;
    const bool high = contrast == ContrastMode::system ? system->isHighContrast()
                                                       : contrast == ContrastMode::high;
    currentTheme() = makeTheme(dark, high);
    app.setPalette(paletteOf(theme()));
    app.setStyleSheet(styleSheetOf(theme()));
}

void setRole(QWidget* widget, const char* role)
{
    if (widget->property("role").toByteArray() == role)
        return;
    widget->setProperty("role", QByteArray(role));
    widget->style()->unpolish(widget); // a selector on a property is read while polishing
    widget->style()->polish(widget);
    QEvent event(QEvent::StyleChange); // frames and size hints follow
    QCoreApplication::sendEvent(widget, &event);
}

} // namespace gorgon
