// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/engine_host.h"

#include "app/window/custom_tree.h"
#include "app/window/heartbeat.h"
#include "core/store/conversation_store.h"
#include "tests/support/fake_engine_worker.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/conversation_model.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/message_view.h"
#include "ui/chat/notice_bar.h"
#include "ui/chat/prompt_card.h"
#include "ui/chat/prompt_edit.h"
#include "ui/chat/transcript.h"
#include "ui/main_window.h"
#include "ui/status/status_line.h"
#include "ui/tree/step_history.h"

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QListView>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

using namespace gorgon;
using gorgon::tests::FakeEngineWorker;
using gorgon::tests::FakePace;

namespace {

/// A variable of the environment for the length of a test.
class ScopedVariable
{
public:
    ScopedVariable(const char* name, const QString& value)
        : m_name(name)
        , m_before(qgetenv(name))
        , m_was_set(qEnvironmentVariableIsSet(name))
    {
        qputenv(name, value.toUtf8());
    }
    ~ScopedVariable()
    {
        if (m_was_set)
            qputenv(m_name, m_before);
        else
            qunsetenv(m_name);
    }
    ScopedVariable(const ScopedVariable&) = delete;
    ScopedVariable& operator=(const ScopedVariable&) = delete;

private:
    const char* m_name;
    QByteArray m_before;
    bool m_was_set;
};

/// The window with an engine that answers by rote and a data folder that may outlive it.
struct Program
{
    explicit Program(const QTemporaryDir& data, FakePace pace = {})
        : Program(optionsFor(data), pace)
    {
    }
    Program(const WindowOptions& options, FakePace pace)
        : host(options, &window,
            [pace](const WindowOptions& given, std::shared_ptr<LiveSettings> settings,
                std::stop_token quit) {
                return new FakeEngineWorker(given, std::move(settings), std::move(quit), pace);
            })
    {
        QSignalSpy opened(&host, &EngineHost::opened);
        QSignalSpy ready(&host, &EngineHost::modelReady);
        window.show();
        host.start();
        if (opened.isEmpty())
            opened.wait();
        if (ready.isEmpty() && !pace.load_fails)
            ready.wait();
    }

    static WindowOptions optionsFor(const QTemporaryDir& data)
    {
        WindowOptions options;
        options.data_folder = data.path().toStdString();
        return options;
    }

    ChatPanel* chat() { return window.chat(); }
    void send(const QString& text)
    {
        chat()->card()->setText(text);
        QTest::keyClick(chat()->card()->edit(), Qt::Key_Return);
    }
    bool waitAnswer()
    {
        return QTest::qWaitFor([this] { return begun() && !host.isAnswering(); }, 10000);
    }
    bool begun() { return chat()->transcript()->count() > 0; }
    QString lastText()
    {
        return chat()->transcript()->view(chat()->transcript()->count() - 1)->text();
    }
    MessageState lastState()
    {
        return chat()->transcript()->view(chat()->transcript()->count() - 1)->message().state;
    }
    int listed() { return window.conversations()->list()->model()->rowCount(); }

    MainWindow window;
    EngineHost host;
};

} // namespace

class EngineHostTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { applyTheme(*qApp, ThemeMode::light, ContrastMode::normal); }

    void answersAndLosesNoText()
    {
        QTemporaryDir data;
        Program program(data, {60, 1});
        program.send(QStringLiteral("Count."));
        QVERIFY(program.waitAnswer());
        QString whole;
        for (int i = 0; i < 60; ++i)
            whole += QStringLiteral("word%1 ").arg(i);
        QCOMPARE(program.lastText(), whole);
        QCOMPARE(program.window.history()->count(), 60);
        QVERIFY(program.chat()->card()->text().isEmpty());
        QTRY_COMPARE(program.listed(), 1);
    }

    void stopsWithinOneStep()
    {
        QTemporaryDir data;
        FakeEngineWorker::s_steps_after_stop = 0;
        Program program(data, {100000, 20});
        program.send(QStringLiteral("Go on."));
        QTRY_VERIFY(program.window.history()->count() > 3);
        QElapsedTimer clock;
        clock.start();
        QTest::keyClick(program.chat()->card()->edit(), Qt::Key_Escape);
        QVERIFY(program.waitAnswer());
        QVERIFY(clock.elapsed() < 500);
        QVERIFY(FakeEngineWorker::s_steps_after_stop <= 1);
        QCOMPARE(program.lastState(), MessageState::stopped);
        QVERIFY(program.window.statusLine()->text().startsWith(QStringLiteral("Stopped")));
    }

    void keepsConversationsAndDraftsOverARestart()
    {
        QTemporaryDir data;
        {
            Program program(data, {5, 1});
            program.send(QStringLiteral("Tell me a story."));
            QVERIFY(program.waitAnswer());
            program.chat()->card()->setText(QStringLiteral("and then"));
            program.window.close();
        }
        Program program(data);
        QTRY_COMPARE(program.listed(), 1);
        QListView* list = program.window.conversations()->list();
        QCOMPARE(list->model()->index(0, 0).data().toString(), QStringLiteral("Tell me a story"));
        emit list->clicked(list->model()->index(0, 0));
        QTRY_COMPARE(program.chat()->transcript()->count(), 2);
        QCOMPARE(program.lastText(), QStringLiteral("word0 word1 word2 word3 word4 "));
        QCOMPARE(program.chat()->card()->text(), QStringLiteral("and then"));
    }

    void anAnswerCutByTheEndOfTheProgramIsKept()
    {
        QTemporaryDir data;
        QString seen;
        {
            Program program(data, {100000, 3});
            program.send(QStringLiteral("Go on."));
            QTRY_VERIFY(program.window.history()->count() > 20);
            seen = program.lastText();
            program.window.close();
        }
        const ConversationStore store(
            std::filesystem::path(data.path().toStdString()) / "conversations.sqlite");
        const Conversation kept = store.load(store.list().front().id);
        QCOMPARE(kept.messages.size(), size_t(2));
        QVERIFY(QString::fromStdString(kept.messages[1].text).startsWith(seen));
        QCOMPARE(kept.messages[1].state, MessageState::stopped);
    }

    void deletesWithUndo()
    {
        QTemporaryDir data;
        Program program(data, {2, 1});
        program.send(QStringLiteral("Keep me."));
        QVERIFY(program.waitAnswer());
        QTRY_COMPARE(program.listed(), 1);
        program.window.conversations()->removeCurrent();
        QTRY_COMPARE(program.listed(), 0);
        QTRY_VERIFY(program.chat()->notice()->isVisible());
        QCOMPARE(program.chat()->conversation(), 0);
        program.chat()->notice()->actionButton()->click();
        QTRY_COMPARE(program.listed(), 1);
        QTRY_COMPARE(program.chat()->transcript()->count(), 2);
    }

    void twoDeletesAreTakenBackOneByOneWhateverStandsInFront()
    {
        QTemporaryDir data;
        Program program(data, {2, 1});
        program.send(QStringLiteral("First."));
        QVERIFY(program.waitAnswer());
        emit program.window.conversations()->newChatRequested();
        QSignalSpy finished(&program.host, &EngineHost::answerFinished);
        program.send(QStringLiteral("Second."));
        QVERIFY(finished.wait());
        QTRY_COMPARE(program.listed(), 2);
        const QAbstractItemModel* list = program.window.conversations()->list()->model();
        for (int left = 1; left >= 0; --left) {
            const QModelIndex top = list->index(0, 0);
            emit program.window.conversations()->removeRequested(
                top.data(ConversationModel::id_role).toLongLong(), top.data().toString());
            QTRY_COMPARE(program.listed(), left);
        }
        NoticeBar* notice = program.chat()->notice();
        QTRY_VERIFY(notice->isVisible() && notice->text().contains(QStringLiteral("First")));
        program.window.showError(QStringLiteral("A file: it cannot be read; look at it."));
        QVERIFY(notice->isError());
        program.chat()->card()->edit()->setFocus();
        program.window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&program.window));
        QTest::keyClick(program.chat()->card()->edit(), Qt::Key_Z, Qt::ControlModifier);
        QTRY_COMPARE(program.listed(), 1);
        QCOMPARE(list->index(0, 0).data().toString(), QStringLiteral("First"));
        QVERIFY(notice->isError()); // not read yet
        // What was typed is undone first.
        QTest::keyClicks(program.chat()->card()->edit(), QStringLiteral("a"));
        QTest::keyClick(program.chat()->card()->edit(), Qt::Key_Z, Qt::ControlModifier);
        QTRY_VERIFY(program.chat()->card()->text().isEmpty());
        QTest::qWait(50);
        QCOMPARE(program.listed(), 1);
        QTest::keyClick(program.chat()->card()->edit(), Qt::Key_Z, Qt::ControlModifier);
        QTRY_COMPARE(program.listed(), 2);
    }

    void theOfferToUndoReturnsBehindAnError()
    {
        NoticeBar notice;
        int undone = 0;
        notice.showUndo(QStringLiteral("Deleted."), QStringLiteral("Undo"), [&] { ++undone; });
        notice.showError(QStringLiteral("Broken."));
        QVERIFY(notice.actionButton()->isHidden());
        notice.findChildren<QToolButton*>().last()->click(); // Dismiss
        QVERIFY(!notice.isHidden() && !notice.isError());
        QCOMPARE(notice.text(), QStringLiteral("Deleted."));
        notice.actionButton()->click();
        QCOMPARE(undone, 1);
        QVERIFY(notice.isHidden());
    }

    void regeneratesAndEditsInTheStore()
    {
        QTemporaryDir data;
        Program program(data, {3, 1});
        program.send(QStringLiteral("One."));
        QVERIFY(program.waitAnswer());
        QSignalSpy finished(&program.host, &EngineHost::answerFinished);
        program.chat()->regenerateLast();
        QVERIFY(finished.wait());
        QCOMPARE(program.chat()->transcript()->count(), 2);
        const qint64 user = program.chat()->transcript()->view(0)->message().id;
        emit program.chat()->transcript()->editRequested(user, QStringLiteral("One."));
        program.send(QStringLiteral("Two."));
        QVERIFY(finished.wait());
        QCOMPARE(program.chat()->transcript()->count(), 2);
        QCOMPARE(program.chat()->transcript()->view(0)->text(), QStringLiteral("Two."));
        const qint64 conversation = program.chat()->conversation();
        program.host.shutDown();
        const ConversationStore store(
            std::filesystem::path(data.path().toStdString()) / "conversations.sqlite");
        const Conversation kept = store.load(conversation);
        QCOMPARE(kept.messages.size(), size_t(2));
        QCOMPARE(kept.messages[0].text, std::string("Two."));
    }

    void anotherChatMayBeReadMeanwhile()
    {
        QTemporaryDir data;
        Program program(data, {300, 4});
        program.send(QStringLiteral("First."));
        QTRY_VERIFY(program.window.history()->count() > 5);
        emit program.window.conversations()->newChatRequested();
        QCOMPARE(program.chat()->card()->mode(), PromptCard::Mode::blocked);
        QVERIFY(program.host.isAnswering());
        const int before = program.window.history()->count();
        QTRY_VERIFY(program.window.history()->count() > before + 5);
        QListView* list = program.window.conversations()->list();
        emit list->clicked(list->model()->index(0, 0));
        QTRY_COMPARE(program.chat()->transcript()->count(), 2);
        QCOMPARE(program.chat()->card()->mode(), PromptCard::Mode::stop);
        QVERIFY(program.waitAnswer());
        QString whole;
        for (int i = 0; i < 300; ++i)
            whole += QStringLiteral("word%1 ").arg(i);
        QCOMPARE(program.lastText(), whole);
    }

    void failuresAreSaidAndTheProgramGoesOn()
    {
        QTemporaryDir data;
        FakePace pace{3, 1};
        pace.answer_fails = true;
        {
            Program program(data, pace);
            program.send(QStringLiteral("Fail."));
            QVERIFY(program.waitAnswer());
            QCOMPARE(program.lastState(), MessageState::failed);
            QVERIFY(program.chat()->notice()->text().contains(QStringLiteral("invalid numbers")));
            QCOMPARE(program.chat()->card()->mode(), PromptCard::Mode::send);
        }
        pace = {3, 1};
        pace.load_fails = true;
        Program program(data, pace);
        QTRY_VERIFY(program.chat()->notice()->isVisible());
        QVERIFY(program.window.statusLine()->text().startsWith(QStringLiteral("Failed")));
        program.send(QStringLiteral("kept"));
        QCOMPARE(program.chat()->card()->text(), QStringLiteral("kept"));
    }

    void aFolderThatCannotBeWrittenIsSaidAndTheChatGoesOn()
    {
        QTemporaryDir data;
        QTemporaryDir temporary;
        const ScopedVariable folder("TMPDIR", temporary.path());
        const QString file = data.filePath(QStringLiteral("file"));
        QFile blocker(file);
        QVERIFY(blocker.open(QIODevice::WriteOnly));
        WindowOptions options;
        options.data_folder = (file + QStringLiteral("/inside")).toStdString();
        {
            Program program(options, {3, 1});
            NoticeBar* notice = program.chat()->notice();
            QTRY_VERIFY(notice->isVisible());
            const QString banner = notice->text();
            QVERIFY2(banner.startsWith(
                         QStringLiteral("Conversations are not being kept: %1/inside").arg(file)),
                qPrintable(banner));
            const QStringList inside
                = QDir(temporary.path()).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
            QCOMPARE(inside.size(), 1);
            QCOMPARE(QFile::permissions(temporary.filePath(inside.front()))
                    & (QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther
                        | QFile::WriteOther | QFile::ExeOther),
                QFile::Permissions());
            program.send(QStringLiteral("Count."));
            QVERIFY(program.waitAnswer());
            QCOMPARE(program.lastText(), QStringLiteral("word0 word1 word2 "));
            QTRY_COMPARE(program.listed(), 1);
            program.window.showError(QStringLiteral("Something else."));
            QCOMPARE(notice->text(), QStringLiteral("Something else."));
            notice->dismiss();
            QCOMPARE(notice->text(), banner);
            QVERIFY(notice->isVisible());
        }
        QVERIFY(QDir(temporary.path()).isEmpty());
    }

    void aNewerFileOfConversationsIsNeitherChangedNorInTheWay()
    {
        QTemporaryDir data;
        const QString file = data.filePath(QStringLiteral("conversations.sqlite"));
        {
            Program program(data, {3, 1});
            program.send(QStringLiteral("Count."));
            QVERIFY(program.waitAnswer());
        }
        QFile database(file);
        QVERIFY(database.open(QIODevice::ReadWrite));
        constexpr int kUserVersionAt = 60; // of SQLite's file header, big endian
        QVERIFY(database.seek(kUserVersionAt));
        QCOMPARE(database.write(QByteArray("\0\0\0\x63", 4)), 4);
        QVERIFY(database.seek(0));
        const QByteArray before = database.readAll();
        {
            Program program(data, {3, 1});
            QTRY_VERIFY(program.chat()->notice()->text().contains(QStringLiteral("newer Gorgon")));
            program.send(QStringLiteral("Count."));
            QVERIFY(program.waitAnswer());
            QCOMPARE(program.lastText(), QStringLiteral("word0 word1 word2 "));
        }
        QVERIFY(database.seek(0));
        QCOMPARE(database.readAll(), before);
    }

    void whereNothingCanBeWrittenTheMessageIsRefusedWithTheCause()
    {
        QTemporaryDir data;
        // Files where folders should be: even root cannot write into them.
        const QString file = data.filePath(QStringLiteral("file"));
        QFile blocker(file);
        QVERIFY(blocker.open(QIODevice::WriteOnly));
        QFile temporary(data.filePath(QStringLiteral("temporary")));
        QVERIFY(temporary.open(QIODevice::WriteOnly));
        const ScopedVariable folder("TMPDIR", temporary.fileName());
        WindowOptions options;
        options.data_folder = file.toStdString();
        Program program(options, {3, 1});
        QTRY_VERIFY(program.chat()->notice()->isVisible());
        program.send(QStringLiteral("not lost"));
        QTRY_COMPARE(program.chat()->card()->mode(), PromptCard::Mode::send);
        QCOMPARE(program.chat()->card()->text(), QStringLiteral("not lost"));
        QVERIFY2(program.chat()->notice()->text().contains(file),
            qPrintable(program.chat()->notice()->text()));
        QVERIFY(program.chat()->notice()->text().contains(temporary.fileName()));
    }

    void closesWhileGeneratingFiftyTimes()
    {
        QTemporaryDir data;
        qint64 worst = 0;
        for (int i = 0; i < 50; ++i) {
            Program program(data, {100000, 1});
            program.send(QStringLiteral("Again %1.").arg(i));
            if (i % 5)
                QTest::qWait(i % 7);
            QElapsedTimer clock;
            clock.start();
            program.window.close();
            worst = std::max(worst, clock.elapsed());
        }
        qInfo("slowest close %lld ms", worst);
        QVERIFY(worst < 2000);
    }

    void theWindowStaysResponsiveWhileGenerating()
    {
        QTemporaryDir data;
        Program program(data, {600, 3});
        program.send(QStringLiteral("Much."));
        QTRY_VERIFY(program.begun());
        Heartbeat heartbeat;
        QVERIFY(program.waitAnswer());
        qInfo("gaps: p50 %.1f ms, p99 %.1f ms, max %.1f ms", heartbeat.gapMs(0.5),
            heartbeat.gapMs(0.99), heartbeat.gapMs(1));
        QVERIFY(heartbeat.gapMs(0.99) <= 50);
    }

    void readsACustomTree()
    {
        TreeSpec tree;
        QVERIFY(readCustomTree(QStringLiteral("[[0],[0,0],[1]]"), tree).isEmpty());
        QCOMPARE(tree.choices.size(), size_t(3));
        QVERIFY(!readCustomTree(QStringLiteral("[[0,0]]"), tree).isEmpty()); // no parent
        QVERIFY(!readCustomTree(QStringLiteral("{}"), tree).isEmpty());
        QVERIFY(!readCustomTree(QStringLiteral("[[\"a\"]]"), tree).isEmpty());
        QCOMPARE(tree.choices.size(), size_t(3));
    }
};

QTEST_MAIN(EngineHostTest)
#include "engine_host_test.moc"
