// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_header.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/prompt_card.h"
#include "ui/chat/prompt_edit.h"
#include "ui/chat/transcript.h"
#include "ui/main_window.h"
#include "ui/status/shortcut_sheet.h"
#include "ui/status/status_line.h"
#include "ui/tree/step_history.h"
#include "ui/tuning/tuning_panel.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QSignalSpy>
#include <QSplitter>
#include <QTabBar>
#include <QTest>

using namespace gorgon;

namespace {

ModelSummary demo(int n_heads)
{
    ModelSummary model;
    model.name = QStringLiteral("Gorgon Demo");
    model.n_heads = n_heads;
    model.device = QStringLiteral("CPU, 2 threads");
    model.weights = QStringLiteral("bf16");
    model.context = 1024;
    model.memory_bytes = 64 << 20;
    return model;
}

GenerateSettings withTree()
{
    GenerateSettings settings;
    settings.tree = {"demo", {{0}, {1}, {0, 0}}};
    return settings;
}

bool isControl(const QWidget* widget)
{
    return qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QLineEdit*>(widget)
        || qobject_cast<const QPlainTextEdit*>(widget)
        || qobject_cast<const QAbstractItemView*>(widget)
        || (qobject_cast<const QAbstractSlider*>(widget)
            && !qobject_cast<const QScrollBar*>(widget))
        || qobject_cast<const QAbstractSpinBox*>(widget) || qobject_cast<const QComboBox*>(widget)
        || qobject_cast<const QTabBar*>(widget);
}

} // namespace

class MainWindowTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { applyTheme(*qApp, ThemeMode::dark, ContrastMode::normal); }

    void everyControlHasAName()
    {
        MainWindow window;
        window.setModel(demo(4));
        QStringList nameless;
        int n_controls = 0;
        for (const QWidget* widget : window.findChildren<QWidget*>()) {
            // Parts that Qt itself puts into a control speak for the control.
            if (!isControl(widget) || qobject_cast<const QAbstractSpinBox*>(widget->parentWidget())
                || qobject_cast<const QLineEdit*>(widget->parentWidget())
                || qobject_cast<const QTabBar*>(widget->parentWidget())
                || qobject_cast<const QAbstractItemView*>(widget->parentWidget())
                || widget->inherits("QComboBoxPrivateContainer") || widget->inherits("QHeaderView"))
                continue;
            ++n_controls;
            const QAccessibleInterface* face
                = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
            if (!face || face->text(QAccessible::Name).isEmpty())
                nameless << QStringLiteral("%1 in %2")
                                .arg(QLatin1String(widget->metaObject()->className()),
                                    QLatin1String(
                                        widget->parentWidget()->metaObject()->className()));
        }
        QVERIFY(n_controls > 20);
        QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QStringLiteral("; "))));
    }

    void saysInWordsWhatTheEngineDoes()
    {
        using Phase = EngineStatus::Phase;
        QCOMPARE(statusWords({Phase::loading, 43, 100}), QStringLiteral("Loading model 43 %"));
        QCOMPARE(statusWords({Phase::reading_prompt, 1200, 3400}),
            QStringLiteral("Reading prompt 1\u202F200 of 3\u202F400"));
        MainWindow window;
        window.setModel(demo(4));
        window.setSettings(withTree());
        window.setStepCosts(1000, 1500);
        AnswerProgress progress;
        progress.stats = {26, 10, 5, 40};
        window.addProgress(progress);
        QTRY_VERIFY(window.statusLine()->text().contains(QStringLiteral("650 tokens/s")));
        QVERIFY2(window.statusLine()->text().contains(
                     QStringLiteral("Medusa on, 4 nodes, 1.7 times plain decoding")),
            qPrintable(window.statusLine()->text()));
        QVERIFY(window.statusLine()->text().contains(QStringLiteral("650 tokens/s")));
        GenerateSettings off = withTree();
        off.tree = {};
        window.setSettings(off);
        QVERIFY(window.statusLine()->text().contains(QStringLiteral("Medusa off")));
        window.setModel(demo(0));
        QVERIFY(
            window.statusLine()->text().contains(QStringLiteral("these weights have no heads")));
    }

    void theTreesCostStandsBesidePlainDecoding()
    {
        MainWindow window;
        ModelSummary model;
        model.name = QStringLiteral("Demo");
        model.n_heads = 2;
        window.setModel(model);
        window.setStepCosts(500, 1000);
        const auto words = [&] {
            QString all;
            for (const QLabel* label : window.tuning()->findChildren<QLabel*>())
                all += label->text() + QLatin1Char('\n');
            return all;
        };
        QVERIFY2(
            words().contains(QStringLiteral("lain decoding: 2,000 tokens/s")), qPrintable(words()));
        QVERIFY(words().contains(QStringLiteral("It pays from 2.0 tokens a step on.")));
    }

    void keysReachTheirDeeds()
    {
        MainWindow window;
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        window.activateWindow();
        window.setModel(demo(4));
        auto* splitter = window.findChild<QSplitter*>();
        QTest::keyClick(&window, Qt::Key_F9);
        QVERIFY(splitter->widget(0)->isHidden());
        QTest::keyClick(&window, Qt::Key_F9);
        QVERIFY(!splitter->widget(0)->isHidden());
        QTest::keyClick(&window, Qt::Key_F10);
        QVERIFY(splitter->widget(2)->isHidden());
        QTest::keyClick(&window, Qt::Key_2, Qt::ControlModifier);
        QVERIFY(!splitter->widget(2)->isHidden());
        QCOMPARE(window.findChild<QTabBar*>()->currentIndex(), 1);
        QTest::keyClick(&window, Qt::Key_F1);
        auto* sheet = window.findChild<ShortcutSheet*>();
        QVERIFY(sheet && sheet->isVisible());
        sheet->reject();
        window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        QTest::keyClick(&window, Qt::Key_K, Qt::ControlModifier);
        QCOMPARE(QApplication::focusWidget(), window.conversations()->search());
        QSignalSpy fresh(window.conversations(), &ConversationPanel::newChatRequested);
        QTest::keyClick(&window, Qt::Key_N, Qt::ControlModifier);
        QCOMPARE(fresh.count(), 1);
        window.chat()->focusPrompt();
        QTest::keyClicks(window.chat()->card()->edit(), QStringLiteral("why?"));
        QCOMPARE(window.chat()->card()->text(), QStringLiteral("why?")); // typing is not a shortcut
    }

    void escapeStopsAnAnswer()
    {
        MainWindow window;
        window.show();
        window.activateWindow();
        window.setModel(demo(4));
        Message answer;
        answer.id = 2;
        answer.role = "assistant";
        answer.state = MessageState::generating;
        window.chat()->beginTurn(1, true, 0, {answer});
        QCOMPARE(window.chat()->card()->mode(), PromptCard::Mode::stop);
        QSignalSpy stopped(window.chat(), &ChatPanel::stopRequested);
        QTest::keyClick(window.chat()->card()->edit(), Qt::Key_Escape);
        QCOMPARE(stopped.count(), 1);
        answer.state = MessageState::stopped;
        window.chat()->finishAnswer(1, answer);
        QCOMPARE(window.chat()->card()->mode(), PromptCard::Mode::send);
    }

    void fitsASmallScreen()
    {
        MainWindow window;
        window.setModel(demo(4));
        window.setSettings(withTree());
        window.setStepCosts(1000, 1500);
        AnswerProgress progress;
        progress.stats = {26, 10, 5, 40};
        window.addProgress(progress);
        window.showNewest();
        window.show();
        for (int tab = 0; tab < 5; ++tab) {
            window.showTab(tab);
            window.resize(800, 500);
            QTest::qWait(20);
            QCOMPARE(window.size(), QSize(800, 500));
        }
        // Whatever is shown is shown whole, or cut with an ellipsis.
        for (const QSize& size : {QSize(800, 500), QSize(1024, 700), QSize(1440, 900)}) {
            window.resize(size);
            QTest::qWait(20);
            for (const QWidget* zone : {static_cast<QWidget*>(window.findChild<ChatHeader*>()),
                     static_cast<QWidget*>(window.statusLine())})
                for (const QWidget* part : zone->findChildren<QWidget*>())
                    if (part->isVisible())
                        QVERIFY2(part->width() >= part->sizeHint().width()
                                && part->geometry().right() <= zone->width(),
                            qPrintable(QStringLiteral("%1 at %2: %3 of %4")
                                           .arg(part->accessibleName())
                                           .arg(size.width())
                                           .arg(part->width())
                                           .arg(part->sizeHint().width())));
        }
        QVERIFY(window.statusLine()->text().contains(QStringLiteral("CPU, 2 threads")));
    }

    void buttonsOfDialogsCarryNoForeignIcon()
    {
        MainWindow window;
        window.showShortcuts();
        auto* sheet = window.findChild<ShortcutSheet*>();
        QVERIFY(sheet);
        QVERIFY(!sheet->findChildren<QAbstractButton*>().isEmpty());
        for (const auto* button : sheet->findChildren<QAbstractButton*>())
            QVERIFY(button->icon().isNull());
    }

    void remembersItsLayout()
    {
        QString text;
        {
            MainWindow window;
            window.resize(1200, 700);
            window.show();
            window.activateWindow();
            QVERIFY(QTest::qWaitForWindowActive(&window));
            window.showTab(2);
            QTest::keyClick(&window, Qt::Key_F9);
            text = window.layoutText();
        }
        MainWindow window;
        window.setLayoutText(text);
        QCOMPARE(window.size(), QSize(1200, 700));
        QVERIFY(window.findChild<QSplitter*>()->widget(0)->isHidden());
        QCOMPARE(window.findChild<QTabBar*>()->currentIndex(), 2);
        window.setLayoutText(QStringLiteral("not json")); // damaged: as it is
        QCOMPARE(window.size(), QSize(1200, 700));
    }
};

QTEST_MAIN(MainWindowTest)
#include "main_window_test.moc"
