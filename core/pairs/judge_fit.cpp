// SPDX-License-Identifier: Apache-2.0
#include "core/pairs/judge_fit.h"

#include <algorithm>
#include <exception>
#include <set>

#include "core/model/available_memory.h"
#include "core/model/file_error.h"
#include "core/model/memory_plan.h"
#include "core/pairs/remote_pair.h"
#include "kernels/accelerators.h"

namespace gorgon {

namespace {

struct WeightFormat
{
    const char* name;
    std::optional<DType> dtype; // nothing: as stored
};
constexpr WeightFormat kFormats[]
    = {{"native", {}}, {"bf16", DType::bf16}, {"q8", DType::q8}, {"q4", DType::q4}};

Fit fitOf(uint64_t bytes, uint64_t free_bytes)
{
    if (bytes > free_bytes)
        return Fit::lacks;
    return bytes > free_bytes - free_bytes / 10 ? Fit::tight : Fit::fits;
}

/// What is judged of a pair, whatever the device.
struct Pair
{
    RemoteBase base;
    std::optional<StoredHeads> heads;
    int64_t context = 0;
};

Pair readPair(const ModelFacts& base, const ModelFacts* heads, int64_t context)
{
    Pair pair;
    pair.base = readRemoteBase(base);
    const int64_t supported = supportedContext(pair.base.config);
    pair.context = context > 0 ? std::min(context, supported) : defaultContext(pair.base.config);
    if (!heads)
        return pair;
    RemoteHeads remote = readRemoteHeads(*heads);
    pair.heads = remote.heads ? std::move(remote.heads)
                              : headsOfSize(remote.file_bytes, pair.base.config, remote.stated);
    if (!pair.heads)
        failFile(heads->repository,
            "heads for " + base.repository + " were expected, no number of them makes up a file of "
                + bytesText(remote.file_bytes) + "; choose heads that were made for it");
    if (const std::string mismatch = headsMismatch(*pair.heads, pair.base.config);
        !mismatch.empty())
        failFile(heads->repository, "the heads do not fit the model: " + mismatch);
    return pair;
}

FormatFit judgeFormat(
    Backend& backend, const Pair& pair, const WeightFormat& format, uint64_t free_bytes)
{
    const ModelConfig& config = pair.base.config;
    LoadPlan plan = planModel(config, *pair.base.checkpoint, format.dtype);
    if (pair.base.packed && !format.dtype)
        holdAs(plan, pair.base.packed, pair.base.packed_dtype);
    if (pair.heads)
        planHeads(plan, *pair.heads, {});
    const DType cache = cacheType(backend, {}, plan.dtype, config);
    MemoryNeed need = memoryNeed(backend, config, plan, cache, pair.context);
    if (!backend.freeMemory()) // of main memory nothing is set aside
        need.reserve = 0;
    FormatFit result;
    result.weights = format.name;
    const std::string in = std::string(" in ") + dtypeName(plan.dtype);
    result.lines.push_back({"base model" + in, need.weights});
    if (pair.heads)
        result.lines.push_back(
            {std::to_string(plan.heads.size()) + (plan.heads.size() == 1 ? " head" : " heads")
                    + " in " + dtypeName(plan.head_dtype),
                need.heads});
    result.lines.push_back(
        {"keys and values of " + std::to_string(pair.context) + " positions in " + dtypeName(cache),
            need.cache});
    result.lines.push_back({"to work with", need.toWorkWith()});
    result.bytes = need.total();
    result.fit = fitOf(result.bytes, free_bytes);
    return result;
}

/// What is free on each device, asked where it is not given; nothing where nobody knows.
std::vector<FitDevice> measured(std::vector<FitDevice> devices)
{
    for (FitDevice& device : devices) {
        if (!device.free_bytes)
            device.free_bytes = device.backend->freeMemory();
        if (!device.free_bytes)
            device.free_bytes = availableMemory();
    }
    return devices;
}

DeviceFit judgeDevice(const FitDevice& device, const Pair& pair)
{
    DeviceFit result;
    Backend& backend = *device.backend;
    result.device = backend.name();
    result.description = backend.description();
    const std::optional<uint64_t> free_bytes = device.free_bytes;
    result.free_bytes = free_bytes.value_or(0);
    for (const WeightFormat& format : kFormats) {
        FormatFit fit = judgeFormat(backend, pair, format, result.free_bytes);
        if (!free_bytes)
            fit.fit = Fit::unknown;
        result.formats.push_back(std::move(fit));
    }
    for (const Fit wanted : {Fit::fits, Fit::tight})
        for (size_t i = 0; i < result.formats.size() && result.best < 0; ++i)
            if (result.formats[i].fit == wanted)
                result.best = int(i);
    return result;
}

void summarize(PairFit& pair)
{
    const DeviceFit* best = nullptr;
    for (const Fit wanted : {Fit::fits, Fit::tight})
        for (const DeviceFit& device : pair.devices)
            if (!best && device.best >= 0 && device.formats[size_t(device.best)].fit == wanted) {
                best = &device;
                pair.fit = wanted;
            }
    if (best) {
        const FormatFit& format = best->formats[size_t(best->best)];
        pair.sentence = format.weights + (pair.fit == Fit::fits ? " fits on " : " is tight on ")
            + best->device + ": " + bytesText(format.bytes) + " of " + bytesText(best->free_bytes)
            + " free.";
        return;
    }
    const auto known = std::find_if(pair.devices.begin(), pair.devices.end(),
        [](const DeviceFit& device) { return device.formats.front().fit == Fit::lacks; });
    if (known == pair.devices.end()) {
        pair.sentence = "How much memory is free is not known.";
        return;
    }
    // The device that comes nearest, in the format that needs least.
    const auto least = [](const DeviceFit& device) {
        return *std::min_element(device.formats.begin(), device.formats.end(),
            [](const FormatFit& a, const FormatFit& b) { return a.bytes < b.bytes; });
    };
    const DeviceFit* nearest = &*known;
    for (const DeviceFit& device : pair.devices)
        if (device.free_bytes > nearest->free_bytes)
            nearest = &device;
    const FormatFit smallest = least(*nearest);
    pair.fit = Fit::lacks;
    pair.sentence = "Even " + smallest.weights + " needs " + bytesText(smallest.bytes) + ", "
        + bytesText(smallest.bytes - nearest->free_bytes) + " more than is free on "
        + nearest->device + "; choose a smaller model or a shorter context.";
}

PairFit judgePlaces(const std::vector<FitDevice>& devices, const Pair& pair)
{
    PairFit result;
    result.context = pair.context;
    result.max_context = supportedContext(pair.base.config);
    result.n_heads = pair.heads ? int(pair.heads->heads.size()) : 0;
    for (const FitDevice& device : devices)
        result.devices.push_back(judgeDevice(device, pair));
    summarize(result);
    return result;
}

PairFit unjudged(const std::exception& problem)
{
    PairFit result;
    result.problem = result.sentence = problem.what();
    return result;
}

} // namespace

std::vector<FitDevice> fitDevices()
{
    std::vector<FitDevice> devices;
    for (const Accelerator& accelerator : listAccelerators()) {
        if (!accelerator.is_usable)
            continue;
        try {
            devices.push_back({chooseBackend(accelerator.name, {}).backend, {}});
        } catch (const std::exception&) {
            // It went away since it was listed; the processor is judged in any case.
        }
    }
    devices.push_back({makeCpuBackend({}), {}});
    return devices;
}

PairFit judgeFit(const std::vector<FitDevice>& devices, const ModelFacts& base,
    const ModelFacts* heads, int64_t context)
{
    try {
        return judgePlaces(measured(devices), readPair(base, heads, context));
    } catch (const std::exception& problem) {
        return unjudged(problem);
    }
}

std::vector<int64_t> contextChoices(int64_t max_context)
{
    std::vector<int64_t> choices;
    for (int64_t n = 1024; n < max_context && n <= int64_t(1) << 40; n *= 2)
        choices.push_back(n);
    if (max_context > 0)
        choices.push_back(max_context);
    return choices;
}

std::vector<PairFit> judgeContexts(const std::vector<FitDevice>& devices, const ModelFacts& base,
    const ModelFacts* heads, const std::vector<int64_t>& contexts)
{
    try {
        Pair pair = readPair(base, heads, 0);
        const int64_t most = supportedContext(pair.base.config);
        std::set<int64_t> lengths;
        for (const int64_t context : contexts.empty() ? contextChoices(most) : contexts)
            lengths.insert(context > 0 ? std::min(context, most) : pair.context);
        const std::vector<FitDevice> places = measured(devices);
        std::vector<PairFit> results;
        for (const int64_t context : lengths) {
            pair.context = context;
            results.push_back(judgePlaces(places, pair));
        }
        return results;
    } catch (const std::exception& problem) {
        return {unjudged(problem)};
    }
}

DiskFit judgeDisk(const ModelFacts& base, const ModelFacts* heads, uint64_t free_bytes)
{
    DiskFit result;
    result.free_bytes = free_bytes;
    const auto add = [&](const ModelFacts& facts) {
        result.missing_bytes += facts.missingBytes();
        result.lines.push_back({facts.repository, facts.missingBytes()});
    };
    add(base);
    if (heads && heads->repository != base.repository)
        add(*heads);
    if (!base.unread.empty() || (heads && !heads->unread.empty())) {
        result.sentence = base.unread.empty() ? heads->unread : base.unread;
        return result;
    }
    result.fit = fitOf(result.missing_bytes, free_bytes);
    result.sentence = result.missing_bytes == 0 ? "Nothing is missing: all of it is on the disk."
                                                : bytesText(result.missing_bytes)
            + " still to be fetched, " + bytesText(free_bytes) + " free on the disk"
            + (result.fit == Fit::lacks
                    ? "; free " + bytesText(result.missing_bytes - free_bytes) + " first."
                    : ".");
    return result;
}

} // namespace gorgon
