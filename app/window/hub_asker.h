// SPDX-License-Identifier: GPL-3.0-or-later
// The thread that asks the hub: searches, what a pair holds and needs, whether the hub answers.
#pragma once

#include "core/hub/hub_client.h"
#include "core/pairs/judge_fit.h"
#include "ui/models/hub_values.h"

#include <QObject>

#include <memory>
#include <optional>
#include <stop_token>

namespace gorgon {

class HubAsker : public QObject
{
    Q_OBJECT

public:
    explicit HubAsker();
    ~HubAsker() override;

public slots:
    void configure(const std::shared_ptr<const gorgon::HttpContext>& context);
    /// Words, or an address, which is looked at like a pair.
    void search(const QString& text, const std::stop_token& stop);
    void more(const std::stop_token& stop);
    void check(const gorgon::PairEntry& entry, const std::stop_token& stop);
    /// Sorts by what this computer can run; opens its devices and sends nothing.
    void rank(const QVector<gorgon::PairEntry>& entries);
    void test(const std::stop_token& stop);

signals:
    void found(const QVector<gorgon::PairEntry>& entries, bool is_more, bool has_next);
    void searchFailed(const gorgon::HubFailure& failure);
    void entryKnown(const QString& key, const gorgon::PairEntry& entry);
    /// computer: "cuda:0, 12.1 GB free".
    void catalogRanked(const QVector<gorgon::PairEntry>& entries, const QString& computer);
    void tested(const QString& sentence, bool works);

private:
    HubClient& client();
    void judge(PairEntry& entry, const std::stop_token& stop);

    std::shared_ptr<const HttpContext> m_context;
    std::unique_ptr<HubClient> m_client;
    std::vector<FitDevice> m_devices; // opened for the first pair that is judged
    std::string m_next; // of the search
};

} // namespace gorgon
