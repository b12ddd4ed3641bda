// SPDX-License-Identifier: Apache-2.0
#include "core/eval/head_hits.h"

#include <algorithm>

namespace gorgon {

namespace {

constexpr double kPriorSamples = 2;
constexpr double kMostSamples = 1024; // then every count is halved
// What was seen lately counts most: texts and temperatures differ. Every sample takes so much from
// the weight of those before it, and all that is known counts as a few.
constexpr double kFading = 1.0 / 32;
constexpr double kKnownSamples = 4;
constexpr double kKeptAfterAnswer = 0.5;
constexpr double kFirstShare[kReportedRanks]
    = {0.6, 0.14, 0.06, 0.04, 0.025, 0.02, 0.015, 0.01, 0.01, 0.01};
constexpr double kNextHead = 0.85; // of the head before it

void scale(HeadHits& head, double factor)
{
    head.samples *= factor;
    for (double& hits : head.hits)
        hits *= factor;
}

} // namespace

HitCounter::HitCounter(int n_heads, std::vector<HeadHits> known)
    : m_heads(std::move(known))
{
    m_heads.resize(size_t(std::clamp(n_heads, 0, kMaxHeads)));
    m_recent.resize(m_heads.size());
    m_open.reserve(size_t(kMaxHeads) + 1);
}

void HitCounter::add(const DecodeStep& step)
{
    if (m_first < 0)
        m_first = step.position;
    m_text.insert(m_text.end(), step.tokens.begin(), step.tokens.end());
    if (step.n_ranks == kReportedRanks && !step.head_tokens.empty()) {
        Proposals& fresh = m_open.emplace_back();
        fresh.position = step.position;
        fresh.n_heads = int(std::min(step.head_tokens.size() / kReportedRanks, m_heads.size()));
        for (int head = 0; head < fresh.n_heads; head++)
            std::copy_n(step.head_tokens.begin() + std::ptrdiff_t(head) * kReportedRanks,
                kReportedRanks, fresh.tokens[size_t(head)].begin());
    }
    const int64_t end = m_first + int64_t(m_text.size());
    const auto ready = [&](const Proposals& each) { return each.position + each.n_heads < end; };
    for (const Proposals& each : m_open)
        if (ready(each))
            judge(each);
    std::erase_if(m_open, ready);
}

void HitCounter::endAnswer()
{
    for (const Proposals& each : m_open)
        judge(each);
    m_open.clear();
    m_text.clear();
    m_first = -1;
    for (HeadHits& head : m_recent)
        scale(head, kKeptAfterAnswer);
}

void HitCounter::forgetRecent()
{
    m_recent.assign(m_heads.size(), {});
}

void HitCounter::judge(const Proposals& proposals)
{
    for (int head = 0; head < proposals.n_heads; head++) {
        const int64_t at = proposals.position + 1 + head - m_first;
        if (at >= int64_t(m_text.size()))
            return;
        const auto& tokens = proposals.tokens[size_t(head)];
        const auto hit = std::find(tokens.begin(), tokens.end(), m_text[size_t(at)]);
        scale(m_recent[size_t(head)], 1 - kFading);
        for (HeadHits* const counts : {&m_heads[size_t(head)], &m_recent[size_t(head)]}) {
            counts->samples += 1;
            if (hit != tokens.end())
                counts->hits[size_t(hit - tokens.begin())] += 1;
        }
        if (hit == tokens.end())
            break;
    }
    if (!m_heads.empty() && m_heads.front().samples > kMostSamples)
        for (HeadHits& head : m_heads)
            scale(head, 0.5);
}

AccuracyRows HitCounter::shares() const
{
    AccuracyRows rows;
    double first = 1;
    for (size_t i = 0; i < m_heads.size(); i++) {
        const HeadHits &all = m_heads[i], &recent = m_recent[i];
        rows.emplace_back();
        for (size_t rank = 0; rank < size_t(kReportedRanks); rank++) {
            const double known = (all.hits[rank] + kPriorSamples * first * kFirstShare[rank])
                / (all.samples + kPriorSamples);
            rows.back().push_back(float(
                (recent.hits[rank] + kKnownSamples * known) / (recent.samples + kKnownSamples)));
        }
        first *= kNextHead;
    }
    return rows;
}

} // namespace gorgon
