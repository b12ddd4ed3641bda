// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/window_options.h"

#include "kernels/accelerators.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QStandardPaths>
#include <QStringList>

#include <cstdio>
#include <cstdlib>

namespace gorgon {

namespace {

namespace fs = std::filesystem;

constexpr int kUsageError = 2;
constexpr int kMostPace = 1000; // steps a second
constexpr const char* kDemoFolder = "demo_model";

fs::path toPath(const QString& text)
{
    return fs::path(text.toStdU16String());
}

[[noreturn]] void refuse(const QString& sentence)
{
    std::fprintf(stderr, "error: %s\n", qUtf8Printable(sentence));
    std::exit(kUsageError);
}

int64_t readCount(const QCommandLineParser& parser, const QString& name, int64_t most)
{
    if (!parser.isSet(name))
        return 0;
    bool ok = false;
    const int64_t count = parser.value(name).toLongLong(&ok);
    if (!ok || count < 1 || count > most)
        refuse(QStringLiteral("--%1: expected a number from 1 to %2, found \"%3\".")
                   .arg(name)
                   .arg(most)
                   .arg(parser.value(name)));
    return count;
}

/// Without the options that QApplication takes for itself.
QStringList withoutToolkitOptions(const QStringList& arguments)
{
    static const QStringList kWithValue{"platform", "platformpluginpath", "platformtheme", "plugin",
        "display", "name", "geometry", "qwindowgeometry", "title", "qwindowtitle", "icon",
        "qwindowicon", "session", "style", "stylesheet", "qmljsdebugger"};
    static const QStringList kFlags{
        "reverse", "widgetcount", "nograb", "dograb", "sync", "testability"};
    QStringList ours;
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        const QString& argument = arguments[i];
        const qsizetype n_dashes = argument.startsWith(QLatin1String("--")) ? 2
            : argument.startsWith(QLatin1Char('-'))                         ? 1
                                                                            : 0;
        const qsizetype sign = argument.indexOf(QLatin1Char('='));
        const QString name = argument.mid(n_dashes, sign < 0 ? -1 : sign - n_dashes);
        if (i == 0 || n_dashes == 0 || !(kWithValue.contains(name) || kFlags.contains(name)))
            ours << argument;
        else if (sign < 0 && kWithValue.contains(name))
            ++i;
    }
    return ours;
}

} // namespace

fs::path findDemoModel()
{
    std::error_code ignored;
    if (const char* named = std::getenv("GORGON_DEMO_MODEL"); named && *named)
        return named;
    const fs::path program = toPath(QCoreApplication::applicationDirPath());
    const fs::path places[]
        = {program / "resources" / kDemoFolder, program / ".." / "share" / "gorgon" / kDemoFolder,
            fs::path(GORGON_RESOURCE_FOLDER) / kDemoFolder};
    for (const fs::path& place : places) {
        if (fs::exists(place / "config.json", ignored))
            return place.lexically_normal();
    }
    return {};
}

bool isDemoModel(const fs::path& folder)
{
    const fs::path clean = fs::absolute(folder).lexically_normal();
    return (clean.has_filename() ? clean : clean.parent_path()).filename() == kDemoFolder;
}

WindowOptions readOptions(const QStringList& arguments)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral(
        "Local chat that decodes with Medusa heads and shows every step.\n"
        "Example: gorgon --model ~/models/vicuna-7b-v1.3 --heads ~/models/medusa-vicuna-7b-v1.3"));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addOptions({
        {QStringLiteral("model"), QStringLiteral("Model folder (default: the demo model)."),
            QStringLiteral("FOLDER")},
        {QStringLiteral("heads"),
            QStringLiteral(
                "Medusa heads: a folder or file, or none (default: those found with the model)."),
            QStringLiteral("PATH")},
        {QStringLiteral("device"),
            QStringLiteral("auto, cpu or cuda:N (auto: the first GPU that can, else the CPU)."),
            QStringLiteral("NAME"), QStringLiteral("auto")},
        {QStringLiteral("threads"), QStringLiteral("Threads that compute (default: all)."),
            QStringLiteral("N")},
        {QStringLiteral("context"),
            QStringLiteral("Positions of the context (default: the model's, at most 4096)."),
            QStringLiteral("N")},
        {QStringLiteral("cache-type"),
            QStringLiteral("Keys and values: auto, f32, f16, bf16 or q8 (default: f32 beside "
                           "weights of f32 and in models narrower than 512, else f16)."),
            QStringLiteral("NAME"), QStringLiteral("auto")},
        {QStringLiteral("prompt"), QStringLiteral("Begins a chat with this message."),
            QStringLiteral("TEXT")},
        {QStringLiteral("pace"),
            QStringLiteral(
                "Steps a second at most, 0: full speed (default: what was chosen last)."),
            QStringLiteral("N")},
        {QStringLiteral("theme"),
            QStringLiteral("light, dark or system (default: what was chosen last)."),
            QStringLiteral("NAME")},
        {QStringLiteral("data-dir"), QStringLiteral("Where conversations are kept."),
            QStringLiteral("FOLDER")},
        {QStringLiteral("screenshots"),
            QStringLiteral("Draws the window's states as PNG files into a folder and ends."),
            QStringLiteral("FOLDER")},
    });
    QCommandLineOption heartbeat(QStringLiteral("heartbeat"), QString(), QStringLiteral("FILE"));
    heartbeat.setFlags(QCommandLineOption::HiddenFromHelp);
    parser.addOption(heartbeat);
    if (!parser.parse(withoutToolkitOptions(arguments)))
        refuse(parser.errorText() + QStringLiteral(" See --help."));
    if (parser.isSet(QStringLiteral("help")) || parser.isSet(QStringLiteral("help-all")))
        parser.showHelp();
    if (parser.isSet(QStringLiteral("version")))
        parser.showVersion();
    if (!parser.positionalArguments().isEmpty())
        refuse(QStringLiteral("Unexpected argument \"%1\". See --help.")
                   .arg(parser.positionalArguments().first()));

    WindowOptions options;
    options.model = parser.isSet(QStringLiteral("model"))
        ? toPath(parser.value(QStringLiteral("model")))
        : findDemoModel();
    options.heads = parser.value(QStringLiteral("heads")).toStdString();
    options.device = parser.value(QStringLiteral("device")).toStdString();
    if (!isDeviceName(options.device))
        refuse(QStringLiteral("--device: expected auto, cpu or cuda:N, found \"%1\".")
                   .arg(parser.value(QStringLiteral("device"))));
    options.n_threads = int(readCount(parser, QStringLiteral("threads"), 1024));
    options.context = readCount(parser, QStringLiteral("context"), int64_t(1) << 24);
    options.cache_type = parser.value(QStringLiteral("cache-type"));
    static const QStringList kCacheTypes{"auto", "f32", "f16", "bf16", "q8"};
    if (!kCacheTypes.contains(options.cache_type))
        refuse(QStringLiteral("--cache-type: expected auto, f32, f16, bf16 or q8, found \"%1\".")
                   .arg(options.cache_type));
    if (parser.isSet(QStringLiteral("pace")))
        options.pace = parser.value(QStringLiteral("pace")) == QLatin1String("0")
            ? 0
            : int(readCount(parser, QStringLiteral("pace"), kMostPace));
    const QString theme_name = parser.value(QStringLiteral("theme"));
    if (parser.isSet(QStringLiteral("theme"))) {
        const QStringList names{
            QStringLiteral("system"), QStringLiteral("light"), QStringLiteral("dark")};
        if (!names.contains(theme_name))
            refuse(QStringLiteral("--theme: expected light, dark or system, found \"%1\".")
                       .arg(theme_name));
        options.theme = ThemeMode(names.indexOf(theme_name));
    }
    options.data_folder = toPath(parser.isSet(QStringLiteral("data-dir"))
            ? parser.value(QStringLiteral("data-dir"))
            : QStandardPaths::writableLocation(QStandardPaths::AppDataLocation));
    options.prompt = parser.value(QStringLiteral("prompt"));
    options.heartbeat_file = parser.value(heartbeat);
    options.screenshots_folder = parser.value(QStringLiteral("screenshots"));
    return options;
}

QString modelName(const fs::path& folder)
{
    const fs::path clean = fs::absolute(folder).lexically_normal();
    const fs::path last = clean.has_filename() ? clean.filename() : clean.parent_path().filename();
    if (isDemoModel(folder))
        return QStringLiteral("Gorgon Demo");
    // A hub cache: models--OWNER--NAME/snapshots/REVISION.
    for (const fs::path& part : clean) {
        const QString text = QString::fromStdU16String(part.u16string());
        if (text.startsWith(QLatin1String("models--")))
            return text.mid(8).replace(QLatin1String("--"), QLatin1String("/"));
    }
    return QString::fromStdU16String(last.u16string());
}

} // namespace gorgon
