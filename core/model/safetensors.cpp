// SPDX-License-Identifier: Apache-2.0
#include "core/model/safetensors.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "core/model/file_error.h"
#include "core/model/json_file.h"

namespace gorgon {

namespace {

using nlohmann::json;

// Header grammar: { NAME: {"dtype": text, "shape": [n...], "data_offsets": [begin, end]}, ...,
// "__metadata__": {text: text} }. `offset` holds begin until the header is complete.
class HeaderReader : public nlohmann::json_sax<json>
{
public:
    HeaderReader(const std::filesystem::path& file, std::map<std::string, TensorInfo>& tensors)
        : m_file(file)
        , m_tensors(tensors)
    {
    }

    bool null() override { unexpected("null"); }
    bool boolean(bool) override { unexpected("true or false"); }
    bool number_integer(number_integer_t) override { unexpected("a negative number"); }
    bool number_float(number_float_t, const string_t&) override
    {
        unexpected("a number with a fraction");
    }
    bool binary(binary_t&) override { unexpected("binary data"); }

    bool number_unsigned(number_unsigned_t value) override
    {
        if (m_place == Place::shape_list) {
            if (m_tensor->shape.size() >= kMaxRank)
                fail("has more than " + std::to_string(kMaxRank) + " dimensions");
            if (value > uint64_t(INT64_MAX))
                fail("has a dimension of " + std::to_string(value));
            m_tensor->shape.push_back(int64_t(value));
        } else if (m_place == Place::offset_list) {
            if (m_n_offsets >= 2)
                fail("has more than two data_offsets");
            (m_n_offsets == 0 ? m_begin : m_end) = value;
            ++m_n_offsets;
        } else {
            unexpected("a number");
        }
        return true;
    }

    bool string(string_t& value) override
    {
        if (m_place == Place::dtype) {
            if (elementBytes(value) == 0)
                fail("has the dtype \"" + shown(value, 40) + "\", which is not supported");
            m_tensor->dtype = value;
            m_place = Place::tensor;
        } else if (m_place != Place::metadata) {
            unexpected("text");
        }
        return true;
    }

    bool start_object(std::size_t) override
    {
        if (m_place == Place::start) {
            m_place = Place::top;
        } else if (m_place == Place::tensor_value) {
            m_place = Place::tensor;
        } else if (m_place == Place::metadata_value) {
            m_place = Place::metadata;
        } else {
            unexpected("an object");
        }
        return true;
    }

    bool start_array(std::size_t) override
    {
        if (m_place == Place::shape) {
            m_place = Place::shape_list;
        } else if (m_place == Place::offsets) {
            m_place = Place::offset_list;
        } else {
            unexpected("a list");
        }
        return true;
    }

    bool end_array() override
    {
        if (m_place == Place::offset_list && m_n_offsets != 2)
            fail("has fewer than two data_offsets");
        m_place = Place::tensor;
        return true;
    }

    bool end_object() override
    {
        if (m_place == Place::tensor)
            finishTensor();
        m_place = Place::top;
        return true;
    }

    bool key(string_t& value) override
    {
        if (m_place == Place::top && value == "__metadata__") {
            if (m_has_metadata)
                failFile(m_file, "the header names __metadata__ twice");
            m_has_metadata = true;
            m_name = value;
            m_place = Place::metadata_value;
        } else if (m_place == Place::top) {
            if (m_tensors.size() >= kMaxTensors)
                failFile(m_file,
                    "the header names more than " + std::to_string(kMaxTensors) + " tensors");
            const auto [place, is_new] = m_tensors.emplace(value, TensorInfo());
            if (!is_new)
                failFile(m_file, "the header names the tensor \"" + shown(value) + "\" twice");
            m_name = value;
            m_tensor = &place->second;
            m_has = {};
            m_n_offsets = 0;
            m_place = Place::tensor_value;
        } else if (m_place == Place::tensor) {
            const int field = value == "dtype" ? 0
                : value == "shape"             ? 1
                : value == "data_offsets"      ? 2
                                               : 3;
            if (field == 3)
                fail("has an unknown field \"" + shown(value) + "\"");
            if (m_has[field])
                fail("has the field \"" + value + "\" twice");
            m_has[field] = true;
            m_place = field == 0 ? Place::dtype : field == 1 ? Place::shape : Place::offsets;
        } else if (!m_metadata_keys.insert(value).second) {
            failFile(m_file, "the header's __metadata__ names \"" + shown(value) + "\" twice");
        }
        return true;
    }

    bool parse_error(
        std::size_t, const std::string&, const nlohmann::detail::exception& error) override
    {
        failFile(m_file, "the safetensors header is no JSON: " + jsonReason(error));
    }

private:
    enum class Place : uint8_t
    {
        start,
        top,
        tensor_value,
        tensor,
        dtype,
        shape,
        shape_list,
        offsets,
        offset_list,
        metadata_value,
        metadata,
    };

    [[noreturn]] void fail(const std::string& what)
    {
        failFile(m_file, "the tensor \"" + shown(m_name) + "\" " + what);
    }

    [[noreturn]] void unexpected(const char* what)
    {
        if (m_place == Place::start)
            failFile(m_file,
                std::string("the safetensors header must be an object, ") + what + " was found");
        static constexpr const char* kExpected[] = {"", "", "an object", "a field",
            "a dtype in quotes", "a list of sizes", "sizes that are not negative",
            "a list of two offsets", "offsets that are not negative", "an object", "text"};
        failFile(m_file,
            "in the safetensors header, under \"" + shown(m_name) + "\", " + kExpected[int(m_place)]
                + " was expected, " + what + " was found");
    }

    void finishTensor()
    {
        if (!m_has[0] || !m_has[1] || !m_has[2])
            fail("lacks dtype, shape or data_offsets");
        if (m_end < m_begin)
            fail("ends before it begins");
        uint64_t count = 0;
        const uint64_t size = elementBytes(m_tensor->dtype);
        if (!elementCount(m_tensor->shape, count) || count > uint64_t(INT64_MAX) / size)
            fail("has the shape " + shapeText(m_tensor->shape) + ", larger than any file");
        if (m_end - m_begin != count * size)
            fail("has " + std::to_string(m_end - m_begin) + " bytes, its shape "
                + shapeText(m_tensor->shape) + " of " + m_tensor->dtype + " needs "
                + std::to_string(count * size));
        m_tensor->offset = m_begin;
        m_tensor->bytes = m_end - m_begin;
    }

    const std::filesystem::path& m_file;
    std::map<std::string, TensorInfo>& m_tensors;
    Place m_place = Place::start;
    std::string m_name;
    TensorInfo* m_tensor = nullptr;
    std::array<bool, 3> m_has = {}; // dtype, shape, data_offsets
    int m_n_offsets = 0;
    uint64_t m_begin = 0;
    uint64_t m_end = 0;
    bool m_has_metadata = false;
    std::unordered_set<std::string> m_metadata_keys;
};

// Every byte behind the header belongs to exactly one tensor.
void checkLayout(const std::map<std::string, TensorInfo>& tensors, uint64_t data_bytes,
    const std::filesystem::path& path)
{
    using Entry = std::pair<const std::string, TensorInfo>;
    std::vector<const Entry*> order;
    order.reserve(tensors.size());
    for (const Entry& entry : tensors)
        order.push_back(&entry);
    std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
        return std::pair(a->second.offset, a->second.bytes)
            < std::pair(b->second.offset, b->second.bytes);
    });
    uint64_t end = 0;
    for (const Entry* entry : order) {
        const auto& [name, tensor] = *entry;
        // The end may exceed 64 bits nowhere: begin <= end was checked as it was read.
        if (tensor.offset + tensor.bytes > data_bytes)
            failFile(path,
                "the tensor \"" + shown(name) + "\" ends at byte "
                    + std::to_string(tensor.offset + tensor.bytes) + " of the data, there are "
                    + std::to_string(data_bytes)
                    + "; the file is cut off, download or copy it again");
        if (tensor.offset != end)
            failFile(path,
                "the tensor \"" + shown(name) + "\" begins at byte " + std::to_string(tensor.offset)
                    + " of the data, the one before ends at " + std::to_string(end)
                    + (tensor.offset < end ? " (they overlap)" : " (a hole)"));
        end += tensor.bytes;
    }
    if (end != data_bytes)
        failFile(path, std::to_string(data_bytes - end) + " bytes at the end belong to no tensor");
}

class SafetensorsFile : public TensorFile
{
public:
    explicit SafetensorsFile(PlainFile file)
    {
        m_file = std::move(file);
        uint64_t header_bytes = 0;
        if (m_file.bytes() < 8)
            failFile(path(),
                "a safetensors file has at least 8 bytes, this has "
                    + std::to_string(m_file.bytes()) + "; download or copy it again");
        uint8_t length[8];
        m_file.read(0, std::as_writable_bytes(std::span(length)));
        for (int i = 7; i >= 0; --i)
            header_bytes = header_bytes << 8 | length[i];
        if (header_bytes > kMaxSafetensorsHeader || header_bytes > m_file.bytes() - 8)
            failFile(path(),
                "the header should be " + std::to_string(header_bytes)
                    + " bytes long, the file has " + std::to_string(m_file.bytes())
                    + " and a header at most " + std::to_string(kMaxSafetensorsHeader)
                    + "; it is cut off or no safetensors file, download or copy it again");
        m_tensors = parseSafetensorsHeader(
            m_file.text(8, header_bytes), m_file.bytes() - 8 - header_bytes, path());
        for (auto& [name, tensor] : m_tensors)
            tensor.offset += 8 + header_bytes;
    }

    const char* format() const override { return "safetensors"; }
};

} // namespace

std::map<std::string, TensorInfo> parseSafetensorsHeader(
    const std::string& header, uint64_t data_bytes, const std::filesystem::path& path)
{
    if (!header.starts_with('{'))
        failFile(path, "the safetensors header must begin with {");
    checkJsonText(header, path);
    std::map<std::string, TensorInfo> tensors;
    HeaderReader reader(path, tensors);
    json::sax_parse(header, &reader);
    checkLayout(tensors, data_bytes, path);
    return tensors;
}

std::unique_ptr<TensorFile> openSafetensors(PlainFile file)
{
    return std::make_unique<SafetensorsFile>(std::move(file));
}

} // namespace gorgon
