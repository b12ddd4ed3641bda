// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/catalog_ranking.h"

#include "app/window/fit_views.h"
#include "app/window/hub_views.h"
#include "core/hub/model_catalog.h"
#include "core/model/available_memory.h"
#include "kernels/backend.h"
#include "ui/models/hub_words.h"

#include <QLocale>
#include <QObject>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace gorgon {

namespace {

struct Format
{
    const char* name;
    double bytes_per_weight;
};
// f16 and bf16 as they are stored; the others with their scales.
constexpr Format kFormats[] = {{"bf16", 2}, {"q8", 8.5 / 8}, {"q4", 4.63 / 8}};
constexpr double kBeside = 1.1; // keys and values of a usual context, room to work in
constexpr double kBesideBytes = 3e8;
constexpr double kHeadParameters = 6e8; // four or five heads, vocabularies of their own included
constexpr double kFewParameters = 1e8; // below it no answer is of use
// Heads of the authors of the method, trained and measured by them, are proposed before others.
constexpr const char* kAuthors = "FasterDecoding/";
constexpr double kMostOnProcessor = 9e9; // beyond it a token takes most of a second

struct Estimate
{
    Fit fit = Fit::unknown;
    const char* format = ""; // the widest that fits
    double bytes = 0;
    double parameters = 0; // 0: not known
};

Estimate estimate(const PairEntry& entry, const Room& room)
{
    Estimate result;
    const CatalogBase* base = modelCatalog().base(entry.base.toStdString());
    if (base && base->n_parameters)
        result.parameters = double(*base->n_parameters);
    else
        result.parameters = parametersInName(entry.base.toStdString()).value_or(0);
    if (result.parameters <= 0)
        return result;
    const double heads = entry.heads.isEmpty() ? 0 : kHeadParameters;
    for (const Format& format : kFormats) {
        result.bytes
            = (result.parameters + heads) * format.bytes_per_weight * kBeside + kBesideBytes;
        result.format = format.name;
        if (room.bytes == 0)
            return result;
        if (result.bytes < 0.9 * double(room.bytes)) {
            result.fit = Fit::fits;
            return result;
        }
    }
    result.fit = result.bytes <= double(room.bytes) ? Fit::tight : Fit::lacks;
    return result;
}

Badge estimateBadge(const Estimate& found, const Room& room)
{
    const QString size = sizeWords(qint64(found.bytes));
    Badge badge{QObject::tr("Memory"), {}, toneOf(found.fit), {}};
    badge.text = found.fit == Fit::fits ? QObject::tr("Fits, about %1").arg(size)
        : found.fit == Fit::tight       ? QObject::tr("Tight, about %1").arg(size)
        : found.fit == Fit::lacks       ? QObject::tr("Won't fit, about %1").arg(size)
                                        : QObject::tr("about %1").arg(size);
    badge.tip = QObject::tr("%1 in %2 of %3 free on %4: an estimate by the number of parameters. "
                            "Check with the hub for the sum.")
                    .arg(badge.text, QString::fromLatin1(found.format),
                        sizeWords(qint64(room.bytes)), room.device);
    return badge;
}

bool isGated(const PairEntry& entry)
{
    return std::any_of(entry.badges.begin(), entry.badges.end(),
        [](const Badge& badge) { return badge.name == QObject::tr("Access"); });
}

} // namespace

Badge recommendedBadge()
{
    return {QObject::tr("For this computer"), QObject::tr("Recommended"), Badge::Tone::chosen,
        QObject::tr("Recommended: the largest of the catalogue that runs well here")};
}

Room roomOf(const std::vector<FitDevice>& devices)
{
    Room room;
    for (const FitDevice& device : devices) {
        std::optional<uint64_t> free_bytes = device.free_bytes;
        const std::optional<uint64_t> own = device.backend->freeMemory();
        if (!free_bytes)
            free_bytes = own ? own : availableMemory();
        const bool is_processor = !own;
        // A device of its own goes before the processor, which is many times slower.
        if (free_bytes && (room.bytes == 0 || (room.is_processor && !is_processor)))
            room = {toText(device.backend->name()), *free_bytes, is_processor};
    }
    return room;
}

std::optional<double> parametersInName(std::string_view name)
{
    const auto is_digit = [&](size_t i) {
        return i < name.size() && std::isdigit(static_cast<unsigned char>(name[i]));
    };
    const auto is_letter = [&](size_t i) {
        return i < name.size() && std::isalnum(static_cast<unsigned char>(name[i]));
    };
    for (size_t i = 0; i < name.size(); ++i) {
        if (!is_digit(i) || (i > 0 && (is_letter(i - 1) || name[i - 1] == '.')))
            continue;
        double number = 0;
        const auto [end, error]
            = std::from_chars(name.data() + i, name.data() + name.size(), number);
        const size_t unit = size_t(end - name.data());
        if (error != std::errc() || unit >= name.size() || is_letter(unit + 1))
            continue;
        if (name[unit] == 'b' || name[unit] == 'B')
            return number * 1e9;
        if (name[unit] == 'm' || name[unit] == 'M')
            return number * 1e6;
    }
    return std::nullopt;
}

void rankEntries(QVector<PairEntry>& entries, const Room& room)
{
    struct Ranked
    {
        PairEntry entry;
        Estimate estimate;
    };
    std::vector<Ranked> all;
    for (PairEntry& entry : entries) {
        const Estimate found = estimate(entry, room);
        if (found.bytes > 0 && entry.knowledge == PairEntry::Knowledge::listed)
            entry.badges.prepend(estimateBadge(found, room));
        all.push_back({entry, found});
    }
    const auto place = [](const Ranked& one) {
        const int heads = one.entry.heads.isEmpty() ? 1 : 0;
        switch (one.estimate.fit) {
        case Fit::fits:
            return heads;
        case Fit::tight:
            return 2 + heads;
        case Fit::unknown:
            return 4 + heads;
        case Fit::lacks:
            break;
        }
        return 6 + heads;
    };
    std::stable_sort(all.begin(), all.end(), [&](const Ranked& one, const Ranked& other) {
        if (place(one) != place(other))
            return place(one) < place(other);
        return one.estimate.parameters > other.estimate.parameters;
    });
    const auto suits = [&](const Ranked& one) {
        return one.estimate.fit == Fit::fits && one.estimate.parameters >= kFewParameters
            && (!room.is_processor || one.estimate.parameters <= kMostOnProcessor)
            && one.entry.may_get && one.entry.problem.isEmpty() && !isGated(one.entry);
    };
    auto best = std::find_if(all.begin(), all.end(), [&](const Ranked& one) {
        return suits(one) && one.entry.heads.startsWith(QLatin1String(kAuthors));
    });
    if (best == all.end())
        best = std::find_if(all.begin(), all.end(), suits);
    if (best != all.end()) {
        best->entry.is_recommended = true;
        best->entry.badges.prepend(
            {QObject::tr("For this computer"), QObject::tr("Recommended"), Badge::Tone::chosen,
                QObject::tr("Recommended: the largest of the catalogue that runs well here")});
        std::rotate(all.begin(), best, best + 1);
    }
    entries.clear();
    for (const Ranked& one : all)
        entries.append(one.entry);
}

} // namespace gorgon
