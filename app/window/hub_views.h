// SPDX-License-Identifier: GPL-3.0-or-later
// Values of core/hub as the window shows them.
#pragma once

#include "core/hub/download.h"
#include "core/hub/http.h"
#include "core/hub/hub_cache.h"
#include "ui/models/hub_values.h"

#include <exception>

namespace gorgon {

QString toText(const std::string& text);
QString toText(const std::filesystem::path& path);

HubFailure failureView(const HubErrorInfo& error);
/// Of whatever was caught; HubError or anything else.
HubFailure failureView(const std::exception& error);
DownloadEntry downloadView(const DownloadProgress& progress);
/// Of an earlier run.
DownloadEntry unfinishedView(const DownloadRequest& request, qint64 id);
RequestEntry requestView(const HttpLogEntry& entry, qint64 now_ms);
/// Without what its files hold.
InstalledEntry installedView(const InstalledModel& model);
/// Of the snapshot that is opened: that of main, else the last.
const InstalledSnapshot* snapshotInUse(const InstalledModel& model);

} // namespace gorgon
