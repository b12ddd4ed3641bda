// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/details/details_panel.h"
#include "ui/details/memory_bar.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QPushButton>
#include <QTest>

using namespace gorgon;

namespace {

ModelDetails someDetails()
{
    ModelDetails details;
    details.sections = {{"Model", {{"Architecture", "Llama"}, {"Layers", "6"}}}, {"Text", {}}};
    details.memory = {{"attention", 3'000'000}, {"nothing", 0}, {"cache", 1'000'000}};
    details.warnings = QStringList{"model.bin: 2 tensors are not used: a, b"};
    return details;
}

} // namespace

class DetailsPanelTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { applyTheme(*qApp, ThemeMode::light, ContrastMode::normal); }

    void saysThatNoModelIsLoaded()
    {
        DetailsPanel panel;
        panel.show();
        QVERIFY(visibleWords(panel).contains(QStringLiteral("No model is loaded.")));
        panel.setDetails(someDetails());
        QVERIFY(!visibleWords(panel).contains(QStringLiteral("No model is loaded.")));
        panel.setDetails({});
        QVERIFY(visibleWords(panel).contains(QStringLiteral("No model is loaded.")));
    }

    void showsRowsAndWarnings()
    {
        DetailsPanel panel;
        panel.setDetails(someDetails());
        panel.show();
        const QString words = visibleWords(panel);
        for (const char* part : {"Architecture", "Llama", "Layers", "2 tensors are not used"})
            QVERIFY2(words.contains(QLatin1String(part)), part);
    }

    void copiesAllOfIt()
    {
        DetailsPanel panel;
        panel.setDetails(someDetails());
        for (QPushButton* button : panel.findChildren<QPushButton*>())
            if (button->text() == QLatin1String("Copy"))
                button->click();
        const QString copied = QApplication::clipboard()->text();
        QVERIFY(copied.contains(QStringLiteral("Warning: model.bin")));
        QVERIFY(copied.contains(QStringLiteral("  Architecture: Llama\n")));
        QVERIFY(copied.contains(QStringLiteral("  attention: ")));
    }

    void theBarLeavesOutWhatIsEmpty()
    {
        MemoryBar bar;
        bar.setParts(someDetails().memory);
        QVERIFY(bar.accessibleDescription().contains(QStringLiteral("cache")));
        QVERIFY(!bar.accessibleDescription().contains(QStringLiteral("nothing")));
        bar.resize(480, bar.heightForWidth(480));
        const QImage picture = bar.grab().toImage();
        const int y = int(6 * picture.devicePixelRatio());
        const QRgb first = picture.pixel(picture.width() / 4, y);
        QCOMPARE(picture.pixel(picture.width() / 2, y), first); // three quarters are the first part
        QVERIFY(picture.pixel(picture.width() * 9 / 10, y) != first);
    }

private:
    static QString visibleWords(const QWidget& panel)
    {
        QString all;
        for (const QLabel* label : panel.findChildren<QLabel*>())
            if (label->isVisibleTo(&panel))
                all += label->text() + QLatin1Char('\n');
        return all;
    }
};

QTEST_MAIN(DetailsPanelTest)
#include "details_panel_test.moc"
