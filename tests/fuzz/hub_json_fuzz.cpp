// SPDX-License-Identifier: Apache-2.0
// What a hub says, as a hostile one would: every text is values within their bounds or an error,
// and no name gets past that leads out of a folder.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/hub/choose_files.h"
#include "core/hub/content_range.h"
#include "core/hub/download_wishes.h"
#include "core/hub/hub_error.h"
#include "core/hub/hub_json.h"
#include "core/hub/hub_names.h"
#include "core/hub/hub_records.h"
#include "core/hub/partial_file.h"
#include "core/hub/url.h"

using namespace gorgon;

namespace {

template <typename Call> void tried(Call call)
{
    try {
        call();
    } catch (const HubError& error) {
        if (error.info().message.empty())
            std::abort();
    }
}

void checkInside(const std::string& path)
{
    if (!path.empty()
        && (path.front() == '/' || ("/" + path + "/").find("/../") != std::string::npos
            || path.find('\\') != std::string::npos || path.find('\0') != std::string::npos))
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    tried([&] {
        const nlohmann::json json = parseHubJson(text, "listing");
        tried([&] { (void)readFoundModel(json, "listing"); });
        tried([&] {
            PathSet paths;
            FileListing listing;
            readListing(json, "listing", paths, listing);
            for (const RemoteFile& file : listing.files) {
                checkInside(file.path);
                if (file.bytes > kMaxFileBytes)
                    std::abort();
            }
            const ChosenFiles chosen = chooseFiles(listing.files);
            if (chosen.files.size() + chosen.left_out.size() != listing.files.size())
                std::abort();
        });
        tried([&] {
            for (const std::string& path : readModelInformation(json, "a/b").files)
                checkInside(path);
        });
    });
    for (const DownloadRequest& wish : parseWishes(text, "a/b")) {
        checkInside(wish.revision);
        for (const std::string& path : wish.paths)
            checkInside(path);
    }
    tried([&] {
        if (const auto address = parseHubAddress(text)) {
            checkInside(address->repository);
            checkInside(address->path);
            checkInside(address->revision);
        }
    });
    if (const auto record = parsePartialRecord(text)) {
        checkInside(record->path);
        if (parsePartialRecord(toJsonText(*record)) != record)
            std::abort();
    }
    if (!pathProblem(text))
        checkInside(text);
    tried([&] {
        const Url hub = parseUrl("https://hub.example/a/b");
        const Url to = redirectTarget(hub, text);
        if (to.scheme != "https" || to.isPrivate())
            std::abort();
    });
    (void)parseContentRange(text);
    (void)isPrivateAddress(text);
    (void)redacted(text);
    (void)printable(text);
    return 0;
}
