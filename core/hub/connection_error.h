// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>
#include <string>

#include "core/hub/hub_error.h"
#include "core/hub/url.h"

namespace gorgon {

/// What a request that found no whole reply is told as. detail: libcurl's words, without secrets;
/// os_error: errno, or 0.
HubError connectionError(CURLcode code, const std::string& detail, long os_error, const Url& url);

} // namespace gorgon
