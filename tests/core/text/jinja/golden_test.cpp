// SPDX-License-Identifier: Apache-2.0
// Templates of ours against what Jinja2 makes of them; make_golden.py wrote golden.json.
#include <doctest/doctest.h>

#include <stdexcept>

#include "tests/core/text/jinja/support.h"
#include "tests/core/text/support.h"

using namespace gorgon;
using namespace gorgon::tests;

TEST_CASE("templates render and fail as they do in Jinja2")
{
    const auto golden = nlohmann::ordered_json::parse(
        readAll(std::filesystem::path(GORGON_SOURCE_DIR) / "tests/core/text/jinja/golden.json"));
    int n_equal = 0, n_refused = 0;
    for (const auto& c : golden["cases"]) {
        const std::string source = c["template"].get<std::string>();
        const auto& variables = golden["variables"][c["variables"].get<std::size_t>()];
        CAPTURE(source);
        if (c["text"].is_null()) {
            CHECK_THROWS_AS(renderJinja(source, variables), std::runtime_error);
            ++n_refused;
            continue;
        }
        std::string text;
        CHECK_NOTHROW(text = renderJinja(source, variables).bytes());
        CHECK(text == c["text"].get<std::string>());
        ++n_equal;
    }
    CHECK(n_equal == 200);
    CHECK(n_refused == 76);
}
