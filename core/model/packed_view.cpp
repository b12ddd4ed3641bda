// SPDX-License-Identifier: Apache-2.0
#include "core/model/packed_view.h"

#include <algorithm>
#include <cstring>

namespace gorgon {

void PackedView::add(const std::string& name, std::unique_ptr<PackedMatrix> matrix)
{
    TensorInfo info;
    info.dtype = "F32";
    info.shape = {matrix->n_out, matrix->n_in};
    info.offset = m_matrices.size();
    info.bytes = uint64_t(matrix->n_out) * uint64_t(matrix->n_in) * sizeof(float);
    m_tensors.emplace(name, std::move(info));
    m_matrices.push_back(std::move(matrix));
}

uint64_t PackedView::storedBytes(const TensorInfo& tensor) const
{
    return m_matrices[tensor.offset]->stored_bytes;
}

void PackedView::read(const TensorInfo& tensor, uint64_t first, std::span<std::byte> out) const
{
    PackedMatrix* const matrix = m_matrices[tensor.offset].get();
    if (matrix != m_loaded) {
        if (m_loaded)
            m_loaded->unload();
        m_loaded = nullptr;
        matrix->load();
        m_loaded = matrix;
    }
    if (out.empty())
        return;
    const uint64_t row_bytes = uint64_t(matrix->n_in) * sizeof(float);
    const uint64_t first_row = first / row_bytes;
    const uint64_t end_row = (first + out.size() + row_bytes - 1) / row_bytes;
    m_rows.resize(size_t(end_row - first_row) * size_t(matrix->n_in));
    matrix->rows(int64_t(first_row), int64_t(end_row - first_row), m_rows.data());
    std::memcpy(out.data(),
        reinterpret_cast<const std::byte*>(m_rows.data()) + (first - first_row * row_bytes),
        out.size());
    // The last row is read: the next matrix is another one.
    if (first + out.size() == tensor.bytes) {
        matrix->unload();
        m_loaded = nullptr;
    }
}

} // namespace gorgon
