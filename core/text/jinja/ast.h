// SPDX-License-Identifier: Apache-2.0
// A template as a tree. Neither expressions nor blocks nest deeper than their caps: the parser
// checks, so whoever walks the tree may recurse.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/text/jinja/value.h"

namespace gorgon::jinja {

inline constexpr int kMaxExpressionDepth = 200;
inline constexpr int kMaxBlockDepth = 64;

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;
using NamedExpressions = std::vector<std::pair<std::string, ExpressionPtr>>;

struct Expression
{
    enum class Kind
    {
        Literal, // literal
        Name, // name
        List, // parts
        Tuple, // parts
        Dict, // parts: key, value, key, value
        Attribute, // parts[0].name
        Item, // parts[0][parts[1]]
        Slice, // parts[0][parts[1]:parts[2]:parts[3]], nullptr where left out
        Call, // parts[0](parts[1]..., named..., *rest, **named_rest)
        Filter, // parts[0] | name(...); parts[0] is nullptr for the text of a block
        Test, // parts[0] is name(...)
        Not, // parts[0]
        Negative,
        Positive,
        Binary, // parts[0] name parts[1]
        Compare, // parts[0] operators[0] parts[1] operators[1] parts[2] ...
        Concat, // parts[0] ~ parts[1] ~ ...
        And,
        Or,
        Conditional, // parts[1] if parts[0] else parts[2], which may be nullptr
    };

    Kind kind = Kind::Literal;
    std::uint32_t at = 0; // byte in the source
    int depth = 1;
    std::string name;
    Value literal;
    std::vector<ExpressionPtr> parts;
    std::vector<std::string> operators;
    NamedExpressions named;
    ExpressionPtr rest, named_rest;
};

struct Statement;
using Block = std::vector<Statement>;

struct Branch
{
    ExpressionPtr condition; // nullptr: else
    Block body;
};

struct Statement
{
    enum class Kind
    {
        Text, // text
        Output, // value
        If, // branches
        For, // for target in value if condition: body, branches[0] where there was nothing
        Set, // target = value
        SetBlock, // target = body, through the filters of value where there are any
        Macro, // name(parameters): body
        CallBlock, // value is a call; its caller(parameters) is body
        FilterBlock, // body through the filters of value
        With, // parameters are what is set: body
        Break,
        Continue,
    };

    Kind kind = Kind::Text;
    std::uint32_t at = 0;
    std::string text; // or name
    ExpressionPtr target, value, condition;
    NamedExpressions parameters; // with their defaults, nullptr where there is none
    Block body;
    std::vector<Branch> branches;
    bool uses_varargs = false, uses_kwargs = false, uses_caller = false; // of a macro
};

} // namespace gorgon::jinja
