// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/auto_tree.h"

#include <cstdio>

namespace gorgon {

std::string words(const AutoTree& found)
{
    char text[160];
    if (found.tree.choices.empty())
        std::snprintf(text, sizeof text, "plain decoding is the fastest here, %.3g ms a step",
            found.plain_us * 1e-3);
    else
        std::snprintf(text, sizeof text,
            "%zu nodes, %.1f tokens a step expected at %.3g ms, against %.3g ms of a plain step",
            found.tree.choices.size() + 1, found.tokens_per_step, found.tree_us * 1e-3,
            found.plain_us * 1e-3);
    return text;
}

void findTreeWhereAuto(GenerateSettings& settings, Engine& engine, Session& session,
    std::span<const int> prompt, Program& program)
{
    if (settings.tree.name != kAutoTree)
        return;
    AutoTree found;
    {
        Progress progress(program, "timing trees");
        found = findAutoTree(
            engine, session, prompt, [&](int done, int total) { progress.show(done, total); },
            program.interrupt.token());
    }
    if (program.interrupt.requested())
        throw Interrupted();
    program.note("tree auto: " + words(found));
    settings.tree = found.tree;
}

} // namespace gorgon
