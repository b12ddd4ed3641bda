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
        QTest::newRow("pace") << QStringList{"--pace", "fast"} << "--pace";
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

    void tellsWhereThereIsNoDisplay_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("display"); // empty: not set
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("named");
        const QString none;
        const QString dead = QStringLiteral(":1977");
        for (const QString& display : {none, dead}) {
            const QByteArray where = display.isEmpty() ? "without" : "dead";
            QTest::newRow(where + " help") << QStringList{"--help"} << display << 0 << "--model";
            QTest::newRow(where + " version")
                << QStringList{"--version"} << display << 0 << "gorgon";
            QTest::newRow(where + " wrong") << QStringList{"--modle"} << display << 2 << "modle";
        }
        QTest::newRow("without") << QStringList{} << none << 1 << "(DISPLAY is not set)";
        QTest::newRow("dead") << QStringList{} << dead << 1 << "(DISPLAY is \":1977\")";
        QTest::newRow("platform") << QStringList{"-platform", "offscreen", "--help"} << none << 0
                                  << "--model";
        QTest::newRow("no such platform")
            << QStringList{"-platform", "nonsense"} << none << 1 << "no display could be opened";
    }

    void tellsWhereThereIsNoDisplay()
    {
        QFETCH(QStringList, arguments);
        QFETCH(QString, display);
        QFETCH(int, status);
        QFETCH(QString, named);
        QProcess program;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        for (const char* name : {"QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"})
            environment.remove(QLatin1String(name));
        environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C.UTF-8"));
        if (!display.isEmpty())
            environment.insert(QStringLiteral("DISPLAY"), display);
        program.setProcessEnvironment(environment);
        program.start(QStringLiteral(GORGON_PROGRAM), arguments);
        QVERIFY(program.waitForFinished(kLongMs));
        QCOMPARE(program.exitStatus(), QProcess::NormalExit);
        QCOMPARE(program.exitCode(), status);
        const QString said = QString::fromUtf8(program.readAllStandardError());
        const QString printed = QString::fromUtf8(program.readAllStandardOutput());
        QVERIFY2((status == 0 ? printed : said).contains(named), qPrintable(said + printed));
        QCOMPARE(said.count(QLatin1Char('\n')), status == 0 ? 0 : 1);
        if (status == 1)
            QVERIFY(said.contains(QLatin1String("gorgon-cli chat")));
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
            {QStringLiteral("-platform"), QStringLiteral("offscreen"), QStringLiteral("--data-dir"),
                data.path(), QStringLiteral("--heartbeat"), beats, QStringLiteral("--pace"),
                QStringLiteral("0"), QStringLiteral("--prompt"),
                QStringLiteral("Count to twenty.")});
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
