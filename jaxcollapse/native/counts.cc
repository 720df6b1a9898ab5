// The compiled twin of jaxcollapse/sampling/dyadic.py: the same function of (key, n, position), bit for bit.
//
// XLA computes all of a plan, for the fullest intervals that can occur, for dead tokens as well, and for all
// chains of a batch in step. Here a random word is drawn only where points are left in an interval, equal positions
// are counted once, and a chain runs on alone until it has collapsed. Sixteen positions fill the lanes of a
// vector, whichever chains they belong to.

#include "counter.inc"

namespace {

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
