// SPDX-License-Identifier: GPL-3.0-or-later
// Other heads for the model in use, from the places where the window offers them: the model stays
// in memory, and so does the chat.
#include "app/window/engine_host.h"
#include "tests/support/safetensors_writer.h"
#include "ui/chat/chat_header.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/message_view.h"
#include "ui/chat/notice_bar.h"
#include "ui/chat/prompt_card.h"
#include "ui/chat/transcript.h"
#include "ui/main_window.h"
#include "ui/models/installed_page.h"
#include "ui/models/models_window.h"
#include "ui/tuning/tuning_panel.h"

#include <QAbstractItemModel>
#include <QElapsedTimer>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QTreeView>

#include <fstream>

using namespace gorgon;

namespace {

constexpr int kLongMs = 60000;

} // namespace

class SwapHeadsTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase()
    {
        m_options.model = findDemoModel();
        if (m_options.model.empty()
            || !std::filesystem::exists(m_options.model / "medusa_lm_head.safetensors"))
            QSKIP("the demo model is not here");
    }

    void init()
    {
        m_data = std::make_unique<QTemporaryDir>();
        m_options.data_folder = m_data->path().toStdString();
        m_options.pace = 0;
        m_window = std::make_unique<MainWindow>();
        m_host = std::make_unique<EngineHost>(m_options, m_window.get());
        QSignalSpy ready(m_host.get(), &EngineHost::modelReady);
        QElapsedTimer clock;
        clock.start();
        m_window->show();
        m_host->start();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, kLongMs);
        m_load_ms = clock.elapsed();
        // Those of the demo model under another name, as if they had been fetched.
        const auto folder = std::filesystem::path(m_data->path().toStdString()) / "other";
        std::filesystem::create_directories(folder);
        std::filesystem::copy_file(
            m_options.model / "medusa_lm_head.safetensors", folder / "medusa_lm_head.safetensors");
        m_other = QString::fromStdString(folder.string());
        GenerateSettings settings = m_window->tuning()->settings();
        settings.temperature = 0;
        m_settings = settings;
        emit m_window->settingsChanged(settings);
    }

    void cleanup()
    {
        m_host.reset();
        m_window.reset();
    }

    void headsOfTheHeaderLeaveModelAndChat()
    {
        send(QStringLiteral("Count to twenty."));
        const QString with_heads = lastText();
        QVERIFY(lastMean() > 1.3);
        const qint64 chat = m_window->chat()->conversation();

        const qint64 swap_ms = pick(QStringLiteral("None: plain decoding"));
        QVERIFY(swap_ms >= 0);
        qInfo("load %lld ms, heads taken away %lld ms", m_load_ms, swap_ms);
        QCOMPARE(m_window->chat()->header()->headsButton()->text().section(' ', 0, 1),
            QStringLiteral("without heads"));
        QCOMPARE(m_window->chat()->conversation(), chat);
        QCOMPARE(m_window->chat()->transcript()->count(), 2);
        answerAgain();
        QCOMPARE(lastText(), with_heads);
        QVERIFY2(lastMean() < 1.05, qPrintable(QString::number(lastMean())));

        const qint64 back_ms = pick(QStringLiteral("Those found with the model"));
        qInfo("heads given back %lld ms", back_ms);
        answerAgain();
        QCOMPARE(lastText(), with_heads);
        QVERIFY(lastMean() > 1.3);
    }

    void installedHeadsAreUsedWithTheModelInUse()
    {
        InstalledEntry heads = entryOf(m_other);
        InstalledEntry wide = heads;
        wide.repository = QStringLiteral("org/wide");
        wide.width *= 2;
        m_window->setInstalled({heads, wide});
        QMenu* menu = m_window->chat()->header()->headsButton()->menu();
        QVERIFY(action(menu, QStringLiteral("org/heads")));
        QVERIFY(!action(menu, QStringLiteral("org/wide"))); // it would not fit
        QSignalSpy ready(m_host.get(), &EngineHost::modelReady);
        m_window->openModels();
        InstalledPage* page = m_window->models()->installed();
        page->view()->setCurrentIndex(page->view()->model()->index(0, 0));
        QPushButton* use = nullptr;
        for (QPushButton* each : page->findChildren<QPushButton*>()) {
            if (each->text() == QLatin1String("Use with loaded model"))
                use = each;
        }
        QVERIFY(use && use->isEnabled());
        use->click();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, kLongMs);
        QVERIFY(action(menu, QStringLiteral("org/heads"))->isChecked());
        send(QStringLiteral("Count to twenty."));
        QVERIFY(lastMean() > 1.3);
    }

    void headsThatDoNotFitChangeNothing()
    {
        send(QStringLiteral("Count to twenty."));
        const QString with_heads = lastText();
        const auto bad = std::filesystem::path(m_data->path().toStdString()) / "bad";
        std::filesystem::create_directories(bad);
        using namespace gorgon::tests;
        std::ofstream(bad / "medusa_lm_head.safetensors", std::ios::binary) << safetensorsOf(
            {floatTensor("0.0.linear.weight", {24, 24}), floatTensor("0.0.linear.bias", {24})});
        emit m_window->modelChosen({QString::fromStdString(m_options.model.string()),
            QString::fromStdString(bad.string()), {}});
        const NoticeBar* notice = m_window->chat()->notice();
        QTRY_VERIFY_WITH_TIMEOUT(notice->isVisible() && notice->isError(), kLongMs);
        QVERIFY2(notice->text().contains(QLatin1String("do not fit")), qPrintable(notice->text()));
        QVERIFY2(notice->text().endsWith(QLatin1String("The heads used before stay in use.")),
            qPrintable(notice->text()));
        QVERIFY(!notice->actionButton()->isVisible());
        answerAgain();
        QCOMPARE(lastText(), with_heads);
        QVERIFY(lastMean() > 1.3);
    }

    void theAnswerInTheMakingIsStoppedFirst()
    {
        m_settings.max_tokens = 2000;
        emit m_window->settingsChanged(m_settings);
        m_window->setPace(20);
        QSignalSpy ready(m_host.get(), &EngineHost::modelReady);
        QSignalSpy finished(m_host.get(), &EngineHost::answerFinished);
        m_window->chat()->card()->setText(QStringLiteral("A long story."));
        m_window->chat()->card()->button()->click();
        QTRY_VERIFY_WITH_TIMEOUT(!lastText().isEmpty(), kLongMs);
        emit m_window->modelChosen(
            {QString::fromStdString(m_options.model.string()), QStringLiteral("none"), {}});
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, kLongMs);
        QCOMPARE(finished.count(), 1);
        QVERIFY(!lastText().isEmpty()); // what was written stays
        QVERIFY(!m_host->isAnswering());
    }

private:
    static QAction* action(const QMenu* menu, const QString& text)
    {
        for (QAction* each : menu->actions()) {
            if (each->text() == text)
                return each;
        }
        return nullptr;
    }

    /// Milliseconds until the model has them.
    qint64 pick(const QString& text)
    {
        QSignalSpy ready(m_host.get(), &EngineHost::modelReady);
        QAction* chosen = action(m_window->chat()->header()->headsButton()->menu(), text);
        if (!chosen)
            return -1;
        QElapsedTimer clock;
        clock.start();
        chosen->trigger();
        if (!ready.wait(kLongMs))
            return -1;
        const qint64 ms = clock.elapsed();
        // What was set in Tune comes back from the store.
        const bool same = QTest::qWaitFor(
            [this] { return m_window->tuning()->settings().temperature == 0; }, kLongMs);
        return same ? ms : -1;
    }

    static InstalledEntry entryOf(const QString& folder)
    {
        InstalledEntry entry;
        entry.repository = QStringLiteral("org/heads");
        entry.folder = folder;
        entry.is_heads = true;
        entry.width = 256;
        return entry;
    }

    void send(const QString& text)
    {
        QSignalSpy finished(m_host.get(), &EngineHost::answerFinished);
        m_window->chat()->card()->setText(text);
        m_window->chat()->card()->button()->click();
        QVERIFY(finished.wait(kLongMs));
    }
    void answerAgain()
    {
        QSignalSpy finished(m_host.get(), &EngineHost::answerFinished);
        m_window->chat()->regenerateLast();
        QVERIFY(finished.wait(kLongMs));
    }
    Message last() const
    {
        const Transcript* transcript = m_window->chat()->transcript();
        return transcript->count() == 0 ? Message()
                                        : transcript->view(transcript->count() - 1)->message();
    }
    QString lastText() const { return QString::fromStdString(last().text); }
    double lastMean() const
    {
        const MessageStats stats = last().stats;
        return stats.steps == 0 ? 0 : double(stats.new_tokens) / double(stats.steps);
    }

    WindowOptions m_options;
    GenerateSettings m_settings;
    std::unique_ptr<QTemporaryDir> m_data;
    std::unique_ptr<MainWindow> m_window;
    std::unique_ptr<EngineHost> m_host;
    QString m_other;
    qint64 m_load_ms = 0;
};

QTEST_MAIN(SwapHeadsTest)
#include "swap_heads_test.moc"
