// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QLabel>
#include <QSignalSpy>
#include <QToolButton>
#include <QtTest>

#include "tests/ui/named_widgets.h"
#include "tests/ui/tree/synthetic_steps.h"
#include "ui/theme/theme.h"
#include "ui/tree/candidate_tree_view.h"
#include "ui/tree/node_item.h"
#include "ui/tree/step_strip.h"
#include "ui/tree/tree_legend.h"
#include "ui/tree/tree_panel.h"

using namespace gorgon;
using namespace gorgon::test;

class TreePanelTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { applyTheme(*qApp, ThemeMode::dark, ContrastMode::normal); }
    void init();
    void cleanup() { m_panel.reset(); }
    void itemsStayFromStepToStep();
    void facesFollowTheVerdicts();
    void everyDetailPaints_data();
    void everyDetailPaints();
    void keysScrubAndHold();
    void holdSurvivesNewSteps();
    void heldStepThatIsDropped();
    void atMostFifteenPicturesASecond();
    void saysHowManyStepsOnePictureStandsFor();
    void hiddenPanelRests();
    void emptyStates();
    void upAndDownExplainNodes();
    void accessibleSentence();
    void stripFindsSteps();
    void clickOnTheStripHoldsThere();
    void legendKeepsEntriesWhole();
    void tableShowsTheSameNodes();
    void everyControlHasAName();
    void historyMayGoFirst();

private:
    void fill(int n, const Choices& choices = storyChoices());

    std::unique_ptr<StepHistory> m_history;
    std::unique_ptr<TreePanel> m_panel;
    std::mt19937 m_chance{4};
};

void TreePanelTest::init()
{
    m_history = std::make_unique<StepHistory>();
    m_panel = std::make_unique<TreePanel>();
    m_panel->resize(620, 700);
    m_panel->setHistory(m_history.get());
    m_panel->setAbsence(TreeAbsence::none);
    m_panel->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
}

void TreePanelTest::fill(int n, const Choices& choices)
{
    for (int i = 0; i < n; ++i)
        m_history->append(
            chanceStep(choices, m_history->count(), AcceptanceMode::typical, m_chance));
}

void TreePanelTest::itemsStayFromStepToStep()
{
    fill(1);
    QTRY_COMPARE(m_panel->shownSerial(), 0);
    CandidateTreeView* view = m_panel->treeView();
    QVector<QPointF> places;
    QVector<NodeItem*> items;
    for (int i = 0; i < view->nodeItemCount(); ++i) {
        items.append(view->nodeItem(i));
        places.append(view->nodeItem(i)->pos());
    }
    QCOMPARE(items.size(), 16);
    const QTransform scale = view->transform();
    fill(20);
    QTRY_COMPARE(m_panel->shownSerial(), 20);
    for (int i = 0; i < view->nodeItemCount(); ++i) {
        QCOMPARE(view->nodeItem(i), items[i]);
        QCOMPARE(view->nodeItem(i)->pos(), places[i]);
    }
    QCOMPARE(view->transform(), scale);
}

void TreePanelTest::facesFollowTheVerdicts()
{
    CandidateTreeView* view = m_panel->treeView();
    view->setStep(storyStep());
    QVERIFY(view->nodeItem(5)->face().onPath());
    QCOMPARE(view->nodeItem(7)->face().verdict, Verdict::passed);
    QVERIFY(view->nodeItem(5)->face().threshold > 0);
    QCOMPARE(view->nodeItem(-1)->face().label, QStringLiteral("␣One"));
    QCOMPARE(view->nodeItem(-1)->pos().x(), view->nodeItem(14)->pos().x());
    view->setStep(storyStep(AcceptanceMode::greedy));
    QVERIFY(view->nodeItem(5)->face().threshold < 0);
    QVERIFY(view->nodeItem(5)->face().models_choice);
}

void TreePanelTest::everyDetailPaints_data()
{
    QTest::addColumn<int>("n");
    QTest::newRow("text") << 16;
    QTest::newRow("bars") << 64;
    QTest::newRow("dots") << 256;
}

void TreePanelTest::everyDetailPaints()
{
    QFETCH(int, n);
    fill(3, broadChoices(n));
    QTRY_COMPARE(m_panel->shownSerial(), 2);
    const QImage image = m_panel->treeView()->viewport()->grab().toImage();
    int accent = 0;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            accent += image.pixelColor(x, y) == theme().accent;
    QVERIFY2(accent > 100, qPrintable(QString::number(accent)));
}

void TreePanelTest::keysScrubAndHold()
{
    fill(30);
    QTRY_COMPARE(m_panel->shownSerial(), 29);
    QSignalSpy held(m_panel.get(), &TreePanel::heldChanged);
    QTest::keyClick(m_panel->treeView(), Qt::Key_Left);
    QVERIFY(m_panel->isHeld());
    QCOMPARE(m_panel->shownSerial(), 28);
    QTest::keyClick(m_panel->treeView(), Qt::Key_Left, Qt::ShiftModifier);
    QCOMPARE(m_panel->shownSerial(), 18);
    QTest::keyClick(m_panel->treeView(), Qt::Key_Right);
    QCOMPARE(m_panel->shownSerial(), 19);
    QTest::keyClick(m_panel.get(), Qt::Key_Home);
    QCOMPARE(m_panel->shownSerial(), 0);
    QCOMPARE(held.count(), 1);
    QTest::keyClick(m_panel.get(), Qt::Key_End);
    QVERIFY(!m_panel->isHeld());
    QCOMPARE(m_panel->shownSerial(), 29);
    QTest::keyClick(m_panel.get(), Qt::Key_Space);
    QVERIFY(m_panel->isHeld());
    QTest::keyClick(m_panel.get(), Qt::Key_Space);
    QVERIFY(!m_panel->isHeld());
    QCOMPARE(held.count(), 4);
}

void TreePanelTest::holdSurvivesNewSteps()
{
    fill(5);
    m_panel->showSerial(2);
    fill(5);
    QTest::qWait(150);
    QCOMPARE(m_panel->shownSerial(), 2);
    QVERIFY(m_panel->showStep(7, 4));
    QCOMPARE(m_panel->shownSerial(), 4);
    QVERIFY(!m_panel->showStep(99, 4));
}

void TreePanelTest::heldStepThatIsDropped()
{
    StepHistory small(nullptr, 10);
    m_panel->setHistory(&small);
    for (int i = 0; i < 5; ++i)
        small.append(chanceStep(storyChoices(), i, AcceptanceMode::typical, m_chance));
    m_panel->showSerial(1);
    for (int i = 5; i < 40; ++i)
        small.append(chanceStep(storyChoices(), i, AcceptanceMode::typical, m_chance));
    QTest::qWait(150);
    QVERIFY(m_panel->isHeld());
    QTest::keyClick(m_panel.get(), Qt::Key_Right);
    QVERIFY(small.rowOf(m_panel->shownSerial()) >= 0);
    m_panel->setHistory(nullptr);
}

void TreePanelTest::atMostFifteenPicturesASecond()
{
    fill(1);
    QTRY_COMPARE(m_panel->shownSerial(), 0);
    QSignalSpy shown(m_panel.get(), &TreePanel::stepShown);
    QElapsedTimer clock;
    clock.start();
    while (clock.elapsed() < 600) {
        fill(1);
        QTest::qWait(4);
    }
    QVERIFY2(shown.count() >= 2 && shown.count() <= 10, qPrintable(QString::number(shown.count())));
    QTRY_COMPARE(m_panel->shownSerial(),
        m_history->serialOf(m_history->count() - 1)); // the newest in the end
}

void TreePanelTest::saysHowManyStepsOnePictureStandsFor()
{
    fill(4);
    auto* strip = m_panel->findChild<StepStrip*>();
    QTRY_COMPARE(strip->stateWords(), QStringLiteral("live, showing 1 of 4 steps"));
    QTRY_COMPARE(strip->stateWords(), QStringLiteral("live"));
    m_panel->hold(true);
    QCOMPARE(strip->stateWords(), QStringLiteral("held at step 4"));
}

void TreePanelTest::hiddenPanelRests()
{
    m_panel->hide();
    fill(10);
    QTest::qWait(150);
    QCOMPARE(m_panel->shownSerial(), -1);
    m_panel->show();
    QCOMPARE(m_panel->shownSerial(), 9);
}

void TreePanelTest::emptyStates()
{
    const auto words = [this] {
        QString all;
        for (const QLabel* label : m_panel->findChildren<QLabel*>())
            if (label->isVisible())
                all += label->text() + QLatin1Char('\n');
        return all;
    };
    QVERIFY(words().contains(QStringLiteral("No step yet")));
    m_panel->setAbsence(TreeAbsence::no_model);
    QVERIFY(words().contains(QStringLiteral("No model")));
    m_panel->setAbsence(TreeAbsence::no_heads);
    QVERIFY(words().contains(QStringLiteral("these weights have no heads")));
    m_panel->setAbsence(
        TreeAbsence::heads_off, QStringLiteral("Drafting does not pay on this machine."));
    QVERIFY(words().contains(QStringLiteral("Drafting does not pay")));
    m_panel->setAbsence(TreeAbsence::no_heads);
    fill(1, {}); // a step of plain decoding
    QTRY_COMPARE(m_panel->shownSerial(), 0);
    QVERIFY(words().contains(QStringLiteral("these weights have no heads")));
    QVERIFY(words().contains(QStringLiteral("plain decoding, emitted 1 token")));
    m_panel->setAbsence(TreeAbsence::none);
    m_history->clear();
    QVERIFY(words().contains(QStringLiteral("No step yet")));
}

void TreePanelTest::upAndDownExplainNodes()
{
    m_history->append(storyStep());
    QTRY_COMPARE(m_panel->shownSerial(), 0);
    CandidateTreeView* view = m_panel->treeView();
    QVERIFY(view->explanation().startsWith(QStringLiteral("No guess after")));
    QTest::keyClick(view, Qt::Key_Down);
    QTest::keyClick(view, Qt::Key_Down);
    QCOMPARE(view->selectedNode(), 1);
    QVERIFY(view->explanation().startsWith(QStringLiteral("Head 1 gave “␣named”")));
    QTest::keyClick(view, Qt::Key_Escape);
    QCOMPARE(view->selectedNode(), CandidateTreeView::kNoNode);
    QTest::keyClick(view, Qt::Key_Up);
    QVERIFY(view->selectedNode() >= 0);
    m_history->append(chanceStep(broadChoices(40), 1, AcceptanceMode::exact, m_chance));
    QTRY_COMPARE(m_panel->shownSerial(), 1);
    QCOMPARE(view->selectedNode(), CandidateTreeView::kNoNode); // another shape
}

void TreePanelTest::accessibleSentence()
{
    m_history->append(storyStep());
    QTRY_COMPARE(m_panel->shownSerial(), 0);
    QCOMPARE(m_panel->treeView()->accessibleName(), QStringLiteral("Candidate tree"));
    const QString words = m_panel->treeView()->accessibleDescription();
    QVERIFY(words.startsWith(QStringLiteral("Step 79: accepted 3 of 4 levels")));
    QVERIFY(words.contains(QStringLiteral("the model continues with “␣One”")));
}

void TreePanelTest::stripFindsSteps()
{
    fill(400);
    QTRY_COMPARE(m_panel->shownSerial(), 399);
    auto* strip = m_panel->findChild<StepStrip*>();
    QVERIFY(strip->shownSteps() > 100 && strip->shownSteps() <= StepStrip::kSteps);
    QVERIFY(strip->columnRect(0).isEmpty());
    for (const qint64 serial : {399, 350, 300}) {
        const QRectF rect = strip->columnRect(serial);
        QVERIFY(!rect.isEmpty());
        QCOMPARE(strip->serialAt(rect.center().x()), serial);
        QVERIFY(strip->rect().contains(rect.toAlignedRect()));
    }
    m_panel->showSerial(3); // far back: the strip goes along
    QVERIFY(!strip->columnRect(3).isEmpty());
}

void TreePanelTest::clickOnTheStripHoldsThere()
{
    fill(50);
    QTRY_COMPARE(m_panel->shownSerial(), 49);
    auto* strip = m_panel->findChild<StepStrip*>();
    QTest::mouseClick(strip, Qt::LeftButton, {}, strip->columnRect(20).center().toPoint());
    QCOMPARE(m_panel->shownSerial(), 20);
    QVERIFY(m_panel->isHeld());
    QTest::keyClick(strip, Qt::Key_Right);
    QCOMPARE(m_panel->shownSerial(), 21);
}

void TreePanelTest::legendKeepsEntriesWhole()
{
    TreeLegend legend;
    const int one_line = legend.heightForWidth(legend.sizeHint().width());
    QCOMPARE(one_line, legend.sizeHint().height());
    QVERIFY(legend.heightForWidth(legend.sizeHint().width() / 2) > one_line);
    legend.setHasThreshold(false);
    QVERIFY(!legend.accessibleDescription().contains(QStringLiteral("Line:")));
}

void TreePanelTest::tableShowsTheSameNodes()
{
    m_history->append(storyStep());
    QTRY_COMPARE(m_panel->shownSerial(), 0);
    auto* button = m_panel->findChild<QToolButton*>();
    auto* table = m_panel->findChild<QAbstractItemView*>();
    QVERIFY(!table->isVisible());
    button->click();
    QVERIFY(table->isVisible());
    QCOMPARE(table->model()->rowCount(), 16);
    button->click();
    QVERIFY(m_panel->treeView()->isVisible());
}

void TreePanelTest::everyControlHasAName()
{
    const QStringList nameless = namelessControls(*m_panel);
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QStringLiteral(", "))));
}

void TreePanelTest::historyMayGoFirst()
{
    fill(3);
    m_history.reset();
    m_panel->goLive();
    m_panel->showSerial(1);
    QTest::keyClick(m_panel.get(), Qt::Key_Left);
    m_panel->grab();
    QCOMPARE(m_panel->shownSerial(), -1);
}

QTEST_MAIN(TreePanelTest)
#include "tree_panel_test.moc"
