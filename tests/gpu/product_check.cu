// SPDX-License-Identifier: Apache-2.0
// Checks the weight-streaming product on the device at hand and measures it, as a report in
// Markdown:
//   product_check [--device 0] [--small] [--no-timing]
// - sums against double over the weights as they are held and the rows as they are rounded;
// - rows alone and among others, bit for bit, for every number of groups;
// - the same sums by cuBLAS, as prompts are read;
// - bytes of weights per second against a plain read of the same memory: as many matrices in turn
//   as are twice the second-level cache, as in a model.
// Ends with 1 where a sum or a bit is wrong. The tests run the same source, emulated, with --small.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/convert.h"
#include "kernels/cuda/device_memory.h"
#include "kernels/cuda/pack.h"
#include "kernels/cuda/prefill.h"
#include "kernels/cuda/product.h"
#include "tests/gpu/device_option.h"

using namespace gorgon;
using namespace gorgon::cuda;

namespace {

constexpr DType kFormats[] = {DType::f32, DType::f16, DType::bf16, DType::q8, DType::q4};
constexpr int kSomeMultiprocessors = 132; // the plan's, fixed so that reports compare
constexpr int kReadThreads = 512;

struct Shape
{
    int64_t n_out, n_in;
};

template <typename T> class Memory
{
public:
    explicit Memory(size_t n)
        : m_bytes(std::max<size_t>(n, 1) * sizeof(T))
        , m_data(static_cast<T*>(allocateDevice(m_bytes)))
    {
    }
    ~Memory() { releaseDevice(m_data, m_bytes); }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    T* data() const { return m_data; }
    size_t bytes() const { return m_bytes; }

private:
    size_t m_bytes;
    T* m_data;
};

/// Reads memory as fast as it can be read. Grid: any.
GORGON_KERNEL void readAll(const unsigned char* data, size_t bytes, uint32_t* out)
{
    uint32_t all = 0;
    const size_t step = size_t(blockCount()) * kReadThreads * 16;
    for (size_t i = (size_t(blockIndex()) * kReadThreads + size_t(threadIndex())) * 16;
         i + 16 <= bytes; i += step)
    {
        const Words4 words = loadWords4(data + i);
        all ^= words.w[0] ^ words.w[1] ^ words.w[2] ^ words.w[3];
    }
    out[blockIndex() * kReadThreads + threadIndex()] = all;
}

/// A matrix of random weights, its rows and its results.
class Case
{
public:
    Case(Stream& stream, DType dtype, Shape shape, bool keeps_source)
        : m_stream(stream)
        , m_dtype(dtype)
        , m_shape(shape)
        , m_data(weightBytes(dtype, shape.n_out, shape.n_in))
        , m_rows(productRowsBytes(dtype, shape.n_in))
        , m_x(size_t(kInputRows * shape.n_in))
        , m_y(size_t(kInputRows * shape.n_out))
        , m_plan(planProduct(
              dtype, shape.n_out, shape.n_in, kSomeMultiprocessors, CacheUse::evict_first))
        , m_partials(partialBytes(m_plan, kInputRows) / sizeof(float))
        , m_tickets(ticketBytes(m_plan, kInputRows) / sizeof(int))
    {
        fillZero(stream, m_data.data(), m_data.bytes());
        fillZero(stream, m_tickets.data(), m_tickets.bytes());
        Matrix matrix;
        matrix.data = Buffer(m_data.data(), m_data.bytes(), [](void*, size_t) {});
        matrix.dtype = dtype;
        matrix.n_out = shape.n_out;
        matrix.n_in = shape.n_in;
        std::mt19937 random(7);
        std::uniform_real_distribution<float> uniform(-0.1F, 0.1F);
        std::vector<float> part(size_t(std::min<int64_t>(shape.n_out, 512) * shape.n_in));
        for (float& value : part)
            value = uniform(random);
        ThreadPool pool(usableThreads());
        for (int64_t row = 0; row < shape.n_out; row += 512)
            setMatrixRows(stream, pool, matrix, row, std::min<int64_t>(512, shape.n_out - row),
                part.data(), DType::f32);
        if (keeps_source) { // as the CPU holds them
            CpuOptions options;
            auto cpu = makeCpuBackend(options);
            Matrix held = cpu->makeMatrix(dtype, shape.n_out, shape.n_in);
            m_weights.resize(size_t(shape.n_out * shape.n_in));
            for (int64_t row = 0; row < shape.n_out; row += 512)
                cpu->setRows(
                    held, row, std::min<int64_t>(512, shape.n_out - row), part.data(), DType::f32);
            for (int32_t row = 0; row < shape.n_out; row++)
                cpu->embed(held, &row, {m_weights.data() + row * shape.n_in, 1, shape.n_in});
        }
    }

    /// (m, n_out) of x (m, n_in).
    std::vector<float> multiply(const std::vector<float>& x)
    {
        const int m = enqueueRows(x);
        enqueue(m);
        return results(m);
    }
    std::vector<float> multiplyByGemm(const std::vector<float>& x, Gemm& gemm)
    {
        const int m = enqueueRows(x);
        const Memory<Bf16> unpacked(leastUnpackBytes(m_dtype, m_shape.n_in) / sizeof(Bf16));
        prefillProduct(m_stream, gemm,
            weightsAt(m_dtype, m_shape.n_out, m_shape.n_in, m_data.data()),
            productRows(m_dtype, m_shape.n_in, m_rows.data()), m,
            {unpacked.data(), unpacked.bytes()}, {m_y.data(), m_shape.n_out, nullptr, false});
        return results(m);
    }
    /// Copies of the matrix, to be read in turn: together at least so many bytes.
    void repeat(size_t least_bytes)
    {
        std::vector<unsigned char> bytes(m_data.bytes());
        copyToHost(m_stream, bytes.data(), m_data.data(), bytes.size());
        m_stream.synchronize();
        while ((m_copies.size() + 1) * bytes.size() < least_bytes) {
            m_copies.push_back(std::make_unique<Memory<unsigned char>>(bytes.size()));
            copyToDevice(m_stream, m_copies.back()->data(), bytes.data(), bytes.size());
        }
    }
    void enqueue(int m)
    {
        product(m_stream, weightsAt(m_dtype, m_shape.n_out, m_shape.n_in, next()), m_plan,
            productRows(m_dtype, m_shape.n_in, m_rows.data()), m,
            {m_partials.data(), m_tickets.data()}, {m_y.data(), m_shape.n_out, nullptr, false});
    }
    /// The matrix, or the copy whose turn it is.
    unsigned char* next()
    {
        const size_t turn = m_turn++ % (m_copies.size() + 1);
        return turn == 0 ? m_data.data() : m_copies[turn - 1]->data();
    }
    size_t matrices() const { return m_copies.size() + 1; }
    float seen(float x) const
    {
        return m_dtype == DType::f32 ? x
            : m_dtype == DType::f16  ? floatOfF16(f16OfFloat(x))
                                     : floatOfBf16(bf16OfFloat(x));
    }
    const std::vector<float>& weights() const { return m_weights; }
    size_t bytes() const { return m_data.bytes(); }

private:
    int enqueueRows(const std::vector<float>& x)
    {
        const int m = int(int64_t(x.size()) / m_shape.n_in);
        copyToDevice(m_stream, m_x.data(), x.data(), x.size() * sizeof(float));
        const Tensor rows{m_x.data(), m, m_shape.n_in};
        enqueueProductInput(
            m_stream, m_dtype, rows, productRows(m_dtype, m_shape.n_in, m_rows.data()));
        return m;
    }
    std::vector<float> results(int m)
    {
        std::vector<float> y(size_t(m * m_shape.n_out));
        copyToHost(m_stream, y.data(), m_y.data(), y.size() * sizeof(float));
        m_stream.synchronize();
        return y;
    }

    Stream& m_stream;
    DType m_dtype;
    Shape m_shape;
    Memory<unsigned char> m_data;
    std::vector<std::unique_ptr<Memory<unsigned char>>> m_copies;
    size_t m_turn = 0;
    Memory<unsigned char> m_rows;
    Memory<float> m_x, m_y;
    ProductPlan m_plan;
    Memory<float> m_partials;
    Memory<int> m_tickets;
    std::vector<float> m_weights;
};

std::vector<float> randomRows(size_t n)
{
    std::mt19937 random(11);
    std::normal_distribution<float> normal;
    std::vector<float> x(n);
    for (float& value : x)
        value = normal(random);
    return x;
}

/// The largest error of a sum, in parts of the sum of its terms' magnitudes.
double worstError(Case& test, Shape shape, const std::vector<float>& x, const std::vector<float>& y)
{
    double worst = 0;
    const size_t n_in = size_t(shape.n_in), n_out = size_t(shape.n_out);
    for (size_t row = 0; row < x.size() / n_in; row++) {
        for (size_t out = 0; out < n_out; out++) {
            double sum = 0, size = 1e-30;
            for (size_t k = 0; k < n_in; k++) {
                const double term
                    = double(test.weights()[out * n_in + k]) * double(test.seen(x[row * n_in + k]));
                sum += term;
                size += std::abs(term);
            }
            const double error = std::abs(double(y[row * n_out + out]) - sum) / size;
            worst = error <= worst ? worst : error; // NaN counts
        }
    }
    return worst;
}

/// How many of the rows of every m differ from the same row alone.
int differingRows(Case& test, Shape shape, const std::vector<float>& all)
{
    const size_t n_in = size_t(shape.n_in), n_out = size_t(shape.n_out);
    int n_wrong = 0;
    for (const size_t row : {size_t(0), size_t(7), size_t(30), size_t(69)}) {
        const auto at = all.begin() + long(row * n_in);
        const auto alone = test.multiply({at, at + long(n_in)});
        for (const size_t m : {2, 9, 17, 31, 48, 64, 70}) {
            if (row >= m)
                continue;
            const auto y = test.multiply({all.begin(), all.begin() + long(m * n_in)});
            n_wrong += std::memcmp(&y[row * n_out], alone.data(), n_out * sizeof(float)) != 0;
        }
    }
    return n_wrong;
}

template <typename Enqueue> double secondsOf(Stream& stream, int n, Enqueue&& enqueue)
{
    for (int i = 0; i < 3; i++)
        enqueue();
    stream.synchronize();
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < n; i++)
        enqueue();
    stream.synchronize();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / n;
}

void measure(Stream& stream, Shape shape, uint64_t cache_bytes)
{
    constexpr uint64_t kCaches = 2; // so that none of it is left from the last turn
    const auto x = randomRows(size_t(64 * shape.n_in));
    for (const DType dtype : kFormats) {
        Case test(stream, dtype, shape, false);
        test.multiply(x);
        test.repeat(size_t(kCaches * cache_bytes) + test.bytes());
        constexpr int kBlocks = 4 * kSomeMultiprocessors;
        const Memory<uint32_t> out(size_t(kBlocks) * kReadThreads);
        const double read = secondsOf(stream, 50, [&] {
            launch(
                stream, readAll, kBlocks, kReadThreads, 0, test.next(), test.bytes(), out.data());
        });
        std::printf("| %s | %lld x %lld | %zu | %.0f |", dtypeName(dtype), (long long)shape.n_out,
            (long long)shape.n_in, test.matrices(), double(test.bytes()) / read / 1e9);
        for (const int m : {1, 8, 16, 24, 32, 48, 64}) {
            const double time = secondsOf(stream, 50, [&] { test.enqueue(m); });
            std::printf(" %.0f, %.2f |", double(test.bytes()) / time / 1e9, read / time);
        }
        std::printf("\n");
    }
}

int check(int argc, char** argv)
{
    const DeviceFacts facts = gpu::takeDevice(gpu::deviceOption(argc, argv));
    bool is_small = false, has_timing = true;
    for (int i = 1; i < argc; i++) {
        is_small = is_small || std::string(argv[i]) == "--small";
        has_timing = has_timing && std::string(argv[i]) != "--no-timing";
    }
    Stream stream;
    Gemm gemm(stream);
    bool is_good = true;
    std::printf("| format | outputs x inputs | worst error | by cuBLAS | rows that differ among "
                "others |\n| --- | --- | --- | --- | --- |\n");
    const std::vector<Shape> shapes = is_small
        ? std::vector<Shape>{{140, 300}}
        : std::vector<Shape>{{140, 300}, {1000, 1030}, {576, 1536}, {1024, 4096}};
    for (const DType dtype : kFormats) {
        for (const Shape shape : shapes) {
            Case test(stream, dtype, shape, true);
            const auto all = randomRows(size_t(70 * shape.n_in));
            const std::vector<float> few(all.begin(), all.begin() + 9 * shape.n_in);
            const double error = worstError(test, shape, few, test.multiply(few));
            const double by_gemm = worstError(test, shape, few, test.multiplyByGemm(few, gemm));
            const int n_differ = differingRows(test, shape, all);
            std::printf("| %s | %lld x %lld | %.1e | %.1e | %d |\n", dtypeName(dtype),
                (long long)shape.n_out, (long long)shape.n_in, error, by_gemm, n_differ);
            // Quantized weights are rounded to bf16 for cuBLAS.
            const double most_by_gemm = isQuantized(dtype) ? 2e-3 : 2e-5;
            is_good = is_good && error < 2e-5 && by_gemm < most_by_gemm && n_differ == 0;
        }
    }
    if (has_timing) {
        std::printf(
            "\nGB/s of weights, and share of a plain read, by rows; a second-level cache of "
            "%.0f MB is passed by matrices in turn\n\n"
            "| format | outputs x inputs | matrices | read | 1 | 8 | 16 | 24 | 32 | 48 | "
            "64 |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
            double(facts.cache_bytes) * 1e-6);
        const std::vector<Shape> timed = is_small
            ? std::vector<Shape>{{128, 128}}
            : std::vector<Shape>{{4096, 4096}, {22016, 4096}, {4096, 11008}, {32000, 4096}};
        for (const Shape shape : timed)
            measure(stream, shape, facts.cache_bytes);
    }
    if (!stream.error().empty()) {
        std::fprintf(stderr, "product_check: %s\n", stream.error().c_str());
        return 1;
    }
    std::printf("\n%s\n", is_good ? "All sums and bits are right." : "WRONG: see above.");
    return is_good ? 0 : 1;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return check(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "product_check: %s\n", error.what());
        return 2;
    }
}
