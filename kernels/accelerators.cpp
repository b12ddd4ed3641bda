// SPDX-License-Identifier: Apache-2.0
#include "kernels/accelerators.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <stdexcept>

#include "kernels/cuda/module.h"

#include "kernels/cpu/processor.h"

#if GORGON_WITH_CUDA
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace gorgon {

namespace {

#if GORGON_WITH_CUDA

namespace fs = std::filesystem;

constexpr const char* kModuleFile = "libgorgon_cuda.so";
constexpr const char* kModuleVariable = "GORGON_CUDA_MODULE";

/// The module that the environment names, else the one beside the program, in the build tree or in
/// the library folder.
std::vector<fs::path> modulePlaces()
{
    if (const char* named = std::getenv(kModuleVariable); named && *named)
        return {named};
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
    if (error)
        return {};
    std::vector<fs::path> places{program / kModuleFile};
    fs::path above = program;
    for (int level = 0; level < 4 && above.has_relative_path(); level++) {
        above = above.parent_path();
        places.push_back(above / "lib" / "gorgon" / kModuleFile);
        places.push_back(above / "kernels" / "cuda" / kModuleFile);
    }
    return places;
}

/// Code is loaded only from files that nobody else can have put there.
bool isOurs(const fs::path& file)
{
    struct stat found = {};
    return ::stat(file.c_str(), &found) == 0 && (found.st_uid == 0 || found.st_uid == ::geteuid())
        && (found.st_mode & S_IWOTH) == 0;
}

/// Signs of a device, or of somebody who expects one.
bool hasDevice()
{
    std::error_code error;
    for (const char* sign : {"/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg"})
        if (fs::exists(sign, error))
            return true;
    return std::getenv(kModuleVariable) != nullptr;
}

/// Found once and never unloaded: buffers are freed by its code.
struct Module
{
    const CudaModule* functions = nullptr;
    std::string reason; // why there is none
};

/// Whether there is a driver to ask; what was asked for by name is opened in any case.
bool hasDriver()
{
    void* const driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    return driver != nullptr || hasDevice();
}

Module openModule()
{
    if (!hasDriver()) // the module would say so, too, after its libraries were read
        return {nullptr, "no NVIDIA driver is installed"};
    std::error_code error;
    const std::vector<fs::path> places = modulePlaces();
    const auto place = std::find_if(places.begin(), places.end(),
        [&](const fs::path& file) { return fs::is_regular_file(file, error) && isOurs(file); });
    if (place == places.end())
        return {nullptr,
            std::string("the module ") + kModuleFile + " is not installed"
                + (places.empty() ? ""
                                  : " (expected beside the program, " + places[0].string() + ")")};
    void* const library = dlopen(place->c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        const char* const why = dlerror();
        return {
            nullptr, "the module cannot be loaded: " + std::string(why ? why : place->string())};
    }
    const auto entry = reinterpret_cast<CudaModuleEntry*>(dlsym(library, kCudaModuleEntry));
    if (!entry)
        return {nullptr, place->string() + " is not a module of Gorgon"};
    const CudaModule* const functions = entry();
    if (!functions || functions->interface_version != kCudaInterface)
        return {
            nullptr, place->string() + " belongs to another version of Gorgon; install both anew"};
    return {functions, ""};
}

const Module& module()
{
    static const Module opened = openModule();
    return opened;
}

DeviceCount countDevices()
{
    if (!module().functions)
        return {0, module().reason};
    return module().functions->count();
}

std::vector<Accelerator> readDevices()
{
    if (!module().functions)
        return {noAccelerator(module().reason)};
    return module().functions->list();
}

std::unique_ptr<Backend> openDevice(int number)
{
    return module().functions->make(number);
}

#else

bool hasDevice()
{
    return false;
}

DeviceCount countDevices()
{
    return {0, "this build has no CUDA backend"};
}

std::vector<Accelerator> readDevices()
{
    return {noAccelerator(countDevices().reason)};
}

std::unique_ptr<Backend> openDevice(int)
{
    throw std::runtime_error("this build has no CUDA backend");
}

#endif

constexpr std::string_view kPrefix = "cuda:";

bool isCuda(const std::string& name)
{
    return name.starts_with(kPrefix) && name.size() > kPrefix.size()
        && name.size() <= kPrefix.size() + 4
        && name.find_first_not_of("0123456789", kPrefix.size()) == std::string::npos;
}

int numberOf(const std::string& name)
{
    return std::stoi(name.substr(kPrefix.size()));
}

} // namespace

std::vector<Accelerator> listAccelerators()
{
    return readDevices();
}

bool isDeviceName(const std::string& name)
{
    return name == "auto" || name == "cpu" || isCuda(name);
}

ChosenBackend chooseBackend(const std::string& device, const CpuOptions& cpu)
{
    mayUse(Instructions::scalar); // an unknown word of the environment is told at once
    ChosenBackend chosen;
    if (isCuda(device)) {
        const DeviceCount count = countDevices();
        const int number = numberOf(device);
        if (number >= count.n)
            throw std::runtime_error(device + ": "
                + (count.n > 0 ? "there is no such device, the last one is " + std::string(kPrefix)
                            + std::to_string(count.n - 1)
                               : count.reason)
                + "; use cpu");
        try {
            chosen.backend = openDevice(number);
        } catch (const std::runtime_error& problem) {
            throw std::runtime_error(problem.what() + std::string("; use cpu"));
        }
        return chosen;
    }
    if (device == "auto") {
        const DeviceCount count = countDevices();
        if (count.n == 0)
            chosen.fallback = "cuda: " + count.reason;
        // One that can be used is enough: the others stay untouched.
        for (int number = 0; number < count.n; number++) {
            try {
                chosen.backend = openDevice(number);
                chosen.fallback.clear();
                return chosen;
            } catch (const std::exception& problem) {
                chosen.fallback += (number == 0 ? "" : "; ") + std::string(problem.what());
            }
        }
        chosen.fallback = "Computing on the CPU: " + chosen.fallback + ".";
        chosen.is_surprise = hasDevice();
    }
    chosen.backend = makeCpuBackend(cpu);
    return chosen;
}

} // namespace gorgon
