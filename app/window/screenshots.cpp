// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/screenshots.h"

#include "app/window/engine_host.h"
#include "app/window/screenshots_models.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/conversation_model.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/notice_bar.h"
#include "ui/chat/prompt_card.h"
#include "ui/main_window.h"
#include "ui/models/model_dialog.h"
#include "ui/tree/head_accuracy.h"
#include "ui/tree/step_history.h"
#include "ui/tree/tree_panel.h"
#include "ui/tuning/tuning_panel.h"

#include <QApplication>
#include <QDeadlineTimer>
#include <QDir>
#include <QListView>
#include <QTemporaryDir>

#include <cstdio>
#include <functional>

namespace gorgon {

namespace {

constexpr int kWaitMs = 60000;
constexpr uint64_t kSeed = 11; // the same pictures every time
constexpr int kStepsShown = 30; // into an answer that is still being made

bool waitUntil(const std::function<bool()>& reached)
{
    const QDeadlineTimer deadline(kWaitMs);
    while (!reached() && !deadline.hasExpired())
        QApplication::processEvents(QEventLoop::WaitForMoreEvents, 10);
    return reached();
}

void settle()
{
    const QDeadlineTimer deadline(250); // the tree paints 15 times a second
    while (!deadline.hasExpired())
        QApplication::processEvents(QEventLoop::WaitForMoreEvents, 10);
}

class Session
{
public:
    Session(const WindowOptions& options, ThemeMode mode)
        : m_folder(options.screenshots_folder)
        , m_theme(mode == ThemeMode::dark ? QStringLiteral("dark") : QStringLiteral("light"))
    {
        WindowOptions own = options;
        own.data_folder = m_data.path().toStdString();
        own.pace = 0;
        applyTheme(*qApp, mode);
        m_window = std::make_unique<MainWindow>();
        m_host = std::make_unique<EngineHost>(own, m_window.get());
        QObject::connect(
            m_host.get(), &EngineHost::opened, m_window.get(), [this] { m_opened = true; });
        QObject::connect(
            m_host.get(), &EngineHost::modelReady, m_window.get(), [this] { m_ready = true; });
        QObject::connect(
            m_host.get(), &EngineHost::answerFinished, m_window.get(), [this] { ++m_finished; });
        m_window->show();
    }

    bool grab(const QString& state)
    {
        settle();
        return grabNow(*m_window, state);
    }

    bool run()
    {
        bool good = grab(QStringLiteral("no-model"));
        m_host->start();
        if (!waitUntil([this] { return m_opened && m_ready; }))
            return false;
        GenerateSettings settings = m_window->tuning()->settings();
        settings.seed = kSeed;
        m_window->setSettings(settings);
        emit m_window->settingsChanged(settings);
        good &= grab(QStringLiteral("empty"));
        good &= ask(QStringLiteral("What is a Medusa head?"), {});
        emit m_window->conversations()->newChatRequested();
        good &= ask(QStringLiteral("Count to twenty."), {});
        emit m_window->conversations()->newChatRequested();
        settings.acceptance = AcceptanceMode::greedy;
        m_window->setSettings(settings);
        emit m_window->settingsChanged(settings);
        emit m_window->chat()->card()->sent(
            QStringLiteral("Tell me a story about a dragon and a kite."));
        m_window->chat()->setMarksShown(true);
        const int before = m_window->history()->count();
        good &= waitUntil([&] { return m_window->history()->count() >= before + kStepsShown; });
        m_window->showNewest();
        good &= grabNow(*m_window, QStringLiteral("generating"));
        good &= waitUntil([this] { return m_finished == 3; });
        m_window->tree()->showSerial(tellingStep(before));
        good &= grab(QStringLiteral("finished"));
        m_window->showTab(1);
        good &= grab(QStringLiteral("plots"));
        m_window->showTab(2);
        good &= grab(QStringLiteral("tune"));
        m_window->showTab(3);
        good &= grab(QStringLiteral("prompt"));
        m_window->showTab(4);
        good &= grab(QStringLiteral("details"));
        m_window->showTab(0);
        good &= openDialog();
        good &= drawModels(*m_window, [this](QWidget& widget, const QString& state) {
            settle();
            return grabNow(widget, state);
        });
        good &= removeOldest();
        good &= grab(QStringLiteral("undo"));
        m_window->undoDelete();
        m_window->showError(
            QStringLiteral("model.safetensors: expected 10498464 bytes, found 4096; download "
                           "the file again."));
        good &= grab(QStringLiteral("error"));
        return good;
    }

private:
    /// A step in which some guesses passed and some did not: the longest run that is not the whole
    /// tree, from the middle of the newest answer on.
    qint64 tellingStep(int first) const
    {
        const StepHistory* history = m_window->history();
        int best = history->count() - 1;
        int longest = -1;
        for (int row = (first + history->count()) / 2; row < history->count(); ++row) {
            const DecodeStep step = history->stepAt(row);
            if (step.nodes.size() > 1 && step.next_root >= 0
                && step.accept_length < draftDepth(step) && step.accept_length > longest)
            {
                longest = step.accept_length;
                best = row;
            }
        }
        return history->serialOf(best);
    }

    bool openDialog()
    {
        m_window->openModelDialog();
        settle();
        auto* dialog = m_window->findChild<ModelDialog*>();
        const bool good = dialog && grabNow(*dialog, QStringLiteral("open-model"));
        if (dialog)
            dialog->reject();
        return good;
    }

    bool removeOldest()
    {
        const QAbstractItemModel* list = m_window->conversations()->list()->model();
        const int before = list->rowCount();
        if (before == 0)
            return false;
        const QModelIndex oldest = list->index(before - 1, 0);
        emit m_window->conversations()->removeRequested(
            oldest.data(ConversationModel::id_role).toLongLong(), oldest.data().toString());
        return waitUntil([&] {
            return list->rowCount() == before - 1 && m_window->chat()->notice()->isVisible();
        });
    }

    bool ask(const QString& text, const QString& state)
    {
        const int before = m_finished;
        m_window->chat()->card()->setText(text);
        emit m_window->chat()->card()->sent(text);
        return waitUntil([&] { return m_finished > before; }) && (state.isEmpty() || grab(state));
    }

    bool grabNow(QWidget& widget, const QString& state)
    {
        const QPixmap picture = widget.grab();
        const QString scale = picture.devicePixelRatio() > 1.5 ? QStringLiteral("@2x") : QString();
        const QString file = QStringLiteral("%1/%2-%3%4.png").arg(m_folder, state, m_theme, scale);
        const bool saved = picture.save(file);
        if (!saved)
            std::fprintf(stderr, "error: %s: cannot be written.\n", qUtf8Printable(file));
        return saved;
    }

    QString m_folder;
    QString m_theme;
    QTemporaryDir m_data;
    std::unique_ptr<MainWindow> m_window;
    std::unique_ptr<EngineHost> m_host;
    bool m_opened = false;
    bool m_ready = false;
    int m_finished = 0;
};

} // namespace

int takeScreenshots(const WindowOptions& options)
{
    QDir().mkpath(options.screenshots_folder);
    for (const ThemeMode mode : {ThemeMode::light, ThemeMode::dark}) {
        Session session(options, mode);
        if (!session.run()) {
            std::fprintf(stderr, "error: a state of the window was not reached in a minute.\n");
            return 1;
        }
    }
    return 0;
}

} // namespace gorgon
