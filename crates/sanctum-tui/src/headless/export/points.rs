//! Takes events apart into the points of the metrics that are wanted.

use std::collections::BTreeMap;
use std::sync::Arc;

use leyline::field::{Payload as _, Seen};
use leyline::metric;
use leyline::validate::MAX_METRIC_NAMES;
use leyline::word::ClosedWord as _;
use leyline::{EmitterLoss, Envelope, Event, EventKind, Incoming, Metric, SystemVitals};

use crate::headless::export::computed::{Computed, SOURCES, Source};
use crate::headless::export::name::{self, Name};
use crate::headless::export::point::Point;
use crate::headless::export::select::Selection;
use crate::headless::failure::Failure;

/// Where points go.
pub(super) type Emit<'a> = dyn FnMut(&Point<'_>) -> Result<(), Failure> + 'a;

/// Takes events apart. Memory does not grow with the run.
#[derive(Debug)]
pub(super) struct Points {
    selection: Selection,
    /// By number of the kind, then by position of the field: the names that are wanted.
    fields: Vec<Vec<Vec<Name>>>,
    /// The numbers of the event at hand, with the position of their field.
    seen: Vec<(usize, f64)>,
    /// User metrics by name: what they are called, if they are wanted.
    users: BTreeMap<String, Option<String>>,
    computed: Option<Derived>,
}

/// The computed metrics that are wanted, and the fold that has them.
struct Derived {
    fold: Computed,
    sources: Vec<&'static Source>,
}

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Derived").field("fold", &self.fold).finish_non_exhaustive()
    }
}

impl Points {
    /// Returns points of the metrics that `selection` takes.
    pub(super) fn new(mut selection: Selection) -> Self {
        let mut fields = Vec::new();
        for &kind in EventKind::ALL {
            let at = usize::from(kind.number());
            let wanted = Event::fields(kind).iter().map(|field| {
                let mut names = name::names(kind, field);
                names.retain(|name| selection.takes(&name.metric));
                names
            });
            fields.resize_with(fields.len().max(at + 1), Vec::new);
            fields[at] = wanted.collect();
        }
        let sources: Vec<_> = SOURCES.iter().filter(|at| selection.takes(at.path)).collect();
        let computed =
            (!sources.is_empty()).then(|| Derived { fold: Computed::default(), sources });
        Self { selection, fields, seen: Vec::new(), users: BTreeMap::new(), computed }
    }

    /// Returns the patterns that no metric fitted.
    pub(super) fn unmet(&self) -> impl Iterator<Item = &str> {
        self.selection.unmet()
    }

    /// Gives the points of one input to `emit`, those of its payload first, in the order of the contract; what is unknown
    /// or rejected has none.
    ///
    /// # Errors
    ///
    /// Those of `emit`.
    pub(super) fn visit(
        &mut self,
        incoming: &Incoming,
        emit: &mut Emit<'_>,
    ) -> Result<(), Failure> {
        if let Some(derived) = &mut self.computed {
            derived.fold.apply(incoming);
        }
        let Incoming::Known(envelope) = incoming else { return Ok(()) };
        let batch = name::batch(&envelope.event);
        self.payload(envelope, batch, emit)?;
        if let Event::SystemVitals(sample) = &envelope.event {
            self.devices(envelope, sample, emit)?;
        }
        if let Event::Metric(metric) = &envelope.event {
            self.user(envelope, metric, emit)?;
        }
        if let Event::EmitterLoss(loss) = &envelope.event {
            self.loss(envelope, loss, emit)?;
        }
        self.derived(envelope, emit)
    }

    fn payload(
        &mut self,
        envelope: &Arc<Envelope>,
        batch: Option<u64>,
        emit: &mut Emit<'_>,
    ) -> Result<(), Failure> {
        let names = self.fields.get(usize::from(envelope.event.kind().number()));
        let Some(names) = names.filter(|names| names.iter().any(|names| !names.is_empty())) else {
            return Ok(());
        };
        self.seen.clear();
        let seen = &mut self.seen;
        envelope.event.visit_fields(&mut |at, _, content| match content {
            Seen::Number(value) => seen.push((at, value)),
            Seen::Absent | Seen::Other => {}
        });
        for &(at, value) in &self.seen {
            for Name { metric, unit } in names.get(at).into_iter().flatten() {
                emit(&Point { envelope, batch, metric, unit: *unit, value })?;
            }
        }
        Ok(())
    }

    fn devices(
        &mut self,
        envelope: &Arc<Envelope>,
        sample: &SystemVitals,
        emit: &mut Emit<'_>,
    ) -> Result<(), Failure> {
        for gpu in &sample.gpus {
            let mut numbers = Vec::new();
            gpu.visit_fields(&mut |_, field, content| {
                if let Seen::Number(value) = content
                    && let Some(name) = name::gpu_name(gpu.device_id, field)
                {
                    numbers.push((name, value));
                }
            });
            for (Name { metric, unit }, value) in numbers {
                if self.selection.takes(&metric) {
                    emit(&Point { envelope, batch: None, metric: &metric, unit, value })?;
                }
            }
        }
        Ok(())
    }

    fn user(
        &mut self,
        envelope: &Arc<Envelope>,
        reported: &Metric,
        emit: &mut Emit<'_>,
    ) -> Result<(), Failure> {
        let Metric { step: _, values, units } = reported;
        for (name, &value) in values {
            if !self.users.contains_key(name) {
                if MAX_METRIC_NAMES <= self.users.len() {
                    // A source that makes up names without end must not fill the memory.
                    self.users.clear();
                }
                let path = format!("metrics[{name}]");
                let wanted = self.selection.takes(&path).then_some(path);
                self.users.insert(name.clone(), wanted);
            }
            let Some(Some(metric)) = self.users.get(name) else { continue };
            let unit = units.as_ref().and_then(|units| units.get(name)).map(String::as_str);
            emit(&Point { envelope, batch: None, metric, unit, value })?;
        }
        Ok(())
    }

    fn loss(
        &mut self,
        envelope: &Arc<Envelope>,
        loss: &EmitterLoss,
        emit: &mut Emit<'_>,
    ) -> Result<(), Failure> {
        let EmitterLoss { sink, lane, cause: _, dropped: _, dropped_total } = loss;
        let path = format!("{SINK_LOSSES}[{sink}].{}", lane.as_str());
        if !self.selection.takes(&path) {
            return Ok(());
        }
        let unit = metric::by_path(SINK_LOSSES).map(|spec| spec.unit.as_str());
        let value = *dropped_total as f64;
        emit(&Point { envelope, batch: None, metric: &path, unit, value })
    }

    fn derived(&self, envelope: &Arc<Envelope>, emit: &mut Emit<'_>) -> Result<(), Failure> {
        let Some(Derived { fold, sources }) = &self.computed else { return Ok(()) };
        let kind = envelope.event.kind();
        let mut snapshot = None;
        for source in sources.iter().filter(|source| source.after == kind) {
            let snapshot = snapshot.get_or_insert_with(|| fold.snapshot(envelope));
            if let Some((batch, value)) = source.renewed(snapshot, envelope) {
                let unit = source.unit();
                emit(&Point { envelope, batch, metric: source.path, unit, value })?;
            }
        }
        Ok(())
    }
}

/// The metric that a report of lost events feeds; sink and lane complete its path.
const SINK_LOSSES: &str = "telemetry.sink_losses";

#[cfg(test)]
mod tests;
