// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/saved_chat.h"

#include "app/cli/prompt_options.h"
#include "core/model/new_file.h"

namespace gorgon {

namespace {

constexpr const char* kEnding = ".json";

} // namespace

std::filesystem::path saveChat(
    std::string file, const std::string& template_name, const std::vector<ChatMessage>& messages)
{
    if (!file.ends_with(kEnding))
        file += kEnding;
    nlohmann::ordered_json json = {{"template_name", template_name}, {"system_message", ""},
        {"roles", {"user", "assistant"}}, {"messages", nlohmann::ordered_json::array()}};
    for (const ChatMessage& message : messages) {
        if (message.role == "system")
            json["system_message"] = message.content;
        else
            json["messages"].push_back({message.role, message.content});
    }
    replaceFile(file, [&](NewFile& out) {
        out.write(
            json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n');
    });
    return file;
}

std::vector<ChatMessage> loadChat(std::string file)
{
    std::error_code error;
    if (!std::filesystem::exists(file, error) && !file.ends_with(kEnding))
        file += kEnding;
    const nlohmann::json json = readJson(file);
    if (json.is_array())
        return messagesOf(json, file);
    const auto fail = [&]() {
        throw std::runtime_error(file
            + ": expected a saved conversation with \"messages\" of [role, text] pairs, found "
              "something else");
    };
    if (!json.is_object() || !json.contains("messages") || !json["messages"].is_array())
        fail();
    std::vector<ChatMessage> messages;
    if (json.contains("system_message") && json["system_message"].is_string()
        && !json["system_message"].get_ref<const std::string&>().empty())
        messages.push_back({"system", json["system_message"].get<std::string>(), {}});
    // Roles are called as the template calls them; the first one is the user.
    std::string user = "user";
    if (json.contains("roles") && json["roles"].is_array() && !json["roles"].empty()
        && json["roles"][0].is_string())
        user = json["roles"][0].get<std::string>();
    for (const nlohmann::json& entry : json["messages"]) {
        if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string())
            fail();
        if (entry[1].is_null())
            continue; // an answer that was not made yet
        if (!entry[1].is_string())
            fail();
        const std::string role = entry[0].get<std::string>();
        const bool from_user = role == user || role == "user" || role == "USER";
        messages.push_back({from_user ? "user" : "assistant", entry[1].get<std::string>(), {}});
    }
    return messages;
}

} // namespace gorgon
