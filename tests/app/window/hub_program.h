// SPDX-License-Identifier: GPL-3.0-or-later
// The program's window of models against a hub on the loopback interface, as tests drive it.
#pragma once

#include "app/window/hub_host.h"
#include "app/window/screenshots_models.h"
#include "tests/support/fake_hub.h"
#include "tests/support/scratch_folder.h"
#include "tests/ui/named_widgets.h"
#include "ui/main_window.h"
#include "ui/models/connection_page.h"
#include "ui/models/discover_model.h"
#include "ui/models/discover_page.h"
#include "ui/models/download_card.h"
#include "ui/models/downloads_page.h"
#include "ui/models/installed_page.h"
#include "ui/models/installed_table.h"
#include "ui/models/models_window.h"
#include "ui/models/pair_panel.h"
#include "ui/models/request_page.h"
#include "ui/models/request_table.h"
#include "ui/status/status_line.h"
#include <atomic>
#include <fstream>
#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDesktopServices>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>
#include <QToolButton>
#include <QTreeView>

namespace gorgon::tests {

using State = DownloadEntry::State;

constexpr int kWaitMs = 20000;
constexpr uint64_t kWeightBytes = 6'000'000;
inline const char* const kToken = "hf_aSecretThatNobodyMaySee";

inline std::string demoFile(const char* name)
{
    return bytesOf(std::filesystem::path(GORGON_SOURCE_DIR) / "resources" / "demo_model" / name);
}

inline HubFiles baseFiles()
{
    return {{"config.json", smallFile(demoFile("config.json"))},
        {"tokenizer.model", smallFile(demoFile("tokenizer.model"))},
        {"model.safetensors", largeFile(heldBytes(demoFile("model.safetensors")))}};
}

inline HubFiles headsFiles()
{
    return {{"config.json", smallFile("{\"medusa_num_heads\": 4, \"medusa_num_layers\": 1}")},
        {"medusa_lm_head.safetensors",
            largeFile(heldBytes(demoFile("medusa_lm_head.safetensors")))}};
}

inline HubFiles plainFiles()
{
    return {{"config.json", smallFile("{\"model_type\": \"llama\"}")},
        {"model.safetensors", largeFile(countedBytes(kWeightBytes))}};
}

/// The environment of a program that knows no hub but this one.
inline void useHub(const ScratchFolder& folder, const FakeHub& hub)
{
    for (const char* name : {"HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE", "https_proxy",
             "http_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"})
        qunsetenv(name);
    qputenv("HF_HOME", QByteArray::fromStdString((folder.path() / "hf").string()));
    qputenv("HF_ENDPOINT", QByteArray::fromStdString(hub.endpoint()));
    qputenv("GORGON_HUB_TRUST_ENDPOINT", "1");
}

/// The program's window of models, with a cache of its own.
struct Program
{
    explicit Program(
        const ScratchFolder& folder, const SystemProxy& system_proxy = gorgon::systemProxy)
        : host(optionsFor(folder), &window, system_proxy)
    {
        window.show();
        QSignalSpy ready(&host, &gorgon::HubHost::ready);
        host.start();
        if (ready.isEmpty())
            ready.wait();
        window.openModels();
    }

    static WindowOptions optionsFor(const ScratchFolder& folder)
    {
        WindowOptions options;
        options.data_folder = folder.path() / "data";
        return options;
    }

    ModelsWindow* models() { return window.models(); }
    QAbstractItemModel* found() { return models()->discover()->list()->model(); }
    QAbstractItemModel* installed() { return models()->installed()->view()->model(); }
    PairEntry entry() { return models()->discover()->panel()->entry(); }

    void search(const QString& text)
    {
        models()->showTab(ModelsWindow::discover_tab);
        auto* line = models()->discover()->findChild<QLineEdit*>();
        line->setText(text);
        QTest::keyClick(line, Qt::Key_Return);
    }
    void choose(const PairEntry& pair)
    {
        models()->showTab(ModelsWindow::discover_tab);
        models()->discover()->showFound({pair}, false, false);
    }
    bool get(const char* repository);
    DownloadCard* card(const QString& repository)
    {
        for (DownloadCard* each : models()->downloads()->cards()) {
            if (each->entry().repository == repository)
                return each;
        }
        return nullptr;
    }
    State state(const QString& repository)
    {
        DownloadCard* each = card(repository);
        return each ? each->entry().state : State::queued;
    }
    bool waitFor(const QString& repository, State wanted)
    {
        return QTest::qWaitFor([&] { return state(repository) == wanted; }, kWaitMs);
    }
    bool chooseInstalled(const QString& repository)
    {
        for (int row = 0; row < installed()->rowCount(); ++row) {
            if (installed()->index(row, 0).data().toString() == repository) {
                models()->installed()->view()->setCurrentIndex(installed()->index(row, 0));
                return true;
            }
        }
        return false;
    }

    MainWindow window;
    gorgon::HubHost host;
};

/// A button by its words that a person could press.
inline QPushButton* button(QWidget* root, const QString& text)
{
    for (QPushButton* each : root->findChildren<QPushButton*>()) {
        if (each->text() == text && each->isVisibleTo(root))
            return each;
    }
    return nullptr;
}

inline bool press(QWidget* root, const QString& text)
{
    QPushButton* found = button(root, text);
    if (!found || !found->isEnabled())
        return false;
    found->click();
    return true;
}

inline bool Program::get(const char* repository)
{
    PairEntry entry;
    entry.base = QString::fromLatin1(repository);
    entry.title = entry.base;
    choose(entry);
    models()->discover()->panel()->setOpenWhenHere(false);
    return press(models()->discover(), QStringLiteral("Get model"));
}

inline QString words(QWidget* root)
{
    QStringList all;
    for (const QLabel* label : root->findChildren<QLabel*>()) {
        if (label->isVisibleTo(root))
            all << label->text();
    }
    return all.join(QLatin1Char('\n'));
}

inline QString badge(const PairEntry& entry, const QString& name)
{
    for (const Badge& each : entry.badges) {
        if (each.name == name)
            return each.text;
    }
    return {};
}

inline HubFault slowContent()
{
    HubFault fault;
    fault.change = slowedTo(2'000'000);
    fault.host = tests::HubHost::cdn;
    return fault;
}

inline HubFault absent(const char* path)
{
    HubFault fault;
    fault.path = path;
    fault.change = statusOf(404, "not here");
    return fault;
}

inline uint64_t bytesSent(const FakeHub& hub, const std::string& path)
{
    uint64_t sum = 0;
    for (const HubRequest& request : hub.requests()) {
        if (request.method == "GET" && request.target.find(path) != std::string::npos)
            sum += request.bytes_sent;
    }
    return sum;
}

} // namespace gorgon::tests
