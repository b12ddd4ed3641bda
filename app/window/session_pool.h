// SPDX-License-Identifier: GPL-3.0-or-later
// KV caches of the conversations that were used last, so that going back to one costs no prefill.
#pragma once

#include "core/decode/engine.h"

#include <QtGlobal>

#include <list>

namespace gorgon {

class SessionPool
{
public:
    /// The conversation's session, made where it has none; the one unused for longest gives way.
    Session& get(const Engine& engine, qint64 conversation);
    /// After an error nothing is known about a cache.
    void drop(qint64 conversation);
    void clear() { m_entries.clear(); }
    uint64_t bytes() const;

private:
    struct Entry
    {
        qint64 conversation;
        Session session;
    };
    std::list<Entry> m_entries; // used last first
};

} // namespace gorgon
