// SPDX-License-Identifier: Apache-2.0
// A verification's verdict on a blob, kept beside it as HASH.gorgon.damaged: the blob stays as it
// is for whoever uses it, and the next download fetches it anew and puts the right bytes in its
// place in one step. The verdict is void once the blob has changed.
#pragma once

#include "core/hub/cache_folder.h"

namespace gorgon {

/// Quiet where nothing can be written.
void noteDamaged(const CacheFolder& blobs, const FolderEntry& blob) noexcept;
bool isDamaged(const CacheFolder& blobs, const FolderEntry& blob);
void forgetDamage(const CacheFolder& blobs, const std::string& blob) noexcept;
/// Of blobs that are not there any more.
void forgetDamageOfMissing(const CacheFolder& blobs);

} // namespace gorgon
