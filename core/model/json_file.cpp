// SPDX-License-Identifier: Apache-2.0
#include "core/model/json_file.h"

#include <vector>

#include "core/model/file_error.h"
#include "core/model/plain_file.h"

namespace gorgon {

namespace {

using nlohmann::json;

class DocumentBuilder : public nlohmann::json_sax<json>
{
public:
    explicit DocumentBuilder(const std::filesystem::path& file)
        : m_file(file)
    {
    }

    json result;

    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t&) override { return add(value); }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(json::object()); }
    bool start_array(std::size_t) override { return open(json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& value) override
    {
        const auto [place, is_new]
            = m_open.back()->get_ref<json::object_t&>().emplace(value, nullptr);
        if (!is_new)
            failFile(m_file, "the key \"" + shown(value) + "\" is there twice");
        m_slot = &place->second;
        return true;
    }

    bool parse_error(
        std::size_t, const std::string&, const nlohmann::detail::exception& error) override
    {
        failFile(m_file, "JSON was expected: " + jsonReason(error));
    }

private:
    json* put(json&& value)
    {
        if (m_open.empty())
            return &(result = std::move(value));
        if (m_open.back()->is_array())
            return &m_open.back()->get_ref<json::array_t&>().emplace_back(std::move(value));
        return &(*m_slot = std::move(value));
    }

    bool add(json value)
    {
        put(std::move(value));
        return true;
    }

    bool open(json value)
    {
        if (m_open.size() >= kMaxJsonDepth)
            failFile(
                m_file, "the JSON nests deeper than " + std::to_string(kMaxJsonDepth) + " levels");
        m_open.push_back(put(std::move(value)));
        return true;
    }

    bool close()
    {
        m_open.pop_back();
        return true;
    }

    const std::filesystem::path& m_file;
    // Containers from the outermost inwards. An element's address holds while it is open: its
    // parent grows only after it is closed.
    std::vector<json*> m_open;
    json* m_slot = nullptr; // of the last key
};

} // namespace

std::string jsonReason(const std::exception& error)
{
    std::string text = error.what();
    if (const size_t end = text.find("] "); end != std::string::npos)
        text.erase(0, end + 2);
    return shown(text, 200);
}

void checkJsonText(std::string_view text, const std::filesystem::path& file)
{
    if (text.starts_with("\xEF\xBB\xBF"))
        failFile(file, "JSON was expected, a byte order mark was found; save the file without one");
    if (text.find('\0') != std::string_view::npos)
        failFile(file, "JSON was expected, a NUL byte was found");
    if (!isValidUtf8(text))
        failFile(file, "the JSON holds invalid UTF-8");
}

nlohmann::json parseJson(std::string_view text, const std::filesystem::path& file)
{
    checkJsonText(text, file);
    DocumentBuilder builder(file);
    if (!json::sax_parse(text.begin(), text.end(), &builder))
        failFile(file, "JSON was expected");
    return std::move(builder.result);
}

nlohmann::json readJsonFile(const std::filesystem::path& path, uint64_t max_bytes)
{
    const PlainFile file(path);
    if (file.bytes() > max_bytes)
        failFile(path,
            "at most " + bytesText(max_bytes) + " of JSON were expected, the file has "
                + bytesText(file.bytes()));
    json result = parseJson(file.text(0, file.bytes()), path);
    if (!result.is_object())
        failFile(path, "a JSON object was expected");
    return result;
}

} // namespace gorgon
