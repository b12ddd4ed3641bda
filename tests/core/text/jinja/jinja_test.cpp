// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>

#include "tests/core/text/jinja/support.h"

using namespace gorgon;
using namespace gorgon::tests;
using jinja::kFromTemplate;
using jinja::kFromVariables;

namespace {

// The bytes that came from the variable, "_" for each of the template's.
std::string traced(const std::string& source, const std::string& content)
{
    const jinja::Text text = renderJinja(source, {{"s", content}});
    std::string shown;
    std::size_t begin = 0;
    for (const jinja::Run& run : text.runs()) {
        shown += run.source == kFromVariables ? text.bytes().substr(begin, run.end - begin)
                                              : std::string(run.end - begin, '_');
        begin = run.end;
    }
    CHECK(begin == text.size());
    return shown;
}

std::string messageOf(const std::string& source, const jinja::Limits& limits = {})
{
    try {
        renderJinja(source, {{"s", "text"}, {"l", {1, 2, 3}}}, limits);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "no error";
}

} // namespace

TEST_CASE("each byte knows whether it came from a variable, whatever is done to it")
{
    CHECK(traced("a{{ s }}b", "xyz") == "_xyz_");
    CHECK(traced("{{ 'ab' + s + 'c' }}", "x") == "__x_");
    CHECK(traced("{{ 'ab' ~ s ~ 1 }}", "x") == "__x_");
    CHECK(traced("{{ s | trim }}|{{ s.strip() }}", " x ") == "x_x");
    CHECK(traced("{{ ('<' + s + '>')[1:3] }}", "xy") == "xy");
    CHECK(traced("{{ ('<' + s + '>')[::-1] }}", "xy") == "_yx_");
    CHECK(traced("{{ s | upper }}{{ s.title() }}{{ s | capitalize }}", "ab") == "ABAbAb");
    CHECK(traced("{{ 'a-b' | replace('-', s) }}", "xy") == "_xy_");
    CHECK(traced("{{ s | replace('x', '--') }}", "axb") == "a__b");
    CHECK(traced("{{ s.replace('', '-') }}", "ab") == "_a_b_");
    CHECK(traced("{{ s.split(',') | join('; ') }}", "a,b") == "a__b");
    CHECK(traced("{{ ','.join(s.split()) }}", "a b") == "a_b");
    CHECK(traced("{{ [s, 1] }}", "x") == "_'x'____");
    CHECK(traced("{{ s | tojson }}", "a\"\n") == "_a\\\"\\n_");
    CHECK(traced("{{ {'k': s} | tojson(indent=1) }}", "x").find("x") != std::string::npos);
    CHECK(traced("{{ '%s-%s' % (s, 'y') }}", "x") == "x__");
    CHECK(traced("{{ s % 1 }}", "%d<") == "_<");
    CHECK(traced("{{ '{} {}'.format('y', s) }}", "x") == "__x");
    CHECK(traced("{{ s.format('y') }}", "<{}>") == "<_>");
    CHECK(traced("{{ s * 2 }}{{ s | indent(2, true) }}", "x") == "xx__x");
    CHECK(traced("{{ s | list | join }}{{ s | first }}{{ s | last }}", "xy") == "xyxy");
    CHECK(traced("{% set a %}<{{ s }}>{% endset %}{{ a | upper }}", "x") == "_X_");
    CHECK(traced("{% macro f(a) %}[{{ a }}]{% endmacro %}{{ f(s) }}", "x") == "_x_");
    CHECK(traced("{% filter upper %}a{{ s }}{% endfilter %}", "x") == "_X");
    CHECK(traced("{% set n = namespace(a='') %}{% for c in s %}{% set n.a = n.a + c %}{% endfor %}"
                 "{{ n.a }}",
              "xyz")
        == "xyz");
    CHECK(traced(
              "{{ {s: 1}.keys() | list | first }}{{ dict([[s, 2]]) | items | first | first }}", "x")
        == "xx");
    CHECK(traced("{{ s | int }}{{ s | int + 1 }}{{ s | float }}{{ -(s | int) }}", "12")
        == "121312.0-12");
    CHECK(traced("{{ s | length }}{{ s == 'x' }}", "x") == "_____");
    CHECK(traced("{{ s | center(4) }}{{ s.zfill(2) }}", "x") == "_x___x");
    CHECK(traced("{{ s | e }}", "<a") == "&lt;a");
    CHECK(traced("{{ s | truncate(4, true) }}", "abcdefghijkl") == "a___");
    CHECK(traced("{{ s.partition('-') | join('|') }}", "a-b") == "a_-_b");
    CHECK(traced("{{ s.splitlines() | map('trim') | join('.') }}", "a \n b") == "a_b");
    CHECK(traced("{{ [s, s] | unique | first }}{{ [s, 'a'] | sort | last }}", "x") == "xx");
    CHECK(traced("{{ 'a'.rjust(3, s) }}{{ strftime_now(s) }}", "x") == "xx_x");
    CHECK(traced("{% macro f() %}{{ kwargs | first }}{% endmacro %}{{ f(**{s: 1}) }}"
                 "{{ dict(**{s: 1}) | first }}",
              "x")
        == "xx");
    // A character whose bytes came from both counts as the variable's.
    CHECK(traced("{{ ('\xE2\x82' + s) | upper }}", "\xAC") == "\xE2\x82\xAC");
}

TEST_CASE("errors are one sentence with line and column")
{
    CHECK(messageOf("a\n  {{ nope.x }}")
        == "a test, line 2, column 10: expected a value, found that 'nope' is undefined");
    CHECK(messageOf("{% if s %}\n\xC3\xA9{{ s + 1 }}")
        == "a test, line 2, column 13: expected 'endif', found the end of the template");
    CHECK(messageOf("\xC3\xA9{{ s + 1 }}")
        == "a test, line 1, column 7: expected values that '+' takes, found a str and a int");
    CHECK(messageOf("{{ raise_exception('roles') }}")
        == "a test, line 1, column 19: the template refuses these messages: roles");
    CHECK(messageOf("{{ s | nope }}")
        == "a test, line 1, column 8: expected a filter that Gorgon knows, found 'nope'");
    CHECK(messageOf("x{% import 'y' as z %}")
        == "a test, line 1, column 5: expected a statement that Gorgon knows, found 'import'");
    CHECK(messageOf("{{ 99999999999999999999 }}")
        == "a test, line 1, column 4: expected a number of 64 bits, found "
           "'99999999999999999999'");
    CHECK(messageOf("{{ 9223372036854775807 + 1 }}").find("64 bits") != std::string::npos);
    CHECK(messageOf("{{ (0 - 9223372036854775807 - 1) // -1 }}").find("64 bits")
        != std::string::npos);
    CHECK(messageOf("{{ 10 ** 30 }}").find("64 bits") != std::string::npos);
    CHECK(messageOf("{{ '9' * 30 | int }}{{ ('9' * 30) | int }}").find("64 bits")
        != std::string::npos);
}

TEST_CASE("a template cannot loop, grow or nest without end")
{
    using Contains = doctest::Contains;
    const std::string range = "range(100000)";
    const auto seconds = [](const std::string& source) {
        const auto start = std::chrono::steady_clock::now();
        const std::string message = messageOf(source);
        CAPTURE(source.substr(0, 200));
        CAPTURE(message.substr(0, 200));
        CHECK(message.find("expected") != std::string::npos);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        return took.count();
    };
    const std::vector<std::string> hostile{
        "{% for a in " + range + " %}{% for b in " + range + " %}{% endfor %}{% endfor %}",
        "{% for a in " + range + " %}{{ 'x' * 100000 }}{% endfor %}",
        "{{ 'x' * 10000000000 }}",
        "{{ [1] * 10000000000 }}",
        "{{ 'x' | center(10000000000) }}",
        "{{ 'x'.ljust(10000000000) }}{{ '%999999999s' % 1 }}",
        "{{ 'a\na' | indent(10000000000) }}",
        "{{ [1] | tojson(indent=10000000000) }}",
        "{% set n = namespace(s='xxxxxxxx') %}{% for a in " + range
            + " %}{% set n.s = n.s + n.s %}{% endfor %}",
        "{% set n = namespace(l=[]) %}{% for a in " + range
            + " %}{% set n.l = [n.l, n.l] %}{% endfor %}",
        "{% set n = namespace(l=[1]) %}{% for a in range(50) %}{% set n.l = [n.l, n.l] %}{% endfor "
        "%}{{ n.l }}",
        "{% set n = namespace(l=[1], k=[1]) %}{% for a in range(50) %}{% set n.l = [n.l, n.l] %}"
        "{% set n.k = [n.k, n.k] %}{% endfor %}{{ n.l == n.k }}",
        "{% set n = namespace(l=[1]) %}{% for a in range(50) %}{% set n.l = [n.l, n.l] %}{% endfor "
        "%}{{ n.l | tojson }}",
        "{% set n = namespace(d={}) %}{% for a in " + range
            + " %}{% set n.d = dict(n.d, **{a | string: a}) %}{% endfor %}",
        "{% set n = namespace(s='ab' * 100000) %}{% for a in " + range
            + " %}{% set n.s = n.s.replace('a', 'aa') %}{% endfor %}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(x) %}{% for i in range(9) %}{{ f(x + 1) if x < 40 }}{% endfor %}{% endmacro "
        "%}{{ f(0) }}",
        "{% set s = 'a' * 1000000 + 'b' %}{% for a in " + range
            + " %}{{ s in s + 'c' }}{% endfor %}",
        "{% for a in " + range + " %}{{ range(100000) | sort | list | length }}{% endfor %}",
        "{% for a in " + range + " %}{% set x = range(100000) | unique | list %}{% endfor %}",
        "{{ " + std::string(100000, '(') + "1" + std::string(100000, ')') + " }}",
        "{{ " + std::string(100000, '-') + "1 }}",
        "{{ " + std::string(100000, '[') + " }}",
        "{{ 1" +
            [] {
                std::string chain;
                for (int i = 0; i < 100000; ++i)
                    chain += "+1";
                return chain;
            }()
            + " }}",
        "{{ s" +
            [] {
                std::string chain;
                for (int i = 0; i < 100000; ++i)
                    chain += ".x|e";
                return chain;
            }()
            + " }}",
        [] {
            std::string blocks;
            for (int i = 0; i < 100000; ++i)
                blocks += "{% if 1 %}";
            return blocks;
        }(),
        [] {
            std::string nots = "{{ ";
            for (int i = 0; i < 100000; ++i)
                nots += "not ";
            return nots + "1 }}";
        }(),
    };
    for (const std::string& source : hostile)
        CHECK(seconds(source) < 20);
    CHECK_THROWS_WITH_AS(renderJinja("{% for i in range(9) %}ab{% endfor %}",
                             nlohmann::ordered_json::object(), {1000, 1000, 10}),
        Contains("text, found more"), std::runtime_error);
}

TEST_CASE("objects that hold one another are freed")
{
    // The sanitizers would report what is not.
    CHECK(renderJinja("{% set n = namespace() %}{% set n.self = n %}{% set n.l = [n] %}ok").bytes()
        == "ok");
    CHECK(renderJinja("{% macro f() %}{{ n is defined }}{% endmacro %}{% set n = namespace(f=f) %}"
                      "{% set g = f %}{{ n.f() }}")
              .bytes()
        == "True");
    CHECK(renderJinja("{% for i in [1, 2] %}{{ loop.changed(loop) }}{% endfor %}").bytes()
        == "TrueFalse");
    CHECK_THROWS(renderJinja("{% for i in [1] %}{{ loop.changed(loop) }}{{ 1 / 0 }}{% endfor %}"));
    CHECK(renderJinja("{% set n = namespace() %}{% for i in range(50000) %}{% set m = "
                      "namespace(n=n) %}{% set n = m %}{% endfor %}ok")
              .bytes()
        == "ok");
}
