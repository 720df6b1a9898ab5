// The compiled twins of jaxcollapse/ngrams/concordance.py: the same concordance, the same text, bit for bit.
//
// XLA sorts where counting would do in one pass, and walks in step, a kernel a token. Here a text is sorted by counting,
// and each document is walked on by itself; several at a time, for a walk mostly waits for memory.

#include "calls.inc"

namespace {

constexpr size_t kAbreast = 8;  // documents that a thread walks at a time

// tokens [slots], size [] -> token, follow, choice [slots]
ffi::Error sorted(ffi::ThreadPool pool, S32 tokens, S32 size, ffi::Result<S32> token, ffi::Result<S32> follow,
                  ffi::Result<S32> choice, int32_t order, int32_t vocabulary) {
  const auto dims = token->dimensions();
  const size_t slots = dims.back();
  const auto batch = dims.first(dims.size() - 1);
  const size_t members = product(batch);
  const Rows of_tokens(tokens, 1, batch), of_size(size, 0, batch);
  size_t contexts = 1;
  for (int32_t i = 0; i < order; ++i) contexts *= vocabulary;
  in_parallel(pool, members, members * slots, [&](size_t member) {
    thread_local std::vector<int32_t> counts, begin, many;
    counts.assign(contexts * vocabulary, 0);
    begin.resize(contexts);
    many.resize(contexts);
    const int32_t* text = tokens.typed_data() + of_tokens(member);
    const size_t length = std::min<size_t>(std::max(size.typed_data()[of_size(member)], 1), slots);
    // The context of the first token is the end of the ring, gone around more than once where the text is short.
    size_t context = 0;
    // A token that there is not stands for the last one: XLA leaves it out, and nothing may be written elsewhere.
    const auto at_place = [&](size_t i) { return std::min((uint32_t)text[i], (uint32_t)vocabulary - 1); };
    for (int32_t back = order; back > 0; --back)
      context = (context * vocabulary + at_place((length - back % length) % length)) % contexts;
    for (size_t i = 0; i < length; ++i) {
      const size_t code = context * vocabulary + at_place(i);
      ++counts[code];
      context = code % contexts;
    }
    int32_t at = 0;
    for (size_t c = 0; c < contexts; ++c) {
      begin[c] = at;
      for (int32_t i = 0; i < vocabulary; ++i) at += counts[c * vocabulary + i];
      many[c] = at - begin[c];
    }
    int32_t *out = token->typed_data() + member * slots, *to = follow->typed_data() + member * slots,
            *of = choice->typed_data() + member * slots;
    size_t slot = 0;
    for (size_t code = 0; code < counts.size(); ++code) {
      const int32_t written = (int32_t)(code % vocabulary);
      const size_t leads_to = code % contexts;
      for (int32_t i = 0; i < counts[code]; ++i, ++slot)
        out[slot] = written, to[slot] = begin[leads_to], of[slot] = many[leads_to];
    }
    for (; slot < slots; ++slot) out[slot] = to[slot] = 0, of[slot] = 1;
  });
  return ffi::Error::Success();
}

// rows [slots, 3], begin [documents], hi, lo [steps, documents] -> tokens [steps, documents]
ffi::Error walked(ffi::ThreadPool pool, S32 rows, S32 begin, U32 hi, U32 lo, ffi::Result<S32> tokens) {
  const auto dims = tokens->dimensions();
  const size_t steps = dims[dims.size() - 2], documents = dims.back();
  const auto batch = dims.first(dims.size() - 2);
  const size_t members = product(batch);
  const Rows of_rows(rows, 2, batch), of_begin(begin, 1, batch), of_hi(hi, 2, batch), of_lo(lo, 2, batch);
  const size_t slots = rows.dimensions()[rows.dimensions().size() - 2];
  const size_t groups = (documents + kAbreast - 1) / kAbreast;
  in_parallel(pool, members * groups, members * steps * documents, [&](size_t piece) {
    const size_t member = piece / groups, first = piece % groups * kAbreast;
    const size_t abreast = std::min(kAbreast, documents - first);
    const int32_t* row = rows.typed_data() + of_rows(member);
    const uint32_t *high = hi.typed_data() + of_hi(member) + first, *low = lo.typed_data() + of_lo(member) + first;
    int32_t* out = tokens->typed_data() + member * steps * documents + first;
    const int32_t* at[kAbreast];
    for (size_t d = 0; d < abreast; ++d)
      at[d] = row + 3 * std::min<size_t>((uint32_t)begin.typed_data()[of_begin(member) + first + d], slots - 1);
    for (size_t step = 0; step < steps; ++step, high += documents, low += documents, out += documents) {
      for (size_t d = 0; d < abreast; ++d) {
        const uint64_t word = (uint64_t)high[d] << 32 | low[d];
        const uint64_t place = (uint64_t)(((unsigned __int128)word * (uint32_t)at[d][2]) >> 64);
        at[d] = row + 3 * (at[d][1] + place);
        out[d] = at[d][0];
      }
    }
  });
  return ffi::Error::Success();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(jaxcollapse_sorted, sorted,
                              ffi::Ffi::Bind().Ctx<ffi::ThreadPool>().Arg<S32>().Arg<S32>()
                                  .Ret<S32>().Ret<S32>().Ret<S32>()
                                  .Attr<int32_t>("order").Attr<int32_t>("vocabulary"));
XLA_FFI_DEFINE_HANDLER_SYMBOL(jaxcollapse_walked, walked,
                              ffi::Ffi::Bind().Ctx<ffi::ThreadPool>().Arg<S32>().Arg<S32>().Arg<U32>().Arg<U32>()
                                  .Ret<S32>());
