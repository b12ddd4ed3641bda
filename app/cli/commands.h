// SPDX-License-Identifier: GPL-3.0-or-later
// The subcommands, each in the file of its name.
#pragma once

#include "app/cli/program.h"

namespace gorgon {

void addChat(CLI::App& app, Program& program);
void addGenerate(CLI::App& app, Program& program);
void addLogits(CLI::App& app, Program& program);
void addTokenize(CLI::App& app, Program& program);
void addDetokenize(CLI::App& app, Program& program);
void addRender(CLI::App& app, Program& program);
void addTree(CLI::App& app, Program& program);
void addInspect(CLI::App& app, Program& program);
void addConvert(CLI::App& app, Program& program);
void addAccuracy(CLI::App& app, Program& program);
void addPerplexity(CLI::App& app, Program& program);
void addProve(CLI::App& app, Program& program);
void addBench(CLI::App& app, Program& program);
void addConvert(CLI::App& app, Program& program);
void addDevices(CLI::App& app, Program& program);
void addPull(CLI::App& app, Program& program);
void addList(CLI::App& app, Program& program);
void addVerify(CLI::App& app, Program& program);
void addRemove(CLI::App& app, Program& program);
void addPush(CLI::App& app, Program& program);

} // namespace gorgon
