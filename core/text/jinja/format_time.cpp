// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "core/text/jinja/functions.h"

namespace gorgon::jinja {

namespace {

constexpr std::array kDays{
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array kMonths{"January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December"};

std::string number(int value, int width, char fill)
{
    std::string digits = std::to_string(value < 0 ? 0 : value);
    if (fill != '\0' && static_cast<int>(digits.size()) < width)
        digits.insert(0, static_cast<std::size_t>(width) - digits.size(), fill);
    return digits;
}

// fill: '0', ' ' or none, as a flag behind "%" asks; '?' leaves it to the field.
std::string field(const std::tm& time, char which, char fill)
{
    const auto filled = [&](int value, int width, char usual) {
        return number(value, width, fill == '?' ? usual : fill);
    };
    const auto day = static_cast<std::size_t>(time.tm_wday < 0 ? 0 : time.tm_wday % 7);
    const auto month = static_cast<std::size_t>(time.tm_mon < 0 ? 0 : time.tm_mon % 12);
    const int twelve = time.tm_hour % 12 == 0 ? 12 : time.tm_hour % 12;
    switch (which) {
    case 'a':
        return std::string(kDays[day]).substr(0, 3);
    case 'A':
        return kDays[day];
    case 'b':
    case 'h':
        return std::string(kMonths[month]).substr(0, 3);
    case 'B':
        return kMonths[month];
    case 'd':
        return filled(time.tm_mday, 2, '0');
    case 'e':
        return filled(time.tm_mday, 2, ' ');
    case 'm':
        return filled(time.tm_mon + 1, 2, '0');
    case 'y':
        return filled((time.tm_year + 1900) % 100, 2, '0');
    case 'Y':
        return number(time.tm_year + 1900, 0, '\0');
    case 'H':
        return filled(time.tm_hour, 2, '0');
    case 'I':
        return filled(twelve, 2, '0');
    case 'M':
        return filled(time.tm_min, 2, '0');
    case 'S':
        return filled(time.tm_sec, 2, '0');
    case 'f':
        return "000000";
    case 'j':
        return filled(time.tm_yday + 1, 3, '0');
    case 'p':
        return time.tm_hour < 12 ? "AM" : "PM";
    case 'u':
        return number(day == 0 ? 7 : static_cast<int>(day), 0, '\0');
    case 'w':
        return number(static_cast<int>(day), 0, '\0');
    case 'n':
        return "\n";
    case 't':
        return "\t";
    case '%':
        return "%";
    default:
        return {};
    }
}

} // namespace

std::string formatTime(const std::tm& time, std::string_view format)
{
    std::string text;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%' || i + 1 == format.size()) {
            text += format[i];
            continue;
        }
        char which = format[++i], fill = '?';
        if ((which == '-' || which == '_' || which == '0') && i + 1 < format.size()) {
            fill = which == '-' ? '\0' : which == '_' ? ' ' : '0';
            which = format[++i];
        }
        switch (which) {
        case 'F':
            text += formatTime(time, "%Y-%m-%d");
            break;
        case 'T':
        case 'X':
            text += formatTime(time, "%H:%M:%S");
            break;
        case 'R':
            text += formatTime(time, "%H:%M");
            break;
        case 'D':
        case 'x':
            text += formatTime(time, "%m/%d/%y");
            break;
        case 'c':
            text += formatTime(time, "%a %b %e %H:%M:%S %Y");
            break;
        default:
            text += field(time, which, fill);
        }
    }
    return text;
}

} // namespace gorgon::jinja
