// SPDX-License-Identifier: GPL-3.0-or-later
// Questions to a hub that does not answer: each ends with a sentence and a way to ask again.
#include "tests/app/window/hub_program.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

constexpr qint64 kQuitMs = 2000;

HubFault silent(const char* path)
{
    HubFault fault;
    fault.path = path;
    fault.change = unanswered(HubReply::End::stall);
    return fault;
}

} // namespace

class HubQuestionsTest : public QObject
{
    Q_OBJECT

private slots:
    void init()
    {
        m_folder = std::make_unique<ScratchFolder>();
        m_hub = std::make_unique<FakeHub>();
        useHub(*m_folder, *m_hub);
        m_hub->commit("org/tiny", baseFiles());
    }

    void aSearchThatHangsIsStoppedAndAskedAgain()
    {
        m_hub->script(silent("/api/models?"));
        Program program(*m_folder);
        DiscoverPage* page = program.models()->discover();
        program.search(QStringLiteral("tiny"));
        QVERIFY(QTest::qWaitFor([&] { return !m_hub->requests().empty(); }, kWaitMs));
        QVERIFY(words(page).contains(QStringLiteral("Asking the hub")));
        QVERIFY(press(page, QStringLiteral("Stop")));
        QTRY_VERIFY_WITH_TIMEOUT(words(page).contains(QStringLiteral("was stopped")), kWaitMs);
        m_hub->clearFaults();
        QVERIFY(press(page, QStringLiteral("Try again")));
        QTRY_COMPARE_WITH_TIMEOUT(program.found()->rowCount(), 1, kWaitMs);
        QVERIFY(words(page).contains(QStringLiteral("1 found")));
    }

    void aSearchThatIsReplacedSaysNothing()
    {
        m_hub->script(silent("/api/models?search=first"));
        Program program(*m_folder);
        DiscoverPage* page = program.models()->discover();
        program.search(QStringLiteral("first"));
        QVERIFY(QTest::qWaitFor([&] { return !m_hub->requests().empty(); }, kWaitMs));
        bool told = false;
        QTimer watch;
        connect(&watch, &QTimer::timeout, page,
            [&] { told = told || words(page).contains(QStringLiteral("stopped")); });
        watch.start(1);
        program.search(QStringLiteral("tiny"));
        QTRY_VERIFY_WITH_TIMEOUT(words(page).contains(QStringLiteral("1 found")), kWaitMs);
        QVERIFY(!told);
        // Nor one that nobody waits for.
        program.search(QStringLiteral("first"));
        page->findChild<QLineEdit*>()->clear();
        QTest::qWait(300);
        QVERIFY(!told);
        QVERIFY(words(page).contains(QStringLiteral("known to work")));
    }

    void aSearchThatFailsIsAskedAgain()
    {
        m_hub->script(absent("/api/models?"));
        Program program(*m_folder);
        DiscoverPage* page = program.models()->discover();
        program.search(QStringLiteral("tiny"));
        QTRY_VERIFY_WITH_TIMEOUT(button(page, QStringLiteral("Try again")), kWaitMs);
        QVERIFY(!words(page).contains(QStringLiteral("Asking")));
        m_hub->clearFaults();
        QVERIFY(press(page, QStringLiteral("Try again")));
        QTRY_COMPARE_WITH_TIMEOUT(program.found()->rowCount(), 1, kWaitMs);
    }

    void aCheckThatHangsIsStoppedAndAskedAgain()
    {
        m_hub->script(silent("/api/models/org/tiny"));
        Program program(*m_folder);
        PairPanel* panel = program.models()->discover()->panel();
        program.search(QStringLiteral("org/tiny"));
        QTRY_COMPARE_WITH_TIMEOUT(program.entry().knowledge, PairEntry::Knowledge::asking, kWaitMs);
        QVERIFY(press(panel, QStringLiteral("Stop")));
        QTRY_VERIFY_WITH_TIMEOUT(words(panel).contains(QStringLiteral("was stopped")), kWaitMs);
        m_hub->clearFaults();
        QVERIFY(press(panel, QStringLiteral("Try again")));
        QTRY_COMPARE_WITH_TIMEOUT(program.entry().knowledge, PairEntry::Knowledge::known, kWaitMs);
        QVERIFY(!words(panel).contains(QStringLiteral("was stopped")));
    }

    void whatTheHubSaysIsShownOnce()
    {
        HubFault fault;
        fault.change = headerSet("X-HF-Warning", "unauthenticated; Set a token for more.");
        m_hub->script(fault);
        Program program(*m_folder);
        program.search(QStringLiteral("tiny"));
        const QString line = QStringLiteral("The hub says: ");
        QTRY_VERIFY_WITH_TIMEOUT(words(program.models()).contains(line), kWaitMs);
        QVERIFY(words(program.models()).contains(QStringLiteral("Set a token for more.")));
        auto* seen = program.models()->findChild<QToolButton*>(QStringLiteral("warning_seen"));
        QVERIFY(seen);
        seen->click();
        QVERIFY(!words(program.models()).contains(line));
        program.search(QStringLiteral("org/tiny"));
        QTRY_COMPARE_WITH_TIMEOUT(program.entry().knowledge, PairEntry::Knowledge::known, kWaitMs);
        QVERIFY(!words(program.models()).contains(line));
    }

    void quitsAtOnceWhileTheHubIsSilent()
    {
        m_hub->commit("org/name", plainFiles());
        m_hub->script(silent("/api/models?"));
        HubFault body;
        body.change = stallAfter(100'000);
        body.host = tests::HubHost::cdn;
        m_hub->script(body);
        Program program(*m_folder);
        program.get("org/name");
        QTRY_COMPARE_WITH_TIMEOUT(
            program.state(QStringLiteral("org/name")), State::downloading, kWaitMs);
        const size_t n_before = m_hub->requests().size();
        program.search(QStringLiteral("tiny"));
        QVERIFY(QTest::qWaitFor([&] { return m_hub->requests().size() > n_before; }, kWaitMs));
        // Written although the program ends at once.
        HubPreferences chosen = program.models()->connection()->preferences();
        chosen.n_files = 3;
        emit program.models()->connection()->preferencesChanged(chosen);
        QElapsedTimer clock;
        clock.start();
        program.window.close();
        qInfo("quit after %lld ms", clock.elapsed());
        QVERIFY(clock.elapsed() < kQuitMs);
        QVERIFY(bytesOf(m_folder->path() / "data" / "hub.json").find("\"files_at_once\": 3")
            != std::string::npos);
    }

private:
    std::unique_ptr<ScratchFolder> m_folder;
    std::unique_ptr<FakeHub> m_hub;
};

QTEST_MAIN(HubQuestionsTest)
#include "hub_questions_test.moc"
