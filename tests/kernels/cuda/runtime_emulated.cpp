// SPDX-License-Identifier: Apache-2.0
// kernels/cuda/runtime.h on the processor. Fresh memory is NaN.
#include "tests/kernels/cuda/runtime_emulated.h"

#include <algorithm>
#include <cstdlib>
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

thread_local int current_device = -1;

/// Programs in their tests get a small device by the environment.
uint64_t memoryOfDevice()
{
    const char* const bytes = std::getenv("GORGON_EMULATED_DEVICE_BYTES");
    return bytes ? std::strtoull(bytes, nullptr, 10) : emulation::kDeviceBytes;
}

/// The emulated device and all that is known of it.
struct Device
{
    std::recursive_mutex mutex;
    emulation::Promptness promptness = emulation::Promptness::at_once;
    emulation::Faults faults;
    emulation::Figures figures;
    emulation::Answers answers;
    uint64_t memory_bytes = memoryOfDevice();
    bool is_lost = false;
    std::vector<Stream*> streams;
    std::map<const char*, size_t> pinned; // begin -> bytes
    std::map<const void*, int> owners; // the number that was in use
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
    device().owners[data] = std::max(current_device, 0);
    return data;
}

void releaseAny(void* data)
{
    const std::scoped_lock lock(device().mutex);
    for (Stream* stream : device().streams)
        drain(*stream);
    device().figures.live_allocations--;
    if (device().owners.extract(data).mapped() != std::max(current_device, 0))
        device().figures.n_misplaced++;
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

Answers& answers()
{
    return device().answers;
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
    const emulation::Answers& answers = device().answers;
    if (answers.count == DriverAnswer::success && answers.n_devices > 0)
        return {answers.n_devices, {}};
    return {0, noDeviceReason(answers.count, answers.driver, answers.words)};
}

DeviceFacts readDevice(int number)
{
    const emulation::Answers& answers = device().answers;
    DeviceFacts facts;
    facts.name = "Emulated device";
    facts.id = "GPU-00000000-0000-0000-0000-00000000000" + std::to_string(number);
    facts.capability = answers.capability;
    facts.n_multiprocessors = 4;
    facts.total_bytes = device().memory_bytes;
    facts.cache_bytes = 1 << 20;
    facts.shared_bytes = kSharedOfEvery;
    facts.reason = capabilityReason(facts.capability);
    if (!facts.reason.empty())
        return facts;
    if (device().is_lost)
        facts.reason
            = "it failed before (an illegal memory access was encountered), restart Gorgon "
              "to use it again";
    facts.free_bytes = freeDeviceMemory();
    current_device = number;
    if (facts.reason.empty())
        facts.reason = openReason(answers.open, answers.words);
    if (facts.reason.empty())
        facts.reason
            = probeReason(answers.probe, answers.is_probe_right, facts.capability, answers.words);
    return facts;
}

void useDevice(int number)
{
    current_device = number;
}

int deviceInUse()
{
    return current_device;
}

int deviceOf(const void* data)
{
    const std::scoped_lock lock(device().mutex);
    const auto found = device().owners.find(data);
    return found != device().owners.end() ? found->second : -1;
}

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
