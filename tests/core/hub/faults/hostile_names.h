// SPDX-License-Identifier: Apache-2.0
// Names that no file of a repository may have: they lead out of the folder on one system or
// another, name a device there, or cannot be told from another name.
#pragma once

#include <string>
#include <vector>

namespace gorgon::tests {

inline std::vector<std::string> hostileNames()
{
    std::vector<std::string> names = {"", ".", "..", "/", "//", "../a", "../../a", "a/..", "a/../b",
        "a/../../b", "a/./b", "./a", "./../a", "a/", "a//b", "//a", "/a", "/etc/passwd",
        "../../../../etc/passwd", "../outside/secret.txt", "..\\a", "a\\..\\..\\b",
        "..\\..\\outside\\secret.txt", "\\a", "\\\\host\\share", "\\\\host\\share\\a",
        "//host/share/a", "\\\\?\\C:\\a", "\\\\.\\PhysicalDrive0", "\\??\\C:\\a", "C:", "C:a",
        "C:\\a", "C:/a", "c:/windows/win.ini", "z:\\a", "a/C:/b", "a:b", "a.txt:stream",
        "a.txt::$DATA", "a\\b", "a/b\\c", "a.", "a..", "a. ", "a ", "a /b", "a./b", "a/b.", "a/b ",
        "...", "....", "a/...", " ", "  ", "a/ /b", "a/ ", "CON", "con", "Con", "PRN", "AUX", "NUL",
        "nul", "CONIN$", "CONOUT$", "CON.txt", "con.tar.gz", "NUL.safetensors", "a/CON/b", "a/nul",
        "aux.json", "CON ", "CON .txt", "PRN.", "NUL:", "COM\xC2\xB9", "LPT\xC2\xB2.txt",
        "COM\xC2\xB3", std::string("a\0b", 3), std::string("\0", 1),
        std::string("model.bin\0.txt", 14), "a\x7F", "\xFF", "a\xFF\xFE", "\xC0\xAE\xC0\xAE/a",
        "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80",
        "a\xC3", "\x80", std::string(256, 'a'), std::string(300, 'a') + ".txt",
        "a/" + std::string(256, 'b'), std::string(5000, 'a')};
    for (char letter = 1; letter < 32; ++letter)
        names.push_back(std::string("a") + letter + "b");
    for (const char letter : std::string("<>\"|?*"))
        names.push_back(std::string("a") + letter + "b");
    for (char digit = '1'; digit <= '9'; ++digit) {
        names.push_back(std::string("COM") + digit);
        names.push_back(std::string("lpt") + digit + ".txt");
    }
    std::string deep = "a";
    for (int i = 0; i < 3000; ++i)
        deep += "/a";
    names.push_back(deep);
    std::string climbing;
    for (int i = 0; i < 50; ++i)
        climbing += "../";
    names.push_back(climbing + "tmp/a");
    return names;
}

/// Unusual, and in order.
inline std::vector<std::string> oddNames()
{
    return {"a b.txt", ".gitattributes", ".a", "a..b", "..a", "a/b/c/d/e.txt",
        "donn\xC3\xA9"
        "es.json",
        "\xE3\x83\xA2\xE3\x83\x87\xE3\x83\xAB.bin", "console.txt", "com10", "nul2.txt", "conx/a",
        "a+b.txt", "a%2e.txt", "%2e%2e%2fa", "a&b=c.txt", "a#b.txt", "a;b,c.txt", "~", "~root",
        "-rf", "$HOME", "`id`", "a'b.txt", "model-00001-of-00002.safetensors",
        std::string(200, 'a'), "a(1)[2]{3}.txt", "@", "100%.txt"};
}

inline std::vector<std::string> hostileRepositories()
{
    return {"", "/", "a/", "/a", "a/b/c", "a//b", "..", "../a", "a/..", "../..", "./a", "a/.",
        "a\\b", "a/b\\c", "a b/c", "a/b c", "a/b\n", std::string("a/b\0c", 5), "a/b:c", "C:/b",
        "a/b?c", "a/b#c", "a/b%2e", "a--b/c", "a/b--c", "a/b..c", "a/<b>",
        "a/" + std::string(300, 'b'), std::string(300, 'a') + "/b", "a/b.", "-/..", "a/\xFF",
        "a/b@main", "http://a/b", "a/con:", "a/b|c", "a/*"};
}

inline std::vector<std::string> hostileRevisions()
{
    return {"", ".", "..", "../main", "../../outside/secret.txt", "/etc/passwd", "refs/../../a",
        "refs/pr/..", "a\\b", "a b", "a\nb", std::string("a\0b", 3), "C:a", "a//b", "a/", "a:b",
        "a?b", "a*b", "a\x7F", "\xFF", std::string(5000, 'a')};
}

} // namespace gorgon::tests
