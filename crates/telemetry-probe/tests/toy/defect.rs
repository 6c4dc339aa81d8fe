//! The mistakes that the toy can make, one at a time.

use clap::ValueEnum;

/// A mistake. The numbers are those of the table in the specification of the verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Defect {
    /// None.
    None,
    /// 1: the aggregator ignores `Started.max_batches`.
    IgnoredField,
    /// 2: the aggregator copies `Timed.wait_ms` into `update_ms`.
    NeighbouringField,
    /// 3: the status prints a constant update time.
    Constant,
    /// 4: the status keeps the first update time that it saw.
    FirstValue,
    /// 5: the status shows milliseconds as seconds.
    WrongUnit,
    /// 6: the hub drops an event and does not count it.
    UncountedLoss,
    /// 7: a `<` of a limit is a `<=`.
    WrongLimit,
    /// 8: `max_batches` is 1 before anything is known.
    WrongDefault,
    /// 9: the header draws a rate that nobody measured.
    MadeUpNumber,
    /// 10: a new run keeps `wait_ms` of the one before.
    NoReset,
    /// 11: a missing KL divergence is drawn as a number.
    MissingAsZero,
    /// 12: `update_ms` is never written.
    NeverWritten,
    /// 13: `Updated` writes `wait_ms`, and the `Timed` that follows it overwrites that.
    OverwrittenLeak,
    /// Of the legacy records: the runtime comes from a clock that can step back.
    WallClock,
}
