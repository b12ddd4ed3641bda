// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text/jinja/characters.h"
#include "core/text/jinja/filters.h"
#include "core/text/jinja/methods.h"
#include "core/text/jinja/operators.h"

namespace gorgon::jinja {

namespace {

// What an item is ordered by.
Value keyOf(Context& context, const Value& item, const Value* path, bool case_sensitive)
{
    Value key = path && !path->isNone() ? followPath(context, item, *path, nullptr) : item;
    if (!case_sensitive && key.isText())
        key = context.text(changedCase(*key.asText(), toLower));
    return key;
}

struct Keyed
{
    Value key, item;
};

std::vector<Keyed> keyed(
    Context& context, const Values& items, const Value* path, bool case_sensitive)
{
    std::vector<Keyed> result;
    result.reserve(items.size());
    for (const Value& item : items)
        result.push_back({keyOf(context, item, path, case_sensitive), item});
    return result;
}

void sortKeyed(Context& context, std::vector<Keyed>& items, bool reversed)
{
    std::stable_sort(items.begin(), items.end(), [&](const Keyed& a, const Keyed& b) {
        return reversed ? lessThan(context.meter, b.key, a.key)
                        : lessThan(context.meter, a.key, b.key);
    });
}

Value listOf(Context& context, std::vector<Keyed>& items)
{
    Values values;
    for (Keyed& each : items)
        values.push_back(std::move(each.item));
    return makeList(context.meter, std::move(values));
}

Value sort(Context& context, const Value& value, Arguments& args)
{
    const auto [reversed, case_sensitive, attribute]
        = bind(args, {"reverse", "case_sensitive", "attribute"});
    const Values items = elementsOf(context, value);
    const bool sensitive = truthOr(case_sensitive, false);
    std::vector<Keyed> sorted;
    const Text* paths = attribute ? attribute->asText() : nullptr;
    if (paths && paths->bytes().find(',') != std::string::npos) {
        // Several attributes: ordered by the first, then by the next.
        for (const Value& item : items) {
            Values keys;
            for (std::size_t at = 0; at <= paths->size();) {
                const std::size_t end = std::min(paths->bytes().find(',', at), paths->size());
                const Value path = context.text(paths->slice(at, end));
                keys.push_back(keyOf(context, item, &path, sensitive));
                at = end + 1;
            }
            sorted.push_back({makeList(context.meter, std::move(keys)), item});
        }
    } else
        sorted = keyed(context, items, attribute, sensitive);
    sortKeyed(context, sorted, truthOr(reversed, false));
    return listOf(context, sorted);
}

Value unique(Context& context, const Value& value, Arguments& args)
{
    const auto [case_sensitive, attribute] = bind(args, {"case_sensitive", "attribute"});
    const Values items = elementsOf(context, value);
    std::vector<Keyed> seen;
    for (Keyed& each : keyed(context, items, attribute, truthOr(case_sensitive, false))) {
        if (each.key.asDict() || (each.key.asList() && !each.key.asList()->is_tuple))
            throw Failure("expected items that can be keys, found a " + each.key.typeName());
        if (std::ranges::none_of(seen,
                [&](const Keyed& other) { return equal(context.meter, other.key, each.key); }))
            seen.push_back(std::move(each));
    }
    return listOf(context, seen);
}

template <bool largest> Value extreme(Context& context, const Value& value, Arguments& args)
{
    const auto [case_sensitive, attribute] = bind(args, {"case_sensitive", "attribute"});
    const Values items = elementsOf(context, value);
    const std::vector<Keyed> all = keyed(context, items, attribute, truthOr(case_sensitive, false));
    const Keyed* best = nullptr;
    for (const Keyed& each : all)
        if (!best
            || (largest ? lessThan(context.meter, best->key, each.key)
                        : lessThan(context.meter, each.key, best->key)))
            best = &each;
    return best ? best->item : Value::undefined("an item of nothing");
}

Value sum(Context& context, const Value& value, Arguments& args)
{
    const auto [attribute, start] = bind(args, {"attribute", "start"});
    Value total = start ? *start : Value(std::int64_t(0));
    if (total.isText())
        throw Failure("expected numbers or lists to add up, found a str");
    for (const Value& item : elementsOf(context, value))
        total = calculate(context, "+", total,
            attribute && !attribute->isNone() ? followPath(context, item, *attribute, nullptr)
                                              : item);
    return total;
}

Value dictSort(Context& context, const Value& value, Arguments& args)
{
    const auto [case_sensitive, by, reversed] = bind(args, {"case_sensitive", "by", "reverse"});
    const std::string which = by ? textOf(*by).bytes() : "key";
    if (which != "key" && which != "value")
        throw Failure("expected 'key' or 'value' to sort by, found another");
    const Dict* dict = value.asDict();
    if (!dict)
        throw Failure("expected a dictionary for 'dictsort', found a " + value.typeName());
    std::vector<Keyed> sorted;
    for (const auto& [key, each] : dict->entries)
        sorted.push_back(
            {keyOf(context, which == "key" ? key : each, nullptr, truthOr(case_sensitive, false)),
                makeTuple(context.meter, {key, each})});
    sortKeyed(context, sorted, truthOr(reversed, false));
    return listOf(context, sorted);
}

Value groupBy(Context& context, const Value& value, Arguments& args)
{
    const auto [attribute, missing, case_sensitive]
        = bind(args, {"attribute", "default", "case_sensitive"});
    const Value* instead = missing && !missing->isNone() ? missing : nullptr;
    std::vector<Keyed> sorted;
    for (const Value& item : elementsOf(context, value))
        sorted.push_back(
            {keyOf(context, followPath(context, item, required(attribute, "attribute"), instead),
                 nullptr, truthOr(case_sensitive, false)),
                item});
    sortKeyed(context, sorted, false);
    Values groups;
    for (std::size_t begin = 0, end = 0; begin < sorted.size(); begin = end) {
        Values members;
        for (end = begin;
             end < sorted.size() && equal(context.meter, sorted[begin].key, sorted[end].key); ++end)
            members.push_back(sorted[end].item);
        if (members.empty())
            throw Failure("expected keys that equal themselves, found one that does not");
        Value key = followPath(context, members.front(), *attribute, instead);
        groups.push_back(makeTuple(
            context.meter, {std::move(key), makeList(context.meter, std::move(members))}));
    }
    return makeList(context.meter, std::move(groups));
}

} // namespace

const FilterTable& orderFilters()
{
    static const FilterTable filters{{"sort", sort}, {"unique", unique}, {"min", extreme<false>},
        {"max", extreme<true>}, {"sum", sum}, {"dictsort", dictSort}, {"groupby", groupBy}};
    return filters;
}

} // namespace gorgon::jinja
