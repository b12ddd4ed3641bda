// SPDX-License-Identifier: GPL-3.0-or-later
// The window: conversations, chat, and the tree, plots and tuning at the right. Knows values only.
#pragma once

#include "core/decode/generate_settings.h"
#include "ui/chat/chat_values.h"
#include "ui/models/hub_values.h"
#include "ui/models/model_choice.h"
#include "ui/plots/cost_view.h"
#include "ui/theme/theme.h"

#include <QMainWindow>
#include <QMimeData>
#include <QPointer>

#include <functional>
#include <optional>

class QSplitter;
class QTabBar;
class QStackedWidget;
class QTimer;

namespace gorgon {

class ChatPanel;
class ConversationPanel;
class DetailsPanel;
class ModelDialog;
class ModelsWindow;
class PlotsPanel;
class PromptPanel;
class StatusLine;
class StepHistory;
class TreePanel;
class TuningPanel;

class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    explicit MainWindow(QWidget* parent = nullptr);

    ChatPanel* chat() const { return m_chat; }
    ConversationPanel* conversations() const { return m_conversations; }
    TuningPanel* tuning() const { return m_tuning; }
    TreePanel* tree() const { return m_tree; }
    PromptPanel* prompt() const { return m_prompt; }
    DetailsPanel* details() const { return m_details; }
    StatusLine* statusLine() const { return m_status_line; }
    StepHistory* history() const { return m_history; }
    ModelsWindow* models() const { return m_models; }
    const QVector<ModelChoice>& usedModels() const { return m_used; } // the newest first

    /// Splitters, size, tab and appearance, as text.
    QString layoutText() const;
    void setLayoutText(const QString& text);
    bool isBusy() const; // an answer is being made
    ThemeMode themeMode() const { return m_theme_mode; }
    void setThemeMode(ThemeMode mode);
    void showTab(int tab);
    /// Figures, tree and words of the last progress, at once.
    void showNewest();
    /// Steps a second at most, 0: full speed. Until one is chosen: full speed, or for the demo
    /// model one that can be watched.
    int pace() const;
    void setPace(int steps_per_second);

public slots:
    void setModel(const gorgon::ModelSummary& model);
    void setStatus(const gorgon::EngineStatus& status);
    /// Measured here: microseconds of a plain step and of a step with the tree; 0: unknown.
    void setStepCosts(double plain_us, double tree_us);
    /// Of steps with trees of any size, as they were measured here.
    void setCostCurve(const gorgon::CostView& costs);
    /// The model's own; "Back to defaults" returns to them.
    void setSettings(const gorgon::GenerateSettings& settings);
    /// Those chosen last time; emits nothing.
    void restoreSettings(const gorgon::GenerateSettings& settings);
    void addProgress(const gorgon::AnswerProgress& progress);
    void showError(const QString& sentence);
    void showNotice(const QString& sentence);
    /// A conversation was deleted: it can be restored until the window closes, the last one first.
    void offerUndo(qint64 conversation, const QString& title);
    void undoDelete();
    void showShortcuts();
    /// What "Open a model" offers: the one in use, those used before, the weight formats.
    void setModelChoices(const gorgon::ModelChoice& current,
        const QVector<gorgon::ModelChoice>& used, const QStringList& weights);
    /// What is on this computer: heads among it are offered for the model in use.
    void setInstalled(const QVector<gorgon::InstalledEntry>& entries);
    void openModelDialog();
    void openModels(); // the window of models and heads
    void showPathReport(const gorgon::PathReport& report);

signals:
    void settingsChanged(const gorgon::GenerateSettings& settings);
    void restoreRequested(qint64 conversation);
    void paceChanged(int steps_per_second);
    void layoutChanged();
    void ending(); // threads may be told to end; closing() waits for them
    void closing();
    void modelChosen(const gorgon::ModelChoice& choice);
    void inspectRequested(const QString& path);
    void installedWanted(); // setInstalled may be old
    void usedModelsChanged();
    void forgetRequested(const QString& path); // among those used before
    /// A folder or file, to be opened for what it is.
    void pathDropped(const QString& path);

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void closeEvent(QCloseEvent* event) override;

private:
    QWidget* makeRightPane();
    void addActions();
    QAction* addKey(
        const QString& text, const QList<QKeySequence>& keys, std::function<void()> deed);
    void toggleZone(int zone);
    void showFigures();
    void showPace();
    void showUndo();
    void showCosts();
    void updateMedusaWords();
    void settingsEdited(const GenerateSettings& settings);
    void takeDropped(const QMimeData* dragged);
    void offerHeads();

    StepHistory* m_history;
    ConversationPanel* m_conversations;
    ChatPanel* m_chat;
    TreePanel* m_tree;
    PlotsPanel* m_plots;
    TuningPanel* m_tuning;
    PromptPanel* m_prompt;
    DetailsPanel* m_details;
    ModelsWindow* m_models = nullptr;
    QPointer<ModelDialog> m_model_dialog;
    ModelChoice m_choice;
    QVector<InstalledEntry> m_installed;
    QVector<ModelChoice> m_used;
    QStringList m_weight_formats;
    StatusLine* m_status_line;
    QSplitter* m_splitter = nullptr;
    QTimer* m_figures_timer;
    QTabBar* m_tabs = nullptr;
    QStackedWidget* m_pages = nullptr;

    ModelSummary m_model;
    EngineStatus m_status;
    GenerateSettings m_settings;
    MessageStats m_stats; // of the newest answer
    std::pair<qint64, int> m_context; // its conversation and the tokens in use
    ThemeMode m_theme_mode = ThemeMode::system;
    std::optional<int> m_pace; // chosen
    QVector<std::pair<qint64, QString>> m_deleted; // conversations and their titles
    double m_plain_us = 0;
    double m_tree_us = 0;
};

} // namespace gorgon
