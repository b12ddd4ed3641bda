// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <functional>
#include <random>

#include "core/model/tensor_file.h"
#include "tests/support/paths.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/torch_writer.h"

using namespace gorgon;
using namespace gorgon::tests;
using namespace std::string_literals;

namespace {

const std::vector<WrittenTensor> kTensors
    = {floatTensor("0.0.linear.weight", {4, 4}, 1), floatTensor("0.0.linear.bias", {4}, 9)};

class Fixture
{
public:
    std::string refuse(std::string_view bytes)
    {
        try {
            openTensorFile(m_folder.write("a.pt", bytes));
            return "";
        } catch (const std::runtime_error& error) {
            const std::string message = error.what();
            CHECK(message.find("a.pt: ") != std::string::npos);
            CHECK(message.find('\n') == std::string::npos);
            return message;
        }
    }
    std::string refusePickle(const std::string& instructions)
    {
        return refuse(torchOfPickle("\x80\x02" + instructions));
    }
    const ScratchFolder& folder() const { return m_folder; }

private:
    ScratchFolder m_folder;
};

/// One tensor "w" in a dictionary.
std::string tensorPickle(const std::string& type, int64_t n_elements, int64_t offset,
    const std::vector<int64_t>& shape, const std::vector<int64_t>& strides)
{
    return PickleWriter()
        .raw("}(")
        .text("w")
        .tensor(type, "0", n_elements, offset, shape, strides)
        .raw("u.")
        .bytes;
}

} // namespace

TEST_CASE_FIXTURE(Fixture, "An archive gives the tensors of its dictionary")
{
    const auto file = openTensorFile(folder().write("größe.pt", torchOf(kTensors)));
    CHECK(file->format() == std::string("torch archive"));
    REQUIRE(file->tensors().size() == 2);
    for (const WrittenTensor& tensor : kTensors) {
        const TensorInfo& info = file->tensors().at(tensor.name);
        CHECK(info.dtype == "F32");
        CHECK(info.shape == tensor.shape);
        std::string read(info.bytes, '\0');
        file->read(info, 0, std::as_writable_bytes(std::span(read)));
        CHECK(read == tensor.bytes);
    }
}

TEST_CASE_FIXTURE(Fixture, "What torch writes beside weights is accepted")
{
    const std::string tensor = tensorPickle("FloatStorage", 16, 0, {4, 4}, {4, 1});
    CHECK(refuse(torchOfPickle(tensor)) == "");
    // A view with an offset, an empty tensor, a scalar, other types.
    CHECK(refuse(torchOfPickle(tensorPickle("FloatStorage", 16, 12, {2, 2}, {2, 1}))) == "");
    CHECK(refuse(torchOfPickle(tensorPickle("FloatStorage", 16, 16, {0, 5}, {5, 1}))) == "");
    CHECK(refuse(torchOfPickle(tensorPickle("FloatStorage", 16, 15, {}, {}))) == "");
    CHECK(refuse(torchOfPickle(tensorPickle("FloatStorage", 16, 0, {1, 16, 1}, {7, 1, 99}))) == "");
    CHECK(refuse(torchOfPickle(tensorPickle("BFloat16Storage", 32, 0, {32}, {1}))) == "");
    CHECK(refuse(torchOfPickle(tensorPickle("LongStorage", 8, 0, {8}, {1}))) == "");
    // An ordered dictionary with _metadata, numbers and lists beside the tensor, a parameter.
    PickleWriter pickle;
    pickle.global("collections", "OrderedDict").raw(")R(");
    pickle.text("w").tensor("FloatStorage", "0", 16, 0, {16}, {1});
    pickle.text("p").global("torch._utils", "_rebuild_parameter").raw("(");
    pickle.tensor("FloatStorage", "0", 16, 4, {4}, {1})
        .raw("\x88")
        .global("collections", "OrderedDict")
        .raw(")RtR");
    pickle.text("step").raw("K\x03").text("lr").raw("G?\xb9\x99\x99\x99\x99\x99\x9a");
    pickle.text("list")
        .raw("](K\x01K\x02"
             "e")
        .text("none")
        .raw("N")
        .raw("u}")
        .text("_metadata");
    pickle.global("collections", "OrderedDict")
        .raw(")R")
        .text("")
        .raw("}")
        .text("version")
        .raw("K\x01sssb.");
    const auto file = openTensorFile(folder().write("b.pt", torchOfPickle(pickle.bytes)));
    REQUIRE(file->tensors().size() == 2);
    CHECK(file->tensors().at("p").offset == file->tensors().at("w").offset + 16);
    // zip64 records, and entries without descriptors.
    ZipEnd end;
    end.zip64 = true;
    CHECK(refuse(zipOf(torchParts(kTensors), end)) == "");
}

TEST_CASE_FIXTURE(Fixture, "A pickle that asks for anything else is refused and nothing runs")
{
    const char* const payloads[][2] = {{"posix", "system"}, {"os", "system"}, {"nt", "system"},
        {"builtins", "eval"}, {"builtins", "exec"}, {"__builtin__", "eval"},
        {"builtins", "getattr"}, {"builtins", "__import__"}, {"builtins", "open"},
        {"subprocess", "Popen"}, {"subprocess", "run"}, {"pkgutil", "resolve_name"},
        {"importlib", "import_module"}, {"runpy", "_run_code"}, {"pty", "spawn"},
        {"socket", "create_connection"}, {"webbrowser", "open"}, {"ctypes", "CDLL"},
        {"types", "CodeType"}, {"operator", "attrgetter"}, {"functools", "partial"},
        {"shutil", "rmtree"}, {"torch", "load"}, {"torch.hub", "load"},
        {"torch._utils", "_rebuild_device_tensor_from_numpy"}, {"torch.jit", "load"},
        {"torch.storage", "_load_from_bytes"}, {"torch", "ComplexFloatStorage"},
        {"torch", "FloatStorage.__init__"}, {"collections", "defaultdict"},
        {"collections", "OrderedDict.__init__"}, {"collections.OrderedDict", ""}, {"", ""},
        {"Collections", "OrderedDict"}, {"numpy", "dtype"},
        {"numpy.core.multiarray", "_reconstruct"}, {"_codecs", "encode"},
        {"copyreg", "_reconstructor"}, {"torch._utils ", "_rebuild_tensor_v2"},
        {"torch._utils", "_rebuild_tensor_v3"}};
    const std::string command = "touch /tmp/pwned_torch";
    for (const auto& payload : payloads) {
        CAPTURE(payload[0]);
        CAPTURE(payload[1]);
        const std::string name = std::string("c") + payload[0] + "\n" + payload[1] + "\n";
        const std::string text = "X" + littleEndian(command.size(), 4) + command;
        CHECK(refusePickle(name + text + "\x85R.").find("asks for") != std::string::npos);
        CHECK(refusePickle(name + ".").find("asks for") != std::string::npos); // never applied
        CHECK(refusePickle("(" + text + "i" + name.substr(1) + ".") != ""); // INST
        CHECK(refusePickle("(" + name + text + "o.") != ""); // OBJ
        CHECK(refusePickle(name + ")\x81.") != ""); // NEWOBJ
        CHECK(refusePickle(name + ")}\x92.") != ""); // NEWOBJ_EX
        const std::string module = payload[0];
        const std::string attribute = payload[1];
        CHECK(refusePickle("\x8C" + littleEndian(module.size(), 1) + module + "\x8C"
                  + littleEndian(attribute.size(), 1) + attribute + "\x93" + text + "\x85R.")
            != ""); // STACK_GLOBAL
    }
    CHECK(!std::filesystem::exists("/tmp/pwned_torch"));
}

TEST_CASE_FIXTURE(Fixture, "Broken or hostile instructions are refused")
{
    const std::string ordered = "ccollections\nOrderedDict\n";
    const std::string rebuild = "ctorch._utils\n_rebuild_tensor_v2\n";
    const std::string floats = "ctorch\nFloatStorage\n";
    const std::string storage = PickleWriter().storage("FloatStorage", "0", 16).bytes.substr(2);
    const auto word
        = [](const std::string& text) { return "X" + littleEndian(text.size(), 4) + text; };
    const auto reference
        = [&](const std::string& tag, const std::string& type, const std::string& n) {
              return "(" + word(tag) + type + word("0") + word("cpu") + n + "tQ.";
          };
    std::string many_marks(100'000, '(');
    for (const std::string& instructions : std::initializer_list<std::string>{
             "",
             ".",
             "N.",
             "K\x01.",
             ").",
             "].",
             "}.",
             "(",
             "(.",
             "t.",
             "u.",
             "s.",
             "e.",
             "a.",
             "R.",
             "b.",
             "Q.",
             "0.",
             "00.",
             "}0.",
             "}}.",
             "}u.",
             "}(u.x",
             "}(K\x01u.",
             "}K\x01s.",
             "}s.",
             "](K\x01K\x02u.",
             "NK\x01K\x02s.",
             "}(NNu.",
             "}(}Nu.",
             "}()Nu.",
             "}(]Nu.",
             ")K\x01"
             "a.",
             "}K\x01"
             "a.",
             "}(K\x01"
             "e.",
             "NQ.",
             ")Q.",
             "K\x01Q.",
             "}h\x00."s,
             "}h\x05.",
             "}j\xFF\xFF\xFF\xFF.",
             "q\x01.",
             "r\x01\x00\x00\x00."s,
             "\x94.",
             "(q\x01.",
             "}r\xFF\xFF\xFF\xFF.",
             "\x80\x06}.",
             "\x80",
             "}\x95",
             "}\x95\x01.",
             "X\xFF\xFF\xFF\xFF.",
             "X\xFF\xFF\xFF\x7F"
             "abc.",
             "X\x02\x00\x00\x00"s,
             "\x8C\xFF"
             "abc.",
             "\x8D\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF.",
             "U\x05"
             "ab.",
             "T\xFF\xFF\xFF\xFF.",
             "X\x01\x00\x00\x00\xFF."s,
             "\x8A\x09"
             "123456789.",
             "\x8A\xFF.",
             "\x8B\x00\x00\x00\x40."s,
             "\x8B\xFF\xFF\xFF\xFF.",
             "I12",
             "Iabc\n.",
             "I\n.",
             "L99999999999999999999L\n.",
             "Lx\n.",
             "G1234567",
             "c",
             "cos",
             "cos\n",
             "cos\nsystem",
             "c" + std::string(5000, 'x') + "\ny\n.",
             "\x81.",
             "\x82\x01.",
             "\x83\x01\x02.",
             "\x84\x01\x02\x03\x04.",
             "\x8E.",
             "\x8F.",
             "\x90.",
             "\x91.",
             "\x92.",
             "\x93.",
             "\x96.",
             "\x97.",
             "\x98.",
             "B\x01\x00\x00\x00x."s,
             "C\x01x.",
             "P0\n.",
             "p0\n.",
             "g0\n.",
             "S'x'\n.",
             "Vx\n.",
             "F1.5\n.",
             "ios\nsystem\n.",
             "(o.",
             "2.",
             "1.",
             "d.",
             "(d.",
             "\xFF.",
             std::string("\0.", 2),
             std::string(1000, '\x85'),
             many_marks,
             many_marks + ".",
             ordered + ".",
             ordered + "K\x01R.",
             ordered + "(K\x01tR.",
             ordered + ")R",
             "))R.",
             "K\x01)R.",
             "})R.",
             floats + ")R.",
             floats + ".",
             rebuild + ")R.",
             rebuild + "(K\x01K\x02K\x03K\x04tR.",
             rebuild + "(NNNNtR.",
             rebuild + "(" + storage + "K\x00))tR."s, // ends with a tensor, no dictionary
             "}(X\x01\x00\x00\x00w"s + rebuild + "(" + storage + "J\xFF\xFF\xFF\xFF(K\x01t(K\x01tN"
                 + ordered + ")RtRu.",
             "}(X\x01\x00\x00\x00w"s + rebuild + "(" + storage + "K\x00(K\x01t(J\xFF\xFF\xFF\xFFtN"s
                 + ordered + ")RtRu.",
             "}(X\x01\x00\x00\x00w"s + rebuild + "(" + storage + "K\x00(K\x04t)N"s + ordered
                 + ")RtRu.",
             "}(X\x01\x00\x00\x00w"s + rebuild + "(" + storage + "K\x00NNN"s + ordered + ")RtRu.",
             "}(X\x01\x00\x00\x00w"s + storage + "u.",
             "}}b.",
             ordered
                 + ")RK\x01"
                   "b.",
             ordered + ")R(b.",
             "K\x01}b.",
             "ctorch._utils\n_rebuild_parameter\n)R.",
             "ctorch._utils\n_rebuild_parameter\n(NNNtR.",
             "}q\x00(X\x01\x00\x00\x00wh\x00u."s, // holds only itself
             reference("storage", floats, "N"),
             reference("storage", ordered, "K\x10"),
             reference("storagX", floats, "K\x10"),
             reference("storage", floats, "J\xFF\xFF\xFF\xFF"),
             reference("storage", floats, "K\x10N"),
             reference("module", floats, "K\x10N"),
             reference("storage", "N", "K\x10"),
             storage + storage.substr(0, storage.size() - 7) + "K\x08tQ.",
         })
    {
        CAPTURE(instructions.substr(0, 60));
        CHECK(refusePickle(instructions) != "");
    }
}

TEST_CASE_FIXTURE(Fixture, "Every single instruction is accepted or refused, never worse")
{
    for (int opcode = 0; opcode < 256; ++opcode)
        for (const std::string& before : {std::string(), std::string("}"), std::string("}("),
                 std::string("}(NN"), std::string(")))"), std::string("K\x01K\x02"), "}q\0"s})
            for (const std::string& after :
                std::initializer_list<std::string>{std::string(), std::string("."), "\0\0\0\0."s,
                    "\1\0\0\0x\n\n."s, std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF.")})
                CHECK(refusePickle(before + char(opcode) + after)
                    != ""); // none of them holds a tensor
}

TEST_CASE_FIXTURE(Fixture, "Extents of storages and views are checked")
{
    constexpr int64_t kLargest = INT64_MAX;
    struct Row
    {
        const char* type;
        int64_t n_elements;
        int64_t offset;
        std::vector<int64_t> shape;
        std::vector<int64_t> strides;
    };
    for (const Row& row : std::initializer_list<Row>{{"FloatStorage", 15, 0, {4}, {1}},
             {"FloatStorage", 17, 0, {4}, {1}}, {"FloatStorage", 0, 0, {0}, {1}},
             {"FloatStorage", kLargest, 0, {4}, {1}}, {"HalfStorage", 16, 0, {16}, {1}},
             {"DoubleStorage", 16, 0, {16}, {1}}, {"FloatStorage", 16, 13, {4}, {1}},
             {"FloatStorage", 16, 17, {}, {}}, {"FloatStorage", 16, 17, {0}, {1}},
             {"FloatStorage", 16, kLargest, {1}, {1}},
             {"FloatStorage", 16, kLargest, {kLargest}, {1}}, {"FloatStorage", 16, 0, {17}, {1}},
             {"FloatStorage", 16, 0, {kLargest}, {1}},
             {"FloatStorage", 16, 0, {kLargest, kLargest}, {kLargest, 1}},
             {"FloatStorage", 16, 0, {int64_t(1) << 32, int64_t(1) << 32}, {int64_t(1) << 32, 1}},
             {"FloatStorage", 16, 0, {kLargest, kLargest, 0}, {0, 0, 1}},
             {"FloatStorage", 16, 0, {-1}, {1}}, {"FloatStorage", 16, 0, {4, 4}, {1, 4}},
             {"FloatStorage", 16, 0, {4, 4}, {0, 1}}, {"FloatStorage", 16, 0, {1000000}, {0}},
             {"FloatStorage", 16, 0, {8}, {2}}, {"FloatStorage", 16, 0, {4}, {-1}},
             {"FloatStorage", 16, 0, {4}, {kLargest}}, {"FloatStorage", 16, 0, {4, 4}, {1}},
             {"FloatStorage", 16, 0, {4}, {4, 1}}, {"FloatStorage", 16, -1, {4}, {1}},
             {"FloatStorage", 16, 0, std::vector<int64_t>(17, 1), std::vector<int64_t>(17, 1)}})
    {
        CAPTURE(row.n_elements);
        CAPTURE(row.offset);
        CHECK(refuse(torchOfPickle(
                  tensorPickle(row.type, row.n_elements, row.offset, row.shape, row.strides)))
            != "");
    }
    const std::string sound = tensorPickle("FloatStorage", 16, 0, {4, 4}, {4, 1});
    CHECK(refuse(zipOf({zipPart("a/data.pkl", sound)})).find("missing") != std::string::npos);
    CHECK(refuse(zipOf({zipPart("a/data.pkl", sound), zipPart("a/data/1", std::string(64, '\0'))}))
        != "");
    CHECK(refuse(torchOfPickle(sound, 15)) != "");
    CHECK(refuse(torchOfPickle(sound.substr(0, sound.size() - 2)
                     + PickleWriter()
                           .text("w")
                           .tensor("FloatStorage", "0", 16, 0, {4}, {1})
                           .bytes.substr(2)
                     + "u."))
              .find("twice")
        != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "Zip archives that contradict themselves are refused")
{
    using Edit = std::function<void(std::vector<ZipPart>&, ZipEnd&)>;
    const std::vector<Edit> edits = {
        [](auto& p, auto&) { p[0].local.name = "a/data.pkm"; },
        [](auto& p, auto&) { p[0].central.name = "a/data.pkm"; },
        [](auto& p, auto&) { p[3].local.name = "a/data/9"; },
        [](auto& p, auto&) { p[3].local.name += "x"; },
        [](auto& p, auto&) { p[4].central.name = p[4].local.name = p[3].local.name; },
        [](auto& p, auto&) { p[3].central.flags |= 1; },
        [](auto& p, auto&) { p[3].central.flags |= 1, p[3].local.flags |= 1; },
        [](auto& p, auto&) { p[3].local.flags |= 1; },
        [](auto& p, auto&) { p[3].local.flags ^= 1 << 11; },
        [](auto& p, auto&) { p[3].central.flags = p[3].local.flags = 1 << 13; },
        [](auto& p, auto&) { p[3].central.flags = p[3].local.flags = 1 << 3 | 1 << 6; },
        [](auto& p, auto&) { p[3].central.method = 8; },
        [](auto& p, auto&) { p[3].local.method = 8; },
        [](auto& p, auto&) { p[3].central.method = p[3].local.method = 8; },
        [](auto& p, auto&) { p[3].central.method = p[3].local.method = 12; },
        [](auto& p, auto&) { p[3].central.packed -= 4; },
        [](auto& p, auto&) { p[3].central.bytes += 4; },
        [](auto& p, auto&) { p[3].central.bytes += 4, p[3].central.packed += 4; },
        [](auto& p, auto&) { p[3].central.bytes = p[3].central.packed = 0; },
        [](auto& p, auto&) { p[3].central.bytes = p[3].central.packed = 0xFFFFFFFE; },
        [](auto& p, auto&) { p[3].central.bytes = p[3].central.packed = 0xFFFFFFFF; },
        [](auto& p, auto&) { p[3].local.bytes = 8; },
        [](auto& p, auto&) { p[3].local.packed = 8, p[3].local.bytes = 8; },
        [](auto& p, auto&) { p[3].local.crc = 8; },
        [](auto& p, auto&) { p[3].central.crc ^= 1; },
        [](auto& p, auto&) { p[0].central.crc ^= 1; },
        [](auto& p, auto&) { p[3].data[5] ^= 1; },
        [](auto& p, auto&) { p[0].data[5] ^= 1; },
        [](auto& p, auto&) { p[3].descriptor.clear(); },
        [](auto& p, auto&) { p[3].descriptor[4] ^= 1; },
        [](auto& p, auto&) { p[3].descriptor[8] ^= 1; },
        [](auto& p, auto&) { p[3].descriptor[0] = 'Q'; },
        [](auto& p, auto&) { p[3].descriptor += "x"; },
        [](auto& p, auto&) { p[4].gap = "hidden bytes"; },
        [](auto& p, auto&) { p[0].gap = "#!/bin/sh\n"; },
        [](auto& p, auto&) { p[3].offset_error = 1; },
        [](auto& p, auto&) { p[3].offset_error = -1; },
        [](auto& p, auto&) { p[3].offset_error = 1 << 30; },
        [](auto& p, auto&) {
            p[4].offset_error = -int64_t(30 + 8 + 64 + 16);
        }, // that of the one before
        [](auto& p, auto&) { p[3].local.extra = "x"; },
        [](auto& p, auto&) { p[3].local.extra = std::string("\x01\x00\xFF\xFF", 4); },
        [](auto& p, auto&) { p[3].central.extra = std::string("\x01\x00\x20\x00", 4); },
        [](auto& p, auto&) { p[3].central.extra = "abc"; },
        [](auto& p, auto&) {
            p[3].central.bytes = 0xFFFFFFFF,
            p[3].central.extra = std::string("\x01\0\x04\0abcd", 8);
        },
        [](auto& p, auto&) {
            p[3].central.bytes = p[3].central.packed = 0xFFFFFFFF;
            p[3].central.extra = std::string("\x01\0\x10\0", 4) + std::string(16, '\xFF');
        },
        [](auto& p, auto&) { p[3].central.extra = std::string("\x01\0\0\0\x01\0\0\0", 8); },
        [](auto& p, auto&) { p[1].data = "big", p[1] = zipPart("a/byteorder", "big"); },
        [](auto& p, auto&) { p[1] = zipPart("a/byteorder", ""); },
        [](auto& p, auto&) { p.push_back(zipPart("../evil", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("a/../../evil", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("/etc/evil", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("a\\evil", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart(std::string("a/e\0il", 7), "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("a/\xFF", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("b/x", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("x", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("a/constants.pkl", "x")); },
        [](auto& p, auto&) { p.erase(p.begin()); },
        [](auto& p, auto&) { p.clear(); },
        [](auto& p, auto&) { p[0] = zipPart("a/data.pkl", std::string((16 << 20) + 1, '(')); },
        [](auto&, auto& e) { e.entries_error = 1; },
        [](auto&, auto& e) { e.entries_error = -1; },
        [](auto&, auto& e) { e.entries_error = 60000; },
        [](auto&, auto& e) { e.size_error = 1; },
        [](auto&, auto& e) { e.size_error = -1; },
        [](auto&, auto& e) { e.size_error = 1 << 30; },
        [](auto&, auto& e) { e.offset_error = 1; },
        [](auto&, auto& e) { e.offset_error = -1; },
        [](auto&, auto& e) { e.offset_error = 1 << 30; },
        [](auto&, auto& e) { e.comment = "hello"; },
        [](auto&, auto& e) { e.before = "hidden"; },
        [](auto&, auto& e) { e.zip64 = true, e.entries_error = 1; },
        [](auto&, auto& e) { e.zip64 = true, e.size_error = 1; },
        [](auto&, auto& e) { e.zip64 = true, e.offset_error = 1; },
        [](auto&, auto& e) { e.zip64 = true, e.offset_error = -46; },
    };
    CHECK(refuse(zipOf(torchParts(kTensors))) == "");
    for (size_t i = 0; i < edits.size(); ++i) {
        CAPTURE(i);
        std::vector<ZipPart> parts = torchParts(kTensors);
        ZipEnd end;
        edits[i](parts, end);
        CHECK(refuse(zipOf(parts, end)) != "");
    }
    const std::string sound = zipOf(torchParts(kTensors));
    CHECK(refuse(sound + "x") != "");
    CHECK(refuse("x" + sound) != "");
    CHECK(refuse(sound + sound) != "");
}

TEST_CASE_FIXTURE(Fixture, "Other containers are named")
{
    CHECK(refuse("\x80\x02\x8A\x0Al\xFC\x9C\x46\xF9 j\xA8P\x19.\x80\x02M\xE9\x03.")
              .find("bare pickle")
        != std::string::npos);
    std::string tar(1024, '\0');
    tar.replace(0, 4, "data");
    tar.replace(257, 5, "ustar");
    CHECK(refuse(tar).find("tar archive") != std::string::npos);
    for (const std::string& other : {std::string(), std::string("7z\xBC\xAF\x27\x1C"),
             std::string("\x1F\x8B\x08"), std::string("PK\x05\x06") + std::string(18, '\0'),
             std::string("PK"), std::string("GGUF"), std::string(5000, '\0'),
             std::string("PK\x03\x04"), std::string("PK\x03\x04") + std::string(100, 'x')})
        CHECK(refuse(other) != "");
}

TEST_CASE_FIXTURE(Fixture, "A file cut off anywhere is refused")
{
    const std::string ours = torchOf(kTensors);
    for (size_t size = 0; size < ours.size(); ++size) {
        CAPTURE(size);
        CHECK(refuse(std::string_view(ours).substr(0, size)) != "");
    }
    const std::string torch
        = bytesOf(dataFolder() / "medusa" / "heads" / "llama_mha_layers2" / "medusa_lm_head.pt");
    REQUIRE(torch.size() > 100'000);
    CHECK(refuse(torch) == "");
    for (size_t size = 0; size < 4096; ++size)
        CHECK(refuse(std::string_view(torch).substr(0, size)) != "");
    for (size_t size = torch.size() - 1500; size < torch.size(); ++size)
        CHECK(refuse(std::string_view(torch).substr(0, size)) != "");
}

TEST_CASE_FIXTURE(Fixture, "A pickle cut off anywhere or changed in any byte never harms")
{
    const std::string pickle = torchParts(kTensors)[0].data;
    const auto archive = [&](const std::string& bytes) {
        std::vector<ZipPart> parts = torchParts(kTensors);
        parts[0] = zipPart("a/data.pkl", bytes);
        return zipOf(parts);
    };
    CHECK(refuse(archive(pickle)) == "");
    for (size_t size = 0; size < pickle.size(); ++size)
        CHECK(refuse(archive(pickle.substr(0, size))) != "");
    size_t n_refused = 0;
    for (size_t at = 0; at < pickle.size(); ++at)
        for (const int change : {1, 0x80, 0xFF, 0x20}) {
            std::string bytes = pickle;
            bytes[at] = char(bytes[at] ^ change);
            n_refused += refuse(archive(bytes)) != "";
        }
    CHECK(n_refused > pickle.size() * 3);
}

TEST_CASE_FIXTURE(Fixture, "Whatever opens after random damage lies within the file")
{
    const std::string sound = torchOf(kTensors);
    for (const unsigned seed : {1U, 2U, 3U}) {
        std::mt19937 random(seed);
        for (int i = 0; i < 700; ++i) {
            std::string bytes = sound;
            for (int k = 1 + int(random() % 4); k > 0; --k)
                bytes[random() % bytes.size()] = char(random());
            try {
                const auto file = openTensorFile(folder().write("r.pt", bytes));
                for (const auto& [name, tensor] : file->tensors()) {
                    std::string data(tensor.bytes, '\0');
                    file->read(tensor, 0, std::as_writable_bytes(std::span(data)));
                }
            } catch (const std::runtime_error& error) {
                CHECK(std::string(error.what()).find("r.pt: ") != std::string::npos);
            }
        }
    }
}
