// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/settings_json.h"

#include <QTest>

using namespace gorgon;

namespace {

const QVector<TreeSpec> kTrees{{"small", {{0}, {0, 0}}}, {"wide", {{0}, {1}}}};

GenerateSettings defaults()
{
    GenerateSettings settings;
    settings.temperature = 0.7F;
    settings.acceptance = AcceptanceMode::exact;
    settings.tree = kTrees[0];
    return settings;
}

GenerateSettings readBack(const GenerateSettings& settings, int n_heads = 2)
{
    return readKeptSettings(keptSettings(settings), defaults(), kTrees, n_heads);
}

} // namespace

class SettingsJsonTest : public QObject
{
    Q_OBJECT

private slots:
    void comeBackAsTheyWere()
    {
        GenerateSettings settings = defaults();
        settings.temperature = 1.25F;
        settings.acceptance = AcceptanceMode::typical;
        settings.posterior_threshold = 0.2F;
        settings.max_nodes = 3;
        settings.n_heads = 1;
        settings.seed = 18446744073709551615ULL;
        settings.tree = kTrees[1];
        QCOMPARE(readBack(settings), settings);
        settings.tree = {};
        QCOMPARE(readBack(settings), settings);
    }

    void keepATreeOfOnesOwn()
    {
        GenerateSettings settings = defaults();
        settings.tree = {"custom", {{0}, {2}, {2, 1}}};
        QCOMPARE(readBack(settings), settings);
    }

    void aTreeThatTheseHeadsCannotFillGivesWayToTheDefault()
    {
        GenerateSettings settings = defaults();
        settings.tree = {"custom", {{0}, {0, 0}, {0, 0, 0}}};
        QCOMPARE(readBack(settings).tree, kTrees[0]);
    }

    void damagedOrOutOfRangeIsTheDefault_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("nothing") << "";
        QTest::newRow("cut") << "{\"temperature\": 0.";
        QTest::newRow("a list") << "[1]";
        QTest::newRow("hot") << "{\"temperature\": 1e30}";
        QTest::newRow("nodes") << "{\"max_nodes\": 100000}";
    }

    void damagedOrOutOfRangeIsTheDefault()
    {
        QFETCH(QString, text);
        QCOMPARE(readKeptSettings(text.toStdString(), defaults(), kTrees, 2), defaults());
    }
};

QTEST_GUILESS_MAIN(SettingsJsonTest)
#include "settings_json_test.moc"
