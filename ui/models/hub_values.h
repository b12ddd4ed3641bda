// SPDX-License-Identifier: GPL-3.0-or-later
// Models of the hub as the window shows them. Plain values.
#pragma once

#include "ui/models/model_choice.h"

#include <QMetaType>
#include <QString>
#include <QStringList>
#include <QVector>

namespace gorgon {

/// A fact in a word or two.
struct Badge
{
    enum class Tone
    {
        plain,
        good,
        caution,
        warning,
        chosen // stands out
    };
    QString name; // "Licence"
    QString text; // "apache-2.0"
    Tone tone = Tone::plain;
    QString tip; // the whole of it

    bool operator==(const Badge&) const = default;
};

/// What a pair takes of a device's memory in one format of its weights.
struct FitFormat
{
    QString weights; // as in ModelChoice
    QString verdict; // "Fits"
    Badge::Tone tone = Badge::Tone::plain;
    QVector<std::pair<QString, qint64>> lines; // that add up to `bytes`
    qint64 bytes = 0;

    bool operator==(const FitFormat&) const = default;
};

struct FitPlace
{
    QString device;
    qint64 free_bytes = 0;
    QVector<FitFormat> formats;
    int best = -1; // the widest that fits

    bool operator==(const FitPlace&) const = default;
};

/// For one length of context.
struct FitView
{
    qint64 context = 0; // positions
    QVector<FitPlace> places; // accelerators first

    bool operator==(const FitView&) const = default;
};

/// A base model, heads, or both, that can be fetched.
struct PairEntry
{
    enum class Knowledge
    {
        listed, // what the catalogue or the search said
        asking,
        known, // the hub was asked for its files
        failed, // and did not answer; `problem` says why
    };
    QString base; // ORG/NAME; empty: heads alone
    QString heads; // empty: a base alone; the same as base: a full model with its heads
    QString revision; // of a pasted address; empty: main
    QString title;
    QString note;
    QVector<Badge> badges;
    QVector<FitView> fits; // once known, the shortest context first
    qint64 context = 0; // chosen among them, before that the one that loading takes
    QString weights; // chosen, as in ModelChoice
    bool is_recommended = false; // for this computer
    bool open_when_here = false;
    Knowledge knowledge = Knowledge::listed;
    QString problem; // why it cannot be fetched or cannot run, a sentence
    QString licence_page; // of what is gated
    bool needs_token = false; // the hub did not let us look
    bool may_get = true;

    QString key() const { return base + QLatin1Char('\n') + heads; }
    QString names() const;
    bool operator==(const PairEntry&) const = default;
};

struct InstalledEntry
{
    QString repository;
    QString folder; // of the newest snapshot
    QString words; // what it is
    QString problem;
    bool is_model = false;
    bool is_heads = false;
    bool is_linked = false; // a folder outside the cache, opened where it lies; `repository` too
    qint64 bytes = 0; // on the disk
    qint64 listed_bytes = 0; // of all its snapshots, what they share counted each time
    qint64 freed_bytes = 0; // by its removal, unfinished downloads too
    qint64 partial_bytes = 0; // of unfinished downloads
    qint64 used_s = 0; // since 1970
    qint64 width = 0; // of the model, or of the vectors that the heads take; 0: not known
    qint64 vocab = 0; // heads: 0 where they use the model's
    QVector<HeadsOffer> heads; // installed ones that fit

    bool operator==(const InstalledEntry&) const = default;
};

/// Those among the entries that are heads alone and take the vectors of such a model.
QVector<HeadsOffer> headsThatFit(
    const QVector<InstalledEntry>& entries, qint64 width, qint64 vocab);

/// What helps against a failure.
enum class HubDeed
{
    none,
    retry,
    add_token,
    open_page, // then retry
    free_space,
    connection, // mirror, proxy
};

struct HubFailure
{
    QString sentence; // empty: none
    HubDeed deed = HubDeed::none;
    QString page;
    QString details; // for a report

    bool operator==(const HubFailure&) const = default;
};

struct DownloadEntry
{
    enum class State
    {
        unfinished, // of an earlier run
        queued,
        preparing,
        checking,
        downloading,
        waiting,
        paused,
        done,
        failed,
        cancelled,
    };
    struct File
    {
        QString path;
        qint64 bytes = 0;
        qint64 done_bytes = 0;
        State state = State::queued;

        bool operator==(const File&) const = default;
    };
    qint64 id = 0; // negative: unfinished ones of an earlier run
    QString repository;
    QString revision;
    State state = State::queued;
    QVector<File> files;
    qint64 total_bytes = 0;
    qint64 done_bytes = 0;
    double bytes_per_second = 0;
    double left_s = -1; // negative: not known
    int n_retries = 0;
    QString slow; // why it waits or is slow
    HubFailure failure;
    QString folder; // when done

    bool isRunning() const
    {
        return state == State::queued || state == State::preparing || state == State::checking
            || state == State::downloading || state == State::waiting;
    }
    bool operator==(const DownloadEntry&) const = default;
};

struct HubPreferences
{
    enum class Proxy
    {
        environment,
        none,
        own
    };
    QString endpoint; // empty: the hub's own
    bool token_to_mirror = false;
    Proxy proxy = Proxy::environment;
    QString own_proxy;
    int megabytes_per_second = 0; // 0: no limit
    int n_files = 4;

    bool operator==(const HubPreferences&) const = default;
};

/// One request that was made.
struct RequestEntry
{
    qint64 time_ms = 0; // since 1970
    QString method;
    QString address; // without query and secrets
    QString range;
    int status = 0; // 0: no reply
    qint64 bytes = 0;
    double seconds = 0;
    QString error;
};

} // namespace gorgon

Q_DECLARE_METATYPE(gorgon::PairEntry)
Q_DECLARE_METATYPE(gorgon::InstalledEntry)
Q_DECLARE_METATYPE(gorgon::DownloadEntry)
Q_DECLARE_METATYPE(gorgon::HubPreferences)
Q_DECLARE_METATYPE(gorgon::HubFailure)
Q_DECLARE_METATYPE(gorgon::RequestEntry)
