// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QFontMetrics>
#include <QImage>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QtTest>

#include "ui/theme/theme.h"

using namespace gorgon;

class ThemeTest : public QObject
{
    Q_OBJECT

private slots:
    void contrast_data();
    void contrast();
    void contrastRatioKnowsItsEnds();
    void marksHaveGlyphs();
    void emojiAreColouredAndMarksAreNot();
    void digitsHaveOneWidth();
    void headsDifferInHueAndDash();
    void highContrastHasStrongLines();
    void switchingRepaintsEverything();
    void roleChangesTheLook();
};

void ThemeTest::contrast_data()
{
    QTest::addColumn<bool>("dark");
    QTest::addColumn<bool>("high");
    for (const bool dark : {false, true})
        for (const bool high : {false, true})
            QTest::addRow("%s%s", dark ? "dark" : "light", high ? " high" : "") << dark << high;
}

void ThemeTest::contrast()
{
    QFETCH(bool, dark);
    QFETCH(bool, high);
    const Theme t = makeTheme(dark, high);
    const auto readable = [](const QColor& ink, const QColor& ground) {
        const double ratio = contrastRatio(ink, ground);
        if (ratio < 4.5)
            qWarning() << ink.name() << "on" << ground.name() << ratio;
        return ratio >= 4.5;
    };
    for (const QColor& ground : {t.background, t.panel, t.inset, t.accent_tint}) {
        QVERIFY(readable(t.text, ground));
        QVERIFY(readable(t.muted, ground));
        QVERIFY(readable(t.accent, ground));
    }
    for (const QColor& ground : {t.background, t.panel})
        QVERIFY(readable(t.warning, ground));
    QVERIFY(readable(t.on_accent, t.accent));
    for (int head = 0; head < 8; ++head)
        QVERIFY(readable(t.headHue(head), t.panel));
}

void ThemeTest::contrastRatioKnowsItsEnds()
{
    QCOMPARE(contrastRatio(Qt::black, Qt::white), 21.0);
    QCOMPARE(contrastRatio(Qt::red, Qt::red), 1.0);
    QVERIFY(std::abs(contrastRatio(QColor(0x767676), Qt::white) - 4.54) < 0.01);
}

void ThemeTest::marksHaveGlyphs()
{
    QFont font = monoFont(12);
    font.setStyleStrategy(QFont::NoFontMerging);
    const QFontMetrics metrics(font);
    for (const char32_t glyph : kMarkGlyphs)
        QVERIFY2(metrics.inFontUcs4(glyph), qPrintable(QString::number(uint(glyph), 16)));
}

void ThemeTest::emojiAreColouredAndMarksAreNot()
{
    if (uiFont().families().size() < 2)
        QSKIP("no face with emoji in colour is installed");
    const auto colourful = [](const QFont& font, char32_t character) {
        QImage image(64, 64, QImage::Format_RGB32);
        image.fill(Qt::white);
        QPainter painter(&image);
        painter.setPen(Qt::black);
        painter.setFont(font);
        painter.drawText(image.rect(), Qt::AlignCenter, QString::fromUcs4(&character, 1));
        painter.end();
        int ink = 0;
        int coloured = 0;
        for (int i = 0; i < 64 * 64; ++i) {
            const QColor pixel = image.pixelColor(i % 64, i / 64);
            ink += pixel != QColor(Qt::white);
            coloured += pixel.hsvSaturation() > 100;
        }
        return ink > 0 ? coloured * 2 > ink : false;
    };
    for (const QFont& font : {uiFont(Theme::kConversation), monoFont(13)}) {
        QVERIFY(colourful(font, U'\U0001F600'));
        QVERIFY(colourful(font, U'\U0001F409'));
        for (const char32_t mark : kMarkGlyphs)
            QVERIFY2(!colourful(font, mark), qPrintable(QString::number(uint(mark), 16)));
        QVERIFY(!colourful(font, U'7'));
    }
}

void ThemeTest::digitsHaveOneWidth()
{
    const QFontMetricsF metrics(monoFont(13));
    for (const QChar c : QStringLiteral("0123456789.,% "))
        QCOMPARE(metrics.horizontalAdvance(c), metrics.horizontalAdvance(QLatin1Char('0')));
}

void ThemeTest::headsDifferInHueAndDash()
{
    const Theme t = makeTheme(false, false);
    for (int a = 0; a < 8; ++a)
        for (int b = 0; b < a; ++b)
            QVERIFY(headDash(a) != headDash(b));
    for (int a = 0; a < 4; ++a)
        for (int b = 0; b < a; ++b)
            QVERIFY(t.headHue(a) != t.headHue(b));
    QVERIFY(headDash(0).isEmpty());
}

void ThemeTest::highContrastHasStrongLines()
{
    for (const bool dark : {false, true}) {
        const Theme t = makeTheme(dark, true);
        QCOMPARE(t.hairline, t.text);
        QCOMPARE(t.hairline_width, 2.0);
        QCOMPARE(t.accent_tint, t.panel);
    }
}

void ThemeTest::switchingRepaintsEverything()
{
    struct Painted : QWidget
    {
        int paints = 0;
        void paintEvent(QPaintEvent*) override { ++paints; }
    } painted;
    applyTheme(*qApp, ThemeMode::light, ContrastMode::normal);
    painted.show();
    QVERIFY(QTest::qWaitForWindowExposed(&painted));
    QTRY_VERIFY(painted.paints > 0);
    QVERIFY(!theme().dark);
    const int before = painted.paints;
    applyTheme(*qApp, ThemeMode::dark, ContrastMode::normal);
    QVERIFY(theme().dark);
    QCOMPARE(painted.palette().color(QPalette::Window), theme().background);
    QTRY_VERIFY(painted.paints > before);
}

void ThemeTest::roleChangesTheLook()
{
    applyTheme(*qApp, ThemeMode::light, ContrastMode::normal);
    QPushButton button(QStringLiteral("Send"));
    button.resize(120, 32);
    button.show();
    const QColor plain = button.grab().toImage().pixelColor(8, 8);
    setRole(&button, "primary");
    QCOMPARE(button.grab().toImage().pixelColor(8, 8), theme().accent);
    QVERIFY(plain != theme().accent);
    QLabel label(QStringLiteral("identical"));
    const int without = label.sizeHint().height();
    setRole(&label, "badge");
    QVERIFY(label.sizeHint().width() > 0);
    QVERIFY(label.sizeHint().height() >= without);
}

QTEST_MAIN(ThemeTest)
#include "theme_test.moc"
