// SPDX-License-Identifier: Apache-2.0
// kernels/cuda/runtime.h on the processor. Fresh memory is NaN.
#include "tests/kernels/cuda/runtime_emulated.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#include "kernels/cuda/runtime.h"

namespace gorgon::cuda {

namespace {

using Work = std::function<void()>;

struct Queue
{
    bool is_late = false;
    bool is_capturing = false; // as its stream
    std::vector<Work> waiting;
    std::vector<Work> captured;
};

constexpr std::align_val_t kAlignment{256};

/// The emulated device and all that is known of it.
struct Device
{
    std::recursive_mutex mutex;
    emulation::Promptness promptness = emulation::Promptness::at_once;
    emulation::Faults faults;
    emulation::Figures figures;
    uint64_t memory_bytes = uint64_t(8) << 30;
    bool is_lost = false;
    std::vector<Stream*> streams;
    std::map<const char*, size_t> pinned; // begin -> bytes
};
Device& device()
{
    static Device the_device;
    return the_device;
}

Queue& queueOf(const Stream& stream)
{
    return *static_cast<Queue*>(stream.handle());
}

bool strikes(int64_t& countdown)
{
    return countdown > 0 && --countdown == 0;
}

bool isPinned(const void* data)
{
    const auto* const at = static_cast<const char*>(data);
    auto found = device().pinned.upper_bound(at);
    if (found == device().pinned.begin())
        return false;
    --found;
    return at < found->first + found->second;
}

void drain(Stream& stream)
{
    Queue& queue = queueOf(stream);
    std::vector<Work> work;
    work.swap(queue.waiting);
    for (const Work& one : work)
        if (stream.error().empty())
            one();
}

void enqueue(Stream& stream, Work work)
{
    Queue& queue = queueOf(stream);
    if (queue.is_capturing)
        queue.captured.push_back(std::move(work));
    else if (!stream.error().empty())
        return;
    else if (queue.is_late)
        queue.waiting.push_back(std::move(work));
    else
        work();
}

void runKernel(Stream& stream, const emulation::LaunchShape& shape, const Work& thread)
{
    if (device().is_lost || strikes(device().faults.kernel)) {
        device().is_lost = true;
        stream.fail("wait for the device: an illegal memory access was encountered", true);
        return;
    }
    device().figures.n_kernels++;
    emulation::runGrid(shape, thread);
}

bool refusesLaunch(Stream& stream, const char* what)
{
    device().figures.n_launches++;
    if (!device().is_lost && !strikes(device().faults.launch))
        return false;
    stream.fail(std::string(what) + ": too many resources requested for launch", device().is_lost);
    return true;
}

bool refusesCopy(Stream& stream, const char* what)
{
    device().figures.n_copies++;
    if (!device().is_lost && !strikes(device().faults.copy))
        return false;
    stream.fail(std::string(what) + ": unspecified launch failure", device().is_lost);
    return true;
}

void* allocateAny(size_t bytes)
{
    const std::scoped_lock lock(device().mutex);
    device().figures.n_allocations++;
    if (device().is_lost || strikes(device().faults.refusal))
        throw DeviceError("find " + std::to_string(bytes)
            + " bytes of memory: an illegal memory access was encountered "
              "(cudaErrorIllegalAddress)");
    if (strikes(device().faults.allocation))
        throw std::bad_alloc();
    void* const data = ::operator new(std::max<size_t>(bytes, 1), kAlignment);
    std::memset(data, 0xFF, bytes);
    device().figures.live_allocations++;
    return data;
}

void releaseAny(void* data)
{
    const std::scoped_lock lock(device().mutex);
    for (Stream* stream : device().streams)
        drain(*stream);
    device().figures.live_allocations--;
    ::operator delete(data, kAlignment);
}

} // namespace

namespace emulation {

void enqueueWork(Stream& stream, std::function<void()> work)
{
    const std::scoped_lock lock(device().mutex);
    device().figures.n_library_calls++;
    if (!refusesLaunch(stream, "call a library"))
        enqueue(stream, std::move(work));
}

void setPromptness(Promptness promptness)
{
    device().promptness = promptness;
}

Faults& faults()
{
    return device().faults;
}

Figures& figures()
{
    return device().figures;
}

void setDeviceMemory(uint64_t memory_bytes)
{
    device().memory_bytes = memory_bytes;
}

void reviveDevice()
{
    device().is_lost = false;
}

} // namespace emulation

DeviceCount countDevices()
{
    return {1, {}};
}

DeviceFacts readDevice(int)
{
    DeviceFacts facts;
    facts.name = "Emulated device";
    facts.id = "GPU-00000000-0000-0000-0000-000000000000";
    facts.capability = 90;
    facts.n_multiprocessors = 4;
    facts.total_bytes = device().memory_bytes;
    facts.cache_bytes = 1 << 20;
    facts.shared_bytes = kSharedOfEvery;
    if (device().is_lost)
        facts.reason
            = "it failed before (an illegal memory access was encountered), restart Gorgon "
              "to use it again";
    facts.free_bytes = freeDeviceMemory();
    return facts;
}

void useDevice(int) { }

uint64_t freeDeviceMemory()
{
    const std::scoped_lock lock(device().mutex);
    return device().memory_bytes - std::min(device().memory_bytes, device().figures.live_bytes);
}

Stream::Stream()
{
    const std::scoped_lock lock(gorgon::cuda::device().mutex);
    auto* const queue = new Queue;
    queue->is_late = device().promptness == emulation::Promptness::late;
    m_handle = queue;
    device().streams.push_back(this);
}

Stream::~Stream()
{
    const std::scoped_lock lock(device().mutex);
    std::erase(device().streams, this);
    delete static_cast<Queue*>(m_handle);
}

void Stream::synchronize()
{
    const std::scoped_lock lock(device().mutex);
    drain(*this);
    if (device().is_lost)
        fail("wait for the device: an illegal memory access was encountered", true);
}

void Stream::waitFor(const volatile uint32_t* word, uint32_t value)
{
    synchronize();
    if (error().empty() && *word != value)
        fail("wait for the device: it is done, and a result is missing");
}

bool Stream::beginCapture(std::string& problem)
{
    if (strikes(device().faults.begin_capture)) {
        problem = "begin a graph: out of memory";
        return false;
    }
    m_is_capturing = queueOf(*this).is_capturing = true;
    m_capture_error.clear();
    queueOf(*this).captured.clear();
    return true;
}

Graph Stream::endCapture(std::string& problem)
{
    Queue& queue = queueOf(*this);
    device().figures.n_captures++;
    if (device().is_lost || strikes(device().faults.capture))
        fail("make a graph: out of memory");
    m_is_capturing = queue.is_capturing = false;
    if (!m_capture_error.empty()) {
        queue.captured.clear();
        problem = m_capture_error;
        return Graph(nullptr, [](void*) {});
    }
    return Graph(new std::vector<Work>(std::move(queue.captured)),
        [](void* graph) { delete static_cast<std::vector<Work>*>(graph); });
}

void Stream::replay(const Graph& graph)
{
    const std::scoped_lock lock(device().mutex);
    device().figures.n_replays++;
    if (refusesLaunch(*this, "launch a graph"))
        return;
    for (const Work& work : *static_cast<const std::vector<Work>*>(graph.get()))
        enqueue(*this, work);
}

void* allocateDevice(size_t bytes)
{
    if (bytes > freeDeviceMemory())
        throw std::bad_alloc();
    void* const data = allocateAny(bytes);
    device().figures.live_bytes += bytes;
    return data;
}

void releaseDevice(void* data, size_t bytes)
{
    releaseAny(data);
    device().figures.live_bytes -= bytes;
}

void* allocatePinned(size_t bytes)
{
    void* const data = allocateAny(bytes);
    const std::scoped_lock lock(device().mutex);
    device().pinned[static_cast<const char*>(data)] = bytes;
    return data;
}

void releasePinned(void* data, size_t)
{
    const std::scoped_lock lock(device().mutex);
    releaseAny(data);
    device().pinned.erase(static_cast<const char*>(data));
}

void copyToDevice(Stream& stream, void* to, const void* from, size_t bytes)
{
    const std::scoped_lock lock(device().mutex);
    if (refusesCopy(stream, "copy to the device"))
        return;
    enqueue(stream, [to, from, bytes] { std::memcpy(to, from, bytes); });
    if (!isPinned(from))
        drain(stream);
}

void copyToHost(Stream& stream, void* to, const void* from, size_t bytes)
{
    const std::scoped_lock lock(device().mutex);
    if (refusesCopy(stream, "copy from the device"))
        return;
    enqueue(stream, [to, from, bytes] { std::memcpy(to, from, bytes); });
}

void fillZero(Stream& stream, void* data, size_t bytes)
{
    const std::scoped_lock lock(device().mutex);
    if (refusesCopy(stream, "clear memory"))
        return;
    enqueue(stream, [data, bytes] { std::memset(data, 0, bytes); });
}

void launchEmulated(Stream& stream, const emulation::LaunchShape& shape, Work thread)
{
    const std::scoped_lock lock(device().mutex);
    if (refusesLaunch(stream, "launch a kernel"))
        return;
    enqueue(
        stream, [&stream, shape, thread = std::move(thread)] { runKernel(stream, shape, thread); });
}

} // namespace gorgon::cuda
