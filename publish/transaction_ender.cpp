#include "publish/transaction_ender.h"

#include "base/check.h"

namespace warpscore {

TransactionEnder::TransactionEnder() : thread_([this] { run(); }) {}

TransactionEnder::~TransactionEnder() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void TransactionEnder::begin_end(TransactionProducer& producer) {
  WARPSCORE_CHECK(!under_way_);
  under_way_ = true;
  {
    const std::lock_guard lock(mutex_);
    producer_ = &producer;
    done_ = false;
  }
  changed_.notify_all();
}

bool TransactionEnder::answered() {
  if (!under_way_) return false;
  const std::lock_guard lock(mutex_);
  return done_;
}

TransactionStatus TransactionEnder::wait() {
  WARPSCORE_CHECK(under_way_);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return done_; });
  under_way_ = false;
  return status_;
}

void TransactionEnder::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return producer_ != nullptr || stop_; });
    if (producer_ == nullptr) return;
    TransactionProducer& producer = *producer_;
    lock.unlock();
    const TransactionStatus status = producer.commit();
    lock.lock();
    status_ = status;
    producer_ = nullptr;
    done_ = true;
    changed_.notify_all();
  }
}

}  // namespace warpscore
