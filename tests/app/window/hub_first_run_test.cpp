// SPDX-License-Identifier: GPL-3.0-or-later
// From an empty computer to a model with its heads, and what suits this computer.
#include "app/window/catalog_ranking.h"
#include "app/window/pair_words.h"
#include "core/hub/model_catalog.h"
#include "tests/app/window/hub_program.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/invitation.h"
#include "ui/models/fit_panel.h"

#include <QCheckBox>

using namespace gorgon;
using namespace gorgon::tests;

namespace {

constexpr uint64_t kGigabyte = 1'000'000'000;

PairEntry recommended(const QVector<PairEntry>& entries)
{
    const auto found = std::find_if(entries.begin(), entries.end(),
        [](const PairEntry& entry) { return entry.is_recommended; });
    return found == entries.end() ? PairEntry() : *found;
}

} // namespace

class HubFirstRunTest : public QObject
{
    Q_OBJECT

private slots:
    void init()
    {
        m_folder = std::make_unique<ScratchFolder>();
        m_hub = std::make_unique<FakeHub>();
        useHub(*m_folder, *m_hub);
    }

    void readsParametersFromNames_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<double>("millions");
        QTest::newRow("billions") << QByteArray("lmsys/vicuna-7b-v1.3") << 7000.0;
        QTest::newRow("fraction") << QByteArray("TinyLlama/TinyLlama-1.1B-Chat-v1.0") << 1100.0;
        QTest::newRow("millions") << QByteArray("HuggingFaceTB/SmolLM2-135M-Instruct") << 135.0;
        QTest::newRow("version first") << QByteArray("Qwen/Qwen2.5-0.5B-Instruct") << 500.0;
        QTest::newRow("at the end") << QByteArray("Qwen/Qwen3-8B") << 8000.0;
        QTest::newRow("heads") << QByteArray("x/Meta-Llama-3.1-8B-Instruct-4heads") << 8000.0;
        QTest::newRow("none") << QByteArray("org/medusa-v1.0-chat") << 0.0;
        QTest::newRow("bits") << QByteArray("org/model-4bit") << 0.0;
    }

    void readsParametersFromNames()
    {
        QFETCH(QByteArray, name);
        QFETCH(double, millions);
        QCOMPARE(parametersInName(name.toStdString()).value_or(0) / 1e6, millions);
    }

    void putsFirstWhatSuitsThisComputer()
    {
        const QVector<PairEntry> catalog = catalogEntries(modelCatalog());
        for (const uint64_t gigabytes : {2, 8, 24, 80}) {
            QVector<PairEntry> ranked = catalog;
            rankEntries(ranked, {QStringLiteral("cuda:0"), gigabytes * kGigabyte, false});
            QCOMPARE(ranked.size(), catalog.size());
            const PairEntry best = recommended(ranked);
            QVERIFY(!best.names().isEmpty());
            QCOMPARE(ranked.front(), best);
            QVERIFY2(badge(best, QStringLiteral("Memory")).startsWith(QLatin1String("Fits")),
                qPrintable(badge(best, QStringLiteral("Memory"))));
            qInfo("%d GB: %s", int(gigabytes), qPrintable(best.names()));
            QCOMPARE(!best.heads.isEmpty(), gigabytes >= 8);
            // What does not fit comes last.
            QVERIFY(badge(ranked.front(), QStringLiteral("Memory")).startsWith(QLatin1String("F")));
            if (gigabytes == 2)
                QVERIFY(badge(ranked.back(), QStringLiteral("Memory"))
                            .startsWith(QLatin1String("Won")));
        }
        QVector<PairEntry> slow = catalog;
        rankEntries(slow, {QStringLiteral("cpu"), 80 * kGigabyte, true});
        QVERIFY(recommended(slow).base.contains(
            QLatin1String("7b"))); // not what takes a second a token
        QVector<PairEntry> unknown = catalog;
        rankEntries(unknown, {});
        QVERIFY(recommended(unknown).names().isEmpty());
    }

    void anEmptyComputerHasAModelInTwoClicks()
    {
        Program program(*m_folder);
        QTRY_COMPARE_WITH_TIMEOUT(program.models()->tab(), ModelsWindow::discover_tab, kWaitMs);
        QTRY_VERIFY_WITH_TIMEOUT(
            program.entry().is_recommended || program.found()->rowCount() == 0, kWaitMs);
        QCOMPARE(m_hub->requests().size(), size_t(0));
        const PairEntry best = program.entry(); // chosen already
        if (best.heads.isEmpty())
            QSKIP("little memory is free here: no pair is proposed");
        const bool is_full = best.heads == best.base; // one checkpoint holds both
        HubFiles files = baseFiles();
        if (is_full)
            files.merge(headsFiles());
        else
            m_hub->commit(best.heads.toStdString(), headsFiles());
        m_hub->commit(best.base.toStdString(), files);
        QSignalSpy opened(&program.window, &MainWindow::modelChosen);
        QVERIFY(program.models()->discover()->findChild<QCheckBox*>()->isChecked());
        QVERIFY(press(program.models()->discover(),
            is_full ? QStringLiteral("Get model") : QStringLiteral("Get base + heads")));
        QTRY_COMPARE_WITH_TIMEOUT(opened.size(), 1, kWaitMs); // nothing more is to be clicked
        const ModelChoice choice = opened[0][0].value<ModelChoice>();
        QVERIFY(choice.model.contains(QString(best.base).replace('/', QLatin1String("--"))));
        QVERIFY(is_full
            || choice.heads.contains(QString(best.heads).replace('/', QLatin1String("--"))));
        QVERIFY(!program.models()->isVisible());
    }

    void theEmptyChatLeadsThere()
    {
        MainWindow window;
        window.show();
        ModelSummary demo;
        demo.name = QStringLiteral("Gorgon Demo");
        demo.is_demo = true;
        window.setModel(demo);
        window.setStatus({EngineStatus::Phase::ready, 0, 0});
        QVERIFY(press(window.chat(), QStringLiteral("Get a model for this computer")));
        QVERIFY(window.models()->isVisible());
        QCOMPARE(window.models()->tab(), ModelsWindow::discover_tab);
        demo.is_demo = false;
        window.setModel(demo);
        QVERIFY(!button(window.chat(), QStringLiteral("Get a model for this computer")));
    }

    void theSumFollowsFormatAndContext()
    {
        HubFiles files = baseFiles();
        const QString config = QString::fromStdString(demoFile("config.json"));
        files["config.json"]
            = smallFile(QString(config)
                            .replace(QLatin1String("\"max_position_embeddings\": 1024"),
                                QLatin1String("\"max_position_embeddings\": 4096"))
                            .toStdString());
        m_hub->commit("org/base", files);
        m_hub->commit("org/heads", headsFiles());
        Program program(*m_folder);
        PairEntry pair;
        pair.base = QStringLiteral("org/base");
        pair.heads = QStringLiteral("org/heads");
        pair.title = QStringLiteral("Demo");
        program.choose(pair);
        PairPanel* panel = program.models()->discover()->panel();
        QVERIFY(press(panel, QStringLiteral("Check with the hub")));
        QTRY_COMPARE_WITH_TIMEOUT(program.entry().knowledge, PairEntry::Knowledge::known, kWaitMs);
        FitPanel* fit = panel->fit();
        QVERIFY(fit->isVisible());
        QStringList sums;
        auto* weights = box(fit, "Format of the weights in memory");
        auto* context = box(fit, "Length of the context");
        QVERIFY(weights->count() == 4 && context->count() > 1);
        for (const int format : {0, 3}) {
            for (const int length : {0, context->count() - 1}) {
                context->setCurrentIndex(length);
                weights->setCurrentIndex(format);
                sums << fit->sum();
                const FitView& view = program.entry().fits[length];
                QCOMPARE(fit->context(), view.context);
                const FitFormat& shown = view.places.back().formats[format];
                qint64 total = 0;
                for (const auto& [what, bytes] : shown.lines)
                    total += bytes;
                QCOMPARE(total, shown.bytes);
                QVERIFY(shown.lines.size() == 4); // base, heads, cache, workspace
            }
        }
        QCOMPARE(QSet<QString>(sums.begin(), sums.end()).size(), 4);
        QTRY_VERIFY_WITH_TIMEOUT(
            words(fit).contains(QStringLiteral("keys and values")), kWaitMs); // laid out later

        // It is opened as it was judged.
        weights->setCurrentIndex(weights->findData(QStringLiteral("q8")));
        context->setCurrentIndex(0);
        QSignalSpy opened(&program.window, &MainWindow::modelChosen);
        QVERIFY(press(panel, QStringLiteral("Get base + heads")));
        QTRY_COMPARE_WITH_TIMEOUT(opened.size(), 1, kWaitMs);
        const ModelChoice choice = opened[0][0].value<ModelChoice>();
        QCOMPARE(choice.weights, QStringLiteral("q8"));
        QCOMPARE(choice.context, program.entry().fits.front().context);
    }

private:
    static QComboBox* box(QWidget* root, const char* name)
    {
        for (QComboBox* each : root->findChildren<QComboBox*>()) {
            if (each->accessibleName() == QLatin1String(name))
                return each;
        }
        return nullptr;
    }

    std::unique_ptr<ScratchFolder> m_folder;
    std::unique_ptr<FakeHub> m_hub;
};

QTEST_MAIN(HubFirstRunTest)
#include "hub_first_run_test.moc"
