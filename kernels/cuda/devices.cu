// SPDX-License-Identifier: Apache-2.0
#include <new>
#include <stdexcept>

#include "kernels/cuda/device_backend.h"

namespace gorgon::cuda {

std::string describeDevice(const DeviceFacts& facts)
{
    return facts.name + ", compute capability " + std::to_string(facts.capability / 10) + "."
        + std::to_string(facts.capability % 10) + ", " + std::to_string(facts.n_multiprocessors)
        + " multiprocessors";
}

std::vector<Accelerator> listCudaDevices()
{
    const DeviceCount count = countDevices();
    std::vector<Accelerator> all;
    for (int i = 0; i < count.n; i++) {
        const DeviceFacts facts = readDevice(i);
        Accelerator one;
        one.name = "cuda:" + std::to_string(i);
        one.is_usable = facts.reason.empty();
        one.id = facts.id;
        one.description = facts.capability > 0 ? describeDevice(facts) : facts.name;
        one.reason = facts.reason;
        one.free_bytes = facts.free_bytes;
        one.total_bytes = facts.total_bytes;
        all.push_back(std::move(one));
    }
    if (all.empty())
        all.push_back(noAccelerator(count.reason));
    return all;
}

std::unique_ptr<Backend> makeCudaBackend(int device)
{
    const std::string name = "cuda:" + std::to_string(device);
    const DeviceCount count = countDevices();
    if (device < 0 || device >= count.n)
        throw std::runtime_error(
            name + ": " + (count.n == 0 ? count.reason : "there is no such device"));
    const DeviceFacts facts = readDevice(device);
    if (!facts.reason.empty())
        throw std::runtime_error(name + ": " + facts.reason);
    useDevice(device);
    try {
        return std::make_unique<CudaBackend>(device, facts);
    } catch (const std::bad_alloc&) {
        throw std::runtime_error(name + ": its memory is full");
    } catch (const DeviceError& problem) {
        throw std::runtime_error(name + ": it failed to " + problem.what());
    }
}

} // namespace gorgon::cuda
