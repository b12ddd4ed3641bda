// SPDX-License-Identifier: Apache-2.0
// Whether a device's answers are the processor's: logits within a tolerance, greedy text as far as
// they tell tokens apart.
#pragma once

#include <memory>
#include <vector>

#include "core/model/model_config.h"
#include "kernels/backend.h"
#include "tests/gpu/report.h"
#include "tests/gpu/shapes.h"

namespace gorgon::gpu {

struct AnswerOptions
{
    int n_tokens = 48; // of greedy text
    int prompt_tokens = 600; // a chunk by cuBLAS, and a rest
    std::vector<Shape> shapes = smallShapes(); // of the models that read long prompts
    std::vector<DType> formats{DType::f32, DType::bf16, DType::f16, DType::q8, DType::q4};
};

/// Prints two tables: the fixture models of tests/data, and long prompts of random models, which
/// cuBLAS reads.
void checkAnswers(
    const std::shared_ptr<Backend>& backend, const AnswerOptions& options, Findings& findings);

} // namespace gorgon::gpu
