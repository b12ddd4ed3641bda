// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/open_model.h"

#include "app/window/load_failure.h"
#include "core/model/inspect.h"
#include "core/model/load_where_it_fits.h"
#include "core/model/model_config.h"
#include "core/model/user_cache.h"
#include "kernels/accelerators.h"

#include <QLocale>
#include <QObject>

#include <stdexcept>

namespace gorgon {

namespace {

constexpr DType kFormats[] = {DType::bf16, DType::f16, DType::f32, DType::q8, DType::q4};

std::filesystem::path toPath(const QString& text)
{
    return std::filesystem::path(text.toStdU16String());
}

std::optional<DType> formatOf(const QString& name)
{
    for (const DType format : kFormats) {
        if (name == QLatin1String(dtypeName(format)))
            return format;
    }
    return std::nullopt;
}

void checkContext(const ModelConfig& config, const LoadOptions& load)
{
    const int64_t most = supportedContext(config);
    if (load.context > most)
        throw LoadFailure("--context " + std::to_string(load.context) + ": expected at most "
                + std::to_string(most) + ", the positions that " + load.model.string()
                + " supports; take fewer.",
            LoadRemedy::own_context);
}

void checkHeads(const LoadOptions& load)
{
    std::error_code ignored;
    if (load.heads && !std::filesystem::exists(*load.heads, ignored))
        throw LoadFailure(load.heads->string()
                + ": expected a folder or a file of Medusa heads, nothing is there; choose others.",
            LoadRemedy::other_heads);
}

LoadOptions loadOptions(const ModelChoice& choice, const WindowOptions& options)
{
    LoadOptions load;
    load.model = toPath(choice.model);
    load.no_heads = choice.heads == QLatin1String("none");
    if (!choice.heads.isEmpty() && !load.no_heads)
        load.heads = toPath(choice.heads);
    load.weights = formatOf(choice.weights);
    load.cache_dtype = formatOf(options.cache_type);
    load.context = choice.context > 0 ? choice.context : options.context;
    load.weights_cache = userCacheFolder("weights");
    return load;
}

/// Calls back when the number changes.
LoadCallback percentOf(const std::function<void(int percent)>& on_percent)
{
    return [&on_percent, shown = -1](const LoadProgress& progress) mutable {
        const int percent
            = progress.total_bytes ? int(progress.done_bytes * 100 / progress.total_bytes) : 0;
        if (percent != shown)
            on_percent(shown = percent);
    };
}

QString headsWords(const HeadsReport& heads)
{
    return heads.n_heads == 1
        ? QObject::tr("1 Medusa head, %1").arg(QString::fromStdString(heads.description))
        : QObject::tr("%1 Medusa heads, %2")
              .arg(heads.n_heads)
              .arg(QString::fromStdString(heads.description));
}

} // namespace

QStringList weightFormats()
{
    QStringList names;
    for (const DType format : kFormats)
        names << QLatin1String(dtypeName(format));
    return names;
}

OpenModel openModel(const ModelChoice& choice, const WindowOptions& options,
    const std::function<void(int percent)>& on_percent, const std::stop_token& stop)
{
    if (choice.model.isEmpty())
        throw std::runtime_error("Demo model: expected the folder resources/demo_model beside the "
                                 "program, found none; choose a model with Ctrl+O.");
    LoadOptions load = loadOptions(choice, options);
    OpenModel open;
    load.on_note = [&](const std::string& note) { open.notes << QString::fromStdString(note); };
    const LoadCallback on_progress = percentOf(on_percent);
    std::error_code ignored;
    if (!std::filesystem::exists(load.model, ignored))
        throw std::runtime_error(load.model.string()
            + ": expected the folder of a model, nothing is there; choose another with Ctrl+O.");
    // What is no model is told by its first file.
    checkContext(readModelConfig(load.model), load);
    checkHeads(load);
    open.tokenizer = loadTokenizer(load.model);
    open.chat_template = loadChatTemplate(load.model, *open.tokenizer);
    ChosenBackend chosen = chooseBackend(options.device, {options.n_threads});
    open.device_note = QString::fromStdString(chosen.fallback);
    if (chosen.is_surprise)
        open.notes << open.device_note;
    const bool is_device = chosen.backend->name() != "cpu";
    try {
        LoadedModel loaded = loadWhereItFits(std::move(chosen.backend), options.device == "auto",
            {options.n_threads}, load, on_progress, stop);
        if (!loaded.fallback.empty())
            open.notes << (open.device_note = QString::fromStdString(loaded.fallback));
        open.engine = std::make_unique<Engine>(std::move(loaded.model));
        open.is_fallback = !loaded.fallback.empty();
    } catch (const DoesNotFit& problem) {
        throw LoadFailure(
            problem.what(), is_device ? LoadRemedy::processor : LoadRemedy::other_model);
    } catch (const std::runtime_error& error) {
        if (!load.heads)
            throw;
        throw LoadFailure(error.what(), LoadRemedy::other_heads);
    }
    return open;
}

void swapHeads(OpenModel& open, const ModelChoice& choice, const WindowOptions& options,
    const std::function<void(int percent)>& on_percent, const std::stop_token& stop)
{
    LoadOptions load = loadOptions(choice, options);
    checkHeads(load);
    QStringList notes;
    load.on_note = [&](const std::string& note) { notes << QString::fromStdString(note); };
    // The engine's memory is sized by the heads; without it nobody else holds the model.
    const std::shared_ptr<const Model> model = open.engine->sharedModel();
    open.engine.reset();
    try {
        swapHeads(model, load, percentOf(on_percent), stop);
    } catch (const std::runtime_error& error) {
        open.engine = std::make_unique<Engine>(model);
        throw LoadFailure(error.what(), LoadRemedy::other_heads);
    } catch (...) {
        open.engine = std::make_unique<Engine>(model);
        throw;
    }
    open.engine = std::make_unique<Engine>(model);
    open.notes = notes;
}

QString reportWords(const ModelReport& report)
{
    QStringList words;
    const bool is_model = report.kind == "model" && report.config;
    if (is_model) {
        const QLocale locale;
        words << QObject::tr("%1, %2 million parameters, %3 in its files")
                     .arg(QString::fromStdString(report.config->architecture),
                         locale.toString(double(report.n_parameters) / 1e6, 'f',
                             report.n_parameters < 100'000'000 ? 1 : 0),
                         locale.formattedDataSize(qint64(report.n_bytes)));
    }
    if (report.heads)
        words << headsWords(*report.heads);
    else if (is_model)
        words << QObject::tr("no heads beside it: plain decoding");
    return words.join(QStringLiteral("; "));
}

PathReport reportPath(const QString& path)
{
    PathReport report{path, PathReport::Kind::nothing, {}, {}};
    std::error_code error;
    if (!std::filesystem::exists(toPath(path), error)) {
        report.problem = QObject::tr("Nothing is there.");
        return report;
    }
    const std::filesystem::path parent = toPath(path).parent_path();
    const bool is_file = std::filesystem::is_regular_file(toPath(path), error);
    const ModelReport found = inspect(toPath(path));
    // One file of a model stands for its folder.
    if (is_file && !found.heads && std::filesystem::exists(parent / "config.json", error))
        return reportPath(QString::fromStdU16String(parent.u16string()));
    if (found.kind == "model" && found.config)
        report.kind = PathReport::Kind::model;
    else if (found.heads)
        report.kind = PathReport::Kind::heads;
    report.words = reportWords(found);
    if (!found.problems.empty())
        report.problem = QString::fromStdString(found.problems.front());
    else if (report.kind == PathReport::Kind::nothing)
        report.problem = QObject::tr("Neither a model nor heads are here: expected a folder with "
                                     "config.json and weights, or a file of heads.");
    return report;
}

} // namespace gorgon
