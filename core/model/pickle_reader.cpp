// SPDX-License-Identifier: Apache-2.0
// Opcodes after CPython's Lib/pickletools.py.
#include "core/model/pickle_reader.h"

#include "core/model/file_error.h"
#include "core/model/pickle_tensors.h"

namespace gorgon {

namespace {

using pickle::Kind;
using pickle::Value;

class PickleReader : public pickle::Tensors
{
public:
    using Tensors::Tensors;

    std::vector<PickledTensor> read()
    {
        while (!m_is_done)
            step();
        if (m_at != m_bytes.size())
            fail("bytes follow its end");
        if (m_stack.size() != 1)
            fail("it ends with " + std::to_string(m_stack.size()) + " values instead of one");
        const Value& top = m_values[m_stack.front()];
        if (top.kind != Kind::dict && top.kind != Kind::ordered_dict)
            fail(std::string("a dictionary of tensors was expected, ") + kindName(top.kind)
                + " was found");
        std::vector<PickledTensor> result = collect(top.first);
        return result.empty() ? collectInner(top.first) : result;
    }

private:
    /// Of {"state_dict": {...}}, as trainers write beside their other values.
    std::vector<PickledTensor> collectInner(uint32_t dict) const
    {
        uint32_t inner = 0;
        const std::string_view name = innerDict(dict, inner);
        if (name == "state_dict")
            return collect(inner);
        if (!name.empty())
            fail("its tensors lie one level deeper, under \"" + shown(name, 60)
                + "\"; save that dictionary alone: torch.save(x[\"" + shown(name, 60)
                + "\"], FILE), where x is what torch.load gives");
        fail("its dictionary holds no tensor under a name");
    }

    void step();
    void stepContainers(uint8_t opcode);

    bool m_is_done = false;
};

void PickleReader::step()
{
    const auto opcode = uint8_t(take(1)[0]);
    switch (opcode) {
    case 0x80: // PROTO
        if (const uint64_t version = unsignedNumber(1); version > 5)
            fail("protocol " + std::to_string(version) + " is not known");
        break;
    case 0x95: // FRAME
        unsignedNumber(8);
        break;
    case '.': // STOP
        m_is_done = true;
        break;
    case 'N': // NONE
        push(Kind::none);
        break;
    case 0x88: // NEWTRUE
    case 0x89: // NEWFALSE
        push(Kind::boolean, opcode == 0x88);
        break;
    case 'K': // BININT1
        push(Kind::integer, int64_t(unsignedNumber(1)));
        break;
    case 'M': // BININT2
        push(Kind::integer, int64_t(unsignedNumber(2)));
        break;
    case 'J': // BININT
        push(Kind::integer, int32_t(uint32_t(unsignedNumber(4))));
        break;
    case 0x8A: // LONG1
        push(Kind::integer, longNumber(unsignedNumber(1)));
        break;
    case 0x8B: // LONG4
        push(Kind::integer, longNumber(unsignedNumber(4)));
        break;
    case 'I': // INT, and booleans of protocol 0
    case 'L': // LONG
        push(Kind::integer, decimalLine());
        break;
    case 'G': // BINFLOAT
        take(8);
        push(Kind::real);
        break;
    case 'X': // BINUNICODE
    case 'T': // BINSTRING
        pushText(take(unsignedNumber(4)));
        break;
    case 0x8C: // SHORT_BINUNICODE
    case 'U': // SHORT_BINSTRING
        pushText(take(unsignedNumber(1)));
        break;
    case 0x8D: // BINUNICODE8
        pushText(take(unsignedNumber(8)));
        break;
    case 'c': // GLOBAL
        pushGlobal();
        break;
    case 'q': // BINPUT
        remember(unsignedNumber(1));
        break;
    case 'r': // LONG_BINPUT
        remember(unsignedNumber(4));
        break;
    case 0x94: // MEMOIZE
        remember(m_memo.size());
        break;
    case 'h': // BINGET
        recall(unsignedNumber(1));
        break;
    case 'j': // LONG_BINGET
        recall(unsignedNumber(4));
        break;
    case 'Q': // BINPERSID
        loadStorage();
        break;
    case 'R': // REDUCE
        reduce();
        break;
    case 'b': // BUILD
        build();
        break;
    case '0': // POP
        popId();
        break;
    default:
        stepContainers(opcode);
    }
}

void PickleReader::stepContainers(uint8_t opcode)
{
    switch (opcode) {
    case '(': // MARK
        m_marks.push_back(m_stack.size());
        push(Kind::mark);
        break;
    case ')': // EMPTY_TUPLE
        pushTuple({});
        break;
    case 't': // TUPLE
        pushTuple(popToMark());
        break;
    case 0x85: // TUPLE1
    case 0x86: // TUPLE2
    case 0x87: // TUPLE3
        pushShortTuple(opcode - 0x84);
        break;
    case ']': // EMPTY_LIST
        push(Kind::list);
        break;
    case 'l': // LIST
        popToMark();
        push(Kind::list);
        break;
    case 'a': // APPEND
        popId();
        appendTo(top());
        break;
    case 'e': // APPENDS
        popToMark();
        appendTo(top());
        break;
    case '}': // EMPTY_DICT
        pushDict(Kind::dict);
        break;
    case 's': { // SETITEM
        const uint32_t value = popId();
        const uint32_t key = popId();
        setItems({key, value});
        break;
    }
    case 'u': // SETITEMS
        setItems(popToMark());
        break;
    default: {
        const char digits[] = "0123456789abcdef";
        const std::string code = {digits[opcode >> 4], digits[opcode & 15]};
        fail("the instruction 0x" + code + " is not one that weights need; do not trust this file");
    }
    }
}

} // namespace

std::vector<PickledTensor> readPickle(std::string_view bytes, const std::filesystem::path& file)
{
    return PickleReader(bytes, file).read();
}

} // namespace gorgon
