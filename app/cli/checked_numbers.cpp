// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/checked_numbers.h"

#include <charconv>
#include <cstdint>
#include <limits>

namespace gorgon {

namespace {

template <class Number> std::errc readAll(const std::string& text)
{
    Number value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc() && end != text.data() + text.size() ? std::errc::invalid_argument
                                                                   : code;
}

template <class Number> std::string wholeProblem(const std::string& text)
{
    const size_t first = text.starts_with("-") ? 1 : 0;
    const bool padded = text.size() > first + 1 && text[first] == '0';
    const std::errc code = readAll<Number>(text);
    if (code == std::errc() && !padded)
        return {};
    if (code == std::errc::result_out_of_range)
        return "expected a whole number of at most "
            + std::to_string(std::numeric_limits<Number>::max()) + ", found " + text;
    return "expected a whole number, found \"" + text + "\"";
}

std::string realProblem(const std::string& text)
{
    const bool digits = text.find_first_not_of("-0123456789") == std::string::npos;
    const size_t first = text.starts_with("-") ? 1 : 0;
    const bool padded = digits && text.size() > first + 1 && text[first] == '0';
    return readAll<double>(text) == std::errc() && !padded
        ? ""
        : "expected a number, found \"" + text + "\"";
}

} // namespace

void checkNumbers(CLI::App& command)
{
    for (CLI::Option* option : command.get_options()) {
        const std::string type = option->get_type_name();
        if (type.starts_with("INT"))
            option->check(wholeProblem<int64_t>, "");
        else if (type.starts_with("UINT"))
            option->check(wholeProblem<uint64_t>, "");
        else if (type.starts_with("FLOAT"))
            option->check(realProblem, "");
    }
    for (CLI::App* each : command.get_subcommands(nullptr))
        checkNumbers(*each);
}

} // namespace gorgon
