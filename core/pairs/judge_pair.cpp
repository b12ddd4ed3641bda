// SPDX-License-Identifier: Apache-2.0
#include "core/pairs/judge_pair.h"

#include <algorithm>
#include <exception>

#include "core/model/file_error.h"
#include "core/model/heads_match.h"
#include "core/pairs/remote_pair.h"

namespace gorgon {

namespace {

bool namesOneOf(const std::vector<std::string>& models, std::string_view name)
{
    return std::any_of(models.begin(), models.end(),
        [&](const std::string& model) { return namesSameModel(model, name); });
}

PairVerdict judgeNames(
    const ModelFacts& base, const ModelFacts& heads, const HeadsStatement& stated)
{
    const std::string made_for = statedModel(stated.base);
    const std::string shown_base = shown(base.repository);
    if (!made_for.empty()) {
        const std::string says = "the heads say that they were made for " + shown(made_for);
        if (namesSameModel(made_for, base.repository))
            return {PairMatch::matches, says + ", and their shapes fit it."};
        if (namesOneOf(base.base_models, made_for))
            return {PairMatch::likely,
                says + "; " + shown_base + " was made from it, and their shapes fit."};
        if (!namesOneOf(heads.base_models, base.repository))
            return {PairMatch::differs,
                says + "; on " + shown_base
                    + " they run, since their shapes fit, but they will draft badly."};
    }
    if (namesOneOf(heads.base_models, base.repository))
        return {PairMatch::matches,
            "the card of the heads names " + shown_base + " as their base, and their shapes fit."};
    if (!heads.base_models.empty() && made_for.empty())
        return {PairMatch::differs,
            "the card of the heads names " + shown(heads.base_models.front())
                + " as their base; on " + shown_base
                + " they run, since their shapes fit, but they will draft badly."};
    return {PairMatch::likely,
        "the shapes of the heads fit " + shown_base
            + "; nothing says which model they were made for."};
}

std::string sentence(std::string text)
{
    return text.ends_with('.') ? text : text + '.';
}

} // namespace

PairVerdict judgePair(const ModelFacts& base, const ModelFacts& heads)
{
    RemoteHeads remote;
    RemoteBase model;
    try {
        remote = readRemoteHeads(heads);
        if (remote.in_full_model && base.repository != heads.repository)
            return {PairMatch::differs,
                shown(heads.repository)
                    + " holds heads together with a model that was tuned with them; use it as it "
                      "is, without another base."};
        model = readRemoteBase(base);
    } catch (const std::exception& problem) {
        const bool is_unread = !base.unread.empty() || !heads.unread.empty();
        return {is_unread ? PairMatch::unknown : PairMatch::differs, sentence(problem.what())};
    }
    if (!remote.heads) {
        remote.heads = headsOfSize(remote.file_bytes, model.config, remote.stated);
        if (!remote.heads)
            return {PairMatch::differs,
                "no number of heads for " + shown(base.repository) + " ("
                    + std::to_string(model.config.dim) + " wide, "
                    + std::to_string(model.config.vocab_size) + " tokens) makes up a file of "
                    + bytesText(remote.file_bytes) + "."};
    }
    if (const std::string mismatch = headsMismatch(*remote.heads, model.config); !mismatch.empty())
        return {PairMatch::differs, sentence(mismatch)};
    if (remote.in_full_model)
        return {PairMatch::matches, "the heads lie in the checkpoint of the model itself."};
    return judgeNames(base, heads, remote.stated);
}

} // namespace gorgon
