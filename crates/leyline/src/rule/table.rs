//! The table itself, in the order of [`RuleId`].

use super::{
    AT_ONCE, About, AlertLevel, Guard, LEAST_STALL_SECONDS, Lasts, Rule, RuleId, Situation, Test,
};

const TWO_OF_THREE: Lasts = Lasts { times: 2, of: 3 };
const THREE_OF_FIVE: Lasts = Lasts { times: 3, of: 5 };

/// A critic and its advantages lag behind a policy that improves (`docs/adr/0017`), and a policy that improves becomes surer
/// of itself (`docs/adr/0021`).
const WARNS_IN_PROGRESS: Guard = most(Situation::Progress, Some(AlertLevel::Warning));
/// Where the value targets hardly vary, a critic that says the same everywhere does little harm (`docs/adr/0021`).
const WARNS_WHILE_TARGETS_VARY_LITTLE: Guard =
    most(Situation::TargetsVaryLittle, Some(AlertLevel::Warning));
/// A policy that has solved its task may be sure of itself (`docs/adr/0021`).
const WARNS_WHEN_SOLVED: Guard = most(Situation::Solved, Some(AlertLevel::Warning));
/// A policy that has solved its task may become sure of itself, and has no better return to find (`docs/adr/0021`).
const SILENT_WHEN_SOLVED: Guard = most(Situation::Solved, None);
/// Of ten thousand samples some are far from 1 by chance; an alarm they are where the whole policy moves (`docs/adr/0021`).
const WARNS_WHILE_KL_IS_HEALTHY: Guard = most(Situation::KlHealthy, Some(AlertLevel::Warning));

/// Every rule.
pub const RULES: &[Rule] = &[
    Rule {
        basis: "a number that is not finite spoils every update that follows",
        next: "learning rate, reward scale, the first event of this batch",
        ..at_once(RuleId::Nan, About::Learning, &[300, 301], Test::NotFinite)
    },
    Rule {
        next: "learning rate, passes, clip range",
        ..judged(RuleId::KlHigh, &[110], TWO_OF_THREE)
    },
    Rule {
        next: "learning rate, passes, minibatch size",
        ..judged(RuleId::ClipHigh, &[130], TWO_OF_THREE)
    },
    Rule {
        guards: &[WARNS_WHEN_SOLVED],
        next: "entropy coefficient, reward scale",
        ..judged(RuleId::EntLow, &[120], TWO_OF_THREE)
    },
    Rule {
        guards: &[WARNS_IN_PROGRESS, SILENT_WHEN_SOLVED],
        next: "entropy coefficient, learning rate",
        ..judged(RuleId::EntFall, &[121, 122], TWO_OF_THREE)
    },
    Rule {
        guards: &[WARNS_IN_PROGRESS, WARNS_WHILE_TARGETS_VARY_LITTLE],
        next: "value loss weight, learning rate of the critic, reward scale",
        ..judged(RuleId::EvLow, &[200], THREE_OF_FIVE)
    },
    Rule {
        guards: &[WARNS_IN_PROGRESS, WARNS_WHILE_TARGETS_VARY_LITTLE],
        next: "value loss, reward scale, discount",
        ..judged(RuleId::Critic, &[220, 223], THREE_OF_FIVE)
    },
    Rule {
        next: "reward scale, learning rate, gradient clipping",
        ..judged(RuleId::GradHigh, &[310], TWO_OF_THREE)
    },
    Rule {
        next: "normalisation of advantages, rewards that never change",
        ..judged(RuleId::AdvStd, &[140], THREE_OF_FIVE)
    },
    Rule {
        guards: &[WARNS_IN_PROGRESS],
        next: "bias of the critic, outliers of the reward",
        ..judged(RuleId::AdvSign, &[144], THREE_OF_FIVE)
    },
    Rule {
        guards: &[WARNS_WHILE_KL_IS_HEALTHY],
        next: "learning rate, passes, clip range",
        ..judged(RuleId::Ratio, &[150, 153], TWO_OF_THREE)
    },
    Rule {
        basis: "one skip may be an early stop, three in a row are a run that stands still",
        next: "reason of the skip in the event log",
        ..at_once(RuleId::Skipped, About::Learning, &[101], Test::Grew { critical_in_a_row: 3 })
    },
    Rule {
        next: "the trainer process, the link to it",
        ..at_once(RuleId::Age, About::Machine, &[702], Test::Silence)
    },
    Rule {
        next: "losses per sink in the telemetry panel",
        ..at_once(RuleId::Lost, About::Telemetry, &[782, 784], Test::CounterGrew)
    },
    Rule {
        next: "rejected rows in the event log",
        ..at_once(RuleId::Rejected, About::Telemetry, &[780], Test::CounterGrew)
    },
    Rule {
        basis: "heuristic: ten median episodes without an end are no longer chance",
        next: "this environment: observation, reward, end of episode",
        ..at_once(
            RuleId::EnvQuiet,
            About::Learning,
            &[637],
            Test::QuietEnv { medians: 10.0, least: 1000 },
        )
    },
    Rule {
        next: "number of environments, other processes",
        ..at_once(RuleId::Memory, About::Machine, &[721, 730], Test::Verdict)
    },
    Rule {
        basis: "heuristic: twice the usual time is seen by eye as well",
        next: "load of the machine, update time, checkpoints",
        lasts: TWO_OF_THREE,
        ..at_once(RuleId::Slow, About::Machine, &[711], Test::SlowBatch { medians: 2.0 })
    },
    Rule {
        guards: &[WARNS_WHILE_EVALUATING],
        basis: "heuristic: five times the usual time is no slow batch but one that does not end",
        next: "the trainer process, an environment that does not return",
        ..at_once(
            RuleId::Stall,
            About::Machine,
            &[13],
            Test::NoBatch { medians: 5.0, least_seconds: LEAST_STALL_SECONDS },
        )
    },
    Rule {
        basis: "heuristic: the spread of single returns is what a mean of 100 cannot fall by through chance",
        next: "KL divergence and clip fraction before the fall, learning rate",
        lasts: THREE_OF_FIVE,
        waits_for_warm_up: true,
        ..at_once(RuleId::RetDrop, About::Learning, &[612], Test::ReturnDrop { sigmas: 3.0 })
    },
    Rule {
        basis: "heuristic: a quarter of the run without progress is worth a look",
        next: "entropy, learning rate schedule",
        waits_for_warm_up: true,
        guards: &[SILENT_WHEN_SOLVED],
        ..at_once(RuleId::Plateau, About::Learning, &[612], Test::NoNewBest { share: 0.25 })
    },
];

/// How long an evaluation takes says nothing about batches; one that does not end is worth a look.
const WARNS_WHILE_EVALUATING: Guard = most(Situation::Evaluating, Some(AlertLevel::Warning));

const fn most(when: Situation, most: Option<AlertLevel>) -> Guard {
    Guard { when, most }
}

/// A rule about learning that takes its limits from records and waits for the end of the warm-up.
const fn judged(id: RuleId, reads: &'static [u16], lasts: Lasts) -> Rule {
    Rule { lasts, waits_for_warm_up: true, ..at_once(id, About::Learning, reads, Test::Verdict) }
}

const fn at_once(id: RuleId, about: About, reads: &'static [u16], test: Test) -> Rule {
    Rule {
        id,
        about,
        reads,
        test,
        lasts: AT_ONCE,
        waits_for_warm_up: false,
        guards: &[],
        basis: "the limits of the records, whose pages name their source",
        next: "",
    }
}
