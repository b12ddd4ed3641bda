// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/filters.h"

namespace gorgon::jinja {

Filter findFilter(std::string_view name)
{
    for (const FilterTable* table :
        {&textFilters(), &listFilters(), &orderFilters(), &numberFilters()})
        if (const auto at = table->find(name); at != table->end())
            return at->second;
    return nullptr;
}

Value applyFilter(
    Context& context, const std::string& name, const Value& value, Arguments& arguments)
{
    const Filter filter = findFilter(name);
    if (!filter)
        throw Failure("expected a filter that Gorgon knows, found '" + name + "'");
    context.meter.step();
    return filter(context, value, arguments);
}

bool applyTest(Context& context, const std::string& name, const Value& value, Arguments& arguments)
{
    const Test test = findTest(name);
    if (!test)
        throw Failure("expected a test that Gorgon knows, found '" + name + "'");
    context.meter.step();
    return test(context, value, arguments);
}

} // namespace gorgon::jinja
