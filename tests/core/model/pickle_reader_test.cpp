// SPDX-License-Identifier: Apache-2.0
#include "tests/core/model/archive_fixture.h"

using namespace gorgon;
using namespace gorgon::tests;
using namespace std::string_literals;

TEST_CASE_FIXTURE(
    ArchiveFixture, "A pickle that asks for anything else is refused and nothing runs")
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

TEST_CASE_FIXTURE(ArchiveFixture, "Tensors one level deeper are read or named")
{
    const auto nested = [](const std::string& name) {
        return PickleWriter()
            .raw("}(")
            .text("epoch")
            .raw("K\x01")
            .text("empty")
            .raw("}")
            .text(name)
            .raw("}(")
            .text("w")
            .tensor("FloatStorage", "0", 16, 0, {4, 4}, {4, 1})
            .raw("uu.")
            .bytes;
    };
    const auto file
        = openTensorFile(folder().write("inner.pt", torchOfPickle(nested("state_dict"))));
    REQUIRE(file->tensors().size() == 1);
    CHECK(file->tensors().contains("w"));
    CHECK(refuse(torchOfPickle(nested("model"))).find("one level deeper, under \"model\"")
        != std::string::npos);
    CHECK(refusePickle("}.").find("holds no tensor under a name") != std::string::npos);
}

TEST_CASE_FIXTURE(ArchiveFixture, "Program objects and sparse tensors are named")
{
    CHECK(refusePickle("ctorch.nn.modules.linear\nLinear\n)\x81.").find("a whole program object")
        != std::string::npos);
    CHECK(refusePickle("c__main__\nNet\n)\x81.").find("torch.save(model.state_dict(), FILE)")
        != std::string::npos);
    CHECK(refusePickle("ctorch._utils\n_rebuild_sparse_tensor\n.").find("a sparse tensor")
        != std::string::npos);
}

TEST_CASE_FIXTURE(ArchiveFixture, "Broken or hostile instructions are refused")
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

TEST_CASE_FIXTURE(ArchiveFixture, "Every single instruction is accepted or refused, never worse")
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

TEST_CASE_FIXTURE(ArchiveFixture, "A pickle cut off anywhere or changed in any byte never harms")
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
