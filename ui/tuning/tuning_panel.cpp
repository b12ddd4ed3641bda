// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tuning/tuning_panel.h"

#include <algorithm>
#include <cmath>

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>

#include "ui/theme/theme.h"
#include "ui/tuning/segmented_buttons.h"
#include "ui/tuning/tree_picker.h"
#include "ui/tuning/value_row.h"

namespace gorgon {

void TuningPanel::setSettings(const GenerateSettings& settings)
{
    m_settings = settings;
    showSettings();
}

void TuningPanel::showSettings()
{
    m_acceptance->setCurrent(int(m_settings.acceptance));
    m_temperature->setValue(double(m_settings.temperature));
    m_top_p->setValue(double(m_settings.top_p));
    m_threshold->setValue(double(m_settings.posterior_threshold));
    m_alpha->setValue(double(m_settings.posterior_alpha));
    m_heads->setValue(m_settings.n_heads);
    updateRanges();
    m_tree->setTree(m_settings.tree);
    m_seed_fixed->setChecked(m_settings.seed.has_value());
    m_seed->setText(m_settings.seed ? QString::number(*m_settings.seed) : QString());
    updateStates();
}

void TuningPanel::setLimits(int n_heads, int max_nodes)
{
    m_n_heads = std::clamp(n_heads, 0, kMaxHeads);
    m_heads->setRange(0, m_n_heads);
    m_max_nodes = std::clamp(max_nodes, 1, kMaxNodes);
    showSettings();
}

int TuningPanel::treeNodes() const
{
    return std::min(int(m_settings.tree.choices.size()) + 1, m_max_nodes);
}

int TuningPanel::treeRanks() const
{
    int ranks = 1;
    for (const Choice& choice : m_settings.tree.choices)
        ranks = std::max(ranks, *std::max_element(choice.begin(), choice.end()) + 1);
    return std::min(ranks, kMaxTopK);
}

// A slider's end is where moving it further would change nothing.
void TuningPanel::updateRanges()
{
    m_nodes->setRange(1, std::max(treeNodes(), 2));
    m_nodes->setValue(std::min(m_settings.max_nodes, treeNodes()));
    m_top_k->setRange(1, std::max(treeRanks(), 2));
    m_top_k->setValue(std::min(m_settings.head_top_k, treeRanks()));
}

void TuningPanel::setTrees(const QVector<TreeSpec>& trees)
{
    m_tree->setTrees(trees);
}

void TuningPanel::setCustomTreeError(const QString& error)
{
    m_tree->setError(error);
}

void TuningPanel::setCustomTree(const TreeSpec& tree)
{
    m_tree->setTree(tree);
    m_settings.tree = tree;
    edited();
}

void TuningPanel::showTunedTree(const TreeSpec& tree)
{
    if (m_settings.tree.name != tree.name)
        return; // another one was chosen meanwhile
    m_settings.tree = tree;
    m_tree->refine(tree);
    updateRanges();
    updateStates();
}

void TuningPanel::edited()
{
    if (m_alpha_lock->isChecked()) {
        m_settings.posterior_alpha = std::sqrt(m_settings.posterior_threshold);
        m_alpha->setValue(double(m_settings.posterior_alpha));
    }
    updateRanges();
    updateStates();
    emit settingsChanged(m_settings);
}

void TuningPanel::reset()
{
    GenerateSettings defaults = m_defaults;
    defaults.max_tokens = m_settings.max_tokens; // not tuned here
    defaults.stop = m_settings.stop;
    defaults.ignore_eos = m_settings.ignore_eos;
    m_alpha_lock->setChecked(false);
    m_settings = defaults;
    showSettings();
    emit settingsChanged(m_settings);
}

void TuningPanel::readSeed()
{
    bool ok = false;
    const qulonglong seed = m_seed->text().trimmed().toULongLong(&ok);
    if (!m_seed_fixed->isChecked())
        m_settings.seed.reset();
    else if (ok)
        m_settings.seed = seed;
    setRole(m_seed_words, ok || !m_seed_fixed->isChecked() ? "caption" : "warning");
    m_seed_words->setText(!m_seed_fixed->isChecked() ? QString()
            : ok ? tr("The same prompt and settings give the same answer.")
                 : tr("A seed is a whole number from 0 to 18446744073709551615."));
    m_seed_words->setVisible(m_seed_fixed->isChecked());
}

void TuningPanel::updateStates()
{
    const bool greedy = m_settings.acceptance == AcceptanceMode::greedy;
    const bool typical = m_settings.acceptance == AcceptanceMode::typical;
    const QString no_heads = m_n_heads == 0
        ? tr("These weights have no heads: every step makes one token.")
        : QString();
    const bool plain = m_settings.tree.choices.empty() || m_settings.n_heads == 0;
    const QString no_tree = !no_heads.isEmpty() ? no_heads
        : m_settings.tree.choices.empty() ? tr("No tree is chosen: every step makes one token.")
                                          : QString();
    const QString only_typical = tr("Only typical acceptance has a threshold.");
    const QString no_draw = tr("Greedy always takes the most likely token, so this has no effect.");
    m_temperature->setUnavailable(greedy ? no_draw : QString());
    m_top_p->setUnavailable(greedy ? no_draw : QString(), true);
    m_threshold->setUnavailable(typical ? QString() : only_typical);
    m_alpha->setUnavailable(!typical    ? only_typical
            : m_alpha_lock->isChecked() ? tr("Follows the threshold: its square root.")
                                        : QString(),
        !typical);
    m_alpha_lock->setEnabled(typical);
    m_alpha_lock->setToolTip(typical ? m_alpha_lock->accessibleDescription() : only_typical);
    m_heads->setUnavailable(no_heads, true);
    m_tree->setUnavailable(no_heads);
    m_top_k->setUnavailable(no_tree, true);
    m_nodes->setUnavailable(no_tree, true);
    m_seed->setEnabled(m_seed_fixed->isChecked());
    readSeed();

    m_temperature->setWords(m_settings.temperature > 0
            ? QString()
            : tr("At 0 the most likely token is always taken, as greedy does."));
    m_threshold->setWords(tr("Lower is looser: faster, may differ from the model's own sampling."));
    m_alpha->setWords(
        tr("Lowers the threshold where the model itself is unsure. Lower is looser there."));
    updateWords(plain);
}

void TuningPanel::updateWords(bool plain)
{
    QString badge;
    QString words;
    switch (m_settings.acceptance) {
    case AcceptanceMode::greedy:
        words = tr("Keeps a guess only where it is the model's most likely token.");
        badge = tr("identical to plain decoding");
        break;
    case AcceptanceMode::typical:
        words = tr("Keeps a guess that the model finds likely enough. Usually the fastest.");
        badge = tr("may differ from the model's own sampling");
        break;
    case AcceptanceMode::exact:
        words = tr("Draws as the model does and keeps a guess only where it is that draw.");
        badge = tr("same text as plain decoding for one seed");
        break;
    }
    if (m_settings.acceptance != AcceptanceMode::greedy && !(m_settings.temperature > 0)) {
        words = tr("At temperature 0 this is the same as greedy.");
        badge = tr("identical to plain decoding");
    }
    const bool differs
        = m_settings.acceptance == AcceptanceMode::typical && m_settings.temperature > 0;
    if (plain)
        badge = tr("plain decoding");
    m_acceptance_words->setText(words);
    setRole(m_badge, differs && !plain ? "caution" : "badge");
    m_badge->setText(badge);
}

void TuningPanel::setCosts(double tree_tps, double plain_tps, const QString& sentence)
{
    const auto rate = [](double tps) { return QLocale().toString(tps, 'f', tps < 10 ? 1 : 0); };
    QStringList parts;
    if (tree_tps > 0)
        parts.append(tr("This tree: %1 tokens/s").arg(rate(tree_tps)));
    if (plain_tps > 0)
        parts.append(tr("plain decoding: %1 tokens/s").arg(rate(plain_tps)));
    QString text = parts.join(QStringLiteral("; "));
    if (!text.isEmpty())
        text[0] = text[0].toUpper();
    if (!sentence.isEmpty())
        text += text.isEmpty() ? sentence : QStringLiteral(". ") + sentence;
    m_costs->setText(text);
    m_costs->setVisible(!text.isEmpty());
}

} // namespace gorgon
