// SPDX-License-Identifier: GPL-3.0-or-later
// The window: arguments, one application, one host, one window.
#include "app/window/display_guard.h"
#include "app/window/engine_host.h"
#include "app/window/heartbeat.h"
#include "app/window/hub_host.h"
#include "app/window/quit_signals.h"
#include "app/window/screenshots.h"
#include "app/window/window_options.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/prompt_card.h"
#include "ui/main_window.h"

#include <QApplication>
#include <QTimer>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

namespace {

constexpr int kShowAtLatestMs = 250; // the stored size is waited for, but not for long

// Help, version and wrong usage are told where there is no display, too.
gorgon::WindowOptions readEarly(int argc, char** argv)
{
    const QCoreApplication early(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    gorgon::WindowOptions options = gorgon::readOptions(arguments);
    if (!gorgon::isDisplayNamed(arguments)) {
        gorgon::tellNoDisplay();
        std::exit(EXIT_FAILURE);
    }
    return options;
}

} // namespace

int main(int argc, char** argv)
{
    QApplication::setApplicationName(QStringLiteral("gorgon"));
    QApplication::setApplicationVersion(QStringLiteral(GORGON_VERSION));
    const gorgon::WindowOptions options = readEarly(argc, argv);
    std::optional<gorgon::DisplayGuard> guard(std::in_place);
    QApplication app(argc, argv);
    guard.reset();
    QApplication::setApplicationDisplayName(QStringLiteral("Gorgon"));
    QApplication::setDesktopFileName(QStringLiteral("gorgon"));
    gorgon::applyTheme(app, options.theme.value_or(gorgon::ThemeMode::system));
    if (!options.screenshots_folder.isEmpty())
        return gorgon::takeScreenshots(options);

    gorgon::MainWindow window;
    gorgon::EngineHost host(options, &window);
    gorgon::HubHost hub(options, &window);
    const auto show = [&] {
        if (!window.isVisible())
            window.show();
    };
    QObject::connect(&host, &gorgon::EngineHost::opened, &window, [&] {
        window.setThemeMode(options.theme.value_or(window.themeMode()));
        show();
    });
    if (!options.prompt.isEmpty()) {
        // Where the model cannot be loaded, the message waits in the prompt.
        QObject::connect(&host, &gorgon::EngineHost::opened, &window,
            [&] { window.chat()->card()->setText(options.prompt); });
        QObject::connect(&host, &gorgon::EngineHost::modelReady, &window,
            [&] { emit window.chat()->card()->sent(options.prompt); });
    }
    const gorgon::QuitSignals quit_signals([&] { window.close(); });
    QTimer::singleShot(kShowAtLatestMs, &window, show);
    host.start();
    hub.start();

    std::unique_ptr<gorgon::Heartbeat> heartbeat;
    if (!options.heartbeat_file.isEmpty())
        heartbeat = std::make_unique<gorgon::Heartbeat>();
    const int status = QApplication::exec();
    hub.beginEnd();
    host.beginEnd();
    host.shutDown(); // first: what is not saved yet is here
    hub.shutDown();
    if (heartbeat && !heartbeat->write(options.heartbeat_file))
        std::fprintf(
            stderr, "error: %s: cannot be written.\n", qUtf8Printable(options.heartbeat_file));
    return status;
}
