// SPDX-License-Identifier: Apache-2.0
// Damaged variants of sound model folders, made from a seed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gorgon::tests {

/// One damaged folder.
struct Damage
{
    std::string what; // "offsets of lm_head.weight: [1, 2]"
    std::map<std::string, std::string> files; // name to bytes
    bool must_fail = true;
    std::vector<std::string> names; // the message holds one of these; empty: any message
};

/// Lengths, offsets, shapes, types and grammar of a safetensors header.
std::vector<Damage> damagedSafetensors(uint32_t seed);
/// An index of shards that does not tell the truth.
std::vector<Damage> damagedIndexes(uint32_t seed);
/// Pickles, storages and zip records of a torch archive.
std::vector<Damage> damagedArchives(uint32_t seed);
/// Every field of config.json beyond its bounds.
std::vector<Damage> damagedConfigs(uint32_t seed);
/// Any bytes of any file replaced, cut out or put in.
std::vector<Damage> randomDamage(uint32_t seed, int n);

} // namespace gorgon::tests
