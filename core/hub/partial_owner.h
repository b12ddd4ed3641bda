// SPDX-License-Identifier: Apache-2.0
// Which process writes a file, told in a way that another process, another run or another machine
// with the same disk can judge.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gorgon {

/// Machine, boot, process namespace, process id and its start.
std::string thisProcess();
/// Of this boot; empty where the system does not say.
std::string thisBoot();

/// Whether that process may still write. `idle_s`: since it last wrote down how far it is, which
/// decides where nothing better is known (another machine, another container).
bool mayBeAlive(std::string_view owner, int64_t idle_s);

} // namespace gorgon
