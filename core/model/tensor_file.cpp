// SPDX-License-Identifier: Apache-2.0
#include "core/model/tensor_file.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "core/model/file_error.h"
#include "core/model/safetensors.h"
#include "core/model/torch_archive.h"

namespace gorgon {

uint64_t elementBytes(const std::string& dtype)
{
    static constexpr std::pair<const char*, uint64_t> kSizes[]
        = {{"F32", 4}, {"BF16", 2}, {"F16", 2}, {"F64", 8}, {"I64", 8}, {"I32", 4}, {"I16", 2},
            {"I8", 1}, {"U64", 8}, {"U32", 4}, {"U16", 2}, {"U8", 1}, {"BOOL", 1}, {"F8_E4M3", 1},
            {"F8_E5M2", 1}, {"F8_E8M0", 1}, {"C64", 8}};
    for (const auto& [name, bytes] : kSizes)
        if (dtype == name)
            return bytes;
    return 0;
}

bool elementCount(const std::vector<int64_t>& shape, uint64_t& count)
{
    // A zero anywhere makes the tensor empty, but does not excuse an absurd size beside it.
    unsigned __int128 product = 1;
    bool is_empty = false;
    for (const int64_t size : shape) {
        if (size < 0)
            return false;
        is_empty = is_empty || size == 0;
        product *= std::max<uint64_t>(1, uint64_t(size));
        if (product > uint64_t(INT64_MAX))
            return false;
    }
    count = is_empty ? 0 : uint64_t(product);
    return true;
}

void TensorFile::read(const TensorInfo& tensor, uint64_t first, std::span<std::byte> out) const
{
    assert(first <= tensor.bytes && out.size() <= tensor.bytes - first);
    m_file.read(tensor.offset + first, out);
}

void TensorFile::expect(const TensorInfo& tensor, uint64_t first, uint64_t bytes) const
{
    m_file.expect(tensor.offset + first, bytes);
}

namespace {

/// What a file is instead of weights, and what to do; "" where it may be weights. `start`: its
/// first bytes.
std::string otherKind(std::string_view start)
{
    if (start.starts_with("version https://git-lfs"))
        return "this is a pointer of Git LFS instead of the weights; run git lfs pull in its "
               "folder, "
               "or download the file";
    if (start.starts_with("GGUF"))
        return "this is a GGUF file, which is not supported; take the model's safetensors or "
               "pytorch_model.bin files, from which it was made";
    if (start.starts_with("<!DOCTYPE") || start.starts_with("<!doctype")
        || start.starts_with("<html"))
        return "this is a web page instead of the weights; download the file itself";
    // The length of a safetensors header, its first eight bytes, has a zero in it.
    if (start.size() > 8 && start.front() == '{'
        && start.substr(0, 8).find('\0') == std::string_view::npos)
        return "weights were expected, this is a JSON file; give the folder that it lies in, or "
               "the "
               "file of the weights";
    return "";
}

} // namespace

std::unique_ptr<TensorFile> openTensorFile(const std::filesystem::path& path)
{
    PlainFile file(path);
    std::string start = file.text(0, std::min<uint64_t>(file.bytes(), 512));
    const std::string_view view = start;
    if (const std::string kind = otherKind(view); !kind.empty())
        failFile(path, kind);
    if (view.starts_with("PK\x03\x04"))
        return openTorchArchive(std::move(file));
    if (path.extension() == ".safetensors" || (view.size() > 8 && view[8] == '{'))
        return openSafetensors(std::move(file));
    if (view.size() >= 2 && view[0] == '\x80' && uint8_t(view[1]) <= 5)
        failFile(path,
            "a torch archive (zip) or safetensors was expected, this is a bare pickle as torch "
            "wrote "
            "before 1.6; save it again with a current torch, or as safetensors");
    if (view.size() >= 262 && view.substr(257, 5) == "ustar")
        failFile(path,
            "a torch archive (zip) or safetensors was expected, this is a tar archive; save it "
            "again with "
            "a current torch, or as safetensors");
    failFile(path,
        "a torch archive (zip) or safetensors was expected, the file is neither; download or copy "
        "it again");
}

} // namespace gorgon
