// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/screenshots_models.h"

#include "app/window/catalog_ranking.h"
#include "app/window/pair_words.h"
#include "ui/main_window.h"
#include "ui/models/connection_page.h"
#include "ui/models/discover_model.h"
#include "ui/models/discover_page.h"
#include "ui/models/hub_words.h"
#include "ui/models/installed_page.h"
#include "ui/models/models_window.h"
#include "ui/models/request_page.h"
#include "ui/status/status_line.h"

#include <QDateTime>
#include <QListView>
#include <QToolButton>

namespace gorgon {

namespace {

using Tone = Badge::Tone;
using State = DownloadEntry::State;

constexpr qint64 kGigabyte = 1'000'000'000;

QString vicuna()
{
    return QStringLiteral("lmsys/vicuna-7b-v1.3");
}

QString vicunaHeads()
{
    return QStringLiteral("FasterDecoding/medusa-vicuna-7b-v1.3");
}

/// One device, two lengths of context, the formats that the program offers.
QVector<FitView> fits()
{
    QVector<FitView> views;
    for (const qint64 context : {qint64(2048), qint64(4096)}) {
        FitPlace place{QStringLiteral("cuda:0"), 12'100'000'000, {}, 1};
        const std::pair<const char*, double> formats[] = {{"", 2}, {"q8", 1.0625}, {"q4", 0.58}};
        for (const auto& [name, bytes_per_weight] : formats) {
            FitFormat format;
            format.weights = QString::fromLatin1(name);
            const QString in = format.weights.isEmpty() ? QStringLiteral("f16") : format.weights;
            format.lines
                = {{QStringLiteral("base model in %1").arg(in), qint64(6.738e9 * bytes_per_weight)},
                    {QStringLiteral("5 heads in %1").arg(in), qint64(0.739e9 * bytes_per_weight)},
                    {QStringLiteral("keys and values of %1 positions in f16").arg(context),
                        context * 524'288},
                    {QStringLiteral("to work with"), 480'000'000}};
            for (const auto& [what, bytes] : format.lines)
                format.bytes += bytes;
            const bool fits = format.bytes < place.free_bytes;
            format.verdict = fits ? QStringLiteral("Fits") : QStringLiteral("Won't fit");
            format.tone = fits ? Tone::good : Tone::warning;
            place.formats.append(format);
        }
        views.append({context, {place}});
    }
    return views;
}

PairEntry judged()
{
    PairEntry entry;
    entry.base = vicuna();
    entry.heads = vicunaHeads();
    entry.title = QStringLiteral("Vicuna 7B v1.3, 5 heads");
    entry.knowledge = PairEntry::Knowledge::known;
    entry.badges = {{QStringLiteral("Memory"), QStringLiteral("Fits"), Tone::good,
                        QStringLiteral("Fits: q8 fits on cuda:0: 9.9 GB of 23.4 GB free\n"
                                       "cuda:0, q8: 9.9 GB of 23.4 GB free, Fits\n"
                                       "    base model 7.0 GB + heads 1.6 GB + keys and values "
                                       "1.1 GB + workspace 0.2 GB\n"
                                       "cpu, q4: 5.8 GB of 6.1 GB free, Tight")},
        {QStringLiteral("Heads"), QStringLiteral("Matches"), Tone::good,
            QStringLiteral("Matches: the heads name this base, and the shapes agree.")},
        {QStringLiteral("Download"), QStringLiteral("11.2 GB to fetch"), Tone::plain,
            QStringLiteral("11.2 GB to fetch: 3.8 GB are here already; 212 GB are free.")},
        {QStringLiteral("Files"), QStringLiteral("pickle"), Tone::caution,
            QStringLiteral("pickle: read for its numbers alone, nothing in it is run")},
        {QStringLiteral("Licence"), QStringLiteral("llama2"), Tone::plain, {}}};
    entry.fits = fits();
    entry.context = 4096;
    return entry;
}

PairEntry gated()
{
    PairEntry entry;
    entry.base = QStringLiteral("example/gated-7b");
    entry.title = QStringLiteral("gated-7b");
    entry.problem = QStringLiteral("example/gated-7b: its licence was not accepted yet with this "
                                   "token's account; open its page, accept it and try again.");
    entry.licence_page = QStringLiteral("https://huggingface.co/example/gated-7b");
    entry.needs_token = true;
    entry.badges = {{QStringLiteral("Files"), QStringLiteral("safetensors"), Tone::good, {}},
        {QStringLiteral("Access"), QStringLiteral("gated"), Tone::caution,
            QStringLiteral("gated: a licence must be accepted on its page first")}};
    return entry;
}

QVector<InstalledEntry> installed()
{
    const qint64 now = QDateTime::currentSecsSinceEpoch();
    InstalledEntry base;
    base.repository = vicuna();
    base.folder = QStringLiteral("/models/vicuna");
    base.words = QStringLiteral("llama, 6 738 million parameters, 13.5 GB in its files; no heads "
                                "beside it: plain decoding");
    base.is_model = true;
    base.bytes = base.listed_bytes = base.freed_bytes = 13'480 * (kGigabyte / 1000);
    base.used_s = now - 3600;
    base.heads = {HeadsOffer{vicunaHeads(), QStringLiteral("/models/heads")}};
    InstalledEntry heads;
    heads.repository = vicunaHeads();
    heads.folder = QStringLiteral("/models/heads");
    heads.words = QStringLiteral("5 Medusa heads, v1 (own vocabulary matrix)");
    heads.is_heads = true;
    heads.bytes = heads.listed_bytes = heads.freed_bytes = 1'480 * (kGigabyte / 1000);
    heads.used_s = now - 86'400;
    InstalledEntry linked;
    linked.repository = linked.folder = QStringLiteral("/home/somebody/models/my-finetune");
    linked.words = QStringLiteral("qwen2, 494 million parameters, 988.1 MB in its files; no heads "
                                  "beside it: plain decoding");
    linked.is_model = linked.is_linked = true;
    linked.bytes = 988'100'000;
    linked.used_s = now - 3 * 86'400;
    InstalledEntry part;
    part.repository = QStringLiteral("HuggingFaceH4/zephyr-7b-beta");
    part.problem = QStringLiteral("Its download was not finished; continue it under Downloads.");
    part.partial_bytes = 2 * kGigabyte;
    return {base, linked, heads, part};
}

DownloadEntry download(qint64 id, const char* repository, State state)
{
    DownloadEntry entry;
    entry.id = id;
    entry.repository = QString::fromLatin1(repository);
    entry.revision = QStringLiteral("main");
    entry.state = state;
    return entry;
}

QVector<DownloadEntry> downloads()
{
    DownloadEntry running = download(1, "lmsys/vicuna-7b-v1.3", State::downloading);
    running.files = {{QStringLiteral("config.json"), 566, 566, State::done},
        {QStringLiteral("tokenizer.model"), 499'723, 499'723, State::done},
        {QStringLiteral("pytorch_model-00001-of-00002.bin"), 9'976'634'558, 6'120'000'000,
            State::downloading},
        {QStringLiteral("pytorch_model-00002-of-00002.bin"), 3'500'315'539, 3'500'315'539,
            State::checking}};
    running.total_bytes = 13'477'450'386;
    running.done_bytes = 9'620'815'828;
    running.bytes_per_second = 41.7e6;
    running.left_s = 92;
    running.n_retries = 2;
    running.slow = QStringLiteral("The hub asked for a pause of 8 s.");
    DownloadEntry failed = download(2, "example/gated-7b", State::failed);
    failed.failure = {gated().problem, HubDeed::open_page, gated().licence_page,
        QStringLiteral("example/gated-7b, 403")};
    DownloadEntry full = download(3, "lmsys/vicuna-13b-v1.3", State::paused);
    full.total_bytes = 26 * kGigabyte;
    full.done_bytes = 4 * kGigabyte;
    full.failure = {QStringLiteral("The disk has 3.1 GB free and the download needs 22.0 GB more; "
                                   "free 18.9 GB."),
        HubDeed::free_space, {}, QStringLiteral("lmsys/vicuna-13b-v1.3")};
    DownloadEntry done = download(4, "FasterDecoding/medusa-vicuna-7b-v1.3", State::done);
    done.total_bytes = done.done_bytes = 1'480'000'000;
    DownloadEntry left = download(-1, "HuggingFaceH4/zephyr-7b-beta", State::unfinished);
    return {running, failed, full, done, left};
}

} // namespace

bool drawModels(
    MainWindow& window, const std::function<bool(QWidget& widget, const QString& state)>& grab)
{
    ModelsWindow& models = *window.models();
    window.openModels();
    models.showTab(ModelsWindow::installed_tab);
    models.installed()->setEntries({});
    bool good = grab(models, QStringLiteral("models-empty"));
    models.installed()->setEntries(installed());
    models.installed()->showCheck(vicuna(), QStringLiteral("4 files are sound"), false);
    good &= grab(models, QStringLiteral("models-installed"));
    models.showTab(ModelsWindow::discover_tab);
    QVector<PairEntry> catalog = catalogEntries(modelCatalog());
    constexpr uint64_t kRoom = 12'100'000'000;
    rankEntries(catalog, {QStringLiteral("cuda:0"), kRoom, false});
    models.discover()->setCatalog(catalog, QStringLiteral("cuda:0, 12.1 GB free"));
    good &= grab(models, QStringLiteral("models-first"));
    models.discover()->updateEntry(judged().key(), judged());
    const QAbstractItemModel* rows = models.discover()->list()->model();
    for (int row = 0; row < rows->rowCount(); ++row) {
        if (rows->index(row, 0).data(DiscoverModel::entry_role).value<PairEntry>().key()
            == judged().key())
            models.discover()->list()->setCurrentIndex(rows->index(row, 0));
    }
    good &= grab(models, QStringLiteral("models-discover"));
    models.showWarning(QStringLiteral("Requests without a token are limited; add one."));
    models.discover()->showSearchFailure(
        {QStringLiteral("https://huggingface.co: no network was reached; check the network or its "
                        "proxy."),
            HubDeed::connection, {}, {}});
    good &= grab(models, QStringLiteral("models-failed"));
    models.findChild<QToolButton*>(QStringLiteral("warning_seen"))->click();
    models.discover()->showFound({gated(), judged()}, false, true);
    good &= grab(models, QStringLiteral("models-gated"));
    models.showTab(ModelsWindow::downloads_tab);
    models.setDownloads(downloads());
    window.statusLine()->setDownloads(downloadsWords(downloads()));
    good &= grab(models, QStringLiteral("models-downloads"));
    good &= grab(window, QStringLiteral("downloading"));
    window.statusLine()->setDownloads({});
    models.setDownloads({});
    models.showTab(ModelsWindow::connection_tab);
    models.connection()->setTokenPlace(true, QStringLiteral("~/.cache/huggingface/token"));
    models.connection()->setProxyPlace(
        QStringLiteral("In use: http://proxy.example:3128, from the system's settings."));
    models.connection()->showTest(
        QStringLiteral("https://huggingface.co answered in 0.3 s and took the token."), true);
    good &= grab(models, QStringLiteral("models-connection"));
    models.showTab(ModelsWindow::requests_tab);
    constexpr qint64 kTime = 1'768'000'000'000;
    models.requests()->add({kTime, QStringLiteral("GET"),
        QStringLiteral("https://huggingface.co/api/models"), {}, 200, 18'231, 0.31, {}});
    models.requests()->add({kTime + 4000, QStringLiteral("GET"),
        QStringLiteral("https://huggingface.co/lmsys/vicuna-7b-v1.3/resolve/main/config.json"),
        QStringLiteral("bytes=0-"), 403, 311, 0.12, {}});
    good &= grab(models, QStringLiteral("models-requests"));
    models.showTab(ModelsWindow::downloads_tab);
    good &= grab(models, QStringLiteral("models-downloads-empty"));
    models.close();
    return good;
}

} // namespace gorgon
