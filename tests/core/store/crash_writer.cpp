// SPDX-License-Identifier: Apache-2.0
// Writes conversations until it is killed, and says on standard output what was acknowledged:
// "message ID\n", "partial ID LENGTH\n", each in one write. Arguments: file, seed, and a pause
// between turns in microseconds, as people make.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <unistd.h>

#include "core/store/conversation_store.h"

namespace {

void acknowledge(const std::string& line)
{
    if (write(STDOUT_FILENO, line.data(), line.size()) != ssize_t(line.size()))
        std::_Exit(1);
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 4)
        return 2;
    gorgon::ConversationStore store(argv[1]);
    std::mt19937_64 random(std::strtoull(argv[2], nullptr, 10));
    const int64_t conversation = store.create("crash");
    acknowledge("conversation " + std::to_string(conversation) + "\n");
    for (;;) {
        usleep(useconds_t(std::atoi(argv[3])));
        gorgon::Message question;
        question.role = "user";
        question.text = std::string(random() % 9000, 'q');
        question.settings = std::to_string(question.text.size());
        question.id = store.append(conversation, question);
        acknowledge("message " + std::to_string(question.id) + "\n");

        gorgon::Message answer;
        answer.role = "assistant";
        answer.state = gorgon::MessageState::generating;
        answer.id = store.append(conversation, answer);
        acknowledge("message " + std::to_string(answer.id) + "\n");
        for (int i = 0; i < 5; i++) {
            answer.text += std::string(random() % 500, 'a');
            answer.settings = std::to_string(answer.text.size());
            store.update(answer, false);
            acknowledge("partial " + std::to_string(answer.id) + " "
                + std::to_string(answer.text.size()) + "\n");
        }
        answer.state = gorgon::MessageState::complete;
        store.update(answer, true);
        acknowledge("complete " + std::to_string(answer.id) + "\n");
    }
}
