// SPDX-License-Identifier: GPL-3.0-or-later
// The window of models against a hub on the loopback interface.
#include "tests/app/window/hub_program.h"

using namespace gorgon;
using namespace gorgon::tests;

class HubWindowTest : public QObject
{
    Q_OBJECT

private slots:
    void init()
    {
        m_folder = std::make_unique<ScratchFolder>();
        m_hub = std::make_unique<FakeHub>();
        useHub(*m_folder, *m_hub);
    }

    void nothingIsSentUntilSomebodyAsks()
    {
        Program program(*m_folder);
        for (const auto tab :
            {ModelsWindow::installed_tab, ModelsWindow::discover_tab, ModelsWindow::downloads_tab,
                ModelsWindow::connection_tab, ModelsWindow::requests_tab})
        {
            program.models()->showTab(tab);
            QTest::qWait(60);
        }
        program.models()->showTab(ModelsWindow::discover_tab);
        QVERIFY(program.found()->rowCount() > 0); // the catalogue needs no network
        program.models()->discover()->list()->setCurrentIndex(program.found()->index(0, 0));
        QTest::qWait(100);
        QCOMPARE(m_hub->requests().size(), size_t(0));
        QVERIFY(words(program.models()->downloads()).contains(QStringLiteral("Nothing is being")));
    }

    void findsModelsByWordsPageByPage()
    {
        m_hub->edit([](HubContent&, HubRules& rules) { rules.page_entries = 2; });
        for (const char* name : {"org/tiny-a", "org/tiny-b", "org/tiny-c", "org/other"})
            m_hub->commit(name, plainFiles());
        Program program(*m_folder);
        const QAbstractItemModelTester tester(program.found());
        program.search(QStringLiteral("tiny"));
        QTRY_COMPARE_WITH_TIMEOUT(program.found()->rowCount(), 2, kWaitMs);
        QVERIFY(press(program.models()->discover(), QStringLiteral("More")));
        QTRY_COMPARE_WITH_TIMEOUT(program.found()->rowCount(), 3, kWaitMs);
        QVERIFY(!button(program.models()->discover(), QStringLiteral("More")));
        program.search(QStringLiteral("nowhere"));
        QTRY_VERIFY_WITH_TIMEOUT(
            words(program.models()->discover()).contains(QStringLiteral("nothing by these words")),
            kWaitMs);
        program.models()->discover()->findChild<QLineEdit*>()->clear();
        QVERIFY(program.found()->rowCount() > 0); // the catalogue again
    }

    void saysWhetherAPastedModelFits()
    {
        m_hub->commit("org/base", baseFiles());
        Program program(*m_folder);
        program.search(QString::fromStdString(m_hub->endpoint() + "/org/base/tree/main"));
        QTRY_VERIFY_WITH_TIMEOUT(program.entry().knowledge == PairEntry::Knowledge::known, kWaitMs);
        QCOMPARE(program.entry().base, QStringLiteral("org/base"));
        QCOMPARE(badge(program.entry(), QStringLiteral("Memory")), QStringLiteral("Fits"));
        QCOMPARE(badge(program.entry(), QStringLiteral("Files")), QStringLiteral("safetensors"));
        QVERIFY(badge(program.entry(), QStringLiteral("Download"))
                    .contains(QStringLiteral("to fetch")));
        const QString tip
            = program.models()->discover()->list()->currentIndex().data(Qt::ToolTipRole).toString();
        QVERIFY2(tip.contains(QStringLiteral(" + ")), qPrintable(tip)); // the sum
        QVERIFY(tip.startsWith(QStringLiteral("<qt"))); // escaped, whatever the hub says
        QVERIFY(bytesSent(*m_hub, "model.safetensors") < 100'000); // its header alone
    }

    void getsAPairAndOffersItsHeads()
    {
        m_hub->commit("org/base", baseFiles());
        m_hub->commit("org/heads", headsFiles());
        Program program(*m_folder);
        PairEntry pair;
        pair.base = QStringLiteral("org/base");
        pair.heads = QStringLiteral("org/heads");
        pair.title = QStringLiteral("Demo");
        program.choose(pair);
        QVERIFY(press(program.models()->discover(), QStringLiteral("Check with the hub")));
        QTRY_VERIFY_WITH_TIMEOUT(program.entry().knowledge == PairEntry::Knowledge::known, kWaitMs);
        QVERIFY(
            badge(program.entry(), QStringLiteral("Heads")) != QStringLiteral("Does not match"));
        program.models()->discover()->panel()->setOpenWhenHere(false);
        QVERIFY(press(program.models()->discover(), QStringLiteral("Get base + heads")));
        QCOMPARE(program.models()->tab(), ModelsWindow::downloads_tab);
        QVERIFY(program.waitFor(QStringLiteral("org/base"), State::done));
        QVERIFY(program.waitFor(QStringLiteral("org/heads"), State::done));
        QTRY_COMPARE_WITH_TIMEOUT(program.installed()->rowCount(), 2, kWaitMs);
        const QAbstractItemModelTester tester(program.installed());

        // Its heads come with it.
        QSignalSpy opened(&program.window, &MainWindow::modelChosen);
        QVERIFY(press(program.card(QStringLiteral("org/base")), QStringLiteral("Open")));
        QCOMPARE(opened.size(), 1);
        const ModelChoice choice = opened[0][0].value<ModelChoice>();
        QVERIFY(choice.model.contains(QStringLiteral("models--org--base")));
        QVERIFY(choice.heads.contains(QStringLiteral("models--org--heads")));

        QVERIFY(program.chooseInstalled(QStringLiteral("org/base")));
        program.models()->showTab(ModelsWindow::installed_tab);
        const auto boxes = program.models()->installed()->findChildren<QComboBox*>();
        QVERIFY(std::any_of(boxes.begin(), boxes.end(),
            [](const QComboBox* box) { return box->findText(QStringLiteral("org/heads")) >= 0; }));
        QVERIFY(press(program.models()->installed(), QStringLiteral("Open")));
        QCOMPARE(opened.size(), 2);

        // Nothing is missing now.
        program.choose(pair);
        QVERIFY(press(program.models()->discover(), QStringLiteral("Check with the hub")));
        QTRY_COMPARE_WITH_TIMEOUT(badge(program.entry(), QStringLiteral("Download")),
            QStringLiteral("complete here"), kWaitMs);
    }

    void pausesAndGoesOnWithoutFetchingTwice()
    {
        m_hub->commit("org/name", plainFiles());
        m_hub->script(slowContent());
        Program program(*m_folder);
        QVERIFY(program.get("org/name"));
        QTRY_VERIFY_WITH_TIMEOUT(program.card("org/name")
                && program.card("org/name")->entry().done_bytes > qint64(kWeightBytes) / 5,
            kWaitMs);
        QVERIFY(program.window.statusLine()->text().contains(QStringLiteral("1 download")));
        QVERIFY(press(program.card("org/name"), QStringLiteral("Pause")));
        QVERIFY(program.waitFor(QStringLiteral("org/name"), State::paused));
        QVERIFY(!program.window.statusLine()->text().contains(QStringLiteral("download")));
        m_hub->clearFaults();
        QVERIFY(press(program.card("org/name"), QStringLiteral("Resume")));
        QVERIFY(program.waitFor(QStringLiteral("org/name"), State::done));
        for (const DownloadEntry::File& file : program.card("org/name")->entry().files)
            QCOMPARE(file.done_bytes, file.bytes);
        // What was in flight at the pause may have been sent once more.
        QVERIFY(bytesSentByCdn() < kWeightBytes + 2'000'000);
    }

    void listsWhatAnEarlierRunLeftAndGoesOn()
    {
        m_hub->commit("org/name", plainFiles());
        m_hub->script(slowContent());
        {
            Program program(*m_folder);
            QVERIFY(program.get("org/name"));
            QTRY_VERIFY_WITH_TIMEOUT(program.card("org/name")
                    && program.card("org/name")->entry().done_bytes > qint64(kWeightBytes) / 5,
                kWaitMs);
        } // quits in the middle
        m_hub->clearFaults();
        const size_t n_before = m_hub->requests().size();
        Program program(*m_folder);
        QVERIFY(program.waitFor(QStringLiteral("org/name"), State::unfinished));
        QTest::qWait(100);
        QCOMPARE(m_hub->requests().size(), n_before);
        QVERIFY(press(program.card("org/name"), QStringLiteral("Continue")));
        QVERIFY(program.waitFor(QStringLiteral("org/name"), State::done));
        QVERIFY(bytesSentByCdn() < kWeightBytes + 2'000'000);
        QTRY_COMPARE_WITH_TIMEOUT(program.models()->downloads()->cards().size(), 1, kWaitMs);
    }

    void saysWhatHelpsAgainstAFailure()
    {
        m_hub->commit("org/name", plainFiles());
        m_hub->script(absent("/api/models/org/name"));
        Program program(*m_folder);
        QVERIFY(program.get("org/name"));
        QVERIFY(program.waitFor(QStringLiteral("org/name"), State::failed));
        DownloadCard* card = program.card("org/name");
        QVERIFY(words(card).contains(QStringLiteral("org/name")));
        QVERIFY(!card->entry().failure.details.isEmpty());
        m_hub->clearFaults();
        QVERIFY(press(card, QStringLiteral("Try again")));
        QVERIFY(program.waitFor(QStringLiteral("org/name"), State::done));
        QVERIFY(press(card, QStringLiteral("Clear")));
        QTRY_VERIFY_WITH_TIMEOUT(!program.card("org/name"), kWaitMs);
    }

    void explainsAGatedModelAndTakesAToken()
    {
        m_hub->commit("org/gated", baseFiles());
        m_hub->edit([](HubContent& content, HubRules&) {
            HubRepository& repository = content.repositories["org/gated"];
            repository.access = HubRepository::Access::gated;
            repository.admitted = {kToken};
            content.tokens = {kToken};
        });
        Program program(*m_folder);
        QDesktopServices::setUrlHandler(QStringLiteral("http"), this, "openedPage");
        QDesktopServices::setUrlHandler(QStringLiteral("https"), this, "openedPage");
        program.search(QStringLiteral("org/gated"));
        PairPanel* panel = program.models()->discover()->panel();
        QTRY_VERIFY_WITH_TIMEOUT(program.entry().needs_token, kWaitMs);
        QVERIFY(words(panel).contains(QStringLiteral("licence")));
        if (QPushButton* page = button(panel, QStringLiteral("Open the licence page"))) {
            page->click();
            QCOMPARE(m_pages.size(), 1);
            QVERIFY(m_pages[0].contains(QStringLiteral("org/gated")));
        }
        QLineEdit* token = panel->findChild<QLineEdit*>();
        QCOMPARE(token->echoMode(), QLineEdit::Password);
        token->setText(QString::fromLatin1(kToken));
        QVERIFY(press(panel, QStringLiteral("Keep token and retry")));
        QTRY_VERIFY_WITH_TIMEOUT(program.entry().knowledge == PairEntry::Knowledge::known
                && !program.entry().needs_token,
            kWaitMs);
        const auto file = m_folder->path() / "hf" / "token";
        QCOMPARE(bytesOf(file), std::string(kToken));
        QVERIFY((std::filesystem::status(file).permissions() & std::filesystem::perms(0077))
            == std::filesystem::perms::none);
        // Not in the log, not in any text of the window.
        QVERIFY(program.models()->requests()->table()->rowCount() > 0);
        QVERIFY(
            !program.models()->requests()->table()->text().contains(QString::fromLatin1(kToken)));
        QVERIFY(!words(&program.window).contains(QString::fromLatin1(kToken)));
        QDesktopServices::unsetUrlHandler(QStringLiteral("http"));
        QDesktopServices::unsetUrlHandler(QStringLiteral("https"));
    }

    void verifiesAndFindsDamage()
    {
        m_hub->commit("org/base", baseFiles());
        Program program(*m_folder);
        QVERIFY(program.get("org/base"));
        QVERIFY(program.waitFor(QStringLiteral("org/base"), State::done));
        QTRY_VERIFY_WITH_TIMEOUT(program.chooseInstalled(QStringLiteral("org/base")), kWaitMs);
        program.models()->showTab(ModelsWindow::installed_tab);
        const auto check = [&] {
            return program.installed()->index(0, InstalledTable::check_column).data().toString();
        };
        QVERIFY(press(program.models()->installed(), QStringLiteral("Verify")));
        QTRY_COMPARE_WITH_TIMEOUT(check(), QStringLiteral("3 files are sound"), kWaitMs);
        const auto folder = m_folder->path() / "hf" / "hub" / "models--org--base" / "snapshots";
        const auto snapshot = *std::filesystem::directory_iterator(folder);
        {
            std::fstream file(snapshot.path() / "model.safetensors",
                std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(9'000'000);
            file.put('\x55').put('\x2A');
        }
        QVERIFY(press(program.models()->installed(), QStringLiteral("Verify")));
        QTRY_COMPARE_WITH_TIMEOUT(check(), QStringLiteral("Damaged"), kWaitMs);
        QVERIFY(words(program.models()->installed()).contains(QStringLiteral("model.safetensors")));
    }

    void removesAfterAQuestionWithBothNumbers()
    {
        m_hub->commit("org/name", plainFiles());
        Program program(*m_folder);
        QVERIFY(program.get("org/name"));
        QVERIFY(program.waitFor(QStringLiteral("org/name"), State::done));
        QTRY_VERIFY_WITH_TIMEOUT(program.chooseInstalled(QStringLiteral("org/name")), kWaitMs);
        program.models()->showTab(ModelsWindow::installed_tab);
        QVERIFY(press(program.models()->installed(), QStringLiteral("Remove…")));
        auto* question = program.models()->findChild<QMessageBox*>();
        QVERIFY(question);
        QVERIFY2(question->informativeText().contains(QStringLiteral("6.0 MB")),
            qPrintable(question->informativeText()));
        QVERIFY(press(question, QStringLiteral("Remove")));
        QTRY_COMPARE_WITH_TIMEOUT(program.installed()->rowCount(), 0, kWaitMs);
        QVERIFY(!std::filesystem::exists(
            m_folder->path() / "hf" / "hub" / "models--org--name" / "snapshots"));
        QVERIFY(words(program.models()->installed()).contains(QStringLiteral("Discover")));
    }

    void keepsPreferencesAndTestsTheConnection()
    {
        m_hub->commit("org/name", plainFiles());
        {
            Program program(*m_folder);
            ConnectionPage* page = program.models()->connection();
            program.models()->showTab(ModelsWindow::connection_tab);
            HubPreferences chosen;
            chosen.n_files = 2;
            chosen.megabytes_per_second = 30;
            page->setPreferences(chosen);
            emit page->preferencesChanged(chosen);
            QVERIFY(press(page, QStringLiteral("Test")));
            QTRY_VERIFY_WITH_TIMEOUT(words(page).contains(QStringLiteral("answered in")), kWaitMs);
            m_hub->cutConnections(true);
            QVERIFY(press(page, QStringLiteral("Test")));
            QTRY_VERIFY_WITH_TIMEOUT(!words(page).contains(QStringLiteral("answered in"))
                    && !words(page).contains(QStringLiteral("Asking")),
                kWaitMs);
        }
        Program program(*m_folder);
        QCOMPARE(program.models()->connection()->preferences().n_files, 2);
        QCOMPARE(program.models()->connection()->preferences().megabytes_per_second, 30);
    }

    void logsEveryRequest()
    {
        m_hub->commit("org/tiny", plainFiles());
        Program program(*m_folder);
        RequestTable* table = program.models()->requests()->table();
        const QAbstractItemModelTester tester(table);
        program.search(QStringLiteral("tiny words"));
        QTRY_VERIFY_WITH_TIMEOUT(
            table->rowCount() > 0 && table->rowCount() == int(m_hub->requests().size()), kWaitMs);
        QVERIFY(table->text().contains(QStringLiteral("/api/models")));
        QVERIFY(!table->text().contains(QStringLiteral("words"))); // the query stays private
    }

    void staysAwakeWhileItDownloads()
    {
        m_hub->commit("org/name",
            {{"config.json", smallFile("{\"model_type\": \"llama\"}")},
                {"model.safetensors", largeFile(countedBytes(60'000'000))}});
        Program program(*m_folder);
        qint64 longest = 0;
        QElapsedTimer since;
        QTimer beat;
        beat.setInterval(5);
        QObject::connect(
            &beat, &QTimer::timeout, &beat, [&] { longest = std::max(longest, since.restart()); });
        since.start();
        beat.start();
        QVERIFY(program.get("org/name"));
        QVERIFY(program.waitFor(QStringLiteral("org/name"), State::done));
        qInfo("longest pause of the window: %lld ms", longest);
        QVERIFY(longest < 1000); // of a machine that may be busy with other tests
    }

    /// GORGON_PICTURES: a folder for them, to be looked at.
    void drawsEveryPageInBothAppearances()
    {
        const QString folder = qEnvironmentVariable("GORGON_PICTURES");
        for (const ThemeMode mode : {ThemeMode::light, ThemeMode::dark}) {
            applyTheme(*qApp, mode, ContrastMode::normal);
            MainWindow window;
            window.show();
            int n = 0;
            const bool good = drawModels(window, [&](QWidget& widget, const QString& state) {
                QTest::qWait(40);
                const QPixmap picture = widget.grab();
                ++n;
                const QString name = QStringLiteral("%1/%2-%3-%4.png")
                                         .arg(folder, state)
                                         .arg(int(mode))
                                         .arg(picture.devicePixelRatio());
                return !picture.isNull() && (folder.isEmpty() || picture.save(name));
            });
            QVERIFY(good);
            QCOMPARE(n, 11);
        }
        applyTheme(*qApp, ThemeMode::light, ContrastMode::normal);
    }

    void takesADroppedAddress()
    {
        m_hub->commit("org/base", baseFiles());
        Program program(*m_folder);
        QMimeData data;
        data.setUrls({QUrl(QString::fromStdString(m_hub->endpoint() + "/org/base"))});
        emit program.models()->dropped(&data);
        QTRY_VERIFY_WITH_TIMEOUT(program.entry().knowledge == PairEntry::Knowledge::known, kWaitMs);
        QSignalSpy dropped(&program.window, &MainWindow::pathDropped);
        data.setUrls({QUrl::fromLocalFile(QString::fromStdString(m_folder->path().string()))});
        emit program.models()->dropped(&data);
        QCOMPARE(dropped.size(), 1);
    }

    void everyControlHasAName()
    {
        Program program(*m_folder);
        PairEntry gated;
        gated.base = QStringLiteral("org/gated");
        gated.needs_token = true;
        gated.licence_page = QStringLiteral("https://example.org/gated");
        program.choose(gated);
        const QStringList nameless = gorgon::test::namelessControls(*program.models());
        QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QStringLiteral(", "))));
    }

public slots:
    void openedPage(const QUrl& url) { m_pages << url.toString(); }

private:
    uint64_t bytesSentByCdn() const
    {
        uint64_t sum = 0;
        for (const HubRequest& request : m_hub->requests())
            sum += request.host == tests::HubHost::cdn ? request.bytes_sent : 0;
        return sum;
    }

    std::unique_ptr<ScratchFolder> m_folder;
    std::unique_ptr<FakeHub> m_hub;
    QStringList m_pages;
};

QTEST_MAIN(HubWindowTest)
#include "hub_window_test.moc"
