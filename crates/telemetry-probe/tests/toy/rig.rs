//! The toy as a rig.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use telemetry_evidence::evidence::{Metric, WidgetSeen};
use telemetry_probe::rig::{
    Drawn, Emitted, Folded, Looked, Rig, Scenario, Script, Size, Step, Subject, Tree, View,
};
use telemetry_probe::tree::{from_tree, to_tree};

use crate::defect::Defect;
use crate::emission::{extended, scored, started, timed, updated};
use crate::fold::{fold, grade};
use crate::hub::deliver;
use crate::model::{Env, Event, Inputs, Measured, Score, Snapshot};
use crate::widget::{self, Memory, WIDGETS};

/// The toy, with one mistake or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Toy {
    pub(crate) defect: Defect,
}

fn written<T: Serialize>(value: &T) -> Tree {
    to_tree(value).unwrap_or(Tree::Null)
}

fn read<T: DeserializeOwned>(tree: &Tree) -> Result<T, String> {
    from_tree(tree).map_err(|refused| refused.0)
}

fn event_of(emitted: &Emitted) -> Result<Event, String> {
    let body = &emitted.body;
    Ok(match emitted.kind.as_str() {
        "Started" => Event::Started(read(body)?),
        "Extended" => Event::Extended(read(body)?),
        "Updated" => Event::Updated(read(body)?),
        "Timed" => Event::Timed(read(body)?),
        "Scored" => Event::Scored(read(body)?),
        kind => return Err(format!("no event is called {kind}")),
    })
}

fn baseline() -> Inputs {
    let update = |kl, loss, update_ms, wait_ms| Measured { kl, loss, update_ms, wait_ms };
    Inputs {
        task: "toy".to_owned(),
        episodes: 50,
        start_episode: 25,
        more: 25,
        updates: vec![
            update(Some(0.011), 0.75, 310.0, 17.0),
            update(Some(0.012), 0.625, 420.0, 13.0),
            update(Some(0.013), 0.5, 250.0, 12.5),
        ],
        scores: [(0, 3.5), (1, 20.5), (0, 11.5), (1, 31.5)]
            .map(|(env_id, score)| Score { env_id, score })
            .into(),
    }
}

impl Toy {
    fn draw_one(self, snapshot: &Snapshot, view: &View, memory: &mut Memory) -> Drawn {
        let Size { columns, rows } = view.size;
        match &view.what {
            Subject::Widget(name) => widget::draw(name, snapshot, view.size, self.defect, memory),
            Subject::Screen => {
                let heights = [1, 5, rows.saturating_sub(6)];
                let parts = WIDGETS.iter().zip(heights).map(|(name, rows)| {
                    widget::draw(name, snapshot, Size { columns, rows }, self.defect, memory)
                });
                parts.flatten().collect()
            }
        }
    }
}

/// A snapshot and how it looks; the toy reads and draws all of it each time.
struct Look {
    toy: Toy,
    snapshot: Snapshot,
    views: Vec<View>,
    before: Vec<Drawn>,
}

impl Looked for Look {
    fn before(&self) -> &[Drawn] {
        &self.before
    }

    fn changed(
        &self,
        snapshot: &Tree,
        _fields: &BTreeSet<&str>,
        views: &[usize],
    ) -> Result<Vec<Option<Drawn>>, String> {
        let snapshot: Snapshot = read(snapshot)?;
        let draw = |view: &usize| {
            let drawn = self.toy.draw_one(&snapshot, &self.views[*view], &mut Memory::default());
            (drawn != self.before[*view]).then_some(drawn)
        };
        Ok(views.iter().map(draw).collect())
    }

    fn again(
        &self,
        snapshot: &Tree,
        _fields: &BTreeSet<&str>,
        view: usize,
    ) -> Result<Drawn, String> {
        let mut memory = Memory::default();
        self.toy.draw_one(&read(snapshot)?, &self.views[view], &mut memory);
        Ok(self.toy.draw_one(&self.snapshot, &self.views[view], &mut memory))
    }
}

impl Rig for Toy {
    fn scenarios(&self) -> Vec<Scenario> {
        let scenario =
            |name, inputs: Inputs| Scenario { name, inputs: written(&inputs), idle: 7.0 };
        let mut unmeasured = baseline();
        if let Some(last) = unmeasured.updates.last_mut() {
            last.kl = None;
        }
        vec![scenario("calm", baseline()), scenario("unmeasured", unmeasured)]
    }

    fn emit(&self, inputs: &Tree) -> Result<Vec<Step>, String> {
        let inputs: Inputs = read(inputs)?;
        let mut steps = Vec::new();
        let mut at = 1.0;
        let mut push = |kind: &str, body: Tree| {
            let envelope = Tree::Map(Vec::new());
            let event = Emitted { kind: kind.to_owned(), at, envelope, body };
            steps.push(Step::Event(Arc::new(event)));
            at += 1.0;
        };
        push("Started", written(&started(&inputs)));
        for score in &inputs.scores {
            push("Scored", written(&scored(score)));
        }
        push("Extended", written(&extended(&inputs)));
        for update in &inputs.updates {
            push("Updated", written(&updated(update)));
            push("Timed", written(&timed(update)));
        }
        Ok(steps)
    }

    fn fold(&self, script: &Script) -> Result<Folded, String> {
        let mut events = Vec::new();
        for step in &script.steps {
            match step {
                Step::Event(emitted) => events.push((emitted.at, event_of(emitted)?)),
                // The toy knows events and nothing else.
                Step::Rejected
                | Step::Unknown
                | Step::Gap(_)
                | Step::Link(_)
                | Step::TrainerAlive(_) => {}
            }
        }
        let (received, hub) = deliver(events, self.defect)?;
        let snapshot = fold(&received, script.idle, script.wall_step, self.defect);
        Ok(Folded { snapshot: written(&snapshot), hub })
    }

    fn empty(&self) -> Tree {
        written(&Snapshot::empty(self.defect))
    }

    fn elements(&self) -> Vec<(&'static str, Tree)> {
        vec![("envs[*]", written(&Env { env_id: 0, score: 0.0 }))]
    }

    fn judge(&self, snapshot: &mut Tree) {
        // What is no snapshot is refused when it is drawn.
        let Ok(mut judged) = read::<Snapshot>(snapshot) else { return };
        if let Some(kl) = &mut judged.kl {
            kl.verdict = grade(kl.value, self.defect);
        }
        *snapshot = written(&judged);
    }

    fn draw(&self, snapshot: &Tree, views: &[View]) -> Result<Vec<Drawn>, String> {
        let snapshot: Snapshot = read(snapshot)?;
        let draw = |view| self.draw_one(&snapshot, view, &mut Memory::default());
        Ok(views.iter().map(draw).collect())
    }

    fn look(&self, snapshot: &Tree, views: &[View]) -> Result<Box<dyn Looked + '_>, String> {
        let before = self.draw(snapshot, views)?;
        Ok(Box::new(Look { toy: *self, snapshot: read(snapshot)?, views: views.to_vec(), before }))
    }

    fn widgets(&self) -> Vec<WidgetSeen> {
        let widget = |name: &&str| WidgetSeen { name: (*name).to_owned(), records: Vec::new() };
        WIDGETS.iter().map(widget).collect()
    }

    fn sizes(&self, widget: &str) -> Vec<Size> {
        let rows = match widget {
            "RunHeader" => 1,
            _ => 5,
        };
        vec![Size { columns: 60, rows }]
    }

    fn scenes(&self) -> Vec<&'static str> {
        vec!["main"]
    }

    fn maps(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn words(&self) -> Vec<Vec<&'static str>> {
        vec![vec!["healthy", "warning", "critical"]]
    }

    fn registry(&self) -> Vec<Metric> {
        Vec::new()
    }
}
