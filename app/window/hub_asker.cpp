// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/hub_asker.h"

#include "app/window/catalog_ranking.h"
#include "app/window/hub_views.h"
#include "app/window/pair_words.h"
#include "core/hub/hub_names.h"
#include "core/hub/read_facts.h"
#include "core/pairs/judge_pair.h"
#include "ui/models/hub_words.h"

#include <QElapsedTimer>
#include <QLocale>

#include <algorithm>

namespace gorgon {

namespace {

bool isCancelled(const std::exception& error)
{
    const auto* hub = dynamic_cast<const HubError*>(&error);
    return hub && hub->kind() == HubErrorKind::cancelled;
}

/// Whoever asked sees that nothing comes any more, and can ask again.
HubFailure stoppedFailure()
{
    return {QObject::tr("The question was stopped before the hub had answered."), HubDeed::retry,
        {}, {}};
}

HubFailure failureOf(const std::exception& error)
{
    return isCancelled(error) ? stoppedFailure() : failureView(error);
}

/// Where the cache lies, or will lie.
uint64_t freeBytesAt(std::filesystem::path folder)
{
    std::error_code error;
    while (!std::filesystem::exists(folder, error) && folder.has_relative_path())
        folder = folder.parent_path();
    const std::filesystem::space_info space = std::filesystem::space(folder, error);
    return error ? 0 : uint64_t(space.available);
}

/// What the hub did not let us see.
void showRefusal(PairEntry& entry, const std::exception& error)
{
    const HubFailure failure = failureOf(error);
    entry.knowledge = PairEntry::Knowledge::failed;
    entry.problem = failure.sentence;
    entry.licence_page = failure.deed == HubDeed::open_page ? failure.page : QString();
    entry.needs_token = failure.deed == HubDeed::open_page || failure.deed == HubDeed::add_token;
}

} // namespace

HubAsker::HubAsker() = default;
HubAsker::~HubAsker() = default;

void HubAsker::configure(const std::shared_ptr<const HttpContext>& context)
{
    m_context = context;
    m_client.reset();
    m_next.clear();
}

HubClient& HubAsker::client()
{
    if (!m_client)
        m_client = std::make_unique<HubClient>(m_context);
    return *m_client;
}

void HubAsker::search(const QString& text, const std::stop_token& stop)
{
    try {
        m_next.clear();
        // One word is searched for, although old repositories had names of one word.
        const auto address = text.contains(QLatin1Char('/'))
            ? parseHubAddress(text.toStdString(), m_context->settings.endpoint)
            : std::nullopt;
        if (address) {
            PairEntry entry = entryFor(toText(address->repository), modelCatalog());
            entry.revision = toText(address->revision);
            emit found({entry}, false, false);
            check(entry, stop);
            return;
        }
        SearchQuery query;
        query.words = text.toStdString();
        const SearchPage page = client().search(query, stop);
        m_next = page.next;
        QVector<PairEntry> entries;
        for (const FoundModel& model : page.models)
            entries.append(foundEntry(model, modelCatalog()));
        emit found(entries, false, !m_next.empty());
    } catch (const std::exception& error) {
        emit searchFailed(failureOf(error));
    }
}

void HubAsker::more(const std::stop_token& stop)
{
    try {
        const SearchPage page = client().nextPage(m_next, stop);
        m_next = page.next;
        QVector<PairEntry> entries;
        for (const FoundModel& model : page.models)
            entries.append(foundEntry(model, modelCatalog()));
        emit found(entries, true, !m_next.empty());
    } catch (const std::exception& error) {
        emit searchFailed(failureOf(error));
    }
}

void HubAsker::check(const PairEntry& asked, const std::stop_token& stop)
{
    PairEntry entry = asked;
    entry.knowledge = PairEntry::Knowledge::asking;
    entry.problem.clear();
    emit entryKnown(asked.key(), entry);
    try {
        judge(entry, stop);
    } catch (const std::exception& error) {
        showRefusal(entry = asked, error);
    }
    emit entryKnown(asked.key(), entry);
}

void HubAsker::rank(const QVector<PairEntry>& entries)
{
    if (m_devices.empty())
        m_devices = fitDevices();
    QVector<PairEntry> ranked = entries;
    const Room room = roomOf(m_devices);
    rankEntries(ranked, room);
    emit catalogRanked(ranked,
        room.bytes == 0 ? QString()
                        : tr("%1, %2 free").arg(room.device, sizeWords(qint64(room.bytes))));
}

void HubAsker::judge(PairEntry& entry, const std::stop_token& stop)
{
    const HubCache cache(m_context->settings.cache);
    const std::string revision = entry.revision.isEmpty() ? "main" : entry.revision.toStdString();
    const auto read = [&](const QString& name, const std::string& at) {
        return readFacts(client(), cache, name.toStdString(), at, stop);
    };
    // A pasted revision is that of the one repository that was named.
    std::optional<ModelFacts> base;
    std::optional<ModelFacts> heads;
    if (!entry.base.isEmpty())
        base = read(entry.base, revision);
    if (!entry.heads.isEmpty() && entry.heads != entry.base)
        heads = read(entry.heads, "main");
    if (base && !heads && base->has_heads) {
        if (base->has_weights) {
            entry.heads = entry.base;
        } else {
            std::swap(entry.base, entry.heads);
            heads.swap(base);
        }
    }
    if (heads && !base && !heads->base_models.empty()
        && !repositoryProblem(heads->base_models.front())) {
        base = read(toText(heads->base_models.front()), "main");
        entry.base = toText(heads->base_models.front());
    }
    JudgedPair judged;
    judged.endpoint = m_context->settings.endpoint;
    judged.base = base ? &*base : nullptr;
    judged.heads = heads ? &*heads : base && base->has_heads ? &*base : nullptr;
    if (judged.base && judged.heads)
        judged.verdict = judgePair(*judged.base, *judged.heads);
    if (judged.base) {
        if (m_devices.empty())
            m_devices = fitDevices();
        judged.fit = judgeFit(m_devices, *judged.base, judged.heads);
        judged.fits = judgeContexts(m_devices, *judged.base, judged.heads);
    }
    judged.disk = judgeDisk(judged.base ? *judged.base : *judged.heads,
        judged.base && judged.heads != judged.base ? judged.heads : nullptr,
        freeBytesAt(m_context->settings.cache));
    showJudged(entry, judged);
}

void HubAsker::test(const std::stop_token& stop)
{
    const HubSettings& settings = m_context->settings;
    try {
        QElapsedTimer clock;
        clock.start();
        SearchQuery query;
        query.limit = 1;
        auto once = std::make_shared<HttpContext>(*m_context); // a person waits: no second try
        once->settings.n_retries = 0;
        HubClient(once).search(query, stop);
        const QString seconds = QLocale().toString(double(clock.elapsed()) / 1000, 'f', 1);
        emit tested(settings.token.empty() ? tr("%1 answered in %2 s. No token: open models only.")
                                                 .arg(toText(settings.endpoint), seconds)
                : mayUseToken(settings) ? tr("%1 answered in %2 s and took the token.")
                                              .arg(toText(settings.endpoint), seconds)
                                        : tr("%1 answered in %2 s. The token is not sent there.")
                                              .arg(toText(settings.endpoint), seconds),
            true);
    } catch (const std::exception& error) {
        emit tested(failureOf(error).sentence, false);
    }
}

} // namespace gorgon
