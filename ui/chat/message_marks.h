// SPDX-License-Identifier: GPL-3.0-or-later
// Which token made which stretch of a stored answer.
#pragma once

#include "ui/chat/chat_values.h"

namespace gorgon {

/// From the answer's settings; empty where they have none.
TextMarks marksOf(const Message& message);

} // namespace gorgon
