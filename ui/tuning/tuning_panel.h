// SPDX-License-Identifier: GPL-3.0-or-later
// The Tune tab: every value that may change while text is being made, with what it does in words.
#pragma once

#include <functional>

#include <QVector>
#include <QWidget>

#include "core/decode/generate_settings.h"

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QVBoxLayout;

namespace gorgon {

class SegmentedButtons;
class TreePicker;
class ValueRow;

class TuningPanel : public QWidget
{
    Q_OBJECT

public:
    explicit TuningPanel(QWidget* parent = nullptr);

    /// Fields without a control here (max_tokens, stop, ...) are those of the last setSettings.
    GenerateSettings settings() const { return m_settings; }
    /// Shows them; emits nothing.
    void setSettings(const GenerateSettings& settings);

    /// Heads of the loaded weights (0: plain decoding only) and the largest usable node budget.
    void setLimits(int n_heads, int max_nodes = kMaxNodes);
    /// Trees by name, each with its choices. "none" is always offered.
    void setTrees(const QVector<TreeSpec>& trees);
    /// What "Back to defaults" restores.
    void setDefaults(const GenerateSettings& settings) { m_defaults = settings; }

    /// "This tree: 812 tokens/s; plain decoding: 455 tokens/s" and a sentence; 0: not measured.
    void setCosts(double tree_tps, double plain_tps, const QString& sentence = {});

    /// Answer to customTreeEntered: an error line, or none and a tree to use.
    void setCustomTreeError(const QString& error);
    void setCustomTree(const TreeSpec& tree);
    /// The tree in use was refined; emits nothing.
    void showTunedTree(const TreeSpec& tree);

signals:
    void settingsChanged(const gorgon::GenerateSettings& settings);
    /// Text that a person pasted as choices, for whoever can parse and check it.
    void customTreeEntered(const QString& text);
    /// For whoever can time trees; answered by setCustomTree.
    void fastestTreeRequested();

private:
    void buildAcceptance(QVBoxLayout* column);
    void buildTree(QVBoxLayout* column);
    void buildSampling(QVBoxLayout* column);
    void addRule(QVBoxLayout* column);
    ValueRow* addRow(QVBoxLayout* column, ValueRow* row, std::function<void(double)> store);
    void showSettings();
    void edited();
    void reset();
    void readSeed();
    int treeNodes() const; // of the chosen tree that may be used, the root included
    int treeRanks() const; // ranks that the chosen tree uses
    void updateRanges();
    void updateStates();
    void updateWords(bool plain);

    GenerateSettings m_settings;
    GenerateSettings m_defaults;
    int m_n_heads = 0;
    int m_max_nodes = kMaxNodes;

    SegmentedButtons* m_acceptance = nullptr;
    QLabel* m_acceptance_words = nullptr;
    QLabel* m_badge = nullptr;
    QLabel* m_costs = nullptr;
    ValueRow* m_temperature = nullptr;
    ValueRow* m_top_p = nullptr;
    ValueRow* m_threshold = nullptr;
    ValueRow* m_alpha = nullptr;
    QCheckBox* m_alpha_lock = nullptr;
    ValueRow* m_heads = nullptr;
    ValueRow* m_top_k = nullptr;
    TreePicker* m_tree = nullptr;
    ValueRow* m_nodes = nullptr;
    QCheckBox* m_seed_fixed = nullptr;
    QLineEdit* m_seed = nullptr;
    QLabel* m_seed_words = nullptr;
    QPushButton* m_reset = nullptr;
};

} // namespace gorgon
