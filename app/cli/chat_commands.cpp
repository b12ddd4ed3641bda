// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/chat_commands.h"

#include <algorithm>
#include <map>

namespace gorgon {

namespace {

constexpr const char* kHelp
    = "/help              this text\n"
      "/exit  (!!exit)    leave, as Ctrl-D\n"
      "/reset (!!reset)   forget the conversation\n"
      "/undo  (!!remove)  take the last question and its answer back\n"
      "/retry (!!regen)   answer the last question again; with --seed each try has a seed of its "
      "own,\n"
      "                   made of the seed and the number of the try: the same tries every time\n"
      "/save FILE (!!save), /load FILE (!!load)   the conversation as JSON\n"
      "/stats             figures of the last answer\n"
      "/set NAME VALUE    temperature, top-p, tree, num-heads, ...: acts on the next step\n"
      "Ctrl-C stops an answer and keeps what there is.";

const std::map<std::string, std::string> kAliases{{"!!exit", "/exit"}, {"!!reset", "/reset"},
    {"!!remove", "/undo"}, {"!!regen", "/retry"}, {"!!save", "/save"}, {"!!load", "/load"}};

/// "/word" or "!!word"; "/etc/hosts" is a message.
bool looksLikeCommand(const std::string& word)
{
    const size_t start = word.starts_with("!!") ? 2 : word.starts_with("/") ? 1 : 0;
    return start > 0 && word.size() > start
        && std::all_of(
            word.begin() + long(start), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

/// The first word, and what follows it without spaces at its ends.
std::pair<std::string, std::string> splitWord(const std::string& text)
{
    const size_t end = std::min(text.find(' '), text.size());
    std::string rest = text.substr(end);
    rest.erase(0, std::min(rest.find_first_not_of(' '), rest.size()));
    rest.erase(rest.find_last_not_of(' ') + 1);
    return {text.substr(0, end), rest};
}

} // namespace

ChatAction runChatLine(const std::string& line, ChatSession& session, ChatView& view)
{
    auto [command, argument] = splitWord(line);
    if (!looksLikeCommand(command))
        return {.leave = false, .ask = line};
    if (const auto alias = kAliases.find(command); alias != kAliases.end())
        command = alias->second;
    const auto needFile = [&] {
        if (argument.empty())
            throw UsageError(command + ": expected a file, found none");
    };
    if (command == "/exit")
        return {.leave = true, .ask = {}};
    if (command == "/help")
        view.showNotice(kHelp);
    else if (command == "/reset")
        session.reset();
    else if (command == "/stats")
        view.showNotice(session.figures());
    else if (command == "/undo" || command == "/retry") {
        std::optional<std::string> question
            = command == "/retry" ? session.retry() : session.undo();
        if (!question)
            view.showNotice("there is no question yet");
        else if (command == "/retry")
            return {.leave = false, .ask = std::move(question)};
    } else if (command == "/save") {
        needFile();
        view.showNotice("saved to " + session.save(argument));
    } else if (command == "/load") {
        needFile();
        session.load(argument);
    } else if (command == "/set") {
        const auto [name, value] = splitWord(argument);
        if (name.empty() || value.empty())
            throw UsageError(
                "/set: expected a name and a value, found fewer; /set temperature 0.7");
        session.set(name, value);
    } else
        throw UsageError(command + ": expected a command of /help, found another");
    return {};
}

} // namespace gorgon
