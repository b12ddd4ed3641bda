// SPDX-License-Identifier: Apache-2.0
// Entries of an archive NAME: NAME/data.pkl (the pickle), NAME/data/KEY (one storage each),
// NAME/byteorder.
#include "core/model/torch_archive.h"

#include <algorithm>

#include "core/model/file_error.h"
#include "core/model/pickle_reader.h"
#include "core/model/zip_archive.h"

namespace gorgon {

namespace {

// Above this, reading every byte once more costs more than a checksum is worth.
constexpr uint64_t kCheckedBytes = uint64_t(256) << 20;

class TorchArchive : public TensorFile
{
public:
    explicit TorchArchive(PlainFile file)
    {
        m_file = std::move(file);
        m_entries = readZipDirectory(m_file);
        m_root = findRoot();
        checkByteOrder();
        const std::string name = m_root + "data.pkl";
        const ZipEntry& pickle = m_entries.at(name);
        if (pickle.bytes > kMaxPickleBytes)
            failFile(path(),
                "the pickle of the torch archive is " + bytesText(pickle.bytes) + " long, at most "
                    + bytesText(kMaxPickleBytes) + " were expected");
        checkZipEntry(m_file, name, pickle);
        const std::string bytes = m_file.text(pickle.offset, pickle.bytes);
        for (const PickledTensor& tensor : readPickle(bytes, path()))
            add(tensor);
        if (m_file.bytes() <= kCheckedBytes)
            for (const auto& [entry_name, entry] : m_entries)
                checkZipEntry(m_file, entry_name, entry);
    }

    const char* format() const override { return "torch archive"; }

private:
    // "NAME/", the one folder that all entries lie in.
    std::string findRoot() const
    {
        const std::string& first = m_entries.begin()->first;
        const std::string root = first.substr(0, first.find('/') + 1);
        for (const auto& [name, entry] : m_entries)
            if (root.empty() || !name.starts_with(root))
                failFile(path(),
                    "a torch archive keeps everything in one folder, \"" + shown(name)
                        + "\" lies outside; this is another kind of zip");
        if (m_entries.contains(root + "constants.pkl"))
            failFile(path(),
                "weights were expected, this is a TorchScript program; save a state dictionary");
        if (!m_entries.contains(root + "data.pkl"))
            failFile(path(), "a torch archive holds data.pkl, this zip does not");
        return root;
    }

    void checkByteOrder() const
    {
        const auto entry = m_entries.find(m_root + "byteorder");
        if (entry == m_entries.end())
            return;
        const std::string order
            = m_file.text(entry->second.offset, std::min<uint64_t>(16, entry->second.bytes));
        if (order != "little")
            failFile(path(),
                "the byte order should be little, it is \"" + shown(order)
                    + "\"; save the file again on a little-endian machine");
    }

    [[noreturn]] void failTensor(const PickledTensor& tensor, const std::string& what) const
    {
        failFile(path(), "the tensor \"" + shown(tensor.name) + "\" " + what);
    }

    void add(const PickledTensor& tensor)
    {
        const auto entry = m_entries.find(m_root + "data/" + tensor.storage);
        if (entry == m_entries.end())
            failTensor(
                tensor, "lies in the record \"" + shown(tensor.storage) + "\", which is missing");
        const uint64_t size = elementBytes(tensor.dtype);
        const uint64_t available = entry->second.bytes / size;
        if (entry->second.bytes % size != 0 || available != uint64_t(tensor.storage_elements))
            failTensor(tensor,
                "lies in a record of " + std::to_string(entry->second.bytes)
                    + " bytes that should hold " + std::to_string(tensor.storage_elements)
                    + " elements of " + tensor.dtype);
        uint64_t count = 0;
        if (!elementCount(tensor.shape, count))
            failTensor(
                tensor, "has the shape " + shapeText(tensor.shape) + ", larger than any file");
        if (uint64_t(tensor.offset) > available || count > available - uint64_t(tensor.offset))
            failTensor(tensor, "reaches beyond the end of its record");
        checkContiguous(tensor);
        TensorInfo info;
        info.dtype = tensor.dtype;
        info.shape = tensor.shape;
        info.offset = entry->second.offset + uint64_t(tensor.offset) * size;
        info.bytes = count * size;
        m_tensors.emplace(tensor.name, std::move(info));
    }

    // Row-major without gaps; the stride of a dimension of one element says nothing.
    void checkContiguous(const PickledTensor& tensor) const
    {
        int64_t expected = 1;
        for (size_t i = tensor.shape.size(); i-- > 0;) {
            if (tensor.shape[i] > 1 && tensor.strides[i] != expected)
                failTensor(tensor,
                    "is a view with the strides " + shapeText(tensor.strides)
                        + "; save it contiguous, or as safetensors");
            expected *= std::max<int64_t>(1, tensor.shape[i]);
        }
    }

    std::map<std::string, ZipEntry> m_entries;
    std::string m_root;
};

} // namespace

std::unique_ptr<TensorFile> openTorchArchive(PlainFile file)
{
    return std::make_unique<TorchArchive>(std::move(file));
}

} // namespace gorgon
