// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/runtime.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <new>

#include <cuda_runtime.h>

#include "kernels/cuda/device_reasons.h"

namespace gorgon::cuda {

namespace {

constexpr size_t kSharedWithoutAsking = 48 << 10;
constexpr int kProbeAnswer = 20241121;
constexpr auto kPollFor = std::chrono::microseconds(50);

thread_local int current_device = -1; // -1: not known

/// What devices of this process were lost by, by number.
struct LostDevices
{
    std::mutex mutex;
    std::map<int, std::string> reasons;
};
LostDevices& lostDevices()
{
    static LostDevices lost;
    return lost;
}

/// Whether an error stays: it comes with every later call, until the process ends. Noted then.
bool isLasting(const char* reason)
{
    size_t free_bytes = 0, total_bytes = 0;
    if (cudaMemGetInfo(&free_bytes, &total_bytes) == cudaSuccess)
        return false;
    (void)cudaGetLastError();
    const std::scoped_lock lock(lostDevices().mutex);
    lostDevices().reasons.emplace(current_device, reason);
    return true;
}

/// Keeps an error with the stream, and leaves none for the next call.
void note(Stream& stream, cudaError_t code, const char* what)
{
    if (code == cudaSuccess)
        return;
    (void)cudaGetLastError();
    const char* const reason = cudaGetErrorString(code);
    stream.fail(std::string(what) + ": " + reason, isLasting(reason));
}

/// Throws for what an allocation answers.
void throwUnlessSuccess(cudaError_t code, size_t bytes)
{
    if (code == cudaSuccess)
        return;
    (void)cudaGetLastError(); // is not left for the next call
    if (code == cudaErrorMemoryAllocation)
        throw std::bad_alloc();
    const char* const reason = cudaGetErrorString(code);
    throw DeviceError("find " + std::to_string(bytes) + " bytes of memory: " + reason + " ("
        + cudaGetErrorName(code) + ")"
        + (isLasting(reason) ? "; it computes again once Gorgon was restarted" : ""));
}

cudaStream_t queueOf(const Stream& stream)
{
    return static_cast<cudaStream_t>(stream.handle());
}

/// "535.104.05" from the kernel module's own words; "" where it does not say.
std::string driverVersion()
{
    std::ifstream in("/proc/driver/nvidia/version");
    std::string word;
    while (in >> word)
        if (word.find('.') != std::string::npos
            && word.find_first_not_of("0123456789.") == std::string::npos)
            return word;
    return {};
}

DriverAnswer answerOf(cudaError_t code)
{
    switch (code) {
    case cudaSuccess:
        return DriverAnswer::success;
    case cudaErrorMemoryAllocation:
        return DriverAnswer::no_memory;
    case cudaErrorNoDevice:
        return DriverAnswer::no_device;
    case cudaErrorInsufficientDriver:
        return DriverAnswer::old_driver;
    case cudaErrorNoKernelImageForDevice:
        return DriverAnswer::no_code;
    default:
        return DriverAnswer::other;
    }
}

DriverVersions driverVersions()
{
    DriverVersions versions;
    (void)cudaDriverGetVersion(&versions.known);
    versions.needed = CUDART_VERSION;
    versions.installed = driverVersion();
    return versions;
}

std::string idOf(const cudaUUID_t& uuid)
{
    std::string id = "GPU-";
    for (int i = 0; i < 16; i++) {
        char text[4];
        std::snprintf(text, sizeof text, "%02x", unsigned(uuid.bytes[i]) & 0xFFU);
        id += text;
        if (i == 3 || i == 5 || i == 7 || i == 9)
            id += '-';
    }
    return id;
}

__global__ void probeKernel(int* value)
{
    *value = kProbeAnswer;
}

/// Why kernels do not run on the device in use; "": they do.
std::string probe(int capability)
{
    int* value = nullptr;
    int answer = 0;
    cudaError_t code = cudaMalloc(&value, sizeof *value);
    if (code == cudaSuccess) {
        void* arguments[] = {&value};
        code = cudaLaunchKernel(
            reinterpret_cast<const void*>(probeKernel), dim3(1), dim3(1), arguments, 0, nullptr);
        if (code == cudaSuccess)
            code = cudaMemcpy(&answer, value, sizeof answer, cudaMemcpyDeviceToHost);
        (void)cudaFree(value);
    }
    (void)cudaGetLastError();
    return probeReason(
        answerOf(code), answer == kProbeAnswer, capability, cudaGetErrorString(code));
}

} // namespace

DeviceCount countDevices()
{
    DeviceCount count;
    const cudaError_t code = cudaGetDeviceCount(&count.n);
    if (code != cudaSuccess || count.n == 0) {
        (void)cudaGetLastError();
        count = {0, noDeviceReason(answerOf(code), driverVersions(), cudaGetErrorString(code))};
    }
    return count;
}

DeviceFacts readDevice(int device)
{
    DeviceFacts facts;
    cudaDeviceProp properties{};
    if (const cudaError_t code = cudaGetDeviceProperties(&properties, device); code != cudaSuccess)
    {
        facts.name = "device " + std::to_string(device);
        facts.reason = openReason(answerOf(code), cudaGetErrorString(code));
        return facts;
    }
    facts.name = properties.name;
    facts.id = idOf(properties.uuid);
    facts.capability = properties.major * 10 + properties.minor;
    facts.n_multiprocessors = properties.multiProcessorCount;
    facts.total_bytes = properties.totalGlobalMem;
    facts.cache_bytes = uint64_t(properties.l2CacheSize);
    facts.shared_bytes = properties.sharedMemPerBlockOptin;
    facts.reason = capabilityReason(facts.capability);
    if (!facts.reason.empty())
        return facts;
    {
        const std::scoped_lock lock(lostDevices().mutex);
        if (const auto lost = lostDevices().reasons.find(device);
            lost != lostDevices().reasons.end()) {
            facts.reason
                = "it failed before (" + lost->second + "), restart Gorgon to use it again";
            return facts;
        }
    }
    size_t free_bytes = 0, total_bytes = 0;
    current_device = -1;
    cudaError_t code = cudaSetDevice(device);
    if (code == cudaSuccess) {
        current_device = device;
        code = cudaMemGetInfo(&free_bytes, &total_bytes);
    }
    if (code != cudaSuccess) {
        (void)cudaGetLastError();
        facts.reason = openReason(answerOf(code), cudaGetErrorString(code));
        return facts;
    }
    facts.free_bytes = free_bytes;
    facts.reason = probe(facts.capability);
    return facts;
}

void useDevice(int device)
{
    if (current_device == device)
        return;
    if (cudaSetDevice(device) == cudaSuccess)
        current_device = device;
    else
        (void)cudaGetLastError(); // what is enqueued next says so
}

int deviceInUse()
{
    return current_device;
}

int deviceOf(const void* data)
{
    cudaPointerAttributes attributes{};
    if (cudaPointerGetAttributes(&attributes, data) == cudaSuccess)
        return attributes.device;
    (void)cudaGetLastError();
    return -1;
}

uint64_t freeDeviceMemory()
{
    size_t free_bytes = 0, total_bytes = 0;
    if (cudaMemGetInfo(&free_bytes, &total_bytes) != cudaSuccess)
        (void)cudaGetLastError();
    return free_bytes;
}

Stream::Stream()
{
    cudaStream_t queue = nullptr;
    note(*this, cudaStreamCreateWithFlags(&queue, cudaStreamNonBlocking), "make a stream");
    m_handle = queue;
}

Stream::~Stream()
{
    if (m_handle)
        cudaStreamDestroy(static_cast<cudaStream_t>(m_handle));
}

void Stream::synchronize()
{
    note(*this, cudaStreamSynchronize(queueOf(*this)), "wait for the device");
}

void Stream::waitFor(const volatile uint32_t* word, uint32_t value)
{
    const auto start = std::chrono::steady_clock::now();
    while (m_error.empty() && *word != value)
        if (std::chrono::steady_clock::now() - start > kPollFor) {
            synchronize();
            if (m_error.empty() && *word != value)
                fail("wait for the device: it is done, and a result is missing");
        }
    std::atomic_thread_fence(std::memory_order_acquire); // what lies before the word came first
}

bool Stream::beginCapture(std::string& problem)
{
    m_is_capturing = true;
    m_capture_error.clear();
    // note: relaxed, since the first launch of a kernel loads its code.
    note(*this, cudaStreamBeginCapture(queueOf(*this), cudaStreamCaptureModeRelaxed),
        "begin a graph");
    if (!m_capture_error.empty())
        m_is_capturing = false;
    problem = m_capture_error;
    return m_is_capturing;
}

Graph Stream::endCapture(std::string& problem)
{
    Graph none(nullptr, [](void*) {});
    cudaGraph_t captured = nullptr;
    cudaGraphExec_t graph = nullptr;
    note(*this, cudaStreamEndCapture(queueOf(*this), &captured), "end a graph");
    if (captured && m_capture_error.empty())
        note(*this, cudaGraphInstantiate(&graph, captured, 0), "make a graph");
    if (captured)
        (void)cudaGraphDestroy(captured);
    m_is_capturing = false;
    if (!m_capture_error.empty()) {
        problem = m_capture_error;
        return none;
    }
    return Graph(
        graph, [](void* exec) { (void)cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(exec)); });
}

void Stream::replay(const Graph& graph)
{
    note(*this, cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph.get()), queueOf(*this)),
        "launch a graph");
}

void* allocateDevice(size_t bytes)
{
    void* data = nullptr;
    throwUnlessSuccess(cudaMalloc(&data, std::max<size_t>(bytes, 1)), bytes);
    return data;
}

void releaseDevice(void* data, size_t)
{
    if (cudaFree(data) != cudaSuccess)
        (void)cudaGetLastError(); // the device is lost; nothing is to be had back
}

void* allocatePinned(size_t bytes)
{
    void* data = nullptr;
    throwUnlessSuccess(
        cudaHostAlloc(&data, bytes, cudaHostAllocPortable | cudaHostAllocMapped), bytes);
    return data;
}

void releasePinned(void* data, size_t)
{
    if (cudaFreeHost(data) != cudaSuccess)
        (void)cudaGetLastError();
}

void copyToDevice(Stream& stream, void* device, const void* host, size_t bytes)
{
    note(stream, cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, queueOf(stream)),
        "copy to the device");
}

void copyToHost(Stream& stream, void* host, const void* device, size_t bytes)
{
    note(stream, cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, queueOf(stream)),
        "copy from the device");
}

void fillZero(Stream& stream, void* device, size_t bytes)
{
    note(stream, cudaMemsetAsync(device, 0, bytes, queueOf(stream)), "clear memory");
}

namespace {

/// Raised, never lowered: the limit is the kernel's, and graphs and other threads launch it with
/// other sizes.
void allowShared(Stream& stream, const void* kernel, size_t bytes)
{
    static std::mutex mutex;
    static std::map<std::pair<int, const void*>, size_t> allowed;
    const std::scoped_lock lock(mutex);
    int device = 0;
    (void)cudaGetDevice(&device);
    size_t& most = allowed[{device, kernel}];
    if (bytes <= most)
        return;
    const cudaError_t code
        = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(bytes));
    if (code == cudaSuccess)
        most = bytes;
    note(stream, code, "ask for shared memory");
}

/// Whether the kernel's code for the device in use waits for its predecessor: what was compiled for
/// less than 9.0, and translated by the driver, does not.
bool mayStartEarly(const void* kernel)
{
    static const bool is_wanted = [] {
        const char* const value = std::getenv("GORGON_CUDA_EARLY");
        return !value || std::string(value) != "0";
    }();
    if (!is_wanted)
        return false;
    static std::mutex mutex;
    static std::map<std::pair<int, const void*>, bool> known;
    const std::scoped_lock lock(mutex);
    int device = 0;
    (void)cudaGetDevice(&device);
    const auto [found, is_new] = known.emplace(std::pair(device, kernel), false);
    cudaFuncAttributes attributes{};
    if (is_new && cudaFuncGetAttributes(&attributes, kernel) == cudaSuccess)
        found->second = attributes.ptxVersion >= 90 && attributes.binaryVersion >= 90;
    return found->second;
}

} // namespace

void launchKernel(Start start, Stream& stream, const void* kernel, int grid, int block,
    size_t shared_bytes, void** arguments)
{
    if (shared_bytes > kSharedWithoutAsking)
        allowShared(stream, kernel, shared_bytes);
    cudaLaunchAttribute early{};
    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(unsigned(grid));
    config.blockDim = dim3(unsigned(block));
    config.dynamicSmemBytes = shared_bytes;
    config.stream = queueOf(stream);
    config.attrs = &early;
    config.numAttrs = start == Start::early && mayStartEarly(kernel) ? 1 : 0;
    note(stream, cudaLaunchKernelExC(&config, kernel, arguments), "launch a kernel");
}

} // namespace gorgon::cuda
