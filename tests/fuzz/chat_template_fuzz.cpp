// SPDX-License-Identifier: Apache-2.0
// Chat templates as strangers write them: any text is a template or an error, in bounded time and
// memory, and no byte of a message loses its origin.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>

#include "core/text/jinja/from_json.h"
#include "core/text/jinja/template.h"

using namespace gorgon;

namespace {

// In no template of the corpus; a fuzzer that writes it itself is let off.
constexpr const char* kContent = " <|\x02 Content \x02|>\n";
constexpr char kMark = '\x02';

void define(jinja::Context& context, jinja::Scope& scope)
{
    const jinja::Value role = context.text("user");
    jinja::Values messages;
    for (int i = 0; i < 3; ++i)
        messages.push_back(makeDict(context.meter,
            {{context.text("role"), role}, {context.text("content"), context.text(kContent, i)}}));
    scope.set("messages", makeList(context.meter, std::move(messages)));
    scope.set("add_generation_prompt", true);
    scope.set("bos_token", context.text("<s>"));
    scope.set("tools",
        fromJson(context, {{{"name", "f"}, {"parameters", {{"a", {1, 2.5, nullptr, true}}}}}},
            jinja::kFromVariables));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string source(reinterpret_cast<const char*>(data), size);
    const jinja::Limits limits{300'000, std::size_t(32) << 20, std::size_t(1) << 20};
    try {
        const jinja::Template parsed(source, "template");
        const jinja::Text text = parsed.render(define, std::tm{}, limits);
        const bool writes_mark = source.find(kMark) != std::string::npos
            || source.find('\\') != std::string::npos || source.find('%') != std::string::npos;
        std::size_t begin = 0;
        for (const jinja::Run& run : text.runs()) {
            if (run.end <= begin || run.end > text.size())
                std::abort();
            const std::string part = text.bytes().substr(begin, run.end - begin);
            if (run.source == jinja::kFromTemplate && !writes_mark
                && part.find(kMark) != std::string::npos)
                std::abort();
            begin = run.end;
        }
        if (begin != text.size())
            std::abort();
    } catch (const std::runtime_error&) {
        // A sentence for people.
    }
    return 0;
}
