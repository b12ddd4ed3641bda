// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>

#include "core/model/file_error.h"
#include "core/model/packed_view.h"

namespace gorgon {

namespace {

std::vector<uint32_t> readWords(const StoredTensor& tensor)
{
    std::vector<uint32_t> words(tensor.info->bytes / sizeof(uint32_t));
    tensor.file->read(*tensor.info, 0, std::as_writable_bytes(std::span(words)));
    return words;
}

class GroupPacked final : public PackedMatrix
{
public:
    GroupPacked(const Checkpoint& checkpoint, const std::string& name, const PackingConfig& config)
        : m_config(config)
        , m_per_word(32 / config.bits)
        , m_name(name)
    {
        m_weights = find(checkpoint, ".qweight", {"I32"});
        m_zeros = find(checkpoint, ".qzeros", {"I32"});
        m_scales = find(checkpoint, ".scales", {"F16", "BF16", "F32"});
        const std::vector<int64_t>& shape = m_weights.info->shape;
        m_n_groups = m_scales.info->shape[0];
        n_out = m_scales.info->shape[1];
        const bool by_input = config.method == PackingConfig::Method::gptq;
        if (shape[0] < 1 || shape[0] > (int64_t(1) << 40) || m_n_groups < 1)
            fail(m_weights, "is empty");
        n_in = by_input ? shape[0] * m_per_word : shape[0];
        if (n_out < 1 || n_out % m_per_word != 0
            || shape[1] != (by_input ? n_out : n_out / m_per_word))
            fail(m_weights,
                "of the shape " + shapeText(shape) + " does not fit " + std::to_string(config.bits)
                    + " bits and " + std::to_string(n_out) + " outputs");
        if (m_zeros.info->shape != std::vector<int64_t>{m_n_groups, n_out / m_per_word})
            fail(m_zeros,
                "should have the shape " + shapeText({m_n_groups, n_out / m_per_word}) + ", it has "
                    + shapeText(m_zeros.info->shape));
        m_group_of_input = by_input ? checkpoint.find(name + ".g_idx") : StoredTensor();
        if (m_group_of_input) {
            if (m_group_of_input.info->dtype != "I32"
                || m_group_of_input.info->shape != std::vector<int64_t>{n_in})
                fail(m_group_of_input, "should be I32 " + shapeText({n_in}));
        } else {
            const int64_t size = config.group_size > 0 ? config.group_size : n_in;
            if ((n_in + size - 1) / size != m_n_groups)
                fail(m_scales,
                    "has " + std::to_string(m_n_groups) + " groups, groups of "
                        + std::to_string(size) + " were expected");
        }
        for (const StoredTensor& tensor : {m_weights, m_zeros, m_scales, m_group_of_input})
            stored_bytes += tensor ? tensor.info->bytes : 0;
    }

    void load() override
    {
        m_words = readWords(m_weights);
        m_scale = readFloats(m_scales);
        const std::vector<uint32_t> zeros = readWords(m_zeros);
        m_zero.resize(m_scale.size());
        const bool by_input = m_config.method == PackingConfig::Method::gptq;
        for (int64_t g = 0; g < m_n_groups; ++g) {
            for (int64_t o = 0; o < n_out; ++o) {
                const uint32_t word = zeros[size_t(g * (n_out / m_per_word) + o / m_per_word)];
                uint32_t zero = word >> shiftOf(o) & mask();
                // note: the sum wraps: a zero point of 0 was stored as the largest number.
                if (by_input && m_config.zeros_less_one)
                    zero = (zero + 1) & mask();
                m_zero[size_t(g * n_out + o)] = float(zero);
            }
        }
        m_group.resize(size_t(n_in));
        if (m_group_of_input) {
            const std::vector<uint32_t> groups = readWords(m_group_of_input);
            for (size_t i = 0; i < m_group.size(); ++i) {
                if (groups[i] >= uint64_t(m_n_groups))
                    fail(m_group_of_input, "names a group that does not exist");
                m_group[i] = groups[i];
            }
        } else {
            const int64_t size = m_config.group_size > 0 ? m_config.group_size : n_in;
            for (int64_t i = 0; i < n_in; ++i)
                m_group[size_t(i)] = uint32_t(i / size);
        }
    }

    void unload() override
    {
        m_words = {};
        m_scale = {};
        m_zero = {};
        m_group = {};
    }

    void rows(int64_t first, int64_t n, float* out) const override
    {
        // Outputs lie side by side, so a line of memory holds many of them.
        constexpr int64_t kTile = 16;
        const bool by_input = m_config.method == PackingConfig::Method::gptq;
        for (int64_t tile = first; tile < first + n; tile += kTile) {
            const int64_t end = std::min(tile + kTile, first + n);
            for (int64_t i = 0; i < n_in; ++i) {
                const size_t group = size_t(m_group[size_t(i)]) * size_t(n_out);
                for (int64_t o = tile; o < end; ++o) {
                    const uint32_t word = by_input
                        ? m_words[size_t(i / m_per_word * n_out + o)]
                        : m_words[size_t(i * (n_out / m_per_word) + o / m_per_word)];
                    const int shift = by_input ? int(i % m_per_word) * m_config.bits : shiftOf(o);
                    const float q = float(word >> shift & mask());
                    out[(o - first) * n_in + i]
                        = m_scale[group + size_t(o)] * (q - m_zero[group + size_t(o)]);
                }
            }
        }
    }

private:
    uint32_t mask() const { return (uint32_t(1) << m_config.bits) - 1; }

    /// Of output o in a word of outputs.
    int shiftOf(int64_t o) const
    {
        static constexpr std::array<int, 8> kAwqOrder = {0, 4, 1, 5, 2, 6, 3, 7};
        const auto place = int(o % m_per_word);
        return m_config.bits
            * (m_config.method == PackingConfig::Method::awq ? kAwqOrder[size_t(place)] : place);
    }

    StoredTensor find(const Checkpoint& checkpoint, const char* suffix,
        const std::vector<std::string>& dtypes) const
    {
        const StoredTensor tensor = checkpoint.find(m_name + suffix);
        if (!tensor)
            failFile(checkpoint.path(),
                "the tensor " + shown(m_name + suffix) + " was expected beside "
                    + shown(m_name + ".qweight") + ", it is missing");
        if (std::find(dtypes.begin(), dtypes.end(), tensor.info->dtype) == dtypes.end()
            || tensor.info->shape.size() != 2)
            fail(tensor,
                "should be a matrix of " + dtypes.front() + ", it is " + tensor.info->dtype + " "
                    + shapeText(tensor.info->shape));
        return tensor;
    }

    [[noreturn]] void fail(const StoredTensor& tensor, const std::string& what) const
    {
        for (const auto& [name, info] : tensor.file->tensors())
            if (&info == tensor.info)
                failFile(tensor.file->path(), "the tensor " + shown(name) + " " + what);
        failFile(tensor.file->path(), "a tensor of " + shown(m_name) + " " + what);
    }

    PackingConfig m_config;
    int m_per_word;
    std::string m_name;
    StoredTensor m_weights, m_zeros, m_scales, m_group_of_input;
    int64_t m_n_groups = 0;
    std::vector<uint32_t> m_words;
    std::vector<float> m_scale, m_zero; // (groups, n_out)
    std::vector<uint32_t> m_group; // (n_in)
};

} // namespace

std::unique_ptr<PackedMatrix> openGroupPacked(
    const Checkpoint& checkpoint, const std::string& name, const PackingConfig& config)
{
    return std::make_unique<GroupPacked>(checkpoint, name, config);
}

} // namespace gorgon
