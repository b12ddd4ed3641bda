// SPDX-License-Identifier: GPL-3.0-or-later
// A wrong option tells its cause and offers what can be opened instead.
#include "app/window/engine_host.h"
#include "app/window/engine_worker.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/notice_bar.h"
#include "ui/details/details_panel.h"
#include "ui/main_window.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

using namespace gorgon;

namespace {

constexpr int kLongMs = 60000;

} // namespace

class LoadFailureTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase()
    {
        if (findDemoModel().empty())
            QSKIP("the demo model is not here");
    }

    void offersWhatCanBeOpenedInstead_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("heads");
        QTest::addColumn<int>("context");
        QTest::addColumn<QString>("cause");
        QTest::addColumn<QString>("offered");
        const QString demo = QString::fromStdU16String(findDemoModel().u16string());
        QTest::newRow("no such heads") << demo << "/nonexistent/heads" << 0 << "nothing is there"
                                       << "Open without these heads";
        QTest::newRow("no heads") << demo << demo + "/config.json" << 0 << "config.json"
                                  << "Open without these heads";
        QTest::newRow("context") << demo << "" << 999999 << "--context 999999: expected at most"
                                 << "Use the model's own context";
        QTest::newRow("no such model")
            << "/nonexistent"
            << "" << 0 << "/nonexistent: expected the folder of a model, nothing is there"
            << "Open the demo model";
        QTest::newRow("no model") << GORGON_SOURCE_DIR "/tests"
                                  << "" << 0 << "config.json"
                                  << "Open the demo model";
    }

    void offersWhatCanBeOpenedInstead()
    {
        QFETCH(QString, model);
        QFETCH(QString, heads);
        QFETCH(int, context);
        QFETCH(QString, cause);
        QFETCH(QString, offered);
        QTemporaryDir data;
        WindowOptions options;
        options.data_folder = data.path().toStdString();
        options.model = model.toStdString();
        options.heads = heads.toStdString();
        options.context = context;
        MainWindow window;
        EngineHost host(options, &window);
        QSignalSpy ready(&host, &EngineHost::modelReady);
        window.show();
        host.start();
        const NoticeBar* notice = window.chat()->notice();
        QTRY_VERIFY_WITH_TIMEOUT(notice->isVisible(), kLongMs);
        QVERIFY2(notice->text().contains(cause), qPrintable(notice->text()));
        QVERIFY(notice->isError());
        QVERIFY(notice->actionButton()->isVisible());
        QCOMPARE(notice->actionButton()->text(), offered);
        QCOMPARE(ready.count(), 0);
        notice->actionButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, kLongMs);
        QVERIFY(!notice->isVisible());
    }

    void aDeviceThatFailedIsReplacedByTheProcessor()
    {
        QTemporaryDir data;
        WindowOptions options;
        options.data_folder = data.path().toStdString();
        options.model = findDemoModel().string();
        EngineWorker* worker = nullptr;
        MainWindow window;
        EngineHost host(options, &window,
            [&](const WindowOptions& of, std::shared_ptr<LiveSettings> settings,
                const std::stop_token& quit) {
                return worker = new EngineWorker(of, std::move(settings), quit);
            });
        QSignalSpy ready(&host, &EngineHost::modelReady);
        window.show();
        host.start();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, kLongMs);
        emit worker->deviceFailed(QStringLiteral("cuda:0: it fell off the bus."));
        const NoticeBar* notice = window.chat()->notice();
        QTRY_VERIFY_WITH_TIMEOUT(notice->isVisible(), kLongMs);
        QVERIFY(notice->text().contains(QLatin1String("fell off the bus")));
        QCOMPARE(notice->actionButton()->text(), QStringLiteral("Load it again on the CPU"));
        notice->actionButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 2, kLongMs);
        QVERIFY(!notice->isVisible());
    }
};

QTEST_MAIN(LoadFailureTest)
#include "load_failure_test.moc"
