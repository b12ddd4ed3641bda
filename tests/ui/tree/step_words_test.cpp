// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "tests/ui/tree/synthetic_steps.h"
#include "ui/tree/step_words.h"

using namespace gorgon;
using namespace gorgon::test;

class StepWordsTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }
    void typical_data();
    void typical();
    void greedyComparesWithTheModelsChoice();
    void exactComparesWithTheModelsDraw();
    void tieIsNotCalledLonger();
    void closeNumbersGetMoreDigits();
    void emptyProposal();
    void percentages_data();
    void percentages();
    void summary();
    void ends();
    void outOfRangeIsSilent();

private:
    static QString plain(QString text) { return text.replace(QChar(0x00A0), QLatin1Char(' ')); }
};

void StepWordsTest::typical_data()
{
    QTest::addColumn<int>("node");
    QTest::addColumn<QString>("sentence");
    QTest::newRow("root")
        << 0
        << "“␣dragon” was certain before this step began: it is what the model itself put last.";
    QTest::newRow("accepted") << 5
                              << "Head 2 gave “␣Ember” 41 %. The model gives it 56 %, above the "
                                 "threshold of 9 %: accepted.";
    QTest::newRow("passed") << 7
                            << "Head 2 gave “␣Spark” 8 %. The model gives it 13 %, above the "
                               "threshold of 9 %: passed, but another path "
                               "was longer.";
    QTest::newRow("rejected") << 2
                              << "Head 1 gave “␣who” 16 %. The model gives it 7 %, not above the "
                                 "threshold of 9 %: rejected. The model's "
                                 "own choice here was “␣named” (82 %).";
    QTest::newRow("not reached")
        << 13
        << "Head 3 gave “␣in” 46 %. It was never reached, because “␣who” before it was rejected.";
}

void StepWordsTest::typical()
{
    QFETCH(int, node);
    QFETCH(QString, sentence);
    QCOMPARE(plain(nodeSentence(storyStep(), node)), sentence);
}

void StepWordsTest::greedyComparesWithTheModelsChoice()
{
    const StepView view = storyStep(AcceptanceMode::greedy);
    QCOMPARE(plain(nodeSentence(view, 1)),
        QStringLiteral(
            "Head 1 gave “␣named” 61 %. It is the model's own choice here (82 %): accepted."));
    QCOMPARE(plain(nodeSentence(view, 2)),
        QStringLiteral("Head 1 gave “␣who” 16 %. The model gives it 7 %; the model's own choice "
                       "here was “␣named” "
                       "(82 %): rejected."));
    QVERIFY(!hasThreshold(view.step));
    QVERIFY(isModelsChoice(view.step, 1));
    QVERIFY(!isModelsChoice(view.step, 2));
    QCOMPARE(modeSummary(view.step), QStringLiteral("greedy"));
}

void StepWordsTest::exactComparesWithTheModelsDraw()
{
    const StepView view = storyStep(AcceptanceMode::exact);
    QCOMPARE(plain(nodeSentence(view, 5)),
        QStringLiteral("Head 2 gave “␣Ember” 41 %. It is the model's draw here (56 %): accepted."));
    QCOMPARE(plain(nodeSentence(view, 6)),
        QStringLiteral("Head 2 gave “␣Tim” 19 %. The model gives it 6 %; the model's draw here was "
                       "“␣Ember” (56 %): "
                       "rejected."));
}

void StepWordsTest::tieIsNotCalledLonger()
{
    const StepView view = storyStep();
    QVERIFY(nodeSentence(view, 11).contains(QLatin1String("an equally long path was more likely")));
    QVERIFY(nodeSentence(view, 7).contains(QLatin1String("another path was longer")));
}

void StepWordsTest::closeNumbersGetMoreDigits()
{
    StepView view = storyStep();
    view.step.nodes[2].posterior_prob = 0.0899F;
    QVERIFY(plain(nodeSentence(view, 2))
                .contains(QLatin1String("gives it 8.99 %, not above the threshold of 9.00 %")));
}

void StepWordsTest::emptyProposal()
{
    StepView view = storyStep();
    view.step.nodes[4].token = -1;
    QCOMPARE(nodeSentence(view, 4), QStringLiteral("Head 1 had nothing to propose here."));
}

void StepWordsTest::percentages_data()
{
    QTest::addColumn<double>("share");
    QTest::addColumn<QString>("text");
    QTest::newRow("whole") << 0.414 << "41 %";
    QTest::newRow("small") << 0.0342 << "3.4 %";
    QTest::newRow("whole small") << 0.09 << "9 %";
    QTest::newRow("tiny") << 0.0002 << "under 0.1 %";
    QTest::newRow("nothing") << 0.0 << "0 %";
    QTest::newRow("all") << 1.0 << "100 %";
    QTest::newRow("not a number") << std::nan("") << "0 %";
}

void StepWordsTest::percentages()
{
    QFETCH(double, share);
    QFETCH(QString, text);
    QCOMPARE(plain(percentText(share)), text);
}

void StepWordsTest::summary()
{
    const StepView view = storyStep();
    QCOMPARE(stepTitle(view.step), QStringLiteral("Step 79"));
    QCOMPARE(plain(stepSummary(view.step)),
        QStringLiteral("accepted 3 of 4 levels, emitted 4 tokens, 1.6 ms"));
    QCOMPARE(modeSummary(view.step), QStringLiteral("typical, threshold 0.09"));
    DecodeStep bare;
    bare.nodes.resize(1);
    bare.tokens = {3};
    QCOMPARE(plain(stepSummary(bare)), QStringLiteral("plain decoding, emitted 1 token, 0.0 ms"));
    QVERIFY(stepSentence(view).contains(QStringLiteral("“␣dragon␣named␣Ember.”")));
}

void StepWordsTest::ends()
{
    StepView view = storyStep();
    QCOMPARE(plain(endSentence(view)),
        QStringLiteral("No guess after “.” was accepted; the model continues with “␣One” (44 %)."));
    view.step.path = {0, 1, 5, 10, 14};
    QVERIFY(endSentence(view).startsWith(QLatin1String("The path ends at a leaf")));
}

void StepWordsTest::outOfRangeIsSilent()
{
    QCOMPARE(nodeSentence(storyStep(), 99), QString());
    QCOMPARE(nodeSentence(StepView(), 0), QString());
    QCOMPARE(endSentence(StepView()), QString());
}

QTEST_MAIN(StepWordsTest)
#include "step_words_test.moc"
