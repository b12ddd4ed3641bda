// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/download_card.h"
#include "ui/models/installed_page.h"
#include "ui/theme/theme.h"

#include <QElapsedTimer>
#include <QLabel>
#include <QProgressBar>
#include <QTest>
#include <QToolButton>

using namespace gorgon;

namespace {

DownloadEntry entryOf(int n_files)
{
    DownloadEntry entry;
    entry.repository = QStringLiteral("org/name");
    entry.state = DownloadEntry::State::downloading;
    for (int i = 0; i < n_files; ++i)
        entry.files.append({QStringLiteral("file-%1").arg(i), 10, 0, entry.state});
    entry.total_bytes = 10 * n_files;
    return entry;
}

bool shows(const DownloadCard& card, const QString& text)
{
    for (const QLabel* label : card.findChildren<QLabel*>())
        if (label->text() == text)
            return true;
    return false;
}

} // namespace

class DownloadCardTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { applyTheme(*qApp, ThemeMode::light, ContrastMode::normal); }

    void drawsAHundredOfManyFiles()
    {
        DownloadCard card;
        DownloadEntry entry = entryOf(100'000);
        QElapsedTimer clock;
        clock.start();
        card.setEntry(entry);
        QVERIFY2(clock.elapsed() < 3000, qPrintable(QString::number(clock.elapsed())));
        QCOMPARE(card.findChildren<QProgressBar*>().size(), 101);
        QCOMPARE(card.findChild<QToolButton*>()->text(),
            QStringLiteral("100000 files, 100 of them shown"));
        QVERIFY(shows(card, QStringLiteral("file-99")));
        QVERIFY(!shows(card, QStringLiteral("file-100")));
        // What is done makes room for what is not.
        for (int i = 0; i < 99'950; ++i)
            entry.files[i].state = DownloadEntry::State::done;
        card.setEntry(entry);
        QVERIFY(shows(card, QStringLiteral("file-99999")));
        QVERIFY(shows(card, QStringLiteral("file-0")));
        card.setEntry(entryOf(2));
        QCOMPARE(card.findChildren<QProgressBar*>().size(), 3);
        QCOMPARE(card.findChild<QToolButton*>()->text(), QStringLiteral("2 files"));
    }

    void removalCountsWhatIsUnfinishedOnce()
    {
        InstalledEntry entry;
        entry.bytes = entry.listed_bytes = 3'000'000;
        entry.partial_bytes = 2'000'000;
        entry.freed_bytes = 5'000'000; // with what is unfinished
        const QString all = removalWords(entry);
        QVERIFY2(all.contains(QStringLiteral("gains all of it")), qPrintable(all));
        QVERIFY2(all.contains(QStringLiteral("5.0 MB")), qPrintable(all));
        entry.listed_bytes = 6'000'000; // two revisions that share all of it
        const QString shared = removalWords(entry);
        QVERIFY2(shared.contains(QStringLiteral("8.0 MB")), qPrintable(shared));
        QVERIFY2(shared.contains(QStringLiteral("gains 5.0 MB")), qPrintable(shared));
    }
};

QTEST_MAIN(DownloadCardTest)
#include "download_card_test.moc"
