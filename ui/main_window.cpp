// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/main_window.h"

#include "ui/chat/chat_header.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/notice_bar.h"
#include "ui/chat/visible_text.h"
#include "ui/details/details_panel.h"
#include "ui/models/discover_page.h"
#include "ui/models/installed_page.h"
#include "ui/models/model_dialog.h"
#include "ui/models/models_window.h"
#include "ui/models/pair_panel.h"
#include "ui/plots/plots_panel.h"
#include "ui/prompt/prompt_panel.h"
#include "ui/status/status_line.h"
#include "ui/tree/step_history.h"
#include "ui/tree/tree_panel.h"
#include "ui/tuning/tuning_panel.h"

#include <QApplication>
#include <QCloseEvent>
#include <QLocale>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

namespace gorgon {

namespace {

constexpr int kLeftWidth = 232;
constexpr int kRightWidth = 600;
constexpr int kFiguresMs = 120;
constexpr int kDemoPace = 20; // steps a second: it makes hundreds
const QSize kFirstSize(1440, 900);

} // namespace

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow(parent)
    , m_history(new StepHistory(this))
    , m_conversations(new ConversationPanel)
    , m_chat(new ChatPanel)
    , m_tree(new TreePanel)
    , m_plots(new PlotsPanel)
    , m_tuning(new TuningPanel)
    , m_prompt(new PromptPanel)
    , m_details(new DetailsPanel)
    , m_status_line(new StatusLine)
    , m_splitter(new QSplitter(Qt::Horizontal))
    , m_figures_timer(new QTimer(this))
{
    setWindowTitle(QStringLiteral("Gorgon"));
    m_splitter->setHandleWidth(1);
    m_splitter->addWidget(m_conversations);
    m_splitter->addWidget(m_chat);
    m_splitter->addWidget(makeRightPane());
    m_splitter->setChildrenCollapsible(false);
    m_splitter->setStretchFactor(1, 1);
    m_splitter->setStretchFactor(2, 1);
    m_splitter->setSizes({kLeftWidth, kFirstSize.width() - kLeftWidth - kRightWidth, kRightWidth});
    auto* centre = new QWidget;
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_splitter, 1);
    column->addWidget(m_status_line);
    setCentralWidget(centre);
    m_models = new ModelsWindow(this);
    resize(kFirstSize);
    m_figures_timer->setSingleShot(true);
    m_figures_timer->setInterval(kFiguresMs);
    connect(m_figures_timer, &QTimer::timeout, this, &MainWindow::showFigures);
    addActions();

    m_tree->setHistory(m_history);
    m_plots->setHistory(m_history);
    connect(m_tuning, &TuningPanel::settingsChanged, this, &MainWindow::settingsEdited);
    connect(
        m_tree, &TreePanel::stepShown, this, [this] { m_plots->setCursor(m_tree->shownSerial()); });
    connect(m_plots, &PlotsPanel::stepClicked, this, [this](qint64 serial) {
        m_tree->showSerial(serial);
        showTab(0);
    });
    connect(m_tree, &TreePanel::paceChosen, this, [this](int steps_per_second) {
        setPace(steps_per_second);
        emit layoutChanged();
    });
    connect(m_chat, &ChatPanel::contextShown, m_status_line, &StatusLine::setContext);
    connect(m_chat, &ChatPanel::marksToggled, this, &MainWindow::layoutChanged);
    connect(m_chat, &ChatPanel::stepChosen, this, [this](qint64 message, int step) {
        if (m_tree->showStep(message, step))
            showTab(0);
    });
    connect(m_splitter, &QSplitter::splitterMoved, this, &MainWindow::layoutChanged);
    connect(m_conversations, &ConversationPanel::appearanceChosen, this, [this](ThemeMode mode) {
        setThemeMode(mode);
        emit layoutChanged();
    });
    connect(
        m_conversations, &ConversationPanel::shortcutsRequested, this, &MainWindow::showShortcuts);
    connect(m_conversations, &ConversationPanel::modelsRequested, this, &MainWindow::openModels);
    connect(
        m_models->installed(), &InstalledPage::folderRequested, this, &MainWindow::openModelDialog);
    connect(m_models->installed(), &InstalledPage::openRequested, this, &MainWindow::modelChosen);
    connect(
        m_models->installed(), &InstalledPage::forgetRequested, this, &MainWindow::forgetRequested);
    connect(m_models, &ModelsWindow::dropped, this, &MainWindow::takeDropped);
    connect(this, &MainWindow::modelChosen, m_models, &QWidget::hide);
    connect(m_status_line, &StatusLine::downloadsClicked, this, [this] {
        m_models->showTab(ModelsWindow::downloads_tab);
        openModels();
    });
    connect(m_chat, &ChatPanel::openRequested, this, &MainWindow::openModelDialog);
    connect(m_chat, &ChatPanel::modelsRequested, this, [this] {
        m_models->showTab(ModelsWindow::discover_tab);
        openModels();
    });
    connect(m_chat->header(), &ChatHeader::headsWanted, this, &MainWindow::installedWanted);
    connect(m_chat->header(), &ChatHeader::headsChosen, this, [this](const QString& heads) {
        ModelChoice choice = m_choice;
        choice.heads = heads;
        emit modelChosen(choice);
    });
    connect(m_details, &DetailsPanel::openRequested, this, &MainWindow::openModelDialog);
    setAcceptDrops(true);
    setModel({});
    setStatus({});
    m_chat->focusPrompt();
}

QWidget* MainWindow::makeRightPane()
{
    auto* pane = new QWidget;
    setRole(pane, "panel");
    pane->setAttribute(Qt::WA_StyledBackground);
    pane->setMinimumWidth(312);
    m_tabs = new QTabBar;
    m_tabs->setAccessibleName(tr("Views of the decoding"));
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_pages = new QStackedWidget;
    const std::pair<QString, QWidget*> pages[] = {{tr("Tree"), m_tree}, {tr("Plots"), m_plots},
        {tr("Tune"), m_tuning}, {tr("Prompt"), m_prompt}, {tr("Details"), m_details}};
    for (const auto& [name, page] : pages) {
        auto* scroll = new QScrollArea;
        scroll->setWidgetResizable(true);
        scroll->setFrameShape(QFrame::NoFrame);
        scroll->setWidget(page);
        scroll->viewport()->setAutoFillBackground(false);
        page->setAutoFillBackground(false);
        m_tabs->setTabToolTip(
            m_tabs->addTab(name), tr("%1 (Ctrl+%2)").arg(name).arg(m_pages->count() + 1));
        m_pages->addWidget(scroll);
    }
    auto* line = new QFrame;
    setRole(line, "rule");
    auto* head = new QVBoxLayout;
    head->setContentsMargins(Theme::kEdge, 8, Theme::kEdge, 0);
    head->setSpacing(0);
    head->addWidget(m_tabs);
    head->addWidget(line);
    auto* column = new QVBoxLayout(pane);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(m_pages, 1);
    connect(m_tabs, &QTabBar::currentChanged, m_pages, &QStackedWidget::setCurrentIndex);
    connect(m_tabs, &QTabBar::currentChanged, this, &MainWindow::layoutChanged);
    return pane;
}

void MainWindow::setThemeMode(ThemeMode mode)
{
    m_theme_mode = mode;
    applyTheme(*qApp, mode);
}

int MainWindow::pace() const
{
    return m_pace.value_or(m_model.is_demo ? kDemoPace : 0);
}

void MainWindow::setPace(int steps_per_second)
{
    m_pace = std::max(steps_per_second, 0);
    showPace();
}

void MainWindow::showPace()
{
    m_tree->setPace(pace());
    m_status_line->setPace(pace());
    emit paceChanged(pace());
}

void MainWindow::showTab(int tab)
{
    m_splitter->widget(2)->show();
    m_tabs->setCurrentIndex(tab);
}

void MainWindow::setModel(const ModelSummary& model)
{
    m_model = model;
    m_chat->setModel(model);
    m_status_line->setDevice(model.isLoaded() ? model.device : QString());
    m_status_line->setMemory(model.memory_bytes);
    m_tuning->setLimits(model.n_heads);
    showPace();
    m_tree->setAbsence(!model.isLoaded() ? TreeAbsence::no_model
            : model.n_heads == 0         ? TreeAbsence::no_heads
                                         : TreeAbsence::none);
    updateMedusaWords();
    offerHeads();
    // Whoever has a model of their own did not get another one to leave it at once.
    m_models->discover()->panel()->setOpenWhenHere(!model.isLoaded() || model.is_demo);
}

void MainWindow::setStatus(const EngineStatus& status)
{
    using Phase = EngineStatus::Phase;
    if (status.phase == Phase::reading_prompt && m_status.phase != Phase::reading_prompt)
        m_history->beginPrompt();
    else if (status.phase != Phase::reading_prompt && m_history->readingPrompt())
        m_history->endPrompt();
    m_status = status;
    m_status_line->setStatus(status);
    m_chat->setStatus(status);
}

void MainWindow::setStepCosts(double plain_us, double tree_us)
{
    m_plain_us = plain_us;
    m_tree_us = tree_us;
    m_plots->setBreakEven(plain_us > 0 && tree_us > 0 ? tree_us / plain_us : 0);
    m_plots->setPlainTokensPerSecond(plain_us > 0 ? 1e6 / plain_us : 0);
    showCosts();
    updateMedusaWords();
}

void MainWindow::setCostCurve(const CostView& costs)
{
    m_plots->setCosts(costs);
}

// The tree's rate is that of the newest answer that was drafted; until then only what it must reach
// is known.
void MainWindow::showCosts()
{
    if (m_plain_us <= 0 || m_tree_us <= 0) {
        m_tuning->setCosts(0, m_plain_us > 0 ? 1e6 / m_plain_us : 0);
        return;
    }
    const bool drafted = m_stats.steps > 0 && !m_history->isEmpty()
        && m_history->stepAt(m_history->count() - 1).nodes.size() > 1;
    const double per_step = drafted ? double(m_stats.new_tokens) / m_stats.steps : 0;
    const QLocale locale;
    const QString pays = tr("It pays from %1 tokens a step on")
                             .arg(locale.toString(m_tree_us / m_plain_us, 'f', 1));
    m_tuning->setCosts(per_step * 1e6 / m_tree_us, 1e6 / m_plain_us,
        drafted ? tr("%1; the newest answer had %2.").arg(pays, locale.toString(per_step, 'f', 1))
                : pays + QLatin1Char('.'));
}

void MainWindow::setSettings(const GenerateSettings& settings)
{
    m_tuning->setDefaults(settings);
    restoreSettings(settings);
}

void MainWindow::restoreSettings(const GenerateSettings& settings)
{
    m_settings = settings;
    m_tuning->setSettings(settings);
    updateMedusaWords();
}

void MainWindow::settingsEdited(const GenerateSettings& settings)
{
    m_settings = settings;
    m_history->markSettingsChanged(tr("settings changed"));
    updateMedusaWords();
    emit settingsChanged(settings);
}

void MainWindow::addProgress(const AnswerProgress& progress)
{
    if (m_history->readingPrompt())
        m_history->endPrompt(progress.stats.prefill_ms);
    for (const StepViewPtr& step : progress.steps)
        m_history->append(step);
    m_chat->addProgress(progress);
    m_stats = progress.stats;
    m_context = {progress.conversation, progress.context_used};
    // Figures that change faster than they can be read only cost time.
    if (!m_figures_timer->isActive())
        m_figures_timer->start();
}

void MainWindow::showNewest()
{
    m_figures_timer->stop();
    showFigures();
    m_tree->goLive();
}

void MainWindow::showFigures()
{
    m_status_line->setSpeed(m_stats);
    m_chat->setContext(m_context.first, m_context.second);
    showCosts();
    updateMedusaWords();
}

void MainWindow::updateMedusaWords()
{
    if (!m_model.isLoaded() || m_model.n_heads == 0) {
        m_status_line->setMedusa(
            m_model.isLoaded() ? tr("Plain decoding: these weights have no heads") : QString());
        return;
    }
    const int wanted = std::min(int(m_settings.tree.choices.size()) + 1, m_settings.max_nodes);
    if (wanted <= 1 || m_settings.n_heads == 0) {
        m_status_line->setMedusa(tr("Medusa off: plain decoding"));
        m_tree->setAbsence(TreeAbsence::heads_off, tr("No tree is chosen in Tune."));
        return;
    }
    m_tree->setAbsence(TreeAbsence::none);
    const int nodes = m_history->isEmpty()
        ? wanted
        : int(m_history->stepAt(m_history->count() - 1).nodes.size());
    QString words = tr("Medusa on, %1 nodes").arg(nodes > 1 ? nodes : wanted);
    if (m_stats.steps > 0 && m_plain_us > 0 && m_tree_us > 0) {
        const double gain = double(m_stats.new_tokens) / m_stats.steps * m_plain_us / m_tree_us;
        words += gain >= 1 ? tr(", %1 times plain decoding").arg(gain, 0, 'f', 1)
                           : tr(", slower than plain decoding here");
    }
    m_status_line->setMedusa(words);
}

void MainWindow::showError(const QString& sentence)
{
    m_chat->notice()->showError(sentence);
}

void MainWindow::showNotice(const QString& sentence)
{
    m_chat->notice()->showNotice(sentence);
}

void MainWindow::offerUndo(qint64 conversation, const QString& title)
{
    m_deleted.append({conversation, title});
    showUndo();
}

void MainWindow::showUndo()
{
    m_chat->notice()->showUndo(tr("Deleted \u201C%1\u201D. Ctrl+Z brings it back.")
                                   .arg(visibleText(m_deleted.last().second)),
        tr("Undo"), [this] { undoDelete(); });
}

void MainWindow::undoDelete()
{
    if (m_deleted.isEmpty())
        return;
    emit restoreRequested(m_deleted.takeLast().first);
    if (m_deleted.isEmpty())
        m_chat->notice()->withdrawUndo();
    else
        showUndo();
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    emit ending();
    emit closing();
    event->accept();
}

} // namespace gorgon
