// SPDX-License-Identifier: GPL-3.0-or-later
// Mirrors and proxies: chosen, of the environment, of the system; and what was sent through them.
#include <QCheckBox>

#include "tests/app/window/hub_program.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

constexpr const char* kFarHub = "http://hub.invalid:8000"; // only a proxy can know it

} // namespace

class HubConnectionTest : public QObject
{
    Q_OBJECT

private slots:
    void init()
    {
        m_folder = std::make_unique<ScratchFolder>();
        m_hub = std::make_unique<FakeHub>();
        useHub(*m_folder, *m_hub);
        m_hub->commit("org/tiny", plainFiles());
        m_n_asked = 0;
    }

    void theSystemsProxyIsUsedAndSaidToBe()
    {
        qputenv("HF_ENDPOINT", kFarHub);
        Program program(*m_folder, system());
        ConnectionPage* page = program.models()->connection();
        program.models()->showTab(ModelsWindow::connection_tab);
        QVERIFY(words(page).contains(QStringLiteral("asked before the first request")));
        QTest::qWait(100);
        QCOMPARE(m_n_asked.load(), 0); // it might use the network
        QVERIFY(press(page, QStringLiteral("Test")));
        QTRY_VERIFY_WITH_TIMEOUT(words(page).contains(QStringLiteral("answered in")), kWaitMs);
        QCOMPARE(m_n_asked.load(), 1);
        QVERIFY2(words(page).contains(QStringLiteral("%1, from the system's settings")
                                          .arg(QString::fromStdString(m_hub->endpoint()))),
            qPrintable(words(page)));
        QVERIFY(!words(page).contains(QStringLiteral("secret")));
        QVERIFY(!m_hub->requests().empty());
        for (const HubRequest& request : m_hub->requests())
            QCOMPARE(QString::fromStdString(request.proxied_to), QString::fromLatin1(kFarHub));
        program.search(QStringLiteral("tiny"));
        QTRY_COMPARE_WITH_TIMEOUT(program.found()->rowCount(), 1, kWaitMs);
        QCOMPARE(m_n_asked.load(), 1);
    }

    void aDownloadWaitsForTheSystemsProxy()
    {
        qputenv("HF_ENDPOINT", kFarHub);
        // Small enough to lie with the hub itself: the second host is on this machine.
        m_hub->commit("org/small",
            {{"config.json", smallFile("{\"model_type\": \"llama\"}")},
                {"model.safetensors", smallFile(std::string(1000, 'x'))}});
        Program program(*m_folder, system());
        QVERIFY(program.get("org/small"));
        const bool done = program.waitFor(QStringLiteral("org/small"), State::done);
        QVERIFY2(done, qPrintable(words(program.models()->downloads())));
        QCOMPARE(m_n_asked.load(), 1);
    }

    void theEnvironmentGoesBeforeTheSystem()
    {
        qputenv("HF_ENDPOINT", kFarHub);
        QByteArray proxy = QByteArray::fromStdString(m_hub->endpoint());
        qputenv("http_proxy", proxy.replace("://", "://somebody:secret@"));
        Program program(*m_folder, system());
        ConnectionPage* page = program.models()->connection();
        program.models()->showTab(ModelsWindow::connection_tab);
        QVERIFY2(words(page).contains(QStringLiteral("from the variable http_proxy")),
            qPrintable(words(page)));
        QVERIFY(!words(page).contains(QStringLiteral("secret")));
        QVERIFY(press(page, QStringLiteral("Test")));
        QTRY_VERIFY_WITH_TIMEOUT(words(page).contains(QStringLiteral("answered in")), kWaitMs);
        QCOMPARE(m_n_asked.load(), 0);
    }

    void aMirrorAndAProxyAreTakenAndTested()
    {
        qputenv("HF_ENDPOINT", "http://127.0.0.1:1");
        Program program(*m_folder, system());
        ConnectionPage* page = program.models()->connection();
        program.models()->showTab(ModelsWindow::connection_tab);
        QVERIFY(press(page, QStringLiteral("Test")));
        QTRY_VERIFY_WITH_TIMEOUT(button(page, QStringLiteral("Test"))->isEnabled(), kWaitMs);
        QVERIFY(!words(page).contains(QStringLiteral("answered in")));
        // A mirror.
        auto* endpoint = line(page, "Address of the hub or of a mirror");
        endpoint->setText(QString::fromStdString(m_hub->endpoint()) + QLatin1Char('/'));
        QTest::keyClick(endpoint, Qt::Key_Return);
        QVERIFY(press(page, QStringLiteral("Test")));
        QTRY_VERIFY_WITH_TIMEOUT(words(page).contains(QStringLiteral("answered in")), kWaitMs);
        // What is no address is told and changes nothing.
        endpoint->setText(QStringLiteral("file:///etc/passwd"));
        QTest::keyClick(endpoint, Qt::Key_Return);
        QTRY_VERIFY_WITH_TIMEOUT(words(page).contains(QStringLiteral("file")), kWaitMs);
        // Trust in one address is none in another.
        auto* trust = page->findChild<QCheckBox*>();
        endpoint->setText(QString::fromStdString(m_hub->endpoint()));
        QTest::keyClick(endpoint, Qt::Key_Return);
        trust->click();
        QVERIFY(page->preferences().token_to_mirror);
        QTest::keyClick(endpoint, Qt::Key_Return);
        QVERIFY(page->preferences().token_to_mirror);
        endpoint->setText(QString::fromLatin1(kFarHub));
        QTest::keyClick(endpoint, Qt::Key_Return);
        QVERIFY(!trust->isChecked());
        QVERIFY(!page->preferences().token_to_mirror);
        // A proxy of one's own.
        endpoint->setText(QString::fromLatin1(kFarHub));
        QTest::keyClick(endpoint, Qt::Key_Return);
        auto* proxy = line(page, "Address of the proxy");
        QVERIFY(!proxy->isVisible());
        page->findChild<QComboBox*>()->setCurrentIndex(int(HubPreferences::Proxy::own));
        QVERIFY(proxy->isVisible());
        proxy->setText(QString::fromStdString(m_hub->endpoint()));
        QTest::keyClick(proxy, Qt::Key_Return);
        m_hub->forgetRequests();
        QVERIFY(press(page, QStringLiteral("Test")));
        QTRY_VERIFY_WITH_TIMEOUT(
            words(page).contains(QStringLiteral("hub.invalid:8000 answered in")), kWaitMs);
        QCOMPARE(QString::fromStdString(m_hub->requests().back().proxied_to),
            QString::fromLatin1(kFarHub));
        QCOMPARE(m_n_asked.load(), 0);
    }

    void takesEveryFormOfAnAddress_data()
    {
        QTest::addColumn<QString>("pasted");
        QTest::addColumn<QString>("revision");
        const QString main = QStringLiteral("main");
        QTest::newRow("name") << "org/tiny"
                              << "";
        QTest::newRow("blanks") << "  org/tiny \n"
                                << "";
        QTest::newRow("page") << "https://huggingface.co/org/tiny"
                              << "";
        QTest::newRow("page, query") << "https://huggingface.co/org/tiny?library=transformers#use"
                                     << "";
        QTest::newRow("tree") << "https://huggingface.co/org/tiny/tree/main" << main;
        QTest::newRow("file") << "https://huggingface.co/org/tiny/blob/main/config.json" << main;
        QTest::newRow("resolve")
            << "https://huggingface.co/org/tiny/resolve/main/model.safetensors?download=true"
            << main;
        QTest::newRow("short host") << "https://hf.co/org/tiny"
                                    << "";
        QTest::newRow("no scheme") << "hf.co/org/tiny"
                                   << "";
        QTest::newRow("scheme of the hub") << "hf://org/tiny"
                                           << "";
        QTest::newRow("with revision") << "hf://models/org/tiny@main/config.json" << main;
        QTest::newRow("mirror") << "https://hf-mirror.com/org/tiny"
                                << "";
        QTest::newRow("endpoint") << QString() << "";
    }

    void takesEveryFormOfAnAddress()
    {
        QFETCH(QString, pasted);
        QFETCH(QString, revision);
        if (pasted.isEmpty())
            pasted = QString::fromStdString(m_hub->endpoint() + "/org/tiny");
        Program program(*m_folder);
        program.models()->showTab(ModelsWindow::installed_tab); // pasted anywhere
        QMimeData data;
        data.setText(pasted);
        emit program.models()->dropped(&data);
        QCOMPARE(program.models()->tab(), ModelsWindow::discover_tab);
        QTRY_COMPARE_WITH_TIMEOUT(program.entry().base, QStringLiteral("org/tiny"), kWaitMs);
        QCOMPARE(program.entry().revision, revision);
        QVERIFY(m_hub->requests().empty()
            || m_hub->requests().front().target.find("search=") == std::string::npos);
    }

    void pastesWithTheKeyboard()
    {
        Program program(*m_folder);
        program.models()->showTab(ModelsWindow::downloads_tab);
        QGuiApplication::clipboard()->setText(QStringLiteral("https://hf.co/org/tiny"));
        program.models()->activateWindow();
        QTRY_COMPARE_WITH_TIMEOUT(
            QApplication::activeWindow(), static_cast<QWidget*>(program.models()), kWaitMs);
        QTest::keyClick(program.models(), Qt::Key_V, Qt::ControlModifier);
        QTRY_COMPARE_WITH_TIMEOUT(program.entry().base, QStringLiteral("org/tiny"), kWaitMs);
    }

private:
    SystemProxy system()
    {
        return [this](const QString&) {
            ++m_n_asked;
            return QString::fromStdString(m_hub->endpoint())
                .replace(QLatin1String("://"), QLatin1String("://somebody:secret@"));
        };
    }

    static QLineEdit* line(QWidget* root, const char* name)
    {
        for (QLineEdit* each : root->findChildren<QLineEdit*>()) {
            if (each->accessibleName() == QLatin1String(name))
                return each;
        }
        return nullptr;
    }

    std::unique_ptr<ScratchFolder> m_folder;
    std::unique_ptr<FakeHub> m_hub;
    std::atomic<int> m_n_asked = 0;
};

QTEST_MAIN(HubConnectionTest)
#include "hub_connection_test.moc"
