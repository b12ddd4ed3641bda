// SPDX-License-Identifier: Apache-2.0
// Bytes of torch archives: a zip of stored entries and a pickle of tensors, with every part open to
// change.
#pragma once

#include <string>
#include <vector>

#include "tests/support/safetensors_writer.h"

namespace gorgon::tests {

inline uint32_t plainCrc(std::string_view bytes)
{
    uint32_t crc = 0xFFFFFFFF;
    for (const char byte : bytes) {
        crc ^= uint8_t(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

/// What one entry says, separately in its local header, its descriptor and the directory.
struct ZipPart
{
    struct Statement
    {
        std::string name;
        uint16_t flags = 0;
        uint16_t method = 0;
        uint32_t crc = 0;
        uint64_t packed = 0;
        uint64_t bytes = 0;
        std::string extra;
    };
    std::string data;
    Statement local;
    Statement central;
    std::string descriptor; // as it is, behind the data
    std::string gap; // before the local header
    int64_t offset_error = 0; // added to the directory's offset
};

inline ZipPart zipPart(const std::string& name, const std::string& data)
{
    ZipPart part;
    part.data = data;
    part.local = {name, 0, 0, plainCrc(data), data.size(), data.size(), ""};
    part.central = part.local;
    return part;
}

/// As torch writes: sizes behind the data.
inline ZipPart zipPartWithDescriptor(const std::string& name, const std::string& data)
{
    ZipPart part = zipPart(name, data);
    part.local.flags = part.central.flags = 1 << 3 | 1 << 11;
    part.descriptor = std::string("PK\x07\x08", 4) + littleEndian(part.central.crc, 4)
        + littleEndian(data.size(), 4) + littleEndian(data.size(), 4);
    part.local.crc = 0;
    part.local.packed = part.local.bytes = 0;
    return part;
}

struct ZipEnd
{
    int64_t entries_error = 0;
    int64_t size_error = 0;
    int64_t offset_error = 0;
    bool zip64 = false;
    std::string comment;
    std::string before; // ahead of the end records
};

inline std::string statementBytes(const ZipPart::Statement& says)
{
    return littleEndian(says.flags, 2) + littleEndian(says.method, 2) + littleEndian(0, 4)
        + littleEndian(says.crc, 4) + littleEndian(says.packed, 4) + littleEndian(says.bytes, 4)
        + littleEndian(says.name.size(), 2) + littleEndian(says.extra.size(), 2);
}

inline std::string zipOf(const std::vector<ZipPart>& parts, const ZipEnd& end = {})
{
    std::string result;
    std::string directory;
    for (const ZipPart& part : parts) {
        result += part.gap;
        const uint64_t offset = result.size() + uint64_t(part.offset_error);
        result += std::string("PK\x03\x04", 4) + littleEndian(20, 2) + statementBytes(part.local)
            + part.local.name + part.local.extra + part.data + part.descriptor;
        directory += std::string("PK\x01\x02", 4) + littleEndian(0, 2) + littleEndian(20, 2)
            + statementBytes(part.central) + littleEndian(0, 2 + 2 + 2 + 4)
            + littleEndian(offset, 4) + part.central.name + part.central.extra;
    }
    const uint64_t at = result.size() + uint64_t(end.offset_error);
    const uint64_t size = directory.size() + uint64_t(end.size_error);
    const uint64_t n = parts.size() + uint64_t(end.entries_error);
    result += directory + end.before;
    if (end.zip64) {
        const uint64_t record = result.size();
        result += std::string("PK\x06\x06", 4) + littleEndian(44, 8) + littleEndian(45, 2)
            + littleEndian(45, 2) + littleEndian(0, 8) + littleEndian(n, 8) + littleEndian(n, 8)
            + littleEndian(size, 8) + littleEndian(at, 8);
        result += std::string("PK\x06\x07", 4) + littleEndian(0, 4) + littleEndian(record, 8)
            + littleEndian(1, 4);
    }
    result += std::string("PK\x05\x06", 4) + littleEndian(0, 4) + littleEndian(n, 2)
        + littleEndian(n, 2) + littleEndian(size, 4) + littleEndian(at, 4)
        + littleEndian(end.comment.size(), 2) + end.comment;
    return result;
}

/// Instructions of pickle protocol 2, one function each; every one appends to `bytes`.
class PickleWriter
{
public:
    std::string bytes = "\x80\x02";

    PickleWriter& raw(std::string_view text) { return add(std::string(text)); }
    PickleWriter& global(const std::string& module, const std::string& name)
    {
        return add("c" + module + "\n" + name + "\n");
    }
    PickleWriter& text(const std::string& value)
    {
        return add("X" + littleEndian(value.size(), 4) + value);
    }
    PickleWriter& integer(int64_t value)
    {
        return value >= INT32_MIN && value <= INT32_MAX
            ? add("J" + littleEndian(uint64_t(value), 4))
            : add("\x8A\x08" + littleEndian(uint64_t(value), 8));
    }
    PickleWriter& tuple(const std::vector<int64_t>& values)
    {
        add("(");
        for (const int64_t value : values)
            integer(value);
        return add("t");
    }
    PickleWriter& storage(const std::string& type, const std::string& key, int64_t n_elements)
    {
        return add("(")
            .text("storage")
            .global("torch", type)
            .text(key)
            .text("cpu")
            .integer(n_elements)
            .add("tQ");
    }
    PickleWriter& tensor(const std::string& type, const std::string& key, int64_t n_elements,
        int64_t offset, const std::vector<int64_t>& shape, const std::vector<int64_t>& strides)
    {
        return global("torch._utils", "_rebuild_tensor_v2")
            .add("(")
            .storage(type, key, n_elements)
            .integer(offset)
            .tuple(shape)
            .tuple(strides)
            .add("\x89")
            .global("collections", "OrderedDict")
            .add(")RtR");
    }

private:
    PickleWriter& add(const std::string& text)
    {
        bytes += text;
        return *this;
    }
};

/// The parts of a sound archive of f32 tensors, one storage each.
inline std::vector<ZipPart> torchParts(const std::vector<WrittenTensor>& tensors)
{
    PickleWriter pickle;
    pickle.raw("}(");
    std::vector<ZipPart> storages;
    for (const WrittenTensor& tensor : tensors) {
        std::vector<int64_t> strides(tensor.shape.size(), 1);
        for (size_t i = strides.size(); i-- > 1;)
            strides[i - 1] = strides[i] * tensor.shape[i];
        const std::string key = std::to_string(storages.size());
        const auto n = int64_t(tensor.bytes.size() / 4);
        pickle.text(tensor.name).tensor("FloatStorage", key, n, 0, tensor.shape, strides);
        storages.push_back(zipPartWithDescriptor("a/data/" + key, tensor.bytes));
    }
    pickle.raw("u.");
    std::vector<ZipPart> parts = {zipPartWithDescriptor("a/data.pkl", pickle.bytes),
        zipPartWithDescriptor("a/byteorder", "little"), zipPartWithDescriptor("a/version", "3\n")};
    parts.insert(parts.end(), storages.begin(), storages.end());
    return parts;
}

inline std::string torchOf(const std::vector<WrittenTensor>& tensors)
{
    return zipOf(torchParts(tensors));
}

/// An archive of any pickle, beside one storage "0" of `n_floats` zeros.
inline std::string torchOfPickle(const std::string& pickle, size_t n_floats = 16)
{
    return zipOf(
        {zipPart("a/data.pkl", pickle), zipPart("a/data/0", std::string(n_floats * 4, '\0'))});
}

} // namespace gorgon::tests
