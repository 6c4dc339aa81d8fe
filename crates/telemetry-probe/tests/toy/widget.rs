//! The widgets of the toy: each is some lines of text with a class per character.

use std::sync::Arc;

use telemetry_probe::rig::{Drawn, Row, Size};

use crate::defect::Defect;
use crate::model::{Reading, Snapshot, Verdict};

/// Names of the widgets, in the order of the screen.
pub(crate) const WIDGETS: [&str; 3] = ["RunHeader", "EsperStatus", "EnvOverview"];
/// Cells of the batch bar.
const BAR: u64 = 8;

/// What the widgets keep between two drawings: nothing, but for one mistake.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    update_ms: Option<f64>,
}

/// A line that is being written.
#[derive(Default)]
struct Line(Row);

impl Line {
    fn put(mut self, text: &str, class: char) -> Self {
        self.0.text.push_str(text);
        self.0.classes.extend(text.chars().map(|_| class));
        self
    }

    fn cut(mut self, size: Size) -> Row {
        let columns = usize::from(size.columns);
        let length = self.0.text.chars().count();
        self = self.put(&" ".repeat(columns.saturating_sub(length)), 'p');
        Row {
            text: self.0.text.chars().take(columns).collect(),
            classes: self.0.classes.chars().take(columns).collect(),
        }
    }
}

/// Draws a widget.
pub(crate) fn draw(
    widget: &str,
    snapshot: &Snapshot,
    size: Size,
    defect: Defect,
    memory: &mut Memory,
) -> Drawn {
    let lines = match widget {
        "RunHeader" => vec![run_header(snapshot, defect)],
        "EsperStatus" => esper_status(snapshot, defect, memory),
        _ => env_overview(snapshot),
    };
    let mut drawn: Drawn = lines.into_iter().map(|line| Arc::new(line.cut(size))).collect();
    drawn.resize_with(usize::from(size.rows), || Arc::new(Line::default().cut(size)));
    drawn
}

/// Task, batch bar, runtime.
fn run_header(snapshot: &Snapshot, defect: Defect) -> Line {
    let Snapshot { task, max_batches, current_batch, runtime_seconds, .. } = snapshot;
    let line = match task {
        Some(task) => Line::default().put(task, 'a'),
        None => Line::default().put("no run", 'm'),
    };
    let line = match max_batches {
        0 => line.put(&format!("  B:{current_batch}"), 'm'),
        max => {
            let filled = (current_batch * BAR / max).min(BAR);
            let bar = "█".repeat(filled as usize) + &"░".repeat((BAR - filled) as usize);
            line.put(&format!("  B:{bar} {current_batch}/{max}"), 'p')
        }
    };
    let line = if *runtime_seconds == 0.0 {
        line.put("  --", 'm')
    } else {
        line.put(&format!("  {}", compact(*runtime_seconds)), 'p')
    };
    if defect == Defect::MadeUpNumber { line.put("  0.8/s", 'd') } else { line }
}

fn compact(seconds: f64) -> String {
    let whole = seconds as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        _ => format!("{}h{:02}m", whole / 3600, whole / 60 % 60),
    }
}

/// Runtime, KL divergence, losses, times.
fn esper_status(snapshot: &Snapshot, defect: Defect, memory: &mut Memory) -> Vec<Line> {
    let Snapshot { runtime_seconds, kl, loss, loss_history, update_ms, wait_ms, .. } = snapshot;
    let whole = *runtime_seconds as u64;
    let runtime = if *runtime_seconds == 0.0 {
        Line::default().put("Runtime ", 'd').put("-", 'm')
    } else {
        let text = format!("{}h {}m {}s", whole / 3600, whole / 60 % 60, whole % 60);
        Line::default().put("Runtime ", 'd').put(&text, 'p')
    };
    let losses = match loss {
        Some(loss) => Line::default().put("Loss ", 'd').put(&format!("{loss:.3}"), 'p'),
        None => Line::default().put("Loss ", 'd').put("—", 'm'),
    };
    let largest = loss_history.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let steps = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let spark = loss_history.iter().map(|loss| steps[((loss / largest * 7.0) as usize).min(7)]);
    let spark: String = spark.collect();
    let shown = if defect == Defect::FirstValue {
        *memory.update_ms.get_or_insert(*update_ms)
    } else {
        *update_ms
    };
    let update = if shown == 0.0 {
        "—".to_owned()
    } else if defect == Defect::Constant {
        "2.500s".to_owned()
    } else if defect == Defect::WrongUnit {
        format!("{shown:.3}s")
    } else {
        format!("{:.3}s", shown / 1000.0)
    };
    let wait = if *wait_ms == 0.0 { "—".to_owned() } else { format!("{wait_ms:.1}ms") };
    let class = |x: f64| if x == 0.0 { 'm' } else { 'p' };
    vec![
        runtime,
        divergence(kl.as_ref(), defect),
        losses.put(&format!(" {spark}"), 'a'),
        Line::default().put("Update ", 'd').put(&update, class(shown)),
        Line::default().put("Wait ", 'd').put(&wait, class(*wait_ms)),
    ]
}

fn divergence(kl: Option<&Reading>, defect: Defect) -> Line {
    let line = Line::default().put("KL ", 'd');
    match kl {
        None if defect == Defect::MissingAsZero => line.put("0.000", 'p'),
        None => line.put("—", 'm'),
        Some(kl) => {
            let class = match (kl.fresh, kl.verdict) {
                (false, _) => 's',
                (true, Verdict::Healthy) => 'o',
                (true, Verdict::Warning) => 'w',
                (true, Verdict::Critical) => 'c',
            };
            line.put(&format!("{:.3}", kl.value), class)
        }
    }
}

/// A line per environment.
fn env_overview(snapshot: &Snapshot) -> Vec<Line> {
    let lines = snapshot.envs.iter().map(|env| {
        Line::default()
            .put(&format!("env {} ", env.env_id), 'd')
            .put(&format!("{:.1}", env.score), 'p')
    });
    lines.collect()
}
