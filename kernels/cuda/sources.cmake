# SPDX-License-Identifier: Apache-2.0
# Kernels and what enqueues them: by nvcc into the module, and as plain C++ for the tests. One a line.
set(GORGON_CUDA_KERNELS
    accept.cu
    attention.cu
    backend.cu
    backend_steps.cu
    devices.cu
    kv_store.cu
    mailbox.cu
    pack.cu
    pointwise.cu
    prefill.cu
    product.cu
    product_bf16.cu
    product_f16.cu
    product_f32.cu
    product_input.cu
    product_q4.cu
    product_q8.cu
    restrict_draws.cu
    scratch.cu
    select.cu
    select_bf16.cu
    select_f16.cu
    select_f32.cu
    select_q4.cu
    select_q8.cu
    stamp.cu
)
# What needs the CUDA libraries; the tests bring an emulated form.
set(GORGON_CUDA_DEVICE_ONLY
    gemm.cu
    module.cu
    runtime.cu
)
