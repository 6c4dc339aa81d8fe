//! Units of metrics, with the one spelling of each.

use crate::word::closed_word;

closed_word! {
    /// The unit of a metric.
    Unit {
        /// PPO updates with their rollouts.
        Batches = "batches",
        /// 8 bits.
        Bytes = "bytes",
        /// Degrees Celsius.
        Celsius = "celsius",
        /// A plain number of things.
        Count = "count",
        /// Elements of a tensor.
        Elements = "elements",
        /// Parallel environments.
        Environments = "environments",
        /// Env-episodes.
        Episodes = "episodes",
        /// Inner steps of a rollout.
        Epochs = "epochs",
        /// Telemetry events.
        Events = "events",
        /// True or false.
        Flag = "flag",
        /// A share, 1 is all.
        Fraction = "fraction",
        /// 2^30 bytes.
        GiB = "GiB",
        /// Parameter tensors.
        Layers = "layers",
        /// Value of a loss function.
        Loss = "loss",
        /// Natural units of information.
        Nats = "nats",
        /// Euclidean norm.
        Norm = "norm",
        /// Trainable parameters.
        Parameters = "parameters",
        /// Hundredths.
        Percent = "percent",
        /// Something per unit of time or per step; the name says which.
        Rate = "rate",
        /// A number without dimension.
        Ratio = "ratio",
        /// The reward of the task.
        Reward = "reward",
        /// The reward of the task, squared.
        Reward2 = "reward2",
        /// Seconds.
        Seconds = "seconds",
        /// Thousandths of a second.
        Milliseconds = "milliseconds",
        /// Thousandths of a millionth of a second.
        Nanoseconds = "nanoseconds",
        /// Environment steps.
        Steps = "steps",
        /// Words for people.
        Text = "text",
    }
}
