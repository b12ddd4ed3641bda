// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/pair_words.h"

#include "app/window/catalog_ranking.h"
#include "app/window/fit_views.h"
#include "app/window/hub_views.h"
#include "ui/models/hub_words.h"

#include <QLocale>
#include <QObject>

#include <algorithm>

namespace gorgon {

namespace {

using Tone = Badge::Tone;

void addLicence(PairEntry& entry, const QString& licence, const QString& of)
{
    if (!licence.isEmpty())
        entry.badges.append({QObject::tr("Licence"), licence, Tone::plain,
            of.isEmpty() ? licence : QObject::tr("%1: %2").arg(of, licence)});
}

void addFormat(PairEntry& entry, const QString& format)
{
    if (format == QLatin1String("safetensors"))
        entry.badges.append({QObject::tr("Files"), format, Tone::good,
            QObject::tr("safetensors: numbers only, nothing that could run")});
    else if (format == QLatin1String("pickle"))
        entry.badges.append({QObject::tr("Files"), format, Tone::caution,
            QObject::tr("pickle: read for its numbers alone, nothing in it is run")});
}

void addAccess(PairEntry& entry, bool gated, bool is_private)
{
    if (is_private)
        entry.badges.append({QObject::tr("Access"), QObject::tr("private"), Tone::caution, {}});
    else if (gated)
        entry.badges.append({QObject::tr("Access"), QObject::tr("gated"), Tone::caution,
            QObject::tr("gated: a licence must be accepted on its page first")});
}

QString parameterWords(uint64_t n)
{
    return n >= 1'000'000'000
        ? QObject::tr("%1 billion parameters").arg(QLocale().toString(double(n) / 1e9, 'f', 1))
        : QObject::tr("%1 million parameters").arg(QLocale().toString(double(n) / 1e6, 'f', 0));
}

QString joinNotes(const std::string& one, const std::string& other)
{
    const QString first = toText(one);
    const QString second = toText(other);
    return first.isEmpty() || second.isEmpty() ? first + second
                                               : QStringLiteral("%1 %2").arg(first, second);
}

PairEntry pairOf(const CatalogBase& base, const CatalogHeads* heads)
{
    PairEntry entry;
    entry.base = toText(base.repository);
    entry.heads = heads ? toText(heads->repository) : QString();
    const bool full = heads && heads->repository == base.repository;
    entry.title = toText(full ? heads->name : base.name);
    if (!heads)
        entry.title = QObject::tr("%1, without heads").arg(entry.title);
    else if (heads->n_heads)
        entry.title = QObject::tr("%1, %2 heads").arg(entry.title).arg(*heads->n_heads);
    entry.note = joinNotes(base.note, heads && !full ? heads->note : std::string());
    entry.badges.append({QObject::tr("Architecture"), toText(base.architecture), Tone::good,
        base.n_parameters ? QObject::tr("%1, supported; %2")
                                .arg(toText(base.architecture), parameterWords(*base.n_parameters))
                          : QObject::tr("%1, supported").arg(toText(base.architecture))});
    if (base.bytes && (!heads || full || heads->bytes)) {
        const qint64 bytes = qint64(*base.bytes) + (heads && !full ? qint64(*heads->bytes) : 0);
        entry.badges.append({QObject::tr("Download"), sizeWords(bytes), Tone::plain, {}});
    }
    addFormat(
        entry, toText(base.format == "pickle" || !heads || full ? base.format : heads->format));
    addLicence(entry, toText(base.licence), {});
    addAccess(entry, base.gated.value_or(false) || (heads && heads->gated.value_or(false)), false);
    return entry;
}

Badge matchBadge(const PairVerdict& verdict)
{
    const QString word = toText(std::string(pairMatchWord(verdict.match)));
    const Tone tone = verdict.match == PairMatch::matches ? Tone::good
        : verdict.match == PairMatch::differs             ? Tone::warning
                                                          : Tone::plain;
    return {QObject::tr("Heads"), word, tone,
        QStringLiteral("%1: %2").arg(word, toText(verdict.reason))};
}

Badge diskBadge(const DiskFit& disk)
{
    const QString text = disk.missing_bytes == 0
        ? QObject::tr("complete here")
        : QObject::tr("%1 to fetch").arg(sizeWords(qint64(disk.missing_bytes)));
    return {QObject::tr("Download"), text,
        disk.fit == Fit::lacks        ? Tone::warning
            : disk.missing_bytes == 0 ? Tone::good
                                      : Tone::plain,
        disk.sentence.empty() ? text : QStringLiteral("%1: %2").arg(text, toText(disk.sentence))};
}

} // namespace

QVector<PairEntry> catalogEntries(const ModelCatalog& catalog)
{
    QVector<PairEntry> entries;
    for (const CatalogBase& base : catalog.bases) {
        const std::vector<const CatalogHeads*> all = catalog.headsOf(base.repository);
        for (const CatalogHeads* heads : all)
            entries.append(pairOf(base, heads));
    }
    for (const CatalogBase& base : catalog.bases) {
        if (catalog.headsOf(base.repository).empty())
            entries.append(pairOf(base, nullptr));
    }
    return entries;
}

PairEntry entryFor(const QString& repository, const ModelCatalog& catalog)
{
    const std::string name = repository.toStdString();
    PairEntry entry;
    if (const CatalogHeads* heads = catalog.headsNamed(name)) {
        if (const CatalogBase* base = catalog.base(heads->base))
            return pairOf(*base, heads);
    } else if (const CatalogBase* base = catalog.base(name)) {
        const std::vector<const CatalogHeads*> all = catalog.headsOf(base->repository);
        return pairOf(*base, all.empty() ? nullptr : all.front());
    }
    entry.base = repository;
    entry.title = repository.section(QLatin1Char('/'), -1);
    if (const CatalogRefusal* refusal = catalog.refusal(name)) {
        entry.problem = toText(refusal->reason);
        entry.may_get = false;
    }
    return entry;
}

PairEntry foundEntry(const FoundModel& model, const ModelCatalog& catalog)
{
    PairEntry entry = entryFor(toText(model.id), catalog);
    if (!entry.badges.isEmpty())
        return entry;
    const auto has_tag = [&](const char* tag) {
        return std::find(model.tags.begin(), model.tags.end(), tag) != model.tags.end();
    };
    if (has_tag("medusa")) // heads: their base is known after a check
        std::swap(entry.base, entry.heads);
    addFormat(entry,
        has_tag("safetensors")   ? QStringLiteral("safetensors")
            : has_tag("pytorch") ? QStringLiteral("pickle")
                                 : QString());
    for (const std::string& tag : model.tags) {
        if (tag.starts_with("license:"))
            addLicence(entry, toText(tag.substr(8)), {});
    }
    addAccess(entry, model.gate != Gate::none, model.is_private);
    entry.badges.append({QObject::tr("Downloads"),
        QObject::tr("%1 downloads").arg(QLocale().toString(qulonglong(model.n_downloads))),
        Tone::plain, {}});
    return entry;
}

void showJudged(PairEntry& entry, const JudgedPair& judged)
{
    entry.knowledge = PairEntry::Knowledge::known;
    entry.problem.clear();
    entry.needs_token = false;
    entry.licence_page.clear();
    entry.may_get = true;
    entry.badges.clear();
    if (entry.is_recommended)
        entry.badges.append(recommendedBadge());
    if (judged.base) {
        entry.badges.append(memoryBadge(judged.fit));
        entry.fits = fitViews(judged.fits);
        entry.context = judged.fit.context;
    }
    if (judged.base && judged.heads && judged.base != judged.heads)
        entry.badges.append(matchBadge(judged.verdict));
    entry.badges.append(diskBadge(judged.disk));
    bool pickle = false;
    bool gated = false;
    bool is_private = false;
    for (const ModelFacts* facts : {judged.base, judged.heads}) {
        if (!facts)
            continue;
        pickle = pickle || facts->has_pickle;
        gated = gated || facts->is_gated;
        is_private = is_private || facts->is_private;
        if (!facts->problem.empty()) {
            entry.problem
                = QStringLiteral("%1: %2").arg(toText(facts->repository), toText(facts->problem));
            entry.may_get = false;
        }
        if (facts->is_gated && !facts->unread.empty()) {
            entry.needs_token = true;
            entry.licence_page = toText(judged.endpoint + "/" + facts->repository);
        }
    }
    if (entry.problem.isEmpty() && judged.heads && judged.base
        && judged.verdict.match == PairMatch::differs)
        entry.problem = toText(judged.verdict.reason);
    if (entry.problem.isEmpty() && judged.base && judged.disk.fit == Fit::lacks)
        entry.problem = toText(judged.disk.sentence);
    addFormat(entry, pickle ? QStringLiteral("pickle") : QStringLiteral("safetensors"));
    if (judged.base)
        addLicence(entry, toText(judged.base->licence),
            judged.heads && judged.heads != judged.base ? QObject::tr("base") : QString());
    if (judged.heads && judged.heads != judged.base)
        addLicence(entry, toText(judged.heads->licence), QObject::tr("heads"));
    addAccess(entry, gated, is_private);
}

} // namespace gorgon
