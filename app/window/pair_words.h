// SPDX-License-Identifier: GPL-3.0-or-later
// Pairs of base and heads as the window shows them: from the catalogue, from a search, and judged
// by what the hub told of their files.
#pragma once

#include "core/hub/hub_client.h"
#include "core/hub/model_catalog.h"
#include "core/hub/model_facts.h"
#include "core/pairs/pair_values.h"
#include "ui/models/hub_values.h"

namespace gorgon {

QVector<PairEntry> catalogEntries(const ModelCatalog& catalog);
/// With the other half where the catalogue knows it.
PairEntry entryFor(const QString& repository, const ModelCatalog& catalog);
PairEntry foundEntry(const FoundModel& model, const ModelCatalog& catalog);

struct JudgedPair
{
    const ModelFacts* base = nullptr;
    const ModelFacts* heads = nullptr; // the base itself for a full model
    PairVerdict verdict; // where there are both
    PairFit fit; // where there is a base, with the context that loading takes
    std::vector<PairFit> fits; // with each length of it
    DiskFit disk;
    std::string endpoint;
};
/// What is known after the hub was asked.
void showJudged(PairEntry& entry, const JudgedPair& judged);

} // namespace gorgon
