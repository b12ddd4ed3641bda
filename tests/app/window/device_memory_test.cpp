// SPDX-License-Identifier: GPL-3.0-or-later
// A model that is too large for the GPU, by the emulated one: the processor computes, or is
// offered, and nothing else is blamed.
#include "app/window/engine_host.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/notice_bar.h"
#include "ui/main_window.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

using namespace gorgon;

namespace {

constexpr int kLongMs = 60000;

} // namespace

class DeviceMemoryTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase()
    {
        if (findDemoModel().empty())
            QSKIP("the demo model is not here");
        qputenv("GORGON_CUDA_MODULE", GORGON_EMULATED_MODULE);
        qputenv("GORGON_EMULATED_DEVICE_BYTES", "100000000");
    }

    void theProcessorComputesVisiblyWhereTheDeviceWasNobodysWish()
    {
        QTemporaryDir data;
        WindowOptions options;
        options.data_folder = data.path().toStdString();
        options.model = findDemoModel().string();
        MainWindow window;
        EngineHost host(options, &window);
        QSignalSpy ready(&host, &EngineHost::modelReady);
        window.show();
        host.start();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, kLongMs);
        const NoticeBar* notice = window.chat()->notice();
        QVERIFY(notice->isVisible());
        QVERIFY(!notice->isError());
        QVERIFY2(notice->text().contains("Computing on the CPU: "), qPrintable(notice->text()));
        QVERIFY2(notice->text().contains("too few"), qPrintable(notice->text()));
    }

    void aDeviceThatWasAskedForIsNamedAndNotTheHeads()
    {
        QTemporaryDir data;
        WindowOptions options;
        options.data_folder = data.path().toStdString();
        options.model = findDemoModel().string();
        options.heads = options.model.string();
        options.device = "cuda:0";
        MainWindow window;
        EngineHost host(options, &window);
        QSignalSpy ready(&host, &EngineHost::modelReady);
        window.show();
        host.start();
        const NoticeBar* notice = window.chat()->notice();
        QTRY_VERIFY_WITH_TIMEOUT(notice->isVisible(), kLongMs);
        QVERIFY(notice->isError());
        QVERIFY2(notice->text().contains("on cuda:0"), qPrintable(notice->text()));
        QVERIFY2(notice->text().contains("too few"), qPrintable(notice->text()));
        QCOMPARE(notice->actionButton()->text(), QStringLiteral("Load it on the CPU"));
        QCOMPARE(ready.count(), 0);
        notice->actionButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, kLongMs);
        QVERIFY(!notice->isVisible() || !notice->isError());
    }
};

QTEST_MAIN(DeviceMemoryTest)
#include "device_memory_test.moc"
