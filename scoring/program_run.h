// run_program's body: one loop over the rows of a block per instruction. Included by program.h.
#pragma once

#include "scoring/program.h"

// A register may be read and written by one instruction, but only lane by lane: no iteration
// depends on another. Without this g++ checks for overlap, finds it, and goes scalar. (clang's
// pragma for it is an error wherever a loop is not vectorised after all.)
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)
#define WARPSCORE_ROWS_INDEPENDENT _Pragma("GCC ivdep")
#else
#define WARPSCORE_ROWS_INDEPENDENT
#endif

namespace warpscore::program_detail {

template <std::uint32_t block>
struct Frame {
  const Lane* const* columns;
  Lane* scratch;
  Lane* out;
  std::uint32_t first;
  std::uint32_t rows;
  std::uint32_t failed;

  WARPSCORE_HD Lane* reg(std::uint32_t number) const { return scratch + number * block; }
};

// Full blocks have a constant trip count: g++ -O2 vectorises nothing else.
template <std::uint32_t block, class Body>
WARPSCORE_HD inline void for_rows(std::uint32_t rows, const Body& body) {
  if constexpr (block == 1) {
    body(0);
  } else if (rows == block) {
    WARPSCORE_ROWS_INDEPENDENT
    for (std::uint32_t i = 0; i < block; ++i) body(i);
  } else {
    for (std::uint32_t i = 0; i < rows; ++i) body(i);
  }
}

template <std::uint32_t block, class Function>
WARPSCORE_HD inline void unary(const Frame<block>& frame, const Instruction& at,
                               const Function& function) {
  Lane* const target = frame.reg(at.target);
  const Lane* const left = frame.reg(at.left);
  for_rows<block>(frame.rows, [=](std::uint32_t i) { target[i] = function(left[i]); });
}

template <std::uint32_t block, class Function>
WARPSCORE_HD inline void binary(const Frame<block>& frame, const Instruction& at,
                                const Function& function) {
  Lane* const target = frame.reg(at.target);
  const Lane* const left = frame.reg(at.left);
  const Lane* const right = frame.reg(at.right);
  for_rows<block>(frame.rows, [=](std::uint32_t i) { target[i] = function(left[i], right[i]); });
}

template <std::uint32_t block, class Function>
WARPSCORE_HD inline void binary_double(const Frame<block>& frame, const Instruction& at,
                                       const Function& function) {
  binary<block>(frame, at,
                [=](Lane a, Lane b) { return lane_of(function(double_of(a), double_of(b))); });
}

template <std::uint32_t block, class Function>
WARPSCORE_HD inline void relation(const Frame<block>& frame, const Instruction& at,
                                  const Function& function) {
  binary<block>(frame, at, [=](Lane a, Lane b) { return static_cast<Lane>(function(a, b)); });
}

template <std::uint32_t block, class Function>
WARPSCORE_HD inline void relation_double(const Frame<block>& frame, const Instruction& at,
                                         const Function& function) {
  binary<block>(frame, at, [=](Lane a, Lane b) {
    return static_cast<Lane>(function(double_of(a), double_of(b)));
  });
}

// An operation that can fail. Failures are flagged per row, so that a row counts once.
template <std::uint32_t block, class Function>
WARPSCORE_HD inline void fallible(const Frame<block>& frame, const Instruction& at,
                                  const Function& function) {
  Lane* const target = frame.reg(at.target);
  const Lane* const left = frame.reg(at.left);
  const Lane* const right = frame.reg(at.right);
  Lane* const flags = frame.reg(at.column >> 8 & 0xff);
  const std::uint32_t guard = at.column & 0xff;
  if (guard == kNoRegister) {
    for_rows<block>(frame.rows, [=](std::uint32_t i) {
      const Checked result = function(left[i], right[i]);
      target[i] = result.value;
      flags[i] |= static_cast<Lane>(result.failed);
    });
    return;
  }
  const Lane* const live = frame.reg(guard);
  for_rows<block>(frame.rows, [=](std::uint32_t i) {
    const Checked result = function(left[i], right[i]);
    target[i] = result.value;
    flags[i] |= static_cast<Lane>(result.failed) & live[i];
  });
}

template <std::uint32_t block>
WARPSCORE_HD inline void guard_rows(const Frame<block>& frame, const Instruction& at) {
  Lane* const target = frame.reg(at.target);
  const Lane* const left = frame.reg(at.left);
  const Lane value = at.constant & 1;
  const Lane inverted = at.constant >> 1 & 1;
  if (at.column == kNoRegister) {
    for_rows<block>(frame.rows, [=](std::uint32_t i) {
      target[i] = static_cast<Lane>(left[i] == value) ^ inverted;
    });
    return;
  }
  const Lane* const outer = frame.reg(at.column);
  for_rows<block>(frame.rows, [=](std::uint32_t i) {
    target[i] = (static_cast<Lane>(left[i] == value) ^ inverted) & outer[i];
  });
}

template <std::uint32_t block>
WARPSCORE_HD inline void run_move(Frame<block>& frame, const Instruction& at) {
  Lane* const target = frame.reg(at.target);
  const Lane* const left = frame.reg(at.left);
  const Lane constant = at.constant;
  switch (at.op) {
    case Op::kLoad: {
      const Lane* const column = frame.columns[at.column] + frame.first;
      return for_rows<block>(frame.rows, [=](std::uint32_t i) { target[i] = column[i]; });
    }
    case Op::kConstant:
      return for_rows<block>(frame.rows, [=](std::uint32_t i) { target[i] = constant; });
    case Op::kSelect: {
      const Lane* const yes = frame.reg(at.right);
      const Lane* const no = frame.reg(at.column);
      return for_rows<block>(frame.rows, [=](std::uint32_t i) {
        const Lane known = left[i] == 1 ? yes[i] : no[i];
        target[i] = left[i] == kMissing ? constant : known;
      });
    }
    case Op::kGuard:
      return guard_rows<block>(frame, at);
    case Op::kReturn: {
      Lane* const out = frame.out + frame.first;
      return for_rows<block>(frame.rows, [=](std::uint32_t i) { out[i] = left[i]; });
    }
    case Op::kReturnDouble: {  // which NaN an operation gives differs between processors
      Lane* const out = frame.out + frame.first;
      return for_rows<block>(frame.rows, [=](std::uint32_t i) {
        out[i] = is_missing(LaneType::kDouble, left[i]) ? kMissingDouble : left[i];
      });
    }
    default: {  // kCountFailed
      std::uint32_t failed = 0;
      for (std::uint32_t i = 0; i < frame.rows; ++i) failed += static_cast<std::uint32_t>(left[i]);
      frame.failed += failed;
    }
  }
}

template <std::uint32_t block>
WARPSCORE_HD inline void run_integer(const Frame<block>& frame, const Instruction& at) {
  const Lane constant = at.constant;
  switch (at.op) {
    case Op::kAdd:
      return fallible<block>(frame, at, [](Lane a, Lane b) { return add_lanes(a, b); });
    case Op::kSubtract:
      return fallible<block>(frame, at, [](Lane a, Lane b) { return subtract_lanes(a, b); });
    case Op::kMultiply:
      return fallible<block>(frame, at, [](Lane a, Lane b) { return multiply_lanes(a, b); });
    case Op::kDivide:
      return fallible<block>(frame, at, [](Lane a, Lane b) { return divide_lanes(a, b); });
    case Op::kRemainder:
      return fallible<block>(frame, at, [](Lane a, Lane b) { return remainder_lanes(a, b); });
    case Op::kScale:
      return fallible<block>(frame, at, [=](Lane a, Lane) { return multiply_lanes(a, constant); });
    case Op::kRatio:
      return fallible<block>(frame, at,
                             [=](Lane a, Lane b) { return ratio_of_lanes(a, b, constant); });
    case Op::kTruncate:
      return fallible<block>(frame, at, [](Lane a, Lane) { return truncate_lane(a); });
    case Op::kNegate:  // two's complement leaves kMissing as it is
      return unary<block>(
          frame, at, [](Lane a) { return static_cast<Lane>(0 - static_cast<std::uint64_t>(a)); });
    case Op::kDivideBy:
      return unary<block>(frame, at,
                          [=](Lane a) { return a == kMissing ? kMissing : a / constant; });
    case Op::kRemainderBy:
      return unary<block>(frame, at,
                          [=](Lane a) { return a == kMissing ? kMissing : a % constant; });
    default:  // kFloorDivideBy
      return unary<block>(
          frame, at, [=](Lane a) { return a == kMissing ? kMissing : floor_divide(a, constant); });
  }
}

template <std::uint32_t block>
WARPSCORE_HD inline void run_double(const Frame<block>& frame, const Instruction& at) {
  const Lane constant = at.constant;
  switch (at.op) {
    case Op::kAddDouble:
      return binary_double<block>(frame, at, [](double a, double b) { return a + b; });
    case Op::kSubtractDouble:
      return binary_double<block>(frame, at, [](double a, double b) { return a - b; });
    case Op::kMultiplyDouble:
      return binary_double<block>(frame, at, [](double a, double b) { return a * b; });
    case Op::kDivideDouble:
      return binary_double<block>(frame, at, [](double a, double b) { return a / b; });
    case Op::kNegateDouble:
      return unary<block>(frame, at, [](Lane a) { return lane_of(-double_of(a)); });
    default:  // kToDouble
      return unary<block>(frame, at, [=](Lane a) { return to_double(a, constant); });
  }
}

template <std::uint32_t block>
WARPSCORE_HD inline void run_among(const Frame<block>& frame, const Instruction& at) {
  Lane* const target = frame.reg(at.target);
  const Lane* const left = frame.reg(at.left);
  const Lane constant = at.constant;
  if (at.op == Op::kAmong) {  // the constant is no kMissing: the compiler saw to it
    return for_rows<block>(
        frame.rows, [=](std::uint32_t i) { target[i] |= static_cast<Lane>(left[i] == constant); });
  }
  const double value = double_of(constant);
  for_rows<block>(frame.rows, [=](std::uint32_t i) {
    target[i] |= static_cast<Lane>(double_of(left[i]) == value);
  });
}

template <std::uint32_t block>
WARPSCORE_HD inline void run_comparison(const Frame<block>& frame, const Instruction& at) {
  const Lane constant = at.constant;
  const std::uint32_t mask = at.column;
  switch (at.op) {
    case Op::kEqual:
      return relation<block>(frame, at, [](Lane a, Lane b) { return (a == b) & (a != kMissing); });
    case Op::kNotEqual:
      return relation<block>(
          frame, at, [](Lane a, Lane b) { return (a != b) & (a != kMissing) & (b != kMissing); });
    case Op::kLess:  // kMissing is the smallest: nothing is less than it
      return relation<block>(frame, at, [](Lane a, Lane b) { return (a < b) & (a != kMissing); });
    case Op::kLessEqual:
      return relation<block>(frame, at, [](Lane a, Lane b) { return (a <= b) & (a != kMissing); });
    case Op::kEqualDouble:
      return relation_double<block>(frame, at, [](double a, double b) { return a == b; });
    case Op::kNotEqualDouble:
      return relation_double<block>(frame, at,
                                    [](double a, double b) { return (a < b) | (a > b); });
    case Op::kLessDouble:
      return relation_double<block>(frame, at, [](double a, double b) { return a < b; });
    case Op::kLessEqualDouble:
      return relation_double<block>(frame, at, [](double a, double b) { return a <= b; });
    case Op::kCompareScaled:
      return binary<block>(frame, at,
                           [=](Lane a, Lane b) { return compare_scaled(a, b, constant, mask); });
    case Op::kCompareMixed:
      return binary<block>(frame, at,
                           [=](Lane a, Lane b) { return compare_mixed(a, b, constant, mask); });
    case Op::kHas:
      return unary<block>(frame, at, [](Lane a) { return static_cast<Lane>(a != kMissing); });
    case Op::kHasDouble:
      return unary<block>(
          frame, at, [](Lane a) { return static_cast<Lane>(!is_missing(LaneType::kDouble, a)); });
    default:  // kAmong, kAmongDouble
      return run_among<block>(frame, at);
  }
}

template <std::uint32_t block>
WARPSCORE_HD inline void run_logic(const Frame<block>& frame, const Instruction& at) {
  switch (at.op) {
    case Op::kAnd:
      return binary<block>(frame, at, [](Lane a, Lane b) { return and_lanes(a, b); });
    case Op::kOr:
      return binary<block>(frame, at, [](Lane a, Lane b) { return or_lanes(a, b); });
    default:  // kNot
      return unary<block>(frame, at, [](Lane a) { return a == kMissing ? kMissing : a ^ 1; });
  }
}

// The part of a date that a member of CivilDate names.
template <std::uint32_t block>
WARPSCORE_HD inline void civil_part(const Frame<block>& frame, const Instruction& at,
                                    Lane CivilDate::*part) {
  unary<block>(frame, at, [=](Lane time) {
    return time == kMissing ? kMissing : civil_of_days(floor_divide(time, kDayMs)).*part;
  });
}

template <std::uint32_t block>
WARPSCORE_HD inline void run_time(const Frame<block>& frame, const Instruction& at) {
  switch (at.op) {
    case Op::kHours:
      return unary<block>(frame, at, [](Lane time) { return cycle_of<3'600'000, 24, 0>(time); });
    case Op::kMinutes:
      return unary<block>(frame, at, [](Lane time) { return cycle_of<60'000, 60, 0>(time); });
    case Op::kSeconds:
      return unary<block>(frame, at, [](Lane time) { return cycle_of<1000, 60, 0>(time); });
    case Op::kMilliseconds:
      return unary<block>(frame, at, [](Lane time) { return cycle_of<1, 1000, 0>(time); });
    case Op::kDayOfWeek:  // 1970-01-01 was a Thursday
      return unary<block>(frame, at, [](Lane time) { return cycle_of<kDayMs, 7, 4>(time); });
    case Op::kFullYear:
      return civil_part<block>(frame, at, &CivilDate::year);
    case Op::kMonth:
      return civil_part<block>(frame, at, &CivilDate::month);
    case Op::kDate:
      return civil_part<block>(frame, at, &CivilDate::date);
    case Op::kDayOfMonth:
      return civil_part<block>(frame, at, &CivilDate::day_of_month);
    default:  // kDayOfYear
      return civil_part<block>(frame, at, &CivilDate::day_of_year);
  }
}

template <std::uint32_t block>
WARPSCORE_HD inline void run_instruction(Frame<block>& frame, const Instruction& at) {
  if (at.op < Op::kAdd) return run_move<block>(frame, at);
  if (at.op < Op::kAddDouble) return run_integer<block>(frame, at);
  if (at.op < Op::kEqual) return run_double<block>(frame, at);
  if (at.op < Op::kAnd) return run_comparison<block>(frame, at);
  if (at.op < Op::kHours) return run_logic<block>(frame, at);
  return run_time<block>(frame, at);
}

}  // namespace warpscore::program_detail

namespace warpscore {

template <std::uint32_t block>
WARPSCORE_HD std::uint32_t run_program(const ProgramView& program, const Lane* const* columns,
                                       std::uint32_t first, std::uint32_t rows, Lane* scratch,
                                       Lane* out) {
  program_detail::Frame<block> frame{columns, scratch, out, first, 0, 0};
  for (std::uint32_t done = 0; done < rows; done += block) {
    frame.first = first + done;
    frame.rows = rows - done < block ? rows - done : block;
    for (std::uint32_t i = 0; i < program.size; ++i) {
      program_detail::run_instruction<block>(frame, program.code[i]);
    }
  }
  return frame.failed;
}

}  // namespace warpscore
