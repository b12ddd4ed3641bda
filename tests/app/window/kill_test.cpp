// SPDX-License-Identifier: GPL-3.0-or-later
// The window with the demo model is killed at random moments while it chats: what was on the screen
// a second before is in the file afterwards, and every message that was sent.
#include "app/window/engine_host.h"
#include "core/store/conversation_store.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/message_view.h"
#include "ui/chat/prompt_card.h"
#include "ui/chat/transcript.h"
#include "ui/main_window.h"
#include "ui/tuning/tuning_panel.h"

#include <QApplication>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <chrono>
#include <cstdio>
#include <map>
#include <random>

using namespace gorgon;

namespace {

constexpr int kKills = 50;
constexpr int kFirstMs = 100; // before anything was sent
constexpr int kLastMs = 2200;
constexpr int kMostLostMs = 1000;
constexpr const char* kChildArgument = "--chat-in";

qint64 nowMs()
{
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

QString promptText(int turn)
{
    return QStringLiteral("Tell me story number %1.").arg(turn);
}

/// The program that is killed: sends a message as soon as the last one is answered, stops some
/// answers, and writes down what is on its screen: "milliseconds, place of the message, its length"
/// a line.
int chat(int argc, char** argv)
{
    QApplication app(argc, argv);
    WindowOptions options;
    options.model = findDemoModel();
    options.data_folder = argv[2];
    options.pace = 0;
    MainWindow window;
    EngineHost host(options, &window);
    int turn = 0;
    const auto send = [&] { emit window.chat()->card()->sent(promptText(turn++)); };
    QObject::connect(&host, &EngineHost::modelReady, &window, [&] {
        GenerateSettings settings = window.tuning()->settings();
        settings.ignore_eos = true; // answers of a second and more
        settings.max_tokens = 1600;
        emit window.settingsChanged(settings);
        send();
    });
    QObject::connect(&host, &EngineHost::answerFinished, &window, send, Qt::QueuedConnection);
    QTimer stop;
    QObject::connect(&stop, &QTimer::timeout, window.chat(), &ChatPanel::stopRequested);
    stop.start(1700);
    QTimer look;
    QObject::connect(&look, &QTimer::timeout, &window, [&] {
        const Transcript* transcript = window.chat()->transcript();
        const int last = transcript->count() - 1;
        if (last < 0)
            return;
        std::printf("%lld %d %lld\n", static_cast<long long>(nowMs()), last,
            static_cast<long long>(transcript->view(last)->text().size()));
        std::fflush(stdout);
    });
    look.start(5);
    window.show();
    host.start();
    return QApplication::exec();
}

/// For each message of the transcript, the characters that were shown at least kMostLostMs before
/// the kill.
std::map<int, qsizetype> shownInTime(const QByteArray& log, qint64 killed_ms)
{
    std::map<int, qsizetype> shown;
    for (const QByteArray& line : log.split('\n')) {
        const QList<QByteArray> fields = line.split(' ');
        if (fields.size() != 3)
            continue; // cut by the kill
        qsizetype& length = shown[fields[1].toInt()]; // sent: there, however short the time
        if (fields[0].toLongLong() <= killed_ms - kMostLostMs)
            length = std::max(length, qsizetype(fields[2].toLongLong()));
    }
    return shown;
}

} // namespace

class KillTest : public QObject
{
    Q_OBJECT

private slots:
    void nothingAcknowledgedIsLost()
    {
        if (findDemoModel().empty())
            QSKIP("the demo model is not here");
        std::mt19937 random(20); // NOLINT: the same moments every time
        int interrupted = 0;
        qsizetype messages = 0;
        for (int kill = 0; kill < kKills; ++kill) {
            QTemporaryDir data;
            QProcess child;
            child.start(QCoreApplication::applicationFilePath(),
                {QString::fromLatin1(kChildArgument), data.path()});
            QVERIFY(child.waitForStarted());
            const int wait_ms = std::uniform_int_distribution<int>(kFirstMs, kLastMs)(random);
            QTest::qWait(wait_ms);
            const qint64 killed_ms = nowMs();
            child.kill();
            QVERIFY(child.waitForFinished());
            QCOMPARE(child.exitStatus(), QProcess::CrashExit);
            checkKept(
                data, shownInTime(child.readAllStandardOutput(), killed_ms), interrupted, messages);
            if (QTest::currentTestFailed())
                return;
        }
        qInfo("%d kills, %d of them within an answer, %lld messages kept", kKills, interrupted,
            static_cast<long long>(messages));
        QVERIFY(interrupted > kKills / 4);
    }

private:
    static void checkKept(const QTemporaryDir& data, const std::map<int, qsizetype>& shown,
        int& interrupted, qsizetype& messages)
    {
        const ConversationStore store(
            std::filesystem::path(data.path().toStdString()) / "conversations.sqlite");
        if (shown.empty())
            return;
        const auto all = store.list();
        QCOMPARE(all.size(), size_t(1));
        const Conversation kept = store.load(all.front().id);
        QVERIFY(int(kept.messages.size()) > shown.rbegin()->first);
        for (const auto& [place, length] : shown) {
            const Message& message = kept.messages[size_t(place)];
            const QString text = QString::fromStdString(message.text);
            QVERIFY2(text.size() >= length,
                qPrintable(QStringLiteral("message %1: %2 characters kept of %3")
                               .arg(place)
                               .arg(text.size())
                               .arg(length)));
            if (place % 2 == 0)
                QCOMPARE(text, promptText(place / 2));
            QVERIFY(message.state != MessageState::generating);
        }
        messages += qsizetype(kept.messages.size());
        if (kept.messages.back().state == MessageState::interrupted)
            ++interrupted;
    }
};

int main(int argc, char** argv)
{
    if (argc == 3 && qstrcmp(argv[1], kChildArgument) == 0)
        return chat(argc, argv);
    QApplication app(argc, argv);
    KillTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "kill_test.moc"
