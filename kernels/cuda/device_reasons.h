// SPDX-License-Identifier: Apache-2.0
// Why a device cannot be used, in words without a full stop, by what its driver answers.
#pragma once

#include <cstdint>
#include <string>

namespace gorgon::cuda {

enum class DriverAnswer : uint8_t
{
    success,
    no_memory,
    no_device,
    old_driver, // or none
    no_code, // for the device's compute capability
    other,
};

/// CUDA versions as CUDA numbers them: 13000 is 13.0.
struct DriverVersions
{
    int known = 0; // the latest that the driver knows; 0: its library is not there
    int needed = 0; // that this build is made with
    std::string installed; // "535.104.05"; "": not known
};

constexpr int kLeastCapability = 80; // cp.async, bf16

inline std::string cudaVersion(int version)
{
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

inline std::string capabilityText(int capability)
{
    return std::to_string(capability / 10) + "." + std::to_string(capability % 10);
}

/// Why there is no device; words: the driver's, of another answer.
inline std::string noDeviceReason(
    DriverAnswer answer, const DriverVersions& driver, const std::string& words)
{
    if (answer == DriverAnswer::old_driver && driver.known == 0)
        return driver.installed.empty() ? "no NVIDIA driver is installed"
                                        : "the NVIDIA driver " + driver.installed
                + " is there, its library libcuda.so.1 is not";
    if (answer == DriverAnswer::old_driver)
        return "the NVIDIA driver " + driver.installed + (driver.installed.empty() ? "" : " ")
            + "knows CUDA " + cudaVersion(driver.known) + ", CUDA " + cudaVersion(driver.needed)
            + " is needed; install driver " + (driver.needed >= 13000 ? "580" : "525")
            + " or later";
    if (answer == DriverAnswer::no_device || answer == DriverAnswer::success)
        return "no NVIDIA GPU is visible";
    return "the NVIDIA driver answers: " + words;
}

/// "" where it is new enough.
inline std::string capabilityReason(int capability)
{
    return capability >= kLeastCapability
        ? ""
        : "compute capability " + capabilityText(capability) + ", 8.0 or later is needed";
}

/// Why a device cannot be opened; "": it can.
inline std::string openReason(DriverAnswer answer, const std::string& words)
{
    if (answer == DriverAnswer::success)
        return {};
    return answer == DriverAnswer::no_memory ? "its memory is full"
                                             : "the NVIDIA driver answers: " + words;
}

/// Why a first kernel does not do what it should; "": it does.
inline std::string probeReason(
    DriverAnswer answer, bool is_right, int capability, const std::string& words)
{
    if (answer == DriverAnswer::success && is_right)
        return {};
    if (answer == DriverAnswer::no_memory)
        return "its memory is full";
    if (answer == DriverAnswer::no_code)
        return "this build holds no code for its compute capability " + capabilityText(capability)
            + "; build for it: cmake --preset default -DCMAKE_CUDA_ARCHITECTURES="
            + std::to_string(capability) + " && cmake --build --preset default";
    return "a first kernel does not run: "
        + (answer == DriverAnswer::success ? "its result is wrong" : words);
}

} // namespace gorgon::cuda
