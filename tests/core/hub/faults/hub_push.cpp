// SPDX-License-Identifier: Apache-2.0
// Uploads a folder in a process of its own, which tests end.
//   hub_push ENDPOINT STATE_FOLDER REPOSITORY FOLDER
// The token is HUB_PUSH_TOKEN. Prints "done KEPT_BYTES SENT_BYTES COMMIT" or "error KIND MESSAGE",
// then with status 1.
#include "core/hub/push_folder.h"

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv)
{
    using namespace gorgon;
    if (argc != 5) {
        std::cout << "error other hub_push ENDPOINT STATE_FOLDER REPOSITORY FOLDER" << std::endl;
        return 1;
    }
    try {
        auto context = std::make_shared<HttpContext>();
        const char* const token = std::getenv("HUB_PUSH_TOKEN");
        context->settings.endpoint = argv[1];
        context->settings.token = token ? token : "";
        context->settings.token_to_mirror = true;
        HubClient client(context);
        PushRequest request;
        request.state_folder = argv[2];
        request.repository = argv[3];
        request.folder = argv[4];
        const PushResult result = pushFolder(client, planPush(client, request));
        std::cout << "done " << result.kept_bytes << " " << result.sent_bytes << " "
                  << result.commit << std::endl;
        return 0;
    } catch (const HubError& error) {
        std::cout << "error " << hubErrorName(error.kind()) << " " << error.what() << std::endl;
    } catch (const std::exception& error) {
        std::cout << "error other " << error.what() << std::endl;
    }
    return 1;
}
