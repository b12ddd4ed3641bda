// SPDX-License-Identifier: GPL-3.0-or-later
// Steps as an engine would report them, made up: one small story by hand, and any number by chance.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "core/decode/candidate_tree.h"
#include "ui/tree/step_view.h"

namespace gorgon::test {

struct HandNode
{
    const char* label;
    int parent;
    int depth;
    int rank;
    float draft;
    float posterior;
    Verdict verdict;
};

/// Typical acceptance of “dragon named Ember.”: 16 nodes, 4 levels, 3 of them accepted, every
/// verdict.
inline StepView storyStep(AcceptanceMode mode = AcceptanceMode::typical)
{
    using enum Verdict;
    static const HandNode nodes[] = {
        {"␣dragon", -1, 0, 0, 1, 1, accepted},
        {"␣named", 0, 1, 0, 0.61F, 0.82F, accepted},
        {"␣who", 0, 1, 1, 0.16F, 0.07F, rejected},
        {".", 0, 1, 2, 0.05F, 0.03F, rejected},
        {"␣with", 0, 1, 3, 0.03F, 0.02F, rejected},
        {"␣Ember", 1, 2, 0, 0.41F, 0.56F, accepted},
        {"␣Tim", 1, 2, 1, 0.19F, 0.06F, rejected},
        {"␣Spark", 1, 2, 2, 0.08F, 0.13F, passed},
        {"␣lived", 2, 2, 0, 0.31F, 0.3F, not_reached},
        {"␣loved", 2, 2, 1, 0.2F, 0.24F, not_reached},
        {".", 5, 3, 0, 0.58F, 0.75F, accepted},
        {",", 5, 3, 1, 0.22F, 0.11F, passed},
        {".", 6, 3, 0, 0.5F, 0.66F, not_reached},
        {"␣in", 8, 3, 0, 0.46F, 0.7F, not_reached},
        {"␣Ember", 10, 4, 0, 0.28F, 0.07F, rejected},
        {"␣He", 10, 4, 1, 0.12F, 0.05F, rejected},
    };
    StepView view;
    DecodeStep& step = view.step;
    step.index = 78;
    step.position = 300;
    step.acceptance = mode;
    step.temperature = mode == AcceptanceMode::greedy ? 0.F : 0.7F;
    std::map<QString, int> ids;
    const auto idOf = [&](const QString& label) {
        return ids.emplace(label, int(ids.size()) + 5).first->second;
    };
    for (const HandNode& hand : nodes) {
        StepNode node;
        node.token = idOf(QString::fromUtf8(hand.label));
        node.parent = hand.parent;
        node.depth = hand.depth;
        node.rank = hand.rank;
        node.origin = hand.depth ? DraftOrigin::medusa_head : DraftOrigin::root;
        node.draft_prob = hand.draft;
        node.posterior_prob = hand.posterior;
        node.threshold = hand.depth ? 0.09F : 0;
        node.verdict = hand.verdict;
        if (mode != AcceptanceMode::typical && node.verdict == passed)
            node.verdict = rejected;
        step.nodes.push_back(node);
        view.node_labels.append(QString::fromUtf8(hand.label));
        view.choice_labels.append(QStringLiteral("␣named"));
    }
    const auto choose = [&](int node, const char* label, float prob) {
        step.nodes[size_t(node)].choice = idOf(QString::fromUtf8(label));
        step.nodes[size_t(node)].choice_prob = prob;
        view.choice_labels[node] = QString::fromUtf8(label);
    };
    choose(0, "␣named", 0.82F);
    choose(1, "␣Ember", 0.56F);
    choose(5, ".", 0.75F);
    choose(10, "␣One", 0.44F);
    step.accept_length = 3;
    step.path = {0, 1, 5, 10};
    for (const int node : step.path) {
        step.tokens.push_back(step.nodes[size_t(node)].token);
        view.emitted_labels.append(view.node_labels[node]);
    }
    step.next_root = step.nodes[10].choice;
    view.next_root_label = QStringLiteral("␣One");
    step.times = {180, 1240, 60, 1600};
    view.tokens_per_second = 612;
    view.message_id = 7;
    return view;
}

/// A tree of `n_nodes` nodes that is broad at the top, as searched trees are.
inline Choices broadChoices(int n_nodes, int depth = 4)
{
    struct Worth
    {
        double value;
        Choice choice;
    };
    std::vector<Worth> frontier{{0.6, {0}}};
    Choices choices;
    while (int(choices.size()) + 1 < n_nodes) {
        const auto best = std::max_element(frontier.begin(), frontier.end(),
            [](const Worth& a, const Worth& b) { return a.value < b.value; });
        const Worth own = *best;
        frontier.erase(best);
        choices.push_back(own.choice);
        Worth sibling = own;
        ++sibling.choice.back();
        sibling.value *= 0.62;
        frontier.push_back(sibling);
        if (int(own.choice.size()) < depth) {
            Worth child = own;
            child.choice.push_back(0);
            child.value *= 0.5;
            frontier.push_back(child);
        }
    }
    std::sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
        return std::pair(a.size(), a) < std::pair(b.size(), b);
    });
    return choices;
}

/// Step `index` over the given choices (sorted by depth); verdicts follow from its numbers.
inline StepView chanceStep(
    const Choices& choices, int index, AcceptanceMode mode, std::mt19937& chance)
{
    static const char* kWords[]
        = {"␣the", "␣dragon", "␣kite", "␣flew", "␣over", "␣hills", ".", ",", "␣and", "␣saw", "␣a",
            "␣red", "␣tall", "␣tree", "⏎", "<0xE2>", "␣she", "␣said", "␣his", "␣friend"};
    const auto uniform = [&](double low, double high) {
        return low + (high - low) * double(chance() % 100000) / 100000;
    };
    const auto word = [&] { return int(chance() % 20); };
    StepView view;
    DecodeStep& step = view.step;
    step.index = index;
    step.acceptance = mode;
    std::map<Choice, int> number{{{}, 0}};
    step.nodes.emplace_back();
    for (const Choice& choice : choices) {
        StepNode node;
        Choice above(choice.begin(), choice.end() - 1);
        node.parent = number.at(above);
        node.depth = int(choice.size());
        node.rank = choice.back();
        node.origin = DraftOrigin::medusa_head;
        number[choice] = int(step.nodes.size());
        step.nodes.push_back(node);
    }
    int best = 0;
    for (size_t i = 0; i < step.nodes.size(); ++i) {
        StepNode& node = step.nodes[i];
        node.choice = word();
        node.choice_prob = float(uniform(0.3, 0.9));
        const double scale = std::pow(0.5, node.rank) / (1 + 0.5 * node.depth);
        node.token = (word() + node.rank) % 20;
        node.draft_prob = float(i ? uniform(0.3, 1) * scale : 1);
        const bool open = i == 0 || step.nodes[size_t(node.parent)].verdict >= Verdict::passed;
        const bool agree = i == 0 || uniform(0, 1) < 1.3 * scale;
        node.posterior_prob = float(i == 0 ? 1 : agree ? uniform(0.2, 0.95) : uniform(0, 0.085));
        node.threshold = i ? 0.09F : 0;
        node.verdict = !open ? Verdict::not_reached : agree ? Verdict::passed : Verdict::rejected;
        if (i && agree && mode != AcceptanceMode::typical)
            step.nodes[size_t(node.parent)].choice = node.token;
        if (open && agree && node.depth > step.nodes[size_t(best)].depth)
            best = int(i);
    }
    for (int at = best; at >= 0; at = step.nodes[size_t(at)].parent) {
        step.nodes[size_t(at)].verdict = Verdict::accepted;
        step.path.insert(step.path.begin(), at);
    }
    for (const StepNode& node : step.nodes) {
        view.node_labels.append(QString::fromUtf8(kWords[node.token < 0 ? 0 : node.token]));
        view.choice_labels.append(QString::fromUtf8(kWords[node.choice]));
    }
    for (const int at : step.path) {
        step.tokens.push_back(step.nodes[size_t(at)].token);
        view.emitted_labels.append(view.node_labels[at]);
    }
    step.accept_length = int(step.path.size()) - 1;
    step.next_root = step.nodes[size_t(best)].choice;
    view.next_root_label = view.choice_labels[best];
    step.times = {200, 1200, 60, 1500 + double(chance() % 400)};
    view.tokens_per_second = 500 + double(chance() % 200);
    view.message_id = 7;
    return view;
}

/// The shape of storyStep.
inline Choices storyChoices()
{
    return {{0}, {1}, {2}, {3}, {0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {0, 0, 0}, {0, 0, 1},
        {0, 1, 0}, {1, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 1}};
}

} // namespace gorgon::test
