// SPDX-License-Identifier: GPL-3.0-or-later
// Text to ids and back, from standard input.
#include "app/cli/commands.h"
#include "app/cli/model_options.h"
#include "app/cli/prompt_options.h"
#include "core/model/json_file.h"
#include "core/text/stream_decoder.h"

namespace gorgon {

namespace {

constexpr const char* kInput = "standard input";

struct Options
{
    ModelOptions model;
    bool special = false;
    bool no_bos = false;
    bool skip_special = false;
    bool batch = false;
    bool stream = false;
    bool json = false;
};

nlohmann::json inputList()
{
    nlohmann::json list = parseJson(readStandardInput(), kInput);
    if (!list.is_array())
        throw std::runtime_error(
            std::string(kInput) + ": expected a JSON list, found something else");
    return list;
}

int runTokenize(const Options& options, const Program& program)
{
    const auto tokenizer = openTokenizer(modelFolder(options.model, program), true, program);
    const auto encode = [&](const std::string& text) {
        std::vector<int> ids
            = options.special ? tokenizer->encodeWithControls(text) : tokenizer->encode(text);
        if (!options.no_bos && tokenizer->addsBos() && tokenizer->bosToken() >= 0)
            ids.insert(ids.begin(), tokenizer->bosToken());
        return ids;
    };
    if (!options.batch) {
        printJson(encode(readStandardInput()));
        return kDone;
    }
    nlohmann::ordered_json answers = nlohmann::ordered_json::array();
    for (const nlohmann::json& text : inputList()) {
        if (!text.is_string())
            throw std::runtime_error(
                std::string(kInput) + ": expected a JSON list of texts, found another entry");
        answers.push_back(encode(text.get<std::string>()));
    }
    printJson(answers);
    return kDone;
}

std::vector<int> checkedIds(const nlohmann::json& json, const Tokenizer& tokenizer)
{
    std::vector<int> ids = idsOf(json, kInput);
    for (const int id : ids)
        if (id >= tokenizer.vocabSize())
            throw std::runtime_error(std::string(kInput) + ": expected ids below "
                + std::to_string(tokenizer.vocabSize()) + ", the size of the vocabulary, found "
                + std::to_string(id));
    return ids;
}

void streamText(const std::shared_ptr<const Tokenizer>& tokenizer, const std::vector<int>& ids,
    const Options& options)
{
    StreamDecoder decoder(tokenizer, true, options.skip_special);
    nlohmann::ordered_json chunks = nlohmann::ordered_json::array();
    const auto emit = [&](const std::string& chunk) {
        if (!options.json)
            print(forOutput(chunk));
        else if (chunk.empty())
            chunks.push_back(nullptr); // nothing yet
        else
            chunks.push_back(chunk);
    };
    for (const int id : ids)
        emit(decoder.push(id));
    if (const std::string rest = decoder.finish(); !rest.empty())
        emit(rest);
    if (options.json)
        printJson(chunks);
}

int runDetokenize(const Options& options, const Program& program)
{
    if (options.batch && options.stream)
        throw UsageError("--stream: goes with one list of ids, not with --batch");
    const auto tokenizer = openTokenizer(modelFolder(options.model, program), true, program);
    const nlohmann::json input = inputList();
    if (options.batch) {
        nlohmann::ordered_json texts = nlohmann::ordered_json::array();
        for (const nlohmann::json& ids : input)
            texts.push_back(tokenizer->decode(checkedIds(ids, *tokenizer), options.skip_special));
        printJson(texts);
        return kDone;
    }
    const std::vector<int> ids = checkedIds(input, *tokenizer);
    if (options.stream)
        streamText(tokenizer, ids, options);
    else if (const std::string text = tokenizer->decode(ids, options.skip_special); options.json)
        printJson(text);
    else
        print(forOutput(text));
    return kDone;
}

} // namespace

void addTokenize(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command
        = addCommand(app, program, "tokenize", "Text on standard input to token ids as JSON",
            "echo -n \"Once upon a time\" | gorgon-cli tokenize",
            [options, &program] { return runTokenize(*options, program); });
    addModelFolder(*command, options->model);
    command->add_flag(
        "--special", options->special, "Control tokens written in the text become their ids");
    command->add_flag("--no-bos", options->no_bos, "No begin token in front");
    command->add_flag(
        "--batch", options->batch, "The input is a JSON list of texts, the answer a list of lists");
    command->add_flag("--json", options->json, "As always: the answer is one JSON value");
}

void addDetokenize(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "detokenize",
        "A JSON list of token ids on standard input to text",
        "echo \"[9038, 2501, 263, 931]\" | gorgon-cli detokenize",
        [options, &program] { return runDetokenize(*options, program); });
    addModelFolder(*command, options->model);
    command->add_flag("--skip-special", options->skip_special, "Leave control tokens out");
    command->add_flag(
        "--batch", options->batch, "The input is a JSON list of lists, the answer a list of texts");
    command->add_flag("--stream", options->stream, "Print what becomes printable with each id");
    command->add_flag("--json", options->json,
        "Print the text as one JSON value; with --stream a list, null where an id made nothing "
        "printable");
}

} // namespace gorgon
