// The compiled twins of jaxcollapse/learners/ngrams/context_index.py: the same sorted text and walks, bit for bit.
//
// XLA sorts where counting would do in one pass, and walks all documents in step, a kernel for each token. Here a text
// is sorted by counting, and a thread walks through a few documents at a time, because a walk mostly waits for memory.

#include "calls.inc"

namespace {

constexpr size_t kDocumentsAtOnce = 8;  // documents that a thread walks at a time

// tokens [slots], size [] -> token, start, count [slots]
// Sort a text by the `order` tokens before each: tokens, where the contexts begin that they lead to, and how many
// tokens follow these contexts.
ffi::Error sort_by_context(ffi::ThreadPool pool, S32 tokens, S32 size, ffi::Result<S32> token, ffi::Result<S32> start,
                           ffi::Result<S32> count, int32_t order, int32_t vocabulary) {
  const auto dims = token->dimensions();
  const size_t slots = dims.back();
  const auto batch = dims.first(dims.size() - 1);
  const size_t members = product(batch);
  const BatchOffsets of_tokens(tokens, 1, batch), of_size(size, 0, batch);
  size_t contexts = 1;
  for (int32_t i = 0; i < order; ++i) contexts *= vocabulary;
  in_parallel(pool, members, members * slots, [&](size_t member) {
    thread_local std::vector<int32_t> counts, begin, total;
    counts.assign(contexts * vocabulary, 0);
    begin.resize(contexts);
    total.resize(contexts);
    const int32_t* text = tokens.typed_data() + of_tokens(member);
    const size_t length = std::min<size_t>(std::max(size.typed_data()[of_size(member)], 1), slots);
    // The context of the first token is the end of the ring, gone around more than once where the text is short.
    size_t context = 0;
    // A token beyond the vocabulary is taken for the last one: XLA leaves it out, and nothing may be written elsewhere.
    const auto token_at = [&](size_t i) { return std::min((uint32_t)text[i], (uint32_t)vocabulary - 1); };
    for (int32_t back = order; back > 0; --back)
      context = (context * vocabulary + token_at((length - back % length) % length)) % contexts;
    for (size_t i = 0; i < length; ++i) {
      const size_t code = context * vocabulary + token_at(i);
      ++counts[code];
      context = code % contexts;
    }
    int32_t at = 0;
    for (size_t c = 0; c < contexts; ++c) {
      begin[c] = at;
      for (int32_t i = 0; i < vocabulary; ++i) at += counts[c * vocabulary + i];
      total[c] = at - begin[c];
    }
    int32_t *out = token->typed_data() + member * slots, *starts = start->typed_data() + member * slots,
            *sizes = count->typed_data() + member * slots;
    size_t slot = 0;
    for (size_t code = 0; code < counts.size(); ++code) {
      const int32_t written = (int32_t)(code % vocabulary);
      const size_t leads_to = code % contexts;
      for (int32_t i = 0; i < counts[code]; ++i, ++slot)
        out[slot] = written, starts[slot] = begin[leads_to], sizes[slot] = total[leads_to];
    }
    for (; slot < slots; ++slot) out[slot] = starts[slot] = 0, sizes[slot] = 1;
  });
  return ffi::Error::Success();
}

// rows [slots, 3], begin [documents], hi, lo [steps, documents] -> tokens [steps, documents]
// Walk through a sorted text: each step copies the token at a random slot of the present context.
ffi::Error walk_documents(ffi::ThreadPool pool, S32 rows, S32 begin, U32 hi, U32 lo, ffi::Result<S32> tokens) {
  const auto dims = tokens->dimensions();
  const size_t steps = dims[dims.size() - 2], documents = dims.back();
  const auto batch = dims.first(dims.size() - 2);
  const size_t members = product(batch);
  const BatchOffsets of_rows(rows, 2, batch), of_begin(begin, 1, batch), of_hi(hi, 2, batch), of_lo(lo, 2, batch);
  const size_t slots = rows.dimensions()[rows.dimensions().size() - 2];
  const size_t groups = (documents + kDocumentsAtOnce - 1) / kDocumentsAtOnce;
  in_parallel(pool, members * groups, members * steps * documents, [&](size_t piece) {
    const size_t member = piece / groups, first = piece % groups * kDocumentsAtOnce;
    const size_t n = std::min(kDocumentsAtOnce, documents - first);
    const int32_t* row = rows.typed_data() + of_rows(member);
    const uint32_t *high = hi.typed_data() + of_hi(member) + first, *low = lo.typed_data() + of_lo(member) + first;
    int32_t* out = tokens->typed_data() + member * steps * documents + first;
    const int32_t* at[kDocumentsAtOnce];
    for (size_t d = 0; d < n; ++d)
      at[d] = row + 3 * std::min<size_t>((uint32_t)begin.typed_data()[of_begin(member) + first + d], slots - 1);
    for (size_t step = 0; step < steps; ++step, high += documents, low += documents, out += documents) {
      for (size_t d = 0; d < n; ++d) {
        const uint64_t word = (uint64_t)high[d] << 32 | low[d];
        const uint64_t position = (uint64_t)(((unsigned __int128)word * (uint32_t)at[d][2]) >> 64);
        at[d] = row + 3 * (at[d][1] + position);
        out[d] = at[d][0];
      }
    }
  });
  return ffi::Error::Success();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(jaxcollapse_sort_by_context, sort_by_context,
                              ffi::Ffi::Bind().Ctx<ffi::ThreadPool>().Arg<S32>().Arg<S32>()
                                  .Ret<S32>().Ret<S32>().Ret<S32>()
                                  .Attr<int32_t>("order").Attr<int32_t>("vocabulary"));
XLA_FFI_DEFINE_HANDLER_SYMBOL(jaxcollapse_walk_documents, walk_documents,
                              ffi::Ffi::Bind().Ctx<ffi::ThreadPool>().Arg<S32>().Arg<S32>().Arg<U32>().Arg<U32>()
                                  .Ret<S32>());
