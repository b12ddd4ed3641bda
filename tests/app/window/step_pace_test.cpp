// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/step_pace.h"

#include <QElapsedTimer>
#include <QTest>

#include <thread>

using namespace gorgon;

class StepPaceTest : public QObject
{
    Q_OBJECT

private slots:
    void fullSpeedDoesNotWait()
    {
        StepPace pace(m_settings);
        QElapsedTimer clock;
        clock.start();
        for (int i = 0; i < 1000; ++i)
            pace.wait({}, {});
        QVERIFY(!pace.isSlowed());
        QVERIFY(clock.elapsed() < 100);
    }

    void leavesTheChosenTimeBetweenSteps()
    {
        m_settings.setPace(50);
        StepPace pace(m_settings);
        QVERIFY(pace.isSlowed());
        QElapsedTimer clock;
        clock.start();
        for (int i = 0; i < 5; ++i) {
            QTest::qSleep(10); // the engine's own time is part of it
            pace.wait({}, {});
        }
        QVERIFY2(clock.elapsed() >= 100, qPrintable(QString::number(clock.elapsed())));
        QVERIFY2(clock.elapsed() < 200, qPrintable(QString::number(clock.elapsed())));
    }

    void endsAtOnceWhenStopped_data()
    {
        QTest::addColumn<int>("how");
        QTest::newRow("stop") << 0;
        QTest::newRow("quit") << 1;
        QTest::newRow("full speed again") << 2;
    }

    void endsAtOnceWhenStopped()
    {
        QFETCH(int, how);
        m_settings.setPace(1);
        StepPace pace(m_settings);
        std::stop_source stop;
        std::stop_source quit;
        QElapsedTimer clock;
        std::thread other([&] {
            QTest::qSleep(30);
            clock.start();
            if (how == 2)
                m_settings.setPace(0);
            else
                (how == 0 ? stop : quit).request_stop();
        });
        pace.wait(stop.get_token(), quit.get_token());
        const qint64 late = clock.isValid() ? clock.elapsed() : -1;
        other.join();
        QVERIFY2(late >= 0 && late < 50, qPrintable(QString::number(late)));
    }

    void cleanup() { m_settings.setPace(0); }

private:
    LiveSettings m_settings;
};

QTEST_APPLESS_MAIN(StepPaceTest)
#include "step_pace_test.moc"
