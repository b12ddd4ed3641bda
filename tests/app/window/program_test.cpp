// SPDX-License-Identifier: GPL-3.0-or-later
// The program gorgon as it is installed: arguments, an answer, an orderly end.
#include "app/window/window_options.h"
#include "core/store/conversation_store.h"

#include <QApplication>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace gorgon;

namespace {

constexpr int kLongMs = 30000;

/// The answers of the only conversation that have ended.
std::vector<Message> endedAnswers(const std::filesystem::path& file)
{
    std::vector<Message> ended;
    const ConversationStore store(file);
    for (const ConversationSummary& one : store.list()) {
        for (const Message& message : store.load(one.id).messages) {
            if (message.role == "assistant" && message.state != MessageState::interrupted)
                ended.push_back(message);
        }
    }
    return ended;
}

} // namespace

class ProgramTest : public QObject
{
    Q_OBJECT

private slots:
    void refusesWhatItDoesNotKnow_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("named");
        QTest::newRow("option") << QStringList{"--modle", "x"} << "modle";
        QTest::newRow("threads") << QStringList{"--threads", "-1"} << "--threads";
        QTest::newRow("theme") << QStringList{"--theme", "blue"} << "--theme";
    }

    void refusesWhatItDoesNotKnow()
    {
        QFETCH(QStringList, arguments);
        QFETCH(QString, named);
        QProcess program;
        program.start(QStringLiteral(GORGON_PROGRAM), arguments);
        QVERIFY(program.waitForFinished(kLongMs));
        QCOMPARE(program.exitCode(), 2);
        const QString said = QString::fromUtf8(program.readAllStandardError());
        QCOMPARE(said.count(QLatin1String("error: ")), 1);
        QVERIFY2(
            said.mid(said.indexOf(QLatin1String("error: "))).contains(named), qPrintable(said));
    }

    void answersAPromptAndEndsInOrderWhenTheSessionDoes()
    {
        if (findDemoModel().empty())
            QSKIP("the demo model is not here");
        QTemporaryDir data;
        const QString beats = data.filePath(QStringLiteral("heartbeat.json"));
        QProcess program;
        program.setProcessChannelMode(QProcess::ForwardedChannels);
        program.start(QStringLiteral(GORGON_PROGRAM),
            {QStringLiteral("--data-dir"), data.path(), QStringLiteral("--heartbeat"), beats,
                QStringLiteral("--prompt"), QStringLiteral("Count to twenty.")});
        QVERIFY(program.waitForStarted());
        QTest::qWait(2500);
        program.terminate(); // SIGTERM
        QVERIFY(program.waitForFinished(kLongMs));
        QCOMPARE(program.exitStatus(), QProcess::NormalExit);
        QCOMPARE(program.exitCode(), 0);

        const auto answers = endedAnswers(data.path().toStdString() + "/conversations.sqlite");
        QCOMPARE(answers.size(), size_t(1));
        QVERIFY(!answers.front().text.empty());
        QFile file(beats);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonObject figures = QJsonDocument::fromJson(file.readAll()).object();
        qInfo("gaps: p99 %.1f ms, most %.1f ms", figures.value("p99_ms").toDouble(),
            figures.value("max_ms").toDouble());
        QVERIFY(figures.value("beats").toInt() > 50);
    }
};

QTEST_MAIN(ProgramTest)
#include "program_test.moc"
