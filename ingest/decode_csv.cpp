#include "ingest/csv_cells.h"
#include "ingest/decode.h"
#include "ingest/row_builder.h"

namespace warpscore {

CsvDecoder::CsvDecoder(std::string_view header, const Schema& schema, Dictionary& dictionary,
                       const DecodeOptions& options)
    : rows_(std::make_unique<RowBuilder>(schema, dictionary, options)),
      cells_(std::make_unique<CsvCells>(header, rows_->members(),
                                        [this](std::uint32_t i) { return rows_->optional(i); })) {}

CsvDecoder::~CsvDecoder() = default;

bool CsvDecoder::decode(const RawTransaction& raw, Batch& batch) {
  if (!rows_->keep(raw, batch)) return false;
  if (!cells_->parse(rows_->value(batch))) {
    rows_->reject(raw, RejectReason::kNotJson, cells_->detail(), batch);
    return false;
  }
  return rows_->build(raw, cells_->tokens(), batch);
}

}  // namespace warpscore
