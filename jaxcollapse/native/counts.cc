// The compiled twin of jaxcollapse/sampling/dyadic.py: the same function of (key, n, position), bit for bit.
//
// XLA computes all of a plan, for the fullest intervals that can occur, for dead tokens as well, and for all
// chains of a batch in step. Here a random word is drawn only where points are left in an interval, equal positions
// are counted once, and a chain runs on alone until it has collapsed. Sixteen positions fill the lanes of a
// vector, whichever chains they belong to.

#include "calls.inc"

namespace {

constexpr int kLanes = 16;
constexpr size_t kShareFrom = 64;  // so many positions share the split intervals of the first levels
constexpr size_t kChainsTogether = 64;  // chains whose positions fill vectors together

// ---- the plan, made in jaxcollapse/sampling/plans.py ----------------------------------------------------------

// Levels that are descended at once by comparing digits of single points.
struct Stage {
  int32_t level, digits, words;
};

// An alias table: which digits of a number of trials choose its row, how many random bits choose a column, and where
// its rows and columns begin among those of all tables.
struct Table {
  int32_t shift, mask, column_bits, first_row, first_column;
};

// A level that is split by Binomial(t, 1/2) draws: of so many tables; without any, by counting up to `capacity` bits.
struct Level {
  int32_t capacity, table_count;
};

struct Plan {
  int32_t capacity;
  const Level* levels;
  int32_t level_count;
  const Table* tables;
  const Stage* stages;
  int32_t stage_count;
  const int32_t* first_outcomes;  // of each row
  const uint32_t* columns;        // threshold (high word, low word) and alias of each
};

// Positions with the keys of their chains, and the points below and within the interval that each has reached.
struct Lanes {
  std::vector<uint32_t> key_hi, key_lo, hi, lo, below, within;
  size_t count = 0;

  void clear() { count = 0; }
  void push(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f) {
    if (count == key_hi.size()) {
      const size_t more = std::max<size_t>(256, 2 * count);
      for (auto* of : {&key_hi, &key_lo, &hi, &lo, &below, &within}) of->resize(more);
    }
    key_hi[count] = a, key_lo[count] = b, hi[count] = c, lo[count] = d, below[count] = e, within[count] = f;
    ++count;
  }
};

// ---- vectors, for each processor -----------------------------------------------------------------------------

#define INLINE inline __attribute__((always_inline))

namespace plain {
#include "lanes.inc"
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC target("avx2,bmi2")
namespace avx2 {
#include "lanes.inc"
}
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vpopcntdq,bmi2")
#define COUNTS_BITS
namespace avx512 {
#include "lanes.inc"
}
#pragma GCC pop_options
#endif

struct Vectors {
  decltype(&plain::split_intervals) split_intervals = plain::split_intervals;
  decltype(&plain::descend) descend = plain::descend;
  decltype(&plain::fold_generations) fold_generations = plain::fold_generations;

  Vectors() {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) {
      split_intervals = avx512::split_intervals, descend = avx512::descend, fold_generations = avx512::fold_generations;
    } else if (__builtin_cpu_supports("avx2")) {
      split_intervals = avx2::split_intervals, descend = avx2::descend, fold_generations = avx2::fold_generations;
    }
#endif
  }
};
const Vectors vectors;

// ---- counts of many chains -----------------------------------------------------------------------------------

// Counts below increasing positions, of one chain after another; small ones fill vectors together.
class Counter {
 public:
  // A thread's own, whose arrays are used again.
  static Counter& of_thread(const Plan& plan) {
    thread_local Counter counter;
    counter.plan_ = plan;
    return counter;
  }

  // `below[j]` becomes how many of `size` points lie below `positions[j]`: once `finish` was called.
  void add(uint32_t key_hi, uint32_t key_lo, uint32_t size, const std::vector<uint64_t>& positions, uint32_t* below) {
    const size_t count = positions.size();
    if (count >= kShareFrom || lanes_.count + count > kInCache) finish();
    const int level = count >= kShareFrom ? split_shared_intervals(key_hi, key_lo, size, count) : 0;
    for (size_t begin = 0; begin < count; begin += kInCache) {
      const size_t end = std::min(count, begin + kInCache);
      pending_.push_back({below + begin, lanes_.count, end - begin});
      for (size_t j = begin; j < end; ++j) {
        const uint64_t at = positions[j];
        const size_t interval = level ? at >> (64 - level) : 0;
        const uint32_t below_it = level ? below_[interval] : 0, within_it = level ? within_[interval] : size;
        lanes_.push(key_hi, key_lo, at >> 32, (uint32_t)at, below_it, within_it);
      }
      if (count >= kShareFrom) finish(level);
    }
  }

  void finish(int level = 0) {
    while (lanes_.count % kLanes) lanes_.push(0, 0, 0, 0, 0, 0);
    vectors.descend(plan_, level, lanes_);
    for (const auto& chain : pending_) std::copy_n(lanes_.below.data() + chain.lane, chain.count, chain.below);
    pending_.clear();
    lanes_.count = 0;
  }

 private:
  static constexpr size_t kInCache = 4096;  // lanes

  // Find the points below and within each interval of the last level that has an interval for every two positions, and
  // return this level.
  int split_shared_intervals(uint32_t key_hi, uint32_t key_lo, uint32_t size, size_t positions) {
    int level = 0;
    const Table* tables = plan_.tables;
    within_.assign(kLanes, 0);
    within_[0] = size;
    below_.assign(kLanes, 0);
    for (; level < plan_.level_count && (size_t(2) << level) <= positions;
         tables += plan_.levels[level].table_count, ++level) {
      const size_t count = size_t(1) << level;
      right_.resize(std::max<size_t>(count, kLanes));
      vectors.split_intervals(plan_, level, tables, key_hi, key_lo, within_.data(), right_.data(), count);
      within_.resize(std::max<size_t>(2 * count, kLanes));
      below_.resize(std::max<size_t>(2 * count, kLanes));
      for (size_t j = count; j-- > 0;) {
        const uint32_t left = within_[j] - right_[j], below = below_[j];
        within_[2 * j + 1] = right_[j], below_[2 * j + 1] = below + left;
        within_[2 * j] = left, below_[2 * j] = below;
      }
    }
    return level;
  }

  struct Pending {
    uint32_t* below;
    size_t lane, count;
  };
  Plan plan_;
  Lanes lanes_;
  std::vector<Pending> pending_;
  std::vector<uint32_t> within_, right_, below_;
};

// `part / whole` as a 64-bit fraction, as jaxcollapse.exact.division.fraction gives it.
class Fraction {
 public:
  explicit Fraction(uint32_t whole)
      : by_(32 + __builtin_clz(whole)),
        inverse_((uint64_t)((((unsigned __int128)1 << 127) - 1) / ((uint64_t)whole << by_))) {}
  uint64_t operator()(uint32_t part) const {
    return (uint64_t)(((unsigned __int128)((uint64_t)part << by_) * inverse_) >> 64) << 1;
  }

 private:
  int by_;
  uint64_t inverse_;
};

// ---- what XLA calls ------------------------------------------------------------------------------------------

Plan read_plan(int32_t capacity, Ints levels, Ints tables, Ints stages, const S32& first_outcomes, const U32& columns) {
  return {capacity,
          (const Level*)levels.begin(),
          (int32_t)(levels.size() / 2),
          (const Table*)tables.begin(),
          (const Stage*)stages.begin(),
          (int32_t)(stages.size() / 3),
          first_outcomes.typed_data(),
          columns.typed_data()};
}

// keys [2], size [], hi, lo [k] -> below [k]
// Count how many of `size` points lie below each position.
ffi::Error count_below(ffi::ThreadPool pool, U32 keys, S32 size, U32 hi, U32 lo, S32 first_outcomes, U32 columns,
                       ffi::Result<S32> below, int32_t capacity, Ints levels, Ints tables, Ints stages) {
  const auto dims = below->dimensions();
  const size_t width = dims.back();
  const auto batch = dims.first(dims.size() - 1);
  const size_t members = product(batch);
  const Plan plan = read_plan(capacity, levels, tables, stages, first_outcomes, columns);
  const BatchOffsets of_key(keys, 1, batch), of_size(size, 0, batch), of_hi(hi, 1, batch), of_lo(lo, 1, batch);
  in_parallel(pool, members, members * width, [&](size_t member) {
    const uint32_t* key = keys.typed_data() + of_key(member);
    const uint32_t *high = hi.typed_data() + of_hi(member), *low = lo.typed_data() + of_lo(member);
    std::vector<uint64_t> positions;
    std::vector<uint32_t> index(width);
    for (size_t j = 0; j < width; ++j) {
      const uint64_t at = ((uint64_t)high[j] << 32) | low[j];
      if (positions.empty() || at != positions.back()) positions.push_back(at);
      index[j] = positions.size() - 1;
    }
    std::vector<uint32_t> found(positions.size());
    Counter& counter = Counter::of_thread(plan);
    counter.add(key[0], key[1], std::clamp(size.typed_data()[of_size(member)], 0, capacity), positions, found.data());
    counter.finish();
    int32_t* to = below->typed_data() + member * width;
    for (size_t j = 0; j < width; ++j) to[j] = found[index[j]];
  });
  return ffi::Error::Success();
}

// The tokens that are left in one chain.
struct Chain {
  std::vector<uint32_t> cumulative;  // inclusive sums of their counts; the last is the size
  std::vector<int32_t> entries;      // their indices in XLA's array
  std::vector<uint64_t> positions;
  std::vector<uint32_t> below;

  void read(const int32_t* counts_below, size_t width) {
    cumulative.resize(width);
    entries.resize(width);
    size_t kept = 0;
    int32_t before = 0;
    for (size_t entry = 0; entry < width; ++entry) {
      const int32_t now = counts_below[entry];
      cumulative[kept] = now;
      entries[kept] = entry;
      kept += now > before;
      before = now;
    }
    cumulative.resize(kept);
    entries.resize(kept);
  }

  void write(int32_t* counts_below, size_t width) const {
    size_t from = 0;
    int32_t value = 0;
    for (size_t j = 0; j < entries.size(); ++j) {
      std::fill(counts_below + from, counts_below + entries[j], value);
      from = entries[j];
      value = cumulative[j];
    }
    std::fill(counts_below + from, counts_below + width, value);
  }

  void begin_generation(Counter& counter, uint32_t key_hi, uint32_t key_lo, int32_t size) {
    if (cumulative.empty()) return;
    const Fraction fraction(cumulative.back());
    positions.resize(cumulative.size() - 1);
    for (size_t j = 0; j < positions.size(); ++j) positions[j] = fraction(cumulative[j]);
    below.resize(cumulative.size());
    below.back() = size;
    counter.add(key_hi, key_lo, size, positions, below.data());
  }

  void end_generation() {
    size_t kept = 0;
    uint32_t before = 0;
    for (size_t j = 0; j < cumulative.size(); ++j) {
      const uint32_t now = below[j];
      cumulative[kept] = now;
      entries[kept] = entries[j];
      kept += now > before;
      before = now;
    }
    cumulative.resize(kept);
    entries.resize(kept);
  }
};

// keys [2], cumulative [width], size [] -> cumulative [width]
// Draw `size` tokens with the frequencies of given ones.
ffi::Error resample(ffi::ThreadPool pool, U32 keys, S32 cumulative, S32 size, S32 first_outcomes, U32 columns,
                    ffi::Result<S32> out, int32_t capacity, Ints levels, Ints tables, Ints stages) {
  const auto dims = out->dimensions();
  const size_t width = dims.back();
  const auto batch = dims.first(dims.size() - 1);
  const size_t members = product(batch);
  const Plan plan = read_plan(capacity, levels, tables, stages, first_outcomes, columns);
  const BatchOffsets of_key(keys, 1, batch), of_cumulative(cumulative, 1, batch), of_size(size, 0, batch);
  const size_t threads = std::max<int64_t>(1, pool.num_threads());
  const size_t together = std::min<size_t>(kChainsTogether, members / (4 * threads) + 1);
  const size_t pieces = (members + together - 1) / together;
  in_parallel(pool, pieces, members * width, [&](size_t piece) {
    thread_local std::vector<Chain> chains(kChainsTogether);
    const size_t count = std::min(together, members - piece * together);
    Counter& counter = Counter::of_thread(plan);
    for (size_t c = 0; c < count; ++c) {
      const size_t member = piece * together + c;
      const uint32_t* key = keys.typed_data() + of_key(member);
      chains[c].read(cumulative.typed_data() + of_cumulative(member), width);
      chains[c].begin_generation(counter, key[0], key[1], std::clamp(size.typed_data()[of_size(member)], 0, capacity));
    }
    counter.finish();
    for (size_t c = 0; c < count; ++c) {
      chains[c].end_generation();
      chains[c].write(out->typed_data() + (piece * together + c) * width, width);
    }
  });
  return ffi::Error::Success();
}

// keys [2], cumulative [width], m [], max_steps [], sizes [generations] -> cumulative [width], steps []
// Run the generations after m, at most `max_steps`, until one token is left or the sizes are over.
ffi::Error fused_generations(ffi::ThreadPool pool, U32 keys, S32 cumulative, S32 m, S32 max_steps, S32 sizes,
                             S32 first_outcomes, U32 columns, ffi::Result<S32> out, ffi::Result<S32> steps,
                             int32_t capacity, Ints levels, Ints tables, Ints stages) {
  const auto dims = out->dimensions();
  const size_t width = dims.back();
  const auto batch = dims.first(dims.size() - 1);
  const size_t members = product(batch);
  const int32_t generations = (int32_t)sizes.dimensions().back();
  const Plan plan = read_plan(capacity, levels, tables, stages, first_outcomes, columns);
  const BatchOffsets of_key(keys, 1, batch), of_cumulative(cumulative, 1, batch), of_m(m, 0, batch),
      of_max_steps(max_steps, 0, batch), of_sizes(sizes, 1, batch);
  struct Running : Chain {
    size_t member;
    int32_t steps, max_steps;
  };
  std::atomic<size_t> next{0};
  const size_t threads = std::max<int64_t>(1, pool.num_threads());
  const size_t together = std::min<size_t>(kChainsTogether, members / threads + 1);
  in_parallel(pool, threads, members * width, [&](size_t) {
    std::vector<Running> slots(together);
    std::vector<Running*> running, previous, idle;
    for (auto& slot : slots) idle.push_back(&slot);
    Counter& counter = Counter::of_thread(plan);
    uint32_t hi[kChainsTogether] = {}, lo[kChainsTogether] = {}, generation[kChainsTogether] = {};
    const auto continue_or_finish = [&](Running* chain) {
      if (chain->cumulative.size() > 1 && chain->steps < chain->max_steps) {
        running.push_back(chain);
        return;
      }
      // A token that is alone stays so, however many there are of it.
      if (chain->cumulative.size() == 1 && chain->steps < chain->max_steps)
        chain->cumulative[0] =
            std::clamp(sizes.typed_data()[of_sizes(chain->member) + chain->max_steps - 1], 1, capacity);
      chain->write(out->typed_data() + chain->member * width, width);
      steps->typed_data()[chain->member] = chain->steps;
      idle.push_back(chain);
    };
    for (;;) {
      while (!idle.empty()) {
        const size_t member = next.fetch_add(1);
        if (member >= members) break;
        Running* chain = idle.back();
        idle.pop_back();
        chain->member = member, chain->steps = 0;
        chain->max_steps = std::min(generations, max_steps.typed_data()[of_max_steps(member)]);
        chain->read(cumulative.typed_data() + of_cumulative(member), width);
        continue_or_finish(chain);
      }
      if (running.empty()) return;
      for (size_t c = 0; c < running.size(); ++c) {
        const uint32_t* key = keys.typed_data() + of_key(running[c]->member);
        hi[c] = key[0], lo[c] = key[1];
        generation[c] = m.typed_data()[of_m(running[c]->member)] + running[c]->steps + 1;
      }
      vectors.fold_generations(hi, lo, generation, (running.size() + kLanes - 1) / kLanes * kLanes);
      for (size_t c = 0; c < running.size(); ++c) {
        const int32_t size = sizes.typed_data()[of_sizes(running[c]->member) + running[c]->steps];
        running[c]->begin_generation(counter, hi[c], lo[c], std::clamp(size, 1, capacity));
      }
      counter.finish();
      previous.swap(running);
      running.clear();
      for (Running* chain : previous) {
        chain->end_generation();
        ++chain->steps;
        continue_or_finish(chain);
      }
    }
  });
  return ffi::Error::Success();
}

}  // namespace

#define PLAN Attr<int32_t>("capacity").Attr<Ints>("levels").Attr<Ints>("tables").Attr<Ints>("stages")

XLA_FFI_DEFINE_HANDLER_SYMBOL(jaxcollapse_count_below, count_below,
                              ffi::Ffi::Bind().Ctx<ffi::ThreadPool>()
                                  .Arg<U32>().Arg<S32>().Arg<U32>().Arg<U32>().Arg<S32>().Arg<U32>()
                                  .Ret<S32>().PLAN);
XLA_FFI_DEFINE_HANDLER_SYMBOL(jaxcollapse_resample, resample,
                              ffi::Ffi::Bind().Ctx<ffi::ThreadPool>()
                                  .Arg<U32>().Arg<S32>().Arg<S32>().Arg<S32>().Arg<U32>()
                                  .Ret<S32>().PLAN);
XLA_FFI_DEFINE_HANDLER_SYMBOL(jaxcollapse_fused_generations, fused_generations,
                              ffi::Ffi::Bind().Ctx<ffi::ThreadPool>()
                                  .Arg<U32>().Arg<S32>().Arg<S32>().Arg<S32>().Arg<S32>().Arg<S32>().Arg<U32>()
                                  .Ret<S32>().Ret<S32>().PLAN);
