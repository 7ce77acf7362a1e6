// A thread that ends transactions, one after the other, so that the next can be written meanwhile.
//
// Thread  begin_end and wait belong to one thread. Between them the producer belongs to this one.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "publish/transaction_producer.h"

namespace warpscore {

class TransactionEnder {
 public:
  TransactionEnder();
  ~TransactionEnder();  // waits for the transaction under way
  TransactionEnder(const TransactionEnder&) = delete;
  TransactionEnder& operator=(const TransactionEnder&) = delete;

  void begin_end(TransactionProducer& producer);  // REQUIRES none under way
  [[nodiscard]] bool under_way() const { return under_way_; }
  [[nodiscard]] bool answered();
  TransactionStatus wait();  // REQUIRES under_way

 private:
  void run();

  bool under_way_ = false;  // the driving thread's own note
  std::mutex mutex_;
  std::condition_variable changed_;
  TransactionProducer* producer_ = nullptr;
  bool done_ = false;
  bool stop_ = false;
  TransactionStatus status_ = TransactionStatus::kOk;
  std::thread thread_;
};

}  // namespace warpscore
