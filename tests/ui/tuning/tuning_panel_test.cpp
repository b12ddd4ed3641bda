// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QtTest>
#include <QWheelEvent>

#include "tests/ui/named_widgets.h"
#include "tests/ui/tree/synthetic_steps.h"
#include "ui/theme/theme.h"
#include "ui/tuning/segmented_buttons.h"
#include "ui/tuning/tree_picker.h"
#include "ui/tuning/tuning_panel.h"
#include "ui/tuning/value_row.h"

using namespace gorgon;
using namespace gorgon::test;

Q_DECLARE_METATYPE(gorgon::GenerateSettings)

class TuningPanelTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void init();
    void cleanup() { m_panel.reset(); }
    void settingsComeBackAsTheyWere();
    void slidersEndWhereTheTreeDoes();
    void showingEmitsNothing();
    void sliderAndBoxAgree();
    void acceptanceByKeyboard();
    void badgeSaysWhatItMeans_data();
    void badgeSaysWhatItMeans();
    void disabledControlsSayWhy();
    void alphaFollowsTheSquareRoot();
    void seed();
    void treesByName();
    void customTree();
    void costs();
    void resetRestoresDefaults();
    void wheelScrollsUnlessFocused();
    void everyControlHasANameAndATooltip();

private:
    template <typename T> T* control(const char* name) const
    {
        for (T* widget : m_panel->findChildren<T*>())
            if (widget->accessibleName() == QString::fromUtf8(name))
                return widget;
        return nullptr;
    }
    QString words() const;

    GenerateSettings m_settings;
    std::unique_ptr<TuningPanel> m_panel;
};

void TuningPanelTest::initTestCase()
{
    qRegisterMetaType<GenerateSettings>("gorgon::GenerateSettings");
    applyTheme(*qApp, ThemeMode::light, ContrastMode::normal);
    m_settings.acceptance = AcceptanceMode::typical;
    m_settings.temperature = 0.7F;
    m_settings.top_p = 0.95F;
    m_settings.tree = {"searched 16", storyChoices()};
}

void TuningPanelTest::init()
{
    m_panel = std::make_unique<TuningPanel>();
    m_panel->resize(520, 1000);
    m_panel->setTrees(
        {{"searched 16", storyChoices()}, {"broad 64", broadChoices(64)}, {"none", {}}});
    m_panel->setLimits(4);
    m_panel->setSettings(m_settings);
    m_panel->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
}

QString TuningPanelTest::words() const
{
    QString all;
    for (const QLabel* label : m_panel->findChildren<QLabel*>())
        if (label->isVisible())
            all += label->text() + QLatin1Char('\n');
    return all;
}

void TuningPanelTest::settingsComeBackAsTheyWere()
{
    GenerateSettings odd;
    odd.max_tokens = 77;
    odd.temperature = 0.123456F;
    odd.top_p = 0.987654F;
    odd.acceptance = AcceptanceMode::exact;
    odd.posterior_threshold = 0.0912345F;
    odd.posterior_alpha = 0.3333333F;
    odd.typical_root_argmax = true;
    odd.n_heads = 32; // more than there are
    odd.head_top_k = 13;
    odd.max_nodes = 200;
    odd.tree = {"mine", {{0}, {1}, {0, 0}}};
    odd.seed = 18446744073709551615ULL;
    odd.stop = {"END"};
    odd.ignore_eos = true;
    m_panel->setSettings(odd);
    QCOMPARE(m_panel->settings(), odd);
    // An edit changes its own field and no other.
    QSignalSpy changed(m_panel.get(), &TuningPanel::settingsChanged);
    control<QDoubleSpinBox>("Tree nodes")->setValue(3);
    QCOMPARE(changed.count(), 1);
    odd.max_nodes = 3;
    QCOMPARE(changed[0][0].value<GenerateSettings>(), odd);
}

void TuningPanelTest::slidersEndWhereTheTreeDoes()
{
    auto* nodes = control<QDoubleSpinBox>("Tree nodes");
    auto* ranks = control<QDoubleSpinBox>("Guesses per head (top-k)");
    GenerateSettings settings = m_settings;
    settings.tree = {"mine", {{0}, {1}, {2}, {0, 0}}};
    m_panel->setSettings(settings);
    QCOMPARE(nodes->maximum(), 5.0);
    QCOMPARE(ranks->maximum(), 3.0);
    nodes->setValue(4);
    QCOMPARE(m_panel->settings().max_nodes, 4);
    nodes->setValue(5); // the whole tree: every other tree's whole too
    QCOMPARE(m_panel->settings().max_nodes, kMaxNodes);
    ranks->setValue(2);
    QCOMPARE(m_panel->settings().head_top_k, 2);
    ranks->setValue(3);
    QCOMPARE(m_panel->settings().head_top_k, kMaxTopK);
}

void TuningPanelTest::showingEmitsNothing()
{
    QSignalSpy changed(m_panel.get(), &TuningPanel::settingsChanged);
    m_panel->setSettings({});
    m_panel->setSettings(m_settings);
    m_panel->setLimits(2, 40);
    m_panel->setTrees({{"a", {{0}}}});
    QCOMPARE(changed.count(), 0);
    QCOMPARE(m_panel->settings(), m_settings);
}

void TuningPanelTest::sliderAndBoxAgree()
{
    QSignalSpy changed(m_panel.get(), &TuningPanel::settingsChanged);
    auto* slider = control<QSlider>("Temperature");
    auto* box = control<QDoubleSpinBox>("Temperature");
    slider->setValue(20);
    QCOMPARE(box->value(), 1.0);
    QCOMPARE(m_panel->settings().temperature, 1.0F);
    QCOMPARE(changed.count(), 1);
    QTest::keyClick(slider, Qt::Key_Right);
    QCOMPARE(box->value(), 1.05);
    box->setValue(0.5);
    QCOMPARE(slider->value(), 10);
    QCOMPARE(changed.count(), 3);
    box->setValue(99);
    QCOMPARE(m_panel->settings().temperature, 2.0F);
}

void TuningPanelTest::acceptanceByKeyboard()
{
    auto* buttons = m_panel->findChild<SegmentedButtons*>();
    QCOMPARE(buttons->current(), 1);
    QSignalSpy changed(m_panel.get(), &TuningPanel::settingsChanged);
    QTest::keyClick(buttons, Qt::Key_Right);
    QCOMPARE(m_panel->settings().acceptance, AcceptanceMode::exact);
    QTest::keyClick(buttons, Qt::Key_Right); // the last one
    QCOMPARE(m_panel->settings().acceptance, AcceptanceMode::exact);
    QTest::keyClick(buttons, Qt::Key_Left);
    QTest::keyClick(buttons, Qt::Key_Left);
    QCOMPARE(m_panel->settings().acceptance, AcceptanceMode::greedy);
    QCOMPARE(changed.count(), 3);
}

void TuningPanelTest::badgeSaysWhatItMeans_data()
{
    QTest::addColumn<int>("mode");
    QTest::addColumn<float>("temperature");
    QTest::addColumn<QString>("badge");
    QTest::newRow("greedy") << 0 << 0.7F << "identical to plain decoding";
    QTest::newRow("typical") << 1 << 0.7F << "may differ from the model's own sampling";
    QTest::newRow("exact") << 2 << 0.7F << "same text as plain decoding for one seed";
    QTest::newRow("typical at 0") << 1 << 0.F << "identical to plain decoding";
}

void TuningPanelTest::badgeSaysWhatItMeans()
{
    QFETCH(int, mode);
    QFETCH(float, temperature);
    QFETCH(QString, badge);
    GenerateSettings settings = m_settings;
    settings.acceptance = AcceptanceMode(mode);
    settings.temperature = temperature;
    m_panel->setSettings(settings);
    QVERIFY2(words().contains(badge + QLatin1Char('\n')), qPrintable(words()));
    settings.tree = {};
    m_panel->setSettings(settings);
    QVERIFY(words().contains(QStringLiteral("plain decoding\n")));
}

void TuningPanelTest::disabledControlsSayWhy()
{
    GenerateSettings greedy = m_settings;
    greedy.acceptance = AcceptanceMode::greedy;
    m_panel->setSettings(greedy);
    for (const char* name : {"Temperature", "Top-p", "Posterior threshold ε", "Posterior alpha α"})
    {
        auto* box = control<QDoubleSpinBox>(name);
        QVERIFY(!box->isEnabled());
        QVERIFY(box->toolTip().contains(QStringLiteral("no effect"))
            || box->toolTip().contains(QStringLiteral("Only typical")));
    }
    QVERIFY(words().contains(QStringLiteral("Greedy always takes the most likely token")));
    QVERIFY(words().contains(QStringLiteral("Only typical acceptance has a threshold.")));
    m_panel->setLimits(0);
    QVERIFY(!control<QComboBox>("Tree")->isEnabled());
    QVERIFY(!control<QDoubleSpinBox>("Heads used")->isEnabled());
    QVERIFY(words().contains(QStringLiteral("These weights have no heads")));
    QCOMPARE(m_panel->settings(), greedy);
}

void TuningPanelTest::alphaFollowsTheSquareRoot()
{
    auto rows = m_panel->findChildren<ValueRow*>();
    ValueRow* threshold = rows[0];
    ValueRow* alpha = rows[1];
    for (QCheckBox* box : m_panel->findChildren<QCheckBox*>())
        if (box->text().contains(QStringLiteral("square root")))
            box->click();
    QVERIFY(!alpha->box()->isEnabled());
    threshold->box()->setValue(0.25);
    QCOMPARE(m_panel->settings().posterior_alpha, 0.5F);
    QCOMPARE(alpha->value(), 0.5);
    threshold->box()->setValue(0.04);
    QCOMPARE(m_panel->settings().posterior_alpha, 0.2F);
}

void TuningPanelTest::seed()
{
    auto* fixed = control<QCheckBox>("Fixed seed");
    auto* edit = control<QLineEdit>("Seed");
    QVERIFY(!edit->isEnabled());
    fixed->click();
    QVERIFY(m_panel->settings().seed.has_value());
    edit->clear();
    QTest::keyClicks(edit, QStringLiteral("12ab34"));
    QCOMPARE(m_panel->settings().seed, std::optional<uint64_t>(1234));
    edit->clear();
    QTest::keyClicks(edit, QStringLiteral("99999999999999999999")); // above 64 bits
    QVERIFY(words().contains(QStringLiteral("A seed is a whole number")));
    QCOMPARE(m_panel->settings().seed, std::optional<uint64_t>(9999999999999999999ULL));
    fixed->click();
    QVERIFY(!m_panel->settings().seed.has_value());
}

void TuningPanelTest::treesByName()
{
    auto* picker = m_panel->findChild<TreePicker*>();
    QComboBox* combo = picker->combo();
    QCOMPARE(combo->currentText(), QStringLiteral("searched 16"));
    QVERIFY(picker->summary().startsWith(QStringLiteral("16 nodes")));
    QSignalSpy changed(m_panel.get(), &TuningPanel::settingsChanged);
    combo->setCurrentIndex(1);
    emit combo->activated(1);
    QCOMPARE(m_panel->settings().tree.name, std::string("broad 64"));
    QCOMPARE(changed.count(), 1);
    emit combo->activated(2);
    QVERIFY(m_panel->settings().tree.choices.empty());
    QVERIFY(!control<QDoubleSpinBox>("Tree nodes")->isEnabled());
}

void TuningPanelTest::customTree()
{
    auto* picker = m_panel->findChild<TreePicker*>();
    QSignalSpy entered(m_panel.get(), &TuningPanel::customTreeEntered);
    QSignalSpy changed(m_panel.get(), &TuningPanel::settingsChanged);
    QVERIFY(!picker->editor()->isVisible());
    emit picker->combo()->activated(picker->combo()->count() - 1);
    QVERIFY(picker->editor()->isVisible());
    picker->editor()->setPlainText(QStringLiteral("[[0, 1]]"));
    picker->useButton()->click();
    QCOMPARE(entered.count(), 1);
    QCOMPARE(entered[0][0].toString(), QStringLiteral("[[0, 1]]"));
    m_panel->setCustomTreeError(QStringLiteral("[0, 1] has no parent [0]."));
    QVERIFY(words().contains(QStringLiteral("[0, 1] has no parent [0].")));
    QCOMPARE(changed.count(), 0);
    m_panel->setCustomTree({"custom", {{0}, {0, 1}}});
    QCOMPARE(changed.count(), 1);
    QCOMPARE(m_panel->settings().tree.name, std::string("custom"));
    QCOMPARE(picker->combo()->currentText(), QStringLiteral("custom"));
    QVERIFY(!picker->editor()->isVisible());
}

void TuningPanelTest::costs()
{
    m_panel->setCosts(812, 455, QStringLiteral("Measured here."));
    QVERIFY(words().contains(
        QStringLiteral("This tree: 812 tokens/s; plain decoding: 455 tokens/s. Measured here.")));
    m_panel->setCosts(0, 455);
    QVERIFY(words().contains(QStringLiteral("Plain decoding: 455 tokens/s\n")));
    m_panel->setCosts(0, 0);
    QVERIFY(!words().contains(QStringLiteral("tokens/s")));
}

void TuningPanelTest::resetRestoresDefaults()
{
    GenerateSettings defaults = m_settings;
    defaults.temperature = 1.5F;
    m_panel->setDefaults(defaults);
    GenerateSettings other = m_settings;
    other.max_tokens = 99;
    other.head_top_k = 3;
    m_panel->setSettings(other);
    QSignalSpy changed(m_panel.get(), &TuningPanel::settingsChanged);
    control<QPushButton>("Back to defaults")->click();
    defaults.max_tokens = 99; // not tuned here
    QCOMPARE(m_panel->settings(), defaults);
    QCOMPARE(changed.count(), 1);
}

void TuningPanelTest::wheelScrollsUnlessFocused()
{
    auto* slider = control<QSlider>("Temperature");
    const int before = slider->value();
    const auto roll = [&] {
        QWheelEvent event(QPointF(5, 5), slider->mapToGlobal(QPointF(5, 5)), {}, QPoint(0, 120),
            Qt::NoButton, {}, Qt::NoScrollPhase, false);
        QApplication::sendEvent(slider, &event);
    };
    roll();
    QCOMPARE(slider->value(), before);
    m_panel->activateWindow();
    slider->setFocus();
    QTRY_VERIFY(slider->hasFocus());
    roll();
    QVERIFY(slider->value() != before);
}

void TuningPanelTest::everyControlHasANameAndATooltip()
{
    const QStringList nameless = namelessControls(*m_panel);
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QStringLiteral(", "))));
    for (const QWidget* widget : m_panel->findChildren<QWidget*>())
        if (qobject_cast<const QSlider*>(widget) || qobject_cast<const QDoubleSpinBox*>(widget)
            || qobject_cast<const QAbstractButton*>(widget)
            || qobject_cast<const QComboBox*>(widget))
            QVERIFY2(!widget->toolTip().isEmpty(), qPrintable(widget->accessibleName()));
}

QTEST_MAIN(TuningPanelTest)
#include "tuning_panel_test.moc"
