// SPDX-License-Identifier: Apache-2.0
#include "core/hub/connection_error.h"

namespace gorgon {

HubError connectionError(CURLcode code, const std::string& detail, long os_error, const Url& url)
{
    const std::string where = url.place();
    const std::string found = printable(detail, 200);
    HubErrorKind kind = HubErrorKind::noNetwork;
    std::string sentence;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        sentence = "its address was expected, the name is not known (" + found
            + "); check the network connection";
        break;
    case CURLE_OPERATION_TIMEDOUT:
        kind = HubErrorKind::timedOut;
        sentence = "a reply was expected, none came in time; check the network or try again";
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_INITFAILED:
        kind = HubErrorKind::tlsRefused;
        sentence = "a certificate that proves its name was expected, found: " + found
            + "; check the clock of this computer and the network";
        break;
    case CURLE_SSL_CONNECT_ERROR:
        // A handshake that was cut short is a matter of the network and may be tried again.
        if (os_error == 0 && found.find("SYSCALL") == found.npos && found.find("eof") == found.npos)
            kind = HubErrorKind::tlsRefused;
        sentence = "an encrypted connection was expected, found: " + found
            + "; check the network or its proxy";
        break;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
        kind = HubErrorKind::badReply;
        sentence
            = "an HTTP reply was expected, found: " + found + "; try again or change the mirror";
        break;
    default:
        sentence = "a whole reply was expected, the connection failed: " + found
            + "; check the network or try again";
    }
    HubErrorInfo info = hubErrorInfo(kind, where + ": " + sentence);
    info.url = where;
    return HubError(std::move(info));
}

} // namespace gorgon
