// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/chat_view.h"

#include <deque>
#include <unistd.h>

#include "app/cli/result_json.h"

namespace gorgon {

namespace {

class SimpleView : public ChatView
{
public:
    explicit SimpleView(const Program& program)
        : m_program(program)
        , m_interactive(isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
    {
    }
    void askForInput() override
    {
        if (m_interactive)
            print("> ");
    }
    void showStep(const DecodeStep&, const std::string& text) override { print(forOutput(text)); }
    void showRest(const std::string& text) override { print(forOutput(text)); }
    void endAnswer(const GeneratedText& answer) override
    {
        print("\n");
        m_program.detail(statsLine(answer.result));
    }
    void showNotice(const std::string& text) override
    {
        std::fprintf(stderr, "%s\n", escaped(text).c_str());
    }
    void showProblem(const std::string& text) override
    {
        std::fprintf(stderr, "error: %s\n", oneLine(text).c_str());
    }

protected:
    const Program& m_program;
    bool m_interactive = false;
};

/// Text may wait for a stop text or a character's end, so colours are kept beside the bytes to
/// come.
class RichView : public SimpleView
{
public:
    RichView(const Program& program, std::shared_ptr<const Tokenizer> tokenizer)
        : SimpleView(program)
        , m_tokenizer(std::move(tokenizer))
    {
    }
    void beginAnswer() override
    {
        m_decoder = std::make_unique<StreamDecoder>(m_tokenizer, true);
        m_pending.clear();
    }
    void showStep(const DecodeStep& step, const std::string& text) override
    {
        for (size_t i = 0; i < step.tokens.size(); i++)
            m_pending.push_back({m_decoder->push(step.tokens[i]).size(), int(i)});
        paint(text);
    }
    void showRest(const std::string& text) override { paint(text); }
    void endAnswer(const GeneratedText& answer) override
    {
        print("\n\033[2m" + statsLine(answer.result) + "\033[0m\n");
    }

private:
    struct Stretch
    {
        size_t bytes = 0;
        int depth = 0; // 0: the root, else drafted by head depth - 1
    };

    void paint(const std::string& text)
    {
        constexpr int kColours[]
            = {32, 36, 33, 35, 34}; // of heads 0, 1, ...; a terminal's own palette
        size_t done = 0;
        while (done < text.size() && !m_pending.empty()) {
            Stretch& stretch = m_pending.front();
            const size_t n = std::min(stretch.bytes, text.size() - done);
            const std::string piece = escaped(std::string_view(text).substr(done, n));
            if (stretch.depth == 0 || n == 0)
                print(piece);
            else
                print("\033[4;"
                    + std::to_string(kColours[(stretch.depth - 1) % std::size(kColours)]) + "m"
                    + piece + "\033[0m");
            done += n;
            stretch.bytes -= n;
            if (stretch.bytes == 0)
                m_pending.pop_front();
        }
        print(escaped(std::string_view(text).substr(done)));
    }

    std::shared_ptr<const Tokenizer> m_tokenizer;
    std::unique_ptr<StreamDecoder> m_decoder;
    std::deque<Stretch> m_pending;
};

class ProgrammaticView : public ChatView
{
public:
    void showStep(const DecodeStep& step, const std::string& text) override
    {
        printJson({{"event", "step"}, {"text", text}, {"tokens", step.tokens},
            {"accept_length", step.accept_length}, {"nodes", step.nodes.size()}});
    }
    void showRest(const std::string& text) override
    {
        if (!text.empty())
            printJson({{"event", "step"}, {"text", text},
                {"tokens", nlohmann::ordered_json::array()}, {"accept_length", 0}, {"nodes", 0}});
    }
    void endAnswer(const GeneratedText& answer) override
    {
        const GenerateStats& stats = answer.result.stats;
        printJson({{"event", "answer"}, {"text", answer.text},
            {"finish", finishName(answer.result.finish)}, {"seed", answer.result.seed},
            {"prompt_tokens", stats.prompt_tokens}, {"reused_tokens", stats.reused_tokens},
            {"new_tokens", stats.new_tokens}, {"steps", stats.steps},
            {"mean_tokens_per_step", stats.meanTokensPerStep()}, {"prefill_ms", stats.prefill_ms},
            {"decode_ms", stats.decode_ms}, {"tokens_per_second", stats.tokensPerSecond()}});
    }
    void showNotice(const std::string& text) override
    {
        printJson({{"event", "notice"}, {"text", text}});
    }
    void showProblem(const std::string& text) override
    {
        printJson({{"event", "error"}, {"text", text}});
    }
};

} // namespace

std::unique_ptr<ChatView> makeChatView(
    const std::string& style, const Program& program, std::shared_ptr<const Tokenizer> tokenizer)
{
    if (style == "programmatic")
        return std::make_unique<ProgrammaticView>();
    if (style == "rich")
        return std::make_unique<RichView>(program, std::move(tokenizer));
    return std::make_unique<SimpleView>(program);
}

} // namespace gorgon
