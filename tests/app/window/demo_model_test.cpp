// SPDX-License-Identifier: GPL-3.0-or-later
// The window with the real engine and the demo model.
#include "app/window/engine_host.h"
#include "app/window/heartbeat.h"
#include "core/store/conversation_store.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/message_view.h"
#include "ui/chat/notice_bar.h"
#include "ui/chat/prompt_card.h"
#include "ui/chat/transcript.h"
#include "ui/details/details_panel.h"
#include "ui/main_window.h"
#include "ui/prompt/prompt_panel.h"
#include "ui/prompt/prompt_text.h"
#include "ui/status/status_line.h"
#include "ui/tree/step_history.h"
#include "ui/tuning/tuning_panel.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <ctime>

using namespace gorgon;

namespace {

constexpr int kLongMs = 60000;

double threadCpuMs()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) * 1e3 + double(now.tv_nsec) / 1e6;
}

} // namespace

class DemoModelTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase()
    {
        applyTheme(*qApp, ThemeMode::light, ContrastMode::normal);
        m_options.model = findDemoModel();
        if (m_options.model.empty() || !std::filesystem::exists(m_options.model / "config.json"))
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
        QSignalSpy opened(m_host.get(), &EngineHost::opened);
        QElapsedTimer clock;
        clock.start();
        m_window->show();
        m_host->start();
        QTRY_VERIFY_WITH_TIMEOUT(ready.count() == 1 && opened.count() == 1, kLongMs);
        m_ready_ms = clock.elapsed();
    }

    void cleanup()
    {
        m_host.reset();
        m_window.reset();
    }

    void isReadySoonAndItsFirstTokenComesAtOnce()
    {
        qInfo("ready after %lld ms", m_ready_ms);
        QTest::qWait(500); // the tree is timed behind the load
        QElapsedTimer clock;
        clock.start();
        send(QStringLiteral("Tell me a story about a dragon."));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->history()->count() > 0, kLongMs);
        const qint64 first_ms = clock.elapsed();
        qInfo("first token after %lld ms", first_ms);
        QVERIFY(first_ms < 300);
        QVERIFY(waitAnswer());
        QVERIFY(!lastText().isEmpty());
    }

    void oneSeedGivesOneTextWithHeadsAndWithout()
    {
        GenerateSettings settings = m_window->tuning()->settings();
        settings.seed = 5;
        settings.max_tokens = 96;
        emit m_window->settingsChanged(settings);
        send(QStringLiteral("Count to twenty."));
        QVERIFY(waitAnswer());
        const QString with_heads = lastText();
        settings.tree = {};
        emit m_window->settingsChanged(settings);
        QSignalSpy finished(m_host.get(), &EngineHost::answerFinished);
        m_window->chat()->regenerateLast();
        QVERIFY(finished.wait(kLongMs));
        QCOMPARE(lastText(), with_heads);
    }

    void aSecondTurnReusesTheIdsOfTheFirst()
    {
        send(QStringLiteral("Name the days of the week."));
        QVERIFY(waitAnswer());
        QSignalSpy finished(m_host.get(), &EngineHost::answerFinished);
        send(QStringLiteral("Count to twenty."));
        QVERIFY(finished.wait(kLongMs));
        QCOMPARE(m_window->chat()->transcript()->count(), 4);
        const qint64 conversation = m_window->chat()->conversation();
        m_host->shutDown();
        const ConversationStore store(m_options.data_folder / "conversations.sqlite");
        const Conversation kept = store.load(conversation);
        QCOMPARE(kept.messages.size(), size_t(4));
        QVERIFY(!kept.messages[1].tokens.empty());
        QCOMPARE(QString::fromStdString(kept.messages[3].text), lastText());
    }

    void aModelThatCannotBeOpenedLeavesTheOneInUse()
    {
        QTemporaryDir empty;
        emit m_window->modelChosen({empty.path(), {}, {}});
        QTRY_VERIFY_WITH_TIMEOUT(m_window->chat()->notice()->isVisible(), kLongMs);
        const QString sentence = m_window->chat()->notice()->text();
        QVERIFY2(sentence.contains(QStringLiteral("config.json"))
                && sentence.endsWith(QStringLiteral("stays in use.")),
            qPrintable(sentence));
        send(QStringLiteral("Hello!"));
        QVERIFY(waitAnswer());
        QVERIFY(!lastText().isEmpty());
    }

    void anotherModelIsOpenedInPlaceOfTheFirst()
    {
        QSignalSpy ready(m_host.get(), &EngineHost::modelReady);
        const QString folder = QString::fromStdU16String(m_options.model.u16string());
        emit m_window->modelChosen({folder, QStringLiteral("none"), QStringLiteral("f32")});
        QVERIFY(ready.wait(kLongMs));
        QTRY_VERIFY(m_window->details()->text().contains(QStringLiteral("none: plain decoding")));
        QVERIFY(m_window->details()->text().contains(QStringLiteral("In memory as: f32")));
        send(QStringLiteral("Hello!"));
        QVERIFY(waitAnswer());
        // A file of heads that is dropped goes to the model in use.
        const QString heads = folder + QStringLiteral("/medusa_lm_head.safetensors");
        emit m_window->pathDropped(heads);
        QVERIFY(ready.wait(kLongMs));
        QTRY_VERIFY(m_window->details()->text().contains(QStringLiteral("Blocks per head: 2")));
        emit m_window->pathDropped(m_data->path());
        QTRY_VERIFY_WITH_TIMEOUT(m_window->chat()->notice()->isVisible(), kLongMs);
        QVERIFY(m_window->chat()->notice()->text().startsWith(m_data->path()));
    }

    void thePromptIsShownAsTheChosenTemplateWritesIt()
    {
        m_window->showTab(3);
        send(QStringLiteral("Hello <|end|>!"));
        QVERIFY(waitAnswer());
        QTRY_VERIFY(m_window->prompt()->text()->toPlainText().contains(QStringLiteral("<|user|>")));
        const QString own = m_window->prompt()->text()->toPlainText();
        QVERIFY2(own.startsWith(QStringLiteral("<s><|user|> Hello <|end|>!<|end|><|assistant|>")),
            qPrintable(own));
        emit m_window->prompt()->templateChosen(QStringLiteral("vicuna_v1.1"));
        QTRY_VERIFY(m_window->prompt()->text()->toPlainText().contains(QStringLiteral("USER: ")));
        emit m_window->prompt()->templateChosen({});
        QTRY_VERIFY(m_window->prompt()->text()->toPlainText().startsWith(own));
    }

    void aChosenPaceSlowsTheStepsButNotTheFigures()
    {
        GenerateSettings settings = m_window->tuning()->settings();
        settings.ignore_eos = true;
        settings.max_tokens = 40;
        emit m_window->settingsChanged(settings);
        m_window->setPace(20);
        QElapsedTimer clock;
        clock.start();
        send(QStringLiteral("Tell me a story."));
        QTRY_VERIFY(m_window->history()->count() >= 3);
        QVERIFY2(m_window->statusLine()->text().contains(QStringLiteral("slowed to 20 steps")),
            qPrintable(m_window->statusLine()->text()));
        QVERIFY(waitAnswer());
        const qint64 slow_ms = clock.elapsed();
        Transcript* transcript = m_window->chat()->transcript();
        const MessageStats stats = transcript->view(transcript->count() - 1)->message().stats;
        QVERIFY(stats.steps > 4);
        QVERIFY2(slow_ms >= stats.steps * 50, qPrintable(QString::number(slow_ms)));
        QVERIFY2(stats.decode_ms < double(slow_ms) / 3,
            qPrintable(QStringLiteral("%1 of %2 ms").arg(stats.decode_ms).arg(slow_ms)));
        m_window->setPace(1);
        send(QStringLiteral("Go on."));
        const int before = m_window->history()->count();
        QTRY_VERIFY(m_window->history()->count() > before);
        clock.restart();
        emit m_window->chat()->stopRequested();
        QTRY_VERIFY(!m_host->isAnswering());
        QVERIFY2(clock.elapsed() < 300, qPrintable(QString::number(clock.elapsed())));
    }

    void theDemoCanBeWatchedUntilAPaceIsChosen()
    {
        m_options.pace.reset();
        m_host.reset();
        m_window = std::make_unique<MainWindow>();
        QTemporaryDir data;
        m_options.data_folder = data.path().toStdString();
        m_host = std::make_unique<EngineHost>(m_options, m_window.get());
        QSignalSpy ready(m_host.get(), &EngineHost::modelReady);
        m_window->show();
        m_host->start();
        QVERIFY(ready.wait(kLongMs));
        QCOMPARE(m_window->pace(), 20);
        QVERIFY(!m_window->layoutText().contains(QStringLiteral("pace")));
        m_window->setPace(0);
        const QString layout = m_window->layoutText();
        m_window->setPace(5);
        m_window->setLayoutText(layout);
        QCOMPARE(m_window->pace(), 0);
        m_host.reset();
    }

    void aChatThatIsOpenedAgainIsCounted()
    {
        send(QStringLiteral("Hello!"));
        QVERIFY(waitAnswer());
        const qint64 conversation = m_window->chat()->conversation();
        m_host.reset();
        m_window = std::make_unique<MainWindow>();
        m_host = std::make_unique<EngineHost>(m_options, m_window.get());
        QSignalSpy opened(m_host.get(), &EngineHost::opened);
        QSignalSpy ready(m_host.get(), &EngineHost::modelReady);
        m_window->show();
        m_host->start();
        QVERIFY(opened.count() > 0 || opened.wait(kLongMs));
        emit m_window->conversations()->opened(conversation); // the model may not be there yet
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, kLongMs);
        const auto words = [this] { return m_window->statusLine()->text(); };
        QTRY_VERIFY2(words().contains(QStringLiteral("Context ")), qPrintable(words()));
        QVERIFY2(!words().contains(QStringLiteral("Context 0 ")), qPrintable(words()));
        emit m_window->conversations()->newChatRequested();
        QVERIFY2(words().contains(QStringLiteral("Context 0 ")), qPrintable(words()));
        emit m_window->conversations()->opened(conversation);
        QTRY_COMPARE(m_window->chat()->conversation(), conversation);
        QVERIFY2(!words().contains(QStringLiteral("Context 0 ")), qPrintable(words()));
    }

    void theWindowStaysResponsive_data()
    {
        QTest::addColumn<int>("tab");
        QTest::newRow("tree") << 0;
        QTest::newRow("plots") << 1;
    }

    void theWindowStaysResponsive()
    {
        QFETCH(int, tab);
        GenerateSettings settings = m_window->tuning()->settings();
        settings.ignore_eos = true;
        settings.max_tokens = 300;
        emit m_window->settingsChanged(settings);
        m_window->showTab(tab);
        QTest::qWait(300); // fonts and first pictures
        Heartbeat heartbeat;
        const double cpu_before = threadCpuMs();
        QElapsedTimer clock;
        clock.start();
        for (const char* prompt : {"Tell me a story.", "Another one.", "And a last one."}) {
            QSignalSpy finished(m_host.get(), &EngineHost::answerFinished);
            send(QString::fromLatin1(prompt));
            QVERIFY(finished.wait(kLongMs));
        }
        qInfo("gaps while generating: p50 %.1f ms, p99 %.1f ms, max %.1f ms; the window's thread "
              "computes "
              "%.1f %% of the time",
            heartbeat.gapMs(0.5), heartbeat.gapMs(0.99), heartbeat.gapMs(1),
            (threadCpuMs() - cpu_before) / double(clock.elapsed()) * 100);
        QVERIFY(heartbeat.gapMs(0.99) <= 50);
    }

private:
    void send(const QString& text)
    {
        m_window->chat()->card()->setText(text);
        emit m_window->chat()->card()->sent(text);
    }
    bool waitAnswer()
    {
        return QTest::qWaitFor(
            [this] {
                return m_window->chat()->transcript()->count() > 0 && !m_host->isAnswering();
            },
            kLongMs);
    }
    QString lastText()
    {
        Transcript* transcript = m_window->chat()->transcript();
        return transcript->view(transcript->count() - 1)->text();
    }

    WindowOptions m_options;
    std::unique_ptr<QTemporaryDir> m_data;
    std::unique_ptr<MainWindow> m_window;
    std::unique_ptr<EngineHost> m_host;
    qint64 m_ready_ms = 0;
};

QTEST_MAIN(DemoModelTest)
#include "demo_model_test.moc"
