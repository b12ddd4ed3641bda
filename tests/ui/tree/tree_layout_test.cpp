// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "tests/ui/tree/synthetic_steps.h"
#include "ui/tree/tree_layout.h"

using namespace gorgon;
using namespace gorgon::test;

class TreeLayoutTest : public QObject
{
    Q_OBJECT

private slots:
    void nodesDoNotTouch_data();
    void nodesDoNotTouch();
    void ranksStandBelowOneAnother();
    void parentStandsBesideTheMiddleOfItsChildren();
    void placesDependOnShapeAlone();
    void detailFollowsTheNumberOfNodes();
    void freeSlotTouchesNothing_data() { nodesDoNotTouch_data(); }
    void freeSlotTouchesNothing();
    void damagedParentsHangOnTheRoot();
    void emptyTree();

private:
    static std::vector<StepNode> nodesOf(int n)
    {
        std::mt19937 chance(1);
        return chanceStep(broadChoices(n, 6), 0, AcceptanceMode::typical, chance).step.nodes;
    }
};

void TreeLayoutTest::nodesDoNotTouch_data()
{
    QTest::addColumn<int>("n");
    for (const int n : {2, 16, 29, 30, 64, 100, 101, 256})
        QTest::addRow("%d nodes", n) << n;
}

void TreeLayoutTest::nodesDoNotTouch()
{
    QFETCH(int, n);
    const auto nodes = nodesOf(n);
    const TreeLayout layout = layoutTree(nodes, kMinColumnPitch);
    QCOMPARE(int(layout.y.size()), n);
    const double height = nodeHeight(layout.detail, false);
    for (size_t a = 0; a < nodes.size(); ++a)
        for (size_t b = 0; b < a; ++b)
            if (layout.column[a] == layout.column[b])
                QVERIFY(std::abs(layout.y[a] - layout.y[b]) > height);
}

void TreeLayoutTest::ranksStandBelowOneAnother()
{
    const auto nodes = nodesOf(64);
    const TreeLayout layout = layoutTree(nodes, kMinColumnPitch);
    for (size_t a = 1; a < nodes.size(); ++a)
        for (size_t b = 1; b < nodes.size(); ++b)
            if (nodes[a].parent == nodes[b].parent && nodes[a].rank < nodes[b].rank)
                QVERIFY(layout.y[a] < layout.y[b]);
}

void TreeLayoutTest::parentStandsBesideTheMiddleOfItsChildren()
{
    const auto nodes = storyStep().step.nodes;
    const TreeLayout layout = layoutTree(nodes, kMinColumnPitch);
    QCOMPARE(layout.y[0], (layout.y[1] + layout.y[4]) / 2);
    QCOMPARE(layout.y[1], (layout.y[5] + layout.y[7]) / 2);
    QCOMPARE(layout.x(5), 2 * kMinColumnPitch);
}

void TreeLayoutTest::placesDependOnShapeAlone()
{
    std::mt19937 chance(9);
    const Choices choices = broadChoices(64);
    const auto a = chanceStep(choices, 0, AcceptanceMode::typical, chance).step.nodes;
    const auto b = chanceStep(choices, 1, AcceptanceMode::exact, chance).step.nodes;
    QVERIFY(sameShape(a, b));
    QCOMPARE(layoutTree(a, 120).y, layoutTree(b, 120).y);
    QVERIFY(!sameShape(a, storyStep().step.nodes));
}

void TreeLayoutTest::detailFollowsTheNumberOfNodes()
{
    QCOMPARE(detailFor(29), NodeDetail::full);
    QCOMPARE(detailFor(30), NodeDetail::bars);
    QCOMPARE(detailFor(100), NodeDetail::bars);
    QCOMPARE(detailFor(101), NodeDetail::dots);
}

void TreeLayoutTest::freeSlotTouchesNothing()
{
    QFETCH(int, n);
    const TreeLayout layout = layoutTree(nodesOf(n), kMinColumnPitch);
    const double reserve = slotReserve(layout);
    for (size_t from = 0; from < layout.y.size(); ++from) {
        const int column = std::min(layout.column[from] + 1, layout.n_columns - 1);
        const double y = freeSlot(layout, column, layout.y[from]);
        QVERIFY(y >= layout.top - reserve && y <= layout.bottom + reserve);
        for (size_t other = 0; other < layout.y.size(); ++other)
            if (layout.column[other] == column)
                QVERIFY(std::abs(layout.y[other] - y) >= nodeHeight(layout.detail, true));
    }
}

void TreeLayoutTest::damagedParentsHangOnTheRoot()
{
    auto nodes = storyStep().step.nodes;
    nodes[3].parent = 99;
    nodes[4].parent = -7;
    nodes[5].parent = 5;
    const TreeLayout layout = layoutTree(nodes, kMinColumnPitch);
    QCOMPARE(layout.column[3], 1);
    QCOMPARE(layout.column[4], 1);
    QCOMPARE(layout.column[5], 1);
}

void TreeLayoutTest::emptyTree()
{
    const TreeLayout layout = layoutTree({}, kMinColumnPitch);
    QCOMPARE(layout.n_columns, 0);
    QCOMPARE(freeSlot(layout, 0, 5), 5.0);
    QCOMPARE(slotReserve(layout), 0.0);
}

QTEST_MAIN(TreeLayoutTest)
#include "tree_layout_test.moc"
