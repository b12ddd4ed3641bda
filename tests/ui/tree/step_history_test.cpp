// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QtTest>

#include "tests/ui/tree/synthetic_steps.h"
#include "ui/tree/node_table_model.h"
#include "ui/tree/step_history.h"

using namespace gorgon;
using namespace gorgon::test;

namespace {

/// A chain of guesses at `position`; emits `tokens`, then `next`.
DecodeStep chainStep(int index, int64_t position, const std::vector<int>& guesses,
    const std::vector<int>& tokens, int next)
{
    DecodeStep step;
    step.index = index;
    step.position = position;
    step.nodes.resize(guesses.size() + 1);
    for (size_t i = 0; i < guesses.size(); ++i) {
        StepNode& node = step.nodes[i + 1];
        node.token = guesses[i];
        node.parent = int(i);
        node.depth = int(i) + 1;
        node.origin = DraftOrigin::medusa_head;
    }
    step.tokens = tokens;
    step.accept_length = int(tokens.size()) - 1;
    step.next_root = next;
    return step;
}

} // namespace

class StepHistoryTest : public QObject
{
    Q_OBJECT

private slots:
    void returnsWhatWasAppended();
    void keepsTheLastSteps();
    void serialsAreNeverReused();
    void findsAStepOfAnAnswer();
    void clockCountsStepsAndPrompts();
    void flagsOncePerStep();
    void accuracySettlesGuessesBeyondARejection();
    void accuracyForgetsOpenGuessesOfAnotherAnswer();
    void hitOfOneStep();
    void nodeTable();
};

void StepHistoryTest::returnsWhatWasAppended()
{
    StepHistory history;
    QAbstractItemModelTester tester(
        &history, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QSignalSpy appended(&history, &StepHistory::stepAppended);
    const StepView view = storyStep();
    history.append(view);
    history.append(StepViewPtr::create(view));
    QCOMPARE(appended.count(), 2);
    const StepView back = history.at(0);
    QCOMPARE(back.node_labels, view.node_labels);
    QCOMPARE(back.choice_labels, view.choice_labels);
    QCOMPARE(back.emitted_labels, view.emitted_labels);
    QCOMPARE(back.next_root_label, view.next_root_label);
    QCOMPARE(back.message_id, view.message_id);
    QCOMPARE(back.step.tokens, view.step.tokens);
    QCOMPARE(history.index(1, StepHistory::step_column).data().toInt(), 79);
    QCOMPARE(history.index(1, StepHistory::text_column).data().toString(),
        QStringLiteral("␣dragon␣named␣Ember."));
}

void StepHistoryTest::keepsTheLastSteps()
{
    StepHistory history(nullptr, 100);
    QAbstractItemModelTester tester(
        &history, QAbstractItemModelTester::FailureReportingMode::QtTest);
    std::mt19937 chance(2);
    for (int i = 0; i < 250; ++i) {
        history.append(chanceStep(storyChoices(), i, AcceptanceMode::typical, chance));
        QVERIFY(history.count() <= 100);
    }
    QVERIFY(history.count() >= 98);
    QCOMPARE(history.stepAt(history.count() - 1).index, 249);
    QCOMPARE(history.serialOf(history.count() - 1), 249);
    QCOMPARE(history.rowOf(0), -1);
    QCOMPARE(history.rowOf(249), history.count() - 1);
    QVERIFY(StepHistory::kCapacity >= 10000);
}

void StepHistoryTest::serialsAreNeverReused()
{
    StepHistory history;
    QAbstractItemModelTester tester(
        &history, QAbstractItemModelTester::FailureReportingMode::QtTest);
    history.append(storyStep());
    QSignalSpy cleared(&history, &StepHistory::cleared);
    history.clear();
    QCOMPARE(cleared.count(), 1);
    QVERIFY(history.isEmpty());
    history.append(storyStep());
    QCOMPARE(history.serialOf(0), 1);
    QCOMPARE(history.baseSerial(), 1);
    QCOMPARE(history.rowOf(0), -1);
}

void StepHistoryTest::findsAStepOfAnAnswer()
{
    StepHistory history;
    StepView view = storyStep();
    for (const qint64 message : {4, 9}) {
        for (int i = 0; i < 3; ++i) {
            view.message_id = message;
            view.step.index = i;
            history.append(view);
        }
    }
    QCOMPARE(history.rowOf(4, 2), 2);
    QCOMPARE(history.rowOf(9, 0), 3);
    QCOMPARE(history.rowOf(5, 0), -1);
}

void StepHistoryTest::clockCountsStepsAndPrompts()
{
    StepHistory history;
    history.beginPrompt();
    QVERIFY(history.readingPrompt());
    history.endPrompt(250);
    QVERIFY(!history.readingPrompt());
    StepView view = storyStep();
    view.step.times.total_us = 2000;
    history.append(view);
    history.append(view);
    QCOMPARE(history.secondsAt(1), 0.254);
    QCOMPARE(int(history.prompts().size()), 1);
    QCOMPARE(history.prompts()[0].end_s, 0.25);
    history.endPrompt(99); // without a beginning: nothing
    QCOMPARE(int(history.prompts().size()), 1);
}

void StepHistoryTest::flagsOncePerStep()
{
    StepHistory history;
    history.append(storyStep());
    history.markSettingsChanged(QStringLiteral("temperature 0.6"));
    history.markSettingsChanged(QStringLiteral("temperature 0.7"));
    QCOMPARE(int(history.flags().size()), 1);
    QCOMPARE(history.flags()[0].text, QStringLiteral("temperature 0.7"));
    QCOMPARE(history.flags()[0].serial, 1);
    history.append(storyStep());
    history.markSettingsChanged(QStringLiteral("top-p 0.9"));
    QCOMPARE(int(history.flags().size()), 2);
}

void StepHistoryTest::accuracySettlesGuessesBeyondARejection()
{
    HeadAccuracy accuracy;
    // Root 10 at 0; heads guess 11, 12, 13 for 1, 2, 3. Nothing accepted but 99 comes at 1.
    accuracy.add(chainStep(0, 0, {11, 12, 13}, {10}, 99));
    QCOMPARE(accuracy.guesses(0), 1);
    QCOMPARE(accuracy.hits(0), 0);
    QCOMPARE(accuracy.guesses(1), 0); // position 2 is not written yet
    QCOMPARE(accuracy.share(1), -1.0);
    // Then 99, 12 and the next root 13: the first step's second and third guess were right after
    // all.
    accuracy.add(chainStep(1, 1, {12, 13, 14}, {99, 12}, 13));
    QCOMPARE(accuracy.guesses(0), 2);
    QCOMPARE(accuracy.hits(0), 1);
    QCOMPARE(accuracy.guesses(1), 2);
    QCOMPARE(accuracy.hits(1), 2);
    QCOMPARE(accuracy.guesses(2), 1);
    QCOMPARE(accuracy.hits(2), 1);
    QCOMPARE(accuracy.share(0), 0.5);
}

void StepHistoryTest::accuracyForgetsOpenGuessesOfAnotherAnswer()
{
    HeadAccuracy accuracy;
    accuracy.add(chainStep(0, 0, {11, 12}, {10}, 11));
    accuracy.add(chainStep(0, 1, {5, 6}, {12, 5}, 6)); // a new answer over the same positions
    QCOMPARE(accuracy.guesses(1), 1);
    QCOMPARE(accuracy.hits(1), 1);
}

void StepHistoryTest::hitOfOneStep()
{
    const DecodeStep step = chainStep(0, 0, {11, 12, 13}, {10, 11}, 99);
    QCOMPARE(topOneHit(step, 0), Hit::hit);
    QCOMPARE(topOneHit(step, 1), Hit::miss);
    QCOMPARE(topOneHit(step, 2), Hit::unknown);
    QCOMPARE(topOneHit(step, 7), Hit::unknown);
    QCOMPARE(draftDepth(step), 3);
}

void StepHistoryTest::nodeTable()
{
    NodeTableModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setStep(storyStep());
    QCOMPARE(model.rowCount(), 16);
    QCOMPARE(model.index(7, NodeTableModel::path_column).data().toString(), QStringLiteral("0–2"));
    QCOMPARE(model.index(7, NodeTableModel::verdict_column).data().toString(),
        QStringLiteral("○ passed"));
    QVERIFY(model.index(7, 0)
                .data(Qt::ToolTipRole)
                .toString()
                .startsWith(QStringLiteral("Head 2 gave")));
    QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
    model.setStep(storyStep(AcceptanceMode::greedy));
    QCOMPARE(reset.count(), 0);
    QCOMPARE(model.index(7, NodeTableModel::threshold_column).data().toString(), QString());
    model.setStep({});
    QCOMPARE(model.rowCount(), 0);
}

QTEST_MAIN(StepHistoryTest)
#include "step_history_test.moc"
