// SPDX-License-Identifier: Apache-2.0
// Puts the tensors of a checkpoint in order as heads and lists what is wrong with them.
#pragma once

#include "core/model/heads_file.h"

namespace gorgon {

/// Fills everything of `heads` but path, checkpoint, in_full_model and stated, which it reads.
/// Problems are sentences without the path, at most some dozens.
std::vector<std::string> assembleHeads(StoredHeads& heads);

} // namespace gorgon
