// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QTemporaryDir>
#include <QtTest>

#include "tests/ui/named_widgets.h"
#include "tests/ui/tree/synthetic_steps.h"
#include "ui/plots/acceptance_plot.h"
#include "ui/plots/cost_plot.h"
#include "ui/plots/plots_panel.h"
#include "ui/plots/rolling.h"
#include "ui/plots/throughput_plot.h"
#include "ui/theme/theme.h"

using namespace gorgon;
using namespace gorgon::test;

class PlotsPanelTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { applyTheme(*qApp, ThemeMode::light, ContrastMode::normal); }
    void init();
    void cleanup() { m_panel.reset(); }
    void meanOfTheLastSixteen();
    void rateOverTwoSeconds();
    void aShortAnswerHasARate();
    void promptIsNotPartOfTheRate();
    void plotsFollowTheHistory();
    void oldStepsKeepTheirPlaceUntilThePlotIsFull();
    void hiddenPanelRests();
    void referenceLines();
    void promptsAreShadedAndFlagsDrawn();
    void csvHasEveryStep();
    void exportSaysWhatFailed();
    void copiesAnImage();
    void clickNamesAStep();
    void costsShowWhereDraftingPays();
    void themeChangesBackground();
    void everyControlHasAName();
    void historyMayGoFirst();

private:
    /// A step that emits n tokens in `us`.
    void add(int n, double us);

    std::unique_ptr<StepHistory> m_history;
    std::unique_ptr<PlotsPanel> m_panel;
};

void PlotsPanelTest::init()
{
    m_history = std::make_unique<StepHistory>();
    m_panel = std::make_unique<PlotsPanel>();
    m_panel->resize(600, 560);
    m_panel->setHistory(m_history.get());
    m_panel->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
}

void PlotsPanelTest::add(int n, double us)
{
    StepView view = storyStep();
    view.step.index = m_history->count();
    view.step.tokens.assign(size_t(n), 5);
    view.step.accept_length = n - 1;
    view.step.times.total_us = us;
    m_history->append(view);
}

void PlotsPanelTest::meanOfTheLastSixteen()
{
    for (int i = 0; i < 16; ++i)
        add(1, 1000);
    QCOMPARE(meanTokens(*m_history, 3), 1.0);
    for (int i = 0; i < 8; ++i)
        add(3, 1000);
    QCOMPARE(meanTokens(*m_history, 23), 2.0);
}

void PlotsPanelTest::rateOverTwoSeconds()
{
    for (int i = 0; i < 40; ++i)
        add(2, 1e5); // 20 tokens/s
    for (int i = 0; i < 40; ++i)
        add(4, 1e5); // 40 tokens/s
    const auto points = rollingRate(*m_history, 0);
    QCOMPARE(points.size(), 80);
    QVERIFY(std::abs(points[39].tokens_per_second - 20) < 0.5);
    QVERIFY(std::abs(points[49].tokens_per_second - 30) < 1.5); // half of the window is fast
    QVERIFY(std::abs(points[79].tokens_per_second - 40) < 0.5);
}

void PlotsPanelTest::aShortAnswerHasARate()
{
    const auto words = [this] {
        QStringList texts;
        for (const auto* label : m_panel->findChildren<QLabel*>())
            texts << label->text();
        return texts;
    };
    add(2, 1000);
    add(2, 1000);
    QTRY_VERIFY(words().contains(QStringLiteral("too short to plot")));
    QVERIFY(std::isnan(m_panel->throughputPlot()->newestRate()));
    for (int i = 0; i < 8; ++i)
        add(2, 1000); // 10 ms in all
    QTRY_VERIFY(words().contains(QStringLiteral("now: 2000")));
    QVERIFY(m_panel->throughputPlot()->xAxis->range().upper < 0.1); // not a dot at the edge
    const QList<QByteArray> lines = historyCsv(*m_history).trimmed().split('\n');
    const qsizetype rate = lines[0].split(',').indexOf("tokens_per_second");
    QVERIFY(lines[1].split(',')[rate].isEmpty()); // unknown is not 0
    QCOMPARE(lines[10].split(',')[rate].toDouble(), 2000.0);
}

void PlotsPanelTest::promptIsNotPartOfTheRate()
{
    for (int i = 0; i < 10; ++i)
        add(2, 1e5);
    m_history->beginPrompt();
    m_history->endPrompt(1500);
    for (int i = 0; i < 10; ++i)
        add(2, 1e5);
    int gaps = 0;
    for (const RatePoint& point : rollingRate(*m_history, 0)) {
        if (std::isnan(point.tokens_per_second))
            ++gaps;
        else
            QVERIFY(std::abs(point.tokens_per_second - 20) < 0.5);
    }
    QCOMPARE(gaps, 1);
}

void PlotsPanelTest::plotsFollowTheHistory()
{
    for (int i = 0; i < 300; ++i)
        add(1 + i % 4, 2e4);
    AcceptancePlot* plot = m_panel->acceptancePlot();
    QTRY_COMPARE(plot->dots()->dataCount(), AcceptancePlot::kSteps);
    QCOMPARE(plot->mean()->dataCount(), AcceptancePlot::kSteps);
    QVERIFY(plot->yAxis->range().contains(4));
    QVERIFY(std::abs(m_panel->throughputPlot()->newestRate() - 125) < 2);
    m_history->clear();
    QTRY_COMPARE(plot->dots()->dataCount(), 0);
}

void PlotsPanelTest::oldStepsKeepTheirPlaceUntilThePlotIsFull()
{
    add(2, 1000);
    QTRY_COMPARE(m_panel->acceptancePlot()->dots()->dataCount(), 1);
    const QCPRange before = m_panel->acceptancePlot()->xAxis->range();
    for (int i = 0; i < 100; ++i)
        add(2, 1000);
    QTRY_COMPARE(m_panel->acceptancePlot()->dots()->dataCount(), 101);
    QCOMPARE(m_panel->acceptancePlot()->xAxis->range(), before);
}

void PlotsPanelTest::hiddenPanelRests()
{
    m_panel->hide();
    add(2, 1000);
    QTest::qWait(150);
    QCOMPARE(m_panel->acceptancePlot()->dots()->dataCount(), 0);
    m_panel->show();
    QTRY_COMPARE(m_panel->acceptancePlot()->dots()->dataCount(), 1);
}

void PlotsPanelTest::referenceLines()
{
    m_panel->setBreakEven(1.45);
    m_panel->setPlainTokensPerSecond(5000);
    add(2, 1000);
    QTRY_COMPARE(m_panel->acceptancePlot()->dots()->dataCount(), 1);
    QVERIFY(
        m_panel->throughputPlot()->yAxis->range().contains(5000)); // the line is always in sight
    QCOMPARE(m_panel->acceptancePlot()->reference(), 1.45);
    m_panel->setBreakEven(std::nan(""));
    QCOMPARE(m_panel->acceptancePlot()->reference(), 0.0);
}

void PlotsPanelTest::promptsAreShadedAndFlagsDrawn()
{
    m_history->beginPrompt();
    m_history->endPrompt(300);
    add(2, 1000);
    m_history->markSettingsChanged(QStringLiteral("temperature 0.7"));
    add(2, 1000);
    QTRY_COMPARE(m_panel->throughputPlot()->shadedPrompts(), 1);
    QStringList texts;
    AcceptancePlot* plot = m_panel->acceptancePlot();
    for (int i = 0; i < plot->itemCount(); ++i)
        if (auto* text = qobject_cast<QCPItemText*>(plot->item(i)); text && text->visible())
            texts.append(text->text());
    QCOMPARE(texts, QStringList{QStringLiteral("temperature 0.7")});
}

void PlotsPanelTest::csvHasEveryStep()
{
    m_history->beginPrompt();
    m_history->endPrompt(100);
    for (int i = 0; i < 5; ++i)
        add(i + 1, 2e5);
    const QList<QByteArray> lines = historyCsv(*m_history).trimmed().split('\n');
    QCOMPARE(lines.size(), 6);
    const QList<QByteArray> names = lines[0].split(',');
    const QList<QByteArray> last = lines[5].split(',');
    QCOMPARE(last.size(), names.size());
    QCOMPARE(last[names.indexOf("step")], QByteArray("5"));
    QCOMPARE(last[names.indexOf("tokens")], QByteArray("5"));
    QCOMPARE(last[names.indexOf("seconds")].toDouble(), 1.1);
    QCOMPARE(last[names.indexOf("mean_tokens")].toDouble(), 3.0);
    QCOMPARE(last[names.indexOf("tokens_per_second")].toDouble(), 15.0);
    QCOMPARE(last[names.indexOf("total_us")].toDouble(), 2e5);
}

void PlotsPanelTest::exportSaysWhatFailed()
{
    QTemporaryDir folder;
    QString problem;
    AcceptancePlot* plot = m_panel->acceptancePlot();
    QVERIFY(!plot->exportCsv(folder.filePath(QStringLiteral("a.csv")), &problem));
    QCOMPARE(problem, QStringLiteral("There is no step to export yet."));
    add(2, 1000);
    QTRY_COMPARE(plot->dots()->dataCount(), 1);
    const QString path = folder.filePath(QStringLiteral("Schritte ü.csv"));
    QVERIFY(plot->exportCsv(path));
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), historyCsv(*m_history));
    QVERIFY(!plot->exportCsv(folder.filePath(QStringLiteral("no/such/folder.csv")), &problem));
    QVERIFY(problem.contains(QStringLiteral("could not be written")));
}

void PlotsPanelTest::copiesAnImage()
{
    add(2, 1000);
    QTest::keyClick(m_panel->acceptancePlot(), Qt::Key_C, Qt::ControlModifier);
    const QImage image = QGuiApplication::clipboard()->image();
    QCOMPARE(image.size(), m_panel->acceptancePlot()->size());
    QCOMPARE(image.pixelColor(1, 1), theme().panel);
}

void PlotsPanelTest::clickNamesAStep()
{
    for (int i = 0; i < 50; ++i)
        add(2, 1000);
    AcceptancePlot* plot = m_panel->acceptancePlot();
    QTRY_COMPARE(plot->dots()->dataCount(), 50);
    QTest::qWait(100);
    QSignalSpy clicked(m_panel.get(), &PlotsPanel::stepClicked);
    QTest::mouseClick(plot, Qt::LeftButton, {},
        QPoint(qRound(plot->xAxis->coordToPixel(20)), plot->axisRect()->center().y()));
    QCOMPARE(clicked.count(), 1);
    QCOMPARE(clicked[0][0].toLongLong(), 19);
}

void PlotsPanelTest::costsShowWhereDraftingPays()
{
    CostPlot* plot = m_panel->costPlot();
    QCOMPARE(plot->graph(0)->dataCount(), 0);
    QVERIFY(plot->accessibleDescription().contains(QLatin1String("timed")));
    const CostView costs{{100, 110, 150, 400}, {1, 1.8, 2.1, 2.2}};
    QCOMPARE(costs.best(), 2);
    QCOMPARE(costs.speedUp(2), 1.8 / 1.1);
    m_panel->setCosts(costs);
    QCOMPARE(plot->graph(0)->dataCount(), 4);
    QVERIFY(plot->accessibleDescription().contains(QLatin1String("2 nodes")));
    QVERIFY(plot->sentence(2).contains(QLatin1String("1.10")));
    QVERIFY(plot->sentence(2).contains(QLatin1String("1.64")));
    QVERIFY(plot->sentence(1).contains(QLatin1String("plain decoding")));
    QVERIFY(plot->yAxis->range().contains(2.2));
    QVERIFY(!plot->yAxis->range().contains(4)); // time that runs away is cut off
    m_panel->setCosts({{100, 200}, {1, 1.2}});
    QCOMPARE(plot->costs().best(), 1);
    m_panel->setCosts({});
    QCOMPARE(plot->graph(1)->dataCount(), 0);
}

void PlotsPanelTest::themeChangesBackground()
{
    applyTheme(*qApp, ThemeMode::dark, ContrastMode::normal);
    QTRY_COMPARE(
        m_panel->acceptancePlot()->grab().toImage().pixelColor(1, 1), makeTheme(true, false).panel);
    applyTheme(*qApp, ThemeMode::light, ContrastMode::normal);
    QTRY_COMPARE(m_panel->acceptancePlot()->grab().toImage().pixelColor(1, 1),
        makeTheme(false, false).panel);
}

void PlotsPanelTest::everyControlHasAName()
{
    const QStringList nameless = namelessControls(*m_panel);
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QStringLiteral(", "))));
}

void PlotsPanelTest::historyMayGoFirst()
{
    add(2, 1000);
    m_history.reset();
    QTest::mouseClick(m_panel->acceptancePlot(), Qt::LeftButton, {}, QPoint(100, 60));
    m_panel->setCursor(0);
    m_panel->grab();
    QCOMPARE(m_panel->acceptancePlot()->dots()->dataCount(), 0);
}

QTEST_MAIN(PlotsPanelTest)
#include "plots_panel_test.moc"
