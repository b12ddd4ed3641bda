// SPDX-License-Identifier: Apache-2.0
// A file that torch.save wrote (a zip archive): its tensors, read without running anything.
#pragma once

#include <memory>

#include "core/model/tensor_file.h"

namespace gorgon {

std::unique_ptr<TensorFile> openTorchArchive(PlainFile file);

} // namespace gorgon
