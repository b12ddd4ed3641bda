// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/convert_heads.h"

#include "app/cli/hub_access.h"
#include "core/model/convert_heads.h"
#include "core/model/file_error.h"

namespace gorgon {

namespace {

void report(const ConvertedHeads& made, bool as_json)
{
    if (as_json) {
        printJson({{"out", made.out.string()}, {"format", made.format}, {"heads", made.n_heads},
            {"bytes", made.n_bytes}, {"files", made.files}, {"notes", made.notes}});
        return;
    }
    std::string text = made.out.string() + ": " + std::to_string(made.n_heads)
        + (made.n_heads == 1 ? " head, " : " heads, ") + made.format + ", "
        + bytesText(made.n_bytes) + "\n";
    print(forOutput(text));
}

} // namespace

int convertHeads(const ConvertHeadsArguments& options, const Program& program)
{
    const auto heads = modelOnDisk({options.heads, "convert", options.yes, true}, program);
    if (!heads)
        throw std::runtime_error(options.heads
            + ": expected Medusa heads, found nothing there; give a folder or a file");
    ConvertHeadsOptions job;
    job.heads = *heads;
    job.out = options.out;
    job.to = *headsFormat(options.to);
    if (!options.base.empty())
        job.base = modelOnDisk({options.base, "--model", options.yes, true}, program)
                       .value_or(options.base);
    job.replace = options.force;
    job.shard_bytes = uint64_t(options.shard_gb * 1e9);
    Progress progress(program, "converting");
    try {
        const ConvertedHeads made = convertHeads(
            job,
            [&](const LoadProgress& now) {
                progress.show(double(now.done_bytes), double(now.total_bytes));
            },
            program.interrupt.token());
        for (const std::string& note : made.notes)
            program.note("note: " + note);
        report(made, options.json);
    } catch (const LoadCancelled&) {
        throw Interrupted();
    }
    return kDone;
}

} // namespace gorgon
