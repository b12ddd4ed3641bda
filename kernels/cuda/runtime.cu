// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/runtime.h"

#include <new>

#include <cuda_runtime.h>

namespace gorgon::cuda {

namespace {

constexpr size_t kSharedWithoutAsking = 48 << 10;

void note(Stream& stream, cudaError_t code, const char* what)
{
    if (code != cudaSuccess)
        stream.fail(std::string(what) + ": " + cudaGetErrorString(code));
}

cudaStream_t queueOf(const Stream& stream)
{
    return static_cast<cudaStream_t>(stream.handle());
}

} // namespace

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

void* allocateDevice(size_t bytes)
{
    void* data = nullptr;
    if (cudaMalloc(&data, bytes) != cudaSuccess) {
        (void)cudaGetLastError(); // is not left for the next call
        throw std::bad_alloc();
    }
    return data;
}

void releaseDevice(void* data, size_t)
{
    cudaFree(data);
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

void launchKernel(
    Stream& stream, const void* kernel, int grid, int block, size_t shared_bytes, void** arguments)
{
    if (shared_bytes > kSharedWithoutAsking)
        note(stream,
            cudaFuncSetAttribute(
                kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(shared_bytes)),
            "ask for shared memory");
    note(stream,
        cudaLaunchKernel(kernel, dim3(unsigned(grid)), dim3(unsigned(block)), arguments,
            shared_bytes, queueOf(stream)),
        "launch a kernel");
}

} // namespace gorgon::cuda
